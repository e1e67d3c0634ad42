/* SPDX-License-Identifier: Apache-2.0 */
/* Delivery: whole or not at all, never over something else, the same again is success, on any file system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "folder.h"
#include "media/media.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <seccomp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int setup(void **state)
{
    struct folder *folder = memory_new(1, sizeof(*folder));
    folder_make(folder);
    *state = folder;
    return 0;
}

static int teardown(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static bool has(const struct folder *folder, const char *path, const char *content)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    return file_read(folder->fd, path, 1024, &data, &err) && bytes_equal_text(builder_bytes(&data), content);
}

/** How many names a folder holds: nothing temporary may be left. */
static size_t count_names(const struct folder *folder)
{
    size_t count = 0;
    DIR *listing = opendir(folder->path);
    assert_non_null(listing);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    (void)closedir(listing);
    return count;
}

static bool delivers(const struct folder *folder, const char *name, const char *content,
                     struct error *ret_why)
{
    return media_deliver(folder->fd, name, bytes_of_text(content), ret_why);
}

static void writes_a_new_file_and_its_folders(void **state)
{
    struct error err = ERROR_INIT;
    struct stat status;
    const struct folder *folder = *state;
    assert_true(delivers(folder, "a.pem", "one", &err));
    assert_true(delivers(folder, "issued/batch 1/b.pem", "two", &err));
    assert_true(has(folder, "a.pem", "one"));
    assert_true(has(folder, "issued/batch 1/b.pem", "two"));
    assert_int_equal(fstatat(folder->fd, "a.pem", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777 & ~0644U, 0);
    assert_int_equal(count_names(folder), 2);
}

static void the_same_again_is_success(void **state)
{
    struct error err = ERROR_INIT;
    struct stat before;
    struct stat after;
    const struct folder *folder = *state;
    assert_true(delivers(folder, "a.pem", "one", &err));
    assert_int_equal(fstatat(folder->fd, "a.pem", &before, 0), 0);
    assert_true(delivers(folder, "a.pem", "one", &err));
    assert_int_equal(fstatat(folder->fd, "a.pem", &after, 0), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(count_names(folder), 1);
}

static void never_over_something_else(void **state)
{
    struct error err = ERROR_INIT;
    const struct folder *folder = *state;
    assert_true(delivers(folder, "a.pem", "one", &err));
    assert_false(delivers(folder, "a.pem", "two", &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "a.pem"));
    assert_non_null(strstr(err.text, "not overwritten"));
    assert_false(delivers(folder, "a.pem", "longer than one", &err));
    assert_true(has(folder, "a.pem", "one"));
    assert_int_equal(mkdirat(folder->fd, "folder", 0755), 0);
    assert_false(delivers(folder, "folder", "x", &err));
    assert_int_equal(mkfifoat(folder->fd, "fifo", 0644), 0);
    assert_false(delivers(folder, "fifo", "", &err));
    assert_int_equal(count_names(folder), 3);
}

static void reports_may_be_replaced(void **state)
{
    struct error err = ERROR_INIT;
    const struct folder *folder = *state;
    assert_true(media_deliver_over(folder->fd, "report.json", BYTES_LITERAL("one"), &err));
    assert_true(media_deliver_over(folder->fd, "report.json", BYTES_LITERAL("two"), &err));
    assert_true(has(folder, "report.json", "two"));
    assert_int_equal(count_names(folder), 1);
}

static void follows_no_link_out_of_the_folder(void **state)
{
    struct error err = ERROR_INIT;
    struct folder outside;
    const struct folder *folder = *state;
    folder_make(&outside);
    assert_int_equal(symlinkat(outside.path, folder->fd, "issued"), 0);
    assert_false(delivers(folder, "issued/a.pem", "x", &err));
    assert_int_equal(symlinkat("../target", folder->fd, "b.pem"), 0);
    assert_false(delivers(folder, "b.pem", "x", &err));
    assert_int_equal(count_names(&outside), 0);
    // A report replaces the link itself, not what it points to.
    assert_true(media_deliver_over(folder->fd, "b.pem", BYTES_LITERAL("x"), &err));
    struct stat status;
    assert_int_equal(fstatat(folder->fd, "b.pem", &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISREG(status.st_mode));
    folder_remove(&outside);
}

static void refuses_names_that_are_none(void **state)
{
    static const char *const names[] = {"",     "/etc/x", "../x",  "a/../x", "a//x", "./x",  "a/",
                                        "x\ny", "x:y",    "x\x1b", "CON",    "a.",   "\xff", "\xe2\x80\xaex"};
    const struct folder *folder = *state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        assert_false(delivers(folder, names[i], "x", &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_null(strpbrk(err.text, "\n\x1b\xff"));
    }
    assert_int_equal(count_names(folder), 0);
}

static void clears_away_what_a_run_that_died_left(void **state)
{
    struct error err = ERROR_INIT;
    const struct folder *folder = *state;
    pid_t pid = fork();
    if (pid == 0) {
        // The file can't grow beyond 2 bytes, so the write stops in the middle and the process dies of it.
        struct rlimit limit = {.rlim_cur = 2, .rlim_max = 2};
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        (void)!delivers(folder, "a.pem", "content", &err);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(count_names(folder), 1);
    assert_false(file_exists(folder->fd, "a.pem"));
    assert_true(delivers(folder, "a.pem", "content", &err));
    assert_true(has(folder, "a.pem", "content"));
    assert_int_equal(count_names(folder), 1);
}

/** The one name a folder holds; the caller frees it. */
static char *only_name(const struct folder *folder)
{
    char *name = NULL;
    DIR *listing = opendir(folder->path);
    assert_non_null(listing);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            name = memory_text(entry->d_name);
    }
    (void)closedir(listing);
    assert_non_null(name);
    return name;
}

/** The name of the temporary for a.pem, as a run that died leaves it. */
static char *temporary_name(void)
{
    struct error err = ERROR_INIT;
    struct folder folder;
    folder_make(&folder);
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit limit = {.rlim_cur = 2, .rlim_max = 2};
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        (void)!delivers(&folder, "a.pem", "content", &err);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    char *name = only_name(&folder);
    folder_remove(&folder);
    return name;
}

/** A stick can hold anything under that name: it is never written into. */
static void writes_into_nothing_that_was_there(void **state)
{
    struct error err = ERROR_INIT;
    struct folder outside;
    const struct folder *folder = *state;
    AUTO(free) char *temporary = temporary_name();
    folder_make(&outside);
    assert_true(file_replace(outside.fd, "precious", 0644, BYTES_LITERAL("longer than the content"), &err));
    for (int is_link = 0; is_link <= 1; is_link++) {
        AUTO(free) char *target = memory_format("%s/precious", outside.path);
        assert_int_equal(is_link ? symlinkat(target, folder->fd, temporary)
                                 : linkat(outside.fd, "precious", folder->fd, temporary, 0),
                         0);
        assert_true(delivers(folder, "a.pem", "content", &err));
        assert_true(has(folder, "a.pem", "content"));
        assert_true(has(&outside, "precious", "longer than the content"));
        assert_int_equal(unlinkat(folder->fd, "a.pem", 0), 0);
    }
    folder_remove(&outside);
}

static void a_full_medium_leaves_nothing_half_written(void **state)
{
    struct error err = ERROR_INIT;
    const struct folder *folder = *state;
    pid_t pid = fork();
    if (pid == 0) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSPC), SCMP_SYS(write), 0) != 0 ||
            seccomp_load(filter) != 0)
            _exit(2);
        bool is_delivered = delivers(folder, "a.pem", "content", &err);
        _exit(!is_delivered && err.kind == ERROR_INPUT && err.native == ENOSPC ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(count_names(folder), 0);
}

/** Delivers in a process where the file system lacks what is named. \return exit status: 0 if all went as it should */
static int deliver_without(const struct folder *folder, bool has_links)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        struct scmp_arg_cmp has_flags = {.arg = 4, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0};
        if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(renameat2), 1, &has_flags) != 0 ||
            (!has_links && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(linkat), 0) != 0) ||
            seccomp_load(filter) != 0)
            _exit(2);
        if (!delivers(folder, "a.pem", "one", &err) || !delivers(folder, "a.pem", "one", &err))
            _exit(3);
        if (delivers(folder, "a.pem", "two", &err))
            _exit(4);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void works_where_rename_has_no_flags_but_links_are_there(void **state)
{
    const struct folder *folder = *state;
    assert_int_equal(deliver_without(folder, true), 0);
    assert_true(has(folder, "a.pem", "one"));
    assert_int_equal(count_names(folder), 1);
}

static void works_where_neither_is_there(void **state)
{
    const struct folder *folder = *state;
    assert_int_equal(deliver_without(folder, false), 0);
    assert_true(has(folder, "a.pem", "one"));
    assert_int_equal(count_names(folder), 1);
}

/** Who may not know whether the name is taken: what may be there is not replaced. */
static void who_cannot_look_does_not_rename(void **state)
{
    const struct folder *folder = *state;
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        struct scmp_arg_cmp has_flags = {.arg = 4, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0};
        struct scmp_arg_cmp is_look = {.arg = 3, .op = SCMP_CMP_EQ, .datum_a = AT_SYMLINK_NOFOLLOW};
        if (seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(renameat2), 1, &has_flags) != 0 ||
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(linkat), 0) != 0 ||
            seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1, &is_look) != 0 ||
            seccomp_load(filter) != 0)
            _exit(2);
        bool is_delivered = delivers(folder, "a.pem", "one", &err);
        _exit(!is_delivered && err.kind == ERROR_INPUT && err.native == EACCES ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(count_names(folder), 0);
}

static void a_group_is_in_its_place_only_after_commit(void **state)
{
    const struct folder *folder = *state;
    struct error err = ERROR_INIT;
    AUTO(media_group_free) struct media_group *group = media_group_new();
    assert_true(media_group_add(group, folder->fd, "a.pem", bytes_of_text("one"), &err));
    assert_true(media_group_add(group, folder->fd, "b.pem", bytes_of_text("two"), &err));
    assert_false(has(folder, "a.pem", "one"));
    assert_false(has(folder, "b.pem", "two"));
    assert_true(media_group_commit(group, folder->fd, &err));
    assert_true(has(folder, "a.pem", "one"));
    assert_true(has(folder, "b.pem", "two"));
    assert_int_equal(count_names(folder), 2);
    // The group is usable again; the same again is success.
    assert_true(media_group_add(group, folder->fd, "a.pem", bytes_of_text("one"), &err));
    assert_true(media_group_add(group, folder->fd, "c.pem", bytes_of_text("three"), &err));
    assert_true(media_group_commit(group, folder->fd, &err));
    assert_true(has(folder, "c.pem", "three"));
    assert_int_equal(count_names(folder), 3);
}

static void a_group_of_many_folders_keeps_few_of_them_open(void **state)
{
    const struct folder *folder = *state;
    struct error err = ERROR_INIT;
    AUTO(media_group_free) struct media_group *group = media_group_new();
    size_t before = open_descriptors();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            AUTO(free) char *name = memory_format("folder-%d-%d/a.pem", round, i);
            assert_true(media_group_add(group, folder->fd, name, bytes_of_text("one"), &err));
        }
        assert_true(media_group_commit(group, folder->fd, &err));
        assert_true(open_descriptors() <= before + 8);
    }
    assert_true(has(folder, "folder-2-39/a.pem", "one"));
    // Nor when nothing is left to do, as when a run goes on.
    for (int i = 0; i < 40; i++) {
        AUTO(free) char *name = memory_format("folder-1-%d/a.pem", i);
        assert_true(media_group_add(group, folder->fd, name, bytes_of_text("one"), &err));
    }
    assert_true(media_group_commit(group, folder->fd, &err));
    assert_true(open_descriptors() <= before + 8);
    assert_true(media_group_add(group, folder->fd, "folder-0-0/b.pem", bytes_of_text("two"), &err));
    assert_true(media_group_commit(group, folder->fd, &err));
    assert_true(has(folder, "folder-0-0/b.pem", "two"));
}

static void a_group_that_is_given_up_leaves_nothing(void **state)
{
    const struct folder *folder = *state;
    struct error err = ERROR_INIT;
    struct media_group *group = media_group_new();
    assert_true(media_group_add(group, folder->fd, "a.pem", bytes_of_text("one"), &err));
    assert_true(media_group_add(group, folder->fd, "b.pem", bytes_of_text("two"), &err));
    media_group_free(group);
    assert_int_equal(count_names(folder), 0);
}

static void a_group_never_goes_over_what_turned_up_meanwhile(void **state)
{
    const struct folder *folder = *state;
    struct error err = ERROR_INIT;
    struct media_group *group = media_group_new();
    assert_true(media_group_add(group, folder->fd, "a.pem", bytes_of_text("one"), &err));
    // Not by media_deliver(), whose temporary file is of the same name.
    assert_true(file_create(folder->fd, "a.pem", 0644, bytes_of_text("somebody else's"), &err));
    assert_false(media_group_commit(group, folder->fd, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, "a.pem already exists with different content") == NULL)
        fail_msg("%s", err.text);
    media_group_free(group);
    assert_true(has(folder, "a.pem", "somebody else's"));
    assert_int_equal(count_names(folder), 1);
    // What stands there already is refused when it is added.
    error_clear(&err);
    group = media_group_new();
    assert_false(media_group_add(group, folder->fd, "a.pem", bytes_of_text("one"), &err));
    media_group_free(group);
    assert_true(has(folder, "a.pem", "somebody else's"));
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(writes_a_new_file_and_its_folders),
        IN_FOLDER(the_same_again_is_success),
        IN_FOLDER(never_over_something_else),
        IN_FOLDER(reports_may_be_replaced),
        IN_FOLDER(follows_no_link_out_of_the_folder),
        IN_FOLDER(refuses_names_that_are_none),
        IN_FOLDER(clears_away_what_a_run_that_died_left),
        IN_FOLDER(writes_into_nothing_that_was_there),
        IN_FOLDER(a_full_medium_leaves_nothing_half_written),
        IN_FOLDER(works_where_rename_has_no_flags_but_links_are_there),
        IN_FOLDER(works_where_neither_is_there),
        IN_FOLDER(who_cannot_look_does_not_rename),
        IN_FOLDER(a_group_is_in_its_place_only_after_commit),
        IN_FOLDER(a_group_of_many_folders_keeps_few_of_them_open),
        IN_FOLDER(a_group_that_is_given_up_leaves_nothing),
        IN_FOLDER(a_group_never_goes_over_what_turned_up_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
