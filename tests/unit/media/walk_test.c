/* SPDX-License-Identifier: Apache-2.0 */
/* A medium made by an enemy is listed, nothing on it is followed, waited for or read beyond its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "folder.h"
#include "media/media.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#define MAX_LEN 65536

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

static void put(const struct folder *folder, const char *path, const char *content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder->fd, path, 0644, bytes_of_text(content), &err))
        fail_msg("%s", err.text);
}

static void walk(const struct folder *folder, struct media_walk *ret_walk)
{
    struct error err = ERROR_INIT;
    if (!media_walk(folder->fd, MAX_LEN, 10000, ret_walk, &err))
        fail_msg("%s", err.text);
}

static const struct media_item *item_at(const struct media_walk *found, const char *path)
{
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->items[i].path, path) == 0)
            return &found->items[i];
    }
    return NULL;
}

static void assert_problem(const struct media_walk *found, const char *path, const char *problem)
{
    const struct media_item *item = item_at(found, path);
    assert_non_null(item);
    assert_non_null(item->problem);
    assert_int_equal(item->is_unread, strcmp(problem, "can't be opened") == 0);
    if (strstr(item->problem, problem) == NULL)
        fail_msg("%s: %s", path, item->problem);
}

static bool reads(const struct folder *folder, const char *path, struct error *ret_why)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    bool is_read = media_read(folder->fd, path, MAX_LEN, &data, ret_why);
    assert_true(is_read || data.len == 0);
    return is_read;
}

static void lists_files_in_order_of_their_bytes(void **state)
{
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    assert_int_equal(mkdirat(folder->fd, "b", 0755), 0);
    assert_int_equal(mkdirat(folder->fd, "b/deep", 0755), 0);
    assert_int_equal(mkdirat(folder->fd, ".hidden", 0755), 0);
    put(folder, "c.csr", "333");
    put(folder, "b/deep/z.csr", "");
    put(folder, "b/a.csr", "22");
    put(folder, "a.csr", "1");
    put(folder, ".Trash", "x");
    put(folder, ".hidden/x.csr", "x");
    put(folder, "a.csr~", "x");
    walk(folder, &found);
    static const char *const expected[] = {"a.csr", "b/a.csr", "b/deep/z.csr", "c.csr"};
    assert_int_equal(found.count, ARRAY_LEN(expected));
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(found.items[i].path, expected[i]);
        assert_string_equal(found.items[i].shown, expected[i]);
        assert_null(found.items[i].problem);
        assert_false(found.items[i].is_unread);
    }
    assert_int_equal(found.items[1].size, 2);
    assert_int_equal(found.left_out, 3);
    media_walk_done(&found);
    assert_int_equal(found.count, 0);
}

static void reads_what_it_listed(void **state)
{
    struct error err = ERROR_INIT;
    struct builder data = BUILDER_INIT;
    const struct folder *folder = *state;
    assert_int_equal(mkdirat(folder->fd, "sub", 0755), 0);
    put(folder, "sub/a.csr", "content");
    builder_add_text(&data, "before ");
    assert_true(media_read(folder->fd, "sub/a.csr", MAX_LEN, &data, &err));
    assert_string_equal(builder_text(&data), "before content");
    builder_done(&data);
    assert_false(reads(folder, "missing", &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void follows_no_symbolic_link_anywhere(void **state)
{
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    assert_int_equal(mkdirat(folder->fd, "real", 0755), 0);
    put(folder, "real/a.csr", "x");
    assert_int_equal(symlinkat("/etc/passwd", folder->fd, "absolute.csr"), 0);
    assert_int_equal(symlinkat("real/a.csr", folder->fd, "inside.csr"), 0);
    assert_int_equal(symlinkat("../..", folder->fd, "up"), 0);
    assert_int_equal(symlinkat("real", folder->fd, "folder"), 0);
    assert_int_equal(symlinkat("loop", folder->fd, "loop"), 0);
    walk(folder, &found);
    assert_int_equal(found.count, 6);
    assert_problem(&found, "absolute.csr", "a symbolic link");
    assert_problem(&found, "inside.csr", "a symbolic link");
    assert_problem(&found, "up", "a symbolic link");
    assert_problem(&found, "folder", "a symbolic link");
    assert_problem(&found, "loop", "a symbolic link");
    media_walk_done(&found);
    static const char *const paths[] = {"absolute.csr", "inside.csr", "folder/a.csr", "up/etc/passwd",
                                        "loop"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_false(reads(folder, paths[i], &err));
        assert_non_null(strstr(err.text, "symbolic link"));
    }
}

static void leaves_the_folder_by_no_path(void **state)
{
    struct error err = ERROR_INIT;
    const struct folder *folder = *state;
    static const char *const paths[] = {"../etc/passwd", "/etc/passwd", "..", "a/../../etc/passwd",
                                        "/proc/self/fd/0"};
    assert_int_equal(mkdirat(folder->fd, "a", 0755), 0);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_false(reads(folder, paths[i], &err));
}

static void waits_for_no_fifo_and_opens_no_socket_or_device(void **state)
{
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_int_equal(mkfifoat(folder->fd, "fifo.csr", 0644), 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket.csr", folder->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    // Only root may make a device; null is as good as any.
    bool has_device = mknodat(folder->fd, "device.csr", S_IFCHR | 0644, makedev(1, 3)) == 0;
    walk(folder, &found);
    assert_problem(&found, "fifo.csr", "a FIFO");
    assert_problem(&found, "socket.csr", "a socket");
    if (has_device)
        assert_problem(&found, "device.csr", "a device");
    media_walk_done(&found);
    assert_false(reads(folder, "fifo.csr", &err));
    assert_non_null(strstr(err.text, "not a regular file"));
    assert_false(reads(folder, "socket.csr", &err));
    assert_false(has_device && reads(folder, "device.csr", &err));
    (void)close(fd);
}

static void shows_hostile_names_harmless_and_reads_by_the_true_ones(void **state)
{
    static const struct {
        const char *name;
        const char *shown;
    } names[] = {
        {"a\nb.csr", "a\\x0ab.csr"},
        {"\x1b[2Jx.csr", "\\x1b[2Jx.csr"},
        {"\xff\xfe.csr", "\\xff\\xfe.csr"},
        {"a\xe2\x80\xaersc.csr", "a\\u{202e}rsc.csr"},
        {"-rf", "-rf"},
        {"Twin.csr", "Twin.csr"},
        {"twin.csr", "twin.csr"},
        {"back\\slash", "back\\\\slash"},
    };
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    put(folder, longest, "x");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        put(folder, names[i].name, "x");
    walk(folder, &found);
    assert_int_equal(found.count, ARRAY_LEN(names) + 1);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct media_item *item = item_at(&found, names[i].name);
        assert_non_null(item);
        assert_string_equal(item->shown, names[i].shown);
        assert_true(reads(folder, item->path, &err));
    }
    assert_non_null(item_at(&found, longest));
    media_walk_done(&found);
    assert_false(reads(folder, "\x1b[2J", &err));
    assert_null(strchr(err.text, '\x1b'));
}

static void a_file_with_a_second_name_is_listed_with_a_problem(void **state)
{
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    put(folder, "a.csr", "x");
    put(folder, "b.csr", "x");
    assert_int_equal(mkdirat(folder->fd, "sub", 0755), 0);
    assert_int_equal(linkat(folder->fd, "a.csr", folder->fd, "sub/link.csr", 0), 0);
    walk(folder, &found);
    assert_problem(&found, "a.csr", "a hard link");
    assert_problem(&found, "sub/link.csr", "a hard link");
    assert_null(item_at(&found, "b.csr")->problem);
    media_walk_done(&found);
}

/** Memory in use now, in bytes; a sanitizer's allocator counts for itself and says nothing here. */
static size_t memory_in_use(void)
{
    return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void many_empty_files_cost_little_memory_and_keep_their_order(void **state)
{
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    const size_t count = 20000;
    for (size_t i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "request-%06zu.csr", i * 7919 % count);
        int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        assert_true(fd >= 0);
        (void)close(fd);
    }
    assert_int_equal(symlinkat("x", folder->fd, "s\n1.csr"), 0);
    assert_int_equal(symlinkat("x", folder->fd, "s\n2.csr"), 0);
    size_t before = memory_in_use();
    assert_true(media_walk(folder->fd, MAX_LEN, 100000, &found, &(struct error)ERROR_INIT));
    size_t used = memory_in_use() - before;
    if (used > count * 110)
        fail_msg("%zu bytes for %zu files", used, count);
    assert_int_equal(found.count, count + 2);
    for (size_t i = 1; i < found.count; i++)
        assert_true(strcmp(found.items[i - 1].path, found.items[i].path) < 0);
    assert_ptr_equal(found.items[0].shown, found.items[0].path);
    // A text that many items have is there once.
    assert_ptr_equal(found.items[count].problem, found.items[count + 1].problem);
    media_walk_done(&found);
}

static void stops_at_its_depth(void **state)
{
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    int at = dup(folder->fd);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(mkdirat(at, "d", 0755), 0);
        int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        (void)close(at);
        at = next;
    }
    (void)close(at);
    walk(folder, &found);
    assert_int_equal(found.count, 1);
    assert_non_null(strstr(found.items[0].problem, "deeper than 32"));
    assert_true(found.items[0].is_unread);
    media_walk_done(&found);
}

static void reads_no_more_than_the_bound(void **state)
{
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    int fd = openat(folder->fd, "sparse.csr", O_WRONLY | O_CREAT, 0644);
    assert_int_equal(ftruncate(fd, (off_t)10 * 1024 * 1024 * 1024), 0);
    (void)close(fd);
    fd = openat(folder->fd, "exact.csr", O_WRONLY | O_CREAT, 0644);
    assert_int_equal(ftruncate(fd, MAX_LEN), 0);
    (void)close(fd);
    walk(folder, &found);
    assert_problem(&found, "sparse.csr", "larger than 65536 bytes");
    assert_null(item_at(&found, "exact.csr")->problem);
    media_walk_done(&found);
    assert_false(reads(folder, "sparse.csr", &err));
    assert_non_null(strstr(err.text, "larger than the 65536 bytes"));
    assert_true(reads(folder, "exact.csr", &err));
}

static void refuses_more_files_than_it_was_told(void **state)
{
    struct error err = ERROR_INIT;
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    for (int i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%d.csr", i);
        int fd = openat(folder->fd, name, O_WRONLY | O_CREAT, 0644);
        (void)close(fd);
    }
    assert_true(media_walk(folder->fd, MAX_LEN, 20, &found, &err));
    media_walk_done(&found);
    assert_false(media_walk(folder->fd, MAX_LEN, 19, &found, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "the directory holds more than 19 files; bring them in smaller portions");
    assert_null(found.items);
    // Those below count, too.
    error_clear(&err);
    assert_int_equal(mkdirat(folder->fd, "sub", 0755), 0);
    put(folder, "sub/21.csr", "x");
    put(folder, "sub/22.csr", "x");
    assert_true(media_walk(folder->fd, MAX_LEN, 23, &found, &err));
    media_walk_done(&found);
    // In whatever order: of nothing but what lies below.
    AUTO(close) int below = openat(folder->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(below, "deep", 0755), 0);
    put(folder, "sub/deep/23.csr", "x");
    put(folder, "sub/deep/24.csr", "x");
    assert_int_equal(unlinkat(below, "21.csr", 0), 0);
    assert_int_equal(unlinkat(below, "22.csr", 0), 0);
    assert_true(media_walk(below, MAX_LEN, 3, &found, &err));
    media_walk_done(&found);
    for (size_t max = 0; max < 3; max++) {
        assert_false(media_walk(below, MAX_LEN, max, &found, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_null(found.items);
        error_clear(&err);
    }
}

static void lists_a_folder_that_cant_be_opened(void **state)
{
    struct media_walk found = {.items = NULL};
    const struct folder *folder = *state;
    const uid_t nobody = 65534, user = geteuid();
    assert_int_equal(mkdirat(folder->fd, "closed", 0), 0);
    put(folder, "a.csr", "x");
    assert_int_equal(fchmod(folder->fd, 0755), 0);
    // Root opens everything.
    if (user == 0)
        assert_int_equal(seteuid(nobody), 0);
    walk(folder, &found);
    assert_int_equal(seteuid(user), 0);
    assert_problem(&found, "closed", "can't be opened");
    assert_null(item_at(&found, "a.csr")->problem);
    media_walk_done(&found);
}

struct changer {
    int fd;
    atomic_bool is_done;
};

/** Goes on writing into a file until it is told to stop. */
static void *change(void *context)
{
    struct changer *changer = context;
    uint8_t octet = 0;
    while (!atomic_load(&changer->is_done)) {
        octet++;
        if (pwrite(changer->fd, &octet, 1, 0) != 1 || ftruncate(changer->fd, 100 + octet) != 0)
            return changer;
    }
    return NULL;
}

static void a_file_that_changes_is_read_whole_or_refused(void **state)
{
    const struct folder *folder = *state;
    pthread_t thread;
    struct changer changer = {.fd = openat(folder->fd, "busy.csr", O_RDWR | O_CREAT, 0644)};
    assert_int_equal(ftruncate(changer.fd, 100), 0);
    assert_int_equal(pthread_create(&thread, NULL, change, &changer), 0);
    // It is refused sooner or later, and never anything but read in one of its states or refused.
    size_t refused = 0;
    for (int i = 0; i < 200000 && refused == 0; i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        if (media_read(folder->fd, "busy.csr", MAX_LEN, &data, &err)) {
            assert_true(data.len >= 100 && data.len <= 355);
        } else {
            assert_non_null(strstr(err.text, "changed while it was read"));
            refused++;
        }
    }
    atomic_store(&changer.is_done, true);
    void *failed = NULL;
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_true(refused > 0);
    (void)close(changer.fd);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(lists_files_in_order_of_their_bytes),
        IN_FOLDER(reads_what_it_listed),
        IN_FOLDER(follows_no_symbolic_link_anywhere),
        IN_FOLDER(leaves_the_folder_by_no_path),
        IN_FOLDER(waits_for_no_fifo_and_opens_no_socket_or_device),
        IN_FOLDER(shows_hostile_names_harmless_and_reads_by_the_true_ones),
        IN_FOLDER(a_file_with_a_second_name_is_listed_with_a_problem),
        IN_FOLDER(many_empty_files_cost_little_memory_and_keep_their_order),
        IN_FOLDER(stops_at_its_depth),
        IN_FOLDER(reads_no_more_than_the_bound),
        IN_FOLDER(refuses_more_files_than_it_was_told),
        IN_FOLDER(lists_a_folder_that_cant_be_opened),
        IN_FOLDER(a_file_that_changes_is_read_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
