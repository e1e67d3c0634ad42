/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is revoked: what the records say of it, read in their order, and which of it stands on a CRL (docs/ledger-format.md 9, rule 1).
 * The one place of that rule: `crl`, `revoke` and `ledger verify` all ask it.
 *
 * Promises: the entries of a CRL depend on nothing but records 0 to size - 1. Does not: read files, sign, or trust an index.
 */
#ifndef COLDCA_RECORDS_REVOKED_H
#define COLDCA_RECORDS_REVOKED_H

#include "base/cleanup.h"
#include "records/crl.h"
#include "records/revocation.h"

struct revoked;
struct revoked *revoked_new(void);
void revoked_free(struct revoked *revoked);
DEFINE_AUTO(struct revoked *, revoked_free);

/**
 * Takes the next record.
 * \param text  its line without LF
 * \return false: ERROR_LEDGER, what can't follow the records before it; the record is then left out
 */
MUST_USE bool revoked_take(struct revoked *revoked, uint64_t seq, struct bytes text, struct error *err);
/** Whether a record is of this type, at little cost. */
bool revoked_is_type(struct bytes text, const char *type);
/** What a record says of a serial that anybody may ask about. */
enum revoked_about { REVOKED_ABOUT_NONE, REVOKED_ABOUT_SIGNING, REVOKED_ABOUT_REVOKED };
#define REVOKED_ABOUT_MAX_LEN RECORD_REVOKED_SERIAL_MAX_LEN
/** Whether it is a cert.signing or a cert.revoked, and of which serial, at little cost. */
enum revoked_about revoked_about(struct bytes text, uint8_t ret_serial[static REVOKED_ABOUT_MAX_LEN],
                                 size_t *ret_len);
/** How many records were taken: the next one's seq, if they come in their order. */
uint64_t revoked_size(const struct revoked *revoked);

/** Certificates that were logged to be signed and have no end yet: whether the token signed them, nobody knows. */
size_t revoked_unfinished(const struct revoked *revoked);
/** The time of record 0: of what ended before, the ledger knows nothing. CRL_NO_TIME: no record was taken. */
int64_t revoked_begin(const struct revoked *revoked);

/** One serial that is revoked, or burned. */
struct revoked_state {
    uint64_t seq; /**< of the cert.revoked, or of the cert.abandoned */
    enum crl_reason reason;
    int64_t revoked_at;
    int64_t invalidity_date; /**< CRL_NO_TIME: none */
    int64_t not_after;       /**< CRL_NO_TIME: nobody knows */
    bool is_hold;            /**< it can be released */
    bool is_burned;          /**< abandoned, and not revoked besides */
};
/** \return false: neither revoked nor burned */
bool revoked_find(const struct revoked *revoked, struct bytes serial, struct revoked_state *ret_state);

/** A CRL of the ledger. */
struct revoked_crl {
    uint64_t signing_seq;
    uint64_t issued_seq;
    uint64_t number;
    uint64_t size;
    uint64_t count;
    int64_t this_update;
    int64_t next_update;
};
struct revoked_crls {
    uint64_t last_number; /**< ever logged, issued or not; 0: none */
    bool has_unfinished;  /**< a crl.signing that has no end yet */
    struct revoked_crl unfinished;
    bool has_issued;
    struct revoked_crl issued; /**< the newest */
};
const struct revoked_crls *revoked_crls(const struct revoked *revoked);

/**
 * The TBSCertList of a CRL drawn now, in parts: entries in the order of their records. One leaves the list once it stood on a CRL that was
 * made after the certificate's end, unless the frame says since when expired ones are kept.
 * \param sink  gets the parts: what stands before the entries, entries (each whole), what stands behind them
 * \return false: ERROR_INPUT, a rule the frame breaks; or sink's error
 */
MUST_USE bool revoked_draw(const struct revoked *revoked, const struct crl_frame *frame, crl_sink *sink,
                           void *data, uint64_t *ret_count, struct error *err);

#endif
