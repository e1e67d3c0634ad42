/* SPDX-License-Identifier: Apache-2.0 */
/* Software keys of the requester: each kind signs what verifies, and an encrypted one opens with its passphrase only. */
#include "enroll/key.h"

#include "base/public_key.h"

#include <openssl/pem.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    enum key_kind kind;
    unsigned bits;
} kinds[] = {
    {KEY_EC_P256, 0}, {KEY_EC_P384, 0}, {KEY_EC_P521, 0}, {KEY_ED25519, 0}, {KEY_RSA, 2048}, {KEY_RSA, 3072},
};

static EVP_PKEY *make(enum key_kind kind, unsigned bits)
{
    struct error err = ERROR_INIT;
    EVP_PKEY *key = NULL;
    if (!enroll_key_make(kind, bits, &key, &err))
        fail_msg("%s", err.text);
    return key;
}

static struct secret *secret_of(const char *text)
{
    struct error err = ERROR_INIT;
    struct secret *secret = NULL;
    assert_true(secret_new(&secret, &err));
    for (; *text != '\0'; text++)
        assert_true(secret_push(secret, *text));
    return secret;
}

static struct bytes pem_bytes(BIO *pem)
{
    char *data = NULL;
    long len = BIO_get_mem_data(pem, &data);
    return bytes_of(data, (size_t)len);
}

static void each_kind_signs_what_its_public_half_verifies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        struct public_key_facts facts;
        enum signature_kind kind = SIGNATURE_OTHER;
        AUTO(EVP_PKEY_free) EVP_PKEY *key = make(kinds[i].kind, kinds[i].bits);
        AUTO(builder_done) struct builder spki = BUILDER_INIT;
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        AUTO(public_key_free) struct public_key *public = NULL;
        assert_true(enroll_key_public(key, &spki, &err));
        assert_true(public_key_read(builder_bytes(&spki), &facts, &err));
        assert_int_equal(facts.kind, kinds[i].kind);
        if (kinds[i].kind == KEY_RSA)
            assert_int_equal(facts.bits, kinds[i].bits);
        assert_true(enroll_key_sign(key, BYTES_LITERAL("request"), &kind, &signature, &err));
        assert_true(public_key_new(&facts, &public, &err));
        assert_true(
            public_key_verify(public, kind, BYTES_LITERAL("request"), builder_bytes(&signature), &err));
        assert_false(
            public_key_verify(public, kind, BYTES_LITERAL("reqUest"), builder_bytes(&signature), &err));
    }
}

static void keys_that_are_too_weak_are_not_made(void **state)
{
    static const unsigned sizes[] = {0, 512, 1024, 2047, 2049, 8192};
    struct error err = ERROR_INIT;
    EVP_PKEY *key = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_false(enroll_key_make(KEY_RSA, sizes[i], &key, &err));
        assert_int_equal(err.kind, ERROR_USAGE);
    }
    assert_false(enroll_key_make(KEY_OTHER, 0, &key, &err));
    assert_null(key);
}

static void a_key_is_written_and_read_unencrypted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        AUTO(EVP_PKEY_free) EVP_PKEY *key = make(kinds[i].kind, kinds[i].bits);
        AUTO(EVP_PKEY_free) EVP_PKEY *again = NULL;
        AUTO(BIO_free_all) BIO *pem = NULL;
        assert_true(enroll_key_write(key, NULL, &pem, &err));
        assert_int_equal(strncmp((const char *)pem_bytes(pem).data, "-----BEGIN PRIVATE KEY-----\n", 28), 0);
        assert_false(enroll_key_is_encrypted(pem_bytes(pem)));
        assert_true(enroll_key_read(pem_bytes(pem), "k", NULL, &again, &err));
        assert_int_equal(EVP_PKEY_eq(key, again), 1);
    }
}

static void an_encrypted_key_opens_with_its_passphrase_only(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(secret_free) struct secret *right = secret_of("correct horse");
    AUTO(secret_free) struct secret *wrong = secret_of("correct house");
    AUTO(EVP_PKEY_free) EVP_PKEY *key = make(KEY_EC_P256, 0);
    AUTO(EVP_PKEY_free) EVP_PKEY *again = NULL;
    AUTO(BIO_free_all) BIO *pem = NULL;
    assert_true(enroll_key_write(key, right, &pem, &err));
    assert_int_equal(
        strncmp((const char *)pem_bytes(pem).data, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", 38), 0);
    assert_true(enroll_key_is_encrypted(pem_bytes(pem)));
    assert_false(enroll_key_read(pem_bytes(pem), "k", NULL, &again, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_false(enroll_key_read(pem_bytes(pem), "k", wrong, &again, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "k holds no private key in PEM, or the passphrase is wrong");
    assert_true(enroll_key_read(pem_bytes(pem), "k", right, &again, &err));
    assert_int_equal(EVP_PKEY_eq(key, again), 1);
}

static void what_is_no_key_is_refused(void **state)
{
    static const struct bytes wrong[] = {
        BYTES_LITERAL(""),
        BYTES_LITERAL("garbage"),
        BYTES_LITERAL("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        BYTES_LITERAL("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"),
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        EVP_PKEY *key = NULL;
        assert_false(enroll_key_read(wrong[i], "k", NULL, &key, &err));
        assert_string_equal(err.text, "k holds no private key in PEM");
        assert_null(key);
    }
}

static void a_key_of_another_kind_does_not_sign(void **state)
{
    struct error err = ERROR_INIT;
    enum signature_kind kind = SIGNATURE_OTHER;
    (void)state;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    assert_non_null(key);
    assert_false(enroll_key_sign(key, BYTES_LITERAL("x"), &kind, &signature, &err));
    assert_non_null(strstr(err.text, "none of RSA, EC P-256"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_signs_what_its_public_half_verifies),
        cmocka_unit_test(keys_that_are_too_weak_are_not_made),
        cmocka_unit_test(a_key_is_written_and_read_unencrypted),
        cmocka_unit_test(an_encrypted_key_opens_with_its_passphrase_only),
        cmocka_unit_test(what_is_no_key_is_refused),
        cmocka_unit_test(a_key_of_another_kind_does_not_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
