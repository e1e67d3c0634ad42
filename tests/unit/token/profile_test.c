/* SPDX-License-Identifier: Apache-2.0 */
#include "token/profile.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool load(const char *text, struct token_profile **ret_profile, struct error *err)
{
    return token_profile_load(bytes_of_text(text), "some.yaml", ret_profile, err);
}

static void refuses(const char *text, const char *part)
{
    struct error err = ERROR_INIT;
    struct token_profile *profile = NULL;
    assert_false(load(text, &profile, &err));
    assert_null(profile);
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, part) == NULL)
        fail_msg("\"%s\" is not in: %s", part, err.text);
}

#define SOUND                                                                                                \
    "name: x\ntitle: X\ntested: false\nmodules: [/nowhere/x.so, /etc/pass*d]\nalways_authenticate: false\n"  \
    "keys: [ec-p256, rsa-3072]\n"

static void test_a_profile_says_what_a_token_may_do(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    if (!load(SOUND "max_sessions: 16\nmax_message: 16000\ned25519_params: oid\nmay_omit: [derive, "
                    "unwrap]\ninit_args: a=b\n",
              &profile, &err))
        fail_msg("%s", err.text);
    struct token_limits limits = profile_limits(profile);
    assert_string_equal(token_profile_name(profile), "x");
    assert_false(token_profile_is_tested(profile));
    assert_string_equal(profile_init_args(profile), "a=b");
    assert_int_equal(limits.max_sessions, 16);
    assert_int_equal(limits.max_message, 16000);
    assert_int_equal(limits.timeout_seconds, PROFILE_TIMEOUT_SECONDS);
    assert_int_equal(limits.ed25519_params, ED25519_OID);
    assert_int_equal(limits.may_omit, USAGE_DERIVE | USAGE_UNWRAP);
    assert_int_equal(limits.kinds, 1U << KEY_EC_P256 | 1U << KEY_RSA);
    assert_int_equal(limits.rsa_max_bits, 3072);
    assert_true(limits.refuses_always_authenticate);
}

static void test_the_first_module_that_exists_is_taken_patterns_included(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    assert_true(load(SOUND, &profile, &err));
    assert_string_equal(token_profile_module(profile), "/etc/passwd");
}

static void test_files_of_a_module_are_found_by_path_variable_and_setting(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    char folder[] = "/tmp/coldca-test-XXXXXX";
    char text[512];
    char settings[64];
    const struct token_file *files = NULL;
    size_t count = 0;
    bool needs_network = false;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(settings, sizeof(settings), "%s/settings", folder);
    assert_true(file_create(
        AT_FDCWD, settings, 0600,
        BYTES_LITERAL("# tokens = /no\n tokensx = /no\n\ttokens =  /a b/c \r\ntokens = /no\n"), &err));
    assert_int_equal(setenv("COLDCA_TEST_SETTINGS", settings, 1), 0);
    (void)snprintf(text, sizeof(text),
                   SOUND "network: true\nfiles:\n- {variable: COLDCA_TEST_SETTINGS, setting: tokens}\n"
                         "- {variable: COLDCA_TEST_NONE, setting: tokens}\n- {path: /dev/hsm, write: true}\n"
                         "- {path: %s, setting: other}\n",
                   settings);
    AUTO(token_profile_free) struct token_profile *profile = NULL;
    if (!load(text, &profile, &err))
        fail_msg("%s", err.text);
    assert_true(token_profile_files(profile, &files, &count, &needs_network));
    assert_int_equal(count, 4);
    assert_true(needs_network);
    assert_string_equal(files[0].path, settings);
    assert_false(files[0].may_write);
    assert_string_equal(files[1].path, "/a b/c");
    assert_true(files[1].may_write);
    assert_string_equal(files[2].path, "/dev/hsm");
    assert_true(files[2].may_write);
    assert_string_equal(files[3].path, settings);
    assert_int_equal(unsetenv("COLDCA_TEST_SETTINGS"), 0);
    assert_int_equal(unlink(settings), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void test_a_setting_that_names_a_file_means_its_directory(void **state)
{
    (void)state; // cmocka's form
    static const struct {
        const char *line;
        const char *directory; // NULL: none is named
    } cases[] = {
        {"dbargs = \"/var/lib/token/token.sql\"", "/var/lib/token"},
        {"dbargs = /token.sql", "/"},
        {"dbargs=\"relative.sql\"", NULL},
        {"dbargs = \"", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        char folder[] = "/tmp/coldca-test-XXXXXX";
        char text[512];
        char settings[64];
        const struct token_file *files = NULL;
        size_t count = 0;
        bool needs_network = false;
        assert_non_null(mkdtemp(folder));
        (void)snprintf(settings, sizeof(settings), "%s/token.conf", folder);
        assert_true(
            file_create(AT_FDCWD, settings, 0600, bytes_of(cases[i].line, strlen(cases[i].line)), &err));
        (void)snprintf(text, sizeof(text), SOUND "files:\n- {path: %s, setting_file: dbargs}\n", settings);
        AUTO(token_profile_free) struct token_profile *profile = NULL;
        if (!load(text, &profile, &err))
            fail_msg("%s", err.text);
        assert_true(token_profile_files(profile, &files, &count, &needs_network));
        assert_int_equal(count, cases[i].directory == NULL ? 1 : 2);
        if (cases[i].directory != NULL) {
            assert_string_equal(files[1].path, cases[i].directory);
            assert_true(files[1].may_write);
        }
        assert_int_equal(unlink(settings), 0);
        assert_int_equal(rmdir(folder), 0);
    }
}

static void test_a_profile_that_says_nothing_of_files_says_so(void **state)
{
    (void)state; // cmocka's form
    struct error err = ERROR_INIT;
    const struct token_file *files = NULL;
    size_t count = 7;
    bool needs_network = true;
    AUTO(token_profile_free) struct token_profile *silent = NULL;
    assert_true(load(SOUND, &silent, &err));
    assert_false(token_profile_files(silent, &files, &count, &needs_network));
    assert_int_equal(count, 7);
    // An empty list can't be told from none, so it is none of the two.
    refuses(SOUND "files: []\n", "sequence");
}

static void test_a_faulty_profile_is_refused_with_its_fault(void **state)
{
    (void)state; // cmocka's form
    refuses(SOUND "lifetime: 3\n", "lifetime");
    refuses(SOUND "may_omit: [sign]\n", "may_omit");
    refuses(SOUND "ed25519_params: name\n", "ed25519_params");
    refuses(SOUND "max_sessions: 5000\n", "max_sessions");
    refuses(SOUND "max_message: 100\n", "max_message");
    refuses(SOUND "timeout_seconds: 5000\n", "timeout_seconds");
    refuses(SOUND "files: [{path: x}]\n", "files:");
    refuses(SOUND "files: [{path: /x, variable: X}]\n", "files:");
    refuses(SOUND "files: [{write: true}]\n", "files:");
    refuses(SOUND "files: [{path: /x, read: true}]\n", "read");
    refuses("name: x\n", "title");
    refuses(
        "name: x\ntitle: X\ntested: false\nmodules: [x.so]\nalways_authenticate: false\nkeys: [ec-p256]\n",
        "starts with /");
    refuses(
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\nkeys: [dsa-1024]\n",
        "dsa-1024");
}

static void test_every_shipped_profile_loads_and_only_those_in_ci_claim_to_be_tested(void **state)
{
    (void)state; // cmocka's form
    AUTO(closedir) DIR *folder = opendir(SOURCE_FOLDER "/tokens");
    assert_non_null(folder);
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(token_profile_free) struct token_profile *profile = NULL;
        if (entry->d_name[0] == '.')
            continue;
        if (!file_read(dirfd(folder), entry->d_name, 65536, &text, &err) ||
            !token_profile_load(builder_bytes(&text), entry->d_name, &profile, &err))
            fail_msg("%s", err.text);
        AUTO(free) char *file = memory_format("%s.yaml", token_profile_name(profile));
        assert_string_equal(file, entry->d_name);
        static const char *const in_ci[] = {"kryoptic.yaml", "nss-softokn.yaml", "p11-kit.yaml",
                                            "tpm2-pkcs11.yaml", "softhsm2.yaml"};
        bool is_in_ci = false;
        for (size_t i = 0; i < ARRAY_LEN(in_ci); i++)
            is_in_ci |= strcmp(file, in_ci[i]) == 0;
        assert_int_equal(token_profile_is_tested(profile), is_in_ci);
        count++;
    }
    assert_true(count >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_profile_says_what_a_token_may_do),
        cmocka_unit_test(test_the_first_module_that_exists_is_taken_patterns_included),
        cmocka_unit_test(test_files_of_a_module_are_found_by_path_variable_and_setting),
        cmocka_unit_test(test_a_setting_that_names_a_file_means_its_directory),
        cmocka_unit_test(test_a_profile_that_says_nothing_of_files_says_so),
        cmocka_unit_test(test_a_faulty_profile_is_refused_with_its_fault),
        cmocka_unit_test(test_every_shipped_profile_loads_and_only_those_in_ci_claim_to_be_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
