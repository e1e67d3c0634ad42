/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person's key in a file: it signs, or it is said why it can't, whichever call into the system or OpenSSL fails; its text does not stay in
 * memory, and no error of OpenSSL's is left for who asks next.
 */
#include "witness/key.h"

#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "key_file.h"

#include <openssl/err.h>
#include <string.h>

static struct folder folder;
static char path[100];
static EVP_PKEY *made; /* what is in the file */

/** What the person who is asked does. */
static enum { KNOWS, ERRS, IS_SILENT, GIVES_UP } person;

static size_t text_len, wiped; /* of the file; how often its text was wiped */

/** In the place of OpenSSL's. */
void OPENSSL_cleanse(void *data, size_t len)
{
    if (text_len > 0 && len == text_len && memcmp(data, "-----BEGIN", 10) == 0)
        wiped++;
    if (len > 0)
        explicit_bzero(data, len);
}

static bool ask(void *data, const char *words, bool has_pad, struct secret **ret_pin, struct error *err)
{
    AUTO(free) char *wanted = memory_format("the key %s (its passphrase)", path);
    (void)data;
    assert_string_equal(words, wanted);
    assert_false(has_pad); // it is no token's
    if (person == GIVES_UP)
        return error_set(err, ERROR_INTERRUPTED, 0, "the person gave up");
    if (person == IS_SILENT)
        return true;
    if (!secret_new(ret_pin, err))
        return false;
    for (const char *at = person == KNOWS ? "correct horse" : "correct house"; *at != '\0'; at++)
        assert_true(secret_push(*ret_pin, *at));
    return true;
}

static const struct console console = {.pin = ask};
static const struct console nobody = {.notice = NULL};

static int begin(void **state)
{
    (void)state;
    folder_make(&folder);
    (void)snprintf(path, sizeof(path), "%s/key.pem", folder.path);
    made = NULL;
    text_len = wiped = 0;
    person = KNOWS;
    return 0;
}

static int end(void **state)
{
    (void)state;
    EVP_PKEY_free(made);
    folder_remove(&folder);
    return 0;
}

static void make(const char *kind, const char *passphrase)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    EVP_PKEY_free(made);
    made = key_file_make(path, kind, passphrase);
    assert_true(file_read(AT_FDCWD, path, 4096, &text, &err));
    text_len = text.len;
}

static bool open_as(bool may_ask, const struct console *asked, struct witness_key **ret_key,
                    struct error *err)
{
    const struct witness_key_place place = {.key = path, .may_ask = may_ask};
    error_clear(err);
    return witness_key_open(&place, asked, ret_key, err);
}

static void assert_not_opened(bool may_ask, const struct console *asked, enum error_kind kind,
                              const char *words)
{
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    assert_false(open_as(may_ask, asked, &key, &err));
    assert_null(key);
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(ERR_peek_error(), 0);
}

/** The key, and a text signed with it. */
static bool use(struct builder *ret_spki, enum key_kind *ret_kind, struct builder *ret_signature,
                struct error *err)
{
    struct witness_key *key = NULL;
    if (!open_as(false, &nobody, &key, err))
        return false;
    *ret_kind = witness_key_kind(key);
    builder_add_bytes(ret_spki, witness_key_spki(key));
    bool is_signed = witness_key_sign(key, BYTES_LITERAL("a text"), ret_signature, err);
    witness_key_close(key);
    return is_signed;
}

/** Whether it is the one that was made, and signs as OpenSSL has it. */
static void assert_used(struct bytes spki, struct bytes signature)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(made, &der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *digest = EVP_PKEY_is_a(made, "ED25519") == 1 ? NULL : "SHA256";
    assert_true(bytes_equal(spki, bytes_of(der, (size_t)len)));
    OPENSSL_free(der);
    assert_int_equal(EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, made, NULL), 1);
    assert_int_equal(EVP_DigestVerify(context, signature.data, signature.len, (const uint8_t *)"a text", 6),
                     1);
    EVP_MD_CTX_free(context);
}

static void whichever_call_fails_a_key_signs_or_says_why_not(void **state)
{
    static const struct {
        const char *name;
        enum key_kind kind;
    } kinds[] = {{"ED25519", KEY_ED25519}, {"P-256", KEY_EC_P256}};
    const char *failed = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        unsigned number = 0;
        make(kinds[i].name, NULL);
        do {
            struct error err = ERROR_INIT;
            enum key_kind kind = KEY_OTHER;
            AUTO(builder_done) struct builder spki = BUILDER_INIT;
            AUTO(builder_done) struct builder signature = BUILDER_INIT;
            failing_at("", ++number);
            bool is_done = use(&spki, &kind, &signature, &err);
            failed = failing_stop();
            assert_int_equal(ERR_peek_error(), 0);
            if (is_done) {
                assert_int_equal(err.kind, ERROR_NONE);
                assert_int_equal(kind, kinds[i].kind);
                assert_used(builder_bytes(&spki), builder_bytes(&signature));
            } else {
                assert_int_equal(err.kind, ERROR_INPUT);
                assert_int_equal(signature.len, 0);
                assert_non_null(failed);
                if (strcmp(failed, "i2d_PUBKEY") == 0)
                    assert_non_null(strstr(err.text, "can't encode the public key of "));
            }
        } while (failed != NULL);
        assert_in_range(number, 8, 40); // open, read, PEM, public key, context, signature at least
    }
}

static void its_text_is_wiped(void **state)
{
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    (void)state;
    make("ED25519", NULL);
    assert_true(open_as(false, &nobody, &key, &err));
    witness_key_close(key);
    assert_int_equal(wiped, 1);
    make("ED25519", "correct horse");
    assert_not_opened(false, &console, ERROR_INPUT, "");
    assert_int_equal(wiped, 2); // whatever came of it
}

static void only_keys_that_notes_are_signed_with_open(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_not_opened(false, &console, ERROR_INPUT, "No such file");
    assert_not_opened(false, &console, ERROR_INPUT, "while opening the key");
    make("P-384", NULL);
    assert_not_opened(false, &console, ERROR_INPUT, "it is neither an Ed25519 nor a P-256 key");
    assert_int_equal(unlink(path), 0);
    assert_true(file_create(AT_FDCWD, path, 0600, BYTES_LITERAL("text"), &err));
    assert_not_opened(false, &console, ERROR_INPUT,
                      "key.pem holds no private key in PEM that is not encrypted");
}

static void an_encrypted_key_is_opened_by_who_may_be_asked(void **state)
{
    struct error err = ERROR_INIT;
    struct witness_key *key = NULL;
    (void)state;
    make("ED25519", "correct horse");
    assert_not_opened(false, &console, ERROR_INPUT, "holds no private key in PEM that is not encrypted");
    assert_true(open_as(true, &console, &key, &err));
    witness_key_close(key);
    assert_int_equal(ERR_peek_error(), 0);
    person = ERRS;
    assert_not_opened(true, &console, ERROR_INPUT,
                      "key.pem holds no private key in PEM, or its passphrase is another");
    person = GIVES_UP;
    AUTO(free) char *given_up = memory_format("the person gave up\nwhile reading %s\n", path);
    assert_not_opened(true, &console, ERROR_INTERRUPTED, given_up);
    // Who is asked says nothing, or nobody can be asked.
    person = IS_SILENT;
    assert_not_opened(true, &console, ERROR_INPUT, "or its passphrase is another");
    assert_not_opened(true, &nobody, ERROR_INPUT, "or its passphrase is another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whichever_call_fails_a_key_signs_or_says_why_not, begin, end),
        cmocka_unit_test_setup_teardown(its_text_is_wiped, begin, end),
        cmocka_unit_test_setup_teardown(only_keys_that_notes_are_signed_with_open, begin, end),
        cmocka_unit_test_setup_teardown(an_encrypted_key_is_opened_by_who_may_be_asked, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
