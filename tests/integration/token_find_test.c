/* SPDX-License-Identifier: Apache-2.0 */
/* Which key signs: chosen by CKA_ID, equal to the expected public key, never guessed; and P1's attribute checks. */
#include "token_fixture.h"

#include "token/internal.h"

static const struct bytes nothing = {.data = NULL, .len = 0};

static struct token_key *make(struct fixture *fixture, enum key_kind kind, const char *label)
{
    struct error err = ERROR_INIT;
    struct token_key *key = NULL;
    assert_done(token_key_generate(fixture->token, kind, kind == KEY_RSA ? 2048 : 0, label, &key, &err), err);
    return key;
}

static void set(struct fixture *fixture, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const void *value,
                size_t len)
{
    struct error err = ERROR_INIT;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_FUNCTION_LIST *calls = fixture->token->module->calls;
    CK_ATTRIBUTE attribute = {type, (void *)(uintptr_t)value, len};
    assert_done(token_open_writer(fixture->token, &session, &err), err);
    assert_int_equal(calls->C_SetAttributeValue(session, object, &attribute, 1), CKR_OK);
    assert_int_equal(calls->C_CloseSession(session), CKR_OK);
}

static void remove_object(struct fixture *fixture, CK_OBJECT_HANDLE object)
{
    struct error err = ERROR_INIT;
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_FUNCTION_LIST *calls = fixture->token->module->calls;
    assert_done(token_open_writer(fixture->token, &session, &err), err);
    assert_int_equal(calls->C_DestroyObject(session, object), CKR_OK);
    assert_int_equal(calls->C_CloseSession(session), CKR_OK);
}

static void finds(struct fixture *fixture, const char *uri, struct bytes spki, const struct token_key *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(token_key_free) struct token_key *found = NULL;
    assert_done(token_key_find(fixture->token, uri, spki, &found, &err), err);
    assert_true(bytes_equal(token_key_id(found), token_key_id(wanted)));
    assert_true(bytes_equal(token_key_spki(found), token_key_spki(wanted)));
}

static void refuses(struct fixture *fixture, const char *uri, struct bytes spki, const char *part)
{
    struct error err = ERROR_INIT;
    struct token_key *found = NULL;
    assert_refused(token_key_find(fixture->token, uri, spki, &found, &err), &err, ERROR_TOKEN, part);
    assert_null(found);
}

static void test_two_keys_of_one_label_are_refused_and_listed(void **state)
{
    struct fixture *fixture = *state;
    char id[129];
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P256, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_EC_P256, "other");
    set(fixture, second->private_object, CKA_LABEL, "ca", 2);
    refuses(fixture, "pkcs11:object=ca;type=private", nothing, "2 private keys fit");
    refuses(fixture, "pkcs11:object=ca;type=private", token_key_spki(first), hex_of(token_key_id(first), id));
    refuses(fixture, "pkcs11:object=ca;type=private", token_key_spki(first),
            hex_of(token_key_id(second), id));
    finds(fixture, token_key_uri(first), token_key_spki(first), first);
}

static void test_a_key_without_an_id_is_not_used_and_does_not_stand_in_for_another(void **state)
{
    struct fixture *fixture = *state;
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P256, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_EC_P256, "nameless");
    set(fixture, second->private_object, CKA_ID, "", 0);
    refuses(fixture, "pkcs11:object=nameless", nothing, "no CKA_ID");
    set(fixture, second->private_object, CKA_LABEL, "ca", 2);
    refuses(fixture, "pkcs11:object=ca", token_key_spki(first), "no CKA_ID");
    finds(fixture, token_key_uri(first), token_key_spki(first), first);
}

static void test_two_private_keys_of_one_id_are_refused(void **state)
{
    struct fixture *fixture = *state;
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P256, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_EC_P256, "twin");
    set(fixture, second->private_object, CKA_ID, first->id, first->id_len);
    refuses(fixture, token_key_uri(first), token_key_spki(first), "2 private keys fit");
    refuses(fixture, "pkcs11:object=ca", token_key_spki(first), "no other key has its CKA_ID");
}

static void test_two_public_keys_of_one_id_are_refused(void **state)
{
    struct fixture *fixture = *state;
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P256, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_EC_P256, "twin");
    set(fixture, second->public_object, CKA_ID, first->id, first->id_len);
    refuses(fixture, token_key_uri(first), nothing, "different public keys");
}

static void test_keys_swapped_behind_our_back_are_found(void **state)
{
    struct fixture *fixture = *state;
    static const enum key_kind kinds[] = {KEY_EC_P256, KEY_ED25519, KEY_RSA};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char other_label[16];
        assert_true(snprintf(other_label, sizeof(other_label), "other %zu", i) > 0);
        AUTO(token_key_free) struct token_key *first = make(fixture, kinds[i], key_kind_name(kinds[i]));
        AUTO(token_key_free) struct token_key *second = make(fixture, kinds[i], other_label);
        // The private keys change places under their ids; for EC only a signature can show it.
        set(fixture, first->private_object, CKA_ID, "parked", 6);
        set(fixture, second->private_object, CKA_ID, first->id, first->id_len);
        set(fixture, first->private_object, CKA_ID, second->id, second->id_len);
        AUTO(free) char *uri = uri_make(&fixture->token->info, token_key_id(first), nothing, CKO_PRIVATE_KEY);
        refuses(fixture, uri, token_key_spki(first),
                kinds[i] == KEY_RSA ? "its public key differs" : "does not belong to its public key");
        if (kinds[i] != KEY_RSA)
            refuses(fixture, uri, nothing, "does not belong to its public key");
        // The public keys too: now all fits together, but not the certificate.
        set(fixture, first->public_object, CKA_ID, "parked", 6);
        set(fixture, second->public_object, CKA_ID, first->id, first->id_len);
        set(fixture, first->public_object, CKA_ID, second->id, second->id_len);
        refuses(fixture, uri, token_key_spki(first), "its public key differs");
    }
}

static void test_a_key_whose_public_half_is_not_on_the_token_is_known_by_what_it_signs(void **state)
{
    struct fixture *fixture = *state;
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P256, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_EC_P256, "other");
    AUTO(token_key_free) struct token_key *rsa = make(fixture, KEY_RSA, "rsa");
    remove_object(fixture, first->public_object);
    remove_object(fixture, rsa->public_object);
    refuses(fixture, token_key_uri(first), nothing, "no public key or certificate");
    refuses(fixture, token_key_uri(first), token_key_spki(second), "does not belong");
    finds(fixture, token_key_uri(first), token_key_spki(first), first);
    finds(fixture, token_key_uri(rsa), nothing, rsa); // RSA private keys carry their modulus
}

static void test_a_uri_of_another_token_or_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    AUTO(token_key_free) struct token_key *key = make(fixture, KEY_EC_P256, "ca");
    refuses(fixture, "pkcs11:token=coldca%20tes;object=ca", nothing, "another token");
    refuses(fixture, "pkcs11:serial=123;object=ca", nothing, "another token");
    refuses(fixture, "pkcs11:object=c", nothing, "no private key fits");
    refuses(fixture, "pkcs11:object=ca;type=cert", nothing, "names no key");
    refuses(fixture, "file:ca.key", nothing, "not RFC 7512");
    refuses(fixture, "pkcs11:object=ca?pin-value=246810", nothing, "holds a PIN");
    refuses(fixture, "pkcs11:object=ca;colour=blue", nothing, "does not know");
    finds(fixture, "pkcs11:token=coldca%20test;object=ca", nothing, key);
}

/* ---- attributes (P1) ---- */

/** A key made without coldca's demands. */
static struct token_key *make_lax(struct fixture *fixture, bool is_private, bool is_extractable,
                                  bool may_sign)
{
    struct error err = ERROR_INIT;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    CK_ATTRIBUTE public_half[] = {{CKA_TOKEN, &yes, 1},
                                  {CKA_ID, (void *)(uintptr_t) "lax", 3},
                                  {CKA_EC_PARAMS, (void *)(uintptr_t)p256, sizeof(p256)}};
    CK_ATTRIBUTE private_half[] = {{CKA_TOKEN, &yes, 1},
                                   {CKA_ID, (void *)(uintptr_t) "lax", 3},
                                   {CKA_PRIVATE, is_private ? &yes : &no, 1},
                                   {CKA_SENSITIVE, is_extractable ? &no : &yes, 1},
                                   {CKA_EXTRACTABLE, is_extractable ? &yes : &no, 1},
                                   {CKA_SIGN, may_sign ? &yes : &no, 1}};
    CK_MECHANISM mechanism = {.mechanism = CKM_EC_KEY_PAIR_GEN};
    CK_OBJECT_HANDLE objects[2];
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_FUNCTION_LIST *calls = fixture->token->module->calls;
    struct token_key *key = NULL;
    assert_done(token_open_writer(fixture->token, &session, &err), err);
    assert_int_equal(calls->C_GenerateKeyPair(session, &mechanism, public_half, ARRAY_LEN(public_half),
                                              private_half, ARRAY_LEN(private_half), &objects[0],
                                              &objects[1]),
                     CKR_OK);
    assert_int_equal(calls->C_CloseSession(session), CKR_OK);
    assert_done(token_key_find(fixture->token, "pkcs11:id=lax", nothing, &key, &err), err);
    return key;
}

static void test_an_extractable_key_is_refused_unless_allowed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(findings_done) struct findings allowed = FINDINGS_INIT;
    AUTO(token_key_free) struct token_key *key = make_lax(fixture, true, true, true);
    assert_refused(token_key_check(key, false, &findings, &err), &err, ERROR_TOKEN, "--allow-extractable");
    assert_true(findings_has(&findings, "key.extractable"));
    assert_true(findings_has(&findings, "key.not-sensitive"));
    assert_true(findings_has(&findings, "key.was-extractable"));
    assert_done(token_key_check(key, true, &allowed, &err), err);
    assert_true(findings_has(&allowed, "key.extractable")); // allowed, not forgotten
}

static void test_a_key_that_is_seen_without_a_login_is_refused_unless_allowed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(token_key_free) struct token_key *key = make_lax(fixture, false, false, true);
    assert_refused(token_key_check(key, false, &findings, &err), &err, ERROR_TOKEN, "key.not-private");
    assert_done(token_key_check(key, true, &findings, &err), err);
}

static void test_a_key_that_may_not_sign_is_refused_in_any_case(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(token_key_free) struct token_key *key = make_lax(fixture, true, false, false);
    assert_refused(token_key_check(key, true, &findings, &err), &err, ERROR_TOKEN, "key.may-not-sign");
}

static void test_what_else_a_key_may_do_is_told_but_no_reason_to_refuse(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(token_key_free) struct token_key *key = make_lax(fixture, true, false, true);
    assert_done(token_key_check(key, false, &findings, &err), err);
    assert_true(findings_has(&findings, "key.may-decrypt")); // SoftHSM's default
    assert_true(findings_has(&findings, "key.may-unwrap"));
}

static void test_the_list_shows_each_pair_once(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct token_key_info *infos = NULL;
    size_t count = 0;
    AUTO(token_key_free) struct token_key *first = make(fixture, KEY_EC_P384, "ca");
    AUTO(token_key_free) struct token_key *second = make(fixture, KEY_RSA, "other");
    remove_object(fixture, second->private_object);
    assert_done(token_key_list(fixture->token, &infos, &count, &err), err);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool is_first = strcmp(infos[i].label, "ca") == 0;
        assert_int_equal(infos[i].kind, is_first ? KEY_EC_P384 : KEY_RSA);
        assert_int_equal(infos[i].has_private, is_first);
        assert_true(infos[i].has_public);
        if (is_first)
            assert_string_equal(infos[i].uri, token_key_uri(first));
        token_key_info_done(&infos[i]);
    }
    free(infos);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_two_keys_of_one_label_are_refused_and_listed),
        TEST(test_a_key_without_an_id_is_not_used_and_does_not_stand_in_for_another),
        TEST(test_two_private_keys_of_one_id_are_refused),
        TEST(test_two_public_keys_of_one_id_are_refused),
        TEST(test_keys_swapped_behind_our_back_are_found),
        TEST(test_a_key_whose_public_half_is_not_on_the_token_is_known_by_what_it_signs),
        TEST(test_a_uri_of_another_token_or_none_is_refused),
        TEST(test_an_extractable_key_is_refused_unless_allowed),
        TEST(test_a_key_that_is_seen_without_a_login_is_refused_unless_allowed),
        TEST(test_a_key_that_may_not_sign_is_refused_in_any_case),
        TEST(test_what_else_a_key_may_do_is_told_but_no_reason_to_refuse),
        TEST(test_the_list_shows_each_pair_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
