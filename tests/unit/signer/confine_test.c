/* SPDX-License-Identifier: Apache-2.0 */
/* A home becomes a signer by way of confinement: what stays within reach, and what is said where it can't be. */
#include "fake_home.h"

#include "base/file.h"
#include "base/memory.h"
#include "failing.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static char *out;
static char *foreign;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    fake_home_make(&own);
    out = memory_format("%s/out", own.folder.path);
    foreign = memory_format("%s/foreign", own.folder.path);
    assert_int_equal(mkdir(out, 0755), 0);
    assert_true(file_create(AT_FDCWD, foreign, 0644, BYTES_LITERAL("1234\n"), &err));
    if (!home_open(own.path, HOME_WRITE, &fake_console, &own.home, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(out);
    free(foreign);
    fake_home_remove(&own);
    return 0;
}

static bool reaches(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0644);
    int reason = errno;
    if (fd >= 0)
        (void)close(fd);
    else
        errno = reason;
    return fd >= 0;
}

/** What a child finds after it was confined. \return its exit code: a bit for each thing that is not as it has to be */
static int confined_child(const char *pin_source, bool may_read_foreign)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct error err = ERROR_INIT;
        AUTO(free) char *inside = memory_format("%s/new", own.path);
        AUTO(free) char *answer = memory_format("%s/a.pem", out);
        AUTO(free) char *beside = memory_format("%s/beside", own.folder.path);
        const struct confine_written answers = {.path = out, .parent = own.folder.path};
        (void)mkdir(beside, 0755);
        if (!signer_confine(own.home, &answers, pin_source, &fake_console, &own.confined, &err))
            exit(1);
        int wrong = signer_open(own.confined, &fake_console, &own.signer, &err) ? 0 : 2;
        wrong |= own.signer != NULL && signer_unconfined_reason(own.signer) == NULL ? 0 : 4;
        wrong |= reaches(inside, O_WRONLY | O_CREAT) ? 0 : 8;
        wrong |= reaches(answer, O_WRONLY | O_CREAT) ? 0 : 16;
        wrong |= reaches(foreign, O_RDONLY) == may_read_foreign ? 0 : 32;
        wrong |= reaches(foreign, O_WRONLY) || errno != EACCES ? 64 : 0;
        // Beside what was made for answers empty directories can be removed, and nothing can be made.
        wrong |= rmdir(beside) == 0 && mkdir(beside, 0755) != 0 && errno == EACCES ? 0 : 128;
        exit(wrong);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void home_and_output_stay_within_reach_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(confined_child(NULL, false), 0);
}

static void a_pin_file_stays_readable(void **state)
{
    AUTO(free) char *source = memory_format("file:%s", foreign);
    (void)state;
    assert_int_equal(chmod(foreign, 0600), 0);
    assert_int_equal(confined_child(source, true), 0);
}

static void a_pin_source_that_is_not_there_is_told_before_anything_is_given_up(void **state)
{
    struct error err = ERROR_INIT;
    const struct confine_written answers = {.path = out};
    (void)state;
    assert_false(
        signer_confine(own.home, &answers, "file:/nonexistent/pin", &fake_console, &own.confined, &err));
    assert_null(own.confined);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_true(reaches(foreign, O_RDONLY));
}

static void a_module_whose_files_nobody_names_is_not_confined_and_says_so(void **state)
{
    struct error err = ERROR_INIT;
    const struct confine_written answers = {.path = out};
    (void)state;
    free(own.home->config.token.profile);
    own.home->config.token.profile = NULL;
    own.home->config.token.module = memory_text("/usr/lib/some-module.so");
    assert_true(signer_confine(own.home, &answers, NULL, &fake_console, &own.confined, &err));
    assert_non_null(strstr(fake_console_said(), "this process is not confined: nothing says which files"));
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    assert_string_equal(signer_unconfined_reason(own.signer),
                        "nothing says which files the token's module needs");
    assert_true(reaches(foreign, O_RDONLY));
}

/* ---- what a profile names ---- */

static char *inside(const char *name)
{
    return memory_format("%s/%s", own.folder.path, name);
}

static void make(const char *name, const char *content)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = inside(name);
    if (content == NULL)
        assert_int_equal(mkdir(path, 0755), 0);
    else
        assert_true(file_create(AT_FDCWD, path, 0644, bytes_of_text(content), &err));
}

/** A module behind a link, a library beside it, data that came with the program, and a profile that names two files. */
static void make_module(void)
{
    static const char *const folders[] = {"data", "data/policies", "data/screen", "data/tokens", "lib"};
    static const char *const files[] = {"data/policies/p", "data/screen/s", "data/tokens/t", "data/other",
                                        "lib/module.so",   "lib/beside.so", "first",         "last"};
    AUTO(free) char *link = inside("link.so");
    AUTO(free) char *data = inside("data");
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        make(folders[i], NULL);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        make(files[i], "x");
    assert_int_equal(symlink("lib/module.so", link), 0);
    assert_int_equal(setenv("COLDCA_DATA", data, 1), 0);
    AUTO(free)
    char *profile = memory_format("name: mine\ntitle: Mine\ntested: false\nmodules: [%s/link.so]\n"
                                  "always_authenticate: true\nkeys: [ec-p256]\n"
                                  "files:\n  - {path: %s/first}\n  - {path: %s/last, write: true}\n",
                                  own.folder.path, own.folder.path, own.folder.path);
    make("mine.yaml", profile);
    free(own.home->config.token.profile);
    own.home->config.token.profile = inside("mine.yaml");
}

/** Whether a child that was confined reaches what it should and nothing else. \param written  NULL: nowhere */
static void assert_reach(const struct confine_written *written, bool module_is_there)
{
    const struct {
        const char *name;
        bool may_read, may_write;
    } wanted[] = {
        {"data/policies/p", true, false},
        {"data/screen/s", true, false},
        {"data/tokens/t", true, false},
        {"data/other", false, false},
        {"lib/module.so", module_is_there, false},
        {"lib/beside.so", module_is_there, false},
        {"first", true, false},
        {"last", true, true},
        {"foreign", false, false},
        {"ca/ca.yaml", true, true},
        {"out/answer", written != NULL, written != NULL},
    };
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct error err = ERROR_INIT;
        if (!signer_confine(own.home, written, NULL, &fake_console, &own.confined, &err)) {
            fprintf(stderr, "%s\n", err.text);
            exit(1);
        }
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
            AUTO(free) char *path = inside(wanted[i].name);
            if (reaches(path, O_RDONLY) != wanted[i].may_read ||
                reaches(path, O_WRONLY) != wanted[i].may_write) {
                fprintf(stderr, "%s is within reach as it should not be, or out of it\n", wanted[i].name);
                exit(2);
            }
        }
        exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void a_modules_libraries_and_the_files_of_its_profile_are_within_reach(void **state)
{
    const struct confine_written answers = {.path = out};
    (void)state;
    make_module();
    make("out/answer", "x");
    assert_reach(&answers, true);
    assert_reach(NULL, true);
}

static void a_module_that_ca_yaml_names_is_within_reach_if_it_is_there(void **state)
{
    (void)state;
    make_module();
    make("out/answer", "x");
    free(own.home->config.token.module);
    own.home->config.token.module = inside("link.so");
    assert_reach(NULL, true);
    free(own.home->config.token.module);
    own.home->config.token.module = memory_text("/nonexistent/module.so");
    assert_reach(NULL, false);
}

/** Each file that is opened on the way can't be, once: then either nothing is confined, and that is told, or all is as it has to be. */
static void who_can_not_be_confined_is_told(void **state)
{
    bool is_more = true;
    unsigned told = 0;
    (void)state;
    for (unsigned number = 1; is_more; number++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            struct error err = ERROR_INIT;
            failing_at("open", number);
            bool is_done = signer_confine(own.home, NULL, NULL, &fake_console, &own.confined, &err);
            bool has_failed = failing_stop() != NULL;
            bool is_told = !is_done && own.confined == NULL && err.kind == ERROR_INPUT;
            if (is_done && (own.confined == NULL || reaches(foreign, O_RDONLY)))
                exit(3);
            exit(!has_failed ? is_done ? 0 : 4 : is_done ? 1 : is_told ? 2 : 5);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 0, 2);
        is_more = WEXITSTATUS(status) != 0;
        told += WEXITSTATUS(status) == 2 ? 1 : 0;
    }
    assert_true(told > 5); // each path that is allowed
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(home_and_output_stay_within_reach_and_nothing_else, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_file_stays_readable, begin, end),
        cmocka_unit_test_setup_teardown(a_pin_source_that_is_not_there_is_told_before_anything_is_given_up,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_modules_libraries_and_the_files_of_its_profile_are_within_reach,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_module_that_ca_yaml_names_is_within_reach_if_it_is_there, begin,
                                        end),
        cmocka_unit_test_setup_teardown(who_can_not_be_confined_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_module_whose_files_nobody_names_is_not_confined_and_says_so, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
