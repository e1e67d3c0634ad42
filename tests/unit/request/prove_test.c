/* SPDX-License-Identifier: Apache-2.0 */
/* A request's signature is verified again, whatever is said of it: what does not verify loses its proof, and is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "request/csr.h"
#include "three_keys.h"

/** A request, and a reader that says nothing is wrong with it. */
static struct request *said_to_be_sound(const struct csr_recipe *recipe)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    csr_make(recipe, &der);
    struct request *request = csr_read(builder_bytes(&der));
    findings_done(&request->problems);
    request->problems = (struct findings)FINDINGS_INIT;
    request->has_proof_of_possession = true;
    return request;
}

static void proves(const struct csr_recipe *recipe)
{
    struct request *request = said_to_be_sound(recipe);
    assert_true(csr_prove(request));
    assert_true(request->has_proof_of_possession);
    assert_int_equal(request->problems.count, 0);
    request_free(request);
}

static void is_not_proved(struct request *request)
{
    assert_false(csr_prove(request));
    assert_false(request->has_proof_of_possession);
    assert_int_equal(request->problems.count, 1);
    const struct finding *problem = &request->problems.items[0];
    assert_string_equal(problem->rule, "request.reader");
    assert_string_equal(problem->source, "RFC 2986 3");
    assert_non_null(strstr(problem->text, "does not verify"));
    assert_non_null(strstr(problem->remedy, "set the file aside"));
    request_free(request);
}

static void proves_nothing(const struct csr_recipe *recipe)
{
    is_not_proved(said_to_be_sound(recipe));
}

static void what_verifies_is_proved(void **state)
{
    (void)state;
    proves(&(struct csr_recipe){.key = keys.p256});
    proves(&(struct csr_recipe){.key = keys.p256, .digest = "SHA2-384"});
    proves(&(struct csr_recipe){.key = keys.rsa});
    proves(&(struct csr_recipe){.key = keys.rsa, .is_pss = true});
    proves(&(struct csr_recipe){.key = keys.rsa, .is_pss = true, .has_salt_len = true, .salt_len = 7});
    proves(&(struct csr_recipe){.key = keys.ed25519});
    proves(&(struct csr_recipe){.key = keys.ed25519, .has_no_attributes = true});
}

static void what_does_not_verify_is_not(void **state)
{
    (void)state;
    proves_nothing(&(struct csr_recipe){.key = keys.p256, .has_bad_signature = true});
    proves_nothing(&(struct csr_recipe){.key = keys.rsa, .has_bad_signature = true});
    proves_nothing(&(struct csr_recipe){.key = keys.rsa, .is_pss = true, .has_bad_signature = true});
    proves_nothing(&(struct csr_recipe){.key = keys.ed25519, .has_bad_signature = true});
    // Another hash, another kind of signature, another key than it was made with; and one that is not taken.
    proves_nothing(&(struct csr_recipe){.key = keys.p256, .algorithm = "30{06{2a8648ce3d040303}}"});
    proves_nothing(&(struct csr_recipe){.key = keys.p256, .algorithm = "30{06{2b6570}}"});
    proves_nothing(&(struct csr_recipe){.key = keys.rsa, .digest = "SHA1"});
    proves_nothing(&(struct csr_recipe){.key = keys.p256, .signature = "03{00}"});
    proves_nothing(&(struct csr_recipe){.key = keys.p256, .signature = "03{003000}"});
}

#define OFF_THE_CURVE                                                                                        \
    "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0002000000000000000000000000000000000000000000000000"   \
    "000000000000ffff}}"

/** A reader that says a request is sound whose key nobody can use. */
static void keys_that_can_not_be_used_prove_nothing(void **state)
{
    static const char *const spkis[] = {
        "30{}",
        "30{30{06{2b6570}}03{0001}}",                                    // Ed25519, too short
        "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0002'short'}}", // P-256, too short
        "30{30{06{2a8648ce3d0201}06{2b8104000a}}03{0002'other'}}",       // secp256k1
        OFF_THE_CURVE,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(spkis); i++)
        proves_nothing(&(struct csr_recipe){.key = keys.p256, .spki = spkis[i]});
}

static void bytes_that_are_no_request_prove_nothing(void **state)
{
    (void)state;
    struct request *request = said_to_be_sound(&(struct csr_recipe){.key = keys.ed25519});
    request->der.len--;
    is_not_proved(request);
    request = said_to_be_sound(&(struct csr_recipe){.key = keys.ed25519});
    request->der.len = 0;
    is_not_proved(request);
}

/** What says of itself that it proves nothing is not given a proof. */
static void a_proof_that_is_not_claimed_is_not_given(void **state)
{
    (void)state;
    struct request *request = said_to_be_sound(&(struct csr_recipe){.key = keys.ed25519});
    request->has_proof_of_possession = false;
    is_not_proved(request);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_verifies_is_proved),
        cmocka_unit_test(what_does_not_verify_is_not),
        cmocka_unit_test(keys_that_can_not_be_used_prove_nothing),
        cmocka_unit_test(bytes_that_are_no_request_prove_nothing),
        cmocka_unit_test(a_proof_that_is_not_claimed_is_not_given),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
