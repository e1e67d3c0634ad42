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
    if (!load(SOUND "max_sessions: 16\ned25519_params: oid\nmay_omit: [derive, unwrap]\ninit_args: a=b\n",
              &profile, &err))
        fail_msg("%s", err.text);
    struct token_limits limits = profile_limits(profile);
    assert_string_equal(token_profile_name(profile), "x");
    assert_false(token_profile_is_tested(profile));
    assert_string_equal(profile_init_args(profile), "a=b");
    assert_int_equal(limits.max_sessions, 16);
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

static void test_a_faulty_profile_is_refused_with_its_fault(void **state)
{
    (void)state; // cmocka's form
    refuses(SOUND "lifetime: 3\n", "lifetime");
    refuses(SOUND "may_omit: [sign]\n", "may_omit");
    refuses(SOUND "ed25519_params: name\n", "ed25519_params");
    refuses(SOUND "max_sessions: 5000\n", "max_sessions");
    refuses(SOUND "timeout_seconds: 5000\n", "timeout_seconds");
    refuses("name: x\n", "title");
    refuses(
        "name: x\ntitle: X\ntested: false\nmodules: [x.so]\nalways_authenticate: false\nkeys: [ec-p256]\n",
        "starts with /");
    refuses(
        "name: x\ntitle: X\ntested: false\nmodules: [/x.so]\nalways_authenticate: false\nkeys: [dsa-1024]\n",
        "dsa-1024");
}

static void test_every_shipped_profile_loads_and_only_softhsm_claims_to_be_tested(void **state)
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
        assert_int_equal(token_profile_is_tested(profile), strcmp(file, "softhsm2.yaml") == 0);
        count++;
    }
    assert_true(count >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_profile_says_what_a_token_may_do),
        cmocka_unit_test(test_the_first_module_that_exists_is_taken_patterns_included),
        cmocka_unit_test(test_a_faulty_profile_is_refused_with_its_fault),
        cmocka_unit_test(test_every_shipped_profile_loads_and_only_softhsm_claims_to_be_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
