/* SPDX-License-Identifier: Apache-2.0 */
/* The message between reader and signer: it comes back as it was, and every lie about its shape is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"
#include "request/csr_wire.h"
#include "request/storage.h"

static struct builder der;

static int make_der(void **state)
{
    (void)state;
    EVP_PKEY *key = csr_key("ED25519");
    char *attribute =
        csr_extension_request("30{06{551d0f}0101ff04{03{0780}}}"
                              "30{06{551d25}04{30{06{2b06010505070302}}}}"
                              "30{06{551d11}04{30{82{'a.example'}87{0a000001}86{'spiffe://a/b'}}}}");
    csr_make(&(struct csr_recipe){.key = key, .attributes = attribute}, &der);
    free(attribute);
    EVP_PKEY_free(key);
    return 0;
}

static int free_der(void **state)
{
    (void)state;
    builder_done(&der);
    return 0;
}

static bool decodes(struct bytes message, struct error *ret_why)
{
    struct request *request = NULL;
    bool is_decoded = csr_decode(message, &request, ret_why);
    if (is_decoded)
        request_free(request);
    else
        assert_null(request);
    return is_decoded;
}

/** Encodes a request that was changed, and expects the receiver to refuse it for this reason. */
static void refuses(const struct request *request, const char *reason)
{
    struct builder message = BUILDER_INIT;
    struct error err = ERROR_INIT;
    csr_encode(request, &message);
    assert_false(decodes(builder_bytes(&message), &err));
    if (strstr(err.text, reason) == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(err.kind, ERROR_INPUT);
    builder_done(&message);
}

static void comes_back_as_it_was(struct request *request)
{
    struct builder once = BUILDER_INIT;
    struct builder twice = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    csr_encode(request, &once);
    assert_true(csr_decode(builder_bytes(&once), &copy, &err));
    csr_encode(copy, &twice);
    assert_true(bytes_equal(builder_bytes(&once), builder_bytes(&twice)));
    assert_memory_equal(copy->sha256, request->sha256, 32);
    assert_memory_equal(copy->spki_sha256, request->spki_sha256, 32);
    assert_string_equal(copy->subject_text, request->subject_text);
    assert_string_equal(copy->key_name, request->key_name);
    assert_int_equal(copy->key_kind, request->key_kind);
    assert_int_equal(copy->key_bits, request->key_bits);
    assert_int_equal(copy->path_len, request->path_len);
    assert_int_equal(copy->sans_count, request->sans_count);
    for (size_t i = 0; i < copy->sans_count; i++)
        assert_string_equal(copy->sans[i].text, request->sans[i].text);
    assert_int_equal(copy->problems.count, request->problems.count);
    request_free(copy);
    request_free(request);
    builder_done(&once);
    builder_done(&twice);
}

static void carries_sound_and_unsound_requests_unchanged(void **state)
{
    (void)state;
    comes_back_as_it_was(csr_read(builder_bytes(&der)));
    comes_back_as_it_was(csr_read(bytes_of(der.data, der.len - 1)));
    comes_back_as_it_was(csr_read(BYTES_LITERAL("")));
    comes_back_as_it_was(request_failed("request.pem", "why", "what to do"));
    EVP_PKEY *key = csr_key("secp256k1");
    struct builder other = BUILDER_INIT;
    csr_make(&(struct csr_recipe){.key = key, .subject = "30{31{30{06{550403}0c{00}}}}", .version = "02{05}"},
             &other);
    comes_back_as_it_was(csr_read(builder_bytes(&other)));
    builder_done(&other);
    EVP_PKEY_free(key);
}

static void refuses_every_cut_and_anything_after_the_end(void **state)
{
    struct builder message = BUILDER_INIT;
    struct error err = ERROR_INIT;
    struct request *request = csr_read(builder_bytes(&der));
    (void)state;
    csr_encode(request, &message);
    for (size_t len = 0; len < message.len; len++) {
        // A buffer of its own, so that a sanitizer sees a read past the end.
        uint8_t *copy = memory_new(len, 1);
        memcpy(copy, message.data, len);
        assert_false(decodes(bytes_of(copy, len), &err));
        free(copy);
    }
    builder_add_u8(&message, 0);
    assert_false(decodes(builder_bytes(&message), &err));
    request_free(request);
    builder_done(&message);
}

static void survives_any_changed_octet(void **state)
{
    struct builder message = BUILDER_INIT;
    struct request *request = csr_read(builder_bytes(&der));
    (void)state;
    csr_encode(request, &message);
    for (size_t i = 0; i < message.len; i++) {
        static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
        uint8_t was = message.data[i];
        for (size_t j = 0; j < ARRAY_LEN(values); j++) {
            struct error err = ERROR_INIT;
            message.data[i] = values[j];
            if (!decodes(builder_bytes(&message), &err))
                assert_int_equal(err.kind, ERROR_INPUT);
        }
        message.data[i] = was;
    }
    request_free(request);
    builder_done(&message);
}

static void refuses_facts_that_contradict_themselves(void **state)
{
    (void)state;
    struct request *request = csr_read(builder_bytes(&der));
    assert_int_equal(request->problems.count, 0);

    request->has_proof_of_possession = false;
    refuses(request, "names no problem");
    request->has_proof_of_possession = true;

    request->signature_kind = SIGNATURE_ECDSA_SHA256; // the key is Ed25519
    refuses(request, "another algorithm");
    request->signature_kind = SIGNATURE_ED25519;

    struct bytes spki = request->spki;
    request->spki = bytes_of(spki.data, spki.len - 1);
    refuses(request, "names no problem");
    request->spki = bytes_of(NULL, 0);
    refuses(request, "names no problem");
    request->spki = spki;

    struct bytes subject = request->subject;
    request->subject = bytes_of(NULL, 0);
    refuses(request, "names no problem");
    request->subject = subject;

    request->has_key_usage = false;
    refuses(request, "do not fit");
    request->has_key_usage = true;

    request->key_usage = 0x200;
    refuses(request, "out of bounds");
    request->key_usage = 1;

    request->path_len = 256;
    refuses(request, "out of bounds");
    request->path_len = -1;
    comes_back_as_it_was(request);
}

static void refuses_texts_that_are_not_harmless(void **state)
{
    static const char *const texts[] = {"\x1b[2J", "a\nb", "\xe2\x80\xae", "\xff"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct request *request = request_failed("request.pem", texts[i], NULL);
        refuses(request, i == 3 ? "UTF-8" : "harmful");
        request_free(request);
    }
    struct request *escaped = request_failed("request.pem", "\\x1b[2J", NULL);
    comes_back_as_it_was(escaped);
}

static void refuses_malformed_names(void **state)
{
    static const char *const oids[] = {"", ".", "1.", ".1", "1..2", "1.2x", "CN"};
    (void)state;
    struct request *request = csr_read(builder_bytes(&der));
    struct request_attribute attributes[] = {request->attributes[0], request->attributes[0]};
    request->attributes = attributes;
    request->attributes_count = 2;
    for (size_t i = 0; i < ARRAY_LEN(oids); i++) {
        attributes[0].oid = oids[i];
        refuses(request, "object identifier");
    }
    attributes[0].oid = attributes[1].oid;
    attributes[1].rdn = 2;
    refuses(request, "out of order");
    attributes[1].rdn = 1;
    attributes[1].value = BYTES_LITERAL("a\0b");
    refuses(request, "NUL");
    attributes[1].value = BYTES_LITERAL("");
    refuses(request, "names no problem");
    attributes[1].value = BYTES_LITERAL("b");
    comes_back_as_it_was(request_failed("request.pem", "x", NULL));
    request_free(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_sound_and_unsound_requests_unchanged),
        cmocka_unit_test(refuses_every_cut_and_anything_after_the_end),
        cmocka_unit_test(survives_any_changed_octet),
        cmocka_unit_test(refuses_facts_that_contradict_themselves),
        cmocka_unit_test(refuses_texts_that_are_not_harmless),
        cmocka_unit_test(refuses_malformed_names),
    };
    return cmocka_run_group_tests(tests, make_der, free_der);
}
