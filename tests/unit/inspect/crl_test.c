/* SPDX-License-Identifier: Apache-2.0 */
/* A CRL in a file, held against the ledger: it is the ledger's to the byte, or it is said what is not. */
#include "inspect/crl.h"

#include "apart.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "status/crl.h"

static struct fake_home own;
static struct given given[2];
static int64_t revoked_at; // one for all: lists are compared byte for byte

static bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    const struct crl_options options = {.home = data, .days = 3};
    struct crl_result result = {.number = 0};
    bool is_done = crl_sign(&options, &fake_console, &result, err);
    ret->out.numbers[0] = (uint64_t)result.next_update;
    return is_done;
}

static int64_t sign_crl(const char *home)
{
    const struct apart *found = apart(run_crl, home);
    assert_done(found);
    return (int64_t)found->out.numbers[0];
}

static void revoke_one(const char *path, const struct given *one)
{
    struct error err = ERROR_INIT;
    struct home *home = NULL;
    if (!home_open(path, HOME_WRITE, &fake_console, &home, &err))
        fail_msg("%s", err.text);
    (void)given_revoke(home, one, CRL_SUPERSEDED, revoked_at);
    home_close(home);
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    revoked_at = time_now();
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, "CN=a", "p", true, &given[i]);
    home_close(home);
    revoke_one(own.path, &given[0]);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

/** A copy of the home as it is now; the caller frees its path. */
static char *copy_home(void)
{
    char *path = memory_format("%s/copy", own.folder.path);
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execlp("cp", "cp", "-a", own.path, path, (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return path;
}

static bool check(const char *home, const char *crl, struct crl_held *ret_held, struct error *err)
{
    AUTO(free) char *file = memory_format("%s/crl/%s", own.path, crl);
    error_clear(err);
    return crl_check(home, file, &fake_console, ret_held, err);
}

static void assert_not_held(const char *home, const char *crl, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    struct crl_held held = {.number = 99};
    assert_false(check(home, crl, &held, &err));
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(err.kind, kind);
    assert_int_equal(held.number, 99);
}

static void each_crl_of_the_ledger_is_held(void **state)
{
    static const char *const files[] = {"crl-1.der", "crl-1.pem", "crl-2.der"};
    struct error err = ERROR_INIT;
    int64_t ends[2];
    (void)state;
    ends[0] = sign_crl(own.path);
    revoke_one(own.path, &given[1]);
    ends[1] = sign_crl(own.path);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct crl_held held;
        if (!check(own.path, files[i], &held, &err))
            fail_msg("%s: %s", files[i], err.text);
        assert_int_equal(held.number, i < 2 ? 1 : 2);
        assert_int_equal(held.entries, held.number);
        assert_int_equal(held.next_update, ends[held.number - 1]);
    }
}

static void a_crl_that_the_ledger_has_not_shows_an_old_copy(void **state)
{
    (void)state;
    (void)sign_crl(own.path);
    AUTO(free) char *copy = copy_home();
    (void)sign_crl(own.path);
    assert_not_held(copy, "crl-2.der", ERROR_LEDGER,
                    "the ledger has no CRL 2: either this home is an old copy");
    struct error err = ERROR_INIT;
    struct crl_held held;
    assert_true(check(copy, "crl-1.der", &held, &err));
}

static void two_lists_of_a_number_differ_by_a_serial_or_by_their_dates(void **state)
{
    (void)state;
    AUTO(free) char *copy = copy_home();
    (void)sign_crl(own.path); // crl-1 of one
    revoke_one(copy, &given[1]);
    (void)sign_crl(copy); // crl-1 of two
    AUTO(free)
    char *more =
        memory_format("its entries are not those of the ledger, from %s on: the ledger has it there, "
                      "this CRL has another or none",
                      given[1].serial);
    assert_not_held(copy, "crl-1.der", ERROR_LEDGER, more);
    revoke_one(own.path, &given[1]);
    struct home *home = home_of(&own, HOME_WRITE);
    struct given third;
    given_issue(home, "CN=c", "p", true, &third);
    (void)given_revoke(home, &third, CRL_SUPERSEDED, revoked_at);
    home_close(home);
    (void)sign_crl(own.path); // crl-2 of three
    (void)sign_crl(copy);     // crl-2 of two
    AUTO(free)
    char *less = memory_format("its entries are not those of the ledger, from %s on: the ledger has no more",
                               third.serial);
    assert_not_held(copy, "crl-2.der", ERROR_LEDGER, less);
}

static void a_file_that_is_no_crl_of_this_ca_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    (void)sign_crl(own.path);
    AUTO(free) char *file = memory_format("%s/crl/crl-1.der", own.path);
    assert_true(file_read(AT_FDCWD, file, 1 << 20, &der, &err));
    der.data[der.len - 1] ^= 1; // of its signature
    assert_true(file_create(own.folder.fd, "ca/crl/wrong.der", 0644, builder_bytes(&der), &err));
    assert_not_held(own.path, "wrong.der", ERROR_INPUT, "");
    assert_not_held(own.path, "../ca.pem", ERROR_INPUT, "");
    assert_not_held(own.path, "nothing.der", ERROR_INPUT, "nothing.der");
}

static void a_crl_is_shown_without_a_home(void **state)
{
    static const char *const words[] = {"CN=Root", "number"};
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    (void)state;
    (void)sign_crl(own.path);
    AUTO(free) char *file = memory_format("%s/crl/crl-1.pem", own.path);
    assert_true(crl_show(file, &text, &findings, &err));
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strstr(builder_text(&text), words[i]) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", builder_text(&text), words[i]);
    }
    assert_non_null(strcasestr(builder_text(&text), given[0].serial));
    assert_int_equal(findings.count, 0);
    assert_false(crl_show("/nonexistent", &text, &findings, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_crl_of_the_ledger_is_held, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_that_the_ledger_has_not_shows_an_old_copy, begin, end),
        cmocka_unit_test_setup_teardown(two_lists_of_a_number_differ_by_a_serial_or_by_their_dates, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_crl_of_this_ca_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_shown_without_a_home, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
