/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_tool.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/time.h"

#include <openssl/asn1.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define SERIAL_LEN 20
#define NAME_LEN 8

static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                       0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

static void must(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "can't %s\n", what);
        exit(3);
    }
}

static void set_name(X509_NAME *name, const char *text)
{
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)text, -1, -1, 0) == 1,
         "set a name");
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    AUTO(X509_EXTENSION_free) X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, "add an extension");
}

/** What coldca wants of a CA's certificate, and of one by it; issuer->certificate is NULL while the first is made. */
static void add_extensions(X509 *certificate, const struct tool_issuer *issuer)
{
    if (issuer->certificate != NULL) {
        add_extension(certificate, issuer->certificate, NID_authority_key_identifier, "keyid:always");
        return;
    }
    add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
}

static X509 *make_certificate(EVP_PKEY *subject_key, const char *subject, struct tool_issuer *issuer)
{
    X509 *certificate = X509_new();
    AUTO(BN_free) BIGNUM *serial = NULL;
    uint8_t bytes[SERIAL_LEN];
    memset(bytes, 0x5a, sizeof(bytes));
    serial = BN_bin2bn(bytes, sizeof(bytes), NULL);
    must(certificate != NULL && serial != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
             BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL &&
             ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20260101000000Z") == 1 &&
             ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20360101000000Z") == 1,
         "make a certificate");
    set_name(X509_get_subject_name(certificate), subject);
    set_name(X509_get_issuer_name(certificate), "Test CA");
    must(X509_set_pubkey(certificate, subject_key) == 1, "set a key");
    add_extensions(certificate, issuer);
    must(X509_sign(certificate, issuer->key, EVP_sha256()) > 0, "sign a certificate");
    return certificate;
}

static size_t find(const uint8_t *data, size_t len, const void *wanted, size_t wanted_len)
{
    const uint8_t *place = memmem(data, len, wanted, wanted_len);
    must(place != NULL, "find a part of a certificate");
    return (size_t)(place - data);
}

void tool_issuer_make(struct tool_issuer *ret_issuer)
{
    struct tool_issuer issuer = {.key = EVP_EC_gen("P-256")};
    AUTO(EVP_PKEY_free) EVP_PKEY *subject_key = EVP_RSA_gen(2048);
    uint8_t serial[SERIAL_LEN];
    uint8_t digest[32];
    unsigned char *spki = NULL;
    must(issuer.key != NULL && subject_key != NULL, "make keys");
    issuer.certificate = make_certificate(issuer.key, "Test CA", &issuer);
    AUTO(X509_free) X509 *leaf = make_certificate(subject_key, "d-000000", &issuer);
    int len = i2d_re_X509_tbs(leaf, &issuer.tbs);
    must(len > 0, "encode a certificate");
    issuer.tbs_len = (size_t)len;
    memset(serial, 0x5a, sizeof(serial));
    issuer.serial_at = find(issuer.tbs, issuer.tbs_len, serial, sizeof(serial));
    issuer.name_at = find(issuer.tbs, issuer.tbs_len, "d-000000", NAME_LEN);
    int spki_len = i2d_PUBKEY(subject_key, &spki);
    digest_sha256(bytes_of(spki, (size_t)spki_len), digest);
    OPENSSL_free(spki);
    char text[129];
    memcpy(issuer.spki_sha256, hex_of(BYTES(digest), text), sizeof(issuer.spki_sha256));
    *ret_issuer = issuer;
}

void tool_issuer_write(const struct tool_issuer *issuer, const char *path)
{
    AUTO(BIO_free_all) BIO *file = BIO_new_file(path, "wb");
    must(file != NULL && PEM_write_bio_X509(file, issuer->certificate) == 1, "write ca.pem");
}

static struct public_key *make_checker(EVP_PKEY *key)
{
    struct public_key_facts facts;
    struct public_key *checker = NULL;
    struct error err = ERROR_INIT;
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    must(len > 0 && public_key_read(bytes_of(spki, (size_t)len), &facts, &err) &&
             public_key_new(&facts, &checker, &err),
         "use the CA's key");
    OPENSSL_free(spki);
    public_key_prepare(checker, SIGNATURE_ECDSA_SHA256);
    return checker;
}

bool tool_issuer_read(const char *path, struct tool_issuer *ret_issuer)
{
    AUTO(BIO_free_all) BIO *file = BIO_new_file(path, "rb");
    *ret_issuer =
        (struct tool_issuer){.certificate = file == NULL ? NULL : PEM_read_bio_X509(file, NULL, NULL, NULL)};
    ret_issuer->key = ret_issuer->certificate == NULL ? NULL : X509_get_pubkey(ret_issuer->certificate);
    if (ret_issuer->key == NULL)
        return false;
    ret_issuer->checker = make_checker(ret_issuer->key);
    return true;
}

/** The TBSCertificate of this number, in place in the template. */
static struct bytes fill_in(struct tool_issuer *issuer, unsigned number)
{
    char text[32];
    uint8_t digest[32];
    (void)snprintf(text, sizeof(text), "d-%06u", number);
    memcpy(issuer->tbs + issuer->name_at, text, NAME_LEN);
    digest_sha256(bytes_of_text(text), digest);
    digest[0] = (digest[0] & 0x3f) | 0x40;
    memcpy(issuer->tbs + issuer->serial_at, digest, SERIAL_LEN);
    return bytes_of(issuer->tbs, issuer->tbs_len);
}

struct json *tool_signing(struct tool_issuer *issuer, unsigned number)
{
    struct json *fields = json_new_object();
    struct bytes tbs = fill_in(issuer, number);
    char text[64];
    uint8_t digest[32];
    (void)snprintf(text, sizeof(text), "CN=d-%06u", number);
    json_put_base64(fields, "tbs", tbs);
    json_put_hex(fields, "serial", bytes_slice(tbs, issuer->serial_at, SERIAL_LEN));
    json_put_text(fields, "subject", text);
    AUTO(free) char *name = memory_format("dns:%s", text + 3);
    json_add_text(json_put_array(fields, "sans"), name);
    digest_sha256(bytes_of_text(text), digest);
    json_put_hex(fields, "csr_sha256", BYTES(digest));
    digest_sha256(BYTES_LITERAL("policy"), digest);
    json_put_hex(fields, "policy_sha256", BYTES(digest));
    json_put_text(fields, "spki_sha256", issuer->spki_sha256);
    json_put_text(fields, "policy", "mqtt-device");
    json_put_text(fields, "not_after", "2036-01-01T00:00:00Z");
    json_put_text(fields, "source", "ger\xc3\xa4t.csr");
    return fields;
}

/** SEQUENCE { tbs, algorithm, BIT STRING signature } */
static void wrap(struct bytes tbs, struct bytes signature, struct builder *ret_der)
{
    int body = (int)(tbs.len + sizeof(ecdsa_sha256)) +
               ASN1_object_size(0, (int)signature.len + 1, V_ASN1_BIT_STRING);
    uint8_t *place = builder_reserve(ret_der, (size_t)ASN1_object_size(1, body, V_ASN1_SEQUENCE));
    ASN1_put_object(&place, 1, body, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    if (tbs.len > 0)
        memcpy(place, tbs.data, tbs.len);
    place += tbs.len;
    memcpy(place, ecdsa_sha256, sizeof(ecdsa_sha256));
    place += sizeof(ecdsa_sha256);
    ASN1_put_object(&place, 0, (int)signature.len + 1, V_ASN1_BIT_STRING, V_ASN1_UNIVERSAL);
    *place++ = 0;
    memcpy(place, signature.data, signature.len);
}

struct json *tool_issued(struct tool_issuer *issuer, unsigned number, uint64_t ref)
{
    struct json *fields = json_new_object();
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct bytes tbs = fill_in(issuer, number);
    uint8_t signature[128];
    uint8_t digest[32];
    size_t len = sizeof(signature);
    must(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, issuer->key, NULL) == 1 &&
             EVP_DigestSign(context, signature, &len, tbs.data, tbs.len) == 1,
         "sign");
    wrap(tbs, bytes_of(signature, len), &der);
    digest_sha256(builder_bytes(&der), digest);
    json_put_int(fields, "ref", (int64_t)ref);
    json_put_base64(fields, "signature", bytes_of(signature, len));
    json_put_hex(fields, "sha256", BYTES(digest));
    return fields;
}

/** Takes one DER element off the front. */
static bool take(struct bytes *der, struct bytes *ret_whole, struct bytes *ret_content)
{
    const unsigned char *place = der->data;
    long len;
    int tag, class;
    if (der->len == 0 || (ASN1_get_object(&place, &len, &tag, &class, (long)der->len) & 0x80) != 0)
        return false;
    *ret_content = bytes_of(place, (size_t)len);
    *ret_whole = bytes_of(der->data, (size_t)(place - der->data) + (size_t)len);
    *der = bytes_slice(*der, ret_whole->len, der->len);
    return true;
}

static bool tbs_fits(void *data, struct bytes tbs, const struct ledger_claims *claims,
                     struct findings *ret_findings)
{
    struct bytes rest = tbs, whole, body, serial, part, validity, spki = {.len = 0};
    AUTO(builder_done) struct builder wanted_serial = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted_spki = BUILDER_INIT;
    uint8_t digest[32];
    (void)data;
    // version, serial, algorithm, issuer, validity, subject, key (RFC 5280 4.1)
    bool holds = take(&rest, &whole, &body) && rest.len == 0 && take(&body, &whole, &part) &&
                 take(&body, &whole, &serial) && take(&body, &whole, &part) && take(&body, &whole, &part) &&
                 take(&body, &whole, &validity) && take(&body, &whole, &part) && take(&body, &spki, &part);
    digest_sha256(spki, digest);
    holds = holds && take(&validity, &whole, &part) && take(&validity, &whole, &part) && part.len == 13 &&
            decode_hex(claims->serial, &wanted_serial) &&
            bytes_equal(builder_bytes(&wanted_serial), serial) &&
            decode_hex(claims->spki_sha256, &wanted_spki) &&
            bytes_equal(builder_bytes(&wanted_spki), BYTES(digest)) &&
            claims->not_after.len == TIME_TEXT_SIZE - 1 &&
            memcmp(claims->not_after.data + 2, part.data, 2) == 0 &&
            memcmp(claims->not_after.data + 5, part.data + 2, 2) == 0;
    if (!holds)
        findings_say(ret_findings, "tool.tbs", NULL, "its tbs says something else");
    return holds;
}

static bool certificate_fits(void *data, struct bytes tbs, struct bytes signature,
                             const uint8_t sha256[static 32], struct findings *ret_findings)
{
    const struct tool_issuer *issuer = data;
    struct error ignored = ERROR_INIT; // there is one thing that can be wrong
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    uint8_t digest[32];
    wrap(tbs, signature, &der);
    digest_sha256(builder_bytes(&der), digest);
    bool holds = memcmp(digest, sha256, sizeof(digest)) == 0 &&
                 public_key_verify(issuer->checker, SIGNATURE_ECDSA_SHA256, tbs, signature, &ignored);
    if (!holds)
        findings_say(ret_findings, "tool.certificate", NULL, "not a certificate by the issuer");
    return holds;
}

const struct ledger_checks tool_checks = {.tbs = tbs_fits, .certificate = certificate_fits};
