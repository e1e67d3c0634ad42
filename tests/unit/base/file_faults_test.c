/* SPDX-License-Identifier: Apache-2.0 */
/* One call into the system fails, whichever: who reads or writes a file is told, and a name stands for all of the old or all of the new. */
#include "base/file.h"
#include "failing.h"
#include "folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct folder folder;

static int setup(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static bool holds(const char *name, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    return file_read(folder.fd, name, 100, &data, &err) && strcmp(builder_text(&data), wanted) == 0;
}

typedef bool doing(struct error *err);

static bool create(struct error *err)
{
    return file_create(folder.fd, "new", 0600, BYTES_LITERAL("new"), err);
}

static bool replace(struct error *err)
{
    return file_replace(folder.fd, "old", 0600, BYTES_LITERAL("new"), err);
}

static bool read_old(struct error *err)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    return file_read(folder.fd, "old", 100, &data, err) && strcmp(builder_text(&data), "old") == 0;
}

static bool make_folder(struct error *err)
{
    return file_make_folder(folder.fd, "below", 0700, err);
}

/** \return how many calls can fail */
static unsigned fail_each(doing *what, const char *name, const char *before, const char *after)
{
    for (unsigned number = 1;; number++) {
        struct error err = ERROR_INIT;
        (void)unlinkat(folder.fd, "new", 0);
        (void)unlinkat(folder.fd, "old", 0);
        (void)unlinkat(folder.fd, "below", AT_REMOVEDIR);
        assert_true(file_create(folder.fd, "old", 0600, BYTES_LITERAL("old"), &err));
        failing_at("", number);
        bool is_done = what(&err);
        const char *failed = failing_stop();
        if (err.kind != (is_done ? ERROR_NONE : ERROR_INPUT))
            fail_msg("call %u, %s: done %d, but told: %s", number, failed == NULL ? "none" : failed, is_done,
                     err.text);
        if (before != NULL && !holds(name, after) && (is_done || !holds(name, before)))
            fail_msg("call %u, %s: %s is neither the old nor the new", number,
                     failed == NULL ? "none" : failed, name);
        if (failed != NULL)
            continue;
        assert_true(is_done);
        return number - 1;
    }
}

static void what_is_replaced_is_old_or_new(void **state)
{
    (void)state;
    assert_in_range(fail_each(replace, "old", "old", "new"), 4, 20); // open, write, fsync, rename at least
}

static void what_is_created_is_there_or_told(void **state)
{
    (void)state;
    assert_in_range(fail_each(create, "new", NULL, "new"), 3, 20);
    assert_true(holds("new", "new"));
}

static void what_is_read_is_whole_or_told(void **state)
{
    (void)state;
    assert_in_range(fail_each(read_old, "old", NULL, "old"), 3, 20);
}

static void a_folder_is_there_or_told(void **state)
{
    (void)state;
    assert_in_range(fail_each(make_folder, "below", NULL, NULL), 1, 20);
    assert_int_equal(faccessat(folder.fd, "below", F_OK, 0), 0);
}

/** Whatever is left out because it is not there is not left out because nobody can say. */
static void what_a_failing_disk_can_not_tell_may_be_there(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(file_exists(folder.fd, "old"));
    assert_false(file_exists(folder.fd, "old/below"));
    failing_at("fstatat", 1);
    assert_true(file_exists(folder.fd, "old"));
    assert_non_null(failing_stop());
    assert_true(replace(&err));
    assert_true(file_exists(folder.fd, "old"));
    assert_false(file_exists(folder.fd, "old/below"));
}

static void calls_of_another_name_count_not(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    failing_at("sqlite3_", 1);
    assert_true(create(&err));
    assert_null(failing_stop());
    failing_at("fsync", 1);
    assert_false(replace(&err) && create(&err));
    assert_string_equal(failing_stop(), "fsync");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_replaced_is_old_or_new, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_created_is_there_or_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_read_is_whole_or_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_is_there_or_told, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_failing_disk_can_not_tell_may_be_there, setup, teardown),
        cmocka_unit_test_setup_teardown(calls_of_another_name_count_not, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
