/* SPDX-License-Identifier: Apache-2.0 */
/* A directory that was made for answers goes again if none came; one that was there, or holds something, stays. */
#include "base/new_folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "folder.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct folder folder;
static char *path;

static int begin(void **state)
{
    (void)state;
    folder_make(&folder);
    path = memory_format("%s/new", folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(path);
    folder_remove(&folder);
    return 0;
}

static void open_and_leave(const char *file)
{
    struct error err = ERROR_INIT;
    AUTO(new_folder_done) struct new_folder own = {.made = NULL};
    AUTO(close) int fd = -1;
    if (!new_folder_open(path, &own, &fd, &err))
        fail_msg("%s", err.text);
    if (file != NULL)
        assert_true(file_create(fd, file, 0644, BYTES_LITERAL("x"), &err));
}

static void what_was_made_and_stayed_empty_goes(void **state)
{
    (void)state;
    open_and_leave(NULL);
    assert_false(file_exists(folder.fd, "new"));
}

static void what_holds_something_stays(void **state)
{
    (void)state;
    open_and_leave("answer");
    assert_true(file_exists(folder.fd, "new/answer"));
}

static void what_was_there_stays(void **state)
{
    struct error err = ERROR_INIT;
    struct new_folder own = {.made = NULL};
    AUTO(close) int fd = -1;
    (void)state;
    assert_int_equal(mkdir(path, 0755), 0);
    open_and_leave(NULL);
    assert_true(file_exists(folder.fd, "new"));
    assert_true(new_folder_open(path, &own, &fd, &err));
    assert_null(new_folder_parent(&own));
    new_folder_done(&own);
}

static void what_is_not_a_directory_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    struct new_folder own = {.made = NULL};
    int fd = -1;
    (void)state;
    assert_true(file_create(folder.fd, "new", 0644, BYTES_LITERAL("x"), &err));
    assert_false(new_folder_open(path, &own, &fd, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(own.made);
    assert_true(file_exists(folder.fd, "new"));
}

static void its_parent_is_where_it_is_taken_out_of(void **state)
{
    static const char *const cases[][2] = {
        {"new", "."}, {"new/", "."}, {"a/new", "a/"}, {"a/new//", "a/"}, {"/new", "/"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct new_folder own = {.made = (char *)(uintptr_t)cases[i][0]};
        AUTO(free) char *parent = new_folder_parent(&own);
        assert_string_equal(parent, cases[i][1]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_was_made_and_stayed_empty_goes),
        TEST(what_holds_something_stays),
        TEST(what_was_there_stays),
        TEST(what_is_not_a_directory_is_refused),
        TEST(its_parent_is_where_it_is_taken_out_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
