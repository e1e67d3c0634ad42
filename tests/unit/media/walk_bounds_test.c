/* SPDX-License-Identifier: Apache-2.0 */
/* A medium with as much of everything as there may be is listed whole, and what is beyond a bound is listed as such. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "media/media.h"
#include "medium.h"

#include <limits.h>

/** Names whose texts fill a block to its last byte, whatever order they are read in. */
static void texts_that_just_fit_are_kept_whole(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(media_walk_done) struct media_walk found = {.items = NULL};
    (void)state;
    for (int i = 0; i < 1100; i++) {
        // 127 bytes and a NUL; one of them a byte longer
        AUTO(free) char *name = memory_format("%0*d", i == 300 || i == 700 ? 128 : 127, i);
        int fd = openat(folder.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_int_equal(close(fd), 0);
    }
    assert_true(media_walk(folder.fd, 10, 1100, &found, &err));
    assert_int_equal(found.count, 1100);
    for (size_t i = 0; i < found.count; i++) {
        size_t len = strlen(found.items[i].path);
        assert_true(len == 127 || len == 128);
        assert_true(i == 0 || strcmp(found.items[i - 1].path, found.items[i].path) < 0);
        assert_null(found.items[i].problem);
    }
}

static void each_problem_is_told_of_its_own_item(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(media_walk_done) struct media_walk found = {.items = NULL};
    (void)state;
    for (int i = 0; i < 100; i++) {
        AUTO(free) char *name = memory_format("%02d", i); // two kinds, in turn
        assert_int_equal(i % 2 == 0 ? symlinkat("x", folder.fd, name) : mkfifoat(folder.fd, name, 0644), 0);
    }
    assert_true(media_walk(folder.fd, 10, 100, &found, &err));
    assert_int_equal(found.count, 100);
    for (size_t i = 0; i < found.count; i++)
        assert_string_equal(found.items[i].problem, i % 2 == 0 ? "a symbolic link" : "a FIFO");
}

/** Even if the medium fails in more ways than are kept once. */
static void as_many_problems_as_there_are_are_told(void **state)
{
    bool is_told[101] = {false};
    struct error err = ERROR_INIT;
    AUTO(media_walk_done) struct media_walk found = {.items = NULL};
    (void)state;
    for (int i = 1; i <= 100; i++) {
        AUTO(free) char *name = memory_format("%d", i);
        assert_int_equal(symlinkat("x", folder.fd, name), 0);
    }
    failing_at("no call", 1);
    failing_lacks("fstatat", 0);
    bool is_done = media_walk(folder.fd, 10, 100, &found, &err);
    (void)failing_stop();
    assert_true(is_done);
    assert_int_equal(found.count, 100);
    for (size_t i = 0; i < found.count; i++) {
        int number = 1;
        while (number <= 100) {
            AUTO(free) char *problem = memory_format("can't be stat'ed: %s", strerror(number));
            if (!is_told[number] && strcmp(found.items[i].problem, problem) == 0)
                break;
            number++;
        }
        if (number > 100)
            fail_msg("told of %s: %s", found.items[i].path, found.items[i].problem);
        is_told[number] = true;
    }
}

/** Puts a file with a name of so many bytes into a directory so deep. */
static void make_deep(int depth, size_t folder_len, size_t file_len)
{
    struct error err = ERROR_INIT;
    AUTO(close) int fd = tree_make_deep(folder.fd, depth, folder_len);
    AUTO(free) char *name = memory_format("%0*d", (int)file_len, 0);
    assert_true(file_create(fd, name, 0644, BYTES_LITERAL("x"), &err));
}

static void assert_one(size_t path_len, const char *problem, bool is_unread)
{
    struct error err = ERROR_INIT;
    AUTO(media_walk_done) struct media_walk found = {.items = NULL};
    assert_true(media_walk(folder.fd, 10, 1000, &found, &err));
    assert_int_equal(found.count, 1);
    assert_int_equal(strlen(found.items[0].path), path_len);
    if (problem == NULL)
        assert_null(found.items[0].problem);
    else
        assert_string_equal(found.items[0].problem, problem);
    assert_int_equal(found.items[0].is_unread, is_unread);
    tree_clear(folder.fd);
}

static void what_is_too_deep_or_too_long_is_listed(void **state)
{
    (void)state;
    make_deep(32, 1, 1);
    assert_one(65, NULL, false);
    make_deep(33, 1, 1);
    assert_one(65, "directories nested deeper than 32", true);
    make_deep(16, 250, 79);
    assert_one(PATH_MAX - 1, NULL, false);
    make_deep(16, 250, 80);
    assert_one(PATH_MAX, "a path longer than 4095 bytes", false);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(texts_that_just_fit_are_kept_whole),
        IN_FOLDER(each_problem_is_told_of_its_own_item),
        IN_FOLDER(as_many_problems_as_there_are_are_told),
        IN_FOLDER(what_is_too_deep_or_too_long_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
