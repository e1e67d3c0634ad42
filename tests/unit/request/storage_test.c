/* SPDX-License-Identifier: Apache-2.0 */
/* What a request keeps: copies that stay where they are, problems up to a number, and what is remembered of one without its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "csr_maker.h"
#include "request/csr.h"
#include "request/storage.h"

#include <stdalign.h>

static void a_new_request_knows_nothing(void **state)
{
    (void)state;
    struct request *request = request_new();
    assert_int_equal(request->path_len, -1);
    assert_string_equal(request->subject_text, "");
    assert_int_equal(request->problems.count, 0);
    request_free(request);
}

/** Of all sizes around those of its pieces: zeroed, aligned, apart, and still there at the end. */
static void what_is_kept_stays_as_it_is(void **state)
{
    static const size_t sizes[] = {1,    2,    15,   16,   17,   100, 500,   1000, 1007,
                                   1008, 1023, 1024, 1025, 4096, 3,   60000, 1};
    enum { ROUNDS = 8 };
    uint8_t *places[ROUNDS][ARRAY_LEN(sizes)];
    struct request *request = request_new();
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            places[round][i] = request_alloc(request, sizes[i], 1);
            assert_int_equal((uintptr_t)places[round][i] % alignof(max_align_t), 0);
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(places[round][i][j], 0);
            memset(places[round][i], (int)(round * ARRAY_LEN(sizes) + i), sizes[i]);
        }
    }
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            for (size_t j = 0; j < sizes[i]; j++)
                assert_int_equal(places[round][i][j], (round * ARRAY_LEN(sizes) + i) & 0xff);
        }
    }
    assert_non_null(request_alloc(request, 0, 8));
    request_free(request);
}

static void copies_end_with_a_nul_of_their_own(void **state)
{
    char text[] = "text";
    struct request *request = request_new();
    (void)state;
    const char *kept = request_keep_text(request, text);
    struct bytes part = request_keep(request, bytes_of("ab\xff", 2));
    struct bytes none = request_keep(request, bytes_of(NULL, 0));
    text[0] = 'n';
    assert_string_equal(kept, "text");
    assert_int_equal(part.len, 2);
    assert_memory_equal(part.data, "ab", 3);
    assert_int_equal(none.len, 0);
    assert_int_equal(none.data[0], 0);
    request_free(request);
}

static void problems_are_counted_up_to_a_number(void **state)
{
    struct request *request = request_new();
    (void)state;
    for (int i = 0; i < REQUEST_MAX_PROBLEMS + 3; i++) {
        request_problem(request, "request.x", "RFC", "number %d", i);
        request_remedy(request, i == 0 ? "do it" : "do that");
        request_remedy(request, "do nothing");
    }
    assert_int_equal(request->problems.count, REQUEST_MAX_PROBLEMS);
    const struct finding *items = request->problems.items;
    assert_string_equal(items[0].text, "number 0");
    assert_string_equal(items[0].remedy, "do it");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 2].rule, "request.x");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 2].source, "RFC");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 2].text, "number 62");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 2].remedy, "do that");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 1].rule, "request.problems");
    assert_string_equal(items[REQUEST_MAX_PROBLEMS - 1].text, "further problems are not listed");
    assert_null(items[REQUEST_MAX_PROBLEMS - 1].source);
    assert_null(items[REQUEST_MAX_PROBLEMS - 1].remedy);
    request_free(request);
}

/** A text that is too long is cut, not left out. */
static void a_long_reason_is_cut(void **state)
{
    char reason[2000];
    struct request *request = request_new();
    (void)state;
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    request_problem(request, "request.x", NULL, "%s", reason);
    size_t len = strlen(request->problems.items[0].text);
    assert_true(len > 800 && len < 1024);
    request_free(request);
}

static void a_key_is_remembered_without_its_request(void **state)
{
    static const char *const names[] = {"P-256", "RSA-1024", "ED25519"};
    static const uint8_t sha256[32] = {1, 2, 3};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        struct request *remembered = NULL;
        struct error err = ERROR_INIT;
        EVP_PKEY *key = csr_key(names[i]);
        csr_make(&(struct csr_recipe){.key = key}, &der);
        struct request *request = csr_read(builder_bytes(&der));
        assert_true(request_remember(sha256, "CN=x", request->spki, &remembered, &err));
        assert_memory_equal(remembered->sha256, sha256, 32);
        assert_string_equal(remembered->subject_text, "CN=x");
        assert_true(bytes_equal(remembered->spki, request->spki));
        assert_ptr_not_equal(remembered->spki.data, request->spki.data);
        assert_int_equal(remembered->key_kind, request->key_kind);
        assert_int_equal(remembered->key_bits, request->key_bits);
        assert_string_equal(remembered->key_name, request->key_name);
        assert_memory_equal(remembered->spki_sha256, request->spki_sha256, 32);
        assert_memory_equal(remembered->key_value, request->key_value, 32);
        assert_int_equal(remembered->problems.count, 0);
        assert_false(remembered->has_proof_of_possession);
        request_free(remembered);
        request_free(request);
        EVP_PKEY_free(key);
    }
    struct request *none = NULL;
    struct error err = ERROR_INIT;
    assert_false(request_remember(sha256, "CN=x", BYTES_LITERAL("\x30\0"), &none, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_request_knows_nothing),
        cmocka_unit_test(what_is_kept_stays_as_it_is),
        cmocka_unit_test(copies_end_with_a_nul_of_their_own),
        cmocka_unit_test(problems_are_counted_up_to_a_number),
        cmocka_unit_test(a_long_reason_is_cut),
        cmocka_unit_test(a_key_is_remembered_without_its_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
