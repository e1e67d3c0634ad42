/* SPDX-License-Identifier: Apache-2.0 */
/* Changing which policies may be used, by one person who looks, or by a plan: what is recorded, and what is no policy to be approved. */
#include "base/digest.h"
#include "base/encode.h"
#include "governed.h"
#include "records/in_force.h"
#include "status/policies.h"

static bool say_yes(void *data, const struct policy_change *change, struct error *err)
{
    (void)data, (void)change, (void)err;
    return true;
}

static bool say_no(void *data, const struct policy_change *change, struct error *err)
{
    const struct builder *diff = &change->diff;
    (void)data;
    return error_set(err, ERROR_INTERRUPTED, 0, "no: %.*s", (int)diff->len, (const char *)diff->data);
}

static bool run_approve(const void *data, struct apart *ret, struct error *err)
{
    AUTO(policy_change_done) struct policy_change change = {.approved = NULL};
    const struct policy_approve_options options = {
        .home = own.path,
        .policy = "test",
        .decide = *(bool (*const *)(void *, const struct policy_change *, struct error *))data};
    return policy_approve(&options, &fake_console, &change, &ret->out.numbers[DONE], err);
}

static const struct apart *approve_by(bool (*decide)(void *, const struct policy_change *, struct error *))
{
    return apart(run_approve, &decide);
}

static void a_policy_is_approved_as_its_file_is(void **state)
{
    char hex[129];
    uint8_t digest[32];
    (void)state;
    const struct apart *found = govern(approve_test);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_types_from(&own, begun, "session.opened policy.approved ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    digest_sha256(BYTES_LITERAL(FAKE_POLICY), digest);
    assert_string_equal(json_text(record, "name"), "test");
    assert_string_equal(json_text(record, "text"), FAKE_POLICY);
    assert_string_equal(json_text(record, "sha256"), hex_of(BYTES(digest), hex));
    // Again it is, already: nobody logs in.
    begun = size_of(&own);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    found = govern(approve_test);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 0);
    assert_nothing_logged();
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    put_policy("test", FAKE_POLICY "# more\n");
    assert_done(govern(approve_test));
    assert_types_from(&own, begun, "session.opened policy.approved ");
}

static void what_is_no_policy_is_not_approved(void **state)
{
    static const char *const names[] = {"test", "broken"};
    struct govern_options both = approve_test;
    (void)state;
    both.policies = names;
    both.policies_count = 2;
    assert_failed(govern(both), ERROR_INPUT, "broken");
    put_policy("broken", "policy: broken\nkey: none\n");
    assert_failed(govern(both), ERROR_INPUT, "broken");
    assert_nothing_logged();
}

/** A record of the ledger holds all of its text. */
static void a_policy_that_no_record_holds_is_not_approved(void **state)
{
    static const char long_words[] =
        "and a record of the ledger, which holds all of them, has room for about";
    AUTO(free) char *longest = memory_format("%s#%065000d\n", FAKE_POLICY, 1);
    (void)state;
    put_policy("test", longest);
    assert_failed(govern(approve_test), ERROR_INPUT, long_words);
    assert_failed(approve_by(say_yes), ERROR_INPUT, long_words);
    put_policy("test", FAKE_POLICY "# \xff\n");
    assert_failed(govern(approve_test), ERROR_INPUT, "UTF-8");
    assert_failed(approve_by(say_yes), ERROR_INPUT, "UTF-8");
    assert_nothing_logged();
}

static void policies_are_approved_together_and_those_that_are_need_no_plan(void **state)
{
    static const char *const names[] = {"test", "other"};
    struct govern_options both = approve_test;
    (void)state;
    both.policies = names;
    both.policies_count = 2;
    AUTO(free) char *other = memory_format("policy: other%s", strchr(FAKE_POLICY, '\n'));
    put_policy("other", other);
    const struct apart *found = govern(both);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 2);
    assert_false(found->out.numbers[IS_PLANNED]);
    assert_types_from(&own, begun, "session.opened policy.approved policy.approved ");
    AUTO(json_free) struct json *second = record_at(&own, begun + 2);
    assert_string_equal(json_text(second, "name"), "other");
    // Of what is approved there is no plan.
    begun = size_of(&own);
    both.plan_out = plan_path;
    both.valid_for = 3600;
    assert_failed(govern(both), ERROR_INPUT, "there is nothing to do, so nothing to approve");
    assert_false(file_exists(AT_FDCWD, plan_path));
    // One of them changed: it alone is planned.
    put_policy("test", FAKE_POLICY "# more\n");
    assert_done(govern(both));
    assert_done(set_control(ACT_POLICY, 1));
    assert_int_equal(unlink(plan_path), 0);
    assert_done(govern(both));
    begun = size_of(&own);
    found = carry_out(ACT_POLICY);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_types_from(&own, begun, "session.opened plan.approved policy.approved ");
}

static void an_approved_plan_of_policies_is_read_as_strictly(void **state)
{
    static const struct {
        const char *name, *text, *words;
    } cases[] = {{"other", FAKE_POLICY, "its name is not that of its text"},
                 {"test", "policy: test\nkey: none\n", "reading item 0 of the plan"},
                 {"test", FAKE_POLICY, NULL}};
    (void)state;
    assert_done(set_control(ACT_POLICY, 1));
    begun = size_of(&own);
    assert_failed(govern(approve_test), ERROR_INPUT, "approving policies needs 1 approvals");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(plan_file_done) struct plan_file file = {.items = NULL};
        struct record_policy_approved record = {.name = cases[i].name, .text = cases[i].text};
        digest_sha256(bytes_of_text(cases[i].text), record.sha256);
        plan_file_add(&file, NULL, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
        write_plan(ACT_POLICY, &file);
        const struct apart *found = carry_out(ACT_POLICY);
        if (cases[i].words == NULL) {
            assert_done(found);
            assert_types_from(&own, begun, "session.opened plan.approved policy.approved ");
            continue;
        }
        assert_failed(found, ERROR_INPUT, cases[i].words);
        assert_nothing_logged();
    }
}

static void a_person_approves_what_was_shown(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // who looks is asked before anybody logs in
    assert_failed(approve_by(say_no), ERROR_INTERRUPTED, "+policy: test");
    assert_nothing_logged();
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    const struct apart *found = approve_by(say_yes);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], begun + 1);
    assert_types_from(&own, begun, "session.opened policy.approved ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "text"), FAKE_POLICY);
    // As it was approved nobody is asked.
    found = approve_by(say_no);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], begun + 1);
    // Nor where others have to approve.
    put_policy("test", FAKE_POLICY "# more\n");
    assert_done(set_control(ACT_POLICY, 1));
    begun = size_of(&own);
    assert_failed(approve_by(say_yes), ERROR_INPUT, "plan it with --plan-out FILE");
    assert_nothing_logged();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_policy_is_approved_as_its_file_is, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_policy_is_not_approved, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_no_record_holds_is_not_approved, begin, end),
        cmocka_unit_test_setup_teardown(policies_are_approved_together_and_those_that_are_need_no_plan, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_approved_plan_of_policies_is_read_as_strictly, begin, end),
        cmocka_unit_test_setup_teardown(a_person_approves_what_was_shown, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
