/* SPDX-License-Identifier: Apache-2.0 */
/* cert.revoked, cert.unrevoked, revocation.set: what ends a certificate's life early (docs/ledger-format.md 1). */
#ifndef COLDCA_RECORDS_REVOCATION_H
#define COLDCA_RECORDS_REVOCATION_H

#include "cert/crl.h"
#include "records/record.h"

#define RECORD_CERT_REVOKED "cert.revoked"
#define RECORD_KEY_REVOKED "key.revoked"
#define RECORD_CERT_UNREVOKED "cert.unrevoked"
#define RECORD_REVOCATION_SET "revocation.set"

#define RECORD_NO_SEQ UINT64_MAX
#define RECORD_REVOKED_SERIAL_MAX_LEN 64 /* octets (docs/ledger-format.md 1) */

struct record_cert_revoked {
    struct bytes serial;
    enum crl_reason reason;
    int64_t revoked_at;
    int64_t invalidity_date; /**< CRL_NO_TIME: none */
    int64_t not_after;       /**< the certificate's end; CRL_NO_TIME: nobody knows (foreign) */
    uint64_t ref;            /**< seq of its cert.issued; RECORD_NO_SEQ: burned or foreign */
    bool is_hold;            /**< read: it can be released. Written: by the reason */
    bool is_foreign;         /**< from before this ledger */
    const char
        *key_value; /**< hex, base/key_value.h; NULL: unknown. So that a compromised key is known again */
    const char *subject; /**< escaped; NULL: unknown */
    const char *batch;   /**< run id */
};
/** A hold is reason certificateHold, nothing else. The caller frees. */
struct json *record_cert_revoked_write(const struct record_cert_revoked *record);
/**
 * A record from before there was a command for it has reason only: then revoked_at is its time, and it counts as a hold.
 * \param buffer  holds the serial
 */
MUST_USE bool record_cert_revoked_read(const struct json *json, struct builder *buffer,
                                       struct record_cert_revoked *ret_record, struct error *err);

/** A key that is in nobody's hands any more, of which this ledger has no certificate that says so. Not on any CRL. */
struct record_key_revoked {
    const char *key_value;  /**< hex, base/key_value.h */
    enum crl_reason reason; /**< keyCompromise */
    int64_t revoked_at;
    int64_t invalidity_date; /**< CRL_NO_TIME: none */
    const char *batch;       /**< run id */
};
struct json *record_key_revoked_write(const struct record_key_revoked *record);
MUST_USE bool record_key_revoked_check(const struct json *json, struct error *err);

struct record_cert_unrevoked {
    struct bytes serial;
    uint64_t ref; /**< seq of the cert.revoked it takes back */
    const char *batch;
};
struct json *record_cert_unrevoked_write(const struct record_cert_unrevoked *record);
/** \param buffer  holds the serial */
MUST_USE bool record_cert_unrevoked_read(const struct json *json, struct builder *buffer,
                                         struct record_cert_unrevoked *ret_record, struct error *err);

/** Before the records of a revocation of many. */
struct record_revocation_set {
    const char *batch;
    uint64_t count;
    const char *where;          /**< as it was asked for; NULL: a list */
    const uint8_t *list_sha256; /**< of the list's bytes; NULL: none */
    uint64_t skipped;           /**< bad lines left out */
    enum crl_reason reason;
};
struct json *record_revocation_set_write(const struct record_revocation_set *record);
MUST_USE bool record_revocation_set_check(const struct json *json, struct error *err);

#endif
