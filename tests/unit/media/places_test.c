/* SPDX-License-Identifier: Apache-2.0 */
/* Where things may be put on a medium, with which rights, and what is opened for it; what an earlier run left beside is known by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quote.h"
#include "failing.h"
#include "media/media.h"
#include "medium.h"

#include <limits.h>

static void put(const char *path)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder.fd, path, 0644, BYTES_LITERAL("x"), &err))
        fail_msg("%s", err.text);
}

static bool is_there(const char *path)
{
    struct error err = ERROR_INIT;
    bool is = false;
    if (!media_look(folder.fd, path, &is, &err))
        fail_msg("%s", err.text);
    return is;
}

static void assert_not_looked(const char *path, const char *text)
{
    struct error err = ERROR_INIT;
    bool is = false;
    assert_false(media_look(folder.fd, path, &is, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, text);
    assert_false(is);
}

static void what_is_there_is_told_and_links_are_refused(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(folder.fd, "a", 0755), 0);
    put("a/b");
    assert_int_equal(symlinkat("a", folder.fd, "li\nnk"), 0);
    assert_true(is_there("a"));
    assert_true(is_there("a/b"));
    assert_false(is_there("b"));
    assert_false(is_there("a/c"));
    assert_false(is_there("a/b/c"));
#define IS_LINK " on the medium is or passes a symbolic link, which is not followed: put the real thing there"
    assert_not_looked("li\nnk", "li\\x0ank" IS_LINK);
    assert_not_looked("li\nnk/b", "li\\x0ank/b" IS_LINK);
    assert_not_looked("..", "cannot read .. on the medium: Invalid cross-device link");
    failing_at("openat2", 1);
    assert_not_looked("a", "cannot read a on the medium: Input/output error");
    assert_non_null(failing_stop());
}

static void a_directory_is_opened_or_made_where_it_may_be(void **state)
{
    int fd = -1;
    struct error err = ERROR_INIT;
    struct stat status;
    (void)state;
    assert_false(media_open_folder(folder.fd, "a/b", false, &fd, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(err.native, ENOENT);
    assert_string_equal(err.text, "can't open the directory a/b on the medium: No such file or directory");
    assert_tree(folder.fd, "");
    error_clear(&err);
    mode_t mask = umask(0);
    assert_true(media_open_folder(folder.fd, "a/b", true, &fd, &err));
    assert_int_equal(mkdirat(fd, "c", 0755), 0);
    assert_tree(folder.fd, "a/\na/b/\na/b/c/\n");
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    assert_int_equal(close(fd), 0);
    (void)umask(mask);
    assert_true(media_open_folder(folder.fd, "a/b", false, &fd, &err));
    assert_int_equal(mkdirat(fd, "d", 0755), 0);
    assert_int_equal(close(fd), 0);
    assert_true(media_open_folder(folder.fd, "a/b", true, &fd, &err));
    assert_int_equal(close(fd), 0);
    assert_tree(folder.fd, "a/\na/b/\na/b/c/\na/b/d/\n");
    assert_int_equal(symlinkat("a", folder.fd, "link"), 0);
    put("file");
    static const char *const wrong[] = {"link", "link/b", "file", "file/b", "..", "../x"};
    for (size_t i = 0; i < 2 * ARRAY_LEN(wrong); i++) {
        error_clear(&err);
        bool may_make = i % 2 == 1;
        if (media_open_folder(folder.fd, wrong[i / 2], may_make, &fd, &err))
            fail_msg("%s is opened", wrong[i / 2]);
        assert_int_equal(err.kind, ERROR_INPUT);
    }
}

static void what_is_delivered_may_be_read_by_all_and_written_by_us(void **state)
{
    struct error err = ERROR_INIT;
    struct stat status;
    (void)state;
    mode_t mask = umask(0);
    bool is_done = media_deliver(folder.fd, "a/b.pem", BYTES_LITERAL("one"), &err);
    (void)umask(mask);
    assert_true(is_done);
    assert_int_equal(fstatat(folder.fd, "a/b.pem", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_int_equal(fstatat(folder.fd, "a", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
}

static void an_empty_file_is_a_file(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(media_deliver(folder.fd, "a", BYTES_LITERAL(""), &err));
    assert_true(media_deliver(folder.fd, "a", BYTES_LITERAL(""), &err));
    assert_false(media_deliver(folder.fd, "a", BYTES_LITERAL("x"), &err));
    assert_tree(folder.fd, "a: \n");
    assert_true(media_deliver(folder.fd, "b", BYTES_LITERAL("x"), &err));
    assert_false(media_deliver(folder.fd, "b", BYTES_LITERAL(""), &err));
    assert_tree(folder.fd, "a: \nb: x\n");
}

/** Of as many bytes, with an end that no name may have: its fault is told if it is short enough. */
static void assert_fault_of_length(size_t len, const char *fault)
{
    struct error err = ERROR_INIT;
    struct quoted shown;
    AUTO(media_group_free) struct media_group *group = media_group_new();
    AUTO(free) char *name = memory_new(len + 1, 1);
    for (size_t i = 0; i < len; i++)
        name[i] = i % 256 == 255 ? '/' : 'n';
    name[len - 1] = '.';
    AUTO(free)
    char *text = memory_format("the name \"%s\" %s; it is not written", quoted_text(name, &shown), fault);
    assert_false(media_deliver(folder.fd, name, BYTES_LITERAL("x"), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, text);
    error_clear(&err);
    assert_false(media_deliver_over(folder.fd, name, BYTES_LITERAL("x"), &err));
    assert_string_equal(err.text, text);
    error_clear(&err);
    assert_false(media_group_add(group, folder.fd, name, BYTES_LITERAL("x"), &err));
    assert_string_equal(err.text, text);
    assert_tree(folder.fd, "");
}

static void a_name_that_is_none_is_told_before_anything_is_made(void **state)
{
    (void)state;
    assert_fault_of_length(2, "has a part that ends with a dot or a space");
    assert_fault_of_length(PATH_MAX - 1, "has a part that ends with a dot or a space");
    assert_fault_of_length(PATH_MAX, "is too long");
}

/** As versions to come must know it, to clear it away: one that died may have been of this version. */
static void what_is_on_its_way_has_a_name_of_its_own(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(media_group_free) struct media_group *group = media_group_new();
    assert_true(media_group_add(group, folder.fd, "a.pem", BYTES_LITERAL("one"), &err));
    assert_true(media_group_add(group, folder.fd, "s/a.pem", BYTES_LITERAL("two"), &err));
    assert_true(media_group_add(group, folder.fd, "b.pem", BYTES_LITERAL("three"), &err));
    assert_tree(folder.fd, ".coldca-19a1cf824dccc066.part: one\n.coldca-413eaae935b92d28.part: three\ns/\n"
                           "s/.coldca-19a1cf824dccc066.part: two\n");
    media_group_free(TAKE(group));
    assert_tree(folder.fd, "s/\n");
}

/** Adds files to so many directories, two to each. */
static void add(struct media_group *group, int folders, const char *name)
{
    struct error err = ERROR_INIT;
    for (int i = 0; i < 2 * folders; i++) {
        AUTO(free) char *path = memory_format("%d/%s-%d", i % folders, name, i);
        if (!media_group_add(group, folder.fd, path, BYTES_LITERAL("x"), &err))
            fail_msg("%s", err.text);
    }
}

static void a_group_opens_each_directory_once_and_keeps_eight(void **state)
{
    struct error err = ERROR_INIT;
    struct media_group *group = media_group_new();
    size_t before = open_descriptors();
    (void)state;
    add(group, 8, "a");
    assert_int_equal(open_descriptors(), before + 8);
    assert_true(media_group_commit(group, folder.fd, &err));
    assert_int_equal(open_descriptors(), before + 8);
    add(group, 9, "b");
    assert_int_equal(open_descriptors(), before + 9);
    assert_true(media_group_commit(group, folder.fd, &err));
    assert_int_equal(open_descriptors(), before);
    add(group, 1, "c");
    assert_true(media_group_commit(group, folder.fd, &err));
    assert_true(media_group_commit(group, folder.fd, &err)); // of nothing
    media_group_free(group);
    assert_int_equal(open_descriptors(), before);
    AUTO(free) char *tree = tree_text(folder.fd);
    assert_null(strstr(tree, ".coldca-"));
}

static bool do_all(struct error *err)
{
    int fd = -1;
    bool is_there = false;
    AUTO(media_group_free) struct media_group *group = media_group_new();
    bool is_done = media_deliver(folder.fd, "a/b/c", BYTES_LITERAL("x"), err) &&
                   media_deliver(folder.fd, "a/b/c", BYTES_LITERAL("x"), err) &&
                   media_deliver_over(folder.fd, "a/b/d", BYTES_LITERAL("y"), err) &&
                   media_look(folder.fd, "a/b", &is_there, err) && is_there &&
                   media_group_add(group, folder.fd, "a/c/d", BYTES_LITERAL("z"), err) &&
                   media_group_commit(group, folder.fd, err) &&
                   media_open_folder(folder.fd, "a", true, &fd, err);
    auto_close(&fd);
    return is_done;
}

/** Of a delivery that fails nothing stays open either. */
static void nothing_stays_open(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    const char *failed = "none";
    for (unsigned number = 1; failed != NULL; number++) {
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        failing_at("", number);
        bool is_done = do_all(&err);
        failed = failing_stop();
        if (open_descriptors() != before || (failed == NULL && !is_done))
            fail_msg("call %u, %s, leaves something open: %s", number, failed == NULL ? "none" : failed,
                     err.text);
    }
}

/** A program may be started without stdin: what is opened then is descriptor 0, and one as any other. */
static void any_descriptor_will_do(void **state)
{
    (void)state;
    const char *opened = "none";
    unsigned number = 0;
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    assert_true(kept >= 0);
    while (opened != NULL) {
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        failing_at("open", ++number);
        failing_opens_zero();
        bool is_done = do_all(&err);
        opened = failing_stop();
        bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        if (!is_done || is_closed != (opened != NULL))
            fail_msg("call %u: done %d, closed %d: %s", number, is_done, is_closed, err.text);
        assert_tree(folder.fd, "a/\na/b/\na/b/c: x\na/b/d: y\na/c/\na/c/d: z\n");
    }
    assert_in_range(number, 10, 100);
    assert_int_equal(close(kept), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_there_is_told_and_links_are_refused),
        IN_FOLDER(a_directory_is_opened_or_made_where_it_may_be),
        IN_FOLDER(what_is_delivered_may_be_read_by_all_and_written_by_us),
        IN_FOLDER(an_empty_file_is_a_file),
        IN_FOLDER(a_name_that_is_none_is_told_before_anything_is_made),
        IN_FOLDER(what_is_on_its_way_has_a_name_of_its_own),
        IN_FOLDER(a_group_opens_each_directory_once_and_keeps_eight),
        IN_FOLDER(nothing_stays_open),
        IN_FOLDER(any_descriptor_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
