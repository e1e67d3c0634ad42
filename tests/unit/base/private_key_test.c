/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys are known by their content, in every form programs write; requests, certificates, public keys and texts are not taken for one. */
#include "base/private_key.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "csr_maker.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const kinds[] = {"P-256", "P-521", "ED25519", "RSA-2048"};

static char passphrase[] = "correct horse";

static struct bytes bytes_of_bio(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    return bytes_of(data, (size_t)len);
}

static void assert_form(struct bytes data, const char *wanted)
{
    const char *form = private_key_form(data);
    if (wanted == NULL)
        assert_null(form);
    else
        assert_string_equal(form == NULL ? "nothing" : form, wanted);
}

typedef int writer(BIO *out, EVP_PKEY *key);

static int write_pkcs8_der(BIO *out, EVP_PKEY *key)
{
    return i2d_PKCS8PrivateKey_bio(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_encrypted_der(BIO *out, EVP_PKEY *key)
{
    return i2d_PKCS8PrivateKey_bio(out, key, EVP_aes_256_cbc(), passphrase, (int)strlen(passphrase), NULL,
                                   NULL);
}

static int write_pbes1_der(BIO *out, EVP_PKEY *key)
{
    return i2d_PKCS8PrivateKey_nid_bio(out, key, NID_pbe_WithSHA1And3_Key_TripleDES_CBC, passphrase,
                                       (int)strlen(passphrase), NULL, NULL);
}

static int write_pem(BIO *out, EVP_PKEY *key)
{
    return PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
}

static int write_encrypted_pem(BIO *out, EVP_PKEY *key)
{
    return PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), passphrase, (int)strlen(passphrase),
                                         NULL, NULL);
}

static int write_pkcs12(BIO *out, EVP_PKEY *key)
{
    AUTO(X509_free) X509 *none = NULL;
    PKCS12 *store = PKCS12_create(passphrase, "key", key, none, NULL, 0, 0, 0, 0, 0);
    int done = i2d_PKCS12_bio(out, store);
    PKCS12_free(store);
    return done;
}

static void every_kind_of_key_is_known_in_pkcs8_and_pkcs12(void **state)
{
    static const struct {
        writer *write;
        const char *form;
    } writers[] = {
        {write_pkcs8_der, "a private key in DER (PKCS #8)"},
        {write_encrypted_der, "an encrypted private key in DER (PKCS #8)"},
        {write_pbes1_der, "an encrypted private key in DER (PKCS #8)"},
        {write_pem, "a private key in PEM"},
        {write_encrypted_pem, "an encrypted private key in PEM"},
        {write_pkcs12, "a PKCS #12 file"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key(kinds[i]);
        for (size_t j = 0; j < ARRAY_LEN(writers); j++) {
            AUTO(BIO_free_all) BIO *out = BIO_new(BIO_s_mem());
            assert_int_equal(writers[j].write(out, key), 1);
            assert_form(bytes_of_bio(out), writers[j].form);
        }
    }
}

static void the_older_forms_of_one_kind_each_are_known(void **state)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *ec = csr_key("P-384");
    AUTO(EVP_PKEY_free) EVP_PKEY *rsa = csr_key("RSA-2048");
    EVP_PKEY *const keys[] = {ec, rsa};
    static const char *const ders[] = {"an EC private key in DER (SEC 1)",
                                       "an RSA private key in DER (PKCS #1)"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        AUTO(BIO_free_all) BIO *der = BIO_new(BIO_s_mem());
        AUTO(BIO_free_all) BIO *pem = BIO_new(BIO_s_mem());
        AUTO(BIO_free_all) BIO *locked = BIO_new(BIO_s_mem());
        assert_int_equal(i2d_PrivateKey_bio(der, keys[i]), 1);
        assert_form(bytes_of_bio(der), ders[i]);
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(pem, keys[i], NULL, NULL, 0, NULL, NULL), 1);
        assert_form(bytes_of_bio(pem), "a private key in PEM");
        // Proc-Type and DEK-Info stand before the base64.
        assert_int_equal(PEM_write_bio_PrivateKey_traditional(locked, keys[i], EVP_aes_256_cbc(),
                                                              (unsigned char *)passphrase,
                                                              (int)strlen(passphrase), NULL, NULL),
                         1);
        assert_form(bytes_of_bio(locked), "a private key in PEM");
    }
    AUTO(builder_done) struct builder dsa = BUILDER_INIT;
    der_assemble("30{ 0200 0203010001 0203010001 020105 020107 02010b }", &dsa);
    assert_form(builder_bytes(&dsa), NULL); // 0200 is not an INTEGER of 0
    builder_clear(&dsa);
    der_assemble("30{ 020100 0203010001 0203010001 020105 020107 02010b }", &dsa);
    assert_form(builder_bytes(&dsa), "a DSA private key in DER");
}

/** A key in PEM and what may be around it. */
static void make_pem(struct builder *ret_pem)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(BIO_free_all) BIO *out = BIO_new(BIO_s_mem());
    assert_int_equal(write_pem(out, key), 1);
    builder_add_bytes(ret_pem, bytes_of_bio(out));
}

static void a_key_is_found_anywhere_in_a_text_and_in_utf16_and_as_base64_alone(void **state)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder wide = BUILDER_INIT;
    AUTO(builder_done) struct builder base64 = BUILDER_INIT;
    (void)state;
    make_pem(&pem);
    builder_add_text(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nnotes\r\n   ");
    builder_add_bytes(&file, builder_bytes(&pem));
    assert_form(builder_bytes(&file), "a private key in PEM");
    for (int is_big = 0; is_big < 2; is_big++) {
        builder_clear(&wide);
        builder_add_bytes(&wide, is_big ? BYTES_LITERAL("\xfe\xff") : BYTES_LITERAL("\xff\xfe"));
        for (size_t i = 0; i < pem.len; i++) {
            if (is_big)
                builder_add_u8(&wide, 0);
            builder_add_u8(&wide, pem.data[i]);
            if (!is_big)
                builder_add_u8(&wide, 0);
        }
        assert_form(builder_bytes(&wide), "a private key in PEM");
    }
    const char *body = strchr(builder_text(&pem), '\n');
    builder_add_bytes(&base64, bytes_of(body, (size_t)(strstr(body, "-----END") - body)));
    assert_form(builder_bytes(&base64), "a private key in DER (PKCS #8)");
}

static void stores_of_java_windows_and_putty_are_known(void **state)
{
    (void)state;
    // PFX without lengths (BER), as Windows and Java write it; then data and signedData.
    assert_form(BYTES_LITERAL("\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
                "a PKCS #12 file");
    assert_form(
        BYTES_LITERAL(
            "\x30\x82\x0a\x00\x02\x01\x03\x30\x82\x09\xc0\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"),
        "a PKCS #12 file");
    assert_form(BYTES_LITERAL("-----BEGIN PKCS12-----\nMIIKHAIBAzCCCdIGCSqGSIb3DQEHAaCC\n"),
                "a PKCS #12 file in PEM");
    assert_form(BYTES_LITERAL("\xfe\xed\xfe\xed\x00\x00\x00\x02"), "a Java key store (JKS)");
    assert_form(BYTES_LITERAL("\xce\xce\xce\xce\x00\x00\x00\x02"), "a Java key store (JCEKS)");
    assert_form(BYTES_LITERAL("PuTTY-User-Key-File-3: ssh-ed25519\r\n"), "a private key of PuTTY");
    assert_form(BYTES_LITERAL("\x1e\xf1\xb5\xb0\x00\x00\x00\x00"), "a private key in Microsoft's PVK");
    assert_form(BYTES_LITERAL("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"),
                "a private key in PEM");
}

static void what_is_no_private_key_is_not_taken_for_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key(kinds[i]);
        AUTO(builder_done) struct builder csr = BUILDER_INIT;
        AUTO(builder_done) struct builder pem = BUILDER_INIT;
        AUTO(BIO_free_all) BIO *spki = BIO_new(BIO_s_mem());
        csr_make(&(struct csr_recipe){.key = key}, &csr);
        encode_pem("CERTIFICATE REQUEST", builder_bytes(&csr), &pem);
        assert_form(builder_bytes(&csr), NULL);
        assert_form(builder_bytes(&pem), NULL);
        assert_int_equal(i2d_PUBKEY_bio(spki, key), 1);
        assert_form(bytes_of_bio(spki), NULL);
    }
    assert_form(bytes_of(NULL, 0), NULL);
    assert_form(BYTES_LITERAL("\x30"), NULL);
    assert_form(BYTES_LITERAL("\x30\xff"), NULL);
    assert_form(BYTES_LITERAL("\x30\x80\x02\x01\x03"), NULL);
    assert_form(BYTES_LITERAL("A key begins with -----BEGIN PRIVATE KEY----- and is secret."), NULL);
    assert_form(BYTES_LITERAL("-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n"), NULL);
    assert_form(BYTES_LITERAL("-----BEGIN PRIVATE KEY"), NULL);
    assert_form(BYTES_LITERAL("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_is_known_in_pkcs8_and_pkcs12),
        cmocka_unit_test(the_older_forms_of_one_kind_each_are_known),
        cmocka_unit_test(a_key_is_found_anywhere_in_a_text_and_in_utf16_and_as_base64_alone),
        cmocka_unit_test(stores_of_java_windows_and_putty_are_known),
        cmocka_unit_test(what_is_no_private_key_is_not_taken_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
