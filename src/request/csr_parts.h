/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the CSR reader. Each takes a view of the CSR's own bytes, sets the facts it can establish and notes what
 * is wrong as problems. Used by the modules of request/ only; the entrance is csr.h.
 */
#ifndef COLDCA_REQUEST_CSR_PARTS_H
#define COLDCA_REQUEST_CSR_PARTS_H

#include "base/der.h"
#include "base/public_key.h"
#include "request/storage.h"

#define CSR_MAX_ATTRIBUTES 64   /**< of the subject */
#define CSR_MAX_VALUE_LEN 4096  /**< UTF-8 bytes of one subject attribute */
#define CSR_MAX_SANS 1024       /**< names in the SAN extension */
#define CSR_MAX_EXTENSIONS 64   /**< in extensionRequest */
#define CSR_MAX_USAGES 64       /**< OIDs in extendedKeyUsage */
#define CSR_MAX_OTHERS 32       /**< attributes that are neither extensionRequest nor challengePassword */
#define CSR_MAX_OID_TEXT 128    /**< characters of a dotted OID with its NUL */
#define CSR_MAX_PEM_BLOCKS 1024 /**< in one file */

/** Whether der is exactly elements in DER, all the way down: minimal lengths, ordered SETs, no BER forms (X.690). */
bool csr_is_exact_der(struct bytes der);
/** Whether value can be an extension's: at least one element, all exact. */
bool csr_is_extension_value(struct bytes value);
/** Whether the elements are in DER's order for SET OF (X.690 11.6). */
bool csr_is_ordered(struct bytes elements);

/**
 * A string as UTF-8, whatever its ASN.1 type (T61String is taken as Latin-1, as everybody does).
 * \param ret_text  appended to
 * \return NULL, or what is wrong with it ("has a NUL character in it"); ret_text may then hold a part
 */
const char *csr_text_of(uint8_t tag, struct bytes content, struct builder *ret_text);

/** The subject: attributes and subject_text from a Name's content (RFC 5280 4.1.2.6). */
void csr_read_subject(struct request *request, struct bytes name);
/** Writes subject_text from the attributes: RFC 4514 in the order of the request, escaped. */
void csr_describe_subject(struct request *request);
/** A Name in the same form; false if it is none. Appends. */
MUST_USE bool csr_describe_name(struct bytes name, struct builder *ret_text);

/** [0] attributes (RFC 2986 4.1): finds extensionRequest and reads what it asks for. */
void csr_read_attributes(struct request *request, struct bytes attributes);
/** Content of extensionRequest: a whole Extensions element. */
void csr_read_extensions(struct request *request, struct bytes extensions);

/** What a DER file is that is not a request: "a certificate, not a certificate request"; NULL if that is not known. \param ret_remedy  or NULL */
const char *csr_name_of_der(struct bytes der, const char **ret_remedy);
/** The answer to a file that is neither DER nor PEM: it says what it is. */
struct request *csr_refuse_other(struct bytes input);

/** Value of a SubjectAltName extension (RFC 5280 4.2.1.6). */
void csr_read_san(struct request *request, struct bytes value);
/**
 * The text of one name, for people and patterns.
 * \param value     as struct request_san has it
 * \param ret_text  appended to; escaped
 * \return NULL, or what is wrong with the name
 */
const char *csr_describe_san(enum san_kind kind, struct bytes value, struct builder *ret_text);

/** Sets the key's facts from its SubjectPublicKeyInfo and notes what is wrong with it. \return whether facts are usable */
bool csr_set_key(struct request *request, struct bytes spki, struct public_key_facts *ret_facts);

#endif
