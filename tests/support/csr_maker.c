/* SPDX-License-Identifier: Apache-2.0 */
#include "csr_maker.h"

#include "base/der.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void malformed(const char *text)
{
    (void)fprintf(stderr, "malformed DER text near: %s\n", text);
    abort();
}

static const char *assemble(const char *text, struct builder *out);

/** One octet, or a tag and what its braces hold. \return the rest of the text */
static const char *assemble_octet(const char *text, struct builder *out)
{
    AUTO(builder_done) struct builder octet = BUILDER_INIT;
    if (text[1] == '\0' || !decode_hex(bytes_of(text, 2), &octet))
        malformed(text);
    if (text[2] != '{') {
        builder_add_bytes(out, builder_bytes(&octet));
        return text + 2;
    }
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    const char *rest = assemble(text + 3, &content);
    if (*rest != '}')
        malformed(text);
    der_add(out, octet.data[0], builder_bytes(&content));
    return rest + 1;
}

static const char *assemble(const char *text, struct builder *out)
{
    while (*text != '\0' && *text != '}') {
        if (*text == ' ' || *text == '\n') {
            text++;
        } else if (*text == '\'') {
            size_t len = strcspn(text + 1, "'");
            builder_add(out, text + 1, len);
            text += len + 2;
        } else {
            text = assemble_octet(text, out);
        }
    }
    return text;
}

void der_assemble(const char *text, struct builder *ret_der)
{
    const char *rest = assemble(text, ret_der);
    if (*rest != '\0')
        malformed(rest);
}

char *csr_extension_request(const char *extensions)
{
    return memory_format("30{06{2a864886f70d01090e}31{30{%s}}}", extensions);
}

EVP_PKEY *csr_rsa_key(unsigned bits, unsigned exponent)
{
    AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    AUTO(BN_free) BIGNUM *e = BN_new();
    EVP_PKEY *key = NULL;
    if (context == NULL || e == NULL || BN_set_word(e, exponent) != 1 || EVP_PKEY_keygen_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) != 1 || EVP_PKEY_keygen(context, &key) != 1)
        abort();
    return key;
}

EVP_PKEY *csr_key(const char *name)
{
    EVP_PKEY *key = NULL;
    if (strncmp(name, "RSA-", 4) == 0)
        return csr_rsa_key((unsigned)strtoul(name + 4, NULL, 10), 65537);
    if (strncmp(name, "ED", 2) == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, name);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", name);
    if (key == NULL)
        abort();
    return key;
}

static void add_part(const char *text, const char *otherwise, struct builder *out)
{
    der_assemble(text != NULL ? text : otherwise, out);
}

static void make_info(const struct csr_recipe *recipe, struct builder *out)
{
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    add_part(recipe->version, "02{00}", &content);
    add_part(recipe->subject, "30{31{30{06{550403}0c{'device-1'}}}}", &content);
    if (recipe->spki != NULL) {
        der_assemble(recipe->spki, &content);
    } else {
        AUTO(OPENSSL_free) unsigned char *spki = NULL;
        int len = i2d_PUBKEY(recipe->key, &spki);
        if (len <= 0)
            abort();
        builder_add(&content, spki, (size_t)len);
    }
    if (!recipe->has_no_attributes) {
        AUTO(builder_done) struct builder attributes = BUILDER_INIT;
        add_part(recipe->attributes, "", &attributes);
        der_add(&content, DER_CONTEXT_CONSTRUCTED_0, builder_bytes(&attributes));
    }
    der_add(out, DER_SEQUENCE, builder_bytes(&content));
}

/** Signs, and gives the AlgorithmIdentifier that OpenSSL says it used. */
static void sign(const struct csr_recipe *recipe, struct bytes info, struct builder *ret_algorithm,
                 struct builder *ret_signature)
{
    EVP_PKEY_CTX *details = NULL; // belongs to context
    uint8_t signature[1024] = {0};
    uint8_t algorithm[256];
    size_t len = sizeof(signature) - 1;
    bool has_own_digest = EVP_PKEY_is_a(recipe->key, "ED25519") || EVP_PKEY_is_a(recipe->key, "ED448");
    const char *digest = recipe->digest != NULL ? recipe->digest : has_own_digest ? NULL : "SHA2-256";
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL ||
        EVP_DigestSignInit_ex(context, &details, digest, NULL, NULL, recipe->key, NULL) != 1 ||
        (recipe->is_pss &&
         (EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) != 1 ||
          EVP_PKEY_CTX_set_rsa_pss_saltlen(details, recipe->has_salt_len ? recipe->salt_len
                                                                         : RSA_PSS_SALTLEN_DIGEST) != 1)))
        abort();
    OSSL_PARAM wanted[] = {OSSL_PARAM_construct_octet_string("algorithm-id", algorithm, sizeof(algorithm)),
                           OSSL_PARAM_construct_end()};
    if (EVP_PKEY_CTX_get_params(details, wanted) != 1)
        abort();
    if (EVP_DigestSign(context, signature + 1, &len, info.data, info.len) != 1)
        abort();
    if (recipe->has_bad_signature)
        signature[len / 2] ^= 1;
    builder_add(ret_algorithm, algorithm, wanted[0].return_size);
    der_add(ret_signature, DER_BIT_STRING, bytes_of(signature, len + 1));
}

void csr_make(const struct csr_recipe *recipe, struct builder *ret_der)
{
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    AUTO(builder_done) struct builder algorithm = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    make_info(recipe, &content);
    sign(recipe, builder_bytes(&content), &algorithm, &signature);
    if (recipe->algorithm != NULL)
        der_assemble(recipe->algorithm, &content);
    else
        builder_add_bytes(&content, builder_bytes(&algorithm));
    if (recipe->signature != NULL)
        builder_clear(&signature);
    if (recipe->signature != NULL)
        der_assemble(recipe->signature, &signature);
    builder_add_bytes(&content, builder_bytes(&signature));
    der_add(ret_der, DER_SEQUENCE, builder_bytes(&content));
    if (recipe->trailing != NULL)
        der_assemble(recipe->trailing, ret_der);
}
