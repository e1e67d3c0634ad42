/* SPDX-License-Identifier: Apache-2.0 */
/* Changing who decides, and which policies may be used: what is recorded, what is refused, and that an approved plan is read as strictly. */
#include "status/govern.h"

#include "apart.h"
#include "approver.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "records/in_force.h"
#include "status/checkpoint.h"
#include "status/policies.h"

static struct fake_home own;
static struct approver ann;
static uint64_t begun; /**< records before the run */
static char plan_path[128];

static void put_policy(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *file = memory_format("ca/policies/%s.yaml", name);
    (void)unlinkat(own.folder.fd, file, 0); // of before
    if (!file_create(own.folder.fd, file, 0644, bytes_of_text(text), &err))
        fail_msg("%s", err.text);
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    put_policy("test", FAKE_POLICY);
    begun = size_of(&own);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

/* ---- runs ---- */

enum { DONE, IS_PLANNED };

static bool run_govern(const void *data, struct apart *ret, struct error *err)
{
    struct govern_options options = *(const struct govern_options *)data;
    struct govern_result result = {.done = 99};
    options.home = own.path;
    options.command = "a command";
    bool is_done = govern_run(&options, &fake_console, &result, err);
    ret->out.numbers[DONE] = result.done;
    ret->out.numbers[IS_PLANNED] = result.is_planned;
    memcpy(ret->plan_sha256, result.plan_sha256, sizeof(ret->plan_sha256));
    return is_done;
}

static const struct apart *govern(struct govern_options options)
{
    return apart_confined(run_govern, &options);
}

/** Ann approves; data: how many approvals of which act. */
struct wanted {
    enum act act;
    unsigned needed;
};

static bool change(void *data, struct control *control, struct error *err)
{
    const struct wanted *wanted = data;
    if (control_person(control, "ann") == NULL &&
        !control_add_person(control, "ann", "approver", ann.vkey, err))
        return false;
    control->quorum[wanted->act] = wanted->needed;
    return true;
}

static const struct apart *set_control(enum act act, unsigned needed)
{
    struct wanted wanted = {act, needed};
    return govern((struct govern_options){.act = ACT_CONTROL, .change = change, .data = &wanted});
}

static const char *const test_policy = "test";
static const struct govern_options approve_test = {
    .act = ACT_POLICY, .policies = &test_policy, .policies_count = 1};

static void assert_nothing_logged(void)
{
    assert_types_from(&own, begun, "");
}

/** The plan in the file with ann's approval. */
static const struct apart *carry_out(enum act act)
{
    AUTO(approved_file_done) struct approved_file brought;
    approver_bring(&ann, plan_path, true, &brought);
    return govern((struct govern_options){.act = act, .given = &brought.given});
}

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

/* ---- controls ---- */

static void a_control_follows_the_one_in_force(void **state)
{
    uint64_t previous = 0;
    struct error err = ERROR_INIT;
    (void)state;
    struct home *home = home_of(&own, HOME_LOOK);
    AUTO(control_done) struct control before = {.people_count = 0};
    bool is_set = false;
    assert_true(control_in_force(home->ledger, &before, &is_set, &err) && is_set); // init's
    home_close(home);
    const struct apart *found = set_control(ACT_CONTROL, 1);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_false(found->out.numbers[IS_PLANNED]);
    assert_types_from(&own, begun, "session.opened control.set ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *session = record_at(&own, begun);
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(session, "command"), "a command");
    assert_string_equal(json_text(record, "batch"), json_text(session, "batch"));
    assert_true(record_number(record, "previous", &previous, &err));
    assert_int_equal(previous, before.seq);
    // From now on ann must approve a change.
    begun = size_of(&own);
    assert_failed(set_control(ACT_CONTROL, 0), ERROR_INPUT, "changing the controls needs 1 approvals");
    assert_nothing_logged();
}

static void a_control_that_cannot_be_met_is_not_set(void **state)
{
    (void)state;
    assert_failed(set_control(ACT_REVOKE, 2), ERROR_INPUT, "");
    assert_nothing_logged();
}

static bool give_up(void *data, struct control *control, struct error *err)
{
    (void)data, (void)control;
    return error_set(err, ERROR_INPUT, 0, "no such person");
}

static void a_change_that_fails_changes_nothing(void **state)
{
    (void)state;
    assert_failed(govern((struct govern_options){.act = ACT_CONTROL, .change = give_up}), ERROR_INPUT,
                  "no such person");
    assert_nothing_logged();
}

static void a_control_is_planned_and_then_set_by_the_plan(void **state)
{
    struct wanted wanted = {ACT_REVOKE, 1};
    struct given unfinished; // which a run that only plans leaves so
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // a plan needs no token, and no permission
    const struct apart *found = govern((struct govern_options){
        .act = ACT_CONTROL, .change = change, .data = &wanted, .plan_out = plan_path, .valid_for = 3600});
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 0);
    assert_true(found->out.numbers[IS_PLANNED]);
    assert_nothing_logged();
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    uint8_t planned[32];
    memcpy(planned, found->plan_sha256, sizeof(planned));
    assert_failed(carry_out(ACT_POLICY), ERROR_INPUT,
                  "it is a plan of changing the controls, not of approving");
    found = carry_out(ACT_CONTROL);
    assert_done(found);
    assert_int_equal(found->out.numbers[DONE], 1);
    assert_true(found->out.numbers[IS_PLANNED]);
    assert_memory_equal(found->plan_sha256, planned, sizeof(planned));
    assert_types_from(&own, begun, "cert.abandoned session.opened plan.approved control.set ");
    assert_checkpointed(&own);
}

/** Writes a plan of these items for the control in force, as if a coldca that looks less closely had made it. */
static void write_plan(enum act act, struct plan_file *file)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct home *home = home_of(&own, HOME_LOOK);
    if (!admit_new_plan(home, act, time_now(), 3600, file, &err))
        fail_msg("%s", err.text);
    home_close(home);
    plan_file_seal(file);
    plan_file_write(file, &text);
    (void)unlink(plan_path);
    assert_true(file_create(AT_FDCWD, plan_path, 0600, builder_bytes(&text), &err));
}

static void a_plan_of_controls_has_one_which_follows(void **state)
{
    static const char words[] = "a plan of controls has one item, which follows the control in force";
    struct error err = ERROR_INIT;
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    begun = size_of(&own);
    for (int i = 0; i < 3; i++) {
        AUTO(plan_file_done) struct plan_file file = {.items = NULL};
        AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
        assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
        control.previous = i == 0 ? begun - 2 : begun - 1; // the first: of the session before it
        plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
        if (i == 1)
            plan_file_add(&file, NULL, RECORD_CONTROL_SET, control_write(&control));
        write_plan(ACT_CONTROL, &file);
        if (i < 2)
            assert_failed(carry_out(ACT_CONTROL), ERROR_INPUT, words);
        else
            assert_done(carry_out(ACT_CONTROL));
        if (i < 2)
            assert_nothing_logged();
    }
}

static void a_control_that_cannot_be_read_is_not_set_by_a_plan(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE};
    (void)state;
    assert_done(set_control(ACT_CONTROL, 1));
    begun = size_of(&own);
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.previous = begun - 1;
    struct json *record = control_write(&control);
    json_put_text(record, "people", "all");
    plan_file_add(&file, NULL, RECORD_CONTROL_SET, record);
    write_plan(ACT_CONTROL, &file);
    assert_failed(carry_out(ACT_CONTROL), ERROR_LEDGER, "reading item 0 of the plan");
    assert_nothing_logged();
}

/* ---- policies ---- */

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

/* ---- a checkpoint by itself ---- */

static bool run_checkpoint(const void *data, struct apart *ret, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    (void)data;
    bool is_done = status_checkpoint(own.path, NULL, &fake_console, &note, err);
    (void)snprintf(ret->out.text, sizeof(ret->out.text), "%s", builder_text(&note));
    return is_done;
}

static void a_checkpoint_is_over_the_record_that_says_so(void **state)
{
    char wanted[60];
    (void)state;
    const struct apart *found = apart_confined(run_checkpoint, NULL);
    assert_done(found);
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
    (void)snprintf(wanted, sizeof(wanted), "ca.example/root\n%u\n", (unsigned)begun + 1);
    assert_int_equal(strncmp(found->out.text, wanted, strlen(wanted)), 0);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_false(apart_confined(run_checkpoint, NULL)->is_done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_control_follows_the_one_in_force, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_cannot_be_met_is_not_set, begin, end),
        cmocka_unit_test_setup_teardown(a_change_that_fails_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_control_is_planned_and_then_set_by_the_plan, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_of_controls_has_one_which_follows, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_is_approved_as_its_file_is, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_policy_is_not_approved, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_no_record_holds_is_not_approved, begin, end),
        cmocka_unit_test_setup_teardown(policies_are_approved_together_and_those_that_are_need_no_plan, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_control_that_cannot_be_read_is_not_set_by_a_plan, begin, end),
        cmocka_unit_test_setup_teardown(an_approved_plan_of_policies_is_read_as_strictly, begin, end),
        cmocka_unit_test_setup_teardown(a_person_approves_what_was_shown, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_over_the_record_that_says_so, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
