/* SPDX-License-Identifier: Apache-2.0 */
/* What people are given to approve is what was decided, member by member; and by the text that it was decided by, or not written. */
#include "plan/approved.h"

#include "base/digest.h"
#include "base/file.h"

#include "planned.h"

#include <unistd.h>

static void assert_not_written(const struct plan *plan, int64_t at, const char *words)
{
    struct error err = ERROR_INIT;
    struct plan_file none = {.items = NULL};
    assert_false(plan_to_file(own.home, plan, at, WEEK, &none, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strncmp(err.text, words, strlen(words)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", err.text, words);
    assert_null(none.items);
    assert_null(none.policy_text);
}

/** Three requests; the first and the last are refused. */
static struct plan *plan_of_three(void)
{
    struct plan *plan = plan_new(policy);
    for (unsigned device = 4; device < 7; device++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key(device == 5 ? "P-256" : "P-384");
        AUTO(free) char *name = memory_format("name-%u", device);
        fake_plan_add(plan, name, device, key);
        plan->items[plan->count - 1].input_sha256[3] = (uint8_t)device;
    }
    fake_plan_judge(&own, plan, policy, NULL);
    return plan;
}

static char *text_of(const struct json *json)
{
    struct builder text = BUILDER_INIT;
    json_canonical(json, &text);
    return builder_take_text(&text);
}

static void what_was_decided_stands_in_the_file(void **state)
{
    AUTO(plan_free) struct plan *plan = plan_of_three();
    const struct plan_item *item = &plan->items[1];
    (void)state;
    put_to_file(plan);
    assert_int_equal(file.header.act, ACT_ISSUE);
    assert_int_equal(file.header.count, 1);
    assert_int_equal(file.header.not_before, now);
    assert_int_equal(file.header.not_after, now + WEEK);
    assert_string_equal(file.header.policy, "test");
    assert_memory_equal(file.header.policy_sha256, policy_sha256(policy), 32);
    assert_string_equal(file.policy_text, POLICY);

    const struct record_cert_signing record = {.tbs = bytes_of(item->tbs, item->tbs_len),
                                               .template = item->verdict->template,
                                               .policy = "test",
                                               .policy_sha256 = policy_sha256(policy),
                                               .csr_sha256 = item->request->sha256,
                                               .input_sha256 = item->input_sha256,
                                               .source = "name-5.csr"};
    AUTO(json_free) struct json *wanted = record_cert_signing_write(&record);
    json_put_text(wanted, "output", "name-5");
    json_put_text(wanted, "type", RECORD_CERT_SIGNING);
    AUTO(free) char *wanted_text = text_of(wanted);
    AUTO(free) char *found_text = text_of(plan_file_record(&file, 0));
    assert_string_equal(found_text, wanted_text);
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    assert_true(plan_file_request(&file, 0, &der, &err));
    assert_true(bytes_equal(builder_bytes(&der), item->request->der));

    AUTO(free) char *evaluated = text_of(plan->evaluated);
    AUTO(free) char *found_evaluated = text_of(file.evaluated);
    assert_string_equal(found_evaluated, evaluated);
    assert_int_equal(json_count(file.refused), 2);
    for (size_t i = 0; i < 2; i++) {
        AUTO(builder_done) struct builder reasons = BUILDER_INIT;
        plan_item_reasons(&plan->items[2 * i], &reasons);
        assert_string_equal(json_text(json_at(file.refused, i), "source"),
                            i == 0 ? "name-4.csr" : "name-6.csr");
        assert_string_equal(json_text(json_at(file.refused, i), "reasons"), builder_text(&reasons));
    }
}

static void where_nothing_is_left_the_first_reason_is_told(void **state)
{
    AUTO(plan_free) struct plan *plan = plan_of_three();
    (void)state;
    plan->items[1].action = PLAN_SKIP;
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    plan_item_reasons(&plan->items[0], &reasons);
    AUTO(free)
    char *words =
        memory_format("nothing of it would be signed, so there is nothing to approve; name-4.csr: %s",
                      builder_text(&reasons));
    assert_not_written(plan, time_now(), words);
}

static void it_is_told_when_it_was_evaluated_and_what_the_clock_says(void **state)
{
    (void)state;
    judged->made_at = 1800000000;
    assert_not_written(judged, 1800000000 + TIME_DAY_SECONDS + 1,
                       "the requests were evaluated at 2027-01-15T08:00:00Z, and by the clock it is "
                       "2027-01-16T08:00:01Z: a plan is written within a day of that; run the command again");
}

static void replace_policy(struct bytes text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/policies/test.yaml", own.path);
    assert_int_equal(unlink(path), 0);
    if (text.len > 0 && !file_create(AT_FDCWD, path, 0644, text, &err))
        fail_msg("%s", err.text);
}

static void the_text_that_was_used_has_to_be_there(void **state)
{
    static const char other[] =
        "the policies/test.yaml that is found by its name is not the text that was used: put it there";
    static const uint8_t no_text[] = "policy: test # \xff\n";
    (void)state;
    replace_policy(BYTES_LITERAL(POLICY "# another\n"));
    assert_not_written(judged, now, other);
    // The right digest, and nothing that a plan's file could hold.
    replace_policy(bytes_of(no_text, sizeof(no_text) - 1));
    digest_sha256(bytes_of(no_text, sizeof(no_text) - 1), judged->policy_sha256);
    assert_not_written(judged, now, other);
    replace_policy(bytes_of(NULL, 0));
    assert_not_written(judged, now, "no test.yaml in ");
    struct error err = ERROR_INIT;
    struct plan_file none = {.items = NULL};
    assert_false(plan_to_file(own.home, judged, now, WEEK, &none, &err));
    assert_non_null(strstr(err.text, "while a plan's policy has to be found by its name"));
}

/* ---- and back ---- */

/** What says that it is signed in a way nobody knows. */
static void bytes_of_an_unknown_signature_are_refused(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    static const uint8_t ecdsa_sha256[] = {0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
    (void)state;
    builder_add(&tbs, judged->items[0].tbs, judged->items[0].tbs_len);
    uint8_t *place = memmem(tbs.data, tbs.len, ecdsa_sha256, sizeof(ecdsa_sha256));
    assert_non_null(place);
    place[9] = 1; // ecdsa-with-SHA224
    forge_bytes(builder_bytes(&tbs), template_of(0), request_of(0));
    assert_refused("signature");
    assert_refused("reading item 0 of the plan, device-1");
}

/** Of each item the place is named, also of the last. */
static void what_is_wrong_is_named_by_its_place(void **state)
{
    (void)state;
    json_put_text((struct json *)(uintptr_t)plan_file_record(&file, 1), "output", "../x");
    assert_refused("its name can't be a file's\nwhile reading item 1 of the plan, ../x");
}

static void what_an_item_came_from_is_shown(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(plan_free) struct plan *nameless = NULL;
    (void)state;
    if (!take(&plan, &err))
        fail_msg("%s", err.text);
    assert_string_equal(plan->items[1].source, "device-2.csr");
    assert_string_equal(plan->items[1].name, "device-2");
    assert_memory_equal(plan->items[1].input_sha256, judged->items[1].input_sha256, 32);
    assert_true(plan->wants_proofs);
    json_put_null((struct json *)(uintptr_t)plan_file_record(&file, 1), "source");
    json_put_text((struct json *)(uintptr_t)plan_file_record(&file, 1), "input_sha256", "ab");
    assert_false(take(&nameless, &err));
    assert_non_null(strstr(err.text, "input_sha256"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_was_decided_stands_in_the_file),
        TEST(where_nothing_is_left_the_first_reason_is_told),
        TEST(it_is_told_when_it_was_evaluated_and_what_the_clock_says),
        TEST(the_text_that_was_used_has_to_be_there),
        TEST(bytes_of_an_unknown_signature_are_refused),
        TEST(what_is_wrong_is_named_by_its_place),
        TEST(what_an_item_came_from_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
