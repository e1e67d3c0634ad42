/* SPDX-License-Identifier: Apache-2.0 */
#include "records/crl.h"

#include "base/time.h"

#include <string.h>

struct json *record_crl_signing_write(const struct record_crl_signing *record)
{
    char text[TIME_TEXT_SIZE];
    struct json *json = json_new_object();
    json_put_int(json, "number", (int64_t)record->number);
    json_put_hex(json, "issuer_sha256", BYTES(record->issuer_sha256));
    json_put_base64(json, "algorithm", record->algorithm);
    json_put_text(json, "this_update", time_format(record->this_update, text));
    json_put_text(json, "next_update", time_format(record->next_update, text));
    json_put_int(json, "size", (int64_t)record->size);
    json_put_base64(json, "extensions", record->extensions);
    (void)json_put_object(json,
                          "scope"); // all certificates of the issuer; shards and deltas will say so in it
    json_put_bool(json, "keep_expired", record->keep_expired);
    if (record->keep_expired)
        json_put_text(json, "expired_since", time_format(record->expired_since, text));
    if (record->previous != RECORD_CRL_NONE)
        json_put_int(json, "previous", (int64_t)record->previous);
    json_put_text(json, "order", RECORD_CRL_ORDER);
    json_put_int(json, "count", (int64_t)record->count);
    json_put_int(json, "tbs_len", (int64_t)record->tbs_len);
    json_put_hex(json, "tbs_sha256", BYTES(record->tbs_sha256));
    json_put_int(json, "rule", RECORD_CRL_RULE);
    json_put_text(json, "batch", record->batch);
    return json;
}

static bool stop_at_first(const char *key, const struct json *value, void *data)
{
    bool *has_any = data;
    (void)key, (void)value;
    *has_any = true;
    return false;
}

/** Only what is known can be rebuilt. */
static bool check_rule(const struct json *json, struct error *err)
{
    uint64_t rule = 0;
    const char *order = NULL;
    bool has_scope = false;
    const struct json *scope = json_get(json, "scope");
    if (!record_number(json, "rule", &rule, err) || !record_text(json, "order", &order, err))
        return false;
    if (scope == NULL || !json_is_record(scope))
        return error_set(err, ERROR_LEDGER, 0, "without scope, which is an object");
    json_each(scope, stop_at_first, &has_scope);
    if (rule != RECORD_CRL_RULE || strcmp(order, RECORD_CRL_ORDER) != 0 || has_scope)
        return error_set(err, ERROR_LEDGER, 0, "its rule, order or scope is none that this coldca knows");
    return true;
}

bool record_crl_signing_read(const struct json *json, struct builder *buffer,
                             struct record_crl_signing *ret_record, struct error *err)
{
    struct record_crl_signing record = {.previous = RECORD_CRL_NONE};
    builder_clear(buffer);
    if (!check_rule(json, err) || !record_number(json, "number", &record.number, err) ||
        !record_digest(json, "issuer_sha256", record.issuer_sha256, err) ||
        !record_bytes(json, "algorithm", buffer, err))
        return false;
    size_t algorithm_len = buffer->len;
    if (!record_bytes(json, "extensions", buffer, err) ||
        !record_time_needed(json, "this_update", &record.this_update, err) ||
        !record_time_needed(json, "next_update", &record.next_update, err) ||
        !record_time(json, "expired_since", CRL_NO_TIME, &record.expired_since, err) ||
        !record_flag(json, "keep_expired", false, &record.keep_expired, err) ||
        !record_number(json, "size", &record.size, err) ||
        !record_number(json, "count", &record.count, err) ||
        !record_number(json, "tbs_len", &record.tbs_len, err) ||
        !record_digest(json, "tbs_sha256", record.tbs_sha256, err) ||
        (json_get(json, "previous") != NULL && !record_number(json, "previous", &record.previous, err)))
        return false;
    if (record.keep_expired != (record.expired_since != CRL_NO_TIME))
        return error_set(err, ERROR_LEDGER, 0,
                         "keep_expired needs expired_since, and goes with nothing else");
    record.algorithm = bytes_of(buffer->data, algorithm_len);
    record.extensions = bytes_of(buffer->data + algorithm_len, buffer->len - algorithm_len);
    record.batch = json_text(json, "batch");
    *ret_record = record;
    return true;
}

struct json *record_crl_issued_write(const struct record_crl_issued *record)
{
    struct json *json = json_new_object();
    json_put_int(json, "ref", (int64_t)record->ref);
    json_put_int(json, "number", (int64_t)record->number);
    json_put_base64(json, "signature", record->signature);
    json_put_hex(json, "sha256", BYTES(record->sha256));
    return json;
}

bool record_crl_issued_read(const struct json *json, struct builder *buffer,
                            struct record_crl_issued *ret_record, struct error *err)
{
    struct record_crl_issued record = {.ref = 0};
    builder_clear(buffer);
    if (!record_number(json, "ref", &record.ref, err) ||
        !record_number(json, "number", &record.number, err) ||
        !record_bytes(json, "signature", buffer, err) || !record_digest(json, "sha256", record.sha256, err))
        return false;
    record.signature = builder_bytes(buffer);
    *ret_record = record;
    return true;
}

struct json *record_crl_abandoned_write(const struct record_crl_abandoned *record)
{
    struct json *json = json_new_object();
    json_put_int(json, "ref", (int64_t)record->ref);
    json_put_int(json, "number", (int64_t)record->number);
    record_put_bounded(json, "reason", record->reason);
    return json;
}

bool record_crl_abandoned_read(const struct json *json, struct record_crl_abandoned *ret_record,
                               struct error *err)
{
    struct record_crl_abandoned record = {.ref = 0};
    if (!record_number(json, "ref", &record.ref, err) ||
        !record_number(json, "number", &record.number, err) ||
        !record_text(json, "reason", &record.reason, err))
        return false;
    *ret_record = record;
    return true;
}
