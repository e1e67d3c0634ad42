/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chain_maker.h"

#include "base/memory.h"
#include "base/openssl_release.h"

#include <stdlib.h>
#include <string.h>

static void set_subject(X509 *certificate, const char *subject)
{
    AUTO(free) char *copy = memory_text(subject);
    char *rest = NULL;
    for (char *part = strtok_r(copy, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        assert_non_null(equals);
        *equals = '\0';
        assert_int_equal(
            X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), part,
                                       strcmp(part, "C") == 0 ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING,
                                       (const unsigned char *)equals + 1, -1, -1, 0),
            1);
    }
}

static void add(X509 *certificate, X509 *issuer, const char *name, const char *value)
{
    X509V3_CTX context;
    if (*value == '\0')
        return;
    CONF *empty = NCONF_new(NULL); // certificatePolicies asks for one
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, empty);
    AUTO(X509_EXTENSION_free) X509_EXTENSION *extension = X509V3_EXT_nconf(empty, &context, name, value);
    NCONF_free(empty);
    if (extension == NULL)
        fail_msg("OpenSSL does not make %s: %s", name, value);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
}

static const char *or_sound(const char *value, const char *sound)
{
    return value != NULL ? value : sound;
}

static void add_extensions(X509 *certificate, const struct chain_recipe *recipe)
{
    X509 *issuer = recipe->issuer != NULL ? recipe->issuer : certificate;
    add(certificate, issuer, "basicConstraints", or_sound(recipe->basic_constraints, "critical,CA:TRUE"));
    add(certificate, issuer, "keyUsage", or_sound(recipe->key_usage, "critical,keyCertSign,cRLSign"));
    add(certificate, issuer, "subjectKeyIdentifier", or_sound(recipe->subject_key_id, "hash"));
    if (recipe->issuer != NULL && X509_get0_subject_key_id(issuer) != NULL)
        add(certificate, issuer, "authorityKeyIdentifier", "keyid");
    for (size_t i = 0; i < CHAIN_EXTENSIONS_MAX && recipe->extensions[i][0] != NULL; i++)
        add(certificate, issuer, recipe->extensions[i][0], recipe->extensions[i][1]);
}

X509 *chain_make(const struct chain_recipe *recipe)
{
    static long serial = 1;
    X509 *certificate = X509_new();
    int64_t day = 86400;
    assert_int_equal(X509_set_version(certificate, recipe->is_version_1 ? X509_VERSION_1 : X509_VERSION_3),
                     1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++), 1);
    set_subject(certificate, recipe->subject);
    assert_int_equal(
        X509_set_issuer_name(certificate,
                             X509_get_subject_name(recipe->issuer != NULL ? recipe->issuer : certificate)),
        1);
    assert_non_null(
        ASN1_TIME_set(X509_getm_notBefore(certificate),
                      (time_t)(recipe->not_before != 0 ? recipe->not_before : CHAIN_NOW - 365 * day)));
    assert_non_null(
        ASN1_TIME_set(X509_getm_notAfter(certificate),
                      (time_t)(recipe->not_after != 0 ? recipe->not_after : CHAIN_NOW + 3285 * day)));
    assert_int_equal(X509_set_pubkey(certificate, recipe->key), 1);
    if (!recipe->is_version_1)
        add_extensions(certificate, recipe);
    assert_true(X509_sign(certificate, recipe->issuer_key != NULL ? recipe->issuer_key : recipe->key,
                          EVP_sha256()) > 0);
    if (recipe->has_bad_signature) {
        const ASN1_BIT_STRING *signature = NULL;
        X509_get0_signature(&signature, NULL, certificate);
        signature->data[signature->length - 1] ^= 1;
    }
    return certificate;
}

void chain_der(X509 *certificate, struct builder *ret_der)
{
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    assert_true(len > 0);
    builder_add(ret_der, der, (size_t)len);
    OPENSSL_free(der);
}
