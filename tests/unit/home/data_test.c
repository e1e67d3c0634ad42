/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies there are, and where one is read from: the home's, then those of the data that is named; what can't be read is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "home/data.h"

#include <errno.h>
#include <sys/stat.h>

static struct folder home;
static struct folder data;

static void put(const struct folder *folder, const char *path, const char *text)
{
    struct error err = ERROR_INIT;
    assert_true(file_create(folder->fd, path, 0644, bytes_of_text(text), &err));
}

static int setup(void **state)
{
    (void)state;
    folder_make(&home);
    folder_make(&data);
    assert_int_equal(mkdirat(home.fd, "policies", 0755), 0);
    assert_int_equal(mkdirat(data.fd, "policies", 0755), 0);
    put(&home, "policies/own.yaml", "own");
    put(&home, "policies/root.yaml", "home's root");
    put(&home, "policies/x.yml", "");
    put(&home, "policies/.yaml", "");
    put(&home, "policies/a.yaml", "a");
    put(&data, "policies/root.yaml", "data's root");
    put(&data, "policies/zz-data.yaml", "zz");
    put(&data, "policies/0-data.yaml", "0");
    return setenv("COLDCA_DATA", data.path, 1);
}

static int teardown(void **state)
{
    (void)state;
    folder_remove(&home);
    folder_remove(&data);
    return unsetenv("COLDCA_DATA");
}

/** The names that are found, each followed by a blank; NULL: it is told. The caller frees. */
static char *names_of(int home_fd, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!home_policy_names(home_fd, &names, &count, err))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        builder_format(&text, "%s ", names[i]);
        free(names[i]);
    }
    free(names);
    return builder_take_text(&text);
}

static bool begins(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

static void names_are_those_of_all_places(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(free) char *all = names_of(home.fd, &err);
    AUTO(free) char *without = names_of(-1, &err);
    assert_non_null(all);
    assert_non_null(without);
    assert_true(begins(all, "0-data a "));
    assert_non_null(strstr(all, " own "));
    assert_non_null(strstr(all, " root "));
    assert_null(strstr(all, " root root "));
    assert_string_equal(all + strlen(all) - 8, "zz-data ");
    assert_null(strstr(all, "x.yml"));
    assert_null(strstr(all, "  "));
    assert_true(begins(without, "0-data "));
    assert_null(strstr(without, " own "));
}

/** A policy that is there and not named would pass for one that is not there. */
static void a_place_that_can_not_be_read_is_told(void **state)
{
    const char *failed = "none";
    unsigned told = 0;
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(free) char *all = names_of(home.fd, &err);
    for (unsigned number = 1; failed != NULL; number++) {
        error_clear(&err);
        failing_at("", number);
        AUTO(free) char *names = names_of(home.fd, &err);
        failed = failing_stop();
        assert_int_equal(err.kind, names == NULL ? ERROR_INPUT : ERROR_NONE);
        if (names != NULL && strcmp(names, all) != 0)
            fail_msg("call %u, %s: %s", number, failed == NULL ? "none" : failed, names);
        told += names == NULL;
    }
    assert_true(told >= 10);
    failing_at("openat", 1);
    error_clear(&err);
    assert_null(names_of(home.fd, &err));
    (void)failing_stop();
    assert_string_equal(err.text, "can't read the directory policies: Input/output error");
    static const int absent[] = {ENOENT, ENOTDIR, EACCES};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
        error_clear(&err);
        failing_at("openat", 1);
        failing_as(absent[i]);
        AUTO(free) char *names = names_of(home.fd, &err);
        (void)failing_stop();
        assert_non_null(names);
        assert_true(begins(names, "0-data "));
        assert_null(strstr(names, " own "));
    }
}

static void assert_read(int home_fd, const char *name, const char *text, const char *file)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *from = NULL;
    AUTO(builder_done) struct builder read = BUILDER_INIT;
    if (!home_policy_read(home_fd, name, &read, &from, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&read), text);
    assert_string_equal(from, file);
}

static void a_policy_is_read_from_the_first_place_that_has_it(void **state)
{
    (void)state;
    assert_read(home.fd, "root", "home's root", "policies/root.yaml");
    assert_read(-1, "root", "data's root", "root.yaml");
    assert_read(home.fd, "zz-data", "zz", "zz-data.yaml");
    AUTO(free) char *path = memory_format("%s/policies/x.yml", home.path);
    AUTO(free) char *file = memory_format("%s/policies/own.yaml", home.path);
    assert_read(-1, path, "", path);
    assert_read(-1, file, "own", file);
}

static void assert_not_read(const char *kind, const char *name, enum error_kind wanted, const char *front)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *from = NULL;
    AUTO(builder_done) struct builder read = BUILDER_INIT;
    assert_false(home_data_read(home.fd, kind, name, &read, &from, &err));
    assert_int_equal(err.kind, wanted);
    assert_null(from);
    if (!begins(err.text, front))
        fail_msg("%s", err.text);
}

static void what_is_no_name_is_told_by_its_kind(void **state)
{
    (void)state;
#define NO_NAME(what, name) "invalid " what " name \"" name "\": letters, digits, \"-\" and \"_\" only"
    assert_not_read("policies", "a b", ERROR_USAGE, NO_NAME("policy", "a b"));
    assert_not_read("policies", "", ERROR_USAGE, NO_NAME("policy", ""));
    assert_not_read("ceremonies", "a.b", ERROR_USAGE, NO_NAME("ceremony", "a.b"));
    assert_not_read("tokens", "..", ERROR_USAGE, NO_NAME("token model", ".."));
    assert_not_read("policies", "gone_1-A", ERROR_INPUT, "no gone_1-A.yaml in the home's policies/ ");
    assert_not_read("policies", "./gone.yaml", ERROR_INPUT,
                    "can't open ./gone.yaml: No such file or directory");
}

/** Another policy of the same name further on must not stand in for one that can't be read. */
static void a_policy_that_can_not_be_read_is_no_other(void **state)
{
    const char *failed = "none";
    (void)state;
    for (unsigned number = 1; failed != NULL; number++) {
        struct error err = ERROR_INIT;
        AUTO(free) char *from = NULL;
        AUTO(builder_done) struct builder read = BUILDER_INIT;
        failing_at("", number);
        bool is_read = home_data_read(home.fd, "policies", "root", &read, &from, &err);
        failed = failing_stop();
        assert_int_equal(err.kind, is_read ? ERROR_NONE : ERROR_INPUT);
        assert_true(failed != NULL || is_read);
        assert_true(!is_read || strcmp(builder_text(&read), "home's root") == 0);
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(names_are_those_of_all_places),
        IN_FOLDER(a_place_that_can_not_be_read_is_told),
        IN_FOLDER(a_policy_is_read_from_the_first_place_that_has_it),
        IN_FOLDER(what_is_no_name_is_told_by_its_kind),
        IN_FOLDER(a_policy_that_can_not_be_read_is_no_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
