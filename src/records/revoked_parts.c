/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revoked_parts.h"

#include "base/encode.h"
#include "base/time.h"
#include "records/cert.h"

#include <inttypes.h>
#include <string.h>

bool revoked_wrong(struct error *err, uint64_t seq, const char *what)
{
    return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 ": %s", seq, what);
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.len > end.len && memcmp(text.data + text.len - end.len, end.data, end.len) == 0;
}

/**
 * Moves *from behind `,"key":`, which is given with its comma, quotes and colon. Records that follow on each other mostly have it in the
 * same place, which is looked at first. \return false: it is not there
 */
static bool seek(struct bytes *from, struct bytes key, uint16_t *place)
{
    if (*place >= from->len || from->len - *place < key.len ||
        memcmp(from->data + *place, key.data, key.len) != 0) {
        const uint8_t *at = memmem(from->data, from->len, key.data, key.len);
        if (at == NULL)
            return false;
        *place = (uint16_t)(at - from->data); // a record has at most 65,535 bytes
    }
    *from = bytes_slice(*from, *place + key.len, from->len);
    return true;
}
#define SEEK(from, name, places, field) seek(from, BYTES_LITERAL(",\"" name "\":"), &(places)->at[field])

static bool pluck_text(struct bytes *from, struct canonical_value *ret_value)
{
    const uint8_t *end =
        from->len == 0 || from->data[0] != '"' ? NULL : memchr(from->data + 1, '"', from->len - 1);
    if (end == NULL)
        return false;
    struct bytes text = bytes_of(from->data + 1, (size_t)(end - from->data) - 1);
    if (memchr(text.data, '\\', text.len) != NULL)
        return false;
    *ret_value = (struct canonical_value){.kind = CANONICAL_TEXT, .spelling = text};
    *from = bytes_slice(*from, text.len + 2, from->len);
    return true;
}

static bool pluck_int(struct bytes *from, struct canonical_value *ret_value)
{
    int64_t number = 0;
    size_t digits = 0;
    for (; digits < from->len && digits < 18 && from->data[digits] >= '0' && from->data[digits] <= '9';
         digits++)
        number = number * 10 + (from->data[digits] - '0');
    *ret_value = (struct canonical_value){.kind = CANONICAL_INT, .number = number};
    *from = bytes_slice(*from, digits, from->len);
    return digits > 0 && from->len > 0 && from->data[0] == ',';
}

static bool pluck_word(struct bytes *from, struct canonical_value *ret_value)
{
    const uint8_t *end = memchr(from->data, ',', from->len);
    if (end == NULL)
        return false;
    struct bytes word = bytes_of(from->data, (size_t)(end - from->data));
    *ret_value = (struct canonical_value){.kind = CANONICAL_WORD, .spelling = word};
    *from = bytes_slice(*from, word.len, from->len);
    return bytes_equal_text(word, "true") || bytes_equal_text(word, "false");
}

static bool pluck_signing(struct bytes text, struct revoked_places *places, struct canonical_field *fields)
{
    return SEEK(&text, "not_after", places, REVOKED_NOT_AFTER) &&
           pluck_text(&text, &fields[REVOKED_NOT_AFTER].value) &&
           SEEK(&text, "serial", places, REVOKED_SERIAL) && pluck_text(&text, &fields[REVOKED_SERIAL].value);
}

static bool pluck_issued(struct bytes text, struct revoked_places *places, struct canonical_field *fields)
{
    return SEEK(&text, "ref", places, REVOKED_REF) && pluck_int(&text, &fields[REVOKED_REF].value);
}

/** Keys are in ascending order; what may be missing stands before what may not. */
static bool pluck_revoked(struct bytes text, struct revoked_places *places, struct canonical_field *fields)
{
    struct bytes rest = text;
    if (!SEEK(&rest, "hold", places, REVOKED_HOLD) || !pluck_word(&rest, &fields[REVOKED_HOLD].value))
        return false;
    struct bytes invalidity = rest;
    if (!SEEK(&rest, "reason", places, REVOKED_REASON))
        return false;
    invalidity.len = (size_t)(rest.data - invalidity.data);
    struct bytes not_after = invalidity;
    if ((SEEK(&invalidity, "invalidity_date", places, REVOKED_INVALIDITY_DATE) &&
         !pluck_text(&invalidity, &fields[REVOKED_INVALIDITY_DATE].value)) ||
        (SEEK(&not_after, "not_after", places, REVOKED_NOT_AFTER) &&
         !pluck_text(&not_after, &fields[REVOKED_NOT_AFTER].value)) ||
        !pluck_text(&rest, &fields[REVOKED_REASON].value))
        return false;
    struct bytes ref = rest;
    if (!SEEK(&rest, "revoked_at", places, REVOKED_REVOKED_AT))
        return false;
    ref.len = (size_t)(rest.data - ref.data);
    return (!SEEK(&ref, "ref", places, REVOKED_REF) || pluck_int(&ref, &fields[REVOKED_REF].value)) &&
           pluck_text(&rest, &fields[REVOKED_REVOKED_AT].value) &&
           SEEK(&rest, "serial", places, REVOKED_SERIAL) && pluck_text(&rest, &fields[REVOKED_SERIAL].value);
}

bool revoked_pluck(struct bytes text, struct revoked_places places[static REVOKED_KINDS],
                   struct canonical_field *fields)
{
    static const struct {
        const char *type;
        struct bytes end;
        bool (*pluck)(struct bytes text, struct revoked_places *places, struct canonical_field *fields);
    } kinds[REVOKED_KINDS] = {
#define KIND(type, pluck)                                                                                    \
    {type, {(const uint8_t *)",\"type\":\"" type "\"}", sizeof(",\"type\":\"" type "\"}") - 1}, pluck}
        KIND(RECORD_CERT_SIGNING, pluck_signing),
        KIND(RECORD_CERT_ISSUED, pluck_issued),
        KIND(RECORD_CERT_REVOKED, pluck_revoked),
#undef KIND
    };
    for (size_t i = 0; i < REVOKED_KINDS; i++) {
        if (!ends_with(text, kinds[i].end))
            continue;
        fields[REVOKED_TYPE].value =
            (struct canonical_value){.kind = CANONICAL_TEXT, .spelling = bytes_of_text(kinds[i].type)};
        return memchr(text.data + 1, '{', text.len - 1) == NULL && kinds[i].pluck(text, &places[i], fields);
    }
    return false;
}

bool revoked_field_time(const struct canonical_field *field, int64_t *ret_time)
{
    char text[TIME_TEXT_SIZE] = "";
    if (field->value.kind != CANONICAL_TEXT || field->value.spelling.len != sizeof(text) - 1)
        return false;
    memcpy(text, field->value.spelling.data, sizeof(text) - 1);
    return time_parse(text, ret_time);
}

/** A time, or none where there is no such member. */
static bool take_time_if_any(const struct canonical_field *field, int64_t *ret_time)
{
    *ret_time = CRL_NO_TIME;
    return field->value.kind == CANONICAL_NONE || revoked_field_time(field, ret_time);
}

bool revoked_read_serial(const struct canonical_field *fields,
                         uint8_t ret_serial[static REVOKED_SERIAL_MAX_LEN], size_t *ret_serial_len)
{
    struct bytes hex = fields[REVOKED_SERIAL].value.spelling;
    *ret_serial_len = hex.len / 2;
    return fields[REVOKED_SERIAL].value.kind == CANONICAL_TEXT && hex.len > 0 &&
           *ret_serial_len <= REVOKED_SERIAL_MAX_LEN &&
           decode_hex_exactly(hex, ret_serial, *ret_serial_len) && ret_serial[0] != 0;
}

bool revoked_read_plain(const struct canonical_field *fields, struct revoked_state *state)
{
    char reason_name[32] = "";
    struct bytes name = fields[REVOKED_REASON].value.spelling;
    struct bytes hold = fields[REVOKED_HOLD].value.spelling;
    const struct canonical_value *ref = &fields[REVOKED_REF].value; // a foreign one has none
    if (fields[REVOKED_REASON].value.kind != CANONICAL_TEXT || name.len >= sizeof(reason_name) ||
        (ref->kind != CANONICAL_NONE && (ref->kind != CANONICAL_INT || ref->number < 0)) ||
        fields[REVOKED_HOLD].value.kind != CANONICAL_WORD ||
        !revoked_field_time(&fields[REVOKED_REVOKED_AT], &state->revoked_at) ||
        !take_time_if_any(&fields[REVOKED_INVALIDITY_DATE], &state->invalidity_date) ||
        !take_time_if_any(&fields[REVOKED_NOT_AFTER], &state->not_after))
        return false;
    memcpy(reason_name, name.data, name.len);
    state->is_hold = bytes_equal_text(hold, "true");
    return crl_reason_parse(reason_name, &state->reason) && state->reason != CRL_REMOVE_FROM_CRL &&
           strcmp(crl_reason_name(state->reason), reason_name) == 0 &&
           state->is_hold == (state->reason == CRL_CERTIFICATE_HOLD);
}

enum revoked_about revoked_about(struct bytes text, uint8_t ret_serial[static REVOKED_ABOUT_MAX_LEN],
                                 size_t *ret_len)
{
    struct revoked_places places[REVOKED_KINDS] = {{.at = {0}}};
    struct canonical_field fields[REVOKED_FIELDS] = REVOKED_FIELDS_INIT;
    if (!revoked_pluck(text, places, fields) &&
        (!revoked_may_matter(text) || !canonical_read(text, fields, REVOKED_FIELDS)))
        return REVOKED_ABOUT_NONE;
    struct bytes type = fields[REVOKED_TYPE].value.spelling;
    bool is_signing = bytes_equal_text(type, RECORD_CERT_SIGNING);
    if ((!is_signing && !bytes_equal_text(type, RECORD_CERT_REVOKED)) ||
        !revoked_read_serial(fields, ret_serial, ret_len))
        return REVOKED_ABOUT_NONE;
    return is_signing ? REVOKED_ABOUT_SIGNING : REVOKED_ABOUT_REVOKED;
}

bool revoked_may_matter(struct bytes text)
{
    static const char cert[] = ",\"type\":\"cert.";
    static const char crl[] = ",\"type\":\"crl.";
    return memmem(text.data, text.len, cert, sizeof(cert) - 1) != NULL ||
           memmem(text.data, text.len, crl, sizeof(crl) - 1) != NULL;
}

bool revoked_crls_take_signing(struct revoked_crls *crls, uint64_t seq, const struct json *json,
                               struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing record;
    if (!record_crl_signing_read(json, &buffer, &record, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (record.number <= crls->last_number)
        return revoked_wrong(err, seq, "its CRL number is not larger than those before it");
    if (crls->has_unfinished)
        return revoked_wrong(err, seq, "the CRL before it is neither issued nor abandoned");
    if (crls->has_issued && record.this_update < crls->issued.this_update)
        return revoked_wrong(err, seq, "its this_update is before that of the CRL before it");
    if (record.size != seq)
        return revoked_wrong(err, seq, "its size is not the number of records before it");
    if (record.previous != (crls->has_issued ? crls->issued.issued_seq : RECORD_CRL_NONE))
        return revoked_wrong(err, seq, "its previous is not the newest crl.issued");
    crls->last_number = record.number;
    crls->has_unfinished = true;
    crls->unfinished = (struct revoked_crl){.signing_seq = seq,
                                            .number = record.number,
                                            .size = record.size,
                                            .count = record.count,
                                            .this_update = record.this_update,
                                            .next_update = record.next_update};
    return true;
}

/** crl.issued, crl.abandoned */
bool revoked_crls_take_end(struct revoked_crls *crls, uint64_t seq, const struct json *json, bool is_issued,
                           struct error *err)
{
    uint64_t ref = 0;
    uint64_t number = 0;
    if (!record_number(json, "ref", &ref, err) || !record_number(json, "number", &number, err))
        return error_while(err, "reading record %" PRIu64, seq);
    if (!crls->has_unfinished || crls->unfinished.signing_seq != ref || crls->unfinished.number != number)
        return revoked_wrong(err, seq, "it ends no unfinished crl.signing of that number");
    crls->has_unfinished = false;
    if (is_issued) {
        crls->issued = crls->unfinished;
        crls->issued.issued_seq = seq;
        crls->has_issued = true;
    }
    return true;
}
