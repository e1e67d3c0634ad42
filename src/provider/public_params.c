/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/der.h"
#include "base/openssl_release.h"
#include "base/public_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

/** A curve's names; the second one is what OpenSSL itself exports. */
static const struct {
    enum key_kind kind;
    const char *names[3];
} groups[] = {
    {KEY_EC_P256, {"P-256", "prime256v1", "secp256r1"}},
    {KEY_EC_P384, {"P-384", "secp384r1", "secp384r1"}},
    {KEY_EC_P521, {"P-521", "secp521r1", "secp521r1"}},
};

static const char *group_name(enum key_kind kind)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        if (groups[i].kind == kind)
            return groups[i].names[1];
    return "";
}

static enum key_kind group_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++)
        for (size_t j = 0; j < ARRAY_LEN(groups[i].names); j++)
            if (strcasecmp(groups[i].names[j], name) == 0)
                return groups[i].kind;
    return KEY_OTHER;
}

/** The facts of a filled key; what was read once is read again. */
static struct public_key_facts facts_of(const struct provider_key *key)
{
    struct public_key_facts facts = {.kind = KEY_OTHER};
    struct error ignored = ERROR_INIT;
    if (!public_key_read(builder_bytes(&key->spki), &facts, &ignored))
        abort(); // the same bytes were read when the key was filled
    return facts;
}

OSSL_PARAM *public_params_new(const struct provider_key *key)
{
    struct public_key_facts facts = facts_of(key);
    AUTO(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    AUTO(BN_free) BIGNUM *modulus = NULL;
    AUTO(BN_free) BIGNUM *exponent = NULL;
    if (builder == NULL)
        return NULL;
    if (facts.kind == KEY_RSA) {
        modulus = BN_bin2bn(facts.modulus.data, (int)facts.modulus.len, NULL);
        exponent = BN_bin2bn(facts.exponent.data, (int)facts.exponent.len, NULL);
        if (modulus == NULL || exponent == NULL ||
            OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
            OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
            return NULL;
        return OSSL_PARAM_BLD_to_param(builder);
    }
    if (facts.kind != KEY_ED25519 &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group_name(facts.kind), 0) != 1)
        return NULL;
    if (OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, facts.bit_string.data,
                                         facts.bit_string.len) != 1)
        return NULL;
    return OSSL_PARAM_BLD_to_param(builder);
}

static bool add_number(const OSSL_PARAM *param, struct builder *ret_numbers)
{
    AUTO(BN_free) BIGNUM *number = NULL;
    uint8_t bytes[2048];
    if (param == NULL || OSSL_PARAM_get_BN(param, &number) != 1 || BN_num_bytes(number) > (int)sizeof(bytes))
        return false;
    int len = BN_bn2bin(number, bytes);
    der_add_unsigned(ret_numbers, bytes_of(bytes, (size_t)len));
    return true;
}

static bool read_rsa(const OSSL_PARAM params[], struct builder *ret_key)
{
    AUTO(builder_done) struct builder numbers = BUILDER_INIT;
    if (!add_number(OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_N), &numbers) ||
        !add_number(OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E), &numbers))
        return false;
    der_add(ret_key, DER_SEQUENCE, builder_bytes(&numbers));
    return true;
}

static bool read_point(const OSSL_PARAM params[], struct builder *ret_key)
{
    const OSSL_PARAM *point = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY);
    if (point == NULL || point->data_type != OSSL_PARAM_OCTET_STRING || point->data_size == 0)
        return false;
    builder_add(ret_key, point->data, point->data_size);
    return true;
}

bool public_params_read(struct provider_key *key, const OSSL_PARAM params[], struct error *err)
{
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    AUTO(builder_done) struct builder inner = BUILDER_INIT;
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    enum key_kind kind = key->family == FAMILY_RSA ? KEY_RSA : KEY_ED25519;
    if (OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY) != NULL ||
        OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_D) != NULL)
        return error_set(err, ERROR_INPUT, 0, "importing private keys is not supported");
    if (key->family == FAMILY_EC) {
        const char *name = NULL;
        const OSSL_PARAM *group = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
        kind =
            group != NULL && OSSL_PARAM_get_utf8_string_ptr(group, &name) == 1 ? group_kind(name) : KEY_OTHER;
    }
    if (kind == KEY_OTHER ||
        !(key->family == FAMILY_RSA ? read_rsa(params, &content) : read_point(params, &content)))
        return error_set(err, ERROR_INPUT, 0,
                         "the public key's parameters are not those of a kind coldca knows");
    builder_add_bytes(&inner, key_algorithm_der(kind));
    der_add_header(&inner, DER_BIT_STRING, content.len + 1);
    builder_add_u8(&inner, 0);
    builder_add_bytes(&inner, builder_bytes(&content));
    der_add(&spki, DER_SEQUENCE, builder_bytes(&inner));
    return provider_key_set_public(key, builder_bytes(&spki), err);
}

int public_params_get(const struct provider_key *key, OSSL_PARAM params[])
{
    AUTO(OSSL_PARAM_free) OSSL_PARAM *have = public_params_new(key);
    if (have == NULL)
        return 0;
    for (const OSSL_PARAM *one = have; one->key != NULL; one++) {
        OSSL_PARAM *wanted = OSSL_PARAM_locate(params, one->key);
        AUTO(BN_free) BIGNUM *number = NULL;
        if (wanted == NULL)
            continue;
        bool is_set = false;
        if (one->data_type == OSSL_PARAM_UTF8_STRING)
            is_set = OSSL_PARAM_set_utf8_string(wanted, one->data) == 1;
        else if (one->data_type == OSSL_PARAM_OCTET_STRING)
            is_set = OSSL_PARAM_set_octet_string(wanted, one->data, one->data_size) == 1;
        else
            is_set = OSSL_PARAM_get_BN(one, &number) == 1 && OSSL_PARAM_set_BN(wanted, number) == 1;
        if (!is_set)
            return 0;
    }
    // What TLS and EVP_PKEY_get1_encoded_public_key() ask for is the same point under another name.
    OSSL_PARAM *encoded = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);
    struct bytes point = facts_of(key).bit_string;
    return encoded == NULL || key->family == FAMILY_RSA ||
           OSSL_PARAM_set_octet_string(encoded, point.data, point.len) == 1;
}
