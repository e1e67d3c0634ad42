/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy judges which request of a medium, and which policies a batch may sign by at all. */
#include "batch/policies.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "records/approved.h"
#include "records/cert.h"
#include "small_home.h"

#define COMMON                                                                                               \
    "subject: [{field: CN, match: 'a'}]\n"                                                                   \
    "key: {allow: [ec-p256]}\n"                                                                              \
    "validity: {days: 90}\n"

#define DEVICE                                                                                               \
    "policy: device\nvariables: [{name: site, match: '[a-z]+'}]\n" COMMON "key_usage: [digitalSignature]\n"  \
    "extended_key_usage: [clientAuth]\n"
#define SERVER                                                                                               \
    "policy: server\nvariables: [{name: zone, match: '[a-z]+'}]\n" COMMON "key_usage: [digitalSignature]\n"  \
    "extended_key_usage: [serverAuth]\n"
#define ROOT "policy: top\nroot: true\n" COMMON "ca: {}\nkey_usage: [keyCertSign, cRLSign]\n"

static struct small_home small;
static struct batch_policies policies;
static struct batch_options given;
static const struct plan_options shared = {.now = 7};

static void write_policy(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/policies/%s.yaml", small.folder.path, name);
    assert_true(file_make_folder(small.folder.fd, "policies", 0755, &err));
    (void)unlink(path); // of before
    assert_true(file_create(AT_FDCWD, path, 0644, bytes_of_text(text), &err));
}

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    write_policy("device", DEVICE);
    write_policy("server", SERVER);
    write_policy("top", ROOT);
    given = (struct batch_options){.policy = NULL};
    policies = (struct batch_policies){.names = NULL};
    return 0;
}

static int end(void **state)
{
    (void)state;
    batch_policies_done(&policies);
    small_home_remove(&small);
    return 0;
}

static void open_policies(void)
{
    struct error err = ERROR_INIT;
    batch_policies_done(&policies);
    if (!batch_policies_open(&policies, small.folder.fd, &given, &shared, &err))
        fail_msg("%s", err.text);
}

static void want(const char *path)
{
    struct error err = ERROR_INIT;
    if (!batch_policies_want(&policies, path, &err))
        fail_msg("%s", err.text);
}

#define assert_refused(call, err, wanted_kind, words)                                                        \
    do {                                                                                                     \
        error_clear(&(err));                                                                                 \
        assert_false(call);                                                                                  \
        assert_string_equal((err).text, words);                                                              \
        assert_int_equal((err).kind, wanted_kind);                                                           \
    } while (0)

static void a_directory_named_like_a_policy_is_judged_by_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    given.policy = "server";
    open_policies();
    want("device/a.csr");
    want("device/below/b.csr");
    want("devices/c.csr");
    want("device"); // a file
    assert_int_equal(policies.count, 2);
    assert_string_equal(policy_name(batch_policy_of(&policies, "device/a.csr")->policy), "device");
    assert_string_equal(policy_name(batch_policy_of(&policies, "device/below/b.csr")->policy), "device");
    assert_string_equal(policy_name(batch_policy_of(&policies, "devices/c.csr")->policy), "server");
    assert_string_equal(policy_name(batch_policy_of(&policies, "devic/c.csr")->policy), "server");
    assert_string_equal(policy_name(batch_policy_of(&policies, "device")->policy), "server");
    assert_int_equal(batch_policy_of(&policies, "device/a.csr")->options.now, 7);
    given.policy = NULL;
    open_policies();
    want("device/a.csr");
    assert_refused(batch_policies_want(&policies, "devices/c.csr", &err), err, ERROR_USAGE,
                   "no policy for requests/devices/c.csr: name one with --policy, or put it into a directory "
                   "named like one (`coldca policy list`)");
    assert_refused(batch_policies_want(&policies, "device", &err), err, ERROR_USAGE,
                   "no policy for requests/device: name one with --policy, or put it into a directory named "
                   "like one (`coldca policy list`)");
    given.policy = "none";
    batch_policies_done(&policies);
    error_clear(&err);
    assert_false(batch_policies_open(&policies, small.folder.fd, &given, &shared, &err));
}

static void a_batch_signs_by_no_policy_for_roots(void **state)
{
    (void)state;
    given.policy = "top";
    open_policies();
    want("device/a.csr");
    want("x.csr");
    assert_null(batch_policy_of(&policies, "device/a.csr")->problem);
    const struct batch_policy *top = batch_policy_of(&policies, "x.csr");
    assert_string_equal(
        top->problem, "the policy top is for roots; a batch signs those only by a plan that people approved");
    assert_string_equal(top->rule, "policy.root");
}

static void a_path_of_another_policy_is_known(void **state)
{
    (void)state;
    open_policies();
    assert_true(batch_policies_is_other(&policies, "device/a.csr", "server"));
    assert_false(batch_policies_is_other(&policies, "device/a.csr", "device"));
    assert_false(batch_policies_is_other(&policies, "elsewhere/a.csr", "server"));
    assert_false(batch_policies_is_other(&policies, "device", "server"));
}

static void variables_go_to_the_policies_that_declare_them(void **state)
{
    static const struct policy_variable both[] = {{"site", "north"}, {"zone", "inner"}};
    static const struct policy_variable other[] = {{"site", "north"}, {"colour", "red"}};
    struct error err = ERROR_INIT;
    (void)state;
    given.variables = both;
    given.variables_count = 2;
    open_policies();
    want("device/a.csr"), want("server/b.csr");
    const struct plan_options *device = &batch_policy_of(&policies, "device/a.csr")->options;
    const struct plan_options *server = &batch_policy_of(&policies, "server/b.csr")->options;
    assert_int_equal(device->variables_count, 1);
    assert_string_equal(device->variables[0].name, "site");
    assert_int_equal(server->variables_count, 1);
    assert_string_equal(server->variables[0].value, "inner");
    assert_true(batch_policies_check(&policies, &err));
    given.variables = other;
    open_policies();
    want("device/a.csr");
    assert_refused(batch_policies_check(&policies, &err), err, ERROR_USAGE,
                   "--set colour: no policy of this batch has such a variable");
    static const struct policy_variable wrong[] = {{"site", "NORTH"}};
    given.variables = wrong;
    given.variables_count = 1;
    open_policies();
    want("device/a.csr");
    error_clear(&err);
    assert_false(batch_policies_check(&policies, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
}

/* ---- which may be used ---- */

static unsigned told, asked;
static bool says_yes;

static void hear(void *data, const char *text)
{
    (void)data;
    assert_non_null(strstr(text, "the policy device is not the one last used (record "));
    told++;
}

static bool confirm(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data, (void)err;
    assert_string_equal(question, "The policy changed since it was last used. Sign by it as it is now?");
    asked++;
    *ret_yes = says_yes;
    return true;
}

static void a_policy_that_changed_is_meant_or_nothing_is_signed(void **state)
{
    const struct console nobody = {.notice = hear};
    const struct console person = {.notice = hear, .confirm = confirm};
    struct error err = ERROR_INIT;
    (void)state;
    told = asked = 0;
    (void)small_home_sign(&small, "0a", "device", DEVICE);
    open_policies();
    want("device/a.csr"), want("server/b.csr");
    assert_true(batch_policies_compare(&policies, &small.home, &nobody, &err));
    assert_int_equal(told, 0);
    (void)small_home_sign(&small, "0b", "device", DEVICE "# another\n");
    assert_refused(batch_policies_compare(&policies, &small.home, &nobody, &err), err, ERROR_INPUT,
                   "a policy changed since it was last used and there is no terminal; look at it, then say "
                   "--policy-changed-ok; nothing was signed");
    assert_int_equal(told, 1);
    says_yes = false;
    assert_refused(batch_policies_compare(&policies, &small.home, &person, &err), err, ERROR_INTERRUPTED,
                   "the policy was not confirmed; nothing was signed");
    says_yes = true;
    error_clear(&err);
    assert_true(batch_policies_compare(&policies, &small.home, &person, &err));
    assert_int_equal(asked, 2);
    given.policy_changed_ok = true;
    assert_true(batch_policies_compare(&policies, &small.home, &nobody, &err));
    assert_int_equal(asked, 2);
    assert_int_equal(told, 4);
}

static void where_policies_are_approved_nobody_is_asked(void **state)
{
    const struct console person = {.notice = hear, .confirm = confirm};
    struct error err = ERROR_INIT;
    struct approver ann;
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE, .only_approved_policies = true};
    struct record_policy_approved record = {.name = "server", .text = SERVER};
    (void)state;
    approver_make(&ann, "ann", "a");
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    approver_done(&ann);
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
    told = asked = 0;
    says_yes = true;
    given.policy = "server";
    open_policies();
    want("device/a.csr"), want("x.csr");
    assert_false(batch_policies_compare(&policies, &small.home, &person, &err));
    assert_non_null(strstr(err.text, "`coldca policy approve server`"));
    digest_sha256(bytes_of_text(SERVER), record.sha256);
    (void)small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
    error_clear(&err);
    assert_false(batch_policies_compare(&policies, &small.home, &person, &err));
    assert_non_null(strstr(err.text, "`coldca policy approve device`"));
    record.name = "device";
    record.text = DEVICE;
    digest_sha256(bytes_of_text(DEVICE), record.sha256);
    (void)small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
    error_clear(&err);
    assert_true(batch_policies_compare(&policies, &small.home, &person, &err));
    assert_int_equal(told + asked, 0);
    given.policy_changed_ok = true;
    assert_refused(batch_policies_compare(&policies, &small.home, &person, &err), err, ERROR_USAGE,
                   "there is no --policy-changed-ok in this CA, which uses approved policies only; nothing "
                   "was signed: leave it out, and approve what changed with `coldca policy approve NAME`");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_directory_named_like_a_policy_is_judged_by_it, begin, end),
        cmocka_unit_test_setup_teardown(a_batch_signs_by_no_policy_for_roots, begin, end),
        cmocka_unit_test_setup_teardown(a_path_of_another_policy_is_known, begin, end),
        cmocka_unit_test_setup_teardown(variables_go_to_the_policies_that_declare_them, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_changed_is_meant_or_nothing_is_signed, begin, end),
        cmocka_unit_test_setup_teardown(where_policies_are_approved_nobody_is_asked, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
