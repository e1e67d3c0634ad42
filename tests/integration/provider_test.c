/* SPDX-License-Identifier: Apache-2.0 */
#include "token_fixture.h"

#include "base/openssl_release.h"
#include "provider/provider.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

/** A token, a provider and one key of each kind asked for. */
struct setting {
    struct fixture *fixture;
    struct provider *provider;
    struct token_key *key;
    EVP_PKEY *pkey;
};

static void make_pkey(struct setting *setting, enum key_kind kind, unsigned bits)
{
    char label[32];
    struct error err = ERROR_INIT;
    EVP_PKEY_free(setting->pkey);
    setting->pkey = NULL;
    if (setting->key != NULL)
        token_key_free(setting->key);
    setting->key = NULL;
    assert_done(token_key_generate(setting->fixture->token, kind, bits, key_name(kind, bits, label),
                                   &setting->key, &err),
                err);
    assert_done(provider_pkey(setting->provider, setting->key, &setting->pkey, &err), err);
}

static int setup(void **state)
{
    struct setting *setting = calloc(1, sizeof(*setting));
    struct error err = ERROR_INIT;
    void *fixture = NULL;
    assert_non_null(setting);
    assert_int_equal(fixture_setup(&fixture), 0);
    setting->fixture = fixture;
    assert_done(provider_open(&setting->provider, &err), err);
    *state = setting;
    return 0;
}

static int teardown(void **state)
{
    struct setting *setting = *state;
    void *fixture = setting->fixture;
    EVP_PKEY_free(setting->pkey);
    if (setting->key != NULL)
        token_key_free(setting->key);
    provider_close(setting->provider);
    free(setting);
    return fixture_teardown(&fixture);
}

static const struct {
    enum key_kind kind;
    unsigned bits;
} kinds[] = {{KEY_RSA, 2048}, {KEY_EC_P256, 0}, {KEY_EC_P384, 0}, {KEY_EC_P521, 0}, {KEY_ED25519, 0}};

/** A root certificate signed by EVP in the token. */
static X509 *self_sign(struct setting *setting, EVP_MD_CTX *context)
{
    AUTO(X509_free) X509 *cert = X509_new_ex(provider_library(setting->provider), NULL);
    AUTO(X509_NAME_free) X509_NAME *name = X509_NAME_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 7), 1);
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)"root", -1, -1, 0), 1);
    assert_int_equal(X509_set_subject_name(cert, name), 1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, setting->pkey), 1);
    assert_true(X509_sign_ctx(cert, context) > 0);
    return TAKE(cert);
}

/** Reads the certificate anew in the default context, where our provider is not, and verifies it there. */
static void verify_apart(X509 *cert, enum signature_kind kind)
{
    AUTO(OPENSSL_free) uint8_t *der = NULL;
    AUTO(OPENSSL_free) uint8_t *algorithm_der = NULL;
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    const uint8_t *cursor = der;
    AUTO(X509_free) X509 *read = d2i_X509(NULL, &cursor, len);
    assert_non_null(read);
    assert_int_equal(X509_verify(read, X509_get0_pubkey(read)), 1);
    const X509_ALGOR *outer = NULL;
    X509_get0_signature(NULL, &outer, read);
    int algorithm_len = i2d_X509_ALGOR(outer, &algorithm_der);
    assert_true(algorithm_len > 0);
    assert_int_equal(X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(read)), 0);
    assert_true(bytes_equal(bytes_of(algorithm_der, (size_t)algorithm_len), signature_algorithm_der(kind)));
}

static void test_a_root_signed_through_evp_verifies_without_the_provider(void **state)
{
    struct setting *setting = *state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
        make_pkey(setting, kinds[i].kind, kinds[i].bits);
        assert_int_equal(EVP_DigestSignInit_ex(context, NULL, NULL, provider_library(setting->provider), NULL,
                                               setting->pkey, NULL),
                         1);
        AUTO(X509_free) X509 *cert = self_sign(setting, context);
        verify_apart(cert, signature_for_key(kinds[i].kind, HASH_SHA256, false)); // OpenSSL's default for all
        // The certificate holds the token's EVP_PKEY: this verification goes through the provider, in software.
        assert_int_equal(X509_verify(cert, setting->pkey), 1);
    }
}

static void test_pss_and_other_hashes_carry_the_right_algorithm_identifier(void **state)
{
    struct setting *setting = *state;
    make_pkey(setting, KEY_RSA, 2048);
    for (enum hash_kind hash = HASH_SHA256; hash <= HASH_SHA512; hash++)
        for (int is_pss = 0; is_pss <= 1; is_pss++) {
            EVP_PKEY_CTX *details = NULL;
            AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
            assert_int_equal(EVP_DigestSignInit_ex(context, &details, hash_openssl_name(hash),
                                                   provider_library(setting->provider), NULL, setting->pkey,
                                                   NULL),
                             1);
            if (is_pss) {
                assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
                assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST), 1);
            }
            AUTO(X509_free) X509 *cert = self_sign(setting, context);
            verify_apart(cert, signature_for_key(KEY_RSA, hash, is_pss != 0));
        }
}

static void test_a_revocation_list_is_signed_like_any_other(void **state)
{
    struct setting *setting = *state;
    AUTO(EVP_MD_free) EVP_MD *sha384 = NULL;
    make_pkey(setting, KEY_EC_P384, 0);
    X509_CRL *crl = X509_CRL_new_ex(provider_library(setting->provider), NULL);
    ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
    sha384 = EVP_MD_fetch(provider_library(setting->provider), "SHA384", NULL);
    assert_int_equal(X509_CRL_set_version(crl, X509_CRL_VERSION_2), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, now), 1);
    assert_int_equal(X509_CRL_set1_nextUpdate(crl, now), 1);
    assert_true(X509_CRL_sign(crl, setting->pkey, sha384) > 0);
    assert_int_equal(X509_CRL_verify(crl, setting->pkey), 1);
    ASN1_TIME_free(now);
    X509_CRL_free(crl);
}

static void test_data_in_pieces_gives_a_signature_that_verifies(void **state)
{
    struct setting *setting = *state;
    static const uint8_t text[] = "in two pieces";
    uint8_t signature[512];
    size_t len = sizeof(signature);
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    make_pkey(setting, KEY_EC_P256, 0);
    assert_int_equal(EVP_DigestSignInit_ex(context, NULL, "SHA256", provider_library(setting->provider), NULL,
                                           setting->pkey, NULL),
                     1);
    assert_int_equal(EVP_DigestSignUpdate(context, text, 5), 1);
    assert_int_equal(EVP_DigestSignUpdate(context, text + 5, sizeof(text) - 5), 1);
    assert_int_equal(EVP_DigestSignFinal(context, signature, &len), 1);
    assert_true(
        fixture_verifies(setting->key, SIGNATURE_ECDSA_SHA256, BYTES(text), bytes_of(signature, len)));
    assert_false(
        fixture_verifies(setting->key, SIGNATURE_ECDSA_SHA256, BYTES("other"), bytes_of(signature, len)));
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *check = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestVerifyInit_ex(check, NULL, "SHA256", provider_library(setting->provider), NULL,
                                             setting->pkey, NULL),
                     1);
    assert_int_equal(EVP_DigestVerify(check, signature, len, text, sizeof(text)), 1);
    signature[len - 1] ^= 1;
    assert_int_not_equal(EVP_DigestVerify(check, signature, len, text, sizeof(text)), 1);
}

static void test_weak_digests_are_refused(void **state)
{
    struct setting *setting = *state;
    static const char *const weak[] = {"SHA1", "MD5", "SHA224"};
    make_pkey(setting, KEY_RSA, 2048);
    for (size_t i = 0; i < ARRAY_LEN(weak); i++) {
        AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
        struct error err = ERROR_INIT;
        assert_int_not_equal(EVP_DigestSignInit_ex(context, NULL, weak[i],
                                                   provider_library(setting->provider), NULL, setting->pkey,
                                                   NULL),
                             1);
        assert_refused(error_openssl(&err, ERROR_TOKEN, "signing"), &err, ERROR_TOKEN, "is refused");
    }
}

static void test_the_private_part_is_never_exported(void **state)
{
    struct setting *setting = *state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        OSSL_PARAM *params = NULL;
        AUTO(BIO_free_all) BIO *out = BIO_new(BIO_s_mem());
        make_pkey(setting, kinds[i].kind, kinds[i].bits);
        assert_int_not_equal(EVP_PKEY_todata(setting->pkey, EVP_PKEY_KEYPAIR, &params), 1);
        assert_null(params);
        assert_int_not_equal(PEM_write_bio_PrivateKey(out, setting->pkey, NULL, NULL, 0, NULL, NULL), 1);
        assert_int_equal(BIO_pending(out), 0);
        assert_int_equal(EVP_PKEY_todata(setting->pkey, EVP_PKEY_PUBLIC_KEY, &params), 1);
        assert_null(OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY));
        assert_null(OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_RSA_D));
        OSSL_PARAM_free(params);
        assert_int_equal(PEM_write_bio_PUBKEY(out, setting->pkey), 1);
    }
}

static void test_keys_match_by_their_public_halves(void **state)
{
    struct setting *setting = *state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error err = ERROR_INIT;
        make_pkey(setting, kinds[i].kind, kinds[i].bits);
        struct bytes spki = token_key_spki(setting->key);
        const uint8_t *cursor = spki.data;
        AUTO(EVP_PKEY_free) EVP_PKEY *half = d2i_PUBKEY(NULL, &cursor, (long)spki.len);
        AUTO(EVP_PKEY_free)
        EVP_PKEY *other = kinds[i].kind == KEY_RSA       ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                          : kinds[i].kind == KEY_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                                         : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        AUTO(EVP_PKEY_free) EVP_PKEY *second = NULL;
        assert_done(provider_pkey(setting->provider, setting->key, &second, &err), err);
        assert_int_equal(EVP_PKEY_eq(half, setting->pkey), 1);
        assert_int_equal(EVP_PKEY_eq(setting->pkey, second), 1);
        assert_int_not_equal(EVP_PKEY_eq(other, setting->pkey), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_root_signed_through_evp_verifies_without_the_provider, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_pss_and_other_hashes_carry_the_right_algorithm_identifier, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_revocation_list_is_signed_like_any_other, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_in_pieces_gives_a_signature_that_verifies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_weak_digests_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_private_part_is_never_exported, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keys_match_by_their_public_halves, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
