/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/subtree.h"

#include "policy/issuer.h"
#include "policy/rules.h"
#include "policy/uri.h"

#include <strings.h>

static bool is_same_host(struct bytes a, struct bytes b)
{
    return a.len == b.len &&
           (a.len == 0 || strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0);
}

/** Splits a mailbox at its last "@". \return false: there is none */
static bool split_mailbox(struct bytes mailbox, struct bytes *ret_local, struct bytes *ret_host)
{
    const uint8_t *at = mailbox.len > 0 ? memrchr(mailbox.data, '@', mailbox.len) : NULL;
    if (at == NULL)
        return false;
    *ret_local = bytes_of(mailbox.data, (size_t)(at - mailbox.data));
    *ret_host = bytes_of(at + 1, mailbox.len - ret_local->len - 1);
    return true;
}

static bool is_same_mailbox(struct bytes a, struct bytes b)
{
    struct bytes local_a, local_b, host_a, host_b;
    return split_mailbox(a, &local_a, &host_a) && split_mailbox(b, &local_b, &host_b) &&
           bytes_equal(local_a, local_b) && is_same_host(host_a, host_b);
}

/** Equal but for the case of the host. */
static bool is_same_uri(struct bytes a, struct bytes b)
{
    struct uri uri_a, uri_b;
    const char *ignored = NULL;
    if (bytes_equal(a, b))
        return true;
    if (a.len != b.len || !uri_read(a, &uri_a, &ignored) || !uri_read(b, &uri_b, &ignored) ||
        uri_a.host_kind == URI_HOST_NONE || !is_same_host(uri_a.host, uri_b.host) ||
        uri_a.host.data - a.data != uri_b.host.data - b.data)
        return false;
    size_t start = (size_t)(uri_a.host.data - a.data);
    size_t end = start + uri_a.host.len;
    return memcmp(a.data, b.data, start) == 0 && memcmp(a.data + end, b.data + end, a.len - end) == 0;
}

bool name_is_same(enum san_kind kind, struct bytes a, struct bytes b)
{
    if (a.len == 0 || b.len == 0)
        return false;
    if (kind == SAN_DNS)
        return is_same_host(a, b);
    if (kind == SAN_EMAIL)
        return is_same_mailbox(a, b);
    if (kind == SAN_URI)
        return is_same_uri(a, b);
    return bytes_equal(a, b);
}

/** host ends in ".domain"; domain may bring its dot. */
static bool is_below(struct bytes host, struct bytes domain)
{
    struct bytes bare = domain.len > 0 && domain.data[0] == '.' ? bytes_slice(domain, 1, domain.len) : domain;
    if (bare.len == 0 || host.len < bare.len + 2)
        return false;
    size_t start = host.len - bare.len;
    return host.data[start - 1] == '.' && is_same_host(bytes_slice(host, start, bare.len), bare);
}

static bool dns_is_within(struct bytes host, struct bytes domain)
{
    return domain.len == 0 || is_same_host(host, domain) || is_below(host, domain);
}

/** A URI's or mailbox's host: the domain itself, or with a leading dot what is below it and not itself. */
static bool host_is_within(struct bytes host, struct bytes domain)
{
    return domain.len > 0 && domain.data[0] == '.' ? is_below(host, domain) : is_same_host(host, domain);
}

static bool email_is_within(struct bytes email, struct bytes subtree)
{
    struct bytes local, host;
    if (!split_mailbox(email, &local, &host))
        return false;
    if (subtree.len > 0 && memchr(subtree.data, '@', subtree.len) != NULL)
        return is_same_mailbox(email, subtree);
    return host_is_within(host, subtree);
}

static bool uri_is_within(struct bytes text, struct bytes subtree)
{
    struct uri uri;
    const char *ignored = NULL;
    return uri_read(text, &uri, &ignored) && uri.host_kind == URI_HOST_NAME &&
           host_is_within(uri.host, subtree);
}

/** The subtree is address and mask. */
static bool ip_is_within(struct bytes address, struct bytes subtree)
{
    if (address.len == 0 || subtree.len != address.len * 2)
        return false;
    for (size_t i = 0; i < address.len; i++) {
        if (((address.data[i] ^ subtree.data[i]) & subtree.data[address.len + i]) != 0)
            return false;
    }
    return true;
}

bool subtree_permits(enum san_kind kind, struct bytes name, struct bytes subtree)
{
    switch (kind) {
    case SAN_DNS:
        return dns_is_within(name, subtree);
    case SAN_EMAIL:
        return email_is_within(name, subtree);
    case SAN_URI:
        return uri_is_within(name, subtree);
    case SAN_IP:
        return ip_is_within(name, subtree);
    default:
        return false;
    }
}

/** "*.X" stands for every name one label below X, so also for the excluded "a.X" (Go's CVE-2025-61727). */
static bool wildcard_covers(struct bytes name, struct bytes subtree)
{
    if (name.len < 3 || name.data[0] != '*' || subtree.len == 0)
        return false;
    const uint8_t *dot = memchr(subtree.data, '.', subtree.len);
    if (dot == NULL)
        return false;
    size_t first = (size_t)(dot - subtree.data);
    return is_same_host(bytes_slice(name, 1, name.len), bytes_slice(subtree, first, subtree.len));
}

/**
 * An excluded mailbox in another case is the same to most mail servers, and to Java; RFC 5280 7.5 compares what is before the "@" exactly.
 */
static bool is_mailbox_in_any_case(struct bytes name, struct bytes subtree)
{
    return memchr(subtree.data, '@', subtree.len) != NULL && is_same_host(name, subtree);
}

bool subtree_excludes(enum san_kind kind, struct bytes name, struct bytes subtree)
{
    bool is_every_host = (kind == SAN_EMAIL || kind == SAN_URI) && subtree.len == 0;
    return is_every_host || subtree_permits(kind, name, subtree) ||
           (kind == SAN_DNS && wildcard_covers(name, subtree)) ||
           (kind == SAN_EMAIL && is_mailbox_in_any_case(name, subtree));
}

bool subtree_is_known(enum san_kind kind)
{
    return kind == SAN_DNS || kind == SAN_EMAIL || kind == SAN_URI || kind == SAN_IP;
}

static bool is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    }
    return true;
}

/** Labels as Go's crypto/x509 reads them: of any printable characters, none empty. */
static const char *domain_fault(struct bytes domain)
{
    bool is_start = true;
    if (!is_printable(domain))
        return "is not of printable ASCII characters";
    for (size_t i = 0; i < domain.len; i++) {
        if (domain.data[i] == '.' && is_start)
            return "has an empty label";
        is_start = domain.data[i] == '.';
    }
    return domain.len > 0 && is_start ? "ends in a dot" : NULL;
}

static const char *mask_fault(struct bytes value)
{
    bool has_ended = false;
    if (value.len != 8 && value.len != 32)
        return "is not an address and a mask";
    for (size_t bit = value.len / 2 * 8; bit < value.len * 8; bit++) {
        bool is_set = (value.data[bit / 8] >> (7 - bit % 8) & 1) != 0;
        if (is_set && has_ended)
            return "has a mask with gaps";
        has_ended = !is_set;
    }
    return NULL;
}

static bool is_address(struct bytes domain)
{
    struct cidr address;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_bytes(&text, domain);
    return address_parse(builder_text(&text), &address);
}

/** The quoted form is one for some readers. */
static bool is_local_part(struct bytes local)
{
    return mailbox_local_is_valid(local) || (local.len > 1 && local.data[0] == '"');
}

const char *policy_constraint_fault(const struct template_name *subtree)
{
    struct bytes local, host;
    struct bytes value = bytes_of(subtree->value, subtree->value_len);
    if (subtree->kind == SAN_IP)
        return mask_fault(value);
    if ((subtree->kind != SAN_DNS && subtree->kind != SAN_URI && subtree->kind != SAN_EMAIL) ||
        value.len == 0)
        return NULL;
    if (subtree->kind == SAN_EMAIL && split_mailbox(value, &local, &host))
        return !is_printable(local)                     ? "is not of printable ASCII characters"
               : host.len == 0 || !is_local_part(local) ? "is neither a mailbox nor its host"
                                                        : domain_fault(host);
    struct bytes domain = value.data[0] == '.' ? bytes_slice(value, 1, value.len) : value;
    if (subtree->kind == SAN_URI && domain_fault(domain) == NULL && is_address(domain))
        return "is an address, where a host is wanted";
    return domain_fault(domain);
}
