/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host.h"
#include "base/memory.h"
#include "base/quote.h"
#include "policy/rules.h"
#include "policy/subtree.h"
#include "policy/uri.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Names of all kinds: what is valid, how text becomes octets. */

/* X520name's bound; also for fields that have none of their own. */
#define UB_NAME 32768
/* Go reads no arc of more, and with it none of the certificate. */
#define ARC_MAX 2147483647UL

static const struct {
    const char *field;
    const char *oid;
    size_t bound; /**< characters, RFC 5280 appendix A (ub-*) */
} fields[] = {
    {"CN", "2.5.4.3", 64},
    {"SN", "2.5.4.4", UB_NAME},
    {"serialNumber", "2.5.4.5", 64},
    {"C", "2.5.4.6", 2},
    {"L", "2.5.4.7", 128},
    {"ST", "2.5.4.8", 128},
    {"street", "2.5.4.9", 128},
    {"O", "2.5.4.10", 64},
    {"OU", "2.5.4.11", 64},
    {"title", "2.5.4.12", 64},
    {"GN", "2.5.4.42", UB_NAME},
    {"initials", "2.5.4.43", UB_NAME},
    {"generationQualifier", "2.5.4.44", UB_NAME},
    {"dnQualifier", "2.5.4.46", UB_NAME},
    {"pseudonym", "2.5.4.65", 128},
    {"organizationIdentifier", "2.5.4.97", UB_NAME},
    {"UID", "0.9.2342.19200300.100.1.1", 256},
    {"DC", "0.9.2342.19200300.100.1.25", 63},
    {"emailAddress", "1.2.840.113549.1.9.1", 255},
};

static const struct {
    const char *name;
    const char *oid;
} usages[] = {
    {"serverAuth", "1.3.6.1.5.5.7.3.1"},    {"clientAuth", "1.3.6.1.5.5.7.3.2"},
    {"codeSigning", "1.3.6.1.5.5.7.3.3"},   {"emailProtection", "1.3.6.1.5.5.7.3.4"},
    {"timeStamping", "1.3.6.1.5.5.7.3.8"},  {"OCSPSigning", "1.3.6.1.5.5.7.3.9"},
    {"anyExtendedKeyUsage", "2.5.29.37.0"},
};

bool is_dotted_oid(const char *text)
{
    unsigned long first = 0;
    size_t arcs = 0;
    for (const char *at = text;; at++) {
        char *end = NULL;
        if (!isdigit((unsigned char)*at) || (*at == '0' && isdigit((unsigned char)at[1])))
            return false;
        unsigned long arc = strtoul(at, &end, 10); // ULONG_MAX if it is beyond that
        // X.660 7.6: below 0 and 1 there are 40 arcs. The two share one number in DER.
        if (arc > ARC_MAX || (arcs == 0 && arc > 2) || (arcs == 1 && first < 2 && arc > 39) ||
            (arcs == 1 && first == 2 && arc > ARC_MAX - 80))
            return false;
        first = arcs == 0 ? arc : first;
        arcs++;
        at = end;
        if (*at == '\0')
            return arcs >= 2;
        if (*at != '.')
            return false;
    }
}

const char *rule_type_name(enum san_kind kind)
{
    return kind == SAN_OTHER_NAME ? "hardware" : san_kind_name(kind);
}

const char *usage_oid(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        if (strcmp(usages[i].name, name) == 0)
            return usages[i].oid;
    }
    return is_dotted_oid(name) ? name : NULL;
}

const char *extended_key_usage_name(const char *oid)
{
    for (size_t i = 0; i < ARRAY_LEN(usages); i++) {
        if (strcmp(usages[i].oid, oid) == 0)
            return usages[i].name;
    }
    return oid;
}

const char *field_oid(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (strcmp(fields[i].field, field) == 0)
            return fields[i].oid;
    }
    return is_dotted_oid(field) ? field : NULL;
}

const char *field_name(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (strcmp(fields[i].oid, field) == 0)
            return fields[i].field;
    }
    return field;
}

size_t field_bound(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (strcmp(fields[i].field, field) == 0)
            return fields[i].bound;
    }
    return UB_NAME;
}

static bool label_is_valid(const uint8_t *label, size_t len, const char **ret_why)
{
    if (len == 0 || len > 63) {
        *ret_why = "has an empty label or one of more than 63 characters";
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!isalnum(label[i]) && label[i] != '-') {
            *ret_why = "holds a character that no host name has";
            return false;
        }
    }
    if (label[0] == '-' || label[len - 1] == '-') {
        *ret_why = "has a label that starts or ends with a hyphen";
        return false;
    }
    // RFC 5890 2.3.1: "--" in places 3 and 4 is reserved for A-labels.
    if (len > 4 && label[2] == '-' && label[3] == '-' && strncasecmp((const char *)label, "xn", 2) != 0) {
        *ret_why = "has a label with \"--\" in the third place that is not an A-label";
        return false;
    }
    return true;
}

bool dns_is_valid(struct bytes name, bool may_be_wildcard, const char **ret_why)
{
    size_t start = 0;
    size_t labels = 0;
    if (name.len == 0 || name.len > 253) {
        *ret_why = "is empty or longer than 253 characters";
        return false;
    }
    enum host_kind kind = host_kind_of(name);
    if (kind != HOST_NAME) {
        *ret_why = kind == HOST_ADDRESS ? "is an IP address, which belongs in a name of the type ip"
                                        : "ends in a number, so clients take it for an IP address";
        return false;
    }
    bool is_wildcard = name.len > 2 && name.data[0] == '*' && name.data[1] == '.';
    if (is_wildcard && !may_be_wildcard) {
        *ret_why = "is a wildcard, which the rule does not allow";
        return false;
    }
    if (is_wildcard)
        start = 2;
    for (size_t i = start; i <= name.len; i++) {
        if (i < name.len && name.data[i] != '.')
            continue;
        if (i == name.len && i == start) {
            *ret_why = "ends with a dot";
            return false;
        }
        if (!label_is_valid(name.data + start, i - start, ret_why))
            return false;
        labels++;
        start = i + 1;
    }
    if (is_wildcard && labels < 2) {
        *ret_why = "is a wildcard over a whole top-level domain";
        return false;
    }
    return true;
}

bool cidr_parse(const char *text, struct cidr *ret_cidr)
{
    char *end = NULL;
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    AUTO(free) char *address = memory_text_of(text, len);
    if (inet_pton(AF_INET, address, ret_cidr->address) == 1)
        ret_cidr->len = 4;
    else if (inet_pton(AF_INET6, address, ret_cidr->address) == 1)
        ret_cidr->len = 16;
    else
        return false;
    ret_cidr->prefix = (unsigned)ret_cidr->len * 8;
    if (slash == NULL)
        return true;
    if (!isdigit((unsigned char)slash[1]))
        return false;
    unsigned long prefix = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || prefix > ret_cidr->len * 8)
        return false;
    ret_cidr->prefix = (unsigned)prefix;
    return true;
}

bool address_parse(const char *text, struct cidr *ret_address)
{
    return strchr(text, '/') == NULL && cidr_parse(text, ret_address);
}

bool cidr_holds(const char *cidr, struct bytes address)
{
    struct cidr network;
    if (!cidr_parse(cidr, &network) || network.len != address.len)
        return false;
    for (unsigned bit = 0; bit < network.prefix; bit++) {
        if (((network.address[bit / 8] ^ address.data[bit / 8]) & (0x80 >> bit % 8)) != 0)
            return false;
    }
    return true;
}

/** The quoted form is refused, for few readers agree on it. */
bool mailbox_local_is_valid(struct bytes local)
{
    if (local.len == 0 || local.len > 64 || local.data[0] == '.' || local.data[local.len - 1] == '.')
        return false;
    for (size_t i = 0; i < local.len; i++) {
        uint8_t byte = local.data[i];
        if (byte == '.' && local.data[i + 1] == '.') // the last one is none
            return false;
        if (byte >= 0x80 || byte == '\0' || (!isalnum(byte) && strchr(".!#$%&'*+-/=?^_`{|}~", byte) == NULL))
            return false;
    }
    return true;
}

static bool email_is_valid(const char *text)
{
    const char *why = NULL;
    const char *at = strrchr(text, '@');
    return at != NULL && mailbox_local_is_valid(bytes_of(text, (size_t)(at - text))) &&
           dns_is_valid(bytes_of_text(at + 1), false, &why);
}

/** RFC 5280 4.2.1.6: with an authority it has a host name or an address in it. */
static bool uri_is_valid(const char *text, const char **ret_why)
{
    struct uri uri;
    if (!uri_read(bytes_of_text(text), &uri, ret_why))
        return false;
    *ret_why = "has no host";
    return !uri.has_authority || uri.host_kind != URI_HOST_NONE;
}

bool name_from_text(enum san_kind kind, const char *text, bool may_be_wildcard,
                    struct template_name *ret_name, struct error *err)
{
    struct cidr address;
    const char *why = NULL;
    struct quoted buffer;
    (void)quoted_text(text, &buffer);
    if (kind == SAN_DNS && !dns_is_valid(bytes_of_text(text), may_be_wildcard, &why))
        return error_set(err, ERROR_USAGE, 0, "dns \"%s\" %s (RFC 1034 3.5)", buffer.text, why);
    if (kind == SAN_EMAIL && !email_is_valid(text))
        return error_set(err, ERROR_USAGE, 0,
                         "email \"%s\" is not a mailbox of ASCII characters (RFC 5280 4.2.1.6)", buffer.text);
    if (kind == SAN_URI && !uri_is_valid(text, &why))
        return error_set(err, ERROR_USAGE, 0, "uri \"%s\" is not a URI: it %s (RFC 3986)", buffer.text, why);
    if (kind == SAN_IP && !address_parse(text, &address))
        return error_set(err, ERROR_USAGE, 0, "ip \"%s\" is not an IPv4 or IPv6 address", buffer.text);
    if (kind != SAN_DNS && kind != SAN_EMAIL && kind != SAN_URI && kind != SAN_IP)
        return error_set(err, ERROR_USAGE, 0, "a name of the kind %s can't be given as text",
                         san_kind_name(kind));
    struct bytes value = kind == SAN_IP ? bytes_of(address.address, address.len) : bytes_of_text(text);
    *ret_name = (struct template_name){
        .kind = kind,
        .value = (uint8_t *)memory_text_of(value.data, value.len),
        .value_len = value.len,
        .text = memory_text(buffer.text),
    };
    return true;
}

/** Address and mask, host bits zero (RFC 5280 4.2.1.10). */
static size_t subtree_octets(const struct cidr *network, uint8_t ret_octets[static 32])
{
    memset(ret_octets, 0, network->len * 2);
    for (unsigned bit = 0; bit < network->prefix; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        uint8_t *place = &ret_octets[bit / 8];
        place[0] = (uint8_t)(place[0] | (network->address[bit / 8] & mask));
        place[network->len] = (uint8_t)(place[network->len] | mask);
    }
    return network->len * 2;
}

/** A domain, or one with a leading dot; for email also a mailbox; for uri never an address. */
static bool subtree_check(enum san_kind kind, const char *text, struct error *err)
{
    struct quoted buffer;
    const char *why = NULL;
    (void)quoted_text(text, &buffer);
    if (kind == SAN_EMAIL && strchr(text, '@') != NULL)
        return email_is_valid(text) ||
               error_set(err, ERROR_INPUT, 0,
                         "name constraint email \"%s\" is neither a mailbox nor its host", buffer.text);
    struct bytes domain = bytes_of_text(*text == '.' ? text + 1 : text);
    if (!dns_is_valid(domain, false, &why))
        return error_set(err, ERROR_INPUT, 0, "name constraint %s \"%s\" %s", san_kind_name(kind),
                         buffer.text, why);
    return true;
}

bool subtree_from_text(enum san_kind kind, const char *text, struct template_name *ret_name,
                       struct error *err)
{
    uint8_t octets[32];
    struct cidr network;
    struct quoted buffer;
    struct bytes value = bytes_of_text(text);
    if (kind == SAN_IP) {
        if (!cidr_parse(text, &network))
            return error_set(err, ERROR_INPUT, 0, "name constraint ip \"%s\" is not an address/prefix",
                             quoted_text(text, &buffer));
        value = bytes_of(octets, subtree_octets(&network, octets));
    } else if (!subtree_check(kind, text, err)) {
        return false;
    }
    *ret_name = (struct template_name){
        .kind = kind,
        .value = (uint8_t *)memory_text_of(value.data, value.len),
        .value_len = value.len,
        .text = memory_text(text),
    };
    return true;
}

bool template_has_san(const struct template *template, enum san_kind kind, struct bytes value)
{
    for (size_t i = 0; i < template->sans_count; i++) {
        const struct template_name *san = &template->sans[i];
        if (san->kind == kind && name_is_same(kind, bytes_of(san->value, san->value_len), value))
            return true;
    }
    return false;
}

void template_add_san(struct template *template, const struct template_name *name)
{
    template->sans = memory_grow(template->sans, template->sans_count + 1, sizeof(*template->sans));
    template->sans[template->sans_count++] = *name;
}

void template_add_attribute(struct template *template, const char *field, struct bytes value, uint8_t tag)
{
    uint32_t rdn =
        template->attributes_count == 0 ? 0 : template->attributes[template->attributes_count - 1].rdn + 1;
    template->attributes =
        memory_grow(template->attributes, template->attributes_count + 1, sizeof(*template->attributes));
    template->attributes[template->attributes_count++] = (struct template_attribute){
        .oid = memory_text(field_oid(field)),
        .field = memory_text(field),
        .value = memory_text_of(value.data, value.len),
        .tag = tag,
        .rdn = rdn,
    };
}
