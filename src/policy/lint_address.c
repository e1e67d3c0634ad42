/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"
#include "base/memory.h"
#include "policy/rules.h"

#include <string.h>
#include <strings.h>

/* `policy check`: dns rules of the policy whose value may turn out to be an IP address that no ip rule takes. */

static bool takes_addresses(const struct rules *rules)
{
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (rules->san[i].type == SAN_IP)
            return true;
    }
    return false;
}

/** An address that the pattern and the values let through; NULL if they let through none of the usual ones. */
static const char *address_among(const struct pattern *pattern, char *const *values, unsigned values_count)
{
    static const char *const usual[] = {"10.0.0.1", "192.168.0.1", "127.0.0.1", "203.0.113.9", "fd00::1"};
    for (unsigned i = 0; i < values_count; i++) {
        if (host_kind_of(bytes_of_text(values[i])) == HOST_ADDRESS)
            return values[i];
    }
    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        if (pattern == NULL ? values_count == 0 : pattern_fits(pattern, bytes_of_text(usual[i])))
            return usual[i];
    }
    return NULL;
}

/** An address that the place in "{NAME}" may be filled with; NULL if there is none. */
static const char *address_in(const struct rules *rules, const char *name)
{
    for (unsigned i = 0; i < rules->variables_count; i++) {
        if (strcmp(rules->variables[i].name, name) == 0)
            return address_among(rules->variables[i].pattern, NULL, 0);
    }
    for (unsigned i = 0; i < rules->subject_count; i++) {
        const struct rule_subject *rule = &rules->subject[i];
        if (rule->from == FROM_REQUEST && strcasecmp(rule->field, name) == 0)
            return address_among(rule->pattern, rule->values, rule->values_count);
    }
    return NULL;
}

void lint_addresses(const struct rules *rules, struct findings *ret_findings)
{
    if (takes_addresses(rules))
        return;
    for (unsigned i = 0; i < rules->san_count; i++) {
        const struct rule_san *rule = &rules->san[i];
        size_t len = rule->value == NULL ? 0 : strlen(rule->value);
        if (rule->from != FROM_POLICY || rule->type != SAN_DNS || len < 3 || rule->value[0] != '{' ||
            strchr(rule->value, '}') != rule->value + len - 1)
            continue;
        AUTO(free) char *name = memory_text_of(rule->value + 1, len - 2);
        const char *address = address_in(rules, name);
        if (address != NULL)
            findings_say(
                ret_findings, "lint.dns-address", "RFC 5280 4.2.1.6",
                "san dns: {%s} may be an IP address (%s is let through), which is refused; add an ip "
                "rule that takes it, or narrow what %s may be",
                name, address, name);
    }
}
