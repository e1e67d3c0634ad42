/* SPDX-License-Identifier: Apache-2.0 */
/* cert.signing, cert.issued, cert.abandoned: what happens to one certificate (docs/ledger-format.md 1). */
#ifndef COLDCA_RECORDS_CERT_H
#define COLDCA_RECORDS_CERT_H

#include "cert/cert.h"
#include "policy/policy.h"
#include "records/record.h"

#define RECORD_CERT_SIGNING "cert.signing"
#define RECORD_CERT_ISSUED "cert.issued"
#define RECORD_CERT_ABANDONED "cert.abandoned"

/** On the disk before the token is asked. Texts and bytes are borrowed. */
struct record_cert_signing {
    struct bytes tbs; /**< exactly what is signed; serial, subject, notAfter and key are read from it */
    const struct template *template; /**< names and the note on its validity; NULL: none are recorded */
    const char *policy;
    const uint8_t *policy_sha256; /**< 32 bytes */
    const uint8_t *csr_sha256;    /**< 32 bytes */
    const uint8_t *input_sha256;  /**< 32 bytes, of the file the request came in; NULL: it came in none */
    const char *source;           /**< file name; NULL */
    const char *batch;            /**< run id */
};
/** The caller frees. tbs is sound: its maker read it back. */
struct json *record_cert_signing_write(const struct record_cert_signing *record);

/**
 * Whether what a cert.signing that comes from elsewhere says is what its TBSCertificate and its policy say. ERROR_INPUT, in what they
 * differ
 */
MUST_USE bool record_cert_signing_matches(const struct json *json, const char *policy,
                                          const uint8_t policy_sha256[static 32],
                                          const struct cert_facts *facts, struct error *err);

/** On the disk before the certificate leaves. */
struct record_cert_issued {
    uint64_t ref; /**< seq of its cert.signing */
    struct bytes signature;
    uint8_t sha256[32]; /**< of the certificate */
};
struct json *record_cert_issued_write(const struct record_cert_issued *record);
/** \param buffer  holds the signature */
MUST_USE bool record_cert_issued_read(const struct json *json, struct builder *buffer,
                                      struct record_cert_issued *ret_record, struct error *err);

/** A serial that is burned: nobody can know whether the token signed. */
struct record_cert_abandoned {
    uint64_t ref;
    const char *serial; /**< hex; NULL in what is read if it is absent */
    const char *reason;
};
struct json *record_cert_abandoned_write(const struct record_cert_abandoned *record);
MUST_USE bool record_cert_abandoned_read(const struct json *json, struct record_cert_abandoned *ret_record,
                                         struct error *err);

#endif
