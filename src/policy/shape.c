/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"
#include "policy/subtree.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* From what a person typed to a template: subjects, SANs, and the shape of a request a policy would allow. */

/** Takes one "FIELD=VALUE" part; a backslash takes the next character as it is. \return the part's end */
static const char *take_part(const char *at, const char *ends, struct builder *ret_part)
{
    for (; *at != '\0' && strchr(ends, *at) == NULL; at++) {
        if (*at == '\\' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
            const char pair[] = {at[1], at[2], '\0'}; // RFC 4514 2.4: an octet in hex
            builder_add_u8(ret_part, (uint8_t)strtoul(pair, NULL, 16));
            at += 2;
            continue;
        }
        if (*at == '\\' && at[1] != '\0')
            at++;
        builder_add(ret_part, at, 1);
    }
    return at;
}

static bool add_part(struct template *template, const char *part, struct error *err)
{
    struct quoted buffer;
    const char *equals = strchr(part, '=');
    const char *start = part + strspn(part, " ");
    if (equals == NULL || equals == start)
        return error_set(err, ERROR_USAGE, 0, "subject: \"%s\" is not FIELD=VALUE, such as CN=My CA",
                         quoted_text(part, &buffer));
    AUTO(free) char *field = memory_text_of(start, (size_t)(equals - start));
    if (field_oid(field) == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "subject: \"%s\" is not a field coldca knows; C, ST, L, O, OU, CN, serialNumber, "
                         "emailAddress, ...",
                         quoted_text(field, &buffer));
    if (equals[1] == '\0' || !utf8_is_valid(bytes_of_text(equals + 1)))
        return error_set(err, ERROR_USAGE, 0, "subject: %s is empty or no UTF-8", field);
    template_add_attribute(template, field_name(field), bytes_of_text(equals + 1), 0);
    return true;
}

bool template_parse_subject(const char *text, struct template *template, struct error *err)
{
    const char *ends = *text == '/' ? "/" : ",";
    const char *at = *text == '/' ? text + 1 : text;
    if (*at == '\0')
        return error_set(err, ERROR_USAGE, 0,
                         "the subject is empty; write it like \"C=US,O=My Org,CN=name\"");
    while (*at != '\0') {
        AUTO(builder_done) struct builder part = BUILDER_INIT;
        at = take_part(at, ends, &part);
        if (strlen(builder_text(&part)) != part.len)
            return error_set(err, ERROR_USAGE, 0, "the subject has a NUL character (\\00) in it");
        if (!add_part(template, builder_text(&part), err))
            return false;
        if (*at != '\0' && *++at == '\0')
            return error_set(err, ERROR_USAGE, 0, "the subject ends with a \"%s\"", ends);
    }
    return true;
}

bool template_parse_san(const char *text, struct template *template, struct error *err)
{
    struct quoted buffer;
    struct template_name name = {.value = NULL};
    enum san_kind kind = SAN_DNS;
    const char *colon = strchr(text, ':');
    AUTO(free) char *type = memory_text_of(text, colon == NULL ? 0 : (size_t)(colon - text));
    for (char *at = type; *at != '\0'; at++)
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    if (colon == NULL || !san_kind_parse(type, &kind))
        return error_set(err, ERROR_USAGE, 0,
                         "san \"%s\" is none of dns:NAME, ip:ADDRESS, uri:URI, email:ADDRESS",
                         quoted_text(text, &buffer));
    if (kind == SAN_DNS && host_kind_of(bytes_of_text(colon + 1)) == HOST_ADDRESS)
        return error_set(err, ERROR_USAGE, 0, "san \"%s\": it is an IP address; write ip:%s",
                         quoted_text(text, &buffer), quoted_text(colon + 1, &(struct quoted){.text = ""}));
    if (!name_from_text(kind, colon + 1, true, &name, err))
        return false;
    if (!template_has_san(template, kind, bytes_of(name.value, name.value_len))) {
        template_add_san(template, &name);
        return true;
    }
    free(name.value);
    free(name.text);
    return true;
}

static bool has_field(const struct template *template, const char *field)
{
    for (size_t i = 0; i < template->attributes_count; i++) {
        if (strcmp(template->attributes[i].oid, field_oid(field)) == 0)
            return true;
    }
    return false;
}

/** The fields the policy takes from requests must be wished for; those it sets are written by it at signing. */
static bool shape_subject(const struct rules *rules, const struct policy_wish *wish,
                          struct template *template, struct error *err)
{
    struct quoted buffer;
    if (wish->subject != NULL && !template_parse_subject(wish->subject, template, err))
        return false;
    if (wish->cn != NULL && has_field(template, "CN"))
        return error_set(err, ERROR_USAGE, 0, "--cn and a CN in --subject: give one of them");
    if (wish->cn != NULL && (*wish->cn == '\0' || !utf8_is_valid(bytes_of_text(wish->cn))))
        return error_set(err, ERROR_USAGE, 0, "--cn \"%s\" is empty or no UTF-8",
                         quoted_text(wish->cn, &buffer));
    if (wish->cn != NULL)
        template_add_attribute(template, "CN", bytes_of_text(wish->cn), 0);
    for (unsigned i = 0; i < rules->subject_count; i++) {
        const struct rule_subject *rule = &rules->subject[i];
        if (rule->from != FROM_REQUEST || rule->optional || has_field(template, rule->field))
            continue;
        bool is_cn = strcmp(rule->field, "CN") == 0;
        return error_set(err, ERROR_USAGE, 0, "the policy %s needs subject %s%s%s; add %s", rules->policy,
                         rule->field, rule->match != NULL ? ", matching " : "",
                         rule->match != NULL ? rule->match : "", is_cn ? "--cn NAME" : "it to --subject");
    }
    return true;
}

/** The name a rule of the policy makes of this text, as judging makes it. */
static bool shape_name(const struct rules *rules, const struct rule_san *rule, const char *text,
                       struct template_name *ret_name, struct error *reason)
{
    unsigned taker = 0;
    struct template_name name = {.value = NULL};
    if (rule->type != SAN_DNS || host_kind_of(bytes_of_text(text)) != HOST_ADDRESS)
        return name_from_text(rule->type, text, rule->wildcard || rule->like_request, ret_name, reason);
    if (!address_name(rules, text, &name, &taker, reason))
        return false;
    if (taker == rules->san_count) {
        free(name.value);
        free(name.text);
        return error_set(reason, ERROR_USAGE, 0, "%s is an IP address that no ip rule takes", text);
    }
    *ret_name = name;
    return true;
}

static bool shape_sans(const struct policy *policy, const struct policy_wish *wish, struct template *template,
                       struct error *err)
{
    const struct rules *rules = policy->rules;
    struct policy_question question = {.variables = wish->variables,
                                       .variables_count = wish->variables_count};
    struct judgement judgement = {
        .policy = policy, .rules = rules, .question = &question, .template = template};
    for (unsigned i = 0; i < rules->san_count; i++) {
        struct error reason = ERROR_INIT;
        struct template_name name = {.value = NULL};
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        if (rules->san[i].from != FROM_POLICY)
            continue;
        bool is_made =
            judge_render(&judgement, rules->san[i].value, rules->san[i].type == SAN_URI, &value, &reason);
        if (!is_made && reason.kind == ERROR_USAGE && !rules->san[i].optional)
            return error_set(err, ERROR_USAGE, 0,
                             "the policy %s sets a SAN: %s; give it with --set or in the subject",
                             rules->policy, reason.text);
        // A value that makes no name is left to judging, which gives every reason.
        if (is_made && shape_name(rules, &rules->san[i], builder_text(&value), &name, &reason))
            template_add_san(template, &name);
    }
    for (size_t i = 0; i < wish->sans_count; i++) {
        if (!template_parse_san(wish->sans[i], template, err))
            return false;
    }
    return true;
}

bool policy_shape(const struct policy *policy, const struct policy_wish *wish, struct policy_shape *ret_shape,
                  struct error *err)
{
    AUTO(template_free) struct template *template = template_new();
    enum key_kind kind = KEY_OTHER;
    unsigned bits = 0;
    if (!policy_check_variables(policy, wish->variables, wish->variables_count, err) ||
        !shape_subject(policy->rules, wish, template, err) || !shape_sans(policy, wish, template, err))
        return false;
    if (!key_parse(policy->rules->key.allow[0], &kind, &bits))
        return error_set(err, ERROR_INPUT, 0, "the policy %s allows no key that coldca can make",
                         policy->rules->policy);
    *ret_shape = (struct policy_shape){.key_kind = kind, .key_bits = bits, .template = TAKE(template)};
    return true;
}

void policy_shape_done(struct policy_shape *shape)
{
    if (shape->template != NULL)
        template_free(shape->template);
    shape->template = NULL;
}
