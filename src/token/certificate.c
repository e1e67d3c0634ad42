/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/openssl_release.h"
#include "base/quote.h"

#include <openssl/err.h>

bool token_certificate_store(struct token *token, struct bytes der, const char *label, struct bytes id,
                             struct error *err)
{
    const uint8_t *cursor = der.data;
    ERR_clear_error();
    AUTO(X509_free) X509 *certificate = d2i_X509(NULL, &cursor, (long)der.len);
    if (certificate == NULL || cursor != der.data + der.len)
        return error_openssl(err, ERROR_INPUT, "what is to be stored on the token is not a certificate");
    AUTO(free) char *name = memory_text(label); // libp11 wants it writable
    AUTO(free) uint8_t *id_copy = memory_new(id.len + 1, 1);
    if (id.len > 0)
        memcpy(id_copy, id.data, id.len);
    LOCKED(&token->module->lock);
    WATCHED(token->module, "storing a certificate");
    (void)ERR_set_mark();
    CK_RV rv = rv_of_libp11(
        PKCS11_store_certificate(token->slot->token, certificate, name, id_copy, id.len, NULL) == 0);
    if (rv != CKR_OK)
        return error_rv(err, rv, "storing the certificate on the token");
    return true;
}

bool token_certificate_find(struct token *token, struct bytes id, struct builder *ret_der, struct error *err)
{
    PKCS11_CERT *certificates = NULL;
    unsigned count = 0;
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    LOCKED(&token->module->lock);
    WATCHED(token->module, "reading the certificates");
    (void)ERR_set_mark();
    CK_RV rv = rv_of_libp11(PKCS11_enumerate_certs(token->slot->token, &certificates, &count) == 0);
    if (rv != CKR_OK)
        return error_rv(err, rv, "reading the token's certificates");
    for (unsigned i = 0; i < count; i++) {
        if (!bytes_equal(bytes_of(certificates[i].id, certificates[i].id_len), id) ||
            certificates[i].x509 == NULL)
            continue;
        AUTO(OPENSSL_free) uint8_t *der = NULL;
        int len = i2d_X509(certificates[i].x509, &der);
        if (len <= 0)
            return error_openssl(err, ERROR_TOKEN, "a certificate on the token can't be read");
        struct bytes one = bytes_of(der, (size_t)len);
        if (found.len > 0 && !bytes_equal(builder_bytes(&found), one))
            return error_set(
                err, ERROR_TOKEN, 0,
                "several certificates on the token have the id %s; remove the wrong ones or name a file",
                hex_of(bytes_slice(id, 0, 64), (char[129]){0}));
        builder_clear(&found);
        builder_add_bytes(&found, one);
    }
    if (found.len == 0)
        return error_set(err, ERROR_TOKEN, 0, "the token holds no certificate with the id %s",
                         hex_of(bytes_slice(id, 0, 64), (char[129]){0}));
    builder_add_bytes(ret_der, builder_bytes(&found));
    return true;
}
