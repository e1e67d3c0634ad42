/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/draw.h"

#include "cert/cert.h"
#include "request/csr.h"

static struct verdict *ask_policy(const struct home *home, const struct plan_options *options,
                                  const struct request *request)
{
    struct policy_question question = {
        .request = request,
        .issuer = home != NULL && home->issuer != NULL ? cert_issuer_facts(home->issuer) : NULL,
        .variables = options->variables,
        .variables_count = options->variables_count,
        .now = options->now,
        .days = options->days,
    };
    return policy_judge(options->policy, &question);
}

struct verdict *draw_verdict(const struct home *home, const struct plan_options *options,
                             const struct plan_item *item)
{
    struct request *request = item->request;
    struct verdict *verdict = ask_policy(home, options, request);
    bool needs_proof = verdict->is_allowed && item->is_read &&
                       (options->verifies_again || (verdict->template != NULL && verdict->template->is_ca));
    if (!needs_proof || csr_prove(request))
        return verdict;
    verdict_free(verdict);
    return ask_policy(home, options, request);
}

bool draw_tbs(const struct home *home, const struct template *template,
              const uint8_t serial[static CERT_SERIAL_LEN], struct builder *ret_tbs, struct error *err)
{
    enum signature_kind kind = SIGNATURE_OTHER;
    return home_signature_kind(home, template, &kind, err) &&
           cert_tbs(template, home->issuer, serial, kind, ret_tbs, err);
}
