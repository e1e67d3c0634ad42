/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

/* Values that a policy spells out and no certificate can have: they would never be allowed, or make one that nobody can read. */

static bool check_field_value(const struct rule_subject *rule, const char *value, struct error *err)
{
    struct field_fault fault;
    return field_value_check(rule->field, bytes_of_text(value), &fault) ||
           error_set(err, ERROR_INPUT, 0, "subject %s: %s (%s)", rule->field, fault.text, fault.source);
}

static bool check_subject(const struct rule_subject *rule, struct error *err)
{
    for (unsigned i = 0; i < rule->values_count; i++) {
        if (!check_field_value(rule, rule->values[i], err))
            return false;
    }
    bool is_fixed = rule->value != NULL && strchr(rule->value, '{') == NULL;
    return !is_fixed || check_field_value(rule, rule->value, err);
}

static bool check_san(const struct rule_san *rule, struct error *err)
{
    if (rule->type == SAN_OTHER_NAME)
        return true; // a hardware module's text is compared as text
    for (unsigned i = 0; i < rule->values_count; i++) {
        struct template_name name = {.value = NULL};
        if (!name_from_text(rule->type, rule->values[i], rule->wildcard, &name, err)) {
            err->kind = ERROR_INPUT;
            return error_while(err, "reading values of the rule for san %s", san_kind_name(rule->type));
        }
        free(name.value);
        free(name.text);
    }
    return true;
}

bool rules_check_values(const struct rules *rules, struct error *err)
{
    for (unsigned i = 0; i < rules->subject_count; i++) {
        if (!check_subject(&rules->subject[i], err))
            return false;
    }
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (!check_san(&rules->san[i], err))
            return false;
    }
    return true;
}

static void lint_domains(const struct rule_name *names, unsigned count, struct findings *ret_findings)
{
    for (unsigned i = 0; i < count; i++) {
        if (names[i].type == SAN_DNS && names[i].value[0] == '.')
            findings_say(
                ret_findings, "lint.dns-constraint", "RFC 5280 4.2.1.10",
                "name_constraints: dns \"%s\" has a leading dot, which some validators reject; \"%s\" "
                "stands for all below it as well",
                names[i].value, names[i].value + 1);
    }
}

void lint_constraints(const struct rules *rules, struct findings *ret_findings)
{
    const struct rule_constraints *constraints = &rules->name_constraints;
    lint_domains(constraints->permitted, constraints->permitted_count, ret_findings);
    lint_domains(constraints->excluded, constraints->excluded_count, ret_findings);
}
