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
#include "screen/screen.h"

#include <fcntl.h>

static char folder[] = "/tmp/coldca-list-XXXXXX";
static int folder_fd = -1;

static int make_folder(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    return mkdtemp(folder) != NULL && file_open_folder(AT_FDCWD, folder, &folder_fd, &err) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlinkat(folder_fd, "list", 0); // a test may have had none
    (void)close(folder_fd);
    return rmdir(folder);
}

static bool open_list(const char *text, struct screen_list **ret_list, struct error *err)
{
    if (!file_replace(folder_fd, "list", 0600, bytes_of_text(text), err))
        fail_msg("%s", err->text);
    return screen_list_open(folder_fd, "list", ret_list, err);
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
    assert_false(screen_list_open(folder_fd, "nonesuch", &list, &err));
    assert_false(screen_list_open(AT_FDCWD, folder, &list, &err));
    assert_false(screen_list_open(AT_FDCWD, "/dev/zero", &list, &err));
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
        cmocka_unit_test(names_the_key_and_the_remedy),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
