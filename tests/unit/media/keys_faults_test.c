/* SPDX-License-Identifier: Apache-2.0 */
/* The search for private keys goes on behind what can't be read, to its bounds and not beyond, and leaves nothing open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "media/private_keys.h"
#include "medium.h"

#include <sched.h>
#include <sys/mount.h>

#define KEY "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
#define KEY_DER                                                                                              \
    "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"                                       \
    "0123456789abcdef0123456789abcdef"

static void put(const char *path, struct bytes content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder.fd, path, 0644, content, &err))
        fail_msg("%s", err.text);
}

static void make_medium(void)
{
    put("a", BYTES_LITERAL(KEY));
    put("none", BYTES_LITERAL("x"));
    assert_int_equal(mkdirat(folder.fd, "sub", 0755), 0);
    assert_int_equal(mkdirat(folder.fd, "sub/deep", 0755), 0);
    put("sub/b", BYTES_LITERAL(KEY_DER));
    put("sub/deep/c", BYTES_LITERAL(KEY));
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct media_key *)a)->shown, ((const struct media_key *)b)->shown);
}

/** What was found, by name; the caller frees it. */
static char *text_of(struct media_keys *keys)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    size_t named = keys->count < MEDIA_KEYS_NAMED ? keys->count : MEDIA_KEYS_NAMED;
    qsort(keys->items, named, sizeof(keys->items[0]), compare);
    for (size_t i = 0; i < named; i++)
        builder_format(&text, "%s, %s\n", keys->items[i].shown, keys->items[i].form);
    builder_format(&text, "%zu keys in %zu files%s\n", keys->count, keys->files,
                   keys->is_cut ? ", and more" : "");
    return builder_take_text(&text);
}

static void assert_finds(size_t max_files, const char *wanted)
{
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    media_find_keys(folder.fd, &(struct media_keys_search){.max_files = max_files}, &keys);
    AUTO(free) char *text = text_of(&keys);
    assert_string_equal(text, wanted);
}

#define ALL                                                                                                  \
    "a, a private key in PEM\nsub/b, a private key in DER (PKCS #8)\n"                                       \
    "sub/deep/c, a private key in PEM\n3 keys in 4 files\n"

static void all_are_found_with_their_form(void **state)
{
    (void)state;
    make_medium();
    assert_finds(4, ALL);
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 3}, &keys);
    assert_int_equal(keys.files, 3);
    assert_true(keys.is_cut);
}

/** What one file left in the buffer is not the next one's. */
static void a_key_is_found_in_its_own_file_only(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        AUTO(free) char *name = memory_format("%d", i);
        put(name, i == 7 ? BYTES_LITERAL(KEY_DER) : i % 2 == 0 ? BYTES_LITERAL("0") : BYTES_LITERAL(""));
    }
    assert_finds(100, "7, a private key in DER (PKCS #8)\n1 keys in 20 files\n");
}

static void the_front_is_looked_at_to_its_last_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        AUTO(builder_done) struct builder data = BUILDER_INIT;
        while (data.len < MEDIA_KEY_LOOK_LEN - strlen(KEY) + 1 + i)
            builder_add_text(&data, "\n");
        builder_add_text(&data, KEY); // the line feed behind it is not needed
        put(i == 0 ? "just" : "behind", builder_bytes(&data));
    }
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 10}, &keys);
    assert_in_range(keys.count, 1, 2); // one that lacks its last dash may be told, too
    assert_true(strcmp(keys.items[0].shown, "just") == 0 ||
                (keys.count == 2 && strcmp(keys.items[1].shown, "just") == 0));
}

/** Puts a key into a directory so deep. */
static void make_deep(int depth)
{
    struct error err = ERROR_INIT;
    AUTO(close) int fd = tree_make_deep(folder.fd, depth, 1);
    assert_true(file_create(fd, "key", 0644, BYTES_LITERAL(KEY), &err));
}

static void it_looks_as_deep_as_a_walk(void **state)
{
    (void)state;
    make_deep(32);
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 10}, &keys);
    assert_int_equal(keys.count, 1);
    tree_clear(folder.fd);
    make_deep(33);
    assert_finds(10, "0 keys in 0 files\n");
}

static bool may_go_on(void *data)
{
    return (*(int *)data)-- > 0;
}

static void it_ends_when_it_is_told(void **state)
{
    (void)state;
    make_medium();
    for (int i = 0; i <= 6; i++) {
        AUTO(media_keys_done) struct media_keys keys = {.count = 0};
        int left = i;
        media_find_keys(folder.fd,
                        &(struct media_keys_search){.max_files = 9, .may_go_on = may_go_on, .data = &left},
                        &keys);
        assert_int_equal(keys.is_cut, i < 6); // two directories and four files
        assert_true(keys.files <= (size_t)i);
        assert_int_equal(keys.count, i == 6 ? 3 : keys.count);
    }
}

static void what_is_on_another_file_system_is_not_looked_at(void **state)
{
    (void)state;
    make_medium();
    AUTO(free) char *other = memory_format("%s/sub/deep", folder.path);
    AUTO(free) char *inside = memory_format("%s/sub/deep/key", folder.path);
    AUTO(free) char *over = memory_format("%s/none", folder.path);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", other, "tmpfs", 0, NULL) != 0)
        skip(); // not root, or a container that may not mount
    struct error err = ERROR_INIT;
    AUTO(close) int root = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    assert_true(root >= 0 && file_create(AT_FDCWD, inside, 0644, BYTES_LITERAL(KEY), &err));
    bool is_bound = mount(inside, over, NULL, MS_BIND, NULL) == 0;
    media_find_keys(root, &(struct media_keys_search){.max_files = 10}, &keys);
    if (is_bound)
        assert_int_equal(umount(over), 0);
    assert_int_equal(umount(other), 0);
    assert_true(is_bound);
    AUTO(free) char *text = text_of(&keys);
    assert_string_equal(text, "a, a private key in PEM\nsub/b, a private key in DER (PKCS #8)\n"
                              "2 keys in 2 files\n");
}

static void it_goes_on_behind_what_fails(void **state)
{
    const char *failed = "none";
    unsigned whole = 0;
    (void)state;
    make_medium();
    size_t before = open_descriptors();
    for (unsigned number = 1; failed != NULL; number++) {
        AUTO(media_keys_done) struct media_keys keys = {.count = 0};
        failing_at("", number);
        media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 10}, &keys);
        failed = failing_stop();
        AUTO(free) char *text = text_of(&keys);
        whole += strcmp(text, ALL) == 0;
        if (open_descriptors() != before || keys.is_cut ||
            (failed != NULL && strcmp(failed, "readdir") != 0 && number > 4 && keys.count == 0))
            fail_msg("call %u, %s: %s", number, failed == NULL ? "none" : failed, text);
    }
    assert_true(whole > 2); // the last, and those that fail at an end of a file or directory
    failing_at("fstat", 1);
    assert_finds(10, "0 keys in 0 files\n");
    (void)failing_stop();
}

static void what_is_interrupted_goes_on(void **state)
{
    const char *failed = "none";
    unsigned reads = 0;
    (void)state;
    make_medium();
    for (unsigned number = 1; failed != NULL; number++) {
        AUTO(media_keys_done) struct media_keys keys = {.count = 0};
        failing_at("read", number); // and "readdir"
        failing_as(EINTR);
        media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 10}, &keys);
        failed = failing_stop();
        AUTO(free) char *text = text_of(&keys);
        if (failed != NULL && strcmp(failed, "read") == 0) {
            assert_string_equal(text, ALL);
            reads++;
        }
    }
    assert_int_equal(reads, 8); // each file, and its end
}

static void any_descriptor_will_do(void **state)
{
    const char *opened = "none";
    int kept = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    (void)state;
    make_medium();
    for (unsigned number = 1; opened != NULL; number++) {
        AUTO(media_keys_done) struct media_keys keys = {.count = 0};
        failing_at("open", number);
        failing_opens_zero();
        media_find_keys(folder.fd, &(struct media_keys_search){.max_files = 10}, &keys);
        opened = failing_stop();
        bool is_closed = fcntl(STDIN_FILENO, F_GETFD) < 0;
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        AUTO(free) char *text = text_of(&keys);
        assert_string_equal(text, ALL);
        assert_int_equal(is_closed, opened != NULL);
    }
    assert_int_equal(close(kept), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(all_are_found_with_their_form),
        IN_FOLDER(a_key_is_found_in_its_own_file_only),
        IN_FOLDER(the_front_is_looked_at_to_its_last_byte),
        IN_FOLDER(it_looks_as_deep_as_a_walk),
        IN_FOLDER(it_ends_when_it_is_told),
        IN_FOLDER(what_is_on_another_file_system_is_not_looked_at),
        IN_FOLDER(it_goes_on_behind_what_fails),
        IN_FOLDER(what_is_interrupted_goes_on),
        IN_FOLDER(any_descriptor_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
