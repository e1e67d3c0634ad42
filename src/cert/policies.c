/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/policies.h"

#include "base/memory.h"
#include "cert/asn1.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define ANY_POLICY "2.5.29.32.0"
#define OID_TEXT_SIZE 128

/** RFC 5280 6.1.2, as far as a CA needs it: a flat set instead of the tree, for no qualifiers are processed. */
struct state {
    bool is_any; /**< every policy is still valid; then texts is empty */
    char **texts;
    size_t count;
    unsigned explicit_policy; /**< certificates until a valid policy is demanded */
    unsigned inhibit_any;     /**< certificates until anyPolicy counts no more */
};

/** Frees the texts; another set takes their place, or none. */
static void drop(const struct state *state)
{
    for (size_t i = 0; i < state->count; i++)
        free(state->texts[i]);
    free(state->texts);
}

static bool holds(const struct state *state, const char *oid)
{
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->texts[i], oid) == 0)
            return true;
    }
    return false;
}

static void add(struct state *state, const char *oid)
{
    state->texts = memory_grow(state->texts, state->count + 1, sizeof(*state->texts));
    state->texts[state->count++] = memory_text(oid);
}

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, 0, "a certificate of the chain has damaged %s", what);
}

/** certificatePolicies into a set of their own (RFC 5280 4.2.1.4). */
static bool read_policies(const struct cert_parts *parts, struct state *ret_own, bool *ret_has_any,
                          struct error *err)
{
    struct cert_extension extension;
    struct bytes policies;
    *ret_has_any = false;
    if (!parts_find(parts, 32, &extension))
        return true;
    if (!der_take(&extension.value, DER_SEQUENCE, &policies) || extension.value.len > 0)
        return wrong(err, "certificatePolicies (RFC 5280 4.2.1.4)");
    while (policies.len > 0) {
        char text[OID_TEXT_SIZE];
        struct bytes policy;
        struct bytes oid;
        struct bytes qualifiers;
        if (!der_take(&policies, DER_SEQUENCE, &policy) || !der_take(&policy, DER_OID, &oid) ||
            !der_oid_text(oid, text, sizeof(text)) ||
            (policy.len > 0 && !der_take(&policy, DER_SEQUENCE, &qualifiers)) || policy.len > 0)
            return wrong(err, "certificatePolicies (RFC 5280 4.2.1.4)");
        if (strcmp(text, ANY_POLICY) == 0)
            *ret_has_any = true;
        else
            add(ret_own, text);
    }
    return true;
}

/** What of the valid policies this certificate keeps (RFC 5280 6.1.3 d). */
static bool apply_policies(const struct cert_parts *parts, bool is_self_issued, struct state *state,
                           struct error *err)
{
    struct state own = {.count = 0};
    bool has_any;
    bool is_read = read_policies(parts, &own, &has_any, err);
    has_any = has_any && (state->inhibit_any > 0 || is_self_issued);
    if (!is_read || (has_any && state->is_any)) {
        drop(&own);
    } else if (state->is_any) {
        drop(state);
        state->is_any = false;
        state->texts = own.texts;
        state->count = own.count;
    } else {
        size_t kept = 0;
        for (size_t i = 0; i < state->count; i++) {
            if (has_any || holds(&own, state->texts[i]))
                state->texts[kept++] = state->texts[i];
            else
                free(state->texts[i]);
        }
        state->count = kept;
        drop(&own);
    }
    return is_read;
}

/** policyMappings: below, a policy goes by the subject's names for it and no longer by its own (RFC 5280 6.1.4 b). */
static bool apply_mappings(const struct cert_parts *parts, struct state *state, struct error *err)
{
    struct cert_extension extension;
    struct bytes mappings;
    struct state renamed = {.count = 0};
    struct state mapped = {.count = 0};
    if (!parts_find(parts, 33, &extension))
        return true;
    bool is_sound = der_take(&extension.value, DER_SEQUENCE, &mappings) && extension.value.len == 0;
    while (is_sound && mappings.len > 0) {
        char from[OID_TEXT_SIZE];
        char to[OID_TEXT_SIZE];
        struct bytes pair, issuer, subject;
        is_sound = der_take(&mappings, DER_SEQUENCE, &pair) && der_take(&pair, DER_OID, &issuer) &&
                   der_take(&pair, DER_OID, &subject) && pair.len == 0 &&
                   der_oid_text(issuer, from, sizeof(from)) && der_oid_text(subject, to, sizeof(to)) &&
                   strcmp(from, ANY_POLICY) != 0 && strcmp(to, ANY_POLICY) != 0;
        if (!is_sound || !holds(state, from))
            continue;
        add(&renamed, from);
        if (!holds(&mapped, to))
            add(&mapped, to);
    }
    for (size_t i = 0; i < state->count; i++) {
        if (!holds(&renamed, state->texts[i]) && !holds(&mapped, state->texts[i]))
            add(&mapped, state->texts[i]);
    }
    drop(&renamed);
    drop(state);
    state->texts = mapped.texts;
    state->count = mapped.count;
    return is_sound || wrong(err, "policyMappings (RFC 5280 4.2.1.5)");
}

/** A SkipCerts number; more than fits is as good as never. */
static bool take_number(struct bytes content, unsigned *ret_number)
{
    unsigned number = 0;
    if (content.len == 0 || (content.data[0] & 0x80) != 0)
        return false;
    for (size_t i = 0; i < content.len; i++) {
        if (number > (UINT_MAX >> 8)) {
            *ret_number = UINT_MAX;
            return true;
        }
        number = number << 8 | content.data[i];
    }
    *ret_number = number;
    return true;
}

static void lower(unsigned *counter, unsigned limit)
{
    *counter = limit < *counter ? limit : *counter;
}

/** requireExplicitPolicy and inhibitAnyPolicy (RFC 5280 6.1.4 h, i, j). */
static bool apply_limits(const struct cert_parts *parts, bool is_self_issued, struct state *state,
                         struct error *err)
{
    struct cert_extension extension;
    struct bytes content;
    struct bytes value;
    unsigned number;
    if (!is_self_issued) {
        state->explicit_policy -= state->explicit_policy > 0 ? 1 : 0;
        state->inhibit_any -= state->inhibit_any > 0 ? 1 : 0;
    }
    if (parts_find(parts, 36, &extension)) {
        if (!der_take(&extension.value, DER_SEQUENCE, &content) || extension.value.len > 0)
            return wrong(err, "policyConstraints (RFC 5280 4.2.1.11)");
        if (der_is_next(content, DER_CONTEXT_0)) {
            if (!der_take(&content, DER_CONTEXT_0, &value) || !take_number(value, &number))
                return wrong(err, "policyConstraints (RFC 5280 4.2.1.11)");
            lower(&state->explicit_policy, number);
        }
        // inhibitPolicyMapping takes a name away and gives none: what is then refused below is the validator's to refuse.
        bool is_whole = !der_is_next(content, DER_CONTEXT_0 + 1) ||
                        (der_take(&content, DER_CONTEXT_0 + 1, &value) && take_number(value, &number));
        if (!is_whole || content.len > 0)
            return wrong(err, "policyConstraints (RFC 5280 4.2.1.11)");
    }
    if (parts_find(parts, 54, &extension)) {
        if (!der_take(&extension.value, DER_INTEGER, &value) || extension.value.len > 0 ||
            !take_number(value, &number))
            return wrong(err, "inhibitAnyPolicy (RFC 5280 4.2.1.14)");
        lower(&state->inhibit_any, number);
    }
    return true;
}

bool policies_of_chain(const struct cert_parts *parts, size_t count, struct policy_issuer *facts,
                       struct error *err)
{
    struct state state = {.is_any = true, .explicit_policy = UINT_MAX, .inhibit_any = UINT_MAX};
    bool is_sound = true;
    // A self-signed certificate at the end is the trust anchor, whose extensions path validation does not process.
    if (count > 0 && bytes_equal(parts[count - 1].issuer, parts[count - 1].subject))
        count--;
    for (size_t i = count; is_sound && i-- > 0;) {
        bool is_self_issued = bytes_equal(parts[i].issuer, parts[i].subject);
        is_sound = apply_policies(&parts[i], is_self_issued, &state, err);
        if (state.explicit_policy == 0 && !state.is_any && state.count == 0)
            facts->has_no_policy_left = true;
        is_sound = is_sound && apply_mappings(&parts[i], &state, err) &&
                   apply_limits(&parts[i], is_self_issued, &state, err);
    }
    if (!is_sound) {
        drop(&state);
        return false;
    }
    // What is issued is the last certificate: RFC 5280 6.1.5 counts it before it asks.
    facts->needs_policy = state.explicit_policy <= 1;
    facts->may_have_any_policy = state.inhibit_any > 0;
    facts->allows_every_policy = state.is_any;
    facts->policies = state.texts;
    facts->policies_count = state.count;
    facts->has_no_policy_left =
        facts->has_no_policy_left || (facts->needs_policy && !state.is_any && state.count == 0);
    return true;
}
