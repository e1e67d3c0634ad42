/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "request/csr.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

/*
 * Before a key is made in the token, a stand-in of its kind goes the whole way that the CA's own request will go: what the policy
 * refuses, and what no certificate can hold, is found while there is nothing to take back.
 */

static EVP_PKEY *make_key(enum key_kind kind)
{
    switch (kind) {
    case KEY_RSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
                                 (size_t)2048); // longer ones take seconds and teach nothing
    case KEY_EC_P256:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    case KEY_EC_P384:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    case KEY_EC_P521:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
    case KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case KEY_OTHER:
    default:
        return NULL;
    }
}

static bool make_spki(enum key_kind kind, struct template *subject, struct error *err)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = make_key(kind);
    AUTO(OPENSSL_free) uint8_t *der = NULL;
    int len = key == NULL ? 0 : i2d_PUBKEY(key, &der);
    if (len <= 0)
        return error_openssl(err, ERROR_INPUT, "can't make a key to try the policy with");
    free(subject->spki);
    subject->spki = (uint8_t *)memory_text_of(der, (size_t)len);
    subject->spki_len = (size_t)len;
    return true;
}

/** Nobody signed for the stand-in, and if it is an RSA key it is a short one. */
static void pretend(struct request *request, const struct init_plan *plan)
{
    char name[32];
    struct findings kept = FINDINGS_INIT;
    for (size_t i = 0; i < request->problems.count; i++) {
        if (strcmp(request->problems.items[i].rule, "request.signature") != 0)
            findings_add(&kept, &request->problems.items[i]);
    }
    findings_done(&request->problems);
    request->problems = kept;
    request->has_proof_of_possession = true;
    request->key_bits = plan->key_bits;
    (void)snprintf(request->key_name, sizeof(request->key_name), "%s",
                   key_name(plan->key_kind, plan->key_bits, name)); // half as long at most
}

bool init_judge_stand_in(const struct init_options *options, const struct init_plan *plan, struct error *err)
{
    static const uint8_t no_signature[1];
    uint8_t serial[CERT_SERIAL_LEN];
    AUTO(plan_free) struct plan *judged = NULL;
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!make_spki(plan->key_kind, plan->subject, err) || !cert_request_info(plan->subject, &info, err))
        return false;
    cert_seal(builder_bytes(&info), plan->signature, BYTES(no_signature), &csr);
    struct request *request = csr_read(builder_bytes(&csr));
    pretend(request, plan);
    if (!init_judge(options, plan, request, &judged, err))
        return false;
    cert_serial_random(serial);
    return options->wants_csr ||
           cert_tbs(judged->items[0].verdict->template, NULL, serial, plan->signature, &tbs, err) ||
           error_while(err, "trying to build the root certificate");
}
