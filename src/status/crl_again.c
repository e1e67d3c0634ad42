/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl_again.h"

#include "records/newest_crl.h"
#include "records/verify.h"

#include <inttypes.h>
#include <string.h>

void crl_again_done(struct crl_again *again)
{
    auto_crl_made_free(&again->made);
}

/** A CRL, looked for among the records as they are read. */
struct search {
    const struct home *home;
    const uint8_t *plan_sha256; /**< of its plan; NULL: it is known by its record */
    uint64_t signing_seq;
    int folder;
    struct revoked *revoked; /**< of the records before */
    struct crl_again *again;
};

static bool draw(struct search *search, const struct record_crl_signing *record, struct error *err)
{
    struct crl_again *again = search->again;
    if (!records_crl_frame(search->revoked, search->home->issuer, record, &again->frame, err) ||
        !crl_made_new(search->home->issuer, again->frame.kind, search->folder, &again->made, err) ||
        !revoked_draw(search->revoked, &again->frame, crl_made_add, again->made, &again->entries, err) ||
        !crl_made_end(again->made, err))
        return false;
    return (crl_made_tbs_len(again->made) == record->tbs_len &&
            memcmp(crl_made_tbs_sha256(again->made), record->tbs_sha256, sizeof(record->tbs_sha256)) == 0) ||
           error_set(err, ERROR_LEDGER, 0, "it is another than was signed; run `coldca ledger verify`");
}

static bool is_wanted(const struct search *search, uint64_t seq, const struct json *json)
{
    AUTO(builder_done) struct builder plan = BUILDER_INIT;
    if (search->plan_sha256 == NULL)
        return seq == search->signing_seq;
    return json_hex(json, "plan_sha256", &plan) &&
           bytes_equal(builder_bytes(&plan), bytes_of(search->plan_sha256, 32));
}

static bool meet_signing(struct search *search, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing record;
    if (!is_wanted(search, seq, json))
        return true;
    search->again->signing_seq = seq;
    return record_crl_signing_read(json, &buffer, &record, err) &&
           (draw(search, &record, err) || error_while(err, "rebuilding CRL %" PRIu64, record.number));
}

static bool meet_issued(struct search *search, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct crl_again *again = search->again;
    struct record_crl_issued record;
    if (!record_crl_issued_read(json, &buffer, &record, err))
        return false;
    if (record.ref != again->signing_seq)
        return true;
    again->is_issued = crl_made_check(again->made, record.signature, err);
    if (again->is_issued && memcmp(crl_made_sha256(again->made), record.sha256, sizeof(record.sha256)) == 0)
        return true;
    // No token is at fault here: the record is damaged.
    return error_set(err, ERROR_LEDGER, 0,
                     "CRL %" PRIu64 " with the signature of its record is not what was issued; run `coldca "
                     "ledger verify`",
                     record.number);
}

static bool meet(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    struct search *search = data;
    AUTO(json_free) struct json *json = NULL;
    if (search->again->made != NULL) {
        bool is_issued = !search->again->is_issued && revoked_is_type(text, RECORD_CRL_ISSUED);
        return !is_issued || (json_parse(text, &json, err) && meet_issued(search, json, err));
    }
    if (revoked_is_type(text, RECORD_CRL_SIGNING) &&
        (!json_parse(text, &json, err) || !meet_signing(search, seq, json, err)))
        return false;
    return revoked_take(search->revoked, seq, text, err);
}

static bool look(struct search *search, struct error *err)
{
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(search->home->ledger);
    AUTO(revoked_free) struct revoked *revoked = revoked_new();
    search->revoked = revoked;
    return ledger_scan_on(scan, meet, search, err);
}

bool crl_again_newest(const struct home *home, int folder, struct crl_again *again, struct error *err)
{
    struct newest_crl newest;
    struct search search = {.home = home, .folder = folder, .again = again};
    if (!newest_crl_find(home->ledger, &newest, err))
        return false;
    if (!newest.has)
        return error_set(err, ERROR_INPUT, 0, "no CRL was issued yet; `coldca crl` signs the first");
    search.signing_seq = newest.size;
    return look(&search, err) &&
           (again->is_issued || error_set(err, ERROR_LEDGER, 0,
                                          "the records of CRL %" PRIu64
                                          " are not where index.sqlite has them; run `coldca ledger verify`",
                                          newest.number));
}

bool crl_again_make(const struct home *home, const uint8_t plan_sha256[static 32], int folder,
                    struct crl_again *again, struct error *err)
{
    struct search search = {.home = home, .plan_sha256 = plan_sha256, .folder = folder, .again = again};
    if (!look(&search, err))
        return false;
    return again->is_issued ||
           error_set(err, ERROR_INPUT, 0,
                     "the plan was carried out before, but a run stopped between logging CRL %" PRIu64
                     " and recording its signature: whether the token signed it nobody knows, so its number "
                     "is never used again; plan it anew, and have it approved",
                     again->frame.number);
}
