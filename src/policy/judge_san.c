/* SPDX-License-Identifier: Apache-2.0 */
#include "base/der.h"
#include "base/host.h"
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"
#include "policy/subtree.h"

#include <stdlib.h>
#include <string.h>

/* Subject alternative names: those the policy sets come first, in its order; then those a rule takes from the request. */

/** An otherName of the type id-on-hardwareModuleName, 1.3.6.1.5.5.7.8.4 (RFC 4108 5), whatever its value. */
static bool has_hardware_type(struct bytes value)
{
    static const uint8_t oid[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x04};
    struct bytes type;
    return der_take(&value, DER_OID, &type) && bytes_equal(type, BYTES(oid));
}

/** The type's value: SEQUENCE { OID, OCTET STRING }. */
static bool is_hardware_name(struct bytes value)
{
    struct bytes type;
    struct bytes wrapped;
    struct bytes inner;
    struct bytes part;
    return has_hardware_type(value) && der_take(&value, DER_OID, &type) &&
           der_take(&value, DER_CONTEXT_CONSTRUCTED_0, &wrapped) && value.len == 0 &&
           der_take(&wrapped, DER_SEQUENCE, &inner) && wrapped.len == 0 && der_take(&inner, DER_OID, &part) &&
           der_take(&inner, DER_OCTET_STRING, &part) && part.len > 0 && inner.len == 0;
}

/** What a pattern sees: an address's text, a hardware module's "TYPE:SERIAL", else the characters of the name. */
static struct bytes pattern_text(const struct request_san *san)
{
    const char *colon = san->kind == SAN_OTHER_NAME ? strchr(san->text, ':') : NULL;
    if (san->kind == SAN_IP || san->kind == SAN_OTHER_NAME)
        return bytes_of_text(colon == NULL ? san->text : colon + 1);
    return san->value;
}

/** Whether the rule is for names of this type; an otherName of another type than hardwareModuleName (a UPN) has none. */
static bool rule_is_for(const struct rule_san *rule, const struct request_san *san)
{
    return rule->from == FROM_REQUEST && rule->type == san->kind &&
           (san->kind != SAN_OTHER_NAME || has_hardware_type(san->value));
}

/** Whether the name is this entry of values: the same name, however it is spelled. */
static bool is_value(const struct rule_san *rule, const char *value, const struct request_san *san)
{
    struct template_name name = {.value = NULL};
    struct error ignored = ERROR_INIT; // rules_check() has tried each
    if (rule->type == SAN_OTHER_NAME)
        return bytes_equal_text(pattern_text(san), value);
    bool is_same = name_from_text(rule->type, value, rule->wildcard, &name, &ignored) &&
                   name_is_same(rule->type, bytes_of(name.value, name.value_len), san->value);
    free(name.value);
    free(name.text);
    return is_same;
}

/** Whether this one rule takes the name. */
static bool rule_takes(const struct rule_san *rule, const struct request_san *san)
{
    const char *why = NULL;
    if (!rule_is_for(rule, san))
        return false;
    if (san->kind == SAN_OTHER_NAME && !is_hardware_name(san->value))
        return false;
    if (san->kind == SAN_DNS && !dns_is_valid(san->value, rule->wildcard, &why))
        return false;
    struct bytes text = pattern_text(san);
    bool has_condition = rule->pattern != NULL || rule->values_count > 0 || rule->cidr_count > 0;
    if (rule->pattern != NULL && pattern_fits(rule->pattern, text))
        return true;
    for (unsigned i = 0; i < rule->values_count; i++) {
        if (is_value(rule, rule->values[i], san))
            return true;
    }
    for (unsigned i = 0; san->kind == SAN_IP && i < rule->cidr_count; i++) {
        if (cidr_holds(rule->cidr[i], san->value))
            return true;
    }
    return !has_condition;
}

static void wanted_of(const struct rules *rules, const struct request_san *san, struct builder *ret_text)
{
    for (unsigned i = 0; i < rules->san_count; i++) {
        const struct rule_san *rule = &rules->san[i];
        if (!rule_is_for(rule, san))
            continue;
        if (rule->match != NULL)
            builder_format(ret_text, "%s%s", ret_text->len > 0 ? ", " : "", rule->match);
        for (unsigned j = 0; j < rule->values_count; j++)
            builder_format(ret_text, "%s%s", ret_text->len > 0 ? ", " : "", rule->values[j]);
        for (unsigned j = 0; j < rule->cidr_count; j++)
            builder_format(ret_text, "%s%s", ret_text->len > 0 ? ", " : "", rule->cidr[j]);
    }
}

static bool has_request_rule(const struct rules *rules, const struct request_san *san)
{
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (rule_is_for(&rules->san[i], san))
            return true;
    }
    return false;
}

/** What no rule may take: a mailbox or URI that is none; a dns name's faults are its rule's, as it may be a wildcard. */
static bool is_email_or_uri_sound(const struct request_san *san, struct error *reason)
{
    struct template_name name = {.value = NULL};
    if (san->kind != SAN_EMAIL && san->kind != SAN_URI)
        return true;
    AUTO(free) char *text = memory_text_of(san->value.data, san->value.len);
    if (strlen(text) != san->value.len)
        return error_set(reason, ERROR_INPUT, 0, "%s \"%s\" has a NUL character in it",
                         san_kind_name(san->kind), san->text);
    if (!name_from_text(san->kind, text, false, &name, reason))
        return false;
    free(name.value);
    free(name.text);
    return true;
}

void judge_refuse_san(struct judgement *judgement, const struct request_san *san)
{
    const char *why = NULL;
    struct error reason = ERROR_INIT;
    const char *kind = san_kind_name(san->kind);
    AUTO(free) char *id = memory_format("san.%s", kind);
    AUTO(free) char *remedy = san->kind == SAN_DNS ? address_remedy(san->value) : NULL;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    wanted_of(judgement->rules, san, &wanted);
    if (san->kind == SAN_DNS && !dns_is_valid(san->value, true, &why))
        judge_refuse(judgement, id, "RFC 5280 4.2.1.6", san->text, NULL, remedy, "san dns: \"%s\" %s%s%s",
                     san->text, why, remedy != NULL ? "; " : "", remedy != NULL ? remedy : "");
    else if (!is_email_or_uri_sound(san, &reason))
        judge_refuse(judgement, id, "RFC 5280 4.2.1.6", san->text, NULL, NULL, "san %s", reason.text);
    else if (san->kind == SAN_DNS && san->value.data[0] == '*' && has_request_rule(judgement->rules, san))
        judge_refuse(judgement, id, NULL, san->text, builder_text(&wanted), NULL,
                     "san dns: \"%s\" is a wildcard no rule allows", san->text);
    else if (wanted.len > 0)
        judge_refuse(judgement, id, NULL, san->text, builder_text(&wanted), NULL,
                     "san %s: \"%s\" does not match %s", kind, san->text, builder_text(&wanted));
    else
        judge_refuse(judgement, id, NULL, san->text, NULL,
                     "leave it out of the request, or add a rule for it",
                     "san %s: \"%s\" is not allowed by any rule", kind, san->text);
}

unsigned san_rule_for(const struct rules *rules, const struct request_san *san)
{
    unsigned i = 0;
    while (i < rules->san_count && !rule_takes(&rules->san[i], san))
        i++;
    return i;
}

/** A name that the policy made of what the request says, held to the rules for requests. \return false: it was refused */
static bool is_like_request(struct judgement *judgement, const struct rule_san *rule,
                            const struct template_name *name)
{
    const struct request_san san = {
        .kind = name->kind, .value = bytes_of(name->value, name->value_len), .text = name->text};
    if (!rule->like_request || san_rule_for(judgement->rules, &san) < judgement->rules->san_count)
        return true;
    judge_refuse_san(judgement, &san);
    return false;
}

static void add_made(struct judgement *judgement, const struct rule_san *rule, struct template_name *name)
{
    AUTO(free) char *field = memory_format("san %s", rule_type_name(rule->type));
    if (template_has_san(judgement->template, name->kind, bytes_of(name->value, name->value_len)) ||
        !is_like_request(judgement, rule, name)) {
        free(name->value);
        free(name->text);
        return;
    }
    judge_decide(judgement, DECISION_ADDED, field, name->text);
    template_add_san(judgement->template, name);
}

static void set_by_policy(struct judgement *judgement, const struct rule_san *rule, unsigned *taken)
{
    struct template_name name = {.value = NULL};
    struct error err = ERROR_INIT;
    AUTO(free) char *id = memory_format("san.%s", rule_type_name(rule->type));
    AUTO(free) char *field = memory_format("san %s", rule_type_name(rule->type));
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    bool is_made = judge_render(judgement, rule->value, rule->type == SAN_URI, &value, &err);
    if (is_made && rule->type == SAN_DNS && host_kind_of(builder_bytes(&value)) == HOST_ADDRESS) {
        judge_address(judgement, builder_text(&value), taken);
        return;
    }
    if (is_made &&
        name_from_text(rule->type, builder_text(&value), rule->wildcard || rule->like_request, &name, &err)) {
        add_made(judgement, rule, &name);
        return;
    }
    if (rule->optional)
        judge_decide(judgement, DECISION_DROPPED, field, err.text);
    else if (!judgement->is_subject_refused || strchr(rule->value, '{') == NULL)
        judge_refuse(judgement, id, "RFC 5280 4.2.1.6", NULL, NULL, NULL, "san %s, made by the policy: %s",
                     rule_type_name(rule->type), err.text);
    // a refused subject's own reason says it all
}

static void drop_name(struct judgement *judgement, const struct request_san *san, const char *field)
{
    judge_decide(judgement, DECISION_DROPPED, field, san->text);
    judge_note(judgement, "san.dropped", NULL, san->text,
               "%s \"%s\" is left out: no rule takes names of this type", field, san->text);
}

static void judge_name(struct judgement *judgement, const struct request_san *san, unsigned *taken)
{
    const struct rules *rules = judgement->rules;
    AUTO(free) char *field = memory_format("san %s", san_kind_name(san->kind));
    if (template_has_san(judgement->template, san->kind, san->value))
        return;                       // the policy has set it already
    struct error reason = ERROR_INIT; // judge_refuse_san() tells it
    unsigned index = is_email_or_uri_sound(san, &reason) ? san_rule_for(rules, san) : rules->san_count;
    if (index == rules->san_count) {
        if (rules->other_san == OTHER_DROP && !has_request_rule(rules, san))
            drop_name(judgement, san, field);
        else
            judge_refuse_san(judgement, san);
        return;
    }
    taken[index]++;
    if (rules->san[index].max > 0 && taken[index] > rules->san[index].max) {
        if (taken[index] == rules->san[index].max + 1) // said once, however many there are
            judge_refuse(judgement, "san.max", NULL, NULL, NULL, "ask for fewer names",
                         "san %s: more than %u names", san_kind_name(san->kind), rules->san[index].max);
        return;
    }
    struct template_name name = {
        .kind = san->kind,
        .value = (uint8_t *)memory_text_of(san->value.data, san->value.len),
        .value_len = san->value.len,
        .text = memory_text(san->text),
    };
    template_add_san(judgement->template, &name);
    judge_decide(judgement, DECISION_TAKEN, field, san->text);
}

void judge_san(struct judgement *judgement)
{
    const struct rules *rules = judgement->rules;
    const struct request *request = judgement->question->request;
    AUTO(free) unsigned *taken = memory_new(rules->san_count, sizeof(*taken));
    for (unsigned i = 0; i < rules->san_count; i++) {
        if (rules->san[i].from == FROM_POLICY)
            set_by_policy(judgement, &rules->san[i], taken);
    }
    for (size_t i = 0; i < request->sans_count; i++)
        judge_name(judgement, &request->sans[i], taken);
    for (unsigned i = 0; i < rules->san_count; i++) {
        const struct rule_san *rule = &rules->san[i];
        if (rule->from == FROM_REQUEST && rule->required && taken[i] == 0)
            judge_refuse(judgement, "san.required", NULL, NULL, rule->match, "make a request with one",
                         "san %s: the policy requires one", rule_type_name(rule->type));
    }
    if (judgement->template->attributes_count == 0 && judgement->template->sans_count == 0 &&
        request->attributes_count == 0)
        judge_refuse(judgement, "subject.empty", "RFC 5280 4.1.2.6", NULL, NULL, "ask for a subject or a SAN",
                     "subject: it is empty and there is no subjectAltName");
}
