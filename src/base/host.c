/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_ipv6(struct bytes text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    struct in6_addr address;
    if (text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']')
        text = bytes_slice(text, 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

static bool is_ipv4(struct bytes text)
{
    char copy[INET_ADDRSTRLEN];
    struct in_addr address;
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return inet_pton(AF_INET, copy, &address) == 1;
}

/** WHATWG URL, "ends in a number": digits, or what inet_aton() takes for hexadecimal. */
static bool is_number(struct bytes label)
{
    bool is_hex = label.len >= 2 && label.data[0] == '0' && (label.data[1] == 'x' || label.data[1] == 'X');
    for (size_t i = is_hex ? 2 : 0; i < label.len; i++) {
        if (is_hex ? !isxdigit(label.data[i]) : !isdigit(label.data[i]))
            return false;
    }
    return label.len > 0;
}

enum host_kind host_kind_of(struct bytes text)
{
    if (text.len > 0 && text.data[text.len - 1] == '.')
        text.len--;
    if (is_ipv4(text) || is_ipv6(text))
        return HOST_ADDRESS;
    const uint8_t *dot = text.len > 0 ? memrchr(text.data, '.', text.len) : NULL;
    size_t start = dot == NULL ? 0 : (size_t)(dot - text.data) + 1;
    return is_number(bytes_slice(text, start, text.len - start)) ? HOST_NUMBER : HOST_NAME;
}
