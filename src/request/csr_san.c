/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/quote.h"
#include "request/csr_parts.h"

#include <arpa/inet.h>

#define SAN_SOURCE "RFC 5280 4.2.1.6"
/* Of a value that has no text form, this many octets are shown. */
#define MAX_SHOWN_OCTETS 64

static void add_octets(struct builder *out, struct bytes value)
{
    builder_add_text(out, "#");
    encode_hex(bytes_slice(value, 0, MAX_SHOWN_OCTETS), out);
    if (value.len > MAX_SHOWN_OCTETS)
        builder_add_text(out, "...");
}

/** email, dns, uri: IA5 characters that can stand in a name. */
static const char *describe_ia5(struct bytes value, struct builder *ret_text)
{
    if (value.len == 0)
        return "is empty";
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] == 0)
            return "has a NUL character in it";
        if (value.data[i] <= ' ' || value.data[i] >= 0x7f)
            return "has a space, a control character or a character that is not ASCII";
    }
    quote_append(ret_text, value, 0);
    return NULL;
}

static const char *describe_ip(struct bytes value, struct builder *ret_text)
{
    char text[INET6_ADDRSTRLEN];
    if (value.len != 4 && value.len != 16)
        return "is neither 4 nor 16 octets long";
    if (inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.data, text, sizeof(text)) == NULL)
        return "is not an address";
    builder_add_text(ret_text, text);
    return NULL;
}

/** HardwareModuleName (RFC 4108 5): hwType and hwSerialNum. \return false if it is something else */
static bool describe_hardware_module(struct bytes value, struct builder *ret_text)
{
    char type[CSR_MAX_OID_TEXT];
    struct bytes pair;
    struct bytes oid;
    struct bytes serial;
    if (!der_take(&value, DER_SEQUENCE, &pair) || value.len > 0 || !der_take(&pair, DER_OID, &oid) ||
        !der_oid_text(oid, type, sizeof(type)) || !der_take(&pair, DER_OCTET_STRING, &serial) || pair.len > 0)
        return false;
    builder_format(ret_text, "%s:", type);
    encode_hex(serial, ret_text);
    return true;
}

/** "OID:text", "1.3.6.1.5.5.7.8.4:TYPE:SERIAL" or "OID:#hex". */
static const char *describe_other_name(struct bytes value, struct builder *ret_text)
{
    char type[CSR_MAX_OID_TEXT];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct bytes oid;
    struct bytes inner;
    struct bytes content;
    uint8_t tag = 0;
    if (!der_take(&value, DER_OID, &oid) || !der_oid_text(oid, type, sizeof(type)) ||
        !der_take(&value, DER_CONTEXT_CONSTRUCTED_0, &inner) || value.len > 0)
        return "is not an otherName";
    builder_format(ret_text, "%s:", type);
    if (strcmp(type, "1.3.6.1.5.5.7.8.4") == 0 && describe_hardware_module(inner, ret_text))
        return NULL;
    struct bytes rest = inner;
    if (!der_take_any(&rest, &tag, &content, NULL) || rest.len > 0)
        return "is not an otherName";
    if (csr_text_of(tag, content, &text) == NULL)
        quote_append(ret_text, builder_bytes(&text), 0);
    else
        add_octets(ret_text, inner);
    return NULL;
}

static const char *describe_directory(struct bytes value, struct builder *ret_text)
{
    struct bytes name;
    if (!der_take(&value, DER_SEQUENCE, &name) || value.len > 0 || !csr_describe_name(name, ret_text))
        return "is not a Name";
    return name.len == 0 ? "is empty" : NULL;
}

static const char *describe_oid(struct bytes value, struct builder *ret_text)
{
    char text[CSR_MAX_OID_TEXT];
    if (!der_oid_text(value, text, sizeof(text)))
        return "is not an object identifier";
    builder_add_text(ret_text, text);
    return NULL;
}

const char *csr_describe_san(enum san_kind kind, struct bytes value, struct builder *ret_text)
{
    switch (kind) {
    case SAN_EMAIL:
    case SAN_DNS:
    case SAN_URI:
        return describe_ia5(value, ret_text);
    case SAN_IP:
        return describe_ip(value, ret_text);
    case SAN_OTHER_NAME:
        return describe_other_name(value, ret_text);
    case SAN_DIRECTORY:
        return describe_directory(value, ret_text);
    case SAN_RID:
        return describe_oid(value, ret_text);
    case SAN_X400:
    case SAN_EDI:
    default:
        add_octets(ret_text, value);
        return NULL;
    }
}

/** The kind of a GeneralName by its tag; false for tags that none has. */
static bool kind_of_tag(uint8_t tag, enum san_kind *ret_kind)
{
    bool is_constructed = (tag & 0x20) != 0;
    unsigned number = tag & 0x1f;
    // otherName, x400Address, ediPartyName are SEQUENCEs, directoryName is explicit for it is a CHOICE; the rest is primitive.
    bool wants_constructed =
        number == SAN_OTHER_NAME || number == SAN_X400 || number == SAN_DIRECTORY || number == SAN_EDI;
    if ((tag & 0xc0) != 0x80 || number > SAN_RID || is_constructed != wants_constructed)
        return false;
    *ret_kind = (enum san_kind)number;
    return true;
}

static void read_name(struct request *request, uint8_t tag, struct bytes value, struct request_san *ret_san)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    enum san_kind kind = SAN_OTHER_NAME;
    if (!kind_of_tag(tag, &kind)) {
        request_problem(request, "request.san", SAN_SOURCE,
                        "the SAN extension has an element with the tag 0x%02x, which no name has", tag);
        return;
    }
    const char *fault = csr_describe_san(kind, value, &text);
    if (fault != NULL) {
        request_problem(request, "request.san", SAN_SOURCE, "SAN %s: the name %s", san_kind_name(kind),
                        fault);
        builder_clear(&text);
    }
    *ret_san = (struct request_san){
        .kind = kind, .value = value, .text = request_keep_text(request, builder_text(&text))};
}

static size_t count_elements(struct bytes elements)
{
    size_t count = 0;
    uint8_t tag = 0;
    struct bytes content;
    while (der_take_any(&elements, &tag, &content, NULL))
        count++;
    return count;
}

void csr_read_san(struct request *request, struct bytes value)
{
    struct bytes names;
    request->has_san_extension = true;
    if (!der_take(&value, DER_SEQUENCE, &names) || value.len > 0) {
        request_problem(request, "request.san", SAN_SOURCE, "the SAN extension is not GeneralNames");
        return;
    }
    size_t count = count_elements(names);
    if (count == 0 || count > CSR_MAX_SANS) {
        request_problem(request, "request.san", SAN_SOURCE,
                        "the SAN extension has %zu names, allowed are 1 to %d", count, CSR_MAX_SANS);
        return;
    }
    struct request_san *sans = request_alloc(request, count, sizeof(*sans));
    size_t read = 0;
    while (read < count) {
        uint8_t tag = 0;
        struct bytes content;
        struct request_san san = {.text = NULL};
        if (!der_take_any(&names, &tag, &content, NULL))
            break; // counted before, so it can't fail
        read_name(request, tag, content, &san);
        if (san.text == NULL)
            return;
        sans[read++] = san;
    }
    request->sans = sans;
    request->sans_count = read;
}
