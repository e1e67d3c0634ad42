/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer form of a request: what is around the facts and never enters a certificate. It is taken as real programs write it,
 * where an RFC allows to or nothing depends on it, and each liberty is a note of the request (docs/requests.md). Both sides of
 * the socket to the parser process look for themselves. Used by the modules of request/ only.
 */
#ifndef COLDCA_REQUEST_CSR_FORM_H
#define COLDCA_REQUEST_CSR_FORM_H

#include "request/csr_parts.h"

/** The outer parts of a CertificationRequest (RFC 2986 4.2), views into its DER. */
struct csr_outline {
    struct bytes info;       /**< the whole CertificationRequestInfo: what is signed */
    struct bytes version;    /**< content */
    struct bytes subject;    /**< the whole Name */
    struct bytes name;       /**< its content */
    struct bytes spki;       /**< the whole SubjectPublicKeyInfo */
    struct bytes attributes; /**< content of [0] */
    bool has_attributes;     /**< whether there is a [0] */
    struct bytes algorithm;  /**< the whole AlgorithmIdentifier of the signature */
    struct bytes signature;
    size_t trailing; /**< bytes behind the end */
};

/** \return false: it is not a CertificationRequest */
MUST_USE bool csr_take_outline(struct bytes der, struct csr_outline *ret_outline);

/** The algorithm a request is signed with. */
struct csr_signature {
    enum signature_kind kind; /**< SIGNATURE_OTHER: not taken, and fault says why */
    size_t salt_len;          /**< of RSASSA-PSS, in bytes */
    char note[160];           /**< how it is written, if not as its RFC wants; "" */
    const char *source;       /**< the note's */
    char fault[240];          /**< "RSA with SHA-1 (1.2.840.113549.1.1.5), which is broken" */
};

void csr_read_signature(struct bytes algorithm, struct csr_signature *ret_signature);

/** Notes what was taken although it could be written better. */
void csr_note_form(struct request *request, const struct csr_outline *outline,
                   const struct csr_signature *signature);

#endif
