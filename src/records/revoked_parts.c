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

/** What stands behind `,"key":` and a quote, up to the next; the key with all of that is given. */
static bool pluck_text(struct bytes text, struct bytes before, struct canonical_value *ret_value)
{
    const uint8_t *at = memmem(text.data, text.len, before.data, before.len);
    if (at == NULL)
        return false;
    const uint8_t *start = at + before.len;
    size_t left = text.len - (size_t)(start - text.data);
    const uint8_t *end = memchr(start, '"', left);
    if (end == NULL || memchr(start, '\\', (size_t)(end - start)) != NULL)
        return false;
    *ret_value =
        (struct canonical_value){.kind = CANONICAL_TEXT, .spelling = bytes_of(start, (size_t)(end - start))};
    return true;
}

static bool pluck_ref(struct bytes text, struct canonical_value *ret_value)
{
    static const char before[] = ",\"ref\":";
    const uint8_t *at = memmem(text.data, text.len, before, sizeof(before) - 1);
    int64_t number = 0;
    size_t digits = 0;
    if (at == NULL)
        return false;
    at += sizeof(before) - 1;
    for (; at < text.data + text.len && *at >= '0' && *at <= '9' && digits < 18; at++, digits++)
        number = number * 10 + (*at - '0');
    *ret_value = (struct canonical_value){.kind = CANONICAL_INT, .number = number};
    return digits > 0 && at < text.data + text.len && *at == ',';
}

bool revoked_pluck(struct bytes text, struct canonical_field *fields)
{
    static const char signing[] = ",\"type\":\"" RECORD_CERT_SIGNING "\"}";
    static const char issued[] = ",\"type\":\"" RECORD_CERT_ISSUED "\"}";
    bool is_signing = ends_with(text, BYTES_LITERAL(signing));
    if ((!is_signing && !ends_with(text, BYTES_LITERAL(issued))) ||
        memchr(text.data + 1, '{', text.len - 1) != NULL)
        return false;
    bool is_done =
        is_signing
            ? pluck_text(text, BYTES_LITERAL(",\"serial\":\""), &fields[REVOKED_SERIAL].value) &&
                  pluck_text(text, BYTES_LITERAL(",\"not_after\":\""), &fields[REVOKED_NOT_AFTER].value)
            : pluck_ref(text, &fields[REVOKED_REF].value);
    fields[REVOKED_TYPE].value = (struct canonical_value){
        .kind = CANONICAL_TEXT,
        .spelling = bytes_of_text(is_signing ? RECORD_CERT_SIGNING : RECORD_CERT_ISSUED)};
    return is_done;
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

bool revoked_read_plain(const struct canonical_field *fields,
                        uint8_t ret_serial[static REVOKED_SERIAL_MAX_LEN], size_t *ret_serial_len,
                        struct revoked_state *state)
{
    char reason_name[32] = "";
    struct bytes hex = fields[REVOKED_SERIAL].value.spelling;
    struct bytes name = fields[REVOKED_REASON].value.spelling;
    struct bytes hold = fields[REVOKED_HOLD].value.spelling;
    *ret_serial_len = hex.len / 2;
    if (fields[REVOKED_SERIAL].value.kind != CANONICAL_TEXT || hex.len == 0 ||
        *ret_serial_len > REVOKED_SERIAL_MAX_LEN || !decode_hex_exactly(hex, ret_serial, *ret_serial_len) ||
        ret_serial[0] == 0 || fields[REVOKED_REASON].value.kind != CANONICAL_TEXT ||
        name.len >= sizeof(reason_name) || fields[REVOKED_REF].value.kind != CANONICAL_INT ||
        fields[REVOKED_REF].value.number < 0 || fields[REVOKED_HOLD].value.kind != CANONICAL_WORD ||
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
