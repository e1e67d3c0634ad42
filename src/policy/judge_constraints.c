#include "base/memory.h"
#include "policy/rules.h"

#include <string.h>
#include <strings.h>

/* Name constraints of the whole chain, applied at issuance and not left to verifiers (RFC 5280 4.2.1.10). */

/** host is the domain, or below it; a constraint with a leading dot wants at least one label more. */
static bool host_is_within(struct bytes host, struct bytes domain, bool wants_exact_or_below)
{
    if (domain.len == 0)
        return true;
    bool has_dot = domain.data[0] == '.';
    struct bytes bare = has_dot ? bytes_slice(domain, 1, domain.len - 1) : domain;
    if (host.len == bare.len)
        return !has_dot && strncasecmp((const char *)host.data, (const char *)bare.data, bare.len) == 0;
    if (host.len < bare.len + 1 || (!has_dot && !wants_exact_or_below))
        return false;
    const uint8_t *tail = host.data + host.len - bare.len;
    return tail[-1] == '.' && strncasecmp((const char *)tail, (const char *)bare.data, bare.len) == 0;
}

static bool email_is_within(struct bytes email, struct bytes constraint)
{
    const uint8_t *at = email.len > 0 ? memrchr(email.data, '@', email.len) : NULL;
    if (at == NULL)
        return false;
    size_t local_len = (size_t)(at - email.data);
    struct bytes host = bytes_of(at + 1, email.len - local_len - 1);
    const uint8_t *constraint_at = constraint.len > 0 ? memrchr(constraint.data, '@', constraint.len) : NULL;
    if (constraint_at == NULL)
        return host_is_within(host, constraint, false);
    // A whole mailbox: the local part is compared exactly, the host without case.
    return email.len == constraint.len && memcmp(email.data, constraint.data, local_len + 1) == 0 &&
           strncasecmp((const char *)host.data, (const char *)constraint.data + local_len + 1, host.len) == 0;
}

/** The host of scheme://[user@]host[:port]/...; empty if there is none (then no constraint can be met). */
static struct bytes uri_host(struct bytes uri)
{
    const uint8_t *start = memmem(uri.data, uri.len, "://", 3);
    if (start == NULL)
        return bytes_of(NULL, 0);
    size_t offset = (size_t)(start - uri.data) + 3;
    struct bytes rest = bytes_slice(uri, offset, uri.len - offset);
    size_t len = 0;
    while (len < rest.len && strchr("/?#", rest.data[len]) == NULL)
        len++;
    struct bytes authority = bytes_of(rest.data, len);
    const uint8_t *at = len > 0 ? memrchr(authority.data, '@', len) : NULL;
    if (at != NULL)
        authority = bytes_of(at + 1, len - (size_t)(at + 1 - authority.data));
    const uint8_t *colon = authority.len > 0 ? memchr(authority.data, ':', authority.len) : NULL;
    return colon == NULL ? authority : bytes_of(authority.data, (size_t)(colon - authority.data));
}

static bool ip_is_within(struct bytes address, struct bytes constraint)
{
    if (constraint.len != address.len * 2)
        return false;
    for (size_t i = 0; i < address.len; i++) {
        if (((address.data[i] ^ constraint.data[i]) & constraint.data[address.len + i]) != 0)
            return false;
    }
    return true;
}

static bool is_within(enum san_kind kind, struct bytes name, const struct template_name *constraint)
{
    struct bytes value = bytes_of(constraint->value, constraint->value_len);
    switch (kind) {
    case SAN_DNS:
        return host_is_within(name, value, true);
    case SAN_EMAIL:
        return email_is_within(name, value);
    case SAN_URI: {
        struct bytes host = uri_host(name);
        return host.len > 0 && host_is_within(host, value, false);
    }
    case SAN_IP:
        return ip_is_within(name, value);
    default:
        return bytes_equal(name, value);
    }
}

static void judge_one(struct judgement *judgement, const struct policy_constraints *constraints,
                      enum san_kind kind, struct bytes name, const char *text)
{
    bool has_kind = false;
    bool is_permitted = false;
    for (size_t i = 0; i < constraints->permitted_count; i++) {
        if (constraints->permitted[i].kind != kind)
            continue;
        has_kind = true;
        is_permitted = is_permitted || is_within(kind, name, &constraints->permitted[i]);
    }
    if (has_kind && !is_permitted)
        judge_refuse(judgement, "name_constraints", "RFC 5280 4.2.1.10", text, NULL,
                     "use a CA that may issue for this name",
                     "%s \"%s\" is outside the names the issuer may certify", san_kind_name(kind), text);
    for (size_t i = 0; i < constraints->excluded_count; i++) {
        if (constraints->excluded[i].kind == kind && is_within(kind, name, &constraints->excluded[i]))
            judge_refuse(judgement, "name_constraints", "RFC 5280 4.2.1.10", text, NULL,
                         "use a CA that may issue for this name",
                         "%s \"%s\" is among the names the issuer must not certify (%s)", san_kind_name(kind),
                         text, constraints->excluded[i].text);
    }
}

/** Subject constraints need the encoded Name; a chain that has them and a subject is refused unless it is equal. */
static bool has_directory(const struct policy_constraints *constraints)
{
    for (size_t i = 0; i < constraints->permitted_count; i++) {
        if (constraints->permitted[i].kind == SAN_DIRECTORY)
            return true;
    }
    for (size_t i = 0; i < constraints->excluded_count; i++) {
        if (constraints->excluded[i].kind == SAN_DIRECTORY)
            return true;
    }
    return false;
}

void judge_constraints(struct judgement *judgement)
{
    const struct template *template = judgement->template;
    const struct policy_issuer *issuer = judgement->question->issuer;
    for (size_t i = 0; issuer != NULL && i < issuer->constraints_count; i++) {
        const struct policy_constraints *constraints = &issuer->constraints[i];
        for (size_t j = 0; j < template->sans_count; j++)
            judge_one(judgement, constraints, template->sans[j].kind,
                      bytes_of(template->sans[j].value, template->sans[j].value_len), template->sans[j].text);
        for (size_t j = 0; j < template->attributes_count; j++) {
            if (strcmp(template->attributes[j].field, "emailAddress") == 0)
                judge_one(judgement, constraints, SAN_EMAIL, bytes_of_text(template->attributes[j].value),
                          template->attributes[j].value);
        }
        // Comparing directory names needs RFC 4518 preparation; refusing is the safe answer coldca can give.
        if (template->attributes_count > 0 && has_directory(constraints))
            judge_refuse(judgement, "name_constraints", "RFC 5280 4.2.1.10", NULL, NULL,
                         "use a CA without directoryName constraints",
                         "subject: the issuer's directoryName constraints can't be compared; coldca refuses "
                         "what it can't check");
    }
}
