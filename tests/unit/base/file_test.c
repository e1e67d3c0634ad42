/* SPDX-License-Identifier: Apache-2.0 */
/* Files: there entirely or not at all, never over what is there unless asked to, never through a link that was planted. */
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static int folder_fd = -1;

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/coldca-file-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"a", "a.new", "b", "link", "pipe"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        (void)unlinkat(folder_fd, names[i], 0);
    (void)unlinkat(folder_fd, "sub/c", 0);
    (void)unlinkat(folder_fd, "sub", AT_REMOVEDIR);
    (void)close(folder_fd);
    return rmdir(folder);
}

static void assert_holds(const char *path, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    assert_true(file_read(folder_fd, path, 100, &data, &err));
    assert_string_equal(builder_text(&data), wanted);
}

static void a_new_file_has_its_mode_and_content(void **state)
{
    struct error err = ERROR_INIT;
    struct stat status;
    (void)state;
    assert_true(file_create(folder_fd, "a", 0600, BYTES_LITERAL("one"), &err));
    assert_int_equal(fstatat(folder_fd, "a", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_holds("a", "one");
}

static void create_never_touches_what_is_there(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_create(folder_fd, "a", 0600, BYTES_LITERAL("one"), &err));
    assert_false(file_create(folder_fd, "a", 0600, BYTES_LITERAL("two"), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_holds("a", "one");
    assert_int_equal(symlinkat("b", folder_fd, "link"), 0);
    assert_false(file_create(folder_fd, "link", 0600, BYTES_LITERAL("two"), &err));
    assert_false(file_exists(folder_fd, "b"));
    assert_true(file_exists(folder_fd, "link"));
}

static void what_create_left_is_swept_and_nothing_else(void **state)
{
    static const char *const left[] = {".coldca-0123456789abcdef-crl-7.der.new",
                                       ".coldca-fedcba9876543210-crl-12.pem.new"};
    static const char *const others[] = {"crl-7.der", ".coldca-0123456789abcdef-key.pem.new",
                                         ".coldca-0123456789abcdef.new", ".coldca-crl-7.der.new"};
    struct error err = ERROR_INIT;
    char longest[251];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        assert_true(file_create(folder_fd, left[i], 0600, BYTES_LITERAL("half"), &err));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_true(file_create(folder_fd, others[i], 0600, BYTES_LITERAL("other"), &err));
    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_true(file_create(folder_fd, longest, 0600, BYTES_LITERAL("other"), &err));
    file_sweep(folder_fd, "crl-*.[dp]e[rm]");
    for (size_t i = 0; i < ARRAY_LEN(left); i++)
        assert_false(file_exists(folder_fd, left[i]));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_int_equal(unlinkat(folder_fd, others[i], 0), 0);
    assert_int_equal(unlinkat(folder_fd, longest, 0), 0);
}

static void what_a_killed_run_left_of_a_file_goes_when_it_is_made(void **state)
{
    static const char *const left = ".coldca-0123456789abcdef-a[1]*.plan.new";
    static const char *const other = ".coldca-0123456789abcdef-a1b.plan.new";
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/a[1]*.plan", folder);
    (void)state;
    assert_true(file_create(folder_fd, left, 0600, BYTES_LITERAL("half"), &err));
    assert_true(file_create(folder_fd, other, 0600, BYTES_LITERAL("half"), &err));
    assert_true(file_create_over_rest(path, 0600, BYTES_LITERAL("one"), &err));
    assert_false(file_exists(folder_fd, left));
    assert_true(file_exists(folder_fd, other));
    assert_holds("a[1]*.plan", "one");
    assert_false(file_create_over_rest(path, 0600, BYTES_LITERAL("two"), &err));
    assert_holds("a[1]*.plan", "one");
    assert_int_equal(unlinkat(folder_fd, other, 0), 0);
    assert_int_equal(unlinkat(folder_fd, "a[1]*.plan", 0), 0);
}

static void create_leaves_nothing_else_in_the_folder(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_create(folder_fd, "a", 0600, BYTES_LITERAL("one"), &err));
    assert_false(file_create(folder_fd, "a", 0600, BYTES_LITERAL("two"), &err));
    assert_false(file_create(folder_fd, "missing/b", 0600, BYTES_LITERAL("two"), &err));
    assert_string_equal(err.text, "can't make missing/b: No such file or directory");
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    size_t count = 0;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 ? 1 : 0;
    assert_int_equal(closedir(listing), 0);
    assert_int_equal(count, 1);
}

static void replace_changes_all_or_makes_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_replace(folder_fd, "a", 0600, BYTES_LITERAL("one"), &err));
    assert_true(file_replace(folder_fd, "a", 0644, BYTES_LITERAL("two"), &err));
    assert_holds("a", "two");
    assert_false(file_exists(folder_fd, "a.new"));
}

static void replace_survives_what_a_run_that_died_left(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_create(folder_fd, "a", 0600, BYTES_LITERAL("one"), &err));
    assert_true(file_create(folder_fd, "a.new", 0600, BYTES_LITERAL("half"), &err));
    assert_true(file_replace(folder_fd, "a", 0600, BYTES_LITERAL("two"), &err));
    assert_holds("a", "two");
    assert_false(file_exists(folder_fd, "a.new"));
}

static void replace_does_not_write_through_links(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_create(folder_fd, "b", 0600, BYTES_LITERAL("other"), &err));
    assert_int_equal(symlinkat("b", folder_fd, "a"), 0);
    assert_int_equal(symlinkat("b", folder_fd, "a.new"), 0);
    assert_true(file_replace(folder_fd, "a", 0600, BYTES_LITERAL("mine"), &err));
    assert_holds("a", "mine");
    assert_holds("b", "other");
}

static void a_replace_that_fails_leaves_the_old_file(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_make_folder(folder_fd, "sub", 0700, &err));
    assert_true(file_create(folder_fd, "sub/c", 0600, BYTES_LITERAL("one"), &err));
    assert_false(file_replace(folder_fd, "sub", 0600, BYTES_LITERAL("two"), &err)); // a folder is in the way
    assert_holds("sub/c", "one");
    assert_false(file_exists(folder_fd, "sub.new"));
    assert_false(file_replace(folder_fd, "missing/a", 0600, BYTES_LITERAL("two"), &err));
}

static void paths_may_be_relative_absolute_or_deep(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_make_folder(folder_fd, "sub", 0700, &err));
    assert_true(file_replace(folder_fd, "sub/c", 0600, BYTES_LITERAL("deep"), &err));
    assert_holds("sub/c", "deep");
    char *path = memory_format("%s/a", folder);
    assert_true(file_create(AT_FDCWD, path, 0600, BYTES_LITERAL("absolute"), &err));
    free(path);
    assert_holds("a", "absolute");
    assert_string_equal(file_name_of("x/y/z"), "z");
    assert_string_equal(file_name_of("z"), "z");
    assert_string_equal(file_name_of("x/"), "");
}

static void a_file_may_be_as_large_as_allowed_and_no_larger(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    AUTO(builder_done) struct builder got = BUILDER_INIT;
    memset(builder_reserve(&data, 100000), 'x', 100000);
    assert_true(file_create(folder_fd, "a", 0600, builder_bytes(&data), &err));
    assert_true(file_read(folder_fd, "a", 100000, &got, &err));
    assert_true(bytes_equal(builder_bytes(&got), builder_bytes(&data)));
    builder_clear(&got);
    builder_add_text(&got, "kept");
    assert_false(file_read(folder_fd, "a", 99999, &got, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "a is larger than the 99999 bytes allowed"));
    assert_string_equal(builder_text(&got), "kept");
}

static void a_file_without_end_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(builder_done) struct builder got = BUILDER_INIT;
    assert_false(file_read(AT_FDCWD, "/dev/zero", 70000, &got, &err));
    assert_non_null(strstr(err.text, "larger"));
}

static void what_is_no_file_is_named(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(builder_done) struct builder got = BUILDER_INIT;
    assert_false(file_read(folder_fd, "missing", 10, &got, &err));
    assert_non_null(strstr(err.text, "can't open missing: No such file"));
    assert_false(file_read(folder_fd, ".", 10, &got, &err));
    assert_non_null(strstr(err.text, "is a directory"));
}

static void a_folder_is_made_once_and_not_through_a_link(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_make_folder(folder_fd, "sub", 0700, &err));
    assert_true(file_make_folder(folder_fd, "sub", 0700, &err));
    assert_int_equal(symlinkat("sub", folder_fd, "link"), 0);
    assert_false(file_make_folder(folder_fd, "link", 0700, &err));
    assert_non_null(strstr(err.text, "not a directory"));
    assert_true(file_create(folder_fd, "a", 0600, BYTES_LITERAL(""), &err));
    assert_false(file_make_folder(folder_fd, "a", 0700, &err));
    assert_false(file_make_folder(folder_fd, "missing/sub", 0700, &err));
}

static void a_write_that_fails_says_so(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(close) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_false(file_write_fd(fd, "the stick", BYTES_LITERAL("x"), &err));
    assert_string_equal(err.text, "can't write the stick: No space left on device");
}

static void a_pipe_that_nobody_writes_to_is_empty(void **state)
{
    struct error err = ERROR_INIT;
    char path[] = "/tmp/coldca-file-XXXXXX";
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    (void)state;
    assert_non_null(mkdtemp(path));
    AUTO(free) char *pipe_path = memory_format("%s/pipe", path);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    (void)alarm(10); // without the mend it waits for ever
    assert_true(file_read(AT_FDCWD, pipe_path, 100, &data, &err));
    (void)alarm(0);
    assert_int_equal(data.len, 0);
    assert_int_equal(unlink(pipe_path), 0);
    assert_int_equal(rmdir(path), 0);
}

/** From now on as on vfat: no file without a name. */
static bool lose_nameless_files(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    struct scmp_arg_cmp is_nameless = {
        .arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = O_TMPFILE, .datum_b = O_TMPFILE};
    return filter != NULL &&
           seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(openat), 1, &is_nameless) ==
               0 &&
           seccomp_load(filter) == 0;
}

static bool is_empty_folder(void)
{
    size_t count = 0;
    DIR *directory = fdopendir(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    return directory != NULL && closedir(directory) == 0 && count == 2; // . and ..
}

/** \return 0: a file to write and read, of which the directory shows nothing */
static int try_scratch(void)
{
    char back[4] = "";
    struct error err = ERROR_INIT;
    AUTO(close) int fd = -1;
    if (!file_open_scratch(folder_fd, "a", &fd, &err))
        return 1;
    if (!file_write_fd(fd, "a", BYTES_LITERAL("abc"), &err) || pread(fd, back, 3, 0) != 3 ||
        strcmp(back, "abc") != 0)
        return 2;
    return is_empty_folder() ? 0 : 3;
}

static void what_is_too_long_for_memory_has_no_name_on_any_file_system(void **state)
{
    (void)state;
    assert_int_equal(try_scratch(), 0);
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!lose_nameless_files() || openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0 ||
            errno != EOPNOTSUPP)
            _exit(10);
        _exit(try_scratch());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_that_nobody_writes_to_is_empty),
        cmocka_unit_test_setup_teardown(what_is_too_long_for_memory_has_no_name_on_any_file_system, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_new_file_has_its_mode_and_content, setup, teardown),
        cmocka_unit_test_setup_teardown(create_never_touches_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(what_create_left_is_swept_and_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_killed_run_left_of_a_file_goes_when_it_is_made, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(create_leaves_nothing_else_in_the_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(replace_changes_all_or_makes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(replace_survives_what_a_run_that_died_left, setup, teardown),
        cmocka_unit_test_setup_teardown(replace_does_not_write_through_links, setup, teardown),
        cmocka_unit_test_setup_teardown(a_replace_that_fails_leaves_the_old_file, setup, teardown),
        cmocka_unit_test_setup_teardown(paths_may_be_relative_absolute_or_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_may_be_as_large_as_allowed_and_no_larger, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_without_end_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_is_made_once_and_not_through_a_link, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_fails_says_so, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
