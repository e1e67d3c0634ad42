/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a home: which one, what must lie in it, the clock (P8), and its certificates made again from the ledger. */
#include "home/home.h"

#include "base/file.h"
#include "base/memory.h"
#include "fake_home.h"
#include "home/certificate.h"
#include "policy/template.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static char *file_of(const char *name)
{
    return memory_format("%s/%s", own.path, name);
}

static void rename_file(const char *from, const char *to)
{
    AUTO(free) char *old = file_of(from);
    AUTO(free) char *new = file_of(to);
    assert_int_equal(rename(old, new), 0);
}

static void write_file(const char *name, const char *text)
{
    AUTO(free) char *path = file_of(name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_not_opened(enum home_access access, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    assert_false(home_open(own.path, access, &fake_console, &home, &err));
    assert_null(home);
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void the_home_is_the_options_then_the_environments(void **state)
{
    (void)state;
    assert_int_equal(setenv("COLDCA_HOME", "/elsewhere", 1), 0);
    AUTO(free) char *option = home_path("/here");
    AUTO(free) char *environment = home_path(NULL);
    assert_int_equal(setenv("COLDCA_HOME", "", 1), 0);
    AUTO(free) char *fallback = home_path(NULL);
    assert_string_equal(option, "/here");
    assert_string_equal(environment, "/elsewhere");
    assert_string_equal(fallback, HOME_DEFAULT_PATH);
    assert_int_equal(unsetenv("COLDCA_HOME"), 0);
}

static void a_home_opens_to_look_and_to_write(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_string_equal(fake_console_said(), "");
    for (enum home_access access = HOME_LOOK; access <= HOME_COMPLETE; access++) {
        AUTO(home_close) struct home *home = NULL;
        if (!home_open(own.path, access, &fake_console, &home, &err))
            fail_msg("%s", err.text);
        assert_int_equal(home->access, access);
        assert_int_equal(ledger_size(home->ledger), 5);
        assert_string_equal(home->config.origin, "ca.example/root");
        assert_string_equal(cert_issuer_facts(home->issuer)->subject_text, "CN=Root");
    }
}

static void only_one_may_write(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    AUTO(home_close) struct home *looker = NULL;
    (void)state;
    assert_true(home_open(own.path, HOME_WRITE, &fake_console, &home, &err));
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &looker, &err));
}

static void a_directory_that_is_no_ca_is_said_so(void **state)
{
    (void)state;
    rename_file("ca.yaml", "was-ca.yaml");
    assert_not_opened(HOME_LOOK, ERROR_INPUT, "holds a ledger but no ca.yaml: restore ca.yaml");
    rename_file("ledger.jsonl", "was-ledger.jsonl");
    assert_not_opened(HOME_LOOK, ERROR_INPUT, "is not a CA directory (no ca.yaml); `coldca init` makes one");
}

static void a_path_that_is_not_there_is_said_so(void **state)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    (void)state;
    assert_false(home_open_files("/nonexistent/home", &home, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "`coldca init` makes one, -C names another"));
}

static void a_certificate_that_is_none_is_refused(void **state)
{
    (void)state;
    write_file("ca.pem", "no certificate\n");
    assert_not_opened(HOME_LOOK, ERROR_INPUT, "reading ca.pem");
}

static void a_chain_that_is_none_is_refused(void **state)
{
    (void)state;
    write_file("chain.pem", "no certificate\n");
    assert_not_opened(HOME_LOOK, ERROR_LEDGER, "chain.pem is not the chain above this CA (");
    assert_not_opened(HOME_WRITE, ERROR_LEDGER, "`coldca cert chain --set FILE` takes it");
}

static void a_chain_the_ledger_does_not_have_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    (void)state;
    AUTO(builder_done) struct builder root = BUILDER_INIT;
    AUTO(free) char *certificate = file_of("ca.pem");
    assert_true(file_read(AT_FDCWD, certificate, 65536, &root, &err));
    write_file("chain.pem", builder_text(&root)); // a chain a self-signed root can have
    assert_not_opened(HOME_LOOK, ERROR_LEDGER,
                      "chain.pem, with 1 certificate, is not the chain that record 3 of the ledger");
    assert_not_opened(HOME_WRITE, ERROR_LEDGER, "it was changed; put chain.pem back from a copy");
    // But it can be put right.
    assert_true(home_open(own.path, HOME_SET_CHAIN, &fake_console, &home, &err));
}

static void a_home_that_awaits_its_parent_can_be_completed_only(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    (void)state;
    rename_file("ca.pem", "was-ca.pem");
    assert_not_opened(HOME_COMPLETE, ERROR_LEDGER, "ca.pem was taken away");
    write_file("ledger.jsonl", "");
    write_file("ledger.checkpoints", "");
    rename_file("ledger.checkpoint", "was-ledger.checkpoint");
    rename_file("index.sqlite", "was-index.sqlite");
    assert_not_opened(HOME_WRITE, ERROR_INPUT, "awaits its parent's certificate");
    assert_true(home_open(own.path, HOME_COMPLETE, &fake_console, &home, &err));
    assert_null(home->issuer);
}

static void a_ledger_that_was_changed_does_not_open(void **state)
{
    (void)state;
    write_file("ledger.jsonl", "");
    assert_not_opened(HOME_LOOK, ERROR_LEDGER, "opening the ledger of ");
}

static void files_alone_open_with_a_damaged_ledger(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    (void)state;
    write_file("ledger.jsonl", "");
    assert_true(home_open_files(own.path, &home, &err));
    assert_null(home->ledger);
}

/* ---- P8 ---- */

static void a_clock_behind_ledger_certificate_or_build_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    AUTO(home_close) struct home *empty = home_new("nowhere");
    (void)state;
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &home, &err));
    assert_true(home_clock_check(home, time_now(), &err));
    assert_false(home_clock_check(home, ledger_newest_time(home->ledger) - 1, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "set the clock, then run again"));
    assert_true(home_clock_check(empty, time_of_build(), &err));
    error_clear(&err);
    assert_false(home_clock_check(empty, time_of_build() - 1, &err));
    assert_non_null(strstr(err.text, "the build of this coldca"));
    error_clear(&err);
    ledger_close(TAKE(home->ledger));
    assert_false(home_clock_check(home, cert_issuer_facts(home->issuer)->not_before - 1, &err));
    assert_non_null(strstr(err.text, "which is before "));
}

/* ---- signatures and certificates ---- */

static void a_hash_is_the_templates_then_the_homes(void **state)
{
    struct error err = ERROR_INIT;
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(home_close) struct home *home = NULL;
    struct template template = {.hash = HASH_NONE};
    (void)state;
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &home, &err));
    assert_true(home_signature_kind(home, &template, &kind, &err));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA256);
    home->config.hash = memory_text("sha384");
    assert_true(home_signature_kind(home, &template, &kind, &err));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA384);
    template.hash = HASH_SHA512;
    assert_true(home_signature_kind(home, &template, &kind, &err));
    assert_int_equal(kind, SIGNATURE_ECDSA_SHA512);
    template.hash = HASH_NONE;
    memcpy(home->config.hash, "sha1", 5);
    assert_false(home_signature_kind(home, &template, &kind, &err));
    assert_non_null(strstr(err.text, "hash is sha256, sha384 or sha512"));
}

static void a_certificate_is_found_by_its_serial_however_it_is_written(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    AUTO(json_free) struct json *signing = NULL;
    (void)state;
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &home, &err));
    assert_true(ledger_record(home->ledger, 0, &signing, &err));
    const char *serial = json_text(signing, "serial");
    AUTO(builder_done) struct builder spaced = BUILDER_INIT;
    for (size_t i = 0; i < strlen(serial); i += 2)
        builder_format(&spaced, "%s%c%c", i == 0 ? "" : ":", serial[i] - (serial[i] >= 'a' ? 32 : 0),
                       serial[i + 1]);
    const char *const forms[] = {serial, builder_text(&spaced)};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
        if (!home_certificate_find(home, forms[i], &der, &entry, &err))
            fail_msg("%s", err.text);
        assert_true(bytes_equal(builder_bytes(&der), cert_issuer_der(home->issuer)));
        assert_string_equal(entry.serial, serial);
    }
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    assert_true(home_certificate_describe(home, cert_issuer_der(home->issuer), &text, &findings, &err));
    assert_non_null(strstr(builder_text(&text), "Root"));
}

static void a_serial_that_is_none_or_unknown_is_said_so(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct ledger_entry entry = {.serial = NULL};
    (void)state;
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &home, &err));
    assert_false(home_certificate_find(home, "xyz", &der, &entry, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    error_clear(&err);
    assert_false(home_certificate_find(home, "0102", &der, &entry, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "`coldca cert list` shows all"));
}

/* ---- policies and what else comes with the program ---- */

static void a_policy_is_the_homes_then_the_programs(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(home_close) struct home *home = NULL;
    AUTO(policy_free) struct policy *first = NULL;
    AUTO(policy_free) struct policy *second = NULL;
    (void)state;
    assert_true(home_open(own.path, HOME_LOOK, &fake_console, &home, &err));
    write_file("policies/root.yaml", FAKE_POLICY);
    assert_true(home_policy_find(home->fd, "root", &first, &err));
    assert_string_equal(policy_name(first), "test");
    assert_true(home_policy_find(-1, "root", &second, &err));
    assert_string_equal(policy_name(second), "root");
}

static void a_name_that_is_nearly_one_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct policy *policy = NULL;
    (void)state;
    assert_false(home_policy_find(-1, "tls-serve", &policy, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "tls-server"));
    error_clear(&err);
    assert_false(home_policy_find(-1, "a name", &policy, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    error_clear(&err);
    assert_false(home_policy_find(-1, "./not-there.yaml", &policy, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void names_of_policies_are_sorted_and_each_once(void **state)
{
    struct error err = ERROR_INIT;
    char **names = NULL;
    size_t count = 0;
    (void)state;
    AUTO(home_close) struct home *home = NULL;
    assert_true(
        home_open(own.path, HOME_LOOK, &fake_console, &home, &err)); // its policies/ has the same ones
    assert_true(home_policy_names(home->fd, &names, &count, &err));
    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
        if (i > 0)
            free(names[i - 1]);
    }
    free(names[count - 1]);
    free(names);
}

static void a_file_that_comes_with_the_program_is_found(void **state)
{
    (void)state;
    AUTO(free) char *found = home_data_find("tokens/softhsm2.yaml");
    AUTO(free) char *none = home_data_find("tokens/not-there.yaml");
    assert_non_null(found);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_home_is_the_options_then_the_environments),
        cmocka_unit_test_setup_teardown(a_home_opens_to_look_and_to_write, begin, end),
        cmocka_unit_test_setup_teardown(only_one_may_write, begin, end),
        cmocka_unit_test_setup_teardown(a_directory_that_is_no_ca_is_said_so, begin, end),
        cmocka_unit_test_setup_teardown(a_path_that_is_not_there_is_said_so, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_that_is_none_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_chain_that_is_none_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_chain_the_ledger_does_not_have_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_home_that_awaits_its_parent_can_be_completed_only, begin, end),
        cmocka_unit_test_setup_teardown(a_ledger_that_was_changed_does_not_open, begin, end),
        cmocka_unit_test_setup_teardown(files_alone_open_with_a_damaged_ledger, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_behind_ledger_certificate_or_build_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_hash_is_the_templates_then_the_homes, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_is_found_by_its_serial_however_it_is_written, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_serial_that_is_none_or_unknown_is_said_so, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_is_the_homes_then_the_programs, begin, end),
        cmocka_unit_test_setup_teardown(a_name_that_is_nearly_one_is_told, begin, end),
        cmocka_unit_test_setup_teardown(names_of_policies_are_sorted_and_each_once, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_comes_with_the_program_is_found, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
