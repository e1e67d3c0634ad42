/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of revoked.h share: the members of a record that say who is revoked, and the sequence of CRLs. records/ only. */
#ifndef COLDCA_RECORDS_REVOKED_PARTS_H
#define COLDCA_RECORDS_REVOKED_PARTS_H

#include "base/canonical.h"
#include "records/revoked.h"

#define REVOKED_SERIAL_MAX_LEN REVOKED_ABOUT_MAX_LEN

/** Who is revoked, for who draws a list of them; borrowed. */
struct revoked_items;
const struct revoked_items *revoked_items(const struct revoked *revoked);

/** "record 7: ...", ERROR_LEDGER; returns false. */
bool revoked_wrong(struct error *err, uint64_t seq, const char *what);

/** The members that are looked at, as canonical_read() wants them. */
enum revoked_field {
    REVOKED_HOLD,
    REVOKED_INVALIDITY_DATE,
    REVOKED_NOT_AFTER,
    REVOKED_REASON,
    REVOKED_REF,
    REVOKED_REVOKED_AT,
    REVOKED_SERIAL,
    REVOKED_TIME,
    REVOKED_TYPE,
    REVOKED_FIELDS
};
#define REVOKED_FIELDS_INIT                                                                                  \
    {                                                                                                        \
        {.key = "hold"}, {.key = "invalidity_date"}, {.key = "not_after"}, {.key = "reason"},                \
            {.key = "ref"}, {.key = "revoked_at"}, {.key = "serial"}, {.key = "time"}, {.key = "type"},      \
    }
/** Whether a type that says something here can be in the record; a canonical spelling has no space to hide it in. */
bool revoked_may_matter(struct bytes text);

/** Where the members of a kind of record stood last; a guess, and zero is as good as any. */
struct revoked_places {
    uint16_t at[REVOKED_FIELDS];
};
#define REVOKED_KINDS 3 /* cert.signing, cert.issued, cert.revoked */
/**
 * The members of a cert.signing, a cert.issued or a cert.revoked, of which there are as many as certificates, without a look at the rest of
 * it. In canonical form `,"key":` can't stand inside a text, where its quotes would be escaped, and a record with one brace has no second member
 * of the name. That it is canonical was seen when it was appended, and `ledger verify` sees it again.
 * \param places  of the records before
 * \param fields  all of enum revoked_field, without values
 * \return false: it is another record, or written otherwise; canonical_read() tells
 */
MUST_USE bool revoked_pluck(struct bytes text, struct revoked_places places[static REVOKED_KINDS],
                            struct canonical_field *fields);
MUST_USE bool revoked_field_time(const struct canonical_field *field, int64_t *ret_time);
/** The serial of a cert.revoked as coldca writes it. \return false: it is written otherwise */
MUST_USE bool revoked_read_serial(const struct canonical_field *fields,
                                  uint8_t ret_serial[static REVOKED_SERIAL_MAX_LEN], size_t *ret_serial_len);
/**
 * The rest of it, where it lies: a million of them are read in a second.
 * \param fields  all of enum revoked_field
 * \param state   gets what the record says; its seq is the caller's
 * \return false: it is written otherwise, and record_cert_revoked_read() knows what to make of it
 */
MUST_USE bool revoked_read_plain(const struct canonical_field *fields, struct revoked_state *state);

/** crl.signing. ERROR_LEDGER: it can't follow those before it. */
MUST_USE bool revoked_crls_take_signing(struct revoked_crls *crls, uint64_t seq, const struct json *json,
                                        struct error *err);
/** crl.issued, crl.abandoned */
MUST_USE bool revoked_crls_take_end(struct revoked_crls *crls, uint64_t seq, const struct json *json,
                                    bool is_issued, struct error *err);

#endif
