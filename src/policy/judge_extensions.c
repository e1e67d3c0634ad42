/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

/* Extensions a request asks for that have no judge of their own: copied if a rule names them, else dropped or refused. */

/** What people call an extension that requests bring although no CA copies it; NULL if it has no such name. */
static const char *extension_title(const char *oid)
{
    static const char *const titles[][2] = {
        {"2.5.29.18", "issuerAltName"},
        {"2.5.29.30", "nameConstraints"},
        {"2.5.29.31", "CRLDistributionPoints"},
        {"2.5.29.32", "certificatePolicies"},
        {"2.5.29.35", "authorityKeyIdentifier"},
        {"1.3.6.1.5.5.7.1.1", "authorityInfoAccess"},
        {"1.3.6.1.5.5.7.1.24", "TLS feature"},
        {"1.2.840.113549.1.9.15", "S/MIME capabilities"},
        {"1.3.6.1.4.1.311.20.2", "Microsoft certificate template name"},
        {"1.3.6.1.4.1.311.21.7", "Microsoft certificate template"},
        {"1.3.6.1.4.1.311.21.10", "Microsoft application policies"},
        {"1.3.6.1.4.1.311.25.2", "Microsoft security identifier"},
        {"2.16.840.1.113730.1.1", "Netscape certificate type"},
        {"2.16.840.1.113730.1.13", "Netscape comment"},
    };
    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        if (strcmp(titles[i][0], oid) == 0)
            return titles[i][1];
    }
    return NULL;
}

/** Extensions that other judges deal with, or that never come from a request: dropped, and the drop is reported. */
static const char *known_extension(const char *oid)
{
    static const char *const known[][2] = {
        {"2.5.29.17", ""}, {"2.5.29.19", "basicConstraints"},     {"2.5.29.15", ""},
        {"2.5.29.37", ""}, {"2.5.29.14", "subjectKeyIdentifier"},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i][0], oid) == 0)
            return known[i][1];
    }
    return NULL;
}

static bool copy(struct judgement *judgement, const struct request_extension *extension)
{
    struct template *template = judgement->template;
    for (unsigned i = 0; i < judgement->rules->copy_extensions_count; i++) {
        const struct rule_copy *rule = &judgement->rules->copy_extensions[i];
        if (strcmp(rule->oid, extension->oid) != 0)
            continue;
        if (!extension->is_der) {
            judge_refuse(judgement, "extension.der", "RFC 5280 4.2", extension->oid, NULL,
                         "leave it out of the request", "extension %s: the value is not DER", extension->oid);
            return true;
        }
        if (extension->value.len > rule->max_len) {
            judge_refuse(judgement, "extension.max_len", NULL, extension->oid, NULL, NULL,
                         "extension %s: %zu bytes, %u are allowed", extension->oid, extension->value.len,
                         rule->max_len);
            return true;
        }
        template->extensions =
            memory_grow(template->extensions, template->extensions_count + 1, sizeof(*template->extensions));
        template->extensions[template->extensions_count++] = (struct template_extension){
            .oid = memory_text(extension->oid),
            .is_critical = rule->critical,
            .value = (uint8_t *)memory_text_of(extension->value.data, extension->value.len),
            .value_len = extension->value.len,
        };
        judge_decide(judgement, DECISION_TAKEN, "extension", extension->oid);
        return true;
    }
    return false;
}

/** Left out of the certificate: its value is neither understood nor looked at. */
static void drop(struct judgement *judgement, const char *oid)
{
    const char *title = extension_title(oid);
    judge_decide(judgement, DECISION_DROPPED, "extension", oid);
    judge_note(judgement, "extension.dropped", NULL, oid, "extension %s%s%s%s is left out: no rule copies it",
               oid, title != NULL ? " (" : "", title != NULL ? title : "", title != NULL ? ")" : "");
}

static void copy_texts(char *const *from, unsigned count, char ***ret_texts, size_t *ret_count)
{
    *ret_texts = memory_new(count, sizeof(char *));
    *ret_count = count;
    for (unsigned i = 0; i < count; i++)
        (*ret_texts)[i] = memory_text(from[i]);
}

static void set_by_policy(struct judgement *judgement)
{
    const struct rules *rules = judgement->rules;
    struct template *template = judgement->template;
    copy_texts(rules->ocsp_urls, rules->ocsp_urls_count, &template->ocsp_urls, &template->ocsp_urls_count);
    copy_texts(rules->issuer_urls, rules->issuer_urls_count, &template->issuer_urls,
               &template->issuer_urls_count);
    copy_texts(rules->crl_urls, rules->crl_urls_count, &template->crl_urls, &template->crl_urls_count);
    template->has_ocsp_no_check = rules->ocsp_no_check;
    template->hash = rules->hash;
    template->wants_pss = rules->pss;
    template->certificate_policies = memory_new(rules->certificate_policies_count, sizeof(char *));
    template->certificate_policy_cps = memory_new(rules->certificate_policies_count, sizeof(char *));
    template->certificate_policies_count = rules->certificate_policies_count;
    for (unsigned i = 0; i < rules->certificate_policies_count; i++) {
        template->certificate_policies[i] = memory_text(rules->certificate_policies[i].oid);
        template->certificate_policy_cps[i] = memory_text(rules->certificate_policies[i].cps);
    }
}

static void set_subtrees(const struct rule_name *rules, unsigned count, struct template_name **ret_names,
                         size_t *ret_count)
{
    struct error ignored = ERROR_INIT;
    *ret_names = memory_new(count, sizeof(**ret_names));
    *ret_count = count;
    for (unsigned i = 0; i < count; i++) {
        if (!subtree_from_text(rules[i].type, rules[i].value, &(*ret_names)[i], &ignored))
            abort(); // rules_check() has tried each, and no CA is issued with one less
    }
}

void judge_extensions(struct judgement *judgement)
{
    const struct request *request = judgement->question->request;
    const struct rule_constraints *constraints = &judgement->rules->name_constraints;
    for (size_t i = 0; i < request->extensions_count; i++) {
        const struct request_extension *extension = &request->extensions[i];
        const char *known = known_extension(extension->oid);
        if (known != NULL && *known == '\0')
            continue;
        if (known == NULL && copy(judgement, extension))
            continue;
        if (known != NULL)
            judge_decide(judgement, DECISION_DROPPED, "extension", known);
        else if (judgement->rules->other_extensions == OTHER_DROP)
            drop(judgement, extension->oid);
        else
            judge_refuse(judgement, "extension", "RFC 2985 5.4.2", extension->oid, NULL,
                         "leave it out of the request; the policy may name it in copy_extensions or say "
                         "other_extensions: drop",
                         "extension %s: no rule allows a request to bring it", extension->oid);
    }
    set_by_policy(judgement);
    set_subtrees(constraints->permitted, constraints->permitted_count, &judgement->template->permitted,
                 &judgement->template->permitted_count);
    set_subtrees(constraints->excluded, constraints->excluded_count, &judgement->template->excluded,
                 &judgement->template->excluded_count);
}
