/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/chain.h"

#include "base/der.h"
#include "base/memory.h"
#include "base/time.h"
#include "cert/name.h"
#include "cert/parts.h"

#include <stdlib.h>
#include <string.h>

/** One certificate of the chain. */
struct link {
    const struct cert_parts *parts;
    char *subject; /**< escaped */
};

/** A chain; links[0] is the issuer. */
struct chain {
    struct link *links;
    size_t count;
};

void cert_chain_report_done(struct cert_chain_report *report)
{
    findings_done(&report->faults);
    findings_done(&report->notices);
}

static void judge_dates(const struct link *link, int64_t now, struct findings *faults)
{
    char from[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    const struct cert_parts *parts = link->parts;
    (void)time_format(parts->not_before, from);
    (void)time_format(parts->not_after, until);
    if (parts->not_after < parts->not_before)
        findings_say(faults, "chain.validity", "RFC 5280 4.1.2.5", "%s: it ends %s, before it begins %s",
                     link->subject, until, from);
    else if (now > parts->not_after)
        findings_say(faults, "chain.expired", "RFC 5280 6.1.3", "%s: it ended %s", link->subject, until);
    else if (now < parts->not_before)
        findings_say(faults, "chain.not-yet-valid", "RFC 5280 6.1.3", "%s: it begins %s", link->subject,
                     from);
}

/** The extensions of id-ce that every validator processes, so that they may be critical. */
static bool is_processed(struct bytes oid)
{
    static const uint8_t processed[] = {15, 17, 19, 30, 31, 32, 33, 36, 37, 54};
    if (oid.len != 3 || oid.data[0] != 0x55 || oid.data[1] != 0x1d)
        return false;
    return memchr(processed, oid.data[2], sizeof(processed)) != NULL;
}

static void judge_extensions(const struct link *link, struct cert_chain_report *report)
{
    struct bytes cursor = link->parts->extensions;
    struct parts_seen seen = {.count = 0};
    struct cert_extension extension;
    while (parts_next_extension(&cursor, &extension)) {
        char oid[128];
        if (!der_oid_text(extension.oid, oid, sizeof(oid)))
            memcpy(oid, "?", 2);
        if (extension.is_critical && !is_processed(extension.oid))
            findings_say(&report->faults, "chain.critical", "RFC 5280 4.2",
                         "%s: its critical extension %s is unknown to validators", link->subject, oid);
        if (parts_is_repeated(&seen, extension.oid))
            findings_say(&report->faults, "chain.extension-twice", "RFC 5280 4.2",
                         "%s: the extension %s is there twice", link->subject, oid);
    }
    if (cursor.len > 0)
        findings_say(&report->faults, "chain.extensions", "RFC 5280 4.1.2.9", "%s: an extension is damaged",
                     link->subject);
}

/** What RFC 5280 demands of a CA and only strict validators look at. */
static void judge_strictness(const struct link *link, struct findings *notices)
{
    struct cert_extension extension;
    if (parts_find(link->parts, 19, &extension) && !extension.is_critical)
        findings_say(notices, "chain.basic-constraints", "RFC 5280 4.2.1.9",
                     "%s: its basicConstraints is not critical; strict validators reject it", link->subject);
    if (!parts_find(link->parts, 15, &extension))
        findings_say(notices, "chain.key-usage", "RFC 5280 4.2.1.3",
                     "%s: it has no keyUsage; strict validators reject it", link->subject);
    if (parts_find(link->parts, 30, &extension) && !extension.is_critical)
        findings_say(notices, "chain.name-constraints", "RFC 5280 4.2.1.10",
                     "%s: its name constraints are not critical", link->subject);
}

static void judge_any_usage(const struct link *link, struct findings *notices)
{
    static const uint8_t any[] = {0x06, 0x04, 0x55, 0x1d, 0x25, 0x00};
    struct cert_extension extension;
    if (parts_find(link->parts, 37, &extension) &&
        memmem(extension.value.data, extension.value.len, any, sizeof(any)) != NULL)
        findings_say(notices, "chain.any-usage", "RFC 5280 4.2.1.12",
                     "%s: anyExtendedKeyUsage in a CA allows every purpose, whatever stands beside it",
                     link->subject);
}

/** Whether the last certificate is signed by its own key. */
static bool ends_in_itself(const struct cert_parts *last)
{
    struct public_key_facts facts;
    struct error ignored = ERROR_INIT;
    AUTO(public_key_free) struct public_key *key = NULL;
    return bytes_equal(last->issuer, last->subject) && public_key_read(last->spki, &facts, &ignored) &&
           public_key_new(&facts, &key, &ignored) &&
           public_key_verify(key, signature_of_der(last->algorithm), last->tbs, last->signature, &ignored);
}

static void add_sans(const struct cert_parts *parts, struct template *names)
{
    struct cert_extension extension;
    struct bytes list;
    if (!parts_find(parts, 17, &extension) || !der_take(&extension.value, DER_SEQUENCE, &list))
        return;
    while (list.len > 0) {
        uint8_t tag;
        struct bytes value;
        struct bytes whole;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        if (!der_take_any(&list, &tag, &value, &whole) || !name_general_text(whole, &text))
            return;
        names->sans = memory_grow(names->sans, names->sans_count + 1, sizeof(*names->sans));
        names->sans[names->sans_count++] = (struct template_name){
            .kind = (enum san_kind)(tag & 0x1f),
            .value = (uint8_t *)memory_text_of(value.data, value.len),
            .value_len = value.len,
            .text = builder_take_text(&text),
        };
    }
}

/** The names of one CA as a template, to be held against the constraints above it. */
static struct template *names_of(const struct cert_parts *parts)
{
    struct template *names = template_new();
    struct policy_name subject;
    if (name_parts(parts->subject, &subject)) {
        names->attributes = subject.attributes; // the template owns them now
        names->attributes_count = subject.attributes_count;
    }
    names->is_ca = true;
    add_sans(parts, names);
    return names;
}

/** RFC 5280 6.1.4 b and c: a CA's own names are inside the constraints of all above it, unless it is self-issued. */
static void judge_names(const struct chain *chain, const struct policy_issuer *facts, struct findings *faults)
{
    size_t next = 0;
    for (size_t above = 0; above < chain->count; above++) {
        struct cert_extension extension;
        if (!parts_find(chain->links[above].parts, 30, &extension))
            continue;
        const struct policy_constraints *constraints = &facts->constraints[next++];
        for (size_t i = 0; i < above; i++) {
            const struct link *link = &chain->links[i];
            AUTO(findings_done) struct findings found = FINDINGS_INIT;
            AUTO(template_free) struct template *names = names_of(link->parts);
            if (bytes_equal(link->parts->issuer, link->parts->subject))
                continue;
            policy_constraints_judge(names, constraints, &found);
            for (size_t j = 0; j < found.count; j++)
                findings_say(faults, "chain.names", "RFC 5280 6.1.4", "%s: below %s, %s", link->subject,
                             chain->links[above].subject, found.items[j].text);
        }
    }
}

static bool is_known(enum san_kind kind)
{
    return kind == SAN_DNS || kind == SAN_EMAIL || kind == SAN_URI || kind == SAN_IP || kind == SAN_DIRECTORY;
}

static void judge_subtree(const struct template_name *name, struct cert_chain_report *report)
{
    const char *fault = policy_constraint_fault(name);
    if (!is_known(name->kind))
        findings_say(&report->faults, "chain.constraint-kind", "RFC 5280 4.2.1.10",
                     "name constraints of the kind %s, which coldca can't apply", san_kind_name(name->kind));
    else if (fault != NULL)
        findings_say(&report->faults, "chain.constraint-value", "RFC 5280 4.2.1.10",
                     "the name constraint %s %s, so some validators can't read the CA's certificate",
                     name->text, fault);
    else if (name->kind == SAN_DNS && name->value_len > 0 && name->value[0] == '.')
        findings_say(&report->notices, "chain.constraint-dot", "RFC 5280 4.2.1.10",
                     "the name constraint %s has a leading dot, which some validators reject", name->text);
}

static void judge_subtrees(const struct policy_issuer *facts, struct cert_chain_report *report)
{
    for (size_t i = 0; i < facts->constraints_count; i++) {
        const struct policy_constraints *constraints = &facts->constraints[i];
        if (constraints->permitted_count + constraints->excluded_count == 0)
            findings_say(&report->faults, "chain.constraint-value", "RFC 5280 4.2.1.10",
                         "name constraints that are empty, so some validators can't read the CA's "
                         "certificate");
        for (size_t j = 0; j < constraints->permitted_count; j++)
            judge_subtree(&constraints->permitted[j], report);
        for (size_t j = 0; j < constraints->excluded_count; j++)
            judge_subtree(&constraints->excluded[j], report);
    }
}

static void judge_whole(const struct policy_issuer *facts, struct cert_chain_report *report)
{
    struct findings *faults = &report->faults;
    if (facts->has_extended_key_usage && facts->extended_key_usage_count == 0)
        findings_say(
            faults, "chain.purposes", "RFC 5280 4.2.1.12",
            "the extended key usages of its certificates have none in common, so nothing below is good "
            "for anything");
    if (facts->has_no_policy_left)
        findings_say(
            faults, "chain.policies", "RFC 5280 6.1.5",
            "it demands a certificate policy (requireExplicitPolicy) and leaves none, so nothing below "
            "is valid");
    judge_subtrees(facts, report);
}

static struct link link_of(const struct cert_parts *parts)
{
    AUTO(builder_done) struct builder subject = BUILDER_INIT;
    if (!name_text(parts->subject, &subject))
        abort(); // cert_issuer_read() has read it before
    return (struct link){.parts = parts, .subject = builder_take_text(&subject)};
}

void cert_chain_judge(const struct cert_issuer *issuer, int64_t now, struct cert_chain_report *ret_report)
{
    const struct policy_issuer *facts = cert_issuer_facts(issuer);
    struct chain chain = {.count = cert_issuer_above_count(issuer) + 1};
    chain.links = memory_new(chain.count, sizeof(*chain.links));
    *ret_report = (struct cert_chain_report){.is_complete = false};
    for (size_t i = 0; i < chain.count; i++) {
        chain.links[i] = link_of(issuer_parts(issuer, i));
        judge_dates(&chain.links[i], now, &ret_report->faults);
        judge_extensions(&chain.links[i], ret_report);
        judge_strictness(&chain.links[i], &ret_report->notices);
        judge_any_usage(&chain.links[i], &ret_report->notices);
    }
    ret_report->is_complete = ends_in_itself(chain.links[chain.count - 1].parts);
    judge_names(&chain, facts, &ret_report->faults);
    judge_whole(facts, ret_report);
    for (size_t i = 0; i < chain.count; i++)
        free(chain.links[i].subject);
    free(chain.links);
}
