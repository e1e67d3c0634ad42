/* SPDX-License-Identifier: Apache-2.0 */
/* Planning at a CA's home: a policy that is not the one last used is told, a medium's other policies are left alone, and what can't be opened is told. */
#include "plan/planning.h"

#include "approver.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "issue/issue.h"
#include "records/control.h"

#include "lying.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct builder said;

static void hear(void *data, const char *text)
{
    (void)data;
    builder_format(&said, "%s\n", text);
}

static const struct console console = {.notice = hear};

static void write_text(const char *name, const char *text)
{
    AUTO(free) char *path = memory_format("%s/%s", own.folder.path, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void add_request(unsigned device, struct builder *ret_pem)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(free) char *subject = memory_format("30{31{30{06{550403}0c{'device-%u'}}}}", device);
    const struct csr_recipe recipe = {.key = key, .subject = subject};
    csr_make(&recipe, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), ret_pem);
}

static void write_request(const char *name, unsigned device)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    add_request(device, &pem);
    write_text(name, builder_text(&pem));
}

static void make_folder(const char *name)
{
    AUTO(free) char *path = memory_format("%s/%s", own.folder.path, name);
    (void)mkdir(path, 0755); // init may have made it
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    make_folder("ca/policies");
    write_text("ca/policies/test.yaml", FAKE_POLICY);
    make_folder("stick");
    make_folder("stick/requests");
    write_request("stick/requests/a.csr", 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&said);
    fake_home_remove(&own);
    return 0;
}

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

/** Opens and plans what is on the stick. \return the plan; the caller frees */
static struct plan *planned(bool takes_media, unsigned days, bool may_reissue, bool *ret_is_changed)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    AUTO(free) char *stick = memory_format("%s/stick", own.folder.path);
    const char *const paths[] = {stick};
    const struct planning_options options = {.policy = "test",
                                             .paths = paths,
                                             .paths_count = 1,
                                             .days = days,
                                             .may_reissue = may_reissue,
                                             .takes_media = takes_media};
    AUTO(planning_close) struct planning *planning = NULL;
    builder_clear(&said);
    if (!planning_open(&options, own.home, &console, &planning, &err) ||
        !planning_plan(planning, NULL, &console, &plan, &err))
        fail_msg("%s", err.text);
    *ret_is_changed = planning_is_policy_changed(planning);
    return plan;
}

static void issue(struct plan *plan)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = put};
    const struct issue_options options = {.command = "sign"};
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

static void a_policy_that_changed_since_it_was_used_is_told(void **state)
{
    bool is_changed = true;
    (void)state;
    AUTO(plan_free) struct plan *first = planned(false, 0, false, &is_changed);
    assert_false(is_changed); // nothing to compare with
    assert_int_equal(said.len, 0);
    issue(first);
    AUTO(plan_free) struct plan *same = planned(false, 0, false, &is_changed);
    assert_false(is_changed);
    assert_int_equal(said.len, 0);
    assert_int_equal(same->items[0].action, PLAN_REPEAT);
    write_text("ca/policies/test.yaml", FAKE_POLICY "# another\n");
    AUTO(plan_free) struct plan *other = planned(false, 0, false, &is_changed);
    assert_true(is_changed);
    assert_non_null(strstr(builder_text(&said), "test"));
    assert_int_equal(other->items[0].action, PLAN_SIGN); // another policy's certificate is another one
}

static void what_is_asked_for_reaches_the_plan(void **state)
{
    bool ignored = false;
    (void)state;
    AUTO(plan_free) struct plan *first = planned(false, 0, false, &ignored);
    issue(first);
    AUTO(plan_free) struct plan *again = planned(false, 0, true, &ignored);
    assert_int_equal(again->items[0].action, PLAN_SIGN);
    AUTO(plan_free) struct plan *shorter = planned(false, 30, false, &ignored);
    assert_int_equal(shorter->items[0].action, PLAN_SIGN);
    const struct template *template = shorter->items[0].verdict->template;
    assert_int_equal(template->not_after - template->not_before + 1, 30 * TIME_DAY_SECONDS);
}

static void a_mediums_requests_of_other_policies_are_left_alone(void **state)
{
    bool ignored = false;
    (void)state;
    write_text("ca/policies/another.yaml", "policy: another\nkey: {allow: [ec-p256]}\nvalidity: {days: 1}\n");
    make_folder("stick/requests/another");
    write_request("stick/requests/another/b.csr", 2);
    AUTO(plan_free) struct plan *medium = planned(true, 0, false, &ignored);
    assert_int_equal(medium->count, 1);
    assert_string_equal(medium->items[0].source, "requests/a.csr");
    assert_non_null(
        strstr(builder_text(&said), "1 requests in requests are in directories of other policies than test"));
    AUTO(plan_free) struct plan *directory = planned(false, 0, false, &ignored);
    assert_int_equal(directory->count, 2);
}

static void requests_of_one_file_are_numbered(void **state)
{
    bool ignored = false;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    (void)state;
    for (unsigned i = 2; i < 5; i++)
        add_request(i, &pem);
    write_text("stick/requests/many.csr", builder_text(&pem));
    AUTO(plan_free) struct plan *plan = planned(false, 0, false, &ignored);
    assert_int_equal(plan->count, 4);
    assert_int_equal(plan_count(plan, PLAN_SIGN), 4);
    size_t found = 0;
    for (size_t i = 0; i < 4; i++) {
        const struct plan_item *item = &plan->items[i];
        const char *mark = strrchr(item->source, '#');
        if (mark == NULL)
            continue;
        AUTO(free) char *name = memory_format("requests/many-%s", mark + 1);
        AUTO(free) char *subject = memory_format("CN=device-%zu", ++found + 1);
        assert_string_equal(item->name, name);
        assert_int_equal(strtoul(mark + 1, NULL, 10), found); // from 1, in the file's order
        assert_string_equal(item->request->subject_text, subject);
    }
    assert_int_equal(found, 3);
}

static void an_input_that_was_not_read_is_refused_under_its_rule(void **state)
{
    struct error err = ERROR_INIT;
    struct plan_input inputs[] = {
        {.source = memory_text("a"), .name = memory_text("a"), .problem = memory_text("a symbolic link")},
        {.source = memory_text("b"),
         .name = memory_text("b"),
         .problem = memory_text("a private key"),
         .rule = "media.private-key",
         .remedy = "take it away"},
    };
    struct policy *policy = fake_policy("");
    struct readers *readers = NULL;
    const struct plan_options options = {.policy = policy, .now = time_now()};
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    if (!readers_open(0, &readers, &err) ||
        !plan_make(judge, readers, inputs, 2, &options, &console, &plan, &err))
        fail_msg("%s", err.text);
    readers_close(readers);
    static const char *const rules[] = {"request.input", "media.private-key"};
    assert_int_equal(plan->count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(plan->items[i].action, PLAN_REFUSE);
        assert_string_equal(plan->items[i].verdict->findings.items[0].rule, rules[i]);
    }
    assert_string_equal(plan->items[0].verdict->findings.items[0].text, "a symbolic link");
    assert_string_equal(plan->items[1].verdict->findings.items[0].remedy, "take it away");
    for (size_t i = 0; i < 2; i++)
        plan_input_done(&inputs[i]);
    policy_free(policy);
}

static void what_can_not_be_planned_is_told_when_it_is_opened(void **state)
{
    static const struct {
        const char *policy;
        const char *variable;
        const char *words;
    } cases[] = {
        {"missing", NULL, "missing"},
        {"test", "site", "no such variable"},
    };
    (void)state;
    AUTO(free) char *stick = memory_format("%s/stick", own.folder.path);
    const char *const paths[] = {stick};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct planning *planning = NULL;
        const struct policy_variable variable = {.name = cases[i].variable, .value = "x"};
        const struct planning_options options = {.policy = cases[i].policy,
                                                 .paths = paths,
                                                 .paths_count = 1,
                                                 .variables = &variable,
                                                 .variables_count = cases[i].variable != NULL ? 1 : 0};
        assert_false(planning_open(&options, own.home, &console, &planning, &err));
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
    }
}

/** A person waits for few requests: nobody takes a parser process's word for them. */
static void a_parser_process_that_lies_is_found_out(void **state)
{
    bool ignored = false;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {
        .key = key, .subject = "30{31{30{06{550403}0c{'device-7'}}}}", .has_bad_signature = true};
    (void)state;
    csr_make(&recipe, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    write_text("stick/requests/b.csr", builder_text(&pem));
    makes_liars = true;
    AUTO(plan_free) struct plan *plan = planned(false, 0, false, &ignored);
    makes_liars = false;
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_int_equal(plan->items[1].action, PLAN_REFUSE);
    assert_true(findings_has(&plan->items[1].verdict->findings, "request.reader"));
}

static bool opens(struct error *ret_err)
{
    AUTO(free) char *stick = memory_format("%s/stick", own.folder.path);
    const char *const paths[] = {stick};
    const struct planning_options options = {.policy = "test", .paths = paths, .paths_count = 1};
    AUTO(planning_close) struct planning *planning = NULL;
    *ret_err = (struct error)ERROR_INIT;
    bool is_open = planning_open(&options, own.home, &console, &planning, ret_err);
    assert_int_equal(planning != NULL, is_open);
    return is_open;
}

/** Once confined nothing can be opened any more. */
static void a_damaged_list_of_weak_keys_is_told_when_it_is_opened(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(opens(&err));
    make_folder("ca/screen");
    write_text("ca/screen/debian-weak-keys", "no list\n");
    assert_false(opens(&err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "screening keys"));
}

static void a_policy_that_nobody_approved_is_not_planned_by_where_that_is_needed(void **state)
{
    struct error err = ERROR_INIT;
    struct approver ann;
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE, .only_approved_policies = true};
    (void)state;
    approver_make(&ann, "ann", "a");
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    if (!ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    assert_false(opens(&err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "test"));
    approver_done(&ann);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_parser_process_that_lies_is_found_out, begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_list_of_weak_keys_is_told_when_it_is_opened, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_nobody_approved_is_not_planned_by_where_that_is_needed,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_changed_since_it_was_used_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_is_asked_for_reaches_the_plan, begin, end),
        cmocka_unit_test_setup_teardown(a_mediums_requests_of_other_policies_are_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(an_input_that_was_not_read_is_refused_under_its_rule, begin, end),
        cmocka_unit_test_setup_teardown(requests_of_one_file_are_numbered, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_planned_is_told_when_it_is_opened, begin, end),
    };
    if (!liars_prepare())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
