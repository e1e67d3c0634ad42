/* SPDX-License-Identifier: Apache-2.0 */
#include "token_fixture.h"

#include "base/memory.h"

static void sign_and_verify(struct token_key *key, enum signature_kind kind)
{
    static const size_t lengths[] = {0, 1, 55, 64, 1000, 100000};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        AUTO(free) uint8_t *data = memory_new(lengths[i] + 1, 1);
        memset(data, 'x', lengths[i]);
        struct bytes text = bytes_of(data, lengths[i]);
        assert_done(token_key_sign(key, kind, text, &signature, &err), err);
        assert_true(fixture_verifies(key, kind, text, builder_bytes(&signature)));
        data[0] ^= 1;
        if (lengths[i] > 0)
            assert_false(fixture_verifies(key, kind, text, builder_bytes(&signature)));
    }
}

static void check_kind(struct fixture *fixture, enum key_kind kind, unsigned bits)
{
    char label[32];
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(token_key_free) struct token_key *again = NULL;
    assert_done(token_key_generate(fixture->token, kind, bits, key_name(kind, bits, label), &key, &err), err);
    assert_int_equal(token_key_kind(key), kind);
    assert_done(token_key_find(fixture->token, token_key_uri(key), token_key_spki(key), &again, &err), err);
    assert_true(bytes_equal(token_key_spki(key), token_key_spki(again)));
    for (enum signature_kind sign = SIGNATURE_RSA_SHA256; sign <= SIGNATURE_ED25519; sign++)
        if (signature_fits_key(sign, kind))
            sign_and_verify(again, sign);
}

static void test_every_kind_of_key_is_made_and_signs_with_every_algorithm_that_fits(void **state)
{
    check_kind(*state, KEY_EC_P256, 0);
    check_kind(*state, KEY_EC_P384, 0);
    check_kind(*state, KEY_EC_P521, 0);
    check_kind(*state, KEY_ED25519, 0);
    check_kind(*state, KEY_RSA, 2048);
    check_kind(*state, KEY_RSA, 3072);
}

static void test_a_made_key_is_private_sensitive_never_extractable_and_only_signs(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    assert_done(token_key_generate(fixture->token, KEY_RSA, 2048, "ca", &key, &err), err);
    const struct token_key_attributes *have = token_key_attributes(key);
    assert_int_equal(have->is_private, TOKEN_YES);
    assert_int_equal(have->is_sensitive, TOKEN_YES);
    assert_int_equal(have->is_always_sensitive, TOKEN_YES);
    assert_int_equal(have->is_extractable, TOKEN_NO);
    assert_int_equal(have->is_never_extractable, TOKEN_YES);
    assert_int_equal(have->is_local, TOKEN_YES);
    assert_int_equal(have->may_sign, TOKEN_YES);
    assert_int_equal(have->may_decrypt, TOKEN_NO);
    assert_int_equal(have->may_unwrap, TOKEN_NO);
    assert_int_equal(have->may_derive, TOKEN_NO);
    assert_done(token_key_check(key, false, &findings, &err), err);
    assert_int_equal(findings.count, 0);
}

static void test_a_label_in_use_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(token_key_free) struct token_key *second = NULL;
    assert_done(token_key_generate(fixture->token, KEY_EC_P256, 0, "ca", &key, &err), err);
    assert_refused(token_key_generate(fixture->token, KEY_EC_P384, 0, "ca", &second, &err), &err, ERROR_TOKEN,
                   "already");
    assert_null(second);
}

static void test_a_pair_made_in_this_run_can_be_removed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(token_key_free) struct token_key *found = NULL;
    struct token_key_info *infos = NULL;
    size_t count = 1;
    assert_done(token_key_generate(fixture->token, KEY_EC_P256, 0, "ca", &key, &err), err);
    assert_done(token_key_find(fixture->token, token_key_uri(key), token_key_spki(key), &found, &err), err);
    assert_refused(token_key_destroy(found, &err), &err, ERROR_TOKEN, "not made in this run");
    assert_done(token_key_destroy(key, &err), err);
    assert_done(token_key_list(fixture->token, &infos, &count, &err), err);
    free(infos);
    assert_int_equal(count, 0);
}

static void test_random_bytes_come_from_the_token(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    uint8_t first[3000] = {0};
    uint8_t second[3000] = {0};
    assert_done(token_random(fixture->token, first, sizeof(first), &err), err);
    assert_done(token_random(fixture->token, second, sizeof(second), &err), err);
    assert_memory_not_equal(first, second, sizeof(first));
    assert_memory_not_equal(first + 2900, (uint8_t[100]){0}, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_every_kind_of_key_is_made_and_signs_with_every_algorithm_that_fits, fixture_setup,
            fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_made_key_is_private_sensitive_never_extractable_and_only_signs,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_label_in_use_is_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_a_pair_made_in_this_run_can_be_removed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(test_random_bytes_come_from_the_token, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
