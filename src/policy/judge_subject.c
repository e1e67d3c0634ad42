/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"

#include <stdio.h>
#include <string.h>

/* The subject: which fields are taken, which must match, which are set. */

static size_t characters(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += (text.data[i] & 0xc0) != 0x80 ? 1 : 0;
    return count;
}

/** C0, DEL and, as UTF-8 writes them, C1. */
static bool has_control(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        bool is_c1 = value.data[i] == 0xc2 && i + 1 < value.len && value.data[i + 1] < 0xa0;
        if (value.data[i] < 0x20 || value.data[i] == 0x7f || is_c1)
            return true;
    }
    return false;
}

/** serialNumber and dnQualifier are PrintableStrings, DC and emailAddress IA5Strings, whatever the request made of them. */
static bool has_letters_of_type(const char *field, struct bytes value)
{
    bool is_printable = strcmp(field, "serialNumber") == 0 || strcmp(field, "dnQualifier") == 0;
    bool is_ia5 = strcmp(field, "DC") == 0 || strcmp(field, "emailAddress") == 0;
    for (size_t i = 0; (is_printable || is_ia5) && i < value.len; i++) {
        uint8_t byte = value.data[i];
        bool is_alnum =
            (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        if (byte >= 0x80 || (is_printable && !is_alnum && strchr(" '()+,-./:=?", byte) == NULL))
            return false;
    }
    return true;
}

bool field_value_check(const char *field, struct bytes value, struct field_fault *ret_fault)
{
    struct quoted shown;
    size_t bound = field_bound(field);
    (void)quoted(value, &shown);
    *ret_fault = (struct field_fault){.source = "RFC 5280 appendix A"};
    if (has_control(value)) {
        ret_fault->source = "RFC 5280 4.1.2.4";
        (void)snprintf(ret_fault->text, sizeof(ret_fault->text), "\"%s\" holds a control character",
                       shown.text);
        return false;
    }
    bool is_country = strcmp(field, "C") == 0;
    if (is_country && (value.len != 2 || value.data[0] < 'A' || value.data[0] > 'Z' || value.data[1] < 'A' ||
                       value.data[1] > 'Z')) {
        ret_fault->wanted = "two capital letters";
        (void)snprintf(ret_fault->text, sizeof(ret_fault->text),
                       "\"%s\" is not a country code of two capital letters", shown.text);
        return false;
    }
    if (value.len == 0 || characters(value) > bound) {
        (void)snprintf(ret_fault->text, sizeof(ret_fault->text),
                       "\"%s\" is empty or longer than %zu characters", shown.text, bound);
        return false;
    }
    if (!has_letters_of_type(field, value)) {
        (void)snprintf(ret_fault->text, sizeof(ret_fault->text),
                       "\"%s\" has a character that its string type has not", shown.text);
        return false;
    }
    return true;
}

/** What no policy may allow (RFC 5280 appendix A): bounds, two-letter countries, control characters. */
static bool is_sound(struct judgement *judgement, const char *field, struct bytes value)
{
    struct quoted shown;
    struct field_fault fault;
    if (field_value_check(field, value, &fault))
        return true;
    AUTO(free) char *rule = memory_format("subject.%s", field);
    judge_refuse(judgement, rule, fault.source, quoted(value, &shown), fault.wanted, NULL, "subject %s: %s",
                 field, fault.text);
    return false;
}

static bool is_accepted(const struct rule_subject *rule, struct bytes value)
{
    if (rule->pattern != NULL && pattern_fits(rule->pattern, value))
        return true;
    for (unsigned i = 0; i < rule->values_count; i++) {
        if (bytes_equal_text(value, rule->values[i]))
            return true;
    }
    return rule->pattern == NULL && rule->values_count == 0;
}

static void refuse_value(struct judgement *judgement, const struct rule_subject *rule, struct bytes value)
{
    struct quoted shown;
    AUTO(free) char *name = memory_format("subject.%s", rule->field);
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    if (rule->match != NULL)
        builder_add_text(&wanted, rule->match);
    for (unsigned i = 0; i < rule->values_count; i++)
        builder_format(&wanted, "%s%s", wanted.len > 0 ? ", " : "", rule->values[i]);
    (void)quoted(value, &shown);
    judge_refuse(judgement, name, NULL, shown.text, builder_text(&wanted), NULL, "subject %s: \"%s\" %s %s",
                 rule->field, shown.text, rule->values_count == 0 ? "does not match" : "is not one of",
                 builder_text(&wanted));
}

/** "subject CN" into room for decisions. */
static char *decision_field(const char *field)
{
    return memory_format("subject %s", field);
}

static void take_from_request(struct judgement *judgement, const struct rule_subject *rule)
{
    const struct request *request = judgement->question->request;
    unsigned max = rule->max == 0 ? 1 : rule->max;
    unsigned count = 0;
    AUTO(free) char *field = decision_field(rule->field);
    AUTO(free) char *name = memory_format("subject.%s", rule->field);
    for (size_t i = 0; i < request->attributes_count; i++) {
        const struct request_attribute *attribute = &request->attributes[i];
        if (strcmp(attribute->oid, field_oid(rule->field)) != 0)
            continue;
        if (++count > max) {
            judge_refuse(judgement, name, NULL, NULL, NULL, NULL, "subject %s: it is there more than %s",
                         rule->field, max == 1 ? "once" : "the rule's max allows");
            return;
        }
        if (!is_sound(judgement, rule->field, attribute->value))
            continue;
        if (!is_accepted(rule, attribute->value)) {
            refuse_value(judgement, rule, attribute->value);
            continue;
        }
        template_add_attribute(judgement->template, rule->field, attribute->value, attribute->tag);
        AUTO(free) char *value = memory_text_of(attribute->value.data, attribute->value.len);
        judge_decide(judgement, DECISION_TAKEN, field, value);
    }
    if (count == 0 && !rule->optional)
        judge_refuse(judgement, name, NULL, NULL, rule->match, "make a request with it",
                     "subject %s: it is missing, and the policy requires it", rule->field);
}

static void set_by_policy(struct judgement *judgement, const struct rule_subject *rule)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *field = decision_field(rule->field);
    AUTO(free) char *name = memory_format("subject.%s", rule->field);
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    if (!judge_render(judgement, rule->value, false, &value, &err)) {
        judge_refuse(judgement, name, NULL, NULL, NULL, NULL, "subject %s: %s", rule->field, err.text);
        return;
    }
    if (!is_sound(judgement, rule->field, builder_bytes(&value)))
        return;
    template_add_attribute(judgement->template, rule->field, builder_bytes(&value), 0);
    judge_decide(judgement, DECISION_SET, field, builder_text(&value));
}

static bool has_rule(const struct rules *rules, const char *oid)
{
    for (unsigned i = 0; i < rules->subject_count; i++) {
        if (strcmp(field_oid(rules->subject[i].field), oid) == 0)
            return true;
    }
    return false;
}

static void judge_other(struct judgement *judgement)
{
    const struct request *request = judgement->question->request;
    for (size_t i = 0; i < request->attributes_count; i++) {
        const struct request_attribute *attribute = &request->attributes[i];
        struct quoted shown;
        if (has_rule(judgement->rules, attribute->oid))
            continue;
        AUTO(free) char *field = decision_field(attribute->field);
        (void)quoted(attribute->value, &shown);
        if (judgement->rules->other_subject == OTHER_DROP) {
            judge_decide(judgement, DECISION_DROPPED, field, shown.text);
            judge_note(judgement, "subject.dropped", NULL, shown.text,
                       "subject %s: \"%s\" is left out: no rule takes it", attribute->field, shown.text);
            continue;
        }
        judge_refuse(judgement, "subject.other", NULL, shown.text, NULL,
                     "leave it out of the request, or add a rule for it",
                     "subject %s: \"%s\" is not allowed by any rule", attribute->field, shown.text);
    }
}

void judge_subject(struct judgement *judgement)
{
    const struct rules *rules = judgement->rules;
    size_t reasons = judgement->verdict->findings.count;
    for (unsigned i = 0; i < rules->subject_count; i++) {
        if (rules->subject[i].from == FROM_POLICY)
            set_by_policy(judgement, &rules->subject[i]);
        else
            take_from_request(judgement, &rules->subject[i]);
    }
    judge_other(judgement);
    judgement->is_subject_refused = judgement->verdict->findings.count > reasons;
}
