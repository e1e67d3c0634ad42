/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a medium is read whole, as it was when it was opened, or refused; what is said of it tells whether there is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "folder.h"
#include "media/media.h"

#include <errno.h>
#include <sys/stat.h>

#define MAX_LEN 10

static struct folder folder;

static int setup(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    folder_make(&folder);
    assert_true(file_create(folder.fd, "a.csr", 0644, BYTES_LITERAL("0123456789"), &err));
    assert_true(file_create(folder.fd, "long.csr", 0644, BYTES_LITERAL("0123456789a"), &err));
    assert_int_equal(mkdirat(folder.fd, "sub", 0755), 0);
    assert_int_equal(mkfifoat(folder.fd, "fifo", 0644), 0);
    assert_int_equal(symlinkat("a.csr", folder.fd, "link"), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

/* What fstat() says is changed by a test: from this call on, so many seconds, nanoseconds or bytes more. */
static struct forged {
    int from;
    int calls;
    off_t size;
    struct timespec modified;
    struct timespec changed;
} forged;

int fstat(int fd, struct stat *ret_stat)
{
    int result = fstatat(fd, "", ret_stat, AT_EMPTY_PATH);
    if (++forged.calls < forged.from)
        return result;
    ret_stat->st_size += forged.size;
    ret_stat->st_mtim.tv_sec += forged.modified.tv_sec;
    ret_stat->st_mtim.tv_nsec += forged.modified.tv_nsec;
    ret_stat->st_ctim.tv_sec += forged.changed.tv_sec;
    ret_stat->st_ctim.tv_nsec += forged.changed.tv_nsec;
    return result;
}

static void assert_changed(struct forged how)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    forged = how;
    bool is_read = media_read(folder.fd, "a.csr", 2 * MAX_LEN, &data, &err);
    forged = (struct forged){.from = 1};
    assert_false(is_read);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "a.csr changed while it was read; bring it again");
    assert_int_equal(data.len, 0);
    assert_false(media_is_absent(&err));
}

static void whatever_changes_meanwhile_is_seen(void **state)
{
    (void)state;
    assert_changed((struct forged){.from = 2, .size = 1});
    assert_changed((struct forged){.from = 2, .modified.tv_sec = 1});
    assert_changed((struct forged){.from = 2, .modified.tv_nsec = 1});
    assert_changed((struct forged){.from = 2, .changed.tv_sec = 1});
    assert_changed((struct forged){.from = 2, .changed.tv_nsec = 1});
    // As long before as after, and yet other bytes were read.
    assert_changed((struct forged){.from = 1, .size = 1});
    assert_changed((struct forged){.from = 1, .size = -1});
}

static void what_is_read_is_added(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    (void)state;
    builder_add_text(&data, "before ");
    assert_true(media_read(folder.fd, "a.csr", MAX_LEN, &data, &err));
    assert_string_equal(builder_text(&data), "before 0123456789");
}

static void what_is_not_read_is_said_why(void **state)
{
    static const struct {
        const char *path;
        const char *text;
        bool is_absent;
    } files[] = {
        {"gone\n", "can't open gone\\x0a: No such file or directory", true},
        {"a.csr/b", "can't open a.csr/b: Not a directory", true},
        {"sub", "sub is not a regular file", true},
        {"fifo", "fifo is not a regular file", true},
        {"long.csr", "long.csr is larger than the 10 bytes allowed", true},
        {"link", "link is a symbolic link or leads out of the medium; it is not followed", true},
        {"../x", "../x is a symbolic link or leads out of the medium; it is not followed", true},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        assert_false(media_read(folder.fd, files[i].path, MAX_LEN, &data, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, files[i].text);
        assert_int_equal(media_is_absent(&err), files[i].is_absent);
        assert_int_equal(data.len, 0);
    }
}

/** Who could not look does not know that nothing is there. */
static void what_could_not_be_looked_at_is_not_absent(void **state)
{
    static const int absent[] = {ENOENT, ENOTDIR, ELOOP, EXDEV, EISDIR, EFBIG};
    static const int others[] = {0, EIO, EACCES, EPERM, EMFILE, ENOMEM, EAGAIN};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_true(
            media_is_absent(&(struct error){.kind = ERROR_INPUT, .native = (unsigned long)absent[i]}));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(
            media_is_absent(&(struct error){.kind = ERROR_INPUT, .native = (unsigned long)others[i]}));
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(whatever_changes_meanwhile_is_seen),
        IN_FOLDER(what_is_read_is_added),
        IN_FOLDER(what_is_not_read_is_said_why),
        IN_FOLDER(what_could_not_be_looked_at_is_not_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
