/* SPDX-License-Identifier: Apache-2.0 */
/* The list of Debian's weak keys: what is on it is found, and a list that isn't whole is refused instead of passing keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "screen/screen.h"

static struct folder folder;

static int make_folder(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static bool open_list(const char *text, struct screen_list **ret_list, struct error *err)
{
    if (!file_replace(folder.fd, "list", 0600, bytes_of_text(text), err))
        fail_msg("%s", err->text);
    return screen_list_open(folder.fd, "list", ret_list, err);
}

/* sha1sum of "Modulus=B3A5...\n" as `openssl rsa -modulus` writes it */
static const uint8_t modulus[] = {0xb3, 0xa5, 0x00, 0xff, 0x10};
static const uint8_t short_modulus[] = {0x05, 0x01};
#define FINGERPRINT "2f1823f55d92d061f10a"
#define SHORT_FINGERPRINT "cbd2e1895f7bae9b6664"

static void finds_what_is_on_the_list(void **state)
{
    struct error err = ERROR_INIT;
    struct screen_list *list = NULL;
    const uint8_t other[] = {0xb3, 0xa5, 0x00, 0xff, 0x11};
    (void)state;
    if (!open_list("# made for a test\n"
                   "00000000000000000000\n" FINGERPRINT "\n" SHORT_FINGERPRINT "\n"
                   "ffffffffffffffffffff\n",
                   &list, &err))
        fail_msg("%s", err.text);
    assert_int_equal(screen_list_count(list), 4);
    assert_true(screen_list_has(list, BYTES(modulus)));
    assert_true(screen_list_has(list, BYTES(short_modulus)));
    assert_false(screen_list_has(list, BYTES(other)));
    screen_list_close(list);
}

static void finds_the_first_the_last_and_the_only_one(void **state)
{
    static const char *const lists[] = {FINGERPRINT "\n", FINGERPRINT "\nffffffffffffffffffff\n",
                                        "00000000000000000000\n" FINGERPRINT "\n"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct error err = ERROR_INIT;
        struct screen_list *list = NULL;
        if (!open_list(lists[i], &list, &err))
            fail_msg("%s", err.text);
        assert_true(screen_list_has(list, BYTES(modulus)));
        assert_false(screen_list_has(list, BYTES(short_modulus)));
        screen_list_close(list);
    }
}

static void refuses_a_list_that_is_not_whole(void **state)
{
    static const char *const lists[] = {
        "# nothing\n",
        "# no end",
        "00000000000000000000",                         // no newline
        "00000000000000000000\n0000000000000000000\n",  // cut short
        "00000000000000000001\n00000000000000000000\n", // out of order
        "00000000000000000000\n00000000000000000000\n", // twice
        "0000000000000000000G\n",                       // no digit
        "0000000000000000000A\n",                       // upper case
        "00000000000000000000\n#00000000000000000000",  // a comment behind
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct error err = ERROR_INIT;
        struct screen_list *list = NULL;
        assert_false(open_list(lists[i], &list, &err));
        assert_null(list);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, "scripts/debian-weak-keys"));
    }
}

static void refuses_what_is_no_file(void **state)
{
    struct error err = ERROR_INIT;
    struct screen_list *list = NULL;
    (void)state;
    assert_false(screen_list_open(folder.fd, "nonesuch", &list, &err));
    assert_false(screen_list_open(AT_FDCWD, folder.path, &list, &err));
    assert_false(screen_list_open(AT_FDCWD, "/dev/zero", &list, &err));
}

/** Every digit of an entry counts, and nothing else is one. */
static void an_entry_is_20_small_hex_digits_and_a_line_feed(void **state)
{
    static const char wrong[] = {'/', ':', '`', 'g', 'A', ' ', '#', '\xff'};
    char text[] = "00000000000000000000\n5555555555555555555a\n";
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        for (size_t j = 0; j < sizeof(wrong); j++) {
            struct error err = ERROR_INIT;
            struct screen_list *list = NULL;
            char kept = text[21 + i];
            text[21 + i] = wrong[j];
            assert_false(open_list(text, &list, &err));
            assert_string_equal(err.text,
                                "list: entry 2 is not 20 lower-case hex digits above the entry before; make "
                                "the list again with scripts/debian-weak-keys");
            text[21 + i] = kept;
        }
        static const char good[] = {'0', '9', 'a', 'f'};
        for (size_t j = 0; j < sizeof(good); j++) {
            struct error err = ERROR_INIT;
            struct screen_list *list = NULL;
            char kept = text[21 + i];
            text[21 + i] = good[j];
            if (!open_list(text, &list, &err))
                fail_msg("%s", err.text);
            screen_list_close(list);
            text[21 + i] = kept;
        }
    }
    struct error err = ERROR_INIT;
    struct screen_list *list = NULL;
    text[20] = ' ';
    assert_false(open_list(text, &list, &err));
    assert_non_null(strstr(err.text, "entry 1 is not"));
}

static void finds_each_of_any_number_and_none_between(void **state)
{
    (void)state;
    for (int count = 1; count <= 9; count++) {
        for (int place = 0; place <= count; place++) { // the key's, or none
            struct error err = ERROR_INIT;
            struct screen_list *list = NULL;
            AUTO(builder_done) struct builder text = BUILDER_INIT;
            for (int i = 0; i < count; i++) {
                if (i == place)
                    builder_add_text(&text, FINGERPRINT "\n"); // 2f18...
                else
                    builder_format(&text, "%s%018d\n", i < place ? "2e" : "30", i);
            }
            if (!open_list(builder_text(&text), &list, &err))
                fail_msg("%s", err.text);
            assert_int_equal(screen_list_count(list), count);
            assert_int_equal(screen_list_has(list, BYTES(modulus)), place < count);
            assert_false(screen_list_has(list, BYTES(short_modulus)));
            screen_list_close(list);
        }
    }
}

static void what_can_not_be_read_is_no_list(void **state)
{
    static const struct {
        const char *call;
        const char *text;
    } faults[] = {
        {"openat", "can't open list: Input/output error"},
        {"fstat", "can't open list: Input/output error"},
        {"mmap", "can't map list: Input/output error"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        struct screen_list *list = NULL;
        assert_true(file_replace(folder.fd, "list", 0600, BYTES_LITERAL(FINGERPRINT "\n"), &err));
        failing_at(faults[i].call, 1);
        assert_false(screen_list_open(folder.fd, "list", &list, &err));
        assert_non_null(failing_stop());
        assert_null(list);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, faults[i].text);
    }
}

static void a_list_has_its_bounds(void **state)
{
#define SIZE_FAULT "list: not a file of 1 byte to 256 MiB"
#define NO_LIST                                                                                              \
    "list: no list of Debian's weak keys, or one cut short; make it again with scripts/debian-weak-keys"
    static const struct {
        off_t size;
        const char *text;
    } cases[] = {{0, SIZE_FAULT}, {256 * 1024 * 1024, NO_LIST}, {256 * 1024 * 1024 + 1, SIZE_FAULT}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct screen_list *list = NULL;
        assert_true(file_replace(folder.fd, "list", 0600, BYTES_LITERAL(""), &err));
        AUTO(close) int fd = openat(folder.fd, "list", O_WRONLY | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, cases[i].size), 0);
        assert_false(screen_list_open(folder.fd, "list", &list, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, cases[i].text);
    }
}

static void names_the_key_and_the_remedy(void **state)
{
    struct error err = ERROR_INIT;
    struct screen_list *list = NULL;
    struct screen_rules rules = {.debian_weak_keys = true};
    struct findings found = FINDINGS_INIT;
    struct public_key_facts facts = {.kind = KEY_RSA, .bits = 40, .modulus = BYTES(modulus)};
    (void)state;
    if (!open_list(FINGERPRINT "\n", &list, &err))
        fail_msg("%s", err.text);
    screen_key(&rules, list, &facts, &found);
    assert_int_equal(found.count, 1);
    assert_string_equal(found.items[0].rule, "key.debian");
    assert_string_equal(found.items[0].source, "CVE-2008-0166");
    assert_non_null(strstr(found.items[0].remedy, "revoke"));
    rules.debian_weak_keys = false;
    screen_key(&rules, list, &facts, &found);
    assert_int_equal(found.count, 1);
    findings_done(&found);
    screen_list_close(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_on_the_list),
        cmocka_unit_test(finds_the_first_the_last_and_the_only_one),
        cmocka_unit_test(refuses_a_list_that_is_not_whole),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(an_entry_is_20_small_hex_digits_and_a_line_feed),
        cmocka_unit_test(finds_each_of_any_number_and_none_between),
        cmocka_unit_test(what_can_not_be_read_is_no_list),
        cmocka_unit_test(a_list_has_its_bounds),
        cmocka_unit_test(names_the_key_and_the_remedy),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
