/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cert_maker.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/openssl_release.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *field;
    const char *oid;
} fields[] = {{"CN", "2.5.4.3"},
              {"C", "2.5.4.6"},
              {"O", "2.5.4.10"},
              {"OU", "2.5.4.11"},
              {"emailAddress", "1.2.840.113549.1.9.1"}};

static const char *oid_of(const char *field)
{
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strcmp(fields[i].field, field) == 0)
            return fields[i].oid;
    }
    fail_msg("no such field: %s", field);
    return NULL;
}

static void add_attributes(struct template *template, const char *subject)
{
    AUTO(free) char *copy = memory_text(subject);
    char *rest = NULL;
    for (char *part = strtok_r(copy, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        assert_non_null(equals);
        *equals = '\0';
        template->attributes =
            memory_grow(template->attributes, template->attributes_count + 1, sizeof(*template->attributes));
        template->attributes[template->attributes_count] = (struct template_attribute){
            .oid = memory_text(oid_of(part)),
            .field = memory_text(part),
            .value = memory_text(equals + 1),
            .rdn = (uint32_t) template->attributes_count,
        };
        template->attributes_count++;
    }
}

struct template *maker_template(const char *subject, EVP_PKEY *key)
{
    struct template *template = template_new();
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    assert_true(len > 0);
    add_attributes(template, subject);
    template->spki = (uint8_t *)memory_text_of(spki, (size_t)len);
    template->spki_len = (size_t)len;
    OPENSSL_free(spki);
    template->not_before = MAKER_NOW;
    template->not_after = MAKER_NOW + 100 * INT64_C(86400) - 1;
    template->key_usage = KEY_USAGE_DIGITAL_SIGNATURE;
    return template;
}

struct template *maker_ca_template(const char *subject, EVP_PKEY *key)
{
    struct template *template = maker_template(subject, key);
    template->is_ca = true;
    template->key_usage = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN;
    template->not_after = MAKER_NOW + 3650 * INT64_C(86400) - 1;
    return template;
}

void maker_add_san(struct template *template, enum san_kind kind, const void *value, size_t len)
{
    template->sans = memory_grow(template->sans, template->sans_count + 1, sizeof(*template->sans));
    template->sans[template->sans_count++] =
        (struct template_name){.kind = kind,
                               .value = (uint8_t *)memory_text_of(value, len),
                               .value_len = len,
                               .text = memory_text("name")};
}

void maker_sign(EVP_PKEY *key, enum signature_kind kind, struct bytes tbs, struct builder *ret_signature)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *details = NULL;
    size_t len = 0;
    assert_int_equal(EVP_DigestSignInit_ex(context, &details, hash_openssl_name(signature_hash(kind)), NULL,
                                           NULL, key, NULL),
                     1);
    if (signature_is_pss(kind)) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(context, NULL, &len, tbs.data, tbs.len), 1);
    AUTO(free) uint8_t *signature = memory_new(len, 1);
    assert_int_equal(EVP_DigestSign(context, signature, &len, tbs.data, tbs.len), 1);
    builder_add(ret_signature, signature, len);
}

void maker_certificate(const struct template *template, const struct cert_issuer *issuer,
                       EVP_PKEY *issuer_key, enum signature_kind kind, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    cert_serial_random(serial);
    if (!cert_tbs(template, issuer, serial, kind, &tbs, &err))
        fail_msg("%s", err.text);
    maker_sign(issuer_key, kind, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), kind, builder_bytes(&signature), ret_der);
    if (!cert_verify(builder_bytes(ret_der), builder_bytes(&tbs), issuer, &err))
        fail_msg("%s", err.text);
}

struct cert_issuer *maker_root(const char *subject, EVP_PKEY *key, enum signature_kind kind)
{
    struct error err = ERROR_INIT;
    struct cert_issuer *issuer = NULL;
    AUTO(template_free) struct template *template = maker_ca_template(subject, key);
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    maker_certificate(template, NULL, key, kind, &der);
    if (!cert_issuer_read(builder_bytes(&der), NULL, 0, &issuer, &err))
        fail_msg("%s", err.text);
    return issuer;
}

X509 *maker_parse(struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(certificate);
    assert_ptr_equal(at, der.data + der.len);
    return certificate;
}

const char *maker_extension(const X509 *certificate, int nid)
{
    static char text[4096];
    int at = X509_get_ext_by_NID(certificate, nid, -1);
    text[0] = '\0';
    if (at < 0)
        return text;
    assert_int_equal(X509_get_ext_by_NID(certificate, nid, at), -1);
    X509_EXTENSION *extension = X509_get_ext(certificate, at);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    encode_hex(bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)), &hex);
    (void)snprintf(text, sizeof(text), "%s%s", X509_EXTENSION_get_critical(extension) ? "critical," : "",
                   builder_text(&hex));
    return text;
}
