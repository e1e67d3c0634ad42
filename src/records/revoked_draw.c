/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revoked_items.h"
#include "records/revoked_parts.h"

/* Which of who is revoked stands on a CRL: rule 1 of docs/ledger-format.md 9.2. */

#define PART_LEN ((size_t)1 << 16)

static bool is_listed(const struct revoked_item *item, const struct revoked_crl *previous, bool keep_expired)
{
    // RFC 5280 3.3: an entry may go once it stood on one CRL issued beyond the certificate's validity.
    const struct revoked_state *state = &item->state;
    bool stood_on_previous = previous != NULL && state->seq < previous->size;
    bool was_expired_then =
        stood_on_previous && state->not_after != CRL_NO_TIME && state->not_after < previous->this_update;
    return item->is_live && (keep_expired || !was_expired_then);
}

/** Goes through those that are listed. *place starts as 0. */
static bool next_entry(const struct revoked *revoked, bool keep_expired, uint32_t *place,
                       struct crl_entry *ret_entry)
{
    struct revoked_item item;
    const struct revoked_crls *crls = revoked_crls(revoked);
    const struct revoked_crl *previous = crls->has_issued ? &crls->issued : NULL;
    while (revoked_items_next(revoked_items(revoked), place, &item)) {
        if (!is_listed(&item, previous, keep_expired))
            continue;
        *ret_entry = (struct crl_entry){.serial = item.serial,
                                        .revoked_at = item.state.revoked_at,
                                        .reason = item.state.reason,
                                        .invalidity_date = item.state.invalidity_date};
        return true;
    }
    return false;
}

static bool draw_entries(const struct revoked *revoked, bool keep_expired, crl_sink *sink, void *data,
                         struct error *err)
{
    AUTO(builder_done) struct builder part = BUILDER_INIT;
    struct crl_entry entry;
    uint32_t place = 0;
    while (next_entry(revoked, keep_expired, &place, &entry)) {
        crl_entry_add(&entry, &part);
        if (part.len < PART_LEN)
            continue;
        if (!sink(data, builder_bytes(&part), err))
            return false;
        builder_clear(&part);
    }
    return part.len == 0 || sink(data, builder_bytes(&part), err);
}

bool revoked_draw(const struct revoked *revoked, const struct crl_frame *frame, crl_sink *sink, void *data,
                  uint64_t *ret_count, struct error *err)
{
    AUTO(builder_done) struct builder front = BUILDER_INIT;
    AUTO(builder_done) struct builder back = BUILDER_INIT;
    bool keep_expired = frame->expired_since != CRL_NO_TIME;
    struct crl_entry entry;
    uint32_t place = 0;
    uint64_t count = 0;
    size_t len = 0;
    // What stands before the entries says how long they are.
    for (; next_entry(revoked, keep_expired, &place, &entry); count++)
        len += crl_entry_len(&entry);
    *ret_count = count;
    return crl_tbs_parts(frame, len, &front, &back, err) && sink(data, builder_bytes(&front), err) &&
           draw_entries(revoked, keep_expired, sink, data, err) && sink(data, builder_bytes(&back), err);
}
