/* SPDX-License-Identifier: Apache-2.0 */
#include "raw_cert.h"

#include "base/der.h"
#include "base/memory.h"
#include "cert_maker.h"
#include "csr_maker.h"

#include <stdlib.h>

static void add(const char *given, const char *sound, struct builder *out)
{
    der_assemble(given != NULL ? given : sound, out);
}

static void add_key(const struct raw_cert *raw, struct builder *out)
{
    unsigned char *spki = NULL;
    if (raw->key == NULL || raw->spki != NULL) {
        add(raw->spki, RAW_SPKI, out);
        return;
    }
    int len = i2d_PUBKEY(raw->key, &spki);
    if (len <= 0)
        abort();
    builder_add(out, spki, (size_t)len);
    OPENSSL_free(spki);
}

void raw_cert_tbs(const struct raw_cert *raw, struct builder *ret_tbs)
{
    AUTO(builder_done) struct builder body = BUILDER_INIT;
    AUTO(free) char *listed = memory_format("a3{30{%s}}", raw->list != NULL ? raw->list : RAW_USAGE);
    add(raw->version, RAW_VERSION, &body);
    add(raw->serial, RAW_SERIAL, &body);
    add(raw->algorithm, RAW_ALGORITHM, &body);
    add(raw->issuer, RAW_NAME("I"), &body);
    add(raw->validity, RAW_VALIDITY, &body);
    add(raw->subject, RAW_NAME("S"), &body);
    add_key(raw, &body);
    add(raw->extensions, listed, &body);
    der_add(ret_tbs, raw->tag != 0 ? raw->tag : DER_SEQUENCE, builder_bytes(&body));
    add(raw->behind, "", ret_tbs);
}

void raw_cert(const struct raw_cert *raw, EVP_PKEY *issuer_key, struct builder *ret_der)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    raw_cert_tbs(raw, &tbs);
    maker_sign(issuer_key, SIGNATURE_ECDSA_SHA256, builder_bytes(&tbs), &signature);
    cert_seal(builder_bytes(&tbs), SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), ret_der);
}
