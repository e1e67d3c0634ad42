/* SPDX-License-Identifier: Apache-2.0 */
/* A medium that fails, in whatever call: what could not be looked at is listed as such, so that no request is missing without a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "media/media.h"
#include "medium.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

static void put(const char *path, const char *content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder.fd, path, 0644, bytes_of_text(content), &err))
        fail_msg("%s", err.text);
}

/** All that a walk found, a line for each; the caller frees it. */
static char *text_of(const struct media_walk *found)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < found->count; i++) {
        const struct media_item *item = &found->items[i];
        builder_format(&text, "%s, %zu%s%s%s\n", item->shown, item->size, item->problem == NULL ? "" : ", ",
                       item->problem == NULL ? "" : item->problem, item->is_unread ? ", unread" : "");
    }
    builder_format(&text, "left out %zu\n", found->left_out);
    return builder_take_text(&text);
}

static void assert_walk(size_t max_len, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(media_walk_done) struct media_walk found = {.items = NULL};
    if (!media_walk(folder.fd, max_len, 10000, &found, &err))
        fail_msg("%s", err.text);
    AUTO(free) char *text = text_of(&found);
    assert_string_equal(text, wanted);
}

static void make_medium(void)
{
    assert_int_equal(mkdirat(folder.fd, "sub", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "sub/deep", 0755), 0);
    put("a.csr", "1");
    put("sub/b.csr", "22");
    put("sub/deep/c.csr", "333");
    put("sub/.hidden", "x");
}

#define MEDIUM "a.csr, 1\nsub/b.csr, 2\nsub/deep/c.csr, 3\nleft out 1\n"

static void all_that_is_no_file_of_the_medium_is_listed_with_its_kind(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder.path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mkfifoat(folder.fd, "fifo", 0644), 0);
    assert_int_equal(symlinkat("a.csr", folder.fd, "link"), 0);
    make_medium();
    put("long", "12345");
    put("just", "1234");
    put("~", "x");
    put("a~b", "");
    assert_int_equal(linkat(folder.fd, "just", folder.fd, "sub/just", 0), 0);
    assert_walk(4,
                "a.csr, 1\na~b, 0\nfifo, 0, a FIFO\n"
                "just, 4, a hard link: the file has another name and may be used elsewhere; bring a copy\n"
                "link, 0, a symbolic link\nlong, 5, larger than 4 bytes\nsocket, 0, a socket\nsub/b.csr, 2\n"
                "sub/deep/c.csr, 3\nsub/just, 4, a hard link: the file has another name and may be used "
                "elsewhere; bring a copy\nleft out 2\n");
}

static void a_device_is_listed_as_such(void **state)
{
    (void)state;
    make_medium();
    if (mknodat(folder.fd, "null", S_IFCHR | 0600, makedev(1, 3)) != 0 ||
        mknodat(folder.fd, "loop", S_IFBLK | 0600, makedev(7, 0)) != 0)
        skip(); // only root may make a device
    assert_walk(4, "a.csr, 1\nloop, 0, a device\nnull, 0, a device\nsub/b.csr, 2\nsub/deep/c.csr, 3\n"
                   "left out 1\n");
}

static void other_file_systems_are_listed_and_not_entered(void **state)
{
    (void)state;
    make_medium();
    assert_int_equal(mkdirat(folder.fd, "other", 0755), 0);
    put("over", "");
    AUTO(free) char *other = memory_format("%s/other", folder.path);
    AUTO(free) char *inside = memory_format("%s/other/file", folder.path);
    AUTO(free) char *over = memory_format("%s/over", folder.path);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", other, "tmpfs", 0, NULL) != 0)
        skip(); // not root, or a container that may not mount
    int fd = open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(write(fd, "12345", 5), 5);
    assert_int_equal(close(fd), 0);
    // A descriptor from before sees what was mounted then.
    AUTO(close) int root = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(root >= 0);
    bool is_bound = mount(inside, over, NULL, MS_BIND, NULL) == 0;
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    bool is_walked = media_walk(root, 10, 10000, &found, &err);
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    bool is_read = media_read(root, "over", 10, &data, &err);
    if (is_bound)
        assert_int_equal(umount(over), 0);
    assert_int_equal(umount(other), 0);
    assert_true(is_walked && is_bound);
    AUTO(free) char *text = text_of(&found);
    media_walk_done(&found);
    assert_string_equal(text,
                        "a.csr, 1\nother, 0, on another file system, unread\n"
                        "over, 5, on another file system\nsub/b.csr, 2\nsub/deep/c.csr, 3\nleft out 1\n");
    assert_false(is_read);
    assert_int_equal(err.native, EXDEV);
    assert_string_equal(err.text, "over is a symbolic link or leads out of the medium; it is not followed");
    assert_true(media_is_absent(&err));
}

/** Whether each file of the medium is listed as it is, or it or a directory above as not looked at. */
static bool is_accounted(const struct media_walk *found, const char *path, size_t size)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct media_item *item = &found->items[i];
        size_t len = strlen(item->path);
        if (strcmp(item->path, path) == 0 && item->size == size && item->problem == NULL && !item->is_unread)
            return true;
        if (item->is_unread && item->problem != NULL && strncmp(item->path, path, len) == 0 &&
            (path[len] == '\0' || path[len] == '/'))
            return true;
    }
    return false;
}

static void what_fails_is_listed_or_told(void **state)
{
    const char *failed = "none";
    unsigned told = 0;
    unsigned listed = 0;
    (void)state;
    make_medium();
    size_t before = open_descriptors();
    for (unsigned number = 1; failed != NULL; number++) {
        struct error err = ERROR_INIT;
        struct media_walk found = {.items = NULL};
        failing_at("", number);
        bool is_done = media_walk(folder.fd, 10, 10000, &found, &err);
        failed = failing_stop();
        AUTO(free) char *text = text_of(&found);
        if (open_descriptors() != before || err.kind != (is_done ? ERROR_NONE : ERROR_INPUT) ||
            (!is_done && found.items != NULL) || (failed == NULL && strcmp(text, MEDIUM) != 0))
            fail_msg("call %u, %s: %s\n%s", number, failed == NULL ? "none" : failed, err.text, text);
        if (is_done && (!is_accounted(&found, "a.csr", 1) || !is_accounted(&found, "sub/b.csr", 2) ||
                        !is_accounted(&found, "sub/deep/c.csr", 3)))
            fail_msg("call %u, %s: a file is missing:\n%s", number, failed == NULL ? "none" : failed, text);
        told += !is_done;
        listed += is_done && strstr(text, ": Input/output error, unread\n") != NULL;
        if (failed != NULL && is_done && strcmp(text, MEDIUM) == 0 && strcmp(failed, "fdopendir") != 0)
            fail_msg("call %u, %s, is told nobody", number, failed);
        media_walk_done(&found);
    }
    assert_true(told >= 4); // fstat, open, fdopendir and readdir of the root
    assert_true(listed >= 10);
}

static void each_fault_says_what_could_not_be_looked_at(void **state)
{
    static const struct {
        const char *call;
        unsigned number;
        const char *text; /**< NULL: the walk fails */
        const char *why;
    } faults[] = {
        {"fstat", 1, NULL, "what should be walked is not a directory"},
        {"openat", 1, NULL, "can't read the directory: Input/output error"},
        {"fdopendir", 1, NULL, "can't read the directory: Input/output error"},
        {"readdir", 1, NULL, "can't read the directory: Input/output error"},
        {"fstatat", 1, "sub, 0, can't be stat'ed: Input/output error, unread\nleft out 0\n", NULL},
        {"openat2", 1, "sub, 0, a directory that can't be opened: Input/output error, unread\nleft out 0\n",
         NULL},
        {"openat", 3,
         "sub, 0, a directory that can't be read to its end: Input/output error, unread\nleft out 0\n", NULL},
        {"fdopendir", 2,
         "sub, 0, a directory that can't be read to its end: Input/output error, unread\nleft out 0\n", NULL},
    };
    (void)state;
    assert_int_equal(mkdirat(folder.fd, "sub", 0755), 0);
    put("sub/a", "x");
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        AUTO(media_walk_done) struct media_walk found = {.items = NULL};
        failing_at(faults[i].call, faults[i].number);
        bool is_done = media_walk(folder.fd, 10, 10000, &found, &err);
        (void)failing_stop();
        AUTO(free) char *text = text_of(&found);
        assert_int_equal(is_done, faults[i].text != NULL);
        if (is_done)
            assert_string_equal(text, faults[i].text);
        else
            assert_string_equal(err.text, faults[i].why);
        assert_int_equal(err.kind, is_done ? ERROR_NONE : ERROR_INPUT);
    }
}

static void a_file_that_can_not_be_read_is_told(void **state)
{
    static const struct {
        const char *call;
        unsigned number;
        const char *text;
    } faults[] = {
        {"openat2", 1, "can't open a.csr: Input/output error"},
        {"fstat", 1, "can't open a.csr: Input/output error"},
        {"read", 1, "can't read a.csr: Input/output error"},
        {"read", 2, "can't read a.csr: Input/output error"},
        {"fstat", 2, "a.csr changed while it was read; bring it again"},
    };
    (void)state;
    make_medium();
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        failing_at(faults[i].call, faults[i].number);
        bool is_read = media_read(folder.fd, "a.csr", 10, &data, &err);
        assert_non_null(failing_stop());
        assert_false(is_read);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, faults[i].text);
        assert_int_equal(data.len, 0);
        assert_false(media_is_absent(&err));
    }
}

static void any_descriptor_will_do(void **state)
{
    const char *opened = "none";
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    (void)state;
    make_medium();
    for (unsigned number = 1; opened != NULL; number++) {
        struct error err = ERROR_INIT;
        AUTO(media_walk_done) struct media_walk found = {.items = NULL};
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        failing_at("open", number);
        failing_opens_zero();
        bool is_done = media_walk(folder.fd, 10, 10000, &found, &err) &&
                       media_read(folder.fd, "sub/b.csr", 10, &data, &err);
        opened = failing_stop();
        bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        AUTO(free) char *text = text_of(&found);
        assert_true(is_done);
        assert_int_equal(is_closed, opened != NULL);
        assert_string_equal(text, MEDIUM);
        assert_string_equal(builder_text(&data), "22");
    }
    assert_int_equal(close(kept), 0);
}

static void what_is_no_directory_is_not_walked(void **state)
{
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    (void)state;
    put("file", "x");
    AUTO(close) int fd = openat(folder.fd, "file", O_RDONLY | O_CLOEXEC);
    assert_false(media_walk(fd, 10, 10, &found, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "what should be walked is not a directory");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(all_that_is_no_file_of_the_medium_is_listed_with_its_kind),
        IN_FOLDER(a_device_is_listed_as_such),
        IN_FOLDER(other_file_systems_are_listed_and_not_entered),
        IN_FOLDER(what_fails_is_listed_or_told),
        IN_FOLDER(each_fault_says_what_could_not_be_looked_at),
        IN_FOLDER(a_file_that_can_not_be_read_is_told),
        IN_FOLDER(any_descriptor_will_do),
        IN_FOLDER(what_is_no_directory_is_not_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
