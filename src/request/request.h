/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request: the facts of one PKCS #10 CSR (RFC 2986). It is parsed by csr.c in a parser process and crosses to the signer as one
 * bounded message; all pointers of a struct request point into storage it owns.
 * It promises: a parser process has no token, files or network (P6). What could not be established is in `problems`; a request with
 * problems is never signed, and facts that could not be read are empty.
 * It does not: decide anything, or trust what a parser process says: digests and keys are worked out again.
 */
#ifndef COLDCA_REQUEST_REQUEST_H
#define COLDCA_REQUEST_REQUEST_H

#include "base/algorithm.h"
#include "base/bytes.h"
#include "base/finding.h"

/** A file (or stdin) brought to coldca may be this large; larger is refused unread. */
#define REQUEST_MAX_FILE_LEN (64 * 1024)

/** GeneralName kinds by their tag number (RFC 5280 4.2.1.6). */
enum san_kind {
    SAN_OTHER_NAME = 0,
    SAN_EMAIL = 1,
    SAN_DNS = 2,
    SAN_X400 = 3,
    SAN_DIRECTORY = 4,
    SAN_EDI = 5,
    SAN_URI = 6,
    SAN_IP = 7,
    SAN_RID = 8,
};

/** "dns", "ip", "uri", "email", "other", "directory", "rid", "x400", "edi": what policies call them. */
const char *san_kind_name(enum san_kind kind);
bool san_kind_parse(const char *name, enum san_kind *ret_kind);

/** One attribute of the subject, in the order of the request. */
struct request_attribute {
    const char *oid;    /**< dotted */
    const char *field;  /**< "CN", "O", "serialNumber", ... or the dotted OID if it has no short name */
    struct bytes value; /**< UTF-8, whatever the string type was */
    uint8_t tag;        /**< ASN.1 string type in the request */
    uint32_t rdn;       /**< index of the RDN; equal for members of a multi-valued RDN */
};

struct request_san {
    enum san_kind kind;
    /** email, dns, uri: the IA5 characters; ip: 4 or 16 octets; other, directory, rid, ...: the DER of the
     *  GeneralName's content (otherName: type-id and [0] value) */
    struct bytes value;
    const char *text; /**< for people and patterns: "device-1.local", "10.0.0.1", "2001:db8::1"; escaped */
};

struct request_extension {
    const char *oid; /**< dotted */
    bool is_critical;
    bool is_der; /**< whether the value is one DER element; must be, if it is to be copied (RFC 5280 4.2) */
    struct bytes value; /**< content of extnValue */
};

struct request {
    struct bytes der;     /**< the CSR */
    uint8_t sha256[32];   /**< of der */
    struct bytes subject; /**< DER of the Name */
    const char *
        subject_text; /**< "CN=device-1,O=Acme IoT", RFC 4514 order as in the request; escaped; "" if empty */

    const struct request_attribute *attributes;
    size_t attributes_count;
    const struct request_san *sans;
    size_t sans_count;
    bool has_san_extension;
    const struct request_extension
        *extensions; /**< all that extensionRequest asks for, SAN and KU included */
    size_t extensions_count;

    enum key_kind key_kind;
    unsigned key_bits;
    char key_name[64]; /**< key_name(), or the algorithm's OID if the kind is KEY_OTHER */
    struct bytes spki;
    struct bytes key_bit_string;
    struct bytes modulus;  /**< RSA only */
    struct bytes exponent; /**< RSA only */
    uint8_t spki_sha256[32];
    uint8_t key_value[32]; /**< base/key_value.h: the same for all encodings of one key */

    bool has_key_usage;
    uint16_t
        key_usage; /**< bit i is bit i of RFC 5280 4.2.1.3: digitalSignature is 1, keyCertSign is 1 << 5 */
    bool has_extended_key_usage;
    const char *const *extended_key_usage; /**< dotted OIDs */
    size_t extended_key_usage_count;
    bool has_basic_constraints;
    bool asks_for_ca;
    int path_len; /**< -1: none asked for */

    bool has_challenge_password; /**< its value is neither kept nor logged */
    enum signature_kind signature_kind;
    bool has_proof_of_possession; /**< the CSR's signature verifies with its own key */

    struct findings notes;    /**< how its outer form differs from what is usual; no reason to refuse it */
    struct findings problems; /**< rules "request.*" and "key.*"; empty for a sound request */
    void *storage;            /**< what the pointers point into */
};

void request_free(struct request *request);
DEFINE_AUTO(struct request *, request_free);

/**
 * What is known of a request without its bytes, as of one that a plan names: digest, subject and key; no names.
 * \param subject_text  escaped
 * \return false: ERROR_INPUT, the key can't be read
 */
MUST_USE bool request_remember(const uint8_t sha256[static 32], const char *subject_text, struct bytes spki,
                               struct request **ret_request, struct error *err);

#endif
