#include "ca/init_parts.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ca/issue.h"
#include "request/csr.h"

#include <fcntl.h>
#include <string.h>

#define CERTIFICATE_MAX_LEN (256 * 1024)

bool ca_csr_make(const struct template *template, struct token_key *key, enum signature_kind kind,
                 struct builder *ret_der, struct error *err)
{
    AUTO(builder_done) struct builder info = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    if (!cert_request_info(template, &info, err) ||
        !token_key_sign(key, kind, builder_bytes(&info), &signature, err))
        return error_while(err, "making a request with the key in the token");
    // A request is sealed like a certificate: bytes, algorithm, signature (RFC 2986 4.2).
    cert_seal(builder_bytes(&info), kind, builder_bytes(&signature), ret_der);
    return true;
}

static bool signature_wished(const struct ca_home *home, enum signature_kind *ret_kind, struct error *err)
{
    enum hash_kind hash = HASH_NONE;
    enum key_kind key = token_key_kind(home->ca_key);
    if (home->config.hash != NULL && !hash_parse(home->config.hash, &hash))
        return error_set(err, ERROR_USAGE, 0, "--hash is sha256, sha384 or sha512");
    *ret_kind = signature_for_key(key, hash, home->config.pss);
    return *ret_kind != SIGNATURE_OTHER ||
           error_set(err, ERROR_TOKEN, 0, "a key of the kind %s cannot sign", key_kind_name(key));
}

/** The CA's own CSR, read back by the same parser as a stranger's. */
static bool make_request(struct ca_home *home, const struct init_plan *plan, struct builder *ret_der,
                         struct request **ret_request, struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    struct bytes spki = token_key_spki(home->ca_key);
    free(plan->subject->spki);
    plan->subject->spki = (uint8_t *)memory_text_of(spki.data, spki.len);
    plan->subject->spki_len = spki.len;
    if (!signature_wished(home, &kind, err) || !ca_csr_make(plan->subject, home->ca_key, kind, ret_der, err))
        return false;
    struct request *request = csr_read(builder_bytes(ret_der));
    if (!request->has_proof_of_possession) {
        request_free(request);
        return error_set(err, ERROR_TOKEN, 0,
                         "what the token signed does not verify with the key's public half; nothing was made "
                         "of it, do not use this token");
    }
    *ret_request = request;
    return true;
}

/** A plan with the CA's own request as its only item. */
static bool judge_own(struct ca_home *home, const struct init_options *options, const struct init_plan *plan,
                      struct builder *ret_csr, struct plan **ret_judged, struct error *err)
{
    AUTO(plan_free) struct plan *judged = memory_new(1, sizeof(*judged));
    struct plan_options judging = {
        .policy = plan->policy,
        .variables = options->variables,
        .variables_count = options->variables_count,
        .days = options->days,
        .now = time_now(),
    };
    judged->policy_name = memory_text(policy_name(plan->policy));
    memcpy(judged->policy_sha256, policy_sha256(plan->policy), sizeof(judged->policy_sha256));
    judged->made_at = judging.now;
    judged->items = memory_new(1, sizeof(*judged->items));
    judged->count = 1;
    judged->items[0].source = memory_text("ca.csr");
    judged->items[0].name = memory_text("ca");
    if (!make_request(home, plan, ret_csr, &judged->items[0].request, err) ||
        !ca_plan_judge(NULL, judged, &judging, err))
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

bool init_sign_root(struct ca_home *home, const struct init_options *options, const struct init_plan *plan,
                    struct error *err)
{
    uint64_t seq = 0;
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(plan_free) struct plan *judged = NULL;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    if (!judge_own(home, options, plan, &csr, &judged, err))
        return false;
    struct plan_item *item = &judged->items[0];
    cert_serial_random(item->serial);
    if (!signature_wished(home, &kind, err) ||
        !cert_tbs(item->verdict->template, NULL, item->serial, kind, &tbs, err))
        return error_while(err, "building the root certificate");
    item->tbs = builder_take(&tbs, &item->tbs_len);
    struct bytes to_sign = bytes_of(item->tbs, item->tbs_len);
    // P3 for the root as well: the ledger holds the bytes before the token sees them.
    if (!ledger_append(home->ledger, "cert.signing",
                       ca_signing_record(item, judged->policy_name, judged->policy_sha256, "init"), &seq,
                       err) ||
        !ledger_commit(home->ledger, err) || !token_key_sign(home->ca_key, kind, to_sign, &signature, err))
        return error_while(err, "signing the root certificate");
    cert_seal(to_sign, kind, builder_bytes(&signature), &certificate);
    return ca_check_made(builder_bytes(&certificate), to_sign, NULL, err) &&
           cert_issuer_read(builder_bytes(&certificate), NULL, 0, &home->issuer, err) &&
           ledger_append(home->ledger, "cert.issued",
                         ca_issued_record(seq, builder_bytes(&signature), builder_bytes(&certificate)), NULL,
                         err);
}

bool init_write_csr(struct ca_home *home, const struct init_options *options, const struct init_plan *plan,
                    struct error *err)
{
    AUTO(plan_free) struct plan *judged = NULL;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    if (!judge_own(home, options, plan, &csr, &judged, err))
        return false;
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&csr), &pem);
    return file_create(home->fd, "ca.csr", 0644, builder_bytes(&pem), err);
}

#define CHAIN_MAX 16

bool init_adopt(struct ca_home *home, const struct init_options *options, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder chain_file = BUILDER_INIT;
    struct builder ders[CHAIN_MAX] = {0};
    struct bytes chain[CHAIN_MAX];
    size_t count = 0;
    struct quoted room;
    if (!file_read(AT_FDCWD, options->certificate, CERTIFICATE_MAX_LEN, &file, err) ||
        !cert_from_file(builder_bytes(&file), &der, NULL, err))
        return error_while(err, "reading %s", quoted_text(options->certificate, &room));
    if (options->chain != NULL && !file_read(AT_FDCWD, options->chain, CERTIFICATE_MAX_LEN, &chain_file, err))
        return false;
    bool is_read = true;
    for (struct bytes rest = builder_bytes(&chain_file); is_read && rest.len > 0; count++) {
        if (count == CHAIN_MAX)
            is_read = error_set(err, ERROR_INPUT, 0, "the chain holds more than %d certificates", CHAIN_MAX);
        else
            is_read = cert_from_file(rest, &ders[count], &rest, err) || error_while(err, "reading the chain");
    }
    for (size_t i = 0; i < count && i < CHAIN_MAX; i++)
        chain[i] = builder_bytes(&ders[i]);
    if (is_read)
        is_read = cert_issuer_read(builder_bytes(&der), chain, count, &home->issuer, err);
    for (size_t i = 0; i < CHAIN_MAX; i++)
        builder_done(&ders[i]);
    if (!is_read || home->ca_key == NULL) // completing: ca_home_login() compares the keys
        return is_read;
    return key_is_same(cert_issuer_spki(home->issuer), token_key_spki(home->ca_key)) ||
           error_set(err, ERROR_TOKEN, 0,
                     "the public key of %s is not the one of the key in the token; bring the certificate "
                     "that was made for it",
                     quoted_text(options->certificate, &room));
}
