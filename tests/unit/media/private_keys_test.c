/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys on a medium are found wherever they lie and whatever they are called; nothing outside of it is looked at, nothing waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "folder.h"
#include "media/private_keys.h"

#include <dirent.h>
#include <sys/stat.h>

static bool are_kinds_unknown;

/** Some file systems do not say in a directory what kind of thing a name is. */
struct dirent *readdir(DIR *folder)
{
    struct dirent *entry = (struct dirent *)(void *)readdir64(folder);
    if (entry != NULL && are_kinds_unknown)
        entry->d_type = DT_UNKNOWN;
    return entry;
}

#define KEY "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"

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

static void put(const struct folder *folder, const char *path, struct bytes content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder->fd, path, 0644, content, &err))
        fail_msg("%s", err.text);
}

static void put_key(const struct folder *folder, const char *path)
{
    put(folder, path, BYTES_LITERAL(KEY));
}

static void make_folder(const struct folder *folder, const char *path)
{
    assert_int_equal(mkdirat(folder->fd, path, 0755), 0);
}

static void find(const struct folder *folder, struct media_keys *ret_keys)
{
    media_find_keys(folder->fd, &(struct media_keys_search){.max_files = 1000}, ret_keys);
}

static bool names(const struct media_keys *keys, const char *shown)
{
    for (size_t i = 0; i < keys->count && i < MEDIA_KEYS_NAMED; i++) {
        if (strcmp(keys->items[i].shown, shown) == 0)
            return true;
    }
    return false;
}

static void keys_are_found_by_content_anywhere_on_the_medium(void **state)
{
    const struct folder *folder = *state;
    static const char *const places[] = {"a.txt", ".hidden", "b.key~", "deep/er/c", ".ssh/id"};
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    make_folder(folder, "deep");
    make_folder(folder, "deep/er");
    make_folder(folder, ".ssh");
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        put_key(folder, places[i]);
    put(folder, "no.key", BYTES_LITERAL("no key at all\n"));
    put_key(folder, "odd\nname");
    find(folder, &keys);
    assert_int_equal(keys.count, ARRAY_LEN(places) + 1);
    assert_int_equal(keys.files, ARRAY_LEN(places) + 2);
    assert_false(keys.is_cut);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        assert_true(names(&keys, places[i]));
    assert_true(names(&keys, "odd\\nname") || names(&keys, "odd\\x0aname"));
    assert_string_equal(keys.items[0].form, "a private key in PEM");
}

static void on_a_file_system_that_tells_no_kinds_as_well(void **state)
{
    are_kinds_unknown = true;
    keys_are_found_by_content_anywhere_on_the_medium(state);
    are_kinds_unknown = false;
}

static void links_and_what_would_wait_are_left_alone(void **state)
{
    const struct folder *folder = *state;
    struct folder other;
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    AUTO(free) char *outside = NULL;
    folder_make(&other);
    put_key(&other, "outside.key");
    outside = memory_format("%s/outside.key", other.path);
    assert_int_equal(symlinkat(outside, folder->fd, "link.key"), 0);
    assert_int_equal(symlinkat(other.path, folder->fd, "folder"), 0);
    assert_int_equal(linkat(AT_FDCWD, outside, folder->fd, "second-name.key", 0), 0);
    assert_int_equal(mkfifoat(folder->fd, "fifo.key", 0644), 0);
    for (int i = 0; i < 2; i++) {
        are_kinds_unknown = i == 1;
        find(folder, &keys);
        assert_int_equal(keys.count, 0);
        assert_int_equal(keys.files, 0);
    }
    are_kinds_unknown = false;
    folder_remove(&other);
}

static void a_large_file_is_looked_at_by_its_front(void **state)
{
    const struct folder *folder = *state;
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    AUTO(builder_done) struct builder early = BUILDER_INIT;
    AUTO(builder_done) struct builder late = BUILDER_INIT;
    builder_add_text(&early, KEY);
    for (size_t i = 0; i < 3 * MEDIA_KEY_LOOK_LEN; i++) {
        builder_add_u8(&early, '.');
        builder_add_u8(&late, '.');
    }
    builder_add_text(&late, KEY);
    put(folder, "early", builder_bytes(&early));
    put(folder, "late", builder_bytes(&late));
    find(folder, &keys);
    assert_int_equal(keys.count, 1);
    assert_string_equal(keys.items[0].shown, "early");
}

static void many_are_counted_and_few_are_named(void **state)
{
    const struct folder *folder = *state;
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    for (int i = 0; i < MEDIA_KEYS_NAMED + 5; i++) {
        AUTO(free) char *name = memory_format("%d.key", i);
        put_key(folder, name);
    }
    find(folder, &keys);
    assert_int_equal(keys.count, MEDIA_KEYS_NAMED + 5);
    for (size_t i = 0; i < MEDIA_KEYS_NAMED; i++)
        assert_non_null(keys.items[i].shown);
}

static bool is_request(void *data, const char *path)
{
    (*(int *)data)++;
    return strcmp(path, "requests/a.pem") == 0;
}

static bool stop(void *data)
{
    (void)data;
    return false;
}

static void some_are_left_out_and_the_search_ends_where_it_must(void **state)
{
    const struct folder *folder = *state;
    int asked = 0;
    AUTO(media_keys_done) struct media_keys keys = {.count = 0};
    AUTO(media_keys_done) struct media_keys few = {.count = 0};
    AUTO(media_keys_done) struct media_keys none = {.count = 0};
    make_folder(folder, "requests");
    put_key(folder, "requests/a.pem");
    put_key(folder, "requests/b.pem");
    media_find_keys(folder->fd,
                    &(struct media_keys_search){.max_files = 2, .is_left_out = is_request, .data = &asked},
                    &keys);
    assert_int_equal(asked, 2);
    assert_int_equal(keys.count, 1);
    assert_string_equal(keys.items[0].shown, "requests/b.pem");
    assert_false(keys.is_cut);
    media_find_keys(folder->fd, &(struct media_keys_search){.max_files = 1}, &few);
    assert_int_equal(few.files, 1);
    assert_true(few.is_cut);
    media_find_keys(folder->fd, &(struct media_keys_search){.max_files = 9, .may_go_on = stop}, &none);
    assert_int_equal(none.files, 0);
    assert_true(none.is_cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_found_by_content_anywhere_on_the_medium, setup, teardown),
        cmocka_unit_test_setup_teardown(on_a_file_system_that_tells_no_kinds_as_well, setup, teardown),
        cmocka_unit_test_setup_teardown(links_and_what_would_wait_are_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_file_is_looked_at_by_its_front, setup, teardown),
        cmocka_unit_test_setup_teardown(many_are_counted_and_few_are_named, setup, teardown),
        cmocka_unit_test_setup_teardown(some_are_left_out_and_the_search_ends_where_it_must, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
