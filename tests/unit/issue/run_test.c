/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of `sign` or `review` from the home's path to the files: what each step may see of the others. issue_run() confines its
 * process for good, so each run is a process of its own.
 */
#include "issue/run.h"

#include "approver.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "records/control.h"
#include "small_home.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static char request[160];
static char out[160];
static const char *named_policy; // NULL: test
static char *by_init;            // the types of its records

static void write_file(const char *name, struct bytes content)
{
    struct error err = ERROR_INIT;
    (void)unlinkat(own.folder.fd, name, 0); // it may be the first
    if (!file_create(own.folder.fd, name, 0644, content, &err))
        fail_msg("%s", err.text);
}

static int begin(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {.key = key, .subject = "30{31{30{06{550403}0c{'device-1'}}}}"};
    (void)state;
    fake_home_make(&own);
    by_init = fake_home_types(&own);
    write_file("ca/policies/test.yaml", BYTES_LITERAL(FAKE_POLICY));
    csr_make(&recipe, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    write_file("a.csr", builder_bytes(&pem));
    (void)snprintf(request, sizeof(request), "%s/a.csr", own.folder.path);
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(TAKE(by_init));
    fake_home_remove(&own);
    return 0;
}

/** A run in its own process. \param look  what is to be true after it; \return 0 if it is */
static int run(struct issue_run_options options, const struct console *console,
               int (*look)(bool is_done, const struct issue_outcome *outcome, const struct error *err))
{
    const char *const paths[] = {request};
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        struct issue_outcome outcome = {.plan = NULL};
        options.home = options.home == NULL ? own.path : options.home;
        options.command = "sign";
        options.planning = (struct planning_options){
            .policy = named_policy == NULL ? "test" : named_policy, .paths = paths, .paths_count = 1};
        bool is_done = issue_run(&options, console, &outcome, &err);
        int code = look(is_done, &outcome, &err);
        if (code != 0)
            fprintf(stderr, "issue_run() %s (%s); looked at: %d\n", is_done ? "succeeded" : "failed",
                    err.text, code);
        issue_outcome_done(&outcome);
        exit(code); // and not at once: what was not freed counts as well
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/** Whether these records came after init's, and no others. */
static bool ledger_got(const char *types)
{
    AUTO(free) char *found = fake_home_types(&own);
    return strcmp(found + strlen(by_init), types) == 0;
}

/** Signatures by the CA key beyond init's two. */
static size_t asked(void)
{
    size_t unlogged = 0;
    return fake_token_count(&unlogged) - 2;
}

static int look_at_dry_run(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)err;
    return is_done && plan_count(outcome->plan, PLAN_SIGN) == 1 && outcome->result.issued == 0 &&
                   asked() == 0 && ledger_got("")
               ? 0
               : 1;
}

/** Nor does it wait for who writes. */
static void a_dry_run_needs_no_token_and_writes_nothing(void **state)
{
    struct error err = ERROR_INIT;
    struct home *writer = NULL;
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_true(home_open(own.path, HOME_WRITE, &fake_console, &writer, &err));
    assert_int_equal(run((struct issue_run_options){.is_dry_run = true}, &fake_console, look_at_dry_run), 0);
    home_close(writer);
}

static int look_at_files(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    struct error ignored = ERROR_INIT;
    AUTO(close) int fd = -1;
    (void)err;
    if (!is_done || outcome->result.issued != 1 || asked() != 1 ||
        !ledger_got("session.opened cert.signing cert.issued "))
        return 1;
    return file_open_folder(AT_FDCWD, out, &fd, &ignored) && file_exists(fd, "a.pem") &&
                   file_exists(fd, "a.tlog-proof") && file_exists(fd, "checkpoint")
               ? 0
               : 2;
}

static void certificate_proof_and_checkpoint_are_in_the_directory(void **state)
{
    (void)state;
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_files), 0);
    assert_true(fake_home_logged(&own, "\"clock\":\"checked\"")); // nobody looked at it
}

/** The person: sees the plan before anybody logged in, and says no. */
static bool say_no(void *data, struct issue_desk *desk, struct plan *plan, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *who = issue_desk_operator(desk);
    (void)data;
    assert_int_equal(plan_count(plan, PLAN_SIGN), 1);
    assert_true(issue_desk_describe(desk, &plan->items[0], &text, err));
    assert_non_null(strstr(builder_text(&text), "device-1"));
    assert_non_null(who);
    return error_set(err, ERROR_INTERRUPTED, 0, "nothing was signed");
}

static int look_at_refusal(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)outcome;
    return !is_done && err->kind == ERROR_INTERRUPTED && asked() == 0 && ledger_got("") ? 0 : 1;
}

static void who_decides_is_asked_before_the_token_and_may_say_no(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_int_equal(
        run((struct issue_run_options){.directory = out, .decide = say_no}, &fake_console, look_at_refusal),
        0);
}

/** The person: says yes, logs in at the desk, twice. */
static bool say_yes(void *data, struct issue_desk *desk, struct plan *plan, struct error *err)
{
    (void)data, (void)plan;
    return issue_desk_unlock(desk, err) && issue_desk_unlock(desk, err);
}

static void who_decides_may_log_in(void **state)
{
    (void)state;
    assert_int_equal(
        run((struct issue_run_options){.directory = out, .decide = say_yes}, &fake_console, look_at_files),
        0);
    assert_true(fake_home_logged(&own, "\"clock\":\"confirmed\""));
}

static bool is_confirmed;

static bool answer(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data, (void)err;
    assert_non_null(strstr(question, "The policy changed"));
    *ret_yes = is_confirmed;
    return true;
}

static int look_at_repeated(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)err;
    return is_done && outcome->result.issued == 0 ? 0 : 1; // its certificate is there already
}

static int look_at_changed(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)outcome;
    return !is_done && err->kind == ERROR_INTERRUPTED &&
                   strstr(err->text, "the policy was not confirmed") != NULL
               ? 0
               : 1;
}

static void a_policy_that_changed_is_confirmed_by_who_decides(void **state)
{
    struct console console = fake_console;
    struct issue_run_options options = {.directory = out, .decide = say_yes};
    (void)state;
    console.confirm = answer;
    assert_int_equal(run(options, &console, look_at_files), 0); // the first use asks nothing
    write_file("ca/policies/test.yaml", BYTES_LITERAL(FAKE_POLICY "# changed\n"));
    is_confirmed = false;
    assert_int_equal(run(options, &console, look_at_changed), 0);
    is_confirmed = true;
    assert_int_equal(run(options, &console, look_at_repeated), 0);
}

static int look_at_refused(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)err;
    return is_done && outcome->result.refused == 1 && asked() == 0 ? 0 : 1;
}

static void a_refusal_is_said_once_however_often_the_files_are_named(void **state)
{
    (void)state;
    write_file(
        "ca/policies/test.yaml",
        BYTES_LITERAL("policy: test\nsubject: [{field: CN, match: 'printer'}]\nkey: {allow: [ec-p256]}\n"
                      "validity: {days: 9}\nkey_usage: [digitalSignature]\n"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_refused),
                         0);
    assert_true(ledger_got("session.opened request.refused session.opened "));
}

/* ---- what ends a run before the token is asked ---- */

static const char *wanted; /* words of the error */

static int look_at_failure(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    if (is_done || err->kind == ERROR_NONE || outcome->result.issued != 0 || asked() != 0 || !ledger_got(""))
        return 1;
    return strstr(err->text, wanted) != NULL ? 0 : 2;
}

static void a_home_that_is_not_there_or_not_whole_is_told(void **state)
{
    const struct issue_run_options elsewhere = {.directory = out, .home = "/nonexistent/ca"};
    (void)state;
    wanted = "/nonexistent/ca";
    assert_int_equal(run(elsewhere, &fake_console, look_at_failure), 0);
    write_file("ca/chain.pem", BYTES_LITERAL("somebody's\n"));
    wanted = "chain.pem";
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_failure), 0);
}

static void a_policy_that_is_not_there_is_told(void **state)
{
    (void)state;
    named_policy = wanted = "no-such-policy";
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_failure), 0);
    named_policy = NULL;
}

static void a_directory_that_can_not_be_one_is_told(void **state)
{
    (void)state;
    write_file("out", BYTES_LITERAL("a file\n"));
    wanted = "opening the output directory";
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_failure), 0);
}

static void a_later_ledgers_checkpoint_in_the_directory_ends_it(void **state)
{
    AUTO(free) char *keep = memory_format("cp -a %s %s.old", own.path, own.path);
    AUTO(free) char *back = memory_format("rm -r %s && mv %s.old %s", own.path, own.path, own.path);
    (void)state;
    assert_int_equal(system(keep), 0); // NOLINT(cert-env33-c): paths of this test's own
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_files), 0);
    assert_int_equal(system(back), 0); // NOLINT(cert-env33-c): likewise
    wanted = "comparing with the checkpoint in the output directory";
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_failure), 0);
}

static int look_at_token_fault(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    return !is_done && err->kind == ERROR_TOKEN && outcome->result.issued == 0 && outcome->plan != NULL ? 0
                                                                                                        : 1;
}

static void a_token_that_fails_ends_the_run(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_token_fault),
                     0);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_token_fault),
                     0);
}

/* ---- what a run is told to write ---- */

static int look_at_der(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    struct error ignored = ERROR_INIT;
    AUTO(close) int fd = -1;
    (void)err;
    if (!is_done || outcome->result.issued != 1 || outcome->result.proofs != 0)
        return 1;
    return file_open_folder(AT_FDCWD, out, &fd, &ignored) && file_exists(fd, "a.der") &&
                   file_exists(fd, "a-chain.pem") && !file_exists(fd, "a.pem") &&
                   !file_exists(fd, "a.tlog-proof") && file_exists(fd, "checkpoint")
               ? 0
               : 2;
}

static void format_chain_and_proof_are_as_asked(void **state)
{
    const struct issue_run_options options = {
        .directory = out, .format = DIRECTORY_DER, .with_chain = true, .without_proof = true};
    (void)state;
    assert_int_equal(run(options, &fake_console, look_at_der), 0);
}

static bool is_put;

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)proof, (void)err;
    is_put = certificate.len > 0;
    return true;
}

static int look_at_output(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)err;
    return is_done && outcome->result.issued == 1 && is_put ? 0 : 1;
}

static void who_has_an_output_of_his_own_gets_it(void **state)
{
    struct output output = {.put = put};
    (void)state;
    assert_int_equal(run((struct issue_run_options){.output = &output}, &fake_console, look_at_output), 0);
}

static int look_at_notice(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)outcome, (void)err;
    return is_done && strstr(fake_console_said(), "CRL") != NULL ? 0 : 1;
}

static void a_crl_that_is_due_is_told_of(void **state)
{
    struct console console = fake_console;
    (void)state;
    fake_home_open(&own);
    struct small_home small = {.home = *own.home}; // its maker asks for the ledger only
    small_home_issue_crl(&small, 1, INT64_C(1700000000), INT64_C(1700009999), BYTES_LITERAL("a CRL"));
    fake_home_close(&own);
    console.confirm = answer;
    assert_int_equal(run((struct issue_run_options){.is_dry_run = true}, &console, look_at_notice), 0);
}

/* ---- where people have to approve ---- */

static struct approver ann;
static char plan_path[160];

static int begin_governed(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    (void)begin(state);
    approver_make(&ann, "ann", "a");
    fake_home_open(&own);
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_ISSUE] = 1;
    if (!ledger_append(own.home->ledger, RECORD_CONTROL_SET, control_write(&control), NULL, &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    fake_home_close(&own);
    free(by_init);
    by_init = fake_home_types(&own);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/plan.json", own.folder.path);
    return 0;
}

static int end_governed(void **state)
{
    approver_done(&ann);
    return end(state);
}

static int look_at_forbidden(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    return !is_done && err->kind == ERROR_INPUT && strstr(err->text, "`coldca sign --plan FILE") != NULL &&
                   outcome->result.issued == 0 && asked() == 0 && ledger_got("")
               ? 0
               : 1;
}

/** The person must not even be asked. */
static bool not_asked(void *data, struct issue_desk *desk, struct plan *plan, struct error *err)
{
    (void)data, (void)desk, (void)plan, (void)err;
    abort();
}

static void nobody_issues_by_himself_where_people_have_to_approve(void **state)
{
    (void)state;
    assert_int_equal(run((struct issue_run_options){.directory = out}, &fake_console, look_at_forbidden), 0);
    assert_int_equal(run((struct issue_run_options){.directory = out, .decide = not_asked}, &fake_console,
                         look_at_forbidden),
                     0);
}

static int look_at_plan(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    struct stat status;
    (void)err;
    return is_done && outcome->file.header.count == 1 && outcome->result.issued == 0 && asked() == 0 &&
                   ledger_got("") && stat(plan_path, &status) == 0 && (status.st_mode & 0777) == 0644
               ? 0
               : 1;
}

static int look_at_no_plan(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)outcome, (void)err;
    return !is_done && access(plan_path, F_OK) != 0 ? 0 : 1;
}

static int look_at_approved(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)err;
    return is_done && outcome->result.issued == 1 && asked() == 1 &&
                   ledger_got("session.opened plan.approved cert.signing cert.issued ")
               ? 0
               : 1;
}

static int look_at_unapproved(bool is_done, const struct issue_outcome *outcome, const struct error *err)
{
    (void)outcome;
    return !is_done && err->kind == ERROR_INPUT && asked() == 0 && ledger_got("") ? 0 : 1;
}

static void a_plan_is_written_approved_and_carried_out(void **state)
{
    struct error err = ERROR_INIT;
    const struct issue_run_options plan = {.is_dry_run = true, .plan_out = plan_path, .valid_for = 3600};
    struct issue_run_options refused = plan;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    refused.decide = say_no;
    assert_int_equal(run(refused, &fake_console, look_at_no_plan), 0);
    assert_int_equal(run(plan, &fake_console, look_at_plan), 0);
    assert_true(file_read(AT_FDCWD, plan_path, 1 << 20, &text, &err));
    if (!plan_file_read(builder_bytes(&text), &file, &err))
        fail_msg("%s", err.text);
    AUTO(plan_file_done) struct plan_file brought = {.items = NULL};
    assert_true(plan_file_read(builder_bytes(&text), &brought, &err));
    struct plan_given given = {.file = &brought};
    const struct issue_run_options carried_out = {.directory = out, .given = &given};
    assert_int_equal(run(carried_out, &fake_console, look_at_unapproved), 0);
    approver_approve(&ann, &file.header, time_now(), &note);
    given.approvals[given.count++] = builder_bytes(&note);
    assert_int_equal(run(carried_out, &fake_console, look_at_approved), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dry_run_needs_no_token_and_writes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(certificate_proof_and_checkpoint_are_in_the_directory, begin, end),
        cmocka_unit_test_setup_teardown(who_decides_is_asked_before_the_token_and_may_say_no, begin, end),
        cmocka_unit_test_setup_teardown(who_decides_may_log_in, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_changed_is_confirmed_by_who_decides, begin, end),
        cmocka_unit_test_setup_teardown(a_refusal_is_said_once_however_often_the_files_are_named, begin, end),
        cmocka_unit_test_setup_teardown(a_home_that_is_not_there_or_not_whole_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_is_not_there_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_directory_that_can_not_be_one_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_later_ledgers_checkpoint_in_the_directory_ends_it, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_fails_ends_the_run, begin, end),
        cmocka_unit_test_setup_teardown(format_chain_and_proof_are_as_asked, begin, end),
        cmocka_unit_test_setup_teardown(who_has_an_output_of_his_own_gets_it, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_that_is_due_is_told_of, begin, end),
        cmocka_unit_test_setup_teardown(nobody_issues_by_himself_where_people_have_to_approve, begin_governed,
                                        end_governed),
        cmocka_unit_test_setup_teardown(a_plan_is_written_approved_and_carried_out, begin_governed,
                                        end_governed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
