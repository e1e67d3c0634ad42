/* SPDX-License-Identifier: Apache-2.0 */
#include "records/session.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

char *session_operator(const char *said, const char *configured)
{
    struct quoted buffer;
    const char *name = said != NULL ? said : configured;
    if (name != NULL && *name != '\0')
        return memory_text(quoted_text(name, &buffer));
    uid_t uid = getuid();
    const char *sudo_user = uid == 0 ? getenv("SUDO_USER") : NULL;
    if (sudo_user != NULL && *sudo_user != '\0')
        return memory_format("%s (sudo)", quoted_text(sudo_user, &buffer));
    const struct passwd *entry = getpwuid(uid);
    if (entry == NULL)
        return memory_format("uid %u", (unsigned)uid);
    return memory_text(quoted_text(entry->pw_name, &buffer));
}

bool session_make_batch(char ret_batch[static SESSION_BATCH_SIZE], struct error *err)
{
    uint8_t random[3];
    struct time_parts parts;
    time_split(time_now(), &parts);
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return error_errno(err, ERROR_INPUT, errno, "no random bytes for the batch's name");
    AUTO(free)
    char *text = memory_format("%04d%02d%02dT%02d%02d%02dZ-%02x%02x%02x", parts.year, parts.month, parts.day,
                               parts.hour, parts.minute, parts.second, random[0], random[1], random[2]);
    if (strlen(text) >= SESSION_BATCH_SIZE)
        return error_set(err, ERROR_LEDGER, 0, "the clock says the year %d; set the clock, then run again",
                         parts.year);
    memcpy(ret_batch, text, strlen(text) + 1);
    return true;
}

static void put_plan(struct json *json, const struct record_plan *plan)
{
    json_put_text(json, "policy", plan->policy);
    json_put_hex(json, "policy_sha256", bytes_of(plan->policy_sha256, 32));
    json_put_hex(json, "plan_sha256", bytes_of(plan->plan_sha256, 32));
}

struct json *record_session_write(const struct record_session *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "command", record->command);
    json_put_text(json, "batch", record->batch);
    json_put_text(json, "host", record->host);
    json_put_text(json, "tool", "coldca " COLDCA_VERSION);
    if (record->plan != NULL)
        put_plan(json, record->plan);
    json_put_text(json, "clock", record->is_clock_confirmed ? "confirmed" : "checked");
    json_put_bool(json, "confined", record->unconfined == NULL);
    json_put_text(json, "unconfined", record->unconfined);
    json_put_bool(json, "allow_extractable", record->allow_extractable);
    if (record->manifest_sha256 != NULL)
        json_put_hex(json, "manifest_sha256", bytes_of(record->manifest_sha256, 32));
    struct json *token = json_put_object(json, "token");
    json_put_text(token, "label", record->token_label);
    json_put_text(token, "serial", record->token_serial);
    json_put_text(token, "model", record->token_model);
    return json;
}

bool record_session_check(const struct json *json, struct error *err)
{
    const char *text = NULL;
    return record_text(json, "command", &text, err) && record_text(json, "batch", &text, err);
}

struct json *record_planned_write(const struct record_planned *record)
{
    struct json *json = json_new_object();
    json_put_text(json, "batch", record->batch);
    json_put_int(json, "requests", (int64_t)record->requests);
    put_plan(json, &record->plan);
    return json;
}

bool record_planned_check(const struct json *json, struct error *err)
{
    uint8_t digest[32];
    uint64_t requests = 0;
    const char *text = NULL;
    return record_text(json, "batch", &text, err) && record_number(json, "requests", &requests, err) &&
           record_text(json, "policy", &text, err) && record_digest(json, "policy_sha256", digest, err) &&
           record_digest(json, "plan_sha256", digest, err);
}

struct json *record_refused_write(const struct record_refused *record)
{
    struct json *json = json_new_object();
    record_put_bounded(json, "source", record->source);
    json_put_text(json, "batch", record->batch);
    if (record->input_sha256 != NULL)
        json_put_hex(json, "input_sha256", bytes_of(record->input_sha256, 32));
    if (record->csr_sha256 != NULL)
        json_put_hex(json, "csr_sha256", bytes_of(record->csr_sha256, 32));
    if (record->count > 1)
        json_put_int(json, "count", (int64_t)record->count);
    struct json *reasons = json_put_array(json, "reasons");
    for (size_t i = 0; i < record->reasons->count && i < RECORD_REASONS_MAX; i++)
        json_add_text(reasons, record->reasons->items[i].text);
    if (record->reasons->count > RECORD_REASONS_MAX)
        json_add_text(reasons, "and more");
    json_put_text(json, "decision", record->decision);
    return json;
}

bool record_refused_check(const struct json *json, struct error *err)
{
    const char *text = NULL;
    return record_text(json, "source", &text, err) && record_text(json, "batch", &text, err) &&
           (json_get(json, "reasons") != NULL ||
            error_set(err, ERROR_LEDGER, 0, "without reasons, which is a list of texts"));
}
