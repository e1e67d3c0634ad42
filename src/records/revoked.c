/* SPDX-License-Identifier: Apache-2.0 */
#include "base/canonical.h"
#include "base/encode.h"
#include "base/memory.h"
#include "records/cert.h"
#include "records/revoked_items.h"
#include "records/revoked_parts.h"

#include <inttypes.h>
#include <string.h>

/** A cert.signing without its end. */
struct unfinished {
    uint64_t seq;
    int64_t not_after;
    size_t serial_len;
    uint8_t serial[REVOKED_SERIAL_MAX_LEN];
};

struct revoked {
    uint64_t size;
    int64_t begin; /**< time of record 0 */
    struct revoked_items items;
    struct revoked_places places[REVOKED_KINDS];
    struct unfinished *unfinished;
    size_t unfinished_count, unfinished_capacity;
    struct revoked_crls crls;
};

struct revoked *revoked_new(void)
{
    struct revoked *revoked = memory_new(1, sizeof(*revoked));
    revoked->begin = CRL_NO_TIME;
    return revoked;
}

void revoked_free(struct revoked *revoked)
{
    revoked_items_done(&revoked->items);
    free(revoked->unfinished);
    free(revoked);
}

uint64_t revoked_size(const struct revoked *revoked)
{
    return revoked->size;
}

size_t revoked_unfinished(const struct revoked *revoked)
{
    return revoked->unfinished_count;
}

int64_t revoked_begin(const struct revoked *revoked)
{
    return revoked->begin;
}

const struct revoked_crls *revoked_crls(const struct revoked *revoked)
{
    return &revoked->crls;
}

const struct revoked_items *revoked_items(const struct revoked *revoked)
{
    return &revoked->items;
}

/* ---- by serial ---- */

/** \return false: there is none, or it was released */
static bool is_live(const struct revoked *revoked, uint32_t place, struct revoked_item *ret_item)
{
    if (place == REVOKED_NO_ITEM)
        return false;
    revoked_items_get(&revoked->items, place, ret_item);
    return ret_item->is_live;
}

bool revoked_find(const struct revoked *revoked, struct bytes serial, struct revoked_state *ret_state)
{
    struct revoked_item item;
    if (!is_live(revoked, revoked_items_find(&revoked->items, serial), &item))
        return false;
    *ret_state = item.state;
    return true;
}

/** Adds what is so of a serial from now on. \return false: it is revoked already, and not on hold */
static bool add(struct revoked *revoked, struct bytes serial, const struct revoked_state *state)
{
    struct revoked_item before;
    struct revoked_item item = {
        .serial = serial, .state = *state, .is_live = true, .burned = REVOKED_NO_ITEM};
    struct revoked_slot slot = revoked_items_seek(&revoked->items, serial);
    uint32_t place = revoked_items_at(&revoked->items, slot);
    if (is_live(revoked, place, &before)) {
        if (!state->is_burned && !before.state.is_burned && !before.state.is_hold)
            return false;
        item.burned = before.state.is_burned ? place : before.burned;
        revoked_items_end(&revoked->items, place);
    }
    revoked_items_add(&revoked->items, slot, &item);
    return true;
}

/* ---- records ---- */

static bool take_signing(struct revoked *revoked, uint64_t seq, const struct canonical_field *fields,
                         struct error *err)
{
    struct unfinished unfinished = {.seq = seq, .not_after = CRL_NO_TIME};
    struct bytes hex = fields[REVOKED_SERIAL].value.spelling;
    unfinished.serial_len = hex.len / 2;
    if (unfinished.serial_len == 0 || unfinished.serial_len > REVOKED_SERIAL_MAX_LEN ||
        !decode_hex_exactly(hex, unfinished.serial, unfinished.serial_len))
        return revoked_wrong(err, seq, "a cert.signing without a serial in hex");
    if (fields[REVOKED_NOT_AFTER].value.kind != CANONICAL_NONE &&
        !revoked_field_time(&fields[REVOKED_NOT_AFTER], &unfinished.not_after))
        return revoked_wrong(err, seq, "a cert.signing whose not_after is not a time");
    if (revoked->unfinished_count == revoked->unfinished_capacity) {
        revoked->unfinished_capacity =
            revoked->unfinished_capacity == 0 ? 256 : 2 * revoked->unfinished_capacity;
        revoked->unfinished =
            memory_grow(revoked->unfinished, revoked->unfinished_capacity, sizeof(*revoked->unfinished));
    }
    revoked->unfinished[revoked->unfinished_count++] = unfinished;
    return true;
}

/** cert.issued or cert.abandoned: few are unfinished at one time, a run's groups. */
static bool take_end(struct revoked *revoked, uint64_t seq, const struct canonical_field *fields,
                     bool is_abandoned, struct error *err)
{
    const struct canonical_value *ref = &fields[REVOKED_REF].value;
    for (size_t i = 0; ref->kind == CANONICAL_INT && i < revoked->unfinished_count; i++) {
        struct unfinished *unfinished = &revoked->unfinished[i];
        if (unfinished->seq != (uint64_t)ref->number)
            continue;
        struct revoked_state state = {.seq = seq,
                                      .not_after = unfinished->not_after,
                                      .invalidity_date = CRL_NO_TIME,
                                      .is_burned = true};
        struct bytes burned = bytes_of(unfinished->serial, unfinished->serial_len);
        if (is_abandoned && !revoked_field_time(&fields[REVOKED_TIME], &state.revoked_at))
            return revoked_wrong(err, seq, "a cert.abandoned without its time");
        if (is_abandoned)
            (void)add(revoked, burned, &state); // whatever was said of the serial before
        *unfinished = revoked->unfinished[--revoked->unfinished_count];
        return true;
    }
    return revoked_wrong(err, seq, "it ends no unfinished cert.signing");
}

static bool take_state(struct revoked *revoked, struct bytes serial, const struct revoked_state *state,
                       struct error *err)
{
    return add(revoked, serial, state) ||
           revoked_wrong(err, state->seq, "it revokes what is revoked already");
}

static bool take_revoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked record;
    if (!record_cert_revoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    const struct revoked_state state = {.seq = seq,
                                        .reason = record.reason,
                                        .revoked_at = record.revoked_at,
                                        .invalidity_date = record.invalidity_date,
                                        .not_after = record.not_after,
                                        .is_hold = record.is_hold};
    return take_state(revoked, record.serial, &state, err);
}

static bool take_unrevoked(struct revoked *revoked, uint64_t seq, const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_unrevoked record;
    if (!record_cert_unrevoked_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    struct revoked_item item;
    uint32_t place = revoked_items_find(&revoked->items, record.serial);
    if (!is_live(revoked, place, &item) || item.state.is_burned)
        return revoked_wrong(err, seq, "it releases what is not revoked");
    if (!item.state.is_hold)
        return revoked_wrong(err, seq, "it releases what was not on hold (RFC 5280 5.3.1)");
    if (record.ref != RECORD_NO_SEQ && record.ref != item.state.seq)
        return revoked_wrong(err, seq, "its ref is not the cert.revoked in force");
    revoked_items_end(&revoked->items, place);
    if (item.burned != REVOKED_NO_ITEM)
        revoked_items_restore(&revoked->items, item.burned);
    return true;
}

/** The records that are few, by their whole. */
static bool take_json(struct revoked *revoked, uint64_t seq, struct bytes type, struct bytes text,
                      struct error *err)
{
    AUTO(json_free) struct json *json = NULL;
    if (!json_parse(text, &json, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (bytes_equal_text(type, RECORD_CERT_REVOKED))
        return take_revoked(revoked, seq, json, err);
    if (bytes_equal_text(type, RECORD_CERT_UNREVOKED))
        return take_unrevoked(revoked, seq, json, err);
    if (bytes_equal_text(type, RECORD_CRL_SIGNING))
        return revoked_crls_take_signing(&revoked->crls, seq, json, err);
    return revoked_crls_take_end(&revoked->crls, seq, json, bytes_equal_text(type, RECORD_CRL_ISSUED), err);
}

bool revoked_is_type(struct bytes text, const char *type)
{
    struct canonical_field field = {.key = "type"};
    return memmem(text.data, text.len, type, strlen(type)) != NULL && canonical_read(text, &field, 1) &&
           bytes_equal_text(field.value.spelling, type);
}

bool revoked_take(struct revoked *revoked, uint64_t seq, struct bytes text, struct error *err)
{
    static const char *const by_json[] = {RECORD_CERT_REVOKED, RECORD_CERT_UNREVOKED, RECORD_CRL_SIGNING,
                                          RECORD_CRL_ISSUED, RECORD_CRL_ABANDONED};
    struct canonical_field fields[REVOKED_FIELDS] = REVOKED_FIELDS_INIT;
    uint8_t serial[REVOKED_SERIAL_MAX_LEN];
    size_t serial_len = 0;
    struct revoked_state state = {.seq = seq};
    revoked->size = seq + 1;
    bool is_plucked = seq > 0 && revoked_pluck(text, revoked->places, fields);
    if (seq > 0 && !is_plucked && !revoked_may_matter(text))
        return true;
    if (!is_plucked && !canonical_read(text, fields, REVOKED_FIELDS))
        return revoked_wrong(err, seq, "it is not a record");
    if (seq == 0 && !revoked_field_time(&fields[REVOKED_TIME], &revoked->begin))
        return revoked_wrong(err, seq, "without its time");
    struct bytes type = fields[REVOKED_TYPE].value.spelling;
    if (bytes_equal_text(type, RECORD_CERT_SIGNING))
        return take_signing(revoked, seq, fields, err);
    if (bytes_equal_text(type, RECORD_CERT_ISSUED) || bytes_equal_text(type, RECORD_CERT_ABANDONED))
        return take_end(revoked, seq, fields, bytes_equal_text(type, RECORD_CERT_ABANDONED), err);
    if (bytes_equal_text(type, RECORD_CERT_REVOKED) && revoked_read_serial(fields, serial, &serial_len)) {
        revoked_items_expect(&revoked->items, bytes_of(serial, serial_len));
        if (revoked_read_plain(fields, &state))
            return take_state(revoked, bytes_of(serial, serial_len), &state, err);
    }
    for (size_t i = 0; i < ARRAY_LEN(by_json); i++) {
        if (bytes_equal_text(type, by_json[i]))
            return take_json(revoked, seq, type, text, err);
    }
    return true;
}
