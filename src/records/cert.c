/* SPDX-License-Identifier: Apache-2.0 */
#include "records/cert.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"
#include "cert/cert.h"

#include <string.h>

#define SANS_MAX_LEN 8192

static void put_sans(struct json *fields, const struct template *template)
{
    size_t used = 0;
    struct json *sans = json_put_array(fields, "sans");
    for (size_t i = 0; i < template->sans_count; i++) {
        AUTO(free)
        char *name = memory_format("%s:%s", san_kind_name(template->sans[i].kind), template->sans[i].text);
        used += strlen(name);
        if (used > SANS_MAX_LEN) {
            json_add_text(sans, "...");
            return;
        }
        json_add_text(sans, name);
    }
}

struct json *record_cert_signing_write(const struct record_cert_signing *record)
{
    char not_after[TIME_TEXT_SIZE];
    struct error err = ERROR_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    struct json *json = json_new_object();
    if (!cert_read_tbs(record->tbs, &facts, &err))
        abort(); // whoever made these bytes read them back before they went into a plan
    json_put_base64(json, "tbs", record->tbs);
    json_put_hex(json, "serial", bytes_of(facts.serial, facts.serial_len));
    json_put_text(json, "subject", facts.subject_text);
    json_put_text(json, "not_after", time_format(facts.not_after, not_after));
    if (record->template != NULL)
        put_sans(json, record->template);
    json_put_text(json, "policy", record->policy);
    json_put_hex(json, "policy_sha256", bytes_of(record->policy_sha256, 32));
    json_put_hex(json, "csr_sha256", bytes_of(record->csr_sha256, 32));
    json_put_hex(json, "spki_sha256", BYTES(facts.spki_sha256));
    if (record->input_sha256 != NULL)
        json_put_hex(json, "input_sha256", bytes_of(record->input_sha256, 32));
    record_put_bounded(json, "source", record->source);
    if (record->template != NULL)
        json_put_text(json, "validity_note", record->template->validity_note);
    json_put_text(json, "batch", record->batch);
    return json;
}

static bool says(const struct json *json, const char *key, const char *wanted, struct error *err)
{
    const char *found = json_text(json, key);
    return (found != NULL && strcmp(found, wanted) == 0) ||
           error_set(err, ERROR_INPUT, 0, "its %s is not what its TBSCertificate and its plan say", key);
}

bool record_cert_signing_matches(const struct json *json, const char *policy,
                                 const uint8_t policy_sha256[static 32], const struct cert_facts *facts,
                                 struct error *err)
{
    char hex[129];
    char not_after[TIME_TEXT_SIZE];
    uint8_t digest[32];
    return says(json, "serial", hex_of(bytes_of(facts->serial, facts->serial_len), hex), err) &&
           says(json, "subject", facts->subject_text, err) &&
           says(json, "not_after", time_format(facts->not_after, not_after), err) &&
           says(json, "spki_sha256", hex_of(BYTES(facts->spki_sha256), hex), err) &&
           says(json, "policy", policy, err) &&
           says(json, "policy_sha256", hex_of(bytes_of(policy_sha256, 32), hex), err) &&
           record_digest(json, "csr_sha256", digest, err);
}

struct json *record_cert_issued_write(const struct record_cert_issued *record)
{
    struct json *json = json_new_object();
    json_put_int(json, "ref", (int64_t)record->ref);
    json_put_base64(json, "signature", record->signature);
    json_put_hex(json, "sha256", BYTES(record->sha256));
    return json;
}

bool record_cert_issued_read(const struct json *json, struct builder *buffer,
                             struct record_cert_issued *ret_record, struct error *err)
{
    struct record_cert_issued record = {.ref = 0};
    builder_clear(buffer);
    if (!record_number(json, "ref", &record.ref, err) || !record_bytes(json, "signature", buffer, err) ||
        !record_digest(json, "sha256", record.sha256, err))
        return false;
    record.signature = builder_bytes(buffer);
    *ret_record = record;
    return true;
}

struct json *record_cert_abandoned_write(const struct record_cert_abandoned *record)
{
    struct json *json = json_new_object();
    json_put_int(json, "ref", (int64_t)record->ref);
    json_put_text(json, "serial", record->serial);
    record_put_bounded(json, "reason", record->reason);
    return json;
}

bool record_cert_abandoned_read(const struct json *json, struct record_cert_abandoned *ret_record,
                                struct error *err)
{
    struct record_cert_abandoned record = {.ref = 0};
    if (!record_number(json, "ref", &record.ref, err) || !record_text(json, "reason", &record.reason, err))
        return false;
    record.serial = json_text(json, "serial"); // ref says which; older records have no more
    *ret_record = record;
    return true;
}
