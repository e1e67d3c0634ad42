/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/yaml.h"
#include "policy/rules.h"

#include <stdlib.h>

/* The YAML of a policy, key by key (docs/policy-reference.md). */

#define TEXT_MAX 1024
#define LIST_MAX 256

#define OPTIONAL (CYAML_FLAG_OPTIONAL)
#define TEXT_FIELD(key, structure, member)                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, structure, member, 1, TEXT_MAX)
#define OPTIONAL_TEXT_FIELD(key, structure, member)                                                          \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | OPTIONAL, structure, member, 1, TEXT_MAX)
#define LIST_FIELD(key, structure, member, schema)                                                           \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | OPTIONAL, structure, member, schema, 0, LIST_MAX)

static const cyaml_schema_value_t text_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX)};

static const cyaml_strval_t from_values[] = {{"request", FROM_REQUEST}, {"policy", FROM_POLICY}};
static const cyaml_strval_t other_values[] = {{"refuse", OTHER_REFUSE}, {"drop", OTHER_DROP}};
static const cyaml_strval_t past_issuer_values[] = {
    {"refuse", PAST_ISSUER_REFUSE}, {"clamp", PAST_ISSUER_CLAMP}, {"allow", PAST_ISSUER_ALLOW}};
static const cyaml_strval_t san_values[] = {
    {"dns", SAN_DNS}, {"ip", SAN_IP}, {"uri", SAN_URI}, {"email", SAN_EMAIL}, {"hardware", SAN_OTHER_NAME}};
static const cyaml_strval_t name_values[] = {
    {"dns", SAN_DNS}, {"ip", SAN_IP}, {"uri", SAN_URI}, {"email", SAN_EMAIL}};
static const cyaml_strval_t hash_values[] = {
    {"sha256", HASH_SHA256}, {"sha384", HASH_SHA384}, {"sha512", HASH_SHA512}};

#define ENUM_FIELD(key, flags, structure, member, values)                                                    \
    CYAML_FIELD_ENUM(key, (flags) | CYAML_FLAG_STRICT, structure, member, values, CYAML_ARRAY_LEN(values))

static const cyaml_schema_field_t variable_fields[] = {
    TEXT_FIELD("name", struct rule_variable, name),
    TEXT_FIELD("match", struct rule_variable, match),
    OPTIONAL_TEXT_FIELD("default", struct rule_variable, default_value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t variable_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_variable, variable_fields)};

static const cyaml_schema_field_t subject_fields[] = {
    TEXT_FIELD("field", struct rule_subject, field),
    ENUM_FIELD("from", OPTIONAL, struct rule_subject, from, from_values),
    OPTIONAL_TEXT_FIELD("match", struct rule_subject, match),
    LIST_FIELD("values", struct rule_subject, values, &text_schema),
    OPTIONAL_TEXT_FIELD("value", struct rule_subject, value),
    CYAML_FIELD_BOOL("optional", OPTIONAL, struct rule_subject, optional),
    CYAML_FIELD_UINT("max", OPTIONAL, struct rule_subject, max),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t subject_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_subject, subject_fields)};

static const cyaml_schema_field_t san_fields[] = {
    ENUM_FIELD("type", CYAML_FLAG_DEFAULT, struct rule_san, type, san_values),
    ENUM_FIELD("from", OPTIONAL, struct rule_san, from, from_values),
    OPTIONAL_TEXT_FIELD("match", struct rule_san, match),
    LIST_FIELD("values", struct rule_san, values, &text_schema),
    OPTIONAL_TEXT_FIELD("value", struct rule_san, value),
    LIST_FIELD("cidr", struct rule_san, cidr, &text_schema),
    CYAML_FIELD_BOOL("wildcard", OPTIONAL, struct rule_san, wildcard),
    CYAML_FIELD_BOOL("required", OPTIONAL, struct rule_san, required),
    CYAML_FIELD_BOOL("optional", OPTIONAL, struct rule_san, optional),
    CYAML_FIELD_BOOL("like_request", OPTIONAL, struct rule_san, like_request),
    CYAML_FIELD_UINT("max", OPTIONAL, struct rule_san, max),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t san_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_san, san_fields)};

static const cyaml_schema_field_t key_fields[] = {
    CYAML_FIELD_SEQUENCE("allow", CYAML_FLAG_POINTER, struct rule_key, allow, &text_schema, 1, 32),
    CYAML_FIELD_BOOL("unique", OPTIONAL, struct rule_key, unique),
    CYAML_FIELD_END,
};
#define SWITCH_FIELD(key, member)                                                                            \
    CYAML_FIELD_BOOL_PTR(key, CYAML_FLAG_POINTER | OPTIONAL, struct rule_screen, member)
static const cyaml_schema_field_t screen_fields[] = {
    CYAML_FIELD_UINT_PTR("rsa_min_bits", CYAML_FLAG_POINTER | OPTIONAL, struct rule_screen, rsa_min_bits),
    SWITCH_FIELD("rsa_exponent", rsa_exponent),
    SWITCH_FIELD("small_factors", small_factors),
    SWITCH_FIELD("close_primes", close_primes),
    SWITCH_FIELD("roca", roca),
    SWITCH_FIELD("debian_weak_keys", debian_weak_keys),
    SWITCH_FIELD("ec_point", ec_point),
    SWITCH_FIELD("issuer_key", issuer_key),
    SWITCH_FIELD("shared_factors", shared_factors),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t validity_fields[] = {
    CYAML_FIELD_UINT("days", OPTIONAL, struct rule_validity, days),
    CYAML_FIELD_UINT("max_days", OPTIONAL, struct rule_validity, max_days),
    CYAML_FIELD_UINT("backdate_minutes", OPTIONAL, struct rule_validity, backdate_minutes),
    ENUM_FIELD("past_issuer", OPTIONAL, struct rule_validity, past_issuer, past_issuer_values),
    CYAML_FIELD_BOOL("no_expiry", OPTIONAL, struct rule_validity, no_expiry),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t ca_fields[] = {
    CYAML_FIELD_UINT_PTR("path_len", CYAML_FLAG_POINTER | OPTIONAL, struct rule_ca, path_len),
    CYAML_FIELD_BOOL("rollover", OPTIONAL, struct rule_ca, rollover),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t name_fields[] = {
    ENUM_FIELD("type", CYAML_FLAG_DEFAULT, struct rule_name, type, name_values),
    TEXT_FIELD("value", struct rule_name, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t name_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_name, name_fields)};
static const cyaml_schema_field_t constraints_fields[] = {
    LIST_FIELD("permitted", struct rule_constraints, permitted, &name_schema),
    LIST_FIELD("excluded", struct rule_constraints, excluded, &name_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t oid_policy_fields[] = {
    TEXT_FIELD("oid", struct rule_oid_policy, oid),
    OPTIONAL_TEXT_FIELD("cps", struct rule_oid_policy, cps),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t oid_policy_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_oid_policy, oid_policy_fields)};
static const cyaml_schema_field_t copy_fields[] = {
    TEXT_FIELD("oid", struct rule_copy, oid),
    CYAML_FIELD_BOOL("critical", OPTIONAL, struct rule_copy, critical),
    CYAML_FIELD_UINT("max_len", CYAML_FLAG_DEFAULT, struct rule_copy, max_len),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t copy_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct rule_copy, copy_fields)};

static const cyaml_schema_field_t rules_fields[] = {
    TEXT_FIELD("policy", struct rules, policy),
    CYAML_FIELD_BOOL("root", OPTIONAL, struct rules, root),
    CYAML_FIELD_BOOL_PTR("proof", CYAML_FLAG_POINTER | OPTIONAL, struct rules, proof),
    LIST_FIELD("variables", struct rules, variables, &variable_schema),
    LIST_FIELD("subject", struct rules, subject, &subject_schema),
    ENUM_FIELD("other_subject", OPTIONAL, struct rules, other_subject, other_values),
    LIST_FIELD("san", struct rules, san, &san_schema),
    ENUM_FIELD("other_san", OPTIONAL, struct rules, other_san, other_values),
    CYAML_FIELD_MAPPING("key", CYAML_FLAG_DEFAULT, struct rules, key, key_fields),
    CYAML_FIELD_MAPPING("screen", OPTIONAL, struct rules, screen, screen_fields),
    CYAML_FIELD_MAPPING("validity", CYAML_FLAG_DEFAULT, struct rules, validity, validity_fields),
    CYAML_FIELD_MAPPING_PTR("ca", CYAML_FLAG_POINTER | OPTIONAL, struct rules, ca, ca_fields),
    LIST_FIELD("key_usage", struct rules, key_usage, &text_schema),
    LIST_FIELD("key_usage_from_request", struct rules, key_usage_from_request, &text_schema),
    LIST_FIELD("extended_key_usage", struct rules, extended_key_usage, &text_schema),
    LIST_FIELD("extended_key_usage_from_request", struct rules, extended_key_usage_from_request,
               &text_schema),
    CYAML_FIELD_BOOL("extended_key_usage_critical", OPTIONAL, struct rules, extended_key_usage_critical),
    CYAML_FIELD_MAPPING("name_constraints", OPTIONAL, struct rules, name_constraints, constraints_fields),
    LIST_FIELD("certificate_policies", struct rules, certificate_policies, &oid_policy_schema),
    LIST_FIELD("ocsp_urls", struct rules, ocsp_urls, &text_schema),
    LIST_FIELD("issuer_urls", struct rules, issuer_urls, &text_schema),
    LIST_FIELD("crl_urls", struct rules, crl_urls, &text_schema),
    ENUM_FIELD("hash", OPTIONAL, struct rules, hash, hash_values),
    CYAML_FIELD_BOOL("pss", OPTIONAL, struct rules, pss),
    LIST_FIELD("copy_extensions", struct rules, copy_extensions, &copy_schema),
    ENUM_FIELD("other_extensions", OPTIONAL, struct rules, other_extensions, other_values),
    CYAML_FIELD_BOOL("ocsp_no_check", OPTIONAL, struct rules, ocsp_no_check),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t rules_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct rules, rules_fields)};

static void free_patterns(struct rules *rules)
{
    for (unsigned i = 0; i < rules->variables_count; i++) {
        if (rules->variables[i].pattern != NULL)
            pattern_free(rules->variables[i].pattern);
    }
    for (unsigned i = 0; i < rules->subject_count; i++) {
        if (rules->subject[i].pattern != NULL)
            pattern_free(rules->subject[i].pattern);
    }
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (rules->san[i].pattern != NULL)
            pattern_free(rules->san[i].pattern);
    }
}

void policy_free(struct policy *policy)
{
    if (policy->rules != NULL) {
        free_patterns(policy->rules);
        yaml_value_free(&rules_schema, policy->rules);
    }
    free(policy->description);
    free(policy);
}

static bool compile(const char *expression, struct pattern **ret_pattern, struct error *err)
{
    return expression == NULL || pattern_new(expression, ret_pattern, err);
}

static bool compile_all(struct rules *rules, struct error *err)
{
    for (unsigned i = 0; i < rules->variables_count; i++) {
        if (!compile(rules->variables[i].match, &rules->variables[i].pattern, err))
            return error_while(err, "reading the variable %s", rules->variables[i].name);
    }
    for (unsigned i = 0; i < rules->subject_count; i++) {
        if (!compile(rules->subject[i].match, &rules->subject[i].pattern, err))
            return error_while(err, "reading the rule for subject %s", rules->subject[i].field);
    }
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (!compile(rules->san[i].match, &rules->san[i].pattern, err))
            return error_while(err, "reading the rule for san %s", san_kind_name(rules->san[i].type));
    }
    return true;
}

/** The text of the first comment line, without "# " and "For: ". */
static char *first_comment(struct bytes text)
{
    size_t at = 0;
    while (at < text.len && (text.data[at] == '#' || text.data[at] == ' '))
        at++;
    if (at == 0 || text.data[0] != '#')
        return memory_text("");
    size_t end = at;
    while (end < text.len && text.data[end] != '\n')
        end++;
    if (end - at > 5 && memcmp(text.data + at, "For: ", 5) == 0)
        at += 5;
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_slice(text, at, end - at), 400);
    return builder_take_text(&shown);
}

static void turn(bool *place, const bool *value)
{
    if (value != NULL)
        *place = *value;
}

static struct screen_rules screen_of(const struct rule_screen *rule)
{
    struct screen_rules screen = SCREEN_RULES_INIT;
    if (rule->rsa_min_bits != NULL)
        screen.rsa_min_bits = *rule->rsa_min_bits;
    turn(&screen.rsa_exponent, rule->rsa_exponent);
    turn(&screen.small_factors, rule->small_factors);
    turn(&screen.close_primes, rule->close_primes);
    turn(&screen.roca, rule->roca);
    turn(&screen.debian_weak_keys, rule->debian_weak_keys);
    turn(&screen.ec_point, rule->ec_point);
    turn(&screen.issuer_key, rule->issuer_key);
    turn(&screen.shared_factors, rule->shared_factors);
    return screen;
}

/** A field that is given by OID is the field, with its checks, string type and constraints. */
static void use_field_names(struct rules *rules)
{
    for (unsigned i = 0; i < rules->subject_count; i++) {
        struct rule_subject *rule = &rules->subject[i];
        char *name = memory_text(field_name(rule->field));
        free(rule->field); // libcyaml's texts come from malloc()
        rule->field = name;
    }
}

bool policy_load(struct bytes text, const char *file, struct policy **ret_policy, struct error *err)
{
    void *value = NULL;
    AUTO(policy_free) struct policy *policy = memory_new(1, sizeof(*policy));
    if (!yaml_load(text, file, &rules_schema, &value, err))
        return false;
    policy->rules = value;
    digest_sha256(text, policy->sha256);
    policy->description = first_comment(text);
    use_field_names(policy->rules);
    policy->screen = screen_of(&policy->rules->screen);
    if (!compile_all(policy->rules, err) || !rules_check(policy->rules, &policy->screen, err))
        return error_while(err, "reading the policy %s", file);
    *ret_policy = TAKE(policy);
    return true;
}

const char *policy_name(const struct policy *policy)
{
    return policy->rules->policy;
}

const char *policy_description(const struct policy *policy)
{
    return policy->description;
}

const uint8_t *policy_sha256(const struct policy *policy)
{
    return policy->sha256;
}

bool policy_is_root(const struct policy *policy)
{
    return policy->rules->root;
}

bool policy_is_ca(const struct policy *policy)
{
    return policy->rules->ca != NULL;
}

bool policy_wants_unique_key(const struct policy *policy)
{
    return policy->rules->key.unique;
}

bool policy_wants_proof(const struct policy *policy)
{
    return policy->rules->proof == NULL || *policy->rules->proof;
}

bool policy_has_no_expiry(const struct policy *policy)
{
    return policy->rules->validity.no_expiry;
}

const struct screen_rules *policy_screen(const struct policy *policy)
{
    return &policy->screen;
}
