/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/uri.h"

#include "base/cleanup.h"
#include "base/memory.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SUB_DELIMS "!$&'()*+,;="
#define UNRESERVED_MARKS "-._~"
#define HOST_MAX_LEN 253
#define LABEL_MAX_LEN 63

/** Whether every character is unreserved, a percent triplet or one of others (RFC 3986 2). */
static bool has_only(struct bytes text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '%') {
            if (text.len - i < 3 || !isxdigit(text.data[i + 1]) || !isxdigit(text.data[i + 2]))
                return false;
            continue;
        }
        bool is_unreserved =
            byte < 0x80 && byte != '\0' && (isalnum(byte) || strchr(UNRESERVED_MARKS, byte) != NULL);
        if (!is_unreserved && (byte == '\0' || strchr(others, byte) == NULL))
            return false;
    }
    return true;
}

/** Where one of these characters first stands; the length if none does. */
static size_t find_any(struct bytes text, const char *characters)
{
    size_t at = 0;
    while (at < text.len && (text.data[at] == '\0' || strchr(characters, text.data[at]) == NULL))
        at++;
    return at;
}

static struct bytes after(struct bytes text, size_t at)
{
    return bytes_slice(text, at, text.len);
}

static bool is_label(struct bytes label)
{
    if (label.len == 0 || label.len > LABEL_MAX_LEN || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        if (label.data[i] >= 0x80 ||
            (!isalnum(label.data[i]) && label.data[i] != '-' && label.data[i] != '_'))
            return false;
    }
    return true;
}

bool uri_host_is_name(struct bytes host)
{
    size_t start = 0;
    struct bytes label = {.data = NULL};
    if (host.len == 0 || host.len > HOST_MAX_LEN)
        return false;
    for (size_t i = 0; i <= host.len; i++) {
        if (i < host.len && host.data[i] != '.')
            continue;
        label = bytes_slice(host, start, i - start);
        if (!is_label(label))
            return false;
        start = i + 1;
    }
    // A host that ends in a number is an IPv4 address to every client, a broken one too.
    for (size_t i = 0; i < label.len; i++) {
        if (!isdigit(label.data[i]))
            return true;
    }
    return false;
}

static bool is_address(int family, struct bytes text)
{
    uint8_t address[16];
    AUTO(free) char *copy = memory_text_of(text.data, text.len);
    return strlen(copy) == text.len && inet_pton(family, copy, address) == 1;
}

static bool is_port(struct bytes digits)
{
    unsigned long port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (!isdigit(digits.data[i]))
            return false;
        port = port * 10 + (unsigned long)(digits.data[i] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

/** [user@]host[:port] (RFC 3986 3.2); an "@" can't stand in a user or a host, so a second one is a fault. */
static bool read_authority(struct bytes authority, struct uri *uri, const char **ret_why)
{
    size_t at = find_any(authority, "@");
    bool has_user = at < authority.len;
    struct bytes host = has_user ? after(authority, at + 1) : authority;
    *ret_why = "has a user that RFC 3986 3.2.1 does not know";
    if (has_user && !has_only(bytes_slice(authority, 0, at), SUB_DELIMS ":"))
        return false;
    bool is_literal = host.len > 0 && host.data[0] == '[';
    size_t end = find_any(host, is_literal ? "]" : ":");
    size_t port = is_literal ? end + 1 : end;
    *ret_why = "has a host that is neither a host name nor an address";
    if (is_literal && end == host.len)
        return false;
    *ret_why = "has a port that is not a number up to 65535";
    if (port < host.len && (host.data[port] != ':' || !is_port(after(host, port + 1))))
        return false;
    host = is_literal ? bytes_slice(host, 1, end - 1) : bytes_slice(host, 0, end);
    *ret_why = "has a host that is neither a host name nor an address";
    uri->host = host;
    if (authority.len == 0)
        return true;
    if (is_address(is_literal ? AF_INET6 : AF_INET, host))
        uri->host_kind = URI_HOST_ADDRESS;
    else if (!is_literal && uri_host_is_name(host))
        uri->host_kind = URI_HOST_NAME;
    return uri->host_kind != URI_HOST_NONE;
}

/** Path, query and fragment (RFC 3986 3.3 to 3.5): a "#" begins the fragment and is in nothing else. */
static bool rest_is_valid(struct bytes rest)
{
    size_t at = find_any(rest, "?#");
    struct bytes path = bytes_slice(rest, 0, at);
    struct bytes tail = at < rest.len ? after(rest, at + 1) : bytes_of(NULL, 0);
    size_t hash = at < rest.len && rest.data[at] == '?' ? find_any(tail, "#") : tail.len;
    struct bytes fragment = hash < tail.len ? after(tail, hash + 1) : bytes_of(NULL, 0);
    return has_only(path, SUB_DELIMS ":@/") && has_only(bytes_slice(tail, 0, hash), SUB_DELIMS ":@/?") &&
           has_only(fragment, SUB_DELIMS ":@/?");
}

bool uri_read(struct bytes text, struct uri *ret_uri, const char **ret_why)
{
    struct uri uri = {.has_authority = false};
    size_t colon = find_any(text, ":");
    *ret_why = "has no scheme";
    if (colon == 0 || colon == text.len || !isalpha(text.data[0]))
        return false;
    for (size_t i = 1; i < colon; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x80 || (!isalnum(byte) && byte != '+' && byte != '-' && byte != '.'))
            return false;
    }
    struct bytes rest = after(text, colon + 1);
    *ret_why = "has nothing after its scheme";
    if (rest.len == 0)
        return false;
    uri.has_authority = rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/';
    if (uri.has_authority) {
        rest = after(rest, 2);
        size_t end = find_any(rest, "/?#");
        if (!read_authority(bytes_slice(rest, 0, end), &uri, ret_why))
            return false;
        rest = after(rest, end);
    }
    *ret_why = "has a character that no URI has, or a % without two hexadecimal digits";
    if (!rest_is_valid(rest))
        return false;
    *ret_uri = uri;
    return true;
}
