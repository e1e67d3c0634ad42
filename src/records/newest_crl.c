/* SPDX-License-Identifier: Apache-2.0 */
#include "records/newest_crl.h"

#include "records/crl.h"

#include <inttypes.h>
#include <string.h>

#define WINDOW_FIRST 4096

/** The newest crl.issued that was met. */
struct met {
    bool has;
    struct record_crl_issued issued;
    struct builder signature;
    struct error why; /**< it can't be read */
};

static void met_done(struct met *met)
{
    builder_done(&met->signature);
}
DEFINE_AUTO_VALUE(struct met, met_done);

static bool meet(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct met *met = data;
    (void)entry; // of a cert.signing only
    met->has = true;
    builder_clear(&met->signature);
    return record_crl_issued_read(record, &met->signature, &met->issued, &met->why);
}

/** From the ledger's end back, in windows that grow: the newest CRL is mostly not far. */
static bool find_issued(struct ledger *ledger, struct met *met, struct error *err)
{
    uint64_t to = ledger_size(ledger);
    for (uint64_t window = WINDOW_FIRST; to > 0 && !met->has; window *= 8) {
        uint64_t from = to > window ? to - window : 0;
        const struct ledger_filter filter = {
            .type = RECORD_CRL_ISSUED, .status = -1, .from_seq = from, .to_seq = to};
        if (!ledger_each(ledger, &filter, meet, met, err))
            return false;
        to = from;
    }
    if (met->why.kind == ERROR_NONE)
        return true;
    *err = met->why;
    return false;
}

bool newest_crl_find(struct ledger *ledger, struct newest_crl *ret_crl, struct error *err)
{
    AUTO(met_done) struct met met = {.why = ERROR_INIT};
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing signing;
    *ret_crl = (struct newest_crl){.has = false};
    if (!find_issued(ledger, &met, err))
        return false;
    if (!met.has)
        return true;
    if (!ledger_record(ledger, met.issued.ref, &json, err) ||
        !record_crl_signing_read(json, &buffer, &signing, err))
        return false;
    if (signing.number != met.issued.number)
        return error_set(err, ERROR_LEDGER, 0,
                         "the crl.issued of CRL %" PRIu64 " names the crl.signing of CRL %" PRIu64
                         ": run `coldca ledger verify`",
                         met.issued.number, signing.number);
    *ret_crl = (struct newest_crl){.has = true,
                                   .number = signing.number,
                                   .size = signing.size,
                                   .this_update = signing.this_update,
                                   .next_update = signing.next_update};
    memcpy(ret_crl->sha256, met.issued.sha256, sizeof(ret_crl->sha256));
    return true;
}
