/* SPDX-License-Identifier: Apache-2.0 */
/* crl.signing, crl.issued, crl.abandoned: what happens to one CRL, and all that is needed to make it again (docs/ledger-format.md 9). */
#ifndef COLDCA_RECORDS_CRL_H
#define COLDCA_RECORDS_CRL_H

#include "cert/crl.h"
#include "records/record.h"

#define RECORD_CRL_SIGNING "crl.signing"
#define RECORD_CRL_ISSUED "crl.issued"
#define RECORD_CRL_ABANDONED "crl.abandoned"

#define RECORD_CRL_RULE 1          /* of docs/ledger-format.md 9 */
#define RECORD_CRL_ORDER "ledger"  /* entries stand in the order of the records that made them */
#define RECORD_CRL_NONE UINT64_MAX /* previous: there was none */

/** On the disk before the token is asked. Texts and bytes are borrowed. */
struct record_crl_signing {
    uint64_t number;
    uint8_t issuer_sha256[32]; /**< of the CA certificate */
    struct bytes algorithm;    /**< AlgorithmIdentifier, DER */
    int64_t this_update;
    int64_t next_update;
    uint64_t size;           /**< drawn from records 0 to size - 1: its own seq */
    struct bytes extensions; /**< crlExtensions, DER of the SEQUENCE */
    bool keep_expired;
    int64_t expired_since; /**< with keep_expired; else CRL_NO_TIME */
    uint64_t previous;     /**< seq of the newest crl.issued; RECORD_CRL_NONE */
    uint64_t count;        /**< entries */
    uint64_t tbs_len;
    uint8_t tbs_sha256[32];
    const char *batch;
};
struct json *record_crl_signing_write(const struct record_crl_signing *record);
/**
 * ERROR_LEDGER also for another rule, order or scope than this coldca knows.
 * \param buffer  holds algorithm and extensions
 */
MUST_USE bool record_crl_signing_read(const struct json *json, struct builder *buffer,
                                      struct record_crl_signing *ret_record, struct error *err);

/** On the disk before the CRL leaves. */
struct record_crl_issued {
    uint64_t ref;    /**< seq of its crl.signing */
    uint64_t number; /**< the same, for who looks for it */
    struct bytes signature;
    uint8_t sha256[32]; /**< of the CRL's DER */
};
struct json *record_crl_issued_write(const struct record_crl_issued *record);
/** \param buffer  holds the signature */
MUST_USE bool record_crl_issued_read(const struct json *json, struct builder *buffer,
                                     struct record_crl_issued *ret_record, struct error *err);

/** A number that is never used again: nobody can know whether the token signed. */
struct record_crl_abandoned {
    uint64_t ref;
    uint64_t number;
    const char *reason;
};
struct json *record_crl_abandoned_write(const struct record_crl_abandoned *record);
MUST_USE bool record_crl_abandoned_read(const struct json *json, struct record_crl_abandoned *ret_record,
                                        struct error *err);

#endif
