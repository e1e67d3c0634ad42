/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "policy/directory.h"
#include "policy/rules.h"
#include "policy/usage.h"

#include <stdlib.h>
#include <string.h>

/* Validity, usages, CA or not, extensions. */

/** past_issuer: allow lets a certificate outlive its issuer; none is born after the issuer's death. */
static bool refuse_expired_issuer(struct judgement *judgement)
{
    char end[TIME_TEXT_SIZE];
    const struct policy_issuer *issuer = judgement->question->issuer;
    if (judgement->question->now <= issuer->not_after)
        return false;
    (void)time_format(issuer->not_after, end);
    judge_refuse(judgement, "validity.issuer_expired", "RFC 5280 6.1.3", end, NULL,
                 "renew the CA's certificate, or the one above it that ended",
                 "validity: the CA, or a CA above it, ended %s; an expired CA signs nothing", end);
    return true;
}

static void limit_to_issuer(struct judgement *judgement)
{
    char end[TIME_TEXT_SIZE];
    char own[TIME_TEXT_SIZE];
    struct template *template = judgement->template;
    const struct policy_issuer *issuer = judgement->question->issuer;
    if (issuer == NULL)
        return;
    if (refuse_expired_issuer(judgement) || template->not_after <= issuer->not_after)
        return;
    (void)time_format(issuer->not_after, end);
    (void)time_format(template->not_after, own);
    switch (judgement->rules->validity.past_issuer) {
    case PAST_ISSUER_CLAMP:
        // Never a way round the issuer's end: a certificate without expiry is clamped like every other.
        template->has_no_expiry = false;
        template->not_after = issuer->not_after;
        template->validity_note = memory_format("clamped from %s to the issuer's end %s", own, end);
        judge_decide(judgement, DECISION_SET, "validity", template->validity_note);
        return;
    case PAST_ISSUER_ALLOW:
        template->validity_note =
            memory_format("ends %s, past the issuer's end %s, as the policy allows", own, end);
        judge_decide(judgement, DECISION_SET, "validity", template->validity_note);
        return;
    case PAST_ISSUER_REFUSE:
    default:
        judge_refuse(judgement, "validity.past_issuer", "RFC 5280 6.1.3", own, end,
                     "fewer --days, or past_issuer: clamp in the policy",
                     "validity: it would end %s, past the issuer's end %s", own, end);
    }
}

void judge_validity(struct judgement *judgement)
{
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    struct template *template = judgement->template;
    const struct rule_validity *rule = &judgement->rules->validity;
    unsigned asked = judgement->question->days;
    unsigned most = rule->max_days > rule->days ? rule->max_days : rule->days;
    int64_t days = asked > 0 ? asked : rule->days;
    if (asked > most)
        judge_refuse(judgement, "validity.max_days", NULL, NULL, NULL, "fewer --days",
                     "validity: %u days are more than the %u the policy allows", asked, most);
    template->not_before = judgement->question->now - (int64_t)rule->backdate_minutes * 60;
    if (judgement->question->issuer != NULL && template->not_before < judgement->question->issuer->not_before)
        template->not_before = judgement->question->issuer->not_before;
    template->has_no_expiry = rule->no_expiry;
    // Both ends are inclusive (RFC 5280 4.1.2.5), so N days end a second before the same time of day.
    template->not_after = rule->no_expiry ? TIME_9999_END : template->not_before + days *TIME_DAY_SECONDS - 1;
    if (template->not_after > TIME_9999_END)
        judge_refuse(judgement, "validity.days", "RFC 5280 4.1.2.5", NULL, NULL, NULL,
                     "validity: it would end past the year 9999");
    limit_to_issuer(judgement);
    if (template->not_after <= judgement->question->now)
        judge_refuse(judgement, "validity.over", "RFC 5280 4.1.2.5", NULL, NULL,
                     "more --days, or less backdate_minutes in the policy",
                     "validity: it would be over already: it ends %s",
                     time_format(template->not_after, until));
    AUTO(free)
    char *text = memory_format("%s to %s", time_format(template->not_before, from),
                               time_format(template->not_after, until));
    judge_decide(judgement, DECISION_SET, "validity", text);
}

static bool is_in(char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

static void judge_key_usage(struct judgement *judgement)
{
    const struct rules *rules = judgement->rules;
    const struct request *request = judgement->question->request;
    uint16_t bits = usage_bits(rules->key_usage, rules->key_usage_count);
    uint16_t allowed = usage_bits(rules->key_usage_from_request, rules->key_usage_from_request_count);
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder beyond = BUILDER_INIT;
    uint16_t asked = request->has_key_usage ? request->key_usage : 0;
    bits = (uint16_t)(bits | (asked & allowed));
    if (rules->key_usage_from_request_count > 0 && (asked & ~(allowed | bits)) != 0) {
        usage_words((uint16_t)(asked & ~(allowed | bits)), &beyond);
        judge_refuse(judgement, "key_usage", "RFC 5280 4.2.1.3", builder_text(&beyond), NULL, NULL,
                     "key usage: %s is not allowed", builder_text(&beyond));
    } else if ((asked & ~bits) != 0) {
        usage_words((uint16_t)(asked & ~bits), &beyond);
        judge_decide(judgement, DECISION_DROPPED, "key usage", builder_text(&beyond));
        judge_note(judgement, "key_usage.dropped", NULL, builder_text(&beyond),
                   "key usage: %s is left out: the policy does not give it", builder_text(&beyond));
    }
    uint16_t fitting = (uint16_t)(bits & usage_bits_of_key(request->key_kind));
    if (fitting != bits) {
        AUTO(builder_done) struct builder lost = BUILDER_INIT;
        usage_words((uint16_t)(bits & ~fitting), &lost);
        builder_add_text(&lost, ": this kind of key can't");
        judge_decide(judgement, DECISION_DROPPED, "key usage", builder_text(&lost));
    }
    if (bits != 0 && fitting == 0 && request->key_kind != KEY_OTHER) {
        // Without any usage the key would be good for everything.
        usage_words(bits, &words);
        judge_refuse(judgement, "key_usage.key", "RFC 5280 4.2.1.3", key_kind_name(request->key_kind), NULL,
                     "make a key of another kind, or give the policy a usage that this one can have",
                     "key usage: this kind of key (%s) can have none of %s", key_kind_name(request->key_kind),
                     builder_text(&words));
        return;
    }
    bits = fitting;
    judgement->template->key_usage = bits;
    usage_words(bits, &words);
    judge_decide(judgement, DECISION_SET, "key usage", builder_text(&words));
}

static void add_usage(struct judgement *judgement, const char *oid)
{
    struct template *template = judgement->template;
    const struct policy_issuer *issuer = judgement->question->issuer;
    if (is_in(template->extended_key_usage, template->extended_key_usage_count, oid))
        return;
    if (issuer != NULL && issuer->has_extended_key_usage &&
        !is_in(issuer->extended_key_usage, issuer->extended_key_usage_count, oid))
        judge_refuse(judgement, "extended_key_usage.issuer", "RFC 5280 4.2.1.12", oid, NULL,
                     "use a CA that may issue for it",
                     "extended key usage: %s is outside what the issuer's certificate allows",
                     extended_key_usage_name(oid));
    template->extended_key_usage =
        memory_grow(template->extended_key_usage, template->extended_key_usage_count + 1, sizeof(char *));
    template->extended_key_usage[template->extended_key_usage_count++] = memory_text(oid);
}

static bool may_be_asked_for(const struct rules *rules, const char *oid)
{
    for (unsigned i = 0; i < rules->extended_key_usage_from_request_count; i++) {
        if (strcmp(usage_oid(rules->extended_key_usage_from_request[i]), oid) == 0)
            return true;
    }
    return false;
}

static void drop_usage(struct judgement *judgement, const char *name)
{
    judge_decide(judgement, DECISION_DROPPED, "extended key usage", name);
    judge_note(judgement, "extended_key_usage.dropped", NULL, name,
               "extended key usage: %s is left out: the policy does not give it", name);
}

static void judge_extended_key_usage(struct judgement *judgement)
{
    const struct rules *rules = judgement->rules;
    const struct request *request = judgement->question->request;
    for (unsigned i = 0; i < rules->extended_key_usage_count; i++)
        add_usage(judgement, usage_oid(rules->extended_key_usage[i]));
    for (size_t i = 0; i < request->extended_key_usage_count; i++) {
        const char *oid = request->extended_key_usage[i];
        if (is_in(judgement->template->extended_key_usage, judgement->template->extended_key_usage_count,
                  oid))
            continue;
        if (may_be_asked_for(rules, oid)) {
            add_usage(judgement, oid);
            judge_decide(judgement, DECISION_TAKEN, "extended key usage", extended_key_usage_name(oid));
        } else if (rules->extended_key_usage_from_request_count > 0) {
            judge_refuse(judgement, "extended_key_usage", NULL, oid, NULL, NULL,
                         "extended key usage: %s is not allowed", extended_key_usage_name(oid));
        } else {
            drop_usage(judgement, extended_key_usage_name(oid));
        }
    }
    judgement->template->extended_key_usage_is_critical = rules->extended_key_usage_critical;
    for (unsigned i = 0; i < rules->extended_key_usage_count; i++)
        judge_decide(judgement, DECISION_SET, "extended key usage", rules->extended_key_usage[i]);
}

/** Whose name in the chain the subject is, for a person; NULL: nobody's. */
static const char *find_namesake(const struct judgement *judgement)
{
    const struct policy_issuer *issuer = judgement->question->issuer;
    for (size_t i = 0; issuer != NULL && i < issuer->chain_count; i++) {
        if (directory_is_same(judgement->template, &issuer->chain_subjects[i], DIRECTORY_LOOSE))
            return i == 0 ? "the CA that issues it" : "a CA above";
    }
    return NULL;
}

/**
 * A CA named like its issuer is taken for the issuer itself (RFC 5280 3.2: self-issued), so paths through it are built wrongly; but for its
 * own next key, which is to be taken for it.
 */
static void judge_ca_name(struct judgement *judgement)
{
    const struct policy_issuer *issuer = judgement->question->issuer;
    const char *namesake = find_namesake(judgement);
    if (judgement->rules->ca->rollover) {
        if (issuer != NULL &&
            !directory_is_same(judgement->template, &issuer->chain_subjects[0], DIRECTORY_EXACT))
            judge_refuse(
                judgement, "ca.rollover", "RFC 5280 3.2", NULL, NULL,
                "ask for the CA's subject, spelled and encoded like it, or use a policy without rollover",
                "subject: it is not the name of the CA that issues it, whose next key this policy is for");
    } else if (namesake != NULL) {
        judge_refuse(judgement, "ca.name", "RFC 5280 4.1.2.6", NULL, NULL,
                     "ask for another subject; for the CA's own next key, use a policy with rollover",
                     "subject: it is the name of %s, which a CA below can't have", namesake);
    }
}

/** Validators tell an end entity from its namesake by the key identifiers, which each certificate here has; people don't. */
static void judge_end_name(struct judgement *judgement)
{
    const char *namesake = find_namesake(judgement);
    if (namesake != NULL)
        judge_note(judgement, "subject.issuer", "RFC 5280 4.1.2.6", NULL,
                   "subject: it is the name of %s; only their key identifiers tell the two apart", namesake);
}

static void judge_ca(struct judgement *judgement)
{
    struct template *template = judgement->template;
    const struct rule_ca *rule = judgement->rules->ca;
    const struct request *request = judgement->question->request;
    const struct policy_issuer *issuer = judgement->question->issuer;
    if (rule == NULL) {
        if (request->has_basic_constraints && request->asks_for_ca)
            judge_refuse(judgement, "ca", "RFC 5280 4.2.1.9", "CA:TRUE", NULL,
                         "leave basicConstraints out of the request",
                         "basic constraints: it asks to be a CA, which this policy never grants");
        judge_end_name(judgement);
        return;
    }
    template->is_ca = true;
    judge_ca_name(judgement);
    if (rule->path_len != NULL)
        template->path_len = (int)*rule->path_len;
    if (issuer == NULL || issuer->path_len < 0)
        return;
    if (issuer->path_len == 0)
        judge_refuse(judgement, "ca.path_len", "RFC 5280 4.2.1.9", NULL, NULL, NULL,
                     "path length: no CA may be below this issuer");
    else if (template->path_len < 0 || template->path_len >= issuer->path_len)
        judge_refuse(judgement, "ca.path_len", "RFC 5280 4.2.1.9", NULL, NULL,
                     "a smaller path_len in the policy", "path length: it must be below the issuer's %d",
                     issuer->path_len);
}

void judge_usage(struct judgement *judgement)
{
    judge_ca(judgement);
    judge_key_usage(judgement);
    judge_extended_key_usage(judgement);
}
