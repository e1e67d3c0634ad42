/* SPDX-License-Identifier: Apache-2.0 */
#include "records/revocation.h"

#include "base/time.h"

#include <string.h>

static void put_time(struct json *json, const char *key, int64_t time)
{
    char text[TIME_TEXT_SIZE];
    if (time != CRL_NO_TIME)
        json_put_text(json, key, time_format(time, text));
}

struct json *record_cert_revoked_write(const struct record_cert_revoked *record)
{
    struct json *json = json_new_object();
    json_put_hex(json, "serial", record->serial);
    json_put_text(json, "reason", crl_reason_name(record->reason));
    put_time(json, "revoked_at", record->revoked_at);
    put_time(json, "invalidity_date", record->invalidity_date);
    put_time(json, "not_after", record->not_after);
    if (record->ref != RECORD_NO_SEQ)
        json_put_int(json, "ref", (int64_t)record->ref);
    json_put_bool(json, "hold", record->reason == CRL_CERTIFICATE_HOLD);
    json_put_bool(json, "foreign", record->is_foreign);
    json_put_text(json, "key_value", record->key_value);
    record_put_bounded(json, "subject", record->subject);
    json_put_text(json, "batch", record->batch);
    return json;
}

/** A magnitude: with a leading zero octet one serial would have two spellings. */
static bool read_serial(const struct json *json, struct builder *buffer, struct error *err)
{
    builder_clear(buffer);
    if (!json_hex(json, "serial", buffer) || buffer->len == 0)
        return error_set(err, ERROR_LEDGER, 0, "without serial, which is hex");
    if (buffer->len > RECORD_REVOKED_SERIAL_MAX_LEN)
        return error_set(err, ERROR_LEDGER, 0, "serial has more than %d octets",
                         RECORD_REVOKED_SERIAL_MAX_LEN);
    return buffer->len == 1 || buffer->data[0] != 0 ||
           error_set(err, ERROR_LEDGER, 0, "serial begins with a zero octet");
}

static bool read_reason(const struct json *json, enum crl_reason *ret_reason, struct error *err)
{
    const char *text = NULL;
    enum crl_reason reason = CRL_UNSPECIFIED;
    if (json_get(json, "reason") != NULL && !record_text(json, "reason", &text, err))
        return false;
    if (text != NULL && (!crl_reason_parse(text, &reason) || reason == CRL_REMOVE_FROM_CRL ||
                         strcmp(text, crl_reason_name(reason)) != 0))
        return error_set(err, ERROR_LEDGER, 0,
                         "reason is none of RFC 5280 5.3.1 that a certificate can have");
    *ret_reason = reason;
    return true;
}

bool record_cert_revoked_read(const struct json *json, struct builder *buffer,
                              struct record_cert_revoked *ret_record, struct error *err)
{
    struct record_cert_revoked record = {.ref = RECORD_NO_SEQ};
    if (!read_serial(json, buffer, err))
        return false;
    if (!read_reason(json, &record.reason, err) ||
        !record_time(json, json_get(json, "revoked_at") != NULL ? "revoked_at" : "time", CRL_NO_TIME,
                     &record.revoked_at, err) ||
        !record_time(json, "invalidity_date", CRL_NO_TIME, &record.invalidity_date, err) ||
        !record_time(json, "not_after", CRL_NO_TIME, &record.not_after, err) ||
        (json_get(json, "ref") != NULL && !record_number(json, "ref", &record.ref, err)) ||
        !record_flag(json, "hold", true, &record.is_hold, err) ||
        !record_flag(json, "foreign", false, &record.is_foreign, err))
        return false;
    if (json_get(json, "hold") != NULL && record.is_hold != (record.reason == CRL_CERTIFICATE_HOLD))
        return error_set(err, ERROR_LEDGER, 0, "hold and reason disagree");
    record.serial = builder_bytes(buffer);
    record.key_value = json_text(json, "key_value");
    record.subject = json_text(json, "subject");
    record.batch = json_text(json, "batch");
    *ret_record = record;
    return true;
}

struct json *record_key_revoked_write(const struct record_key_revoked *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "key_value", record->key_value);
    json_put_text(json, "reason", crl_reason_name(record->reason));
    put_time(json, "revoked_at", record->revoked_at);
    put_time(json, "invalidity_date", record->invalidity_date);
    json_put_text(json, "batch", record->batch);
    return json;
}

bool record_key_revoked_check(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    enum crl_reason reason = CRL_UNSPECIFIED;
    int64_t time = 0;
    if (!json_hex(json, "key_value", &value) || value.len != 32)
        return error_set(err, ERROR_LEDGER, 0, "without key_value, which is a SHA-256 in hex");
    if (!read_reason(json, &reason, err) || !record_time_needed(json, "revoked_at", &time, err) ||
        !record_time(json, "invalidity_date", CRL_NO_TIME, &time, err))
        return false;
    return reason == CRL_KEY_COMPROMISE || error_set(err, ERROR_LEDGER, 0, "reason is not keyCompromise");
}

struct json *record_cert_unrevoked_write(const struct record_cert_unrevoked *record)
{
    struct json *json = json_new_object();
    json_put_hex(json, "serial", record->serial);
    json_put_int(json, "ref", (int64_t)record->ref);
    json_put_text(json, "batch", record->batch);
    return json;
}

bool record_cert_unrevoked_read(const struct json *json, struct builder *buffer,
                                struct record_cert_unrevoked *ret_record, struct error *err)
{
    struct record_cert_unrevoked record = {.ref = RECORD_NO_SEQ};
    if (!read_serial(json, buffer, err))
        return false;
    if (json_get(json, "ref") != NULL && !record_number(json, "ref", &record.ref, err))
        return false;
    record.serial = builder_bytes(buffer);
    record.batch = json_text(json, "batch");
    *ret_record = record;
    return true;
}

struct json *record_revocation_set_write(const struct record_revocation_set *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "batch", record->batch);
    json_put_int(json, "count", (int64_t)record->count);
    record_put_bounded(json, "where", record->where);
    if (record->list_sha256 != NULL)
        json_put_hex(json, "list_sha256", bytes_of(record->list_sha256, 32));
    json_put_int(json, "skipped", (int64_t)record->skipped);
    json_put_text(json, "reason", crl_reason_name(record->reason));
    return json;
}

bool record_revocation_set_check(const struct json *json, struct error *err)
{
    const char *text = NULL;
    uint64_t count = 0;
    return record_text(json, "batch", &text, err) && record_number(json, "count", &count, err);
}
