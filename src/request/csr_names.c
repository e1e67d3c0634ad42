/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "request/csr_parts.h"
#include "request/fields.h"

#define NAME_SOURCE "RFC 5280 4.1.2.4"

/** One attribute of a Name while it is walked. */
struct name_item {
    char oid[CSR_MAX_OID_TEXT];
    uint8_t tag;
    struct bytes value;
    uint32_t rdn;
};

/** What is left of a Name: the RDNs after this one, the attributes left in this one. */
struct name_cursor {
    struct bytes rdns;
    struct bytes attributes;
    uint32_t rdns_begun;
};

static bool is_done(const struct name_cursor *cursor)
{
    return cursor->rdns.len == 0 && cursor->attributes.len == 0;
}

/** Takes the next attribute. \return false if the Name is malformed */
static bool take_item(struct name_cursor *cursor, struct name_item *ret_item)
{
    struct bytes pair;
    struct bytes oid;
    if (cursor->attributes.len == 0) {
        // An RDN is a SET OF with at least one member (RFC 5280 4.1.2.4).
        if (!der_take(&cursor->rdns, DER_SET, &cursor->attributes) || cursor->attributes.len == 0)
            return false;
        cursor->rdns_begun++;
    }
    if (!der_take(&cursor->attributes, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &oid) ||
        !der_oid_text(oid, ret_item->oid, sizeof(ret_item->oid)) ||
        !der_take_any(&pair, &ret_item->tag, &ret_item->value, NULL) || pair.len > 0)
        return false;
    ret_item->rdn = cursor->rdns_begun - 1;
    return true;
}

/** Characters that RFC 4514 2.4 wants a backslash before; the backslash itself is doubled by quote.h. */
static bool is_special(struct bytes value, size_t at)
{
    uint8_t c = value.data[at];
    bool is_edge = at == 0 || at + 1 == value.len;
    return (c == ' ' && is_edge) || (c == '#' && at == 0) || (c != '\0' && strchr(",+\"<>;", c) != NULL);
}

static void add_escaped(struct builder *out, struct bytes value)
{
    size_t run = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_special(value, i))
            continue;
        quote_append(out, bytes_slice(value, run, i - run), 0);
        builder_add_u8(out, '\\');
        run = i;
    }
    quote_append(out, bytes_slice(value, run, value.len), 0);
}

static void add_pair(struct builder *out, bool is_first, bool is_same_rdn, const char *field,
                     struct bytes value)
{
    if (!is_first)
        builder_add_text(out, is_same_rdn ? "+" : ",");
    builder_add_text(out, field);
    builder_add_text(out, "=");
    add_escaped(out, value);
}

void csr_describe_subject(struct request *request)
{
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    for (size_t i = 0; i < request->attributes_count; i++) {
        const struct request_attribute *attribute = &request->attributes[i];
        bool is_same_rdn = i > 0 && request->attributes[i - 1].rdn == attribute->rdn;
        add_pair(&out, i == 0, is_same_rdn, attribute->field, attribute->value);
    }
    request->subject_text = request_keep_text(request, builder_text(&out));
}

bool csr_describe_name(struct bytes name, struct builder *ret_text)
{
    struct name_cursor cursor = {.rdns = name};
    uint32_t last_rdn = 0;
    for (size_t i = 0; !is_done(&cursor); i++) {
        struct name_item item;
        AUTO(builder_done) struct builder value = BUILDER_INIT;
        if (i == CSR_MAX_ATTRIBUTES || !take_item(&cursor, &item) ||
            csr_text_of(item.tag, item.value, &value) != NULL)
            return false;
        const char *field = request_field_of_oid(item.oid);
        add_pair(ret_text, i == 0, item.rdn == last_rdn, field != NULL ? field : item.oid,
                 builder_bytes(&value));
        last_rdn = item.rdn;
    }
    return true;
}

static struct request_attribute keep_attribute(struct request *request, const struct name_item *item)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    const char *field = request_field_of_oid(item->oid);
    const char *oid = request_keep_text(request, item->oid);
    const char *fault = csr_text_of(item->tag, item->value, &value);
    if (fault != NULL) {
        request_problem(request, "request.subject", NAME_SOURCE, "subject %s: the value %s",
                        field != NULL ? field : oid, fault);
        builder_clear(&value);
    }
    return (struct request_attribute){
        .oid = oid,
        .field = field != NULL ? field : oid,
        .value = request_keep(request, builder_bytes(&value)),
        .tag = item->tag,
        .rdn = item->rdn,
    };
}

void csr_read_subject(struct request *request, struct bytes name)
{
    struct request_attribute found[CSR_MAX_ATTRIBUTES];
    struct name_cursor cursor = {.rdns = name};
    size_t count = 0;
    while (!is_done(&cursor)) {
        struct name_item item;
        if (!take_item(&cursor, &item)) {
            request_problem(request, "request.subject", NAME_SOURCE, "the subject is not a Name");
            break;
        }
        if (count == CSR_MAX_ATTRIBUTES) {
            request_problem(request, "request.subject", NULL, "the subject has more than %d attributes",
                            CSR_MAX_ATTRIBUTES);
            break;
        }
        found[count++] = keep_attribute(request, &item);
    }
    if (count > 0) {
        struct request_attribute *kept = request_alloc(request, count, sizeof(*kept));
        memcpy(kept, found, count * sizeof(*kept));
        request->attributes = kept;
        request->attributes_count = count;
    }
    csr_describe_subject(request);
}
