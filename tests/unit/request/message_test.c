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

#define COMPRESSED                                                                                           \
    "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{00"                                                     \
    "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296}}"

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

static void same_text(const char *copy, const char *text)
{
    assert_int_equal(copy == NULL, text == NULL);
    if (text != NULL)
        assert_string_equal(copy, text);
}

static void same_bytes(struct bytes copy, struct bytes bytes)
{
    assert_true(bytes_equal(copy, bytes));
}

/** The same part of the request, in the copy's own DER. */
static void same_view(const struct request *copy, struct bytes part, const struct request *request,
                      struct bytes wanted)
{
    assert_int_equal(part.len, wanted.len);
    if (wanted.len > 0)
        assert_int_equal(part.data - copy->der.data, wanted.data - request->der.data);
}

static void same_names(const struct request *copy, const struct request *request)
{
    assert_int_equal(copy->attributes_count, request->attributes_count);
    for (size_t i = 0; i < copy->attributes_count; i++) {
        assert_string_equal(copy->attributes[i].oid, request->attributes[i].oid);
        assert_string_equal(copy->attributes[i].field, request->attributes[i].field);
        same_bytes(copy->attributes[i].value, request->attributes[i].value);
        assert_int_equal(copy->attributes[i].tag, request->attributes[i].tag);
        assert_int_equal(copy->attributes[i].rdn, request->attributes[i].rdn);
    }
    assert_int_equal(copy->sans_count, request->sans_count);
    for (size_t i = 0; i < copy->sans_count; i++) {
        assert_int_equal(copy->sans[i].kind, request->sans[i].kind);
        same_view(copy, copy->sans[i].value, request, request->sans[i].value);
        assert_string_equal(copy->sans[i].text, request->sans[i].text);
    }
}

static void same_extensions(const struct request *copy, const struct request *request)
{
    assert_int_equal(copy->extensions_count, request->extensions_count);
    for (size_t i = 0; i < copy->extensions_count; i++) {
        assert_string_equal(copy->extensions[i].oid, request->extensions[i].oid);
        assert_int_equal(copy->extensions[i].is_critical, request->extensions[i].is_critical);
        assert_int_equal(copy->extensions[i].is_der, request->extensions[i].is_der);
        same_view(copy, copy->extensions[i].value, request, request->extensions[i].value);
    }
    assert_int_equal(copy->has_san_extension, request->has_san_extension);
    assert_int_equal(copy->has_key_usage, request->has_key_usage);
    assert_int_equal(copy->key_usage, request->key_usage);
    assert_int_equal(copy->has_extended_key_usage, request->has_extended_key_usage);
    assert_int_equal(copy->extended_key_usage_count, request->extended_key_usage_count);
    for (size_t i = 0; i < copy->extended_key_usage_count; i++)
        assert_string_equal(copy->extended_key_usage[i], request->extended_key_usage[i]);
    assert_int_equal(copy->has_basic_constraints, request->has_basic_constraints);
    assert_int_equal(copy->asks_for_ca, request->asks_for_ca);
    assert_int_equal(copy->path_len, request->path_len);
    assert_int_equal(copy->has_challenge_password, request->has_challenge_password);
}

static void same_key(const struct request *copy, const struct request *request)
{
    assert_int_equal(copy->key_kind, request->key_kind);
    assert_int_equal(copy->key_bits, request->key_bits);
    assert_string_equal(copy->key_name, request->key_name);
    same_view(copy, copy->spki, request, request->spki);
    same_bytes(copy->key_bit_string, request->key_bit_string);
    same_bytes(copy->modulus, request->modulus);
    same_bytes(copy->exponent, request->exponent);
    assert_memory_equal(copy->spki_sha256, request->spki_sha256, 32);
    assert_memory_equal(copy->key_value, request->key_value, 32);
    assert_int_equal(copy->signature_kind, request->signature_kind);
    assert_int_equal(copy->has_proof_of_possession, request->has_proof_of_possession);
}

static void same_findings(const struct findings *copy, const struct findings *findings)
{
    assert_int_equal(copy->count, findings->count);
    for (size_t i = 0; i < copy->count; i++) {
        same_text(copy->items[i].rule, findings->items[i].rule);
        same_text(copy->items[i].source, findings->items[i].source);
        same_text(copy->items[i].found, findings->items[i].found);
        same_text(copy->items[i].wanted, findings->items[i].wanted);
        same_text(copy->items[i].text, findings->items[i].text);
        same_text(copy->items[i].remedy, findings->items[i].remedy);
    }
}

/** Takes over request. */
static void comes_back_as_it_was(struct request *request)
{
    struct builder once = BUILDER_INIT;
    struct builder twice = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    csr_encode(request, &once);
    if (!csr_decode(builder_bytes(&once), &copy, &err))
        fail_msg("%s", err.text);
    csr_encode(copy, &twice);
    assert_true(bytes_equal(builder_bytes(&once), builder_bytes(&twice)));
    same_bytes(copy->der, request->der);
    assert_memory_equal(copy->sha256, request->sha256, 32);
    same_view(copy, copy->subject, request, request->subject);
    assert_string_equal(copy->subject_text, request->subject_text);
    same_names(copy, request);
    same_extensions(copy, request);
    same_key(copy, request);
    same_findings(&copy->problems, &request->problems);
    same_findings(&copy->notes, &request->notes);
    request_free(copy);
    request_free(request);
    builder_done(&once);
    builder_done(&twice);
}

/** Reads what recipe makes with a new key, and sends it. */
static void recipe_comes_back(const char *key_name, struct csr_recipe recipe)
{
    struct builder made = BUILDER_INIT;
    recipe.key = csr_key(key_name);
    csr_make(&recipe, &made);
    comes_back_as_it_was(csr_read(builder_bytes(&made)));
    builder_done(&made);
    EVP_PKEY_free(recipe.key);
}

static void extensions_come_back(const char *extensions)
{
    char *attribute = csr_extension_request(extensions);
    recipe_comes_back("ED25519", (struct csr_recipe){.attributes = attribute});
    free(attribute);
}

static void carries_sound_and_unsound_requests_unchanged(void **state)
{
    (void)state;
    comes_back_as_it_was(csr_read(builder_bytes(&der)));
    comes_back_as_it_was(csr_read(bytes_of(der.data, der.len - 1)));
    comes_back_as_it_was(csr_read(BYTES_LITERAL("")));
    comes_back_as_it_was(request_failed("request.pem", "why", "what to do"));
    comes_back_as_it_was(request_failed("request.pem", "why", NULL));
    struct request *all = request_failed("a", "e", NULL);
    findings_add(&all->problems, &(struct finding){.rule = (char *)"r",
                                                   .source = (char *)"s",
                                                   .found = (char *)"f",
                                                   .wanted = (char *)"w",
                                                   .text = (char *)"t",
                                                   .remedy = (char *)""});
    comes_back_as_it_was(all);
    recipe_comes_back("secp256k1",
                      (struct csr_recipe){.subject = "30{31{30{06{550403}0c{00}}}}", .version = "02{05}"});
}

static void carries_every_fact(void **state)
{
    (void)state;
    recipe_comes_back("RSA-1024", (struct csr_recipe){.is_pss = true, .has_salt_len = true, .salt_len = 9});
    recipe_comes_back(
        "P-384",
        (struct csr_recipe){.digest = "SHA2-384",
                            .has_no_attributes = true,
                            .subject = "30{31{30{06{550406}13{'DE'}}}31{30{06{550405}13{'4711'}}"
                                       "30{06{550403}0c{'device-1'}}}31{30{06{2a0304}1e{004d00fc}}}}"});
    recipe_comes_back("P-256", (struct csr_recipe){.subject = "30{}",
                                                   .attributes = "30{06{2a864886f70d010907}31{0c{'s'}}}"});
    recipe_comes_back("P-256", (struct csr_recipe){.has_bad_signature = true});
    // Keys that both sides find something wrong with: it is told once.
    recipe_comes_back("P-256", (struct csr_recipe){.spki = "30{}"});
    recipe_comes_back("P-256", (struct csr_recipe){.spki = COMPRESSED});
    extensions_come_back("30{06{551d13}0101ff04{30{0101ff020100}}}30{06{2a0304}04{'not DER'}}");
    extensions_come_back("30{06{551d13}04{30{0101ff020200ff}}}30{06{2a0304}0101ff04{0500}}");
    extensions_come_back("30{06{551d13}04{30{}}}30{06{551d0f}04{03{077f80}}}");
    extensions_come_back(
        "30{06{551d11}04{30{82{'a.example'}81{'m@a'}88{2a0304}a4{30{31{30{06{550403}0c{'x'}}}}}"
        "87{20010db8000000000000000000000001}a0{06{2a0304}a0{0c{'y'}}}a3{30{}}a5{a1{0c{'z'}}}}}}");
    extensions_come_back("30{06{551d11}04{30{82{}82{'b c'}a4{30{31{30{06{550403}0c{'x'}}}31{}}}}}}");
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

static void a_request_may_have_64_kib(void **state)
{
    static const char behind[] = "0000"
                                 "00"
                                 "0000"
                                 "00000000"
                                 "0000000000000000"
                                 "0000000000000000"
                                 "0000"
                                 "0000"
                                 "0000"
                                 "0000"
                                 "0001"
                                 "0001'r'ffffffffffff0001't'ffff";
    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        AUTO(builder_done) struct builder message = BUILDER_INIT;
        struct request *request = NULL;
        struct error err = ERROR_INIT;
        builder_add_text(&message, "csr1");
        builder_add_u32(&message, (uint32_t)(REQUEST_MAX_FILE_LEN + more));
        for (size_t i = 0; i < REQUEST_MAX_FILE_LEN + more; i++)
            builder_add_u8(&message, 0);
        der_assemble(behind, &message);
        assert_int_equal(csr_decode(builder_bytes(&message), &request, &err), more == 0);
        if (more == 0)
            request_free(request);
        else
            assert_non_null(strstr(err.text, "the request is too large"));
    }
}

/** Reads a request with a problem, and says that there is none. */
static void is_doubted(const char *key_name, struct csr_recipe recipe)
{
    AUTO(builder_done) struct builder made = BUILDER_INIT;
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    struct request *copy = NULL;
    struct error err = ERROR_INIT;
    recipe.key = csr_key(key_name);
    csr_make(&recipe, &made);
    struct request *request = csr_read(builder_bytes(&made));
    assert_true(request->problems.count > 0);
    findings_done(&request->problems);
    request->problems = (struct findings)FINDINGS_INIT;
    request->has_proof_of_possession = true;
    csr_encode(request, &message);
    assert_false(csr_decode(builder_bytes(&message), &copy, &err));
    assert_non_null(strstr(err.text, "names no problem"));
    request_free(request);
    EVP_PKEY_free(recipe.key);
}

static void a_key_that_can_not_be_sound_is_doubted(void **state)
{
    (void)state;
    is_doubted("P-256", (struct csr_recipe){.algorithm = "30{06{2a864886f70d01010b}0500}"}); // RSA's
    is_doubted("P-256", (struct csr_recipe){.digest = "SHA1"});
    is_doubted("P-256", (struct csr_recipe){.spki = "30{}"});
    is_doubted("secp256k1", (struct csr_recipe){.subject = NULL});
    is_doubted("P-256", (struct csr_recipe){.spki = COMPRESSED}); // not everybody reads it
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_sound_and_unsound_requests_unchanged),
        cmocka_unit_test(carries_every_fact),
        cmocka_unit_test(refuses_every_cut_and_anything_after_the_end),
        cmocka_unit_test(survives_any_changed_octet),
        cmocka_unit_test(refuses_facts_that_contradict_themselves),
        cmocka_unit_test(refuses_texts_that_are_not_harmless),
        cmocka_unit_test(refuses_malformed_names),
        cmocka_unit_test(a_request_may_have_64_kib),
        cmocka_unit_test(a_key_that_can_not_be_sound_is_doubted),
    };
    return cmocka_run_group_tests(tests, make_der, free_der);
}
