/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"

#include <string.h>

/* The policy in words, one line a rule: what `policy show` prints. */

static void add_list(struct builder *out, char *const *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        builder_format(out, "%s%s", i > 0 ? ", " : "", values[i]);
}

static void describe_subject(const struct rule_subject *rule, struct builder *out)
{
    builder_format(out, "  subject %-12s ", rule->field);
    if (rule->from == FROM_POLICY) {
        builder_format(out, "set to \"%s\"\n", rule->value);
        return;
    }
    builder_format(out, "from the request%s", rule->optional ? ", if it is there" : ", required");
    if (rule->match != NULL)
        builder_format(out, "; must match %s", rule->match);
    if (rule->values_count > 0)
        builder_add_text(out, "; one of ");
    add_list(out, rule->values, rule->values_count);
    builder_add_text(out, "\n");
}

static void describe_san(const struct rule_san *rule, struct builder *out)
{
    builder_format(out, "  san %-16s ", rule_type_name(rule->type));
    if (rule->from == FROM_POLICY) {
        builder_format(out, "set to \"%s\"%s\n", rule->value,
                       rule->like_request ? "; held to the rules for requests" : "");
        return;
    }
    builder_format(out, "from the request%s", rule->required ? ", required" : ", if it is there");
    if (rule->match != NULL)
        builder_format(out, "; must match %s", rule->match);
    if (rule->values_count > 0)
        builder_add_text(out, "; one of ");
    add_list(out, rule->values, rule->values_count);
    if (rule->cidr_count > 0)
        builder_add_text(out, "; within ");
    add_list(out, rule->cidr, rule->cidr_count);
    builder_format(out, "%s\n", rule->wildcard ? "; a wildcard may lead" : "");
}

static void describe_screen(const struct screen_rules *screen, struct builder *out)
{
    const struct {
        const char *what;
        bool is_on;
    } checks[] = {
        {"exponents", screen->rsa_exponent},
        {"small factors", screen->small_factors},
        {"close primes", screen->close_primes},
        {"ROCA", screen->roca},
        {"Debian's weak keys", screen->debian_weak_keys},
        {"points", screen->ec_point},
        {"keys of the chain", screen->issuer_key},
        {"shared factors", screen->shared_factors},
    };
    const char *between = "; not checked: ";
    builder_format(out, "  key screening        RSA from %u bits", screen->rsa_min_bits);
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (checks[i].is_on)
            continue;
        builder_format(out, "%s%s", between, checks[i].what);
        between = ", ";
    }
    builder_add_text(out, "\n");
}

static void describe_terms(const struct rules *rules, const struct screen_rules *screen, struct builder *out)
{
    static const char *const past[] = {"refused", "clamped to it", "allowed"};
    builder_add_text(out, "  key                  ");
    add_list(out, rules->key.allow, rules->key.allow_count);
    builder_format(out, "%s\n", rules->key.unique ? "; one key, one identity" : "");
    describe_screen(screen, out);
    if (rules->validity.no_expiry)
        builder_add_text(out, "  validity             no well-defined end (99991231235959Z)");
    else
        builder_format(out, "  validity             %u days", rules->validity.days);
    if (rules->validity.max_days > 0)
        builder_format(out, ", at most %u", rules->validity.max_days);
    builder_format(out, "; starts %u minutes back; past the issuer's end: %s\n",
                   rules->validity.backdate_minutes, past[rules->validity.past_issuer]);
    if (rules->ca != NULL && rules->ca->path_len != NULL)
        builder_format(out, "  CA                   yes, path length %u\n", *rules->ca->path_len);
    else if (rules->ca != NULL)
        builder_add_text(out, "  CA                   yes\n");
    if (rules->ca != NULL && rules->ca->rollover)
        builder_add_text(out, "  rollover             a new key under the issuing CA's own name\n");
    builder_add_text(out, "  key usage            ");
    add_list(out, rules->key_usage, rules->key_usage_count);
    builder_add_text(out, "\n");
    if (rules->extended_key_usage_count > 0) {
        builder_add_text(out, "  extended key usage   ");
        add_list(out, rules->extended_key_usage, rules->extended_key_usage_count);
        builder_add_text(out, "\n");
    }
}

void policy_describe(const struct policy *policy, struct builder *ret_text)
{
    const struct rules *rules = policy->rules;
    builder_format(ret_text, "%s%s\n", rules->policy, rules->root ? " (for roots)" : "");
    if (*policy->description != '\0')
        builder_format(ret_text, "for %s\n", policy->description);
    for (unsigned i = 0; i < rules->variables_count; i++)
        builder_format(ret_text, "  --set %s=...  must match %s%s%s\n", rules->variables[i].name,
                       rules->variables[i].match,
                       rules->variables[i].default_value != NULL ? "; otherwise " : "",
                       rules->variables[i].default_value != NULL ? rules->variables[i].default_value : "");
    for (unsigned i = 0; i < rules->subject_count; i++)
        describe_subject(&rules->subject[i], ret_text);
    builder_format(ret_text, "  other subject fields %s\n",
                   rules->other_subject == OTHER_DROP ? "dropped" : "refused");
    for (unsigned i = 0; i < rules->san_count; i++)
        describe_san(&rules->san[i], ret_text);
    builder_format(ret_text, "  other names          %s\n",
                   rules->other_san == OTHER_DROP ? "dropped" : "refused");
    describe_terms(rules, &policy->screen, ret_text);
    for (unsigned i = 0; i < rules->copy_extensions_count; i++)
        builder_format(ret_text, "  extension %s copied from the request, at most %u bytes\n",
                       rules->copy_extensions[i].oid, rules->copy_extensions[i].max_len);
    builder_format(ret_text, "  other extensions     %s\n",
                   rules->other_extensions == OTHER_DROP ? "dropped" : "refused");
}
