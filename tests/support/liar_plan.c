/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lies of coldca_liar over plans: what parses a plan is wrapped (--wrap=plan_file_parse), so that what leaves the sandbox is false.
 * Which lie is told stands in COLDCA_PLAN_LIE; COLDCA_PLAN_LIE=list names them. See liar.c.
 */
#include "base/memory.h"
#include "records/plan_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool __real_plan_file_parse(struct bytes text, struct json **ret_whole, struct json **ret_header,
                            struct error *err);
bool __wrap_plan_file_parse(struct bytes text, struct json **ret_whole, struct json **ret_header,
                            struct error *err);

static const struct plan_lie *told; /**< NULL: none */
static uint8_t
    other_plan[1024 * 1024]; /**< another plan, of COLDCA_LIE_OTHER_PLAN; read before any sandbox */
static size_t other_len;

/** What a parser process has parsed: the plan, and its header. */
struct parsed {
    struct json *whole;
    struct json *header;
};

/** What was parsed is read-only for everybody but a liar. */
static struct json *mutable(const struct json *json)
{
    if (json == NULL)
        abort(); // the test makes its plans to measure
    return (struct json *)(uintptr_t)json;
}

static struct json *entry(const struct parsed *parsed, size_t index)
{
    return mutable(json_at(json_get(parsed->whole, "items"), index));
}

static struct json *record(const struct parsed *parsed, size_t index)
{
    return mutable(json_get(entry(parsed, index), "record"));
}

/** The header's text says what its JSON says: only the file says something else. */
static void rewrite_header(const struct parsed *parsed)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(parsed->header, &text);
    json_put_text(parsed->whole, "header", builder_text(&text));
}

static void set_items(const struct parsed *parsed, size_t first, size_t second)
{
    struct json *items = json_new_array();
    json_add(items, json_clone(entry(parsed, first)));
    json_add(items, json_clone(entry(parsed, second)));
    json_put(parsed->whole, "items", items);
}

/* ---- what would be signed ---- */

static void other_tbs(const struct parsed *parsed)
{
    json_put(record(parsed, 0), "tbs", json_clone(json_get(record(parsed, 1), "tbs")));
}

static void other_output(const struct parsed *parsed)
{
    json_put_text(record(parsed, 0), "output", "elsewhere");
}

static void other_request(const struct parsed *parsed)
{
    json_put(entry(parsed, 0), "request", json_clone(json_get(entry(parsed, 1), "request")));
}

static void no_request(const struct parsed *parsed)
{
    json_put_null(entry(parsed, 0), "request");
}

static void more_in_a_record(const struct parsed *parsed)
{
    json_put_text(record(parsed, 0), "emergency", "now");
}

static void fewer_items(const struct parsed *parsed)
{
    struct json *items = json_new_array();
    json_add(items, json_clone(entry(parsed, 0)));
    json_put(parsed->whole, "items", items);
}

static void swapped_items(const struct parsed *parsed)
{
    set_items(parsed, 1, 0);
}

static void doubled_item(const struct parsed *parsed)
{
    set_items(parsed, 0, 0);
}

/* ---- what people approved, and when ---- */

static void longer_window(const struct parsed *parsed)
{
    json_put_text(parsed->header, "not_after", "2099-01-01T00:00:00Z");
    rewrite_header(parsed);
}

static void other_act(const struct parsed *parsed)
{
    json_put_text(parsed->header, "act", "issue_ca");
    rewrite_header(parsed);
}

static void other_control(const struct parsed *parsed)
{
    json_put_int(parsed->header, "control", 1);
    rewrite_header(parsed);
}

static void other_origin(const struct parsed *parsed)
{
    json_put_text(parsed->header, "origin", "other.example");
    rewrite_header(parsed);
}

static void other_policy(const struct parsed *parsed)
{
    json_put_text(parsed->header, "policy", "sub-ca");
    rewrite_header(parsed);
}

static void header_apart(const struct parsed *parsed)
{
    json_put_text(parsed->header, "not_after", "2099-01-01T00:00:00Z");
}

static void header_text_apart(const struct parsed *parsed)
{
    json_put_text(parsed->whole, "header", "{}");
}

static void other_policy_text(const struct parsed *parsed)
{
    json_put_text(parsed->whole, "policy_text", "policy: easy\n");
}

static void another_kind(const struct parsed *parsed)
{
    json_put_text(parsed->whole, "kind", "coldca script");
}

/** All of another plan, which people approved. */
static void another_plan(struct parsed *parsed)
{
    struct error err = ERROR_INIT;
    json_free(parsed->whole);
    json_free(parsed->header);
    if (!__real_plan_file_parse(bytes_of(other_plan, other_len), &parsed->whole, &parsed->header, &err))
        abort();
}

/* ---- what stands beside ---- */

static void other_people(const struct parsed *parsed)
{
    struct json *person = json_add_object(json_put_array(parsed->whole, "people"));
    json_put_text(person, "name", "mallory");
    json_put_text(person, "key", "mallory+00000000+AA");
}

static void nothing_refused(const struct parsed *parsed)
{
    (void)json_put_array(parsed->whole, "refused");
    json_add_text(mutable(json_get(parsed->whole, "refused")), "x");
}

static void other_days(const struct parsed *parsed)
{
    json_put_int(mutable(json_get(parsed->whole, "evaluated")), "days", 9);
}

static void other_values(const struct parsed *parsed)
{
    struct json *set = json_put_array(mutable(json_get(parsed->whole, "evaluated")), "set");
    json_put_text(json_add_object(set), "name", "domain");
}

static void more_members(const struct parsed *parsed)
{
    json_put_text(parsed->whole, "more", "x");
}

static void endless_depth(const struct parsed *parsed)
{
    struct json *inner = json_put_array(parsed->whole, "more");
    for (int i = 0; i < 1000; i++) {
        struct json *next = json_new_array();
        json_add(inner, next);
        inner = next;
    }
}

static const struct plan_lie {
    const char *name;
    void (*tell)(const struct parsed *parsed);
    void (*replace)(struct parsed *parsed);
} lies[] = {
    {"other-tbs", other_tbs, NULL},
    {"other-output", other_output, NULL},
    {"other-request", other_request, NULL},
    {"no-request", no_request, NULL},
    {"more-in-a-record", more_in_a_record, NULL},
    {"fewer-items", fewer_items, NULL},
    {"swapped-items", swapped_items, NULL},
    {"doubled-item", doubled_item, NULL},
    {"longer-window", longer_window, NULL},
    {"other-act", other_act, NULL},
    {"other-control", other_control, NULL},
    {"other-origin", other_origin, NULL},
    {"other-policy", other_policy, NULL},
    {"header-apart", header_apart, NULL},
    {"header-text-apart", header_text_apart, NULL},
    {"other-policy-text", other_policy_text, NULL},
    {"another-kind", another_kind, NULL},
    {"another-plan", NULL, another_plan},
    {"other-people", other_people, NULL},
    {"other-refused", nothing_refused, NULL},
    {"other-days", other_days, NULL},
    {"other-values", other_values, NULL},
    {"more-members", more_members, NULL},
    {"endless-depth", endless_depth, NULL},
};

bool __wrap_plan_file_parse(struct bytes text, struct json **ret_whole, struct json **ret_header,
                            struct error *err)
{
    struct parsed parsed;
    if (!__real_plan_file_parse(text, &parsed.whole, &parsed.header, err))
        return false;
    if (told != NULL && told->tell != NULL)
        told->tell(&parsed);
    else if (told != NULL)
        told->replace(&parsed);
    *ret_whole = parsed.whole;
    *ret_header = parsed.header;
    return true;
}

/** Before main(): no sandbox is there yet. */
__attribute__((constructor)) static void prepare(void)
{
    const char *name = getenv("COLDCA_PLAN_LIE");
    const char *path = getenv("COLDCA_LIE_OTHER_PLAN");
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(lies); i++) {
        if (strcmp(name, "list") == 0)
            puts(lies[i].name);
        if (strcmp(name, lies[i].name) == 0)
            told = &lies[i];
    }
    if (name != NULL && strcmp(name, "list") == 0)
        _exit(fflush(stdout) == 0 ? 0 : 1);
    if (name != NULL && told == NULL) {
        (void)fprintf(stderr, "there is no lie %s about plans\n", name);
        _exit(2);
    }
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    if (file != NULL) {
        other_len = fread(other_plan, 1, sizeof(other_plan), file);
        (void)fclose(file); // it was only read
    }
}
