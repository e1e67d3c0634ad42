/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ceremony.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const event_names[CEREMONY_EVENT_COUNT] = {
    [CEREMONY_BEGUN] = "begun",
    [CEREMONY_PRESENT] = "present",
    [CEREMONY_BLANK] = "blank",
    [CEREMONY_STEP] = "step",
    [CEREMONY_ENDED] = "ended",
    [CEREMONY_FILE] = "file",
    [CEREMONY_ANSWER] = "answer",
    [CEREMONY_CHOICE] = "choice",
    [CEREMONY_NOTE] = "note",
    [CEREMONY_FAULT] = "fault",
    [CEREMONY_INTERRUPTED] = "interrupted",
    [CEREMONY_RESUMED] = "resumed",
    [CEREMONY_CLOSED] = "closed",
};

const char *ceremony_event_name(enum ceremony_event event)
{
    return event_names[event];
}

void record_ceremony_done(struct record_ceremony *record)
{
    free(record->lines);
    free(record->digests);
    free(record->facts);
    *record = (struct record_ceremony){.run = NULL};
}

const char *record_ceremony_fact(const struct record_ceremony *record, const char *name)
{
    for (size_t i = 0; i < record->fact_count; i++) {
        if (strcmp(record->facts[i].name, name) == 0)
            return record->facts[i].value;
    }
    return NULL;
}

/* ---- writing ---- */

static void put_lists(struct json *json, const struct record_ceremony *record)
{
    struct json *lines = record->line_count == 0 ? NULL : json_put_array(json, "lines");
    for (size_t i = 0; i < record->line_count; i++)
        json_add_text(lines, record->lines[i]);
    struct json *digests = record->digest_count == 0 ? NULL : json_put_array(json, "digests");
    for (size_t i = 0; i < record->digest_count; i++) {
        struct json *digest = json_add_object(digests);
        json_put_text(digest, "what", record->digests[i].what);
        json_put_hex(digest, "sha256", BYTES(record->digests[i].sha256));
    }
    struct json *facts = record->fact_count == 0 ? NULL : json_put_array(json, "facts");
    for (size_t i = 0; i < record->fact_count; i++) {
        struct json *fact = json_add_object(facts);
        json_put_text(fact, "name", record->facts[i].name);
        json_put_text(fact, "value", record->facts[i].value);
    }
}

struct json *record_ceremony_write(const struct record_ceremony *record)
{
    char at[TIME_TEXT_SIZE];
    struct json *json = json_new_object();
    json_put_text(json, "run", record->run);
    json_put_text(json, "ceremony", record->ceremony);
    json_put_hex(json, "script_sha256", BYTES(record->script_sha256));
    json_put_int(json, "number", (int64_t)record->number);
    json_put_text(json, "event", event_names[record->event]);
    json_put_text(json, "at", time_format(record->at, at));
    if (record->step > 0)
        json_put_int(json, "step", record->step);
    if (record->attempt > 0)
        json_put_int(json, "attempt", record->attempt);
    json_put_text(json, "name", record->name);
    json_put_text(json, "text", record->text);
    json_put_text(json, "role", record->role);
    json_put_text(json, "person", record->person);
    json_put_text(json, "initials", record->initials);
    if (record->event == CEREMONY_ENDED) {
        json_put_int(json, "exit_code", record->exit_code);
        json_put_int(json, "wrong_pins", record->wrong_pins);
    }
    put_lists(json, record);
    if (record->cut_len > 0) {
        json_put_int(json, "cut_len", (int64_t)record->cut_len);
        json_put_hex(json, "cut_sha256", BYTES(record->cut_sha256));
    }
    return json;
}

/* ---- reading ---- */

static bool read_event(const struct json *json, enum ceremony_event *ret_event, struct error *err)
{
    const char *name = NULL;
    if (!record_text(json, "event", &name, err))
        return false;
    for (int i = 0; i < CEREMONY_EVENT_COUNT; i++) {
        if (strcmp(event_names[i], name) == 0) {
            *ret_event = (enum ceremony_event)i;
            return true;
        }
    }
    return error_set(err, ERROR_LEDGER, 0, "its event is none of docs/ledger-format.md 11");
}

static bool read_small(const struct json *json, const char *key, unsigned *ret_number, struct error *err)
{
    uint64_t number = 0;
    if (json_get(json, key) != NULL && !record_number(json, key, &number, err))
        return false;
    *ret_number = (unsigned)number;
    return number <= UINT16_MAX || error_set(err, ERROR_LEDGER, 0, "its %s is too large", key);
}

static bool read_end(const struct json *json, struct record_ceremony *record, struct error *err)
{
    int64_t code = 0;
    if (record->event != CEREMONY_ENDED)
        return true;
    if (!json_int(json, "exit_code", &code) || code < -1 || code > 255)
        return error_set(err, ERROR_LEDGER, 0, "without exit_code, which is a number from -1 to 255");
    record->exit_code = (int)code;
    return read_small(json, "wrong_pins", &record->wrong_pins, err);
}

static bool read_cut(const struct json *json, struct record_ceremony *record, struct error *err)
{
    return json_get(json, "cut_len") == NULL || (record_number(json, "cut_len", &record->cut_len, err) &&
                                                 record_digest(json, "cut_sha256", record->cut_sha256, err));
}

static bool read_lines(const struct json *json, struct record_ceremony *record, struct error *err)
{
    const struct json *lines = json_get(json, "lines");
    size_t count = json_count(lines);
    record->lines = memory_new(count + 1, sizeof(*record->lines));
    for (size_t i = 0; i < count; i++) {
        const char *line = json_text_at(lines, i);
        if (line == NULL)
            return error_set(err, ERROR_LEDGER, 0, "without lines, which is a list of texts");
        record->lines[record->line_count++] =
            (char *)(uintptr_t)line; // the array is owned, its texts are not
    }
    return true;
}

static bool read_digests(const struct json *json, struct record_ceremony *record, struct error *err)
{
    const struct json *digests = json_get(json, "digests");
    size_t count = json_count(digests);
    record->digests = memory_new(count + 1, sizeof(*record->digests));
    for (size_t i = 0; i < count; i++) {
        struct ceremony_digest *digest = &record->digests[record->digest_count++];
        if (!record_text(json_at(digests, i), "what", &digest->what, err) ||
            !record_digest(json_at(digests, i), "sha256", digest->sha256, err))
            return error_while(err, "reading digests");
    }
    return true;
}

static bool read_facts(const struct json *json, struct record_ceremony *record, struct error *err)
{
    const struct json *facts = json_get(json, "facts");
    size_t count = json_count(facts);
    record->facts = memory_new(count + 1, sizeof(*record->facts));
    for (size_t i = 0; i < count; i++) {
        struct ceremony_fact *fact = &record->facts[record->fact_count++];
        if (!record_text(json_at(facts, i), "name", &fact->name, err) ||
            !record_text(json_at(facts, i), "value", &fact->value, err))
            return error_while(err, "reading facts");
    }
    return true;
}

bool record_ceremony_read(const struct json *json, struct record_ceremony *ret_record, struct error *err)
{
    AUTO(record_ceremony_done)
    struct record_ceremony record = {.name = json_text(json, "name"),
                                     .text = json_text(json, "text"),
                                     .role = json_text(json, "role"),
                                     .person = json_text(json, "person"),
                                     .initials = json_text(json, "initials")};
    if (!record_text(json, "run", &record.run, err) ||
        !record_text(json, "ceremony", &record.ceremony, err) ||
        !record_digest(json, "script_sha256", record.script_sha256, err) ||
        !record_number(json, "number", &record.number, err) || !read_event(json, &record.event, err) ||
        !record_time_needed(json, "at", &record.at, err) || !read_small(json, "step", &record.step, err) ||
        !read_small(json, "attempt", &record.attempt, err) || !read_end(json, &record, err) ||
        !read_lines(json, &record, err) || !read_digests(json, &record, err) ||
        !read_facts(json, &record, err) || !read_cut(json, &record, err))
        return false;
    *ret_record = record;
    record = (struct record_ceremony){.run = NULL};
    return true;
}
