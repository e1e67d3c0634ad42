/* SPDX-License-Identifier: Apache-2.0 */
/* AUTO() for OpenSSL's types, one line a type. */
#ifndef COLDCA_BASE_OPENSSL_RELEASE_H
#define COLDCA_BASE_OPENSSL_RELEASE_H

#include "base/cleanup.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/store.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

DEFINE_AUTO(ASN1_OBJECT *, ASN1_OBJECT_free);
DEFINE_AUTO(ASN1_TIME *, ASN1_TIME_free);
DEFINE_AUTO(ASN1_TYPE *, ASN1_TYPE_free);
DEFINE_AUTO(BIGNUM *, BN_free);
DEFINE_AUTO(BIO *, BIO_free_all);
DEFINE_AUTO(EC_GROUP *, EC_GROUP_free);
DEFINE_AUTO(EC_POINT *, EC_POINT_free);
DEFINE_AUTO(EVP_CIPHER *, EVP_CIPHER_free);
DEFINE_AUTO(EVP_MD *, EVP_MD_free);
DEFINE_AUTO(EVP_MD_CTX *, EVP_MD_CTX_free);
DEFINE_AUTO(EVP_PKEY *, EVP_PKEY_free);
DEFINE_AUTO(EVP_PKEY_CTX *, EVP_PKEY_CTX_free);
DEFINE_AUTO(OSSL_ENCODER_CTX *, OSSL_ENCODER_CTX_free);
DEFINE_AUTO(OSSL_LIB_CTX *, OSSL_LIB_CTX_free);
DEFINE_AUTO(OSSL_PARAM *, OSSL_PARAM_free);
DEFINE_AUTO(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free);
DEFINE_AUTO(OSSL_STORE_CTX *, OSSL_STORE_close);
DEFINE_AUTO(OSSL_STORE_INFO *, OSSL_STORE_INFO_free);
DEFINE_AUTO(X509 *, X509_free);
DEFINE_AUTO(X509_EXTENSION *, X509_EXTENSION_free);
DEFINE_AUTO(X509_NAME *, X509_NAME_free);
DEFINE_AUTO(X509_REQ *, X509_REQ_free);

static inline void auto_OPENSSL_free(void *place)
{
    OPENSSL_free(*(void **)place);
}

#endif
