/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ca.h"

static void put_key(struct json *json, const char *name, const struct record_key *key)
{
    struct json *object = json_put_object(json, name);
    json_put_text(object, "uri", key->uri);
    json_put_text(object, "kind", key->kind);
    json_put_text(object, "private", key->is_private);
    json_put_text(object, "sensitive", key->is_sensitive);
    json_put_text(object, "always_sensitive", key->is_always_sensitive);
    json_put_text(object, "extractable", key->is_extractable);
    json_put_text(object, "never_extractable", key->is_never_extractable);
    json_put_text(object, "local", key->is_local);
    json_put_text(object, "sign", key->may_sign);
}

struct json *record_ca_created_write(const struct record_ca_created *record)
{
    struct json *json = json_new_object();
    json_put_base64(json, "certificate", record->certificate);
    json_put_text(json, "origin", record->origin);
    json_put_text(json, "ledger_vkey", record->ledger_vkey);
    json_put_text(json, "command", record->command);
    json_put_text(json, "chain_incomplete", record->chain_incomplete);
    json_put_text(json, "tool", "coldca " COLDCA_VERSION);
    json_put_bool(json, "allow_extractable", record->allow_extractable);
    if (record->policies != NULL)
        json_put(json, "policies", json_clone(record->policies));
    if (record->continues != NULL)
        json_put(json, "continues", json_clone(record->continues));
    put_key(json, "ca_key", &record->ca_key);
    put_key(json, "ledger_key", &record->ledger_key);
    return json;
}

bool record_ca_created_read(const struct json *json, struct builder *buffer,
                            struct record_ca_created *ret_record, struct error *err)
{
    struct record_ca_created record = {.origin = NULL};
    builder_clear(buffer);
    if (!record_bytes(json, "certificate", buffer, err) ||
        !record_text(json, "origin", &record.origin, err) ||
        !record_text(json, "ledger_vkey", &record.ledger_vkey, err) ||
        !record_text(json, "command", &record.command, err))
        return false;
    record.certificate = builder_bytes(buffer);
    record.allow_extractable = json_bool(json, "allow_extractable");
    *ret_record = record;
    return true;
}

struct json *record_chain_set_write(const struct record_chain_set *record)
{
    struct json *json = json_new_object();
    json_put_hex(json, "sha256", BYTES(record->sha256));
    json_put_int(json, "certificates", (int64_t)record->certificates);
    json_put_text(json, "command", record->command);
    record_put_bounded(json, "chain_incomplete", record->chain_incomplete);
    return json;
}

bool record_chain_set_read(const struct json *json, struct record_chain_set *ret_record, struct error *err)
{
    struct record_chain_set record = {.certificates = 0};
    if (!record_digest(json, "sha256", record.sha256, err) ||
        !record_number(json, "certificates", &record.certificates, err) ||
        !record_text(json, "command", &record.command, err))
        return false;
    record.chain_incomplete = json_text(json, "chain_incomplete");
    *ret_record = record;
    return true;
}
