/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a CA: keys in the token, its certificate (or a request for a parent), the ledger, the home; adopting one that exists.
 * It promises: the root's own certificate takes the path of every other: evaluated against a policy, its bytes logged before the token
 * is asked, verified before it is kept (P3). ca.yaml is written last: a directory without it is not a CA. What fails leaves nothing.
 * It does not: overwrite anything, or change a CA that is made.
 */
#ifndef COLDCA_INIT_INIT_H
#define COLDCA_INIT_INIT_H

#include "plan/judge.h"
#include "records/control.h"
#include "signer/signer.h"

struct init_options {
    const char *path;    /**< the home to make */
    const char *subject; /**< "C=US,O=Acme,CN=Root"; needed unless a certificate is adopted */
    const char *origin;  /**< the ledger's origin; NULL: made from the subject's CN */
    const char *policy;  /**< name or path; NULL: "root" */
    const struct policy_variable *variables;
    size_t variables_count;
    const char *key;       /**< "rsa-4096", "ec-p384", ...; NULL: the policy's first */
    const char *key_label; /**< NULL: "coldca-ca"; the ledger key is LABEL-ledger */
    const char *module, *profile, *init_args, *token; /**< see signer_choice_make() */
    const char *use_key; /**< pkcs11: URI of an existing CA key; NULL: make one */
    const char
        *certificate;  /**< file: adopt this certificate (with use_key) or complete a home that awaits it */
    const char *chain; /**< file with the certificates above; NULL */
    const char *chain_incomplete; /**< why chain does not reach a root; goes to the ledger; NULL */
    const char
        *continues;       /**< file: the last known checkpoint of a lost ledger that this one follows; NULL */
    const char *controls; /**< YAML file: who may decide what; NULL: the operator alone */
    const char *policies; /**< without controls: "approved", which is also NULL, or "any" */
    const struct control *control; /**< what these two say: init_ca() sets it */
    bool wants_csr;                /**< --csr: a CSR for a parent instead of a root certificate */
    unsigned days; /**< the root's life, at most the policy's max_days; 0: the policy's days */
    bool may_be_extractable;
    bool wants_pss;
    const char *hash;
};

struct init_result {
    char *path;
    char *origin;
    char *vkey;
    char *ca_key;     /**< URI */
    char *ledger_key; /**< URI */
    char *csr_path;   /**< --csr: where the request for the parent is; else NULL */
    char *subject;
    uint8_t certificate_sha256[32];
    int64_t not_after;
};
void init_result_done(struct init_result *result);
DEFINE_AUTO_VALUE(struct init_result, init_result_done);

MUST_USE bool init_ca(const struct init_options *options, const struct console *console,
                      struct init_result *ret_result, struct error *err);

/** A CSR signed by a key in the token, with the template's subject and SANs. */
MUST_USE bool init_csr_make(const struct template *template, struct signer *signer, enum signature_kind kind,
                            struct builder *ret_der, struct error *err);

#endif
