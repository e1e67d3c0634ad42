/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/rules.h"
#include "policy/usage.h"

#include <string.h>

/* Usages that the policy alone shows to be impossible: refused when it is loaded, not at the first request. */

/** A usage that no allowed kind of key can have would be left out of every certificate. */
static bool check_keys(const struct rules *rules, uint16_t bits, struct error *err)
{
    uint16_t possible = 0;
    for (unsigned i = 0; i < rules->key.allow_count; i++) {
        enum key_kind kind = KEY_OTHER;
        unsigned ignored = 0;
        if (key_parse(rules->key.allow[i], &kind, &ignored))
            possible = (uint16_t)(possible | usage_bits_of_key(kind));
    }
    uint16_t never = (uint16_t)(bits & ~possible);
    if (never == 0)
        return true;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    usage_words(never, &words);
    return error_set(err, ERROR_INPUT, 0,
                     "key_usage: no key of key: allow can have %s; leave it out (RFC 3279 2.3.1, RFC 5480 3, "
                     "RFC 8410 5)",
                     builder_text(&words));
}

static bool has_time_stamping(char *const *names, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(usage_oid(names[i]), usage_oid("timeStamping")) == 0)
            return true;
    }
    return false;
}

/** Beside time stamping nothing may be asked for, and it may be asked for only where it would be critical and alone. */
static bool check_asked_purposes(const struct rules *rules, struct error *err)
{
    unsigned count = rules->extended_key_usage_from_request_count;
    bool stamps = has_time_stamping(rules->extended_key_usage, rules->extended_key_usage_count);
    bool may_stamp = has_time_stamping(rules->extended_key_usage_from_request, count);
    bool has_others = count > (may_stamp ? 1 : 0);
    bool is_alone = rules->extended_key_usage_critical && rules->extended_key_usage_count == 0;
    if (rules->ca != NULL || !((stamps && has_others) || (!stamps && may_stamp && !is_alone)))
        return true;
    return error_set(err, ERROR_INPUT, 0,
                     "extended_key_usage_from_request: timeStamping has to be critical and stand alone "
                     "(RFC 3161 2.3)");
}

bool rules_check_usage(const struct rules *rules, struct error *err)
{
    uint16_t given = usage_bits(rules->key_usage, rules->key_usage_count);
    uint16_t asked = usage_bits(rules->key_usage_from_request, rules->key_usage_from_request_count);
    struct usage_set set = {
        .bits = given,
        .purposes = rules->extended_key_usage,
        .purposes_count = rules->extended_key_usage_count,
        .is_critical = rules->extended_key_usage_critical,
        .is_ca = rules->ca != NULL,
    };
    if (!check_keys(rules, (uint16_t)(given | asked), err))
        return false;
    if (asked == 0 && !usage_check_bits(given, err))
        return error_while(err, "reading key_usage");
    if (asked != 0)
        set.bits = 0; // the request decides; the judge looks again
    if (!usage_check_purposes(&set, err))
        return error_while(err, "reading key_usage and extended_key_usage");
    if (!check_asked_purposes(rules, err))
        return false;
    if ((given & KEY_USAGE_CRL_SIGN) != 0 && rules->subject_count == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "key_usage: cRLSign needs a subject, and no rule gives one (RFC 5280 4.1.2.6)");
    return true;
}
