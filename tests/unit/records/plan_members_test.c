/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's file has all its members and no others; items, policy's text and header are of each other. */
#include "records/plan_file.h"

#include "base/digest.h"
#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define POLICY_TEXT "policy: device\n"

/** A plan of three items, as JSON; with a policy or (revocations) without. The caller frees. */
static struct json *plan_of(bool has_policy)
{
    struct error err = ERROR_INIT;
    struct json *json = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    file.header = (struct plan_header){.act = has_policy ? ACT_ISSUE : ACT_REVOKE,
                                       .origin = memory_text("ca.example/root"),
                                       .vkey = memory_text("ca.example/root+key"),
                                       .control = 3,
                                       .not_before = INT64_C(1800000000),
                                       .not_after = INT64_C(1800086400)};
    if (has_policy) {
        file.policy_text = memory_text(POLICY_TEXT);
        file.header.policy = memory_text("device");
        digest_sha256(BYTES_LITERAL(POLICY_TEXT), file.header.policy_sha256);
    }
    for (int i = 0; i < 3; i++) {
        struct json *record = json_new_object();
        AUTO(free) char *serial = memory_format("0%d", i);
        json_put_text(record, "serial", serial);
        plan_file_add(&file, has_policy ? "device" : NULL, has_policy ? "cert.signing" : "cert.revoked",
                      record);
    }
    plan_file_seal(&file);
    plan_file_write(&file, &text);
    assert_true(json_parse(builder_bytes(&text), &json, &err));
    return json;
}

/** A copy of an object without a member; or of an array without its first items. */
static struct json *without(const struct json *json, const char *key)
{
    static const char *const members[] = {"header", "items", "kind", "people", "policy_text", "refused"};
    struct json *copy = json_new_object();
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct json *member = json_get(json, members[i]);
        if (member != NULL && strcmp(members[i], key) != 0)
            json_put(copy, members[i], json_clone(member));
    }
    return copy;
}

/** Reads it; takes json. */
static bool reads(struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    json_canonical(json, &text);
    json_free(json);
    error_clear(err);
    return plan_file_read(builder_bytes(&text), &file, err);
}

static void assert_refused(struct json *json, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(reads(json, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void whole_plans_are_read(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(reads(plan_of(true), &err));
    assert_true(reads(plan_of(false), &err));
}

static void what_nobody_looks_at_does_not_stand_in_a_plan(void **state)
{
    (void)state;
    struct json *more = plan_of(true);
    json_put_text(more, "remark", "harmless");
    assert_refused(more, "it has a member that is not known");
    for (size_t i = 0; i < 3; i++) {
        struct json *plan = plan_of(true);
        AUTO(json_free) struct json *items = json_new_array();
        for (size_t j = 0; j < 3; j++) {
            struct json *item = json_clone(json_at(json_get(plan, "items"), j));
            if (i == j)
                json_put_text(item, "remark", "harmless");
            json_add(items, item);
        }
        json_put(plan, "items", json_clone(items));
        assert_refused(plan, "an item has a member that is not known");
    }
}

static void what_is_missing_makes_it_no_plan(void **state)
{
    static const char *const needed[] = {"kind", "header", "items"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
        AUTO(json_free) struct json *whole = plan_of(true);
        assert_refused(without(whole, needed[i]), "not a plan: kind, header or items are missing");
    }
    struct json *other = plan_of(true);
    json_put_text(other, "kind", "coldca plot");
    assert_refused(other, "not a plan");
}

static void the_policys_text_is_there_and_its_own(void **state)
{
    static const char words[] = "its policy_text is not that of policy_sha256";
    (void)state;
    AUTO(json_free) struct json *whole = plan_of(true);
    assert_refused(without(whole, "policy_text"), words);
    struct json *other = plan_of(true);
    json_put_text(other, "policy_text", "policy: another\n");
    assert_refused(other, words);
    struct json *needless = plan_of(false);
    json_put_text(needless, "policy_text", POLICY_TEXT);
    assert_refused(needless, words);
}

static void items_are_those_of_the_header(void **state)
{
    static const char words[] = "its items are not those its header was made of";
    static const size_t orders[][4] = {{0, 1, 9, 9}, {0, 1, 2, 2}, {1, 0, 2, 9}, {0, 0, 2, 9}, {9, 9, 9, 9}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct json *plan = plan_of(false);
        struct json *items = json_new_array();
        for (size_t j = 0; j < 4 && orders[i][j] != 9; j++)
            json_add(items, json_clone(json_at(json_get(plan, "items"), orders[i][j])));
        json_put(plan, "items", items);
        assert_refused(plan, words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_plans_are_read),
        cmocka_unit_test(what_nobody_looks_at_does_not_stand_in_a_plan),
        cmocka_unit_test(what_is_missing_makes_it_no_plan),
        cmocka_unit_test(the_policys_text_is_there_and_its_own),
        cmocka_unit_test(items_are_those_of_the_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
