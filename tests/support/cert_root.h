/* SPDX-License-Identifier: Apache-2.0 */
/* A root in memory and a key that it may certify: what most tests of cert/ begin with. cmocka.h stands before it. */
#ifndef COLDCA_TESTS_CERT_ROOT_H
#define COLDCA_TESTS_CERT_ROOT_H

#include "cert_maker.h"

#include "base/finding.h"

static EVP_PKEY *ca_key;
static EVP_PKEY *key;
static struct cert_issuer *issuer; /**< "O=Test,CN=Root", by ca_key, P-256 */

static inline int root_setup(void **state)
{
    (void)state;
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    issuer = maker_root("O=Test,CN=Root", ca_key, SIGNATURE_ECDSA_SHA256);
    return 0;
}

static inline int root_teardown(void **state)
{
    (void)state;
    cert_issuer_free(issuer);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    return 0;
}

/** A TBSCertificate or TBSCertList that the root has signed; appends. */
static inline void root_seal(struct bytes tbs, struct builder *ret_der)
{
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    maker_sign(ca_key, SIGNATURE_ECDSA_SHA256, tbs, &signature);
    cert_seal(tbs, SIGNATURE_ECDSA_SHA256, builder_bytes(&signature), ret_der);
}

/** The rules of what was found, in order: "lint.crl-number lint.crl-key-id"; "" of nothing. The caller frees. */
static inline char *root_rules(const struct findings *found)
{
    AUTO(builder_done) struct builder rules = BUILDER_INIT;
    for (size_t i = 0; i < found->count; i++)
        builder_format(&rules, i == 0 ? "%s" : " %s", found->items[i].rule);
    return builder_take_text(&rules);
}

/** All that was found, a line each: "rule (source): text". The caller frees. */
static inline char *root_words(const struct findings *found)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    for (size_t i = 0; i < found->count; i++)
        builder_format(&words, "%s (%s): %s\n", found->items[i].rule,
                       found->items[i].source != NULL ? found->items[i].source : "-", found->items[i].text);
    return builder_take_text(&words);
}

#endif
