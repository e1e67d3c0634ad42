/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/name.h"

#include "base/memory.h"
#include "base/quote.h"
#include "cert/asn1.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Short names as RFC 4514 section 3 and OpenSSL have them. */
static const struct {
    const char *oid;
    const char *field;
} fields[] = {
    {"2.5.4.3", "CN"},
    {"2.5.4.4", "SN"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.9", "street"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.4.12", "title"},
    {"2.5.4.42", "GN"},
    {"2.5.4.43", "initials"},
    {"2.5.4.44", "generationQualifier"},
    {"2.5.4.46", "dnQualifier"},
    {"2.5.4.65", "pseudonym"},
    {"2.5.4.97", "organizationIdentifier"},
    {"0.9.2342.19200300.100.1.1", "UID"},
    {"0.9.2342.19200300.100.1.25", "DC"},
    {"1.2.840.113549.1.9.1", "emailAddress"},
};

const char *name_field(const char *oid)
{
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (strcmp(fields[i].oid, oid) == 0)
            return fields[i].field;
    }
    return NULL;
}

static bool is_ascii(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at >= 0x80)
            return false;
    }
    return true;
}

static bool add_attribute(const struct template_attribute *attribute, struct builder *out, struct error *err)
{
    struct quoted buffer;
    uint8_t tag = template_attribute_tag(attribute); // RFC 5280 4.1.2.4
    const char *value = attribute->value;
    if (*value == '\0' || !utf8_is_valid(bytes_of_text(value)))
        return error_set(err, ERROR_INPUT, 0, "subject %s is empty or no UTF-8", attribute->field);
    if (tag == DER_PRINTABLE_STRING && !text_is_printable(value))
        return error_set(err, ERROR_INPUT, 0,
                         "subject %s: \"%s\" is not a PrintableString (RFC 5280 appendix A)",
                         attribute->field, quoted_text(value, &buffer));
    if (tag == DER_IA5_STRING && !is_ascii(value))
        return error_set(err, ERROR_INPUT, 0, "subject %s: \"%s\" is not an IA5String (RFC 5280 appendix A)",
                         attribute->field, quoted_text(value, &buffer));
    size_t mark = asn1_open(out, DER_SEQUENCE);
    if (!asn1_oid(out, attribute->oid))
        return error_set(err, ERROR_INPUT, 0, "subject: %s is not an OID",
                         quoted_text(attribute->oid, &buffer));
    der_add(out, tag, bytes_of_text(value));
    asn1_close(out, mark);
    return true;
}

static int compare_der(const void *left, const void *right)
{
    const struct bytes *a = left;
    const struct bytes *b = right;
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->data, b->data, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/** One RDN: the attributes from index on that share its number. \return how many; 0 on failure */
static size_t add_rdn(const struct template *template, size_t index, struct builder *out, struct error *err)
{
    struct bytes members[16];
    size_t offsets[ARRAY_LEN(members) + 1];
    size_t count = 0;
    AUTO(builder_done) struct builder ders = BUILDER_INIT;
    while (index + count < template->attributes_count &&
           template->attributes[index + count].rdn == template->attributes[index].rdn) {
        if (count == ARRAY_LEN(members)) {
            (void)error_set(err, ERROR_INPUT, 0, "subject: more than %zu attributes in one RDN",
                            ARRAY_LEN(members));
            return 0;
        }
        offsets[count] = ders.len;
        if (!add_attribute(&template->attributes[index + count], &ders, err))
            return 0;
        count++;
    }
    offsets[count] = ders.len;
    for (size_t i = 0; i < count; i++)
        members[i] = bytes_slice(builder_bytes(&ders), offsets[i], offsets[i + 1] - offsets[i]);
    qsort(members, count, sizeof(*members), compare_der);
    size_t mark = asn1_open(out, DER_SET);
    for (size_t i = 0; i < count; i++)
        builder_add_bytes(out, members[i]);
    asn1_close(out, mark);
    return count;
}

bool name_add(const struct template *template, struct builder *out, struct error *err)
{
    size_t mark = asn1_open(out, DER_SEQUENCE);
    for (size_t i = 0; i < template->attributes_count;) {
        size_t used = add_rdn(template, i, out, err);
        if (used == 0)
            return false;
        i += used;
    }
    asn1_close(out, mark);
    return true;
}

/** A string value as UTF-8: BMPString and UniversalString are widened, T61String read as Latin-1. */
static void add_string(uint8_t tag, struct bytes content, struct builder *out)
{
    size_t width = tag == DER_BMP_STRING ? 2 : tag == DER_UNIVERSAL_STRING ? 4 : 1;
    if (width == 1 && tag != DER_T61_STRING) {
        builder_add_bytes(out, content);
        return;
    }
    for (size_t i = 0; i + width <= content.len; i += width) {
        uint32_t code = 0;
        for (size_t j = 0; j < width; j++)
            code = code << 8 | content.data[i + j];
        if (code < 0x80) {
            builder_add_u8(out, (uint8_t)code);
        } else if (code < 0x800) {
            builder_add_u8(out, (uint8_t)(0xc0 | code >> 6));
            builder_add_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
        } else if (code < 0x10000) {
            builder_add_u8(out, (uint8_t)(0xe0 | code >> 12));
            builder_add_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
            builder_add_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
        } else {
            builder_add_text(out, "?");
        }
    }
}

/** RFC 4514 2.4: the characters that mean something in a name are escaped. */
static void add_escaped(struct bytes value, struct builder *out)
{
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    for (size_t i = 0; i < value.len; i++) {
        bool is_edge = value.data[i] == ' ' && (i == 0 || i + 1 == value.len);
        bool is_special = value.data[i] != '\0' && strchr(",+\"<>;=\\", value.data[i]) != NULL;
        if (is_edge || is_special || (i == 0 && value.data[i] == '#'))
            builder_add_u8(&escaped, '\\');
        builder_add_u8(&escaped, value.data[i]);
    }
    // quote_append() doubles backslashes, which are ours here: pass the pieces between them through it.
    struct bytes whole = builder_bytes(&escaped);
    size_t start = 0;
    for (size_t i = 0; i <= whole.len; i++) {
        if (i < whole.len && whole.data[i] != '\\')
            continue;
        quote_append(out, bytes_slice(whole, start, i - start), 0);
        if (i < whole.len)
            builder_add_u8(out, '\\');
        start = i + 1;
    }
}

#define OID_TEXT_SIZE 128

static bool read_attribute(struct bytes attribute, char ret_oid[static OID_TEXT_SIZE], uint8_t *ret_tag,
                           struct bytes *ret_value)
{
    struct bytes oid;
    return der_take(&attribute, DER_OID, &oid) && der_oid_text(oid, ret_oid, OID_TEXT_SIZE) &&
           der_take_any(&attribute, ret_tag, ret_value, NULL) && attribute.len == 0;
}

void name_parts_free(struct policy_name *name)
{
    for (size_t i = 0; i < name->attributes_count; i++) {
        free(name->attributes[i].oid);
        free(name->attributes[i].field);
        free(name->attributes[i].value);
    }
    free(name->attributes);
    *name = (struct policy_name){.attributes = NULL};
}

static bool add_part(struct bytes attribute, uint32_t rdn, struct policy_name *name)
{
    char oid[OID_TEXT_SIZE];
    uint8_t tag;
    struct bytes value;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!read_attribute(attribute, oid, &tag, &value))
        return false;
    add_string(tag, value, &text);
    const char *field = name_field(oid);
    name->attributes = memory_grow(name->attributes, name->attributes_count + 1, sizeof(*name->attributes));
    name->attributes[name->attributes_count++] = (struct template_attribute){
        .oid = memory_text(oid),
        .field = memory_text(field != NULL ? field : oid),
        .value = builder_take_text(&text),
        .tag = tag,
        .rdn = rdn,
    };
    return true;
}

bool name_parts(struct bytes name, struct policy_name *ret_name)
{
    struct bytes rdns;
    struct policy_name parts = {.attributes = NULL};
    bool is_name = der_take(&name, DER_SEQUENCE, &rdns) && name.len == 0;
    for (uint32_t rdn = 0; is_name && rdns.len > 0; rdn++) {
        struct bytes members;
        struct bytes attribute;
        is_name = der_take(&rdns, DER_SET, &members) && members.len > 0;
        while (is_name && members.len > 0)
            is_name = der_take(&members, DER_SEQUENCE, &attribute) && add_part(attribute, rdn, &parts);
    }
    if (!is_name)
        name_parts_free(&parts);
    else
        *ret_name = parts;
    return is_name;
}

static bool attribute_text(struct bytes attribute, struct builder *out)
{
    char oid[OID_TEXT_SIZE];
    uint8_t tag;
    struct bytes value;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!read_attribute(attribute, oid, &tag, &value))
        return false;
    const char *field = name_field(oid);
    builder_format(out, "%s=", field != NULL ? field : oid);
    add_string(tag, value, &text);
    add_escaped(builder_bytes(&text), out);
    return true;
}

bool name_text(struct bytes name, struct builder *ret_text)
{
    struct bytes rdns;
    size_t start = ret_text->len;
    if (!der_take(&name, DER_SEQUENCE, &rdns) || name.len > 0)
        return false;
    while (rdns.len > 0) {
        struct bytes rdn;
        bool is_first_member = true;
        if (!der_take(&rdns, DER_SET, &rdn) || rdn.len == 0)
            return false;
        while (rdn.len > 0) {
            struct bytes attribute;
            if (!der_take(&rdn, DER_SEQUENCE, &attribute))
                return false;
            if (ret_text->len > start)
                builder_add_text(ret_text, is_first_member ? "," : "+");
            if (!attribute_text(attribute, ret_text))
                return false;
            is_first_member = false;
        }
    }
    return true;
}

void name_add_general(struct builder *out, enum san_kind kind, struct bytes value)
{
    // otherName, x400Address, directoryName and ediPartyName are constructed (RFC 5280 4.2.1.6).
    bool is_constructed =
        kind == SAN_OTHER_NAME || kind == SAN_X400 || kind == SAN_DIRECTORY || kind == SAN_EDI;
    der_add(out, (uint8_t)((is_constructed ? DER_CONTEXT_CONSTRUCTED_0 : DER_CONTEXT_0) + kind), value);
}

static void add_ip(struct bytes value, struct builder *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (value.len == 4 || value.len == 16)
        (void)inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.data, text,
                        sizeof(text)); // the buffer fits both
    builder_add_text(out, text);
}

bool name_general_text(struct bytes names, struct builder *ret_text)
{
    static const char *const kinds[] = {"other", "email", "DNS", "x400", "DirName",
                                        "edi",   "URI",   "IP",  "RID"};
    bool is_first = true;
    while (names.len > 0) {
        uint8_t tag;
        struct bytes value;
        if (!der_take_any(&names, &tag, &value, NULL) || (tag & 0xc0) != 0x80 ||
            (tag & 0x1f) >= ARRAY_LEN(kinds))
            return false;
        enum san_kind kind = (enum san_kind)(tag & 0x1f);
        builder_format(ret_text, "%s%s:", is_first ? "" : ", ", kinds[kind]);
        is_first = false;
        if (kind == SAN_IP)
            add_ip(value, ret_text);
        else if (kind == SAN_DNS || kind == SAN_EMAIL || kind == SAN_URI)
            quote_append(ret_text, value, 0);
        else if (kind != SAN_DIRECTORY || !name_text(value, ret_text))
            builder_format(ret_text, "(%zu bytes)", value.len);
    }
    return true;
}
