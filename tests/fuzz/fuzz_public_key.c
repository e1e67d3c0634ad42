/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a SubjectPublicKeyInfo: views stay inside, and what we take apart OpenSSL knows as the same key. */
#include "fuzz.h"

#include "base/key_value.h"
#include "base/openssl_release.h"
#include "base/public_key.h"

#include <assert.h>

static void assert_inside(struct bytes view, struct bytes whole)
{
    assert(view.len == 0 || (view.data >= whole.data && view.data + view.len <= whole.data + whole.len));
}

/** The plain form is one: it is its own plain form, and the same key. */
static void expect_one_value(struct bytes spki)
{
    AUTO(builder_done) struct builder plain = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    key_plain(spki, &plain);
    key_plain(builder_bytes(&plain), &again);
    assert(bytes_equal(builder_bytes(&plain), builder_bytes(&again)));
    assert(key_is_same(spki, builder_bytes(&plain)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    AUTO(public_key_free) struct public_key *key = NULL;
    struct bytes whole = bytes_of(data, len);
    expect_one_value(whole);
    if (!public_key_read(whole, &facts, &err)) {
        assert(err.kind == ERROR_INPUT);
        return 0;
    }
    assert_inside(facts.algorithm, whole);
    assert_inside(facts.bit_string, whole);
    assert_inside(facts.modulus, whole);
    assert_inside(facts.exponent, whole);
    if (!public_key_new(&facts, &key, &err))
        return 0;
    const uint8_t *at = data;
    AUTO(EVP_PKEY_free) EVP_PKEY *theirs = d2i_PUBKEY(NULL, &at, (long)len);
    assert(theirs == NULL || EVP_PKEY_eq(theirs, public_key_pkey(key)) == 1);
    assert(!public_key_verify(key, signature_for_key(facts.kind, HASH_NONE, false), whole, whole, &err));
    return 0;
}
