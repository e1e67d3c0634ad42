/* SPDX-License-Identifier: Apache-2.0 */
#include "media/manifest.h"

#include "base/encode.h"
#include "base/openssl_release.h"
#include "base/quote.h"

#include <errno.h>
#include <limits.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#define ED25519_LEN 64
#define ED25519_BASE64_LEN 88

DEFINE_AUTO(CMS_ContentInfo *, CMS_ContentInfo_free);

static inline void auto_sk_X509_free(STACK_OF(X509) * *stack)
{
    sk_X509_free(*stack); // the certificates are the signers'
}

void manifest_signer_done(struct manifest_signer *signer)
{
    free(signer->name);
    builder_done(&signer->pem);
    *signer = (struct manifest_signer){.name = NULL};
}

/* ---- signers ---- */

/** What a signer's PEM holds: a key, and the certificate it came in if it did. */
struct identity {
    X509 *certificate;
    EVP_PKEY *key; /**< owned */
};

static void identity_done(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
    *identity = (struct identity){.key = NULL};
}
DEFINE_AUTO_VALUE(struct identity, identity_done);

static bool identity_read(const struct manifest_signer *signer, struct identity *ret_identity,
                          struct error *err)
{
    struct bytes pem = builder_bytes(&signer->pem);
    AUTO(identity_done) struct identity found = {.key = NULL};
    AUTO(BIO_free_all) BIO *bio = pem.len > INT_MAX ? NULL : BIO_new_mem_buf(pem.data, (int)pem.len);
    ERR_set_mark();
    if (bio != NULL)
        found.certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    if (found.certificate != NULL) {
        found.key = X509_get_pubkey(found.certificate);
    } else if (bio != NULL && BIO_reset(bio) == 1) {
        found.key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    }
    (void)ERR_pop_to_mark(); // what one of the two attempts had to say; ours says more
    if (found.key == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "the manifest signer %s is neither a PEM certificate nor a PEM public key",
                         quoted_text(signer->name, &(struct quoted){.text = ""}));
    if (found.certificate == NULL && !EVP_PKEY_is_a(found.key, "ED25519"))
        return error_set(err, ERROR_INPUT, 0,
                         "the manifest signer %s is a public key that is not Ed25519; name a certificate for "
                         "signatures in CMS",
                         quoted_text(signer->name, &(struct quoted){.text = ""}));
    *ret_identity = found;
    found = (struct identity){.key = NULL};
    return true;
}

bool manifest_signer_check(const struct manifest_signer *signer, struct error *err)
{
    AUTO(identity_done) struct identity identity = {.key = NULL};
    return identity_read(signer, &identity, err);
}

/** A certificate that stands for its owner's name must be valid and meant for signing (RFC 5280 4.1.2.5, 4.2.1.3). */
static bool check_certificate(const char *name, X509 *certificate, int64_t now, struct error *err)
{
    time_t at = (time_t)now;
    struct quoted buffer;
    if (X509_cmp_time(X509_get0_notBefore(certificate), &at) >= 0 ||
        X509_cmp_time(X509_get0_notAfter(certificate), &at) <= 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the manifest is signed by %s, whose certificate is not valid now; name a valid one",
                         quoted_text(name, &buffer));
    if ((X509_get_key_usage(certificate) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
        return error_set(
            err, ERROR_INPUT, 0,
            "the manifest is signed by %s, whose certificate is not for signing (key usage); name another",
            quoted_text(name, &buffer));
    return true;
}

static bool nobody(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "the signature of the medium's " MANIFEST_NAME
                     " is by none of the signers ca.yaml names (manifest_signers), or the list was changed "
                     "after it was signed");
}

/* ---- Ed25519 ---- */

/** Raw, or one line of base64. */
static bool read_ed25519(struct bytes signature, struct builder *ret_raw)
{
    if (signature.len == ED25519_LEN) {
        builder_add_bytes(ret_raw, signature);
        return true;
    }
    struct bytes text = signature;
    while (text.len > ED25519_BASE64_LEN &&
           (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    return text.len == ED25519_BASE64_LEN && decode_base64(text, ret_raw) && ret_raw->len == ED25519_LEN;
}

static bool verify_ed25519(struct bytes text, struct bytes raw, EVP_PKEY *key)
{
    AUTO(EVP_MD_CTX_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    ERR_set_mark();
    bool is_good = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                   EVP_DigestVerify(context, raw.data, raw.len, text.data, text.len) == 1;
    (void)ERR_pop_to_mark(); // that it is not good is all there is to know
    return is_good;
}

static bool by_ed25519(struct bytes text, struct bytes raw, const struct manifest_signer *signers,
                       size_t signer_count, int64_t now, size_t *ret_signer, struct error *err)
{
    for (size_t i = 0; i < signer_count; i++) {
        AUTO(identity_done) struct identity identity = {.key = NULL};
        if (!identity_read(&signers[i], &identity, err))
            return false;
        if (!EVP_PKEY_is_a(identity.key, "ED25519") || !verify_ed25519(text, raw, identity.key))
            continue;
        if (identity.certificate != NULL &&
            !check_certificate(signers[i].name, identity.certificate, now, err))
            return false;
        *ret_signer = i;
        return true;
    }
    return nobody(err);
}

/* ---- CMS ---- */

static CMS_ContentInfo *read_cms(struct bytes signature)
{
    const uint8_t *cursor = signature.data;
    CMS_ContentInfo *cms = NULL;
    ERR_set_mark();
    if (signature.len > 0 && signature.data[0] == 0x30) {
        cms = d2i_CMS_ContentInfo(NULL, &cursor, (long)signature.len);
        if (cms != NULL && cursor != signature.data + signature.len) {
            CMS_ContentInfo_free(cms); // something stands behind it
            cms = NULL;
        }
    } else {
        AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(signature.data, (int)signature.len);
        if (bio != NULL)
            cms = PEM_read_bio_CMS(bio, NULL, NULL, NULL);
    }
    (void)ERR_pop_to_mark(); // the caller says that it is not a signature
    return cms;
}

static bool is_sha2(int digest)
{
    return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

/** One signer, no content inside, no old digest. */
static bool check_form(CMS_ContentInfo *cms, struct error *err)
{
    ERR_set_mark();
    STACK_OF(CMS_SignerInfo) *infos =
        OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed ? CMS_get0_SignerInfos(cms) : NULL;
    const char *fault = NULL;
    if (infos == NULL)
        fault = "is CMS, but no signature";
    else if (CMS_is_detached(cms) != 1)
        fault = "holds its own copy of the content; sign detached (without -nodetach)";
    else if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
        fault = "is over something that is not plain data";
    else if (sk_CMS_SignerInfo_num(infos) != 1)
        fault = "is not by exactly one signer";
    if (fault == NULL) {
        X509_ALGOR *digest = NULL;
        const ASN1_OBJECT *object = NULL;
        CMS_SignerInfo_get0_algs(sk_CMS_SignerInfo_value(infos, 0), NULL, NULL, &digest, NULL);
        X509_ALGOR_get0(&object, NULL, NULL, digest);
        if (!is_sha2(OBJ_obj2nid(object)))
            fault = "uses a digest that is not SHA-256, SHA-384 or SHA-512; sign with -md sha256";
    }
    (void)ERR_pop_to_mark(); // fault says it
    return fault == NULL ||
           error_set(err, ERROR_INPUT, 0, "the signature " MANIFEST_SIGNATURE_NAME " %s", fault);
}

/** Whether cms is by certificate and no other, over text. The chain is not asked: the certificate itself is named. */
static bool verify_cms(CMS_ContentInfo *cms, X509 *certificate, struct bytes text)
{
    AUTO(sk_X509_free) STACK_OF(X509) *only = sk_X509_new_null();
    // Behind a buffer: of a BIO in memory CMS_verify() of OpenSSL 3.0 makes a copy, which it forgets if it does not know the digest.
    AUTO(BIO_free_all)
    BIO *content = BIO_push(BIO_new(BIO_f_buffer()), BIO_new_mem_buf(text.data, (int)text.len));
    ERR_set_mark();
    bool is_good = only != NULL && content != NULL && sk_X509_push(only, certificate) == 1 &&
                   CMS_verify(cms, only, NULL, content, NULL,
                              CMS_BINARY | CMS_DETACHED | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY) == 1;
    (void)ERR_pop_to_mark(); // that it is not good is all there is to know
    return is_good;
}

static bool by_cms(struct bytes text, struct bytes signature, const struct manifest_signer *signers,
                   size_t signer_count, int64_t now, size_t *ret_signer, struct error *err)
{
    for (size_t i = 0; i < signer_count; i++) {
        AUTO(identity_done) struct identity identity = {.key = NULL};
        // Read anew for each: CMS_verify() leaves the signer it found in the structure.
        AUTO(CMS_ContentInfo_free) CMS_ContentInfo *cms = read_cms(signature);
        if (cms == NULL)
            return error_set(err, ERROR_INPUT, 0,
                             "the signature " MANIFEST_SIGNATURE_NAME
                             " is neither 64 bytes of Ed25519 (raw or base64) nor CMS (DER or PEM)");
        if (!check_form(cms, err) || !identity_read(&signers[i], &identity, err))
            return false;
        if (identity.certificate == NULL || !verify_cms(cms, identity.certificate, text))
            continue;
        if (!check_certificate(signers[i].name, identity.certificate, now, err))
            return false;
        *ret_signer = i;
        return true;
    }
    return nobody(err);
}

bool manifest_verify(struct bytes text, struct bytes signature, const struct manifest_signer *signers,
                     size_t signer_count, int64_t now, size_t *ret_signer, struct error *err)
{
    AUTO(builder_done) struct builder raw = BUILDER_INIT;
    if (text.len > MANIFEST_MAX_LEN || signature.len > MANIFEST_SIGNATURE_MAX_LEN)
        return error_set(err, ERROR_INPUT, EFBIG, "the medium's manifest or its signature is too large");
    if (signer_count == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the medium's manifest is signed, but ca.yaml names nobody whose signature counts "
                         "(manifest_signers); name them, or take the manifest off the medium");
    if (read_ed25519(signature, &raw))
        return by_ed25519(text, builder_bytes(&raw), signers, signer_count, now, ret_signer, err);
    return by_cms(text, signature, signers, signer_count, now, ret_signer, err);
}
