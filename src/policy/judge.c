/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void judge_refuse(struct judgement *judgement, const char *rule, const char *source, const char *found,
                  const char *wanted, const char *remedy, const char *format, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer reason is cut
    va_end(arguments);
    AUTO(free)
    char *where = source != NULL ? memory_text(source) : memory_format("policy %s", judgement->rules->policy);
    findings_add(&judgement->verdict->findings, &(struct finding){.rule = (char *)(uintptr_t)rule,
                                                                  .source = where,
                                                                  .found = (char *)(uintptr_t)found,
                                                                  .wanted = (char *)(uintptr_t)wanted,
                                                                  .text = text,
                                                                  .remedy = (char *)(uintptr_t)remedy});
}

void judge_note(struct judgement *judgement, const char *rule, const char *source, const char *found,
                const char *format, ...)
{
    char text[900];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a longer note is cut
    va_end(arguments);
    AUTO(free)
    char *where = source != NULL ? memory_text(source) : memory_format("policy %s", judgement->rules->policy);
    findings_add(&judgement->verdict->notes, &(struct finding){.rule = (char *)(uintptr_t)rule,
                                                               .source = where,
                                                               .found = (char *)(uintptr_t)found,
                                                               .text = text});
}

void judge_decide(struct judgement *judgement, enum decision_kind kind, const char *field, const char *value)
{
    struct verdict *verdict = judgement->verdict;
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_of_text(value), 400);
    verdict->decisions =
        memory_grow(verdict->decisions, verdict->decisions_count + 1, sizeof(*verdict->decisions));
    verdict->decisions[verdict->decisions_count++] = (struct decision){
        .kind = kind,
        .field = memory_text(field),
        .value = builder_take_text(&shown),
    };
}

static const char *variable_value(const struct judgement *judgement, const char *name)
{
    for (size_t i = 0; i < judgement->question->variables_count; i++) {
        if (strcmp(judgement->question->variables[i].name, name) == 0)
            return judgement->question->variables[i].value;
    }
    for (unsigned i = 0; i < judgement->rules->variables_count; i++) {
        if (strcmp(judgement->rules->variables[i].name, name) == 0)
            return judgement->rules->variables[i].default_value;
    }
    return NULL;
}

/** A subject field of the certificate to be, "cn" as well as "CN" and "2.5.4.3". */
static const char *field_value(const struct judgement *judgement, const char *name)
{
    const struct template *template = judgement->template;
    for (size_t i = 0; i < template->attributes_count; i++) {
        if (strcasecmp(template->attributes[i].field, field_name(name)) == 0)
            return template->attributes[i].value;
    }
    return NULL;
}

/** RFC 3986 2.3: what needs no escape and separates nothing; "." and ".." would be path segments. */
static bool is_unreserved(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~");
    return text[len] == '\0' && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static bool fill_place(const struct judgement *judgement, const char *name, bool is_uri,
                       struct builder *ret_text, struct error *err)
{
    struct quoted buffer;
    const char *value = variable_value(judgement, name);
    if (value != NULL) {
        builder_add_text(ret_text, value);
        return true;
    }
    value = field_value(judgement, name);
    if (value == NULL)
        return error_set(err, ERROR_USAGE, 0, "the policy makes it of {%s}, which is not known", name);
    if (is_uri && !is_unreserved(value))
        return error_set(err, ERROR_INPUT, 0,
                         "%s \"%s\" would change the URI; letters, digits and -._~ can stand in one", name,
                         quoted_text(value, &buffer));
    builder_add_text(ret_text, value);
    return true;
}

bool judge_render(const struct judgement *judgement, const char *text, bool is_uri, struct builder *ret_text,
                  struct error *err)
{
    for (const char *at = text; *at != '\0'; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (end == NULL) {
            builder_add(ret_text, at, 1);
            continue;
        }
        AUTO(free) char *name = memory_text_of(at + 1, (size_t)(end - at - 1));
        if (!fill_place(judgement, name, is_uri, ret_text, err))
            return false;
        at = end;
    }
    return true;
}

/** A key of the chain above in a request: whoever sent it holds, or replays, a CA's key. */
static void judge_chain_key(struct judgement *judgement)
{
    const struct policy_issuer *issuer = judgement->question->issuer;
    const struct rule_ca *ca = judgement->rules->ca;
    bool is_wanted = judgement->policy->screen.issuer_key || (ca != NULL && ca->rollover);
    for (size_t i = 0; is_wanted && issuer != NULL && i < issuer->chain_count; i++) {
        if (memcmp(issuer->chain_key_values[i], judgement->question->request->key_value, 32) == 0) {
            judge_refuse(judgement, "key.issuer", "RFC 5280 4.2.1.2", NULL, NULL,
                         "make a key of its own for this request", "key: it is the key of a CA in the chain");
            return;
        }
    }
}

static void list_of(char *const *values, unsigned count, struct builder *ret_text)
{
    for (unsigned i = 0; i < count; i++)
        builder_format(ret_text, "%s%s", i > 0 ? ", " : "", values[i]);
}

void judge_key(struct judgement *judgement)
{
    struct quoted shown;
    const struct request *request = judgement->question->request;
    const struct rule_key *rule = &judgement->rules->key;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    judge_chain_key(judgement);
    if (request->spki.len == 0 || findings_has(&request->problems, "key.encoding"))
        return; // the parser has said why
    const char *name = request->key_name;
    for (unsigned i = 0; i < rule->allow_count; i++) {
        if (strcmp(rule->allow[i], name) == 0 && request->key_kind != KEY_OTHER) {
            judgement->template->spki = (uint8_t *)memory_text_of(request->spki.data, request->spki.len);
            judgement->template->spki_len = request->spki.len;
            judge_decide(judgement, DECISION_TAKEN, "key", name);
            return;
        }
    }
    list_of(rule->allow, rule->allow_count, &wanted);
    judge_refuse(judgement, "key.allow", NULL, quoted_text(name, &shown), builder_text(&wanted),
                 "make a new key of one of these kinds", "key: %s is not one of %s", shown.text,
                 builder_text(&wanted));
}

/** What a caller should have seen to already, and what no certificate may rest on. */
static void judge_question(struct judgement *judgement)
{
    const struct policy_question *question = judgement->question;
    findings_copy(&judgement->verdict->findings, &question->request->problems);
    findings_copy(&judgement->verdict->notes, &question->request->notes);
    if (!question->request->has_proof_of_possession && question->request->problems.count == 0)
        judge_refuse(judgement, "request.signature", "RFC 2986 4.2", NULL, NULL,
                     "make the request again with the private key at hand",
                     "request: its signature does not prove possession of the key");
    for (unsigned i = 0; i < judgement->rules->variables_count; i++) {
        struct quoted shown;
        const struct rule_variable *rule = &judgement->rules->variables[i];
        const char *value = variable_value(judgement, rule->name);
        if (value != NULL && !pattern_fits(rule->pattern, bytes_of_text(value)))
            judge_refuse(judgement, "variables", NULL, quoted_text(value, &shown), rule->match, NULL,
                         "variable %s: \"%s\" does not match %s", rule->name, quoted_text(value, &shown),
                         rule->match);
    }
    if (question->request->has_challenge_password)
        judge_decide(judgement, DECISION_DROPPED, "challengePassword", "(not shown)");
}

struct verdict *policy_judge(const struct policy *policy, const struct policy_question *question)
{
    struct verdict *verdict = memory_new(1, sizeof(*verdict));
    AUTO(template_free) struct template *template = template_new();
    struct judgement judgement = {
        .policy = policy,
        .rules = policy->rules,
        .question = question,
        .verdict = verdict,
        .template = template,
    };
    judge_question(&judgement);
    // A CSR that could not be taken apart has no facts to judge.
    if (question->request->spki.len > 0 || question->request->subject.len > 0) {
        judge_key(&judgement);
        judge_subject(&judgement);
        judge_san(&judgement);
        judge_validity(&judgement);
        judge_usage(&judgement);
        judge_extensions(&judgement);
        judge_constraints(&judgement);
        judge_purpose(&judgement);
    }
    verdict->is_allowed = verdict->findings.count == 0;
    if (verdict->is_allowed)
        verdict->template = TAKE(template);
    return verdict;
}

static const struct rule_variable *find_variable(const struct rules *rules, const char *name)
{
    for (unsigned i = 0; i < rules->variables_count; i++) {
        if (strcmp(rules->variables[i].name, name) == 0)
            return &rules->variables[i];
    }
    return NULL;
}

bool policy_declares(const struct policy *policy, const char *name)
{
    return find_variable(policy->rules, name) != NULL;
}

bool policy_check_variables(const struct policy *policy, const struct policy_variable *variables,
                            size_t count, struct error *err)
{
    struct quoted name;
    struct quoted value;
    const struct rules *rules = policy->rules;
    for (size_t i = 0; i < count; i++) {
        const struct rule_variable *rule = find_variable(rules, variables[i].name);
        if (rule == NULL)
            return error_set(err, ERROR_USAGE, 0, "--set %s: the policy %s has no such variable",
                             quoted_text(variables[i].name, &name), rules->policy);
        if (!pattern_fits(rule->pattern, bytes_of_text(variables[i].value)))
            return error_set(err, ERROR_USAGE, 0, "--set %s: \"%s\" does not match %s", rule->name,
                             quoted_text(variables[i].value, &value), rule->match);
    }
    for (unsigned i = 0; i < rules->variables_count; i++) {
        bool is_given = rules->variables[i].default_value != NULL;
        size_t times = 0;
        for (size_t j = 0; j < count; j++)
            times += strcmp(variables[j].name, rules->variables[i].name) == 0 ? 1 : 0;
        is_given = is_given || times > 0;
        if (times > 1)
            return error_set(err, ERROR_USAGE, 0, "--set %s is given twice", rules->variables[i].name);
        if (!is_given)
            return error_set(err, ERROR_USAGE, 0, "the policy %s needs --set %s=..., matching %s",
                             rules->policy, rules->variables[i].name, rules->variables[i].match);
    }
    return true;
}
