/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"
#include "policy/usage.h"

#include <string.h>

/* What no single field shows: whether the certificate as a whole is good for what it says it is for. */

static bool has_usage(const struct template *template, const char *name)
{
    for (size_t i = 0; i < template->extended_key_usage_count; i++) {
        if (strcmp(template->extended_key_usage[i], usage_oid(name)) == 0)
            return true;
    }
    return false;
}

/** Whether a name was refused already, so that its lack would only repeat the reason. */
static bool is_name_refused(const struct judgement *judgement)
{
    const struct findings *findings = &judgement->verdict->findings;
    for (size_t i = 0; i < findings->count; i++) {
        if (strncmp(findings->items[i].rule, "san.", 4) == 0)
            return true;
    }
    return judgement->is_subject_refused;
}

/** TLS clients look for the server's name in the SAN and nowhere else. */
static void judge_server(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    if (template->is_ca || template->sans_count > 0 || !has_usage(template, "serverAuth") ||
        is_name_refused(judgement))
        return;
    judge_refuse(judgement, "san.server", "RFC 9525 6.3", NULL, NULL, "ask for a dns name or an address",
                 "san: a TLS server without a name in the SAN is accepted by no client");
}

/** What only the request decided: key_usage_from_request and extended_key_usage_from_request. */
static void judge_usages(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    struct error err = ERROR_INIT;
    struct usage_set set = {
        .bits = template->key_usage,
        .purposes = template->extended_key_usage,
        .purposes_count = template->extended_key_usage_count,
        .is_critical = template->extended_key_usage_is_critical,
        .is_ca = template->is_ca,
    };
    if (!usage_check_bits(template->key_usage, &err))
        judge_refuse(judgement, "key_usage", "RFC 5280 4.2.1.3", NULL, NULL, "ask for other usages",
                     "key usage: %s", err.text);
    else if (!usage_check_purposes(&set, &err))
        judge_refuse(judgement, "extended_key_usage", "RFC 5280 4.2.1.12", NULL, NULL, "ask for other usages",
                     "extended key usage: %s", err.text);
}

/** Who signs CRLs or certificates is found by name (RFC 5280 4.1.2.6). */
static void judge_signer_name(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    bool signs = template->is_ca || (template->key_usage & KEY_USAGE_CRL_SIGN) != 0;
    if (signs && template->attributes_count == 0 && !judgement->is_subject_refused)
        judge_refuse(judgement, "subject.empty", "RFC 5280 4.1.2.6", NULL, NULL, "ask for a subject",
                     "subject: %s needs one", template->is_ca ? "a CA" : "who signs CRLs");
}

static bool is_valid_policy(const struct policy_issuer *issuer, const char *oid)
{
    bool is_any = strcmp(oid, "2.5.29.32.0") == 0;
    if (is_any)
        return issuer->may_have_any_policy && !issuer->has_no_policy_left;
    for (size_t i = 0; i < issuer->policies_count; i++) {
        if (strcmp(issuer->policies[i], oid) == 0)
            return true;
    }
    return issuer->allows_every_policy;
}

/** requireExplicitPolicy above: without a policy that is valid all the way down, no path through this certificate is. */
static void judge_policies(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    const struct policy_issuer *issuer = judgement->question->issuer;
    if (issuer == NULL || !issuer->needs_policy)
        return;
    for (size_t i = 0; i < template->certificate_policies_count; i++) {
        if (is_valid_policy(issuer, template->certificate_policies[i]))
            return;
    }
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    for (size_t i = 0; i < issuer->policies_count; i++)
        builder_format(&wanted, "%s%s", i > 0 ? ", " : "", issuer->policies[i]);
    judge_refuse(judgement, "certificate_policies.issuer", "RFC 5280 6.1.5", NULL, builder_text(&wanted),
                 "name one in the policy's certificate_policies",
                 "certificate policies: the CA's chain demands %s%s",
                 issuer->policies_count > 0 ? "one of " : "one, and ",
                 issuer->policies_count > 0    ? builder_text(&wanted)
                 : issuer->allows_every_policy ? "any will do"
                                               : "leaves none");
}

void judge_purpose(struct judgement *judgement)
{
    judge_server(judgement);
    judge_usages(judgement);
    judge_signer_name(judgement);
    judge_policies(judgement);
}
