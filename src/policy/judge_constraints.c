/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "policy/directory.h"
#include "policy/rules.h"
#include "policy/subtree.h"
#include "policy/uri.h"

#include <ctype.h>
#include <stdlib.h>

/* Name constraints of the whole chain, applied at issuance and not left to verifiers (RFC 5280 4.2.1.10). */

#define SOURCE "RFC 5280 4.2.1.10"
#define REMEDY "use a CA that may issue for this name"

static bool is_constrained(const struct policy_constraints *constraints, enum san_kind kind)
{
    for (size_t i = 0; i < constraints->permitted_count; i++) {
        if (constraints->permitted[i].kind == kind)
            return true;
    }
    for (size_t i = 0; i < constraints->excluded_count; i++) {
        if (constraints->excluded[i].kind == kind)
            return true;
    }
    return false;
}

/** A URI that no constraint can be applied to is refused under every one, permitted or excluded. */
static bool refuse_hostless_uri(struct judgement *judgement, struct bytes name, const char *text)
{
    struct uri uri = {.has_authority = false};
    const char *ignored = NULL;
    if (uri_read(name, &uri, &ignored) && uri.host_kind == URI_HOST_NAME)
        return false;
    judge_refuse(judgement, "name_constraints", SOURCE, text, "a URI with a host name",
                 "ask for a URI with a host name",
                 "uri \"%s\" has %s, so the issuer's URI constraints can't be met", text,
                 uri.host_kind == URI_HOST_ADDRESS ? "an address for a host" : "no host");
    return true;
}

static bool is_permitted(const struct policy_constraints *constraints, enum san_kind kind, struct bytes name)
{
    bool has_kind = false;
    for (size_t i = 0; i < constraints->permitted_count; i++) {
        const struct template_name *permitted = &constraints->permitted[i];
        if (permitted->kind != kind)
            continue;
        has_kind = true;
        if (subtree_permits(kind, name, bytes_of(permitted->value, permitted->value_len)))
            return true;
    }
    return !has_kind;
}

/** \return the constraint that excludes the name; NULL if none does */
static const struct template_name *find_excluding(const struct policy_constraints *constraints,
                                                  enum san_kind kind, struct bytes name)
{
    for (size_t i = 0; i < constraints->excluded_count; i++) {
        const struct template_name *excluded = &constraints->excluded[i];
        if (excluded->kind == kind &&
            subtree_excludes(kind, name, bytes_of(excluded->value, excluded->value_len)))
            return excluded;
    }
    return NULL;
}

static void judge_name(struct judgement *judgement, const struct policy_constraints *constraints,
                       enum san_kind kind, struct bytes name, const char *what, const char *text)
{
    const struct template_name *excluded = find_excluding(constraints, kind, name);
    if (kind == SAN_URI && is_constrained(constraints, SAN_URI) && refuse_hostless_uri(judgement, name, text))
        return;
    if (!is_permitted(constraints, kind, name))
        judge_refuse(judgement, "name_constraints", SOURCE, text, NULL, REMEDY,
                     "%s \"%s\" is outside the names the issuer may certify", what, text);
    if (excluded != NULL)
        judge_refuse(judgement, "name_constraints", SOURCE, text, NULL, REMEDY,
                     "%s \"%s\" is among the names the issuer must not certify (%s)", what, text,
                     excluded->text);
}

static void judge_subject_name(struct judgement *judgement, const struct policy_constraints *constraints)
{
    const struct template *template = judgement->template;
    bool has_kind = false;
    bool is_within = false;
    if (template->attributes_count == 0)
        return;
    for (size_t i = 0; i < constraints->permitted_count; i++) {
        if (constraints->permitted[i].kind != SAN_DIRECTORY)
            continue;
        has_kind = true;
        is_within =
            is_within || directory_is_within(template, &constraints->permitted_names[i], DIRECTORY_EXACT);
    }
    if (has_kind && !is_within)
        judge_refuse(judgement, "name_constraints", SOURCE, NULL, NULL,
                     "ask for a subject that begins with the permitted name, spelled and encoded like it",
                     "subject: it is outside the directory names the issuer may certify");
    for (size_t i = 0; i < constraints->excluded_count; i++) {
        if (constraints->excluded[i].kind == SAN_DIRECTORY &&
            directory_is_within(template, &constraints->excluded_names[i], DIRECTORY_LOOSE))
            judge_refuse(judgement, "name_constraints", SOURCE, NULL, NULL, REMEDY,
                         "subject: it is among the directory names the issuer must not certify (%s)",
                         constraints->excluded[i].text);
    }
}

/** otherName, registeredID, x400Address, ediPartyName: some validators reject all that is below such a CA. */
static void refuse_unknown_kinds(struct judgement *judgement, const struct policy_constraints *constraints)
{
    static const enum san_kind unknown[] = {SAN_OTHER_NAME, SAN_RID, SAN_X400, SAN_EDI};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        if (is_constrained(constraints, unknown[i]))
            judge_refuse(judgement, "name_constraints", SOURCE, NULL, NULL,
                         "use a CA without constraints of this kind",
                         "the issuer has name constraints of the kind %s, which coldca can't apply",
                         san_kind_name(unknown[i]));
    }
}

static bool has_name(const struct template *template, enum san_kind kind)
{
    for (size_t i = 0; i < template->sans_count; i++) {
        if (template->sans[i].kind == kind)
            return true;
    }
    return false;
}

/** What OpenSSL, GnuTLS and Java take for a host: words of letters, digits, "_" and "-" with dots between them, an address as well. */
static bool is_like_host(const char *value)
{
    bool has_dot = false;
    const char *start = strncmp(value, "*.", 2) == 0 ? value + 2 : value;
    for (const char *at = start; *at != '\0'; at++) {
        bool is_inner = at > start && at[1] != '\0';
        if (isalnum((unsigned char)*at) || *at == '_' || (*at == '-' && is_inner))
            continue;
        if (*at != '.' || !is_inner || at[1] == '.' || at[1] == '-' || at[-1] == '-')
            return false;
        has_dot = true;
    }
    return has_dot;
}

static bool is_one_word(const char *value)
{
    return strchr(value, '.') == NULL && uri_host_is_name(bytes_of_text(value));
}

/** Validators hold a CN to the DNS constraints where no dNSName stands beside it (RFC 6125 6.4.4). */
static void judge_common_name(struct judgement *judgement, const struct policy_constraints *constraints,
                              const char *value)
{
    struct bytes name = bytes_of_text(value);
    bool is_outside =
        !is_permitted(constraints, SAN_DNS, name) || find_excluding(constraints, SAN_DNS, name) != NULL;
    if (is_one_word(value) && is_outside)
        judge_note(judgement, "name_constraints.cn", "RFC 6125 6.4.4", value,
                   "the CN \"%s\" is one word; some validators take it for a host outside the issuer's names",
                   value);
    if (is_like_host(value))
        judge_name(judgement, constraints, SAN_DNS, name, "the CN, which counts where there is no dns name,",
                   value);
}

/** Java holds a CN that is an address to the IP constraints where no iPAddress stands beside it. */
static void judge_common_address(struct judgement *judgement, const struct policy_constraints *constraints,
                                 const char *value)
{
    struct cidr address;
    if (address_parse(value, &address))
        judge_name(judgement, constraints, SAN_IP, bytes_of(address.address, address.len),
                   "the CN, which counts where there is no ip name,", value);
}

static void judge_attributes(struct judgement *judgement, const struct policy_constraints *constraints)
{
    const struct template *template = judgement->template;
    bool counts_host = is_constrained(constraints, SAN_DNS) && !has_name(template, SAN_DNS);
    bool counts_address = is_constrained(constraints, SAN_IP) && !has_name(template, SAN_IP);
    for (size_t i = 0; i < template->attributes_count; i++) {
        const struct template_attribute *attribute = &template->attributes[i];
        if (strcmp(attribute->oid, field_oid("emailAddress")) == 0)
            judge_name(judgement, constraints, SAN_EMAIL, bytes_of_text(attribute->value),
                       "subject emailAddress", attribute->value);
        if (strcmp(attribute->oid, field_oid("CN")) != 0)
            continue;
        if (counts_host)
            judge_common_name(judgement, constraints, attribute->value);
        if (counts_address)
            judge_common_address(judgement, constraints, attribute->value);
    }
}

static void judge_all(struct judgement *judgement, const struct policy_constraints *constraints)
{
    const struct template *template = judgement->template;
    for (size_t i = 0; i < template->sans_count; i++) {
        const struct template_name *san = &template->sans[i];
        judge_name(judgement, constraints, san->kind, bytes_of(san->value, san->value_len),
                   san_kind_name(san->kind), san->text);
    }
    judge_attributes(judgement, constraints);
    judge_subject_name(judgement, constraints);
    refuse_unknown_kinds(judgement, constraints);
}

void judge_constraints(struct judgement *judgement)
{
    const struct policy_issuer *issuer = judgement->question->issuer;
    for (size_t i = 0; issuer != NULL && i < issuer->constraints_count; i++)
        judge_all(judgement, &issuer->constraints[i]);
}

void policy_constraints_judge(const struct template *names, const struct policy_constraints *constraints,
                              struct findings *ret_findings)
{
    struct verdict verdict = {.is_allowed = false};
    struct judgement judgement = {.verdict = &verdict, .template = (struct template *)(uintptr_t)names};
    judge_all(&judgement, constraints); // reads the template only
    findings_copy(ret_findings, &verdict.findings);
    findings_done(&verdict.findings);
    findings_done(&verdict.notes);
}
