/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* What makes a policy unusable (rules_check, at load), and what makes it dangerous (policy_lint). */

static bool check_variables(const struct rules *rules, struct error *err)
{
    struct quoted buffer;
    for (unsigned i = 0; i < rules->variables_count; i++) {
        const struct rule_variable *rule = &rules->variables[i];
        if (strspn(rule->name, NAME_CHARACTERS) != strlen(rule->name) || strlen(rule->name) > 60)
            return error_set(err, ERROR_INPUT, 0,
                             "variables: \"%s\" is not a name; at most 60 letters, digits, \"-\" and \"_\"",
                             quoted_text(rule->name, &buffer));
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(rules->variables[j].name, rule->name) == 0)
                return error_set(err, ERROR_INPUT, 0, "variables: %s is there twice", rule->name);
        }
        for (unsigned j = 0; j < rules->subject_count; j++) {
            if (strcasecmp(rules->subject[j].field, rule->name) == 0)
                return error_set(
                    err, ERROR_INPUT, 0,
                    "variables: %s is also a subject field, so {%s} could mean either; rename it", rule->name,
                    rule->name);
        }
        if (rule->default_value != NULL && !pattern_fits(rule->pattern, bytes_of_text(rule->default_value)))
            return error_set(err, ERROR_INPUT, 0, "variables: the default of %s does not match %s",
                             rule->name, quoted_text(rule->match, &buffer));
    }
    return true;
}

static bool is_known(const struct rules *rules, unsigned subject_count, const char *name)
{
    for (unsigned i = 0; i < rules->variables_count; i++) {
        if (strcmp(rules->variables[i].name, name) == 0)
            return true;
    }
    for (unsigned i = 0; i < subject_count; i++) {
        if (strcasecmp(rules->subject[i].field, field_name(name)) == 0)
            return true;
    }
    return false;
}

/** Every {name} is a variable, or a subject field of one of the first subject_count rules. */
static bool check_value(const struct rules *rules, unsigned subject_count, const char *value,
                        struct error *err)
{
    struct quoted buffer;
    for (const char *at = strchr(value, '{'); at != NULL; at = strchr(at, '{')) {
        size_t len = strcspn(++at, "}");
        AUTO(free) char *name = memory_text_of(at, len);
        if (at[len] == '\0')
            return error_set(err, ERROR_INPUT, 0, "value: \"%s\" has a { without a }",
                             quoted_text(value, &buffer));
        if (!is_known(rules, subject_count, name))
            return error_set(err, ERROR_INPUT, 0,
                             "value: {%s} is neither a variable nor a subject field of an earlier rule",
                             quoted_text(name, &buffer));
    }
    return true;
}

static bool check_subject(const struct rule_subject *rule, struct error *err)
{
    struct quoted buffer;
    if (field_oid(rule->field) == NULL)
        return error_set(err, ERROR_INPUT, 0, "subject: \"%s\" is neither a known field nor an OID",
                         quoted_text(rule->field, &buffer));
    if (rule->from == FROM_POLICY && rule->value == NULL)
        return error_set(err, ERROR_INPUT, 0, "subject %s: from: policy needs value:", rule->field);
    if (rule->from == FROM_POLICY && (rule->match != NULL || rule->values_count > 0 || rule->optional))
        return error_set(
            err, ERROR_INPUT, 0,
            "subject %s: from: policy sets the value; match, values and optional are for requests",
            rule->field);
    if (rule->from == FROM_REQUEST && rule->value != NULL)
        return error_set(err, ERROR_INPUT, 0, "subject %s: value: needs from: policy", rule->field);
    return true;
}

static bool check_san(const struct rule_san *rule, struct error *err)
{
    struct cidr cidr;
    const char *type = rule_type_name(rule->type);
    if (rule->from == FROM_POLICY && rule->value == NULL)
        return error_set(err, ERROR_INPUT, 0, "san %s: from: policy needs value:", type);
    if (rule->from == FROM_REQUEST && rule->value != NULL)
        return error_set(err, ERROR_INPUT, 0, "san %s: value: needs from: policy", type);
    if (rule->from == FROM_POLICY &&
        (rule->match != NULL || rule->values_count > 0 || rule->cidr_count > 0 || rule->required))
        return error_set(
            err, ERROR_INPUT, 0,
            "san %s: from: policy sets the name; match, values, cidr and required are for requests", type);
    if (rule->from == FROM_POLICY && rule->type == SAN_OTHER_NAME)
        return error_set(err, ERROR_INPUT, 0, "san hardware: only from: request");
    if (rule->cidr_count > 0 && rule->type != SAN_IP)
        return error_set(err, ERROR_INPUT, 0, "san %s: cidr is for type: ip", type);
    if (rule->wildcard && rule->type != SAN_DNS)
        return error_set(err, ERROR_INPUT, 0, "san %s: wildcard is for type: dns", type);
    for (unsigned i = 0; i < rule->cidr_count; i++) {
        if (!cidr_parse(rule->cidr[i], &cidr))
            return error_set(err, ERROR_INPUT, 0, "san ip: \"%s\" is not an address/prefix", rule->cidr[i]);
    }
    return true;
}

/** A name that is held to the rules for requests needs one. */
static bool check_like_request(const struct rules *rules, const struct rule_san *rule, struct error *err)
{
    const char *type = rule_type_name(rule->type);
    if (rule->like_request && rule->from != FROM_POLICY)
        return error_set(err, ERROR_INPUT, 0, "san %s: like_request needs from: policy", type);
    for (unsigned i = 0; rule->like_request && i < rules->san_count; i++) {
        if (rules->san[i].from == FROM_REQUEST && rules->san[i].type == rule->type)
            return true;
    }
    return !rule->like_request ||
           error_set(err, ERROR_INPUT, 0,
                     "san %s: like_request needs a rule that takes %s names from requests", type, type);
}

/** A name that is made of no variable and no field can be tried now. */
static bool check_made_name(const struct rules *rules, const struct rule_san *rule, struct error *err)
{
    struct template_name name = {.value = NULL};
    if (rule->from != FROM_POLICY)
        return true;
    if (!check_value(rules, rules->subject_count, rule->value, err))
        return error_while(err, "reading the rule for san %s", san_kind_name(rule->type));
    if (strchr(rule->value, '{') != NULL)
        return true;
    if (!name_from_text(rule->type, rule->value, rule->wildcard, &name, err)) {
        err->kind = ERROR_INPUT;
        return error_while(err, "reading the rule for san %s", san_kind_name(rule->type));
    }
    free(name.value);
    free(name.text);
    return true;
}

static bool check_urls(const char *key, char *const *urls, unsigned count, struct error *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct template_name name = {.value = NULL};
        if (!name_from_text(SAN_URI, urls[i], false, &name, err)) {
            err->kind = ERROR_INPUT;
            return error_while(err, "reading %s", key);
        }
        free(name.value);
        free(name.text);
    }
    return true;
}

static bool check_usages(const struct rules *rules, struct error *err)
{
    for (unsigned i = 0; i < rules->key_usage_count + rules->key_usage_from_request_count; i++) {
        const char *name = i < rules->key_usage_count
                               ? rules->key_usage[i]
                               : rules->key_usage_from_request[i - rules->key_usage_count];
        uint16_t bit = key_usage_bit(name);
        if (bit == 0)
            return error_set(
                err, ERROR_INPUT, 0,
                "key_usage: \"%s\" is none of digitalSignature, nonRepudiation, keyEncipherment, "
                "dataEncipherment, keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly",
                name);
        if (bit == KEY_USAGE_KEY_CERT_SIGN && rules->ca == NULL)
            return error_set(err, ERROR_INPUT, 0, "key_usage: keyCertSign needs ca: (RFC 5280 4.2.1.3)");
        if (bit == KEY_USAGE_KEY_CERT_SIGN && i >= rules->key_usage_count)
            return error_set(err, ERROR_INPUT, 0,
                             "key_usage_from_request: keyCertSign is never a request's to ask for");
    }
    for (unsigned i = 0; i < rules->extended_key_usage_count + rules->extended_key_usage_from_request_count;
         i++) {
        const char *name = i < rules->extended_key_usage_count
                               ? rules->extended_key_usage[i]
                               : rules->extended_key_usage_from_request[i - rules->extended_key_usage_count];
        if (usage_oid(name) == NULL)
            return error_set(err, ERROR_INPUT, 0,
                             "extended_key_usage: \"%s\" is neither a known usage nor an OID", name);
    }
    return true;
}

static bool check_names(const struct rule_name *names, unsigned count, struct error *err)
{
    for (unsigned i = 0; i < count; i++) {
        struct template_name name = {.value = NULL};
        if (!subtree_from_text(names[i].type, names[i].value, &name, err))
            return false;
        free(name.value);
        free(name.text);
    }
    return true;
}

static bool check_ca(const struct rules *rules, struct error *err)
{
    const struct rule_constraints *constraints = &rules->name_constraints;
    bool signs = false;
    if (rules->root && rules->ca == NULL)
        return error_set(err, ERROR_INPUT, 0, "root: true needs ca:");
    if (rules->ca == NULL && constraints->permitted_count + constraints->excluded_count > 0)
        return error_set(err, ERROR_INPUT, 0, "name_constraints need ca: (RFC 5280 4.2.1.10)");
    if (rules->ca != NULL && rules->validity.no_expiry)
        return error_set(err, ERROR_INPUT, 0, "validity: no_expiry is not for CAs");
    if (rules->ca != NULL && rules->ca->rollover && rules->root)
        return error_set(
            err, ERROR_INPUT, 0,
            "ca: rollover is for a certificate that the CA issues for its next key; a root has no "
            "issuer, leave one of the two out");
    for (unsigned i = 0; i < rules->key_usage_count; i++)
        signs = signs || strcmp(rules->key_usage[i], "keyCertSign") == 0;
    if (rules->ca != NULL && !signs)
        return error_set(err, ERROR_INPUT, 0, "ca: needs keyCertSign in key_usage (RFC 5280 4.2.1.9)");
    if (rules->ca != NULL && rules->ca->path_len != NULL && *rules->ca->path_len > 100)
        return error_set(err, ERROR_INPUT, 0, "ca: a path_len of %u is not a limit; 0 to 100",
                         *rules->ca->path_len);
    return check_names(constraints->permitted, constraints->permitted_count, err) &&
           check_names(constraints->excluded, constraints->excluded_count, err);
}

static bool check_validity(const struct rule_validity *rule, struct error *err)
{
    if (rule->days == 0 && !rule->no_expiry)
        return error_set(err, ERROR_INPUT, 0, "validity: days is needed (or no_expiry: true)");
    if (rule->days > 0 && rule->no_expiry)
        return error_set(err, ERROR_INPUT, 0, "validity: days and no_expiry contradict each other");
    if (rule->days > 36525 || rule->max_days > 36525)
        return error_set(err, ERROR_INPUT, 0, "validity: more than 36525 days");
    if (rule->max_days > 0 && rule->max_days < rule->days)
        return error_set(err, ERROR_INPUT, 0, "validity: max_days is less than days");
    if (rule->days > 0 && (uint64_t)rule->days * 24 * 60 <= rule->backdate_minutes)
        return error_set(
            err, ERROR_INPUT, 0,
            "validity: after %u days from %u minutes back the certificate is over before it is issued",
            rule->days, rule->backdate_minutes);
    if (rule->backdate_minutes > 60 * 24 * 30)
        return error_set(err, ERROR_INPUT, 0, "validity: backdate_minutes is more than 30 days");
    return true;
}

static bool check_oids(const struct rules *rules, struct error *err)
{
    static const char *const never[] = {
        "2.5.29.14", "2.5.29.15", "2.5.29.17",         "2.5.29.18",           "2.5.29.19", "2.5.29.30",
        "2.5.29.31", "2.5.29.32", "2.5.29.33",         "2.5.29.35",           "2.5.29.36", "2.5.29.37",
        "2.5.29.46", "2.5.29.54", "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.48.1.5"};
    for (unsigned i = 0; i < rules->certificate_policies_count; i++) {
        if (!is_dotted_oid(rules->certificate_policies[i].oid))
            return error_set(err, ERROR_INPUT, 0, "certificate_policies: \"%s\" is not an OID",
                             rules->certificate_policies[i].oid);
        if (!check_urls("cps of certificate_policies", &rules->certificate_policies[i].cps,
                        rules->certificate_policies[i].cps != NULL ? 1 : 0, err))
            return false;
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(rules->certificate_policies[i].oid, rules->certificate_policies[j].oid) == 0)
                return error_set(err, ERROR_INPUT, 0,
                                 "certificate_policies: %s is there twice (RFC 5280 4.2.1.4)",
                                 rules->certificate_policies[i].oid);
        }
    }
    for (unsigned i = 0; i < rules->copy_extensions_count; i++) {
        if (!is_dotted_oid(rules->copy_extensions[i].oid))
            return error_set(err, ERROR_INPUT, 0, "copy_extensions: \"%s\" is not an OID",
                             rules->copy_extensions[i].oid);
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(rules->copy_extensions[i].oid, rules->copy_extensions[j].oid) == 0)
                return error_set(err, ERROR_INPUT, 0, "copy_extensions: %s is there twice",
                                 rules->copy_extensions[i].oid);
        }
        for (size_t j = 0; j < ARRAY_LEN(never); j++) {
            if (strcmp(rules->copy_extensions[i].oid, never[j]) == 0)
                return error_set(
                    err, ERROR_INPUT, 0,
                    "copy_extensions: %s is this CA's to write; it is never copied from a request", never[j]);
        }
    }
    return true;
}

static bool check_lists(const struct rules *rules, struct error *err)
{
    for (unsigned i = 0; i < rules->subject_count; i++) {
        const struct rule_subject *rule = &rules->subject[i];
        if (!check_subject(rule, err))
            return false;
        if (rule->value != NULL && !check_value(rules, i, rule->value, err))
            return error_while(err, "reading the rule for subject %s", rule->field);
    }
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (!check_san(&rules->san[i], err) || !check_like_request(rules, &rules->san[i], err) ||
            !check_made_name(rules, &rules->san[i], err))
            return false;
    }
    return check_urls("ocsp_urls", rules->ocsp_urls, rules->ocsp_urls_count, err) &&
           check_urls("issuer_urls", rules->issuer_urls, rules->issuer_urls_count, err) &&
           check_urls("crl_urls", rules->crl_urls, rules->crl_urls_count, err);
}

static bool check_keys(const struct rules *rules, const struct screen_rules *screen, struct error *err)
{
    enum key_kind kind = KEY_OTHER;
    unsigned bits = 0;
    if (screen->rsa_min_bits > 16384)
        return error_set(err, ERROR_INPUT, 0, "screen: an rsa_min_bits of %u; 0 (no floor) to 16384",
                         screen->rsa_min_bits);
    for (unsigned i = 0; i < rules->key.allow_count; i++) {
        if (!key_parse(rules->key.allow[i], &kind, &bits))
            return error_set(
                err, ERROR_INPUT, 0,
                "key: \"%s\" is none of ec-p256, ec-p384, ec-p521, ed25519, rsa-2048, rsa-3072, rsa-4096",
                rules->key.allow[i]);
        if (kind == KEY_RSA && bits < screen->rsa_min_bits)
            return error_set(
                err, ERROR_INPUT, 0,
                "key: %s is below the %u bits of screen: rsa_min_bits; leave it out or lower that",
                rules->key.allow[i], screen->rsa_min_bits);
    }
    return true;
}

bool rules_check(const struct rules *rules, const struct screen_rules *screen, struct error *err)
{
    if (strspn(rules->policy, NAME_CHARACTERS) != strlen(rules->policy))
        return error_set(err, ERROR_INPUT, 0, "policy: a name is letters, digits, \"-\" and \"_\"");
    return check_keys(rules, screen, err) && check_variables(rules, err) && check_lists(rules, err) &&
           rules_check_values(rules, err) && check_usages(rules, err) && rules_check_usage(rules, err) &&
           check_ca(rules, err) && check_validity(&rules->validity, err) && check_oids(rules, err);
}

static bool is_wide_open(const char *match)
{
    static const char *const open[] = {".*", ".+", "^.*$", "^.+$", ".", "\\S+", "\\S*", "[^ ]+"};
    for (size_t i = 0; match != NULL && i < ARRAY_LEN(open); i++) {
        if (strcmp(match, open[i]) == 0)
            return true;
    }
    return false;
}

static void lint_subject(const struct rules *rules, struct findings *found)
{
    for (unsigned i = 0; i < rules->subject_count; i++) {
        const struct rule_subject *rule = &rules->subject[i];
        bool is_free = rule->from == FROM_REQUEST && rule->match == NULL && rule->values_count == 0;
        if (is_wide_open(rule->match) || (is_free && !rules->root))
            findings_say(found, "lint.open-subject", NULL,
                         "subject %s: anything is taken from the request; give match or values", rule->field);
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(field_oid(rules->subject[j].field), field_oid(rule->field)) == 0)
                findings_say(found, "lint.unreachable", NULL,
                             "subject %s: a second rule for one field; both are applied to the same values",
                             rule->field);
        }
    }
}

static void lint_san(const struct rules *rules, struct findings *found)
{
    for (unsigned i = 0; i < rules->san_count; i++) {
        const struct rule_san *rule = &rules->san[i];
        const char *type = rule_type_name(rule->type);
        bool is_free = rule->from == FROM_REQUEST && rule->type != SAN_OTHER_NAME && rule->match == NULL &&
                       rule->values_count == 0 && rule->cidr_count == 0;
        if (is_free || is_wide_open(rule->match))
            findings_say(found, "lint.open-san", NULL,
                         "san %s: any name is taken from the request; give match, values or cidr", type);
        for (unsigned j = 0; j < i; j++) {
            const struct rule_san *before = &rules->san[j];
            bool takes_all = before->from == FROM_REQUEST && before->match == NULL &&
                             before->values_count == 0 && before->cidr_count == 0;
            if (rule->from == FROM_REQUEST && before->type == rule->type && takes_all)
                findings_say(found, "lint.unreachable", NULL,
                             "san %s: an earlier rule takes every name, so this one never applies", type);
        }
    }
}

static void lint_keys(const struct policy *policy, struct findings *found)
{
    const struct screen_rules *screen = &policy->screen;
    const struct {
        const char *key;
        bool is_on;
    } checks[] = {
        {"rsa_exponent", screen->rsa_exponent},
        {"small_factors", screen->small_factors},
        {"close_primes", screen->close_primes},
        {"roca", screen->roca},
        {"debian_weak_keys", screen->debian_weak_keys},
        {"ec_point", screen->ec_point},
        {"issuer_key", screen->issuer_key},
        {"shared_factors", screen->shared_factors},
    };
    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (!checks[i].is_on)
            findings_say(found, "lint.screen-off", NULL,
                         "screen: %s is off, so keys that others can compute or have get certificates",
                         checks[i].key);
    }
    if (screen->rsa_min_bits < 2048)
        findings_say(found, "lint.weak-key", "CA/B BR 6.1.5", "screen: an rsa_min_bits of %u is too small",
                     screen->rsa_min_bits);
}

void policy_lint(const struct policy *policy, struct findings *ret_findings)
{
    const struct rules *rules = policy->rules;
    lint_keys(policy, ret_findings);
    lint_subject(rules, ret_findings);
    lint_san(rules, ret_findings);
    lint_addresses(rules, ret_findings);
    lint_constraints(rules, ret_findings);
    if (rules->ca != NULL && rules->ca->path_len == NULL && !rules->root)
        findings_say(ret_findings, "lint.path-length", "RFC 5280 4.2.1.9",
                     "ca: no path_len, so CAs below may make CAs without end");
    if (rules->ca == NULL && rules->validity.days > 825 && !rules->validity.no_expiry)
        findings_say(ret_findings, "lint.lifetime", NULL, "validity: %u days is long for an end entity",
                     rules->validity.days);
    for (unsigned i = 0; i < rules->extended_key_usage_count; i++) {
        if (strcmp(usage_oid(rules->extended_key_usage[i]), "2.5.29.37.0") == 0)
            findings_say(ret_findings, "lint.any-usage", "RFC 5280 4.2.1.12",
                         "extended_key_usage: anyExtendedKeyUsage allows everything");
    }
    if (rules->ca == NULL && rules->extended_key_usage_count == 0)
        findings_say(ret_findings, "lint.no-usage", "RFC 5280 4.2.1.12",
                     "extended_key_usage: none, so the certificate is good for every purpose");
    if (rules->key_usage_count == 0)
        findings_say(ret_findings, "lint.no-key-usage", "RFC 5280 4.2.1.3",
                     "key_usage: none, so the key is good for every purpose");
    if (rules->validity.past_issuer == PAST_ISSUER_ALLOW)
        findings_say(ret_findings, "lint.past-issuer", NULL,
                     "validity: past_issuer: allow makes certificates that outlive their issuer");
}
