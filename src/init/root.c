/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "issue/pipeline.h"
#include "records/cert.h"
#include "request/csr.h"

#include <string.h>

bool init_csr_make(const struct template *template, struct signer *signer, enum signature_kind kind,
                   struct builder *ret_der, struct error *err)
{
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (!cert_request_info(template, &info, err) ||
        !signer_prove_key(signer, kind, builder_bytes(&info), &signature, err))
        return error_while(err, "making a request with the key in the token");
    // A request is sealed like a certificate: bytes, algorithm, signature (RFC 2986 4.2).
    cert_seal(builder_bytes(&info), kind, builder_bytes(&signature), ret_der);
    return true;
}

static bool signature_wished(const struct making *making, enum signature_kind *ret_kind, struct error *err)
{
    enum hash_kind hash = HASH_NONE;
    enum key_kind key = token_key_kind(making->ca_key);
    if (making->home->config.hash != NULL && !hash_parse(making->home->config.hash, &hash))
        return error_set(err, ERROR_USAGE, 0, "--hash is sha256, sha384 or sha512");
    *ret_kind = signature_for_key(key, hash, making->home->config.pss);
    return *ret_kind != SIGNATURE_OTHER ||
           error_set(err, ERROR_TOKEN, 0, "a key of the kind %s cannot sign", key_kind_name(key));
}

/** The CA's own CSR, read back by the same parser as a stranger's. */
static bool make_request(struct making *making, const struct init_plan *plan, struct builder *ret_der,
                         struct request **ret_request, struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    struct bytes spki = token_key_spki(making->ca_key);
    free(plan->subject->spki);
    plan->subject->spki = (uint8_t *)memory_text_of(spki.data, spki.len);
    plan->subject->spki_len = spki.len;
    if (!signature_wished(making, &kind, err) ||
        !init_csr_make(plan->subject, making->signer, kind, ret_der, err))
        return false;
    struct request *request = csr_read(builder_bytes(ret_der));
    if (!request->has_proof_of_possession) {
        request_free(request);
        return error_set(err, ERROR_TOKEN, 0,
                         "what the token signed does not verify with the public key; nothing was made of it, "
                         "do not use this token");
    }
    *ret_request = request;
    return true;
}

bool init_judge(const struct init_options *options, const struct init_plan *plan, struct request *request,
                struct plan **ret_judged, struct error *err)
{
    AUTO(judge_free) struct judge *judge = judge_new(NULL);
    AUTO(plan_free) struct plan *judged = plan_new(plan->policy);
    struct plan_options judging = {
        .policy = plan->policy,
        .variables = options->variables,
        .variables_count = options->variables_count,
        .days = options->days,
        .now = time_now(),
    };
    judged->made_at = judging.now;
    judged->items = memory_new(1, sizeof(*judged->items));
    judged->count = 1;
    judged->items[0].source = memory_text(HOME_REQUEST_FILE);
    judged->items[0].name = memory_text("ca");
    judged->items[0].request = request;
    if (!plan_judge(judge, judged, &judging, err))
        return false;
    if (judged->items[0].action != PLAN_ALLOW) {
        AUTO(builder_done) struct builder reasons = BUILDER_INIT;
        plan_item_reasons(&judged->items[0], &reasons);
        return error_set(err, ERROR_INPUT, 0, "the policy %s refuses this CA: %s", judged->policy_name,
                         builder_text(&reasons));
    }
    *ret_judged = TAKE(judged);
    return true;
}

/** A plan with the CA's own request as its only item. */
static bool judge_own(struct making *making, const struct init_options *options, const struct init_plan *plan,
                      struct builder *ret_csr, struct plan **ret_judged, struct error *err)
{
    struct request *request = NULL;
    return make_request(making, plan, ret_csr, &request, err) &&
           init_judge(options, plan, request, ret_judged, err);
}

bool init_sign_root(struct making *making, const struct init_options *options, const struct init_plan *plan,
                    const struct console *console, struct error *err)
{
    struct logged root = {.kind = &logged_certificate, .name = "the root"};
    AUTO(plan_free) struct plan *judged = NULL;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!judge_own(making, options, plan, &csr, &judged, err))
        return false;
    const struct plan_item *item = &judged->items[0];
    uint8_t serial[CERT_SERIAL_LEN];
    cert_serial_random(serial);
    if (!signature_wished(making, &root.signature_kind, err) ||
        !cert_tbs(item->verdict->template, NULL, serial, root.signature_kind, &tbs, err))
        return error_while(err, "building the root certificate");
    root.tbs = builder_bytes(&tbs);
    const struct record_cert_signing record = {
        .tbs = root.tbs,
        .template = item->verdict->template,
        .policy = judged->policy_name,
        .policy_sha256 = judged->policy_sha256,
        .csr_sha256 = item->request->sha256,
        .source = item->source,
        .batch = "init",
    };
    bool is_made = issue_logged_one(making->signer, &root, record_cert_signing_write(&record), NULL, NULL,
                                    console, err) &&
                   cert_issuer_read(builder_bytes(&root.made), NULL, 0, &making->home->issuer, err);
    logged_done(&root);
    return is_made || error_while(err, "signing the root certificate");
}

bool init_write_csr(struct making *making, const struct init_options *options, const struct init_plan *plan,
                    struct error *err)
{
    AUTO(plan_free) struct plan *judged = NULL;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    if (!judge_own(making, options, plan, &csr, &judged, err))
        return false;
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&csr), &pem);
    return file_create(making->home->fd, HOME_REQUEST_FILE, 0644, builder_bytes(&pem), err);
}
