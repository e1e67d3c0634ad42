/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr_parts.h"

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7"
#define OID_MICROSOFT_EXTENSIONS "1.3.6.1.4.1.311.2.1.14"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_SUBJECT_ALT_NAME "2.5.29.17"
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_EXTENDED_KEY_USAGE "2.5.29.37"

static void read_key_usage(struct request *request, struct bytes value)
{
    struct bytes content;
    request->has_key_usage = true;
    bool is_sound = der_take(&value, DER_BIT_STRING, &content) && value.len == 0 && content.len >= 2 &&
                    content.len <= 3 && content.data[0] <= 7;
    // A named bit list ends with a set bit (X.690 11.2.2), and one bit must be set (RFC 5280 4.2.1.3).
    if (is_sound)
        is_sound = (content.data[content.len - 1] & ((2U << content.data[0]) - 1)) == 1U << content.data[0];
    if (is_sound && content.len == 3)
        is_sound = content.data[0] == 7; // decipherOnly (8) is the last bit there is
    if (!is_sound) {
        request_problem(request, "request.key-usage", "RFC 5280 4.2.1.3",
                        "the key usage extension is malformed");
        return;
    }
    for (unsigned bit = 0; bit < 8 * (content.len - 1); bit++) {
        if ((content.data[1 + bit / 8] & (0x80U >> bit % 8)) != 0)
            request->key_usage |= (uint16_t)(1U << bit);
    }
}

static void read_extended_key_usage(struct request *request, struct bytes value)
{
    const char *found[CSR_MAX_USAGES];
    size_t count = 0;
    struct bytes oids;
    request->has_extended_key_usage = true;
    bool is_sound = der_take(&value, DER_SEQUENCE, &oids) && value.len == 0 && oids.len > 0;
    while (is_sound && oids.len > 0) {
        char text[CSR_MAX_OID_TEXT];
        struct bytes oid;
        is_sound =
            count < CSR_MAX_USAGES && der_take(&oids, DER_OID, &oid) && der_oid_text(oid, text, sizeof(text));
        if (is_sound)
            found[count++] = request_keep_text(request, text);
    }
    if (!is_sound) {
        request_problem(request, "request.extended-key-usage", "RFC 5280 4.2.1.12",
                        "the extended key usage extension is malformed or has more than %d OIDs",
                        CSR_MAX_USAGES);
        return;
    }
    const char **kept = request_alloc(request, count, sizeof(*kept));
    memcpy(kept, found, count * sizeof(*kept));
    request->extended_key_usage = kept;
    request->extended_key_usage_count = count;
}

static void read_basic_constraints(struct request *request, struct bytes value)
{
    struct bytes inner;
    struct bytes content;
    struct bytes path_len = {.data = NULL, .len = 0};
    bool is_ca = false;
    request->has_basic_constraints = true;
    bool is_sound = der_take(&value, DER_SEQUENCE, &inner) && value.len == 0;
    // cA is DEFAULT FALSE, so FALSE is not encoded (X.690 11.5).
    if (is_sound && der_is_next(inner, DER_BOOLEAN))
        is_sound = der_take(&inner, DER_BOOLEAN, &content) && der_bool(content, &is_ca) && is_ca;
    if (is_sound && inner.len > 0)
        is_sound = is_ca && der_take_unsigned(&inner, &path_len) && path_len.len == 1 && inner.len == 0;
    if (!is_sound) {
        request_problem(request, "request.basic-constraints", "RFC 5280 4.2.1.9",
                        "the basic constraints extension is malformed");
        return;
    }
    request->asks_for_ca = is_ca;
    if (path_len.len == 1)
        request->path_len = path_len.data[0];
}

/**
 * What coldca understands; the rest is kept as bytes, for policies that name its OID. A policy that drops it never looks inside,
 * so that it need not even be DER.
 */
static void read_value(struct request *request, struct request_extension *extension)
{
    static const struct {
        const char *oid;
        void (*read)(struct request *request, struct bytes value);
    } known[] = {
        {OID_KEY_USAGE, read_key_usage},
        {OID_SUBJECT_ALT_NAME, csr_read_san},
        {OID_BASIC_CONSTRAINTS, read_basic_constraints},
        {OID_EXTENDED_KEY_USAGE, read_extended_key_usage},
    };
    extension->is_der = csr_is_extension_value(extension->value);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(extension->oid, known[i].oid) != 0)
            continue;
        size_t problems = request->problems.count;
        known[i].read(request, extension->value);
        if (!extension->is_der && request->problems.count == problems)
            request_problem(request, "request.extension", "RFC 5280 4.2",
                            "extension %s: the value is not DER", extension->oid);
    }
}

static bool take_extension(struct request *request, struct bytes *cursor,
                           struct request_extension *ret_extension)
{
    char oid_text[CSR_MAX_OID_TEXT];
    struct bytes inner;
    struct bytes oid;
    struct bytes content;
    bool is_critical = false;
    if (!der_take(cursor, DER_SEQUENCE, &inner) || !der_take(&inner, DER_OID, &oid) ||
        !der_oid_text(oid, oid_text, sizeof(oid_text)))
        return false;
    // critical is DEFAULT FALSE, so FALSE is not encoded (X.690 11.5).
    if (der_is_next(inner, DER_BOOLEAN) &&
        (!der_take(&inner, DER_BOOLEAN, &content) || !der_bool(content, &is_critical) || !is_critical))
        return false;
    if (!der_take(&inner, DER_OCTET_STRING, &content) || inner.len > 0)
        return false;
    *ret_extension = (struct request_extension){
        .oid = request_keep_text(request, oid_text), .is_critical = is_critical, .value = content};
    return true;
}

static bool is_among(const struct request_extension *extensions, size_t count, const char *oid)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(extensions[i].oid, oid) == 0)
            return true;
    }
    return false;
}

void csr_read_extensions(struct request *request, struct bytes extensions)
{
    struct request_extension found[CSR_MAX_EXTENSIONS];
    size_t count = 0;
    struct bytes rest;
    bool is_sound = der_take(&extensions, DER_SEQUENCE, &rest) && extensions.len == 0 && rest.len > 0;
    while (is_sound && rest.len > 0) {
        struct request_extension extension;
        is_sound = count < CSR_MAX_EXTENSIONS && take_extension(request, &rest, &extension);
        if (!is_sound)
            break;
        if (is_among(found, count, extension.oid)) {
            request_problem(request, "request.extension", "RFC 5280 4.2", "extension %s is asked for twice",
                            extension.oid);
            continue;
        }
        read_value(request, &extension);
        found[count++] = extension;
    }
    if (!is_sound)
        request_problem(request, "request.extension-request", "RFC 2985 5.4.2",
                        "the requested extensions are malformed or more than %d", CSR_MAX_EXTENSIONS);
    if (count > 0) {
        struct request_extension *kept = request_alloc(request, count, sizeof(*kept));
        memcpy(kept, found, count * sizeof(*kept));
        request->extensions = kept;
        request->extensions_count = count;
    }
}

/** The attributes as they come; there is room for each that is looked at. */
struct attributes_seen {
    const char *oids[CSR_MAX_OTHERS];
    size_t count;
};

static bool note_attribute(struct request *request, struct attributes_seen *seen, const char *oid)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->oids[i], oid) == 0) {
            request_problem(request, "request.attributes", "RFC 2986 4.1", "the attribute %s is there twice",
                            oid);
            return false;
        }
    }
    seen->oids[seen->count++] = request_keep_text(request, oid);
    return true;
}

static void read_attribute(struct request *request, const char *oid, struct bytes values)
{
    struct bytes value;
    if (strcmp(oid, OID_CHALLENGE_PASSWORD) == 0) {
        request->has_challenge_password = true;
    } else if (strcmp(oid, OID_MICROSOFT_EXTENSIONS) == 0) {
        request_problem(request, "request.extension-request", "RFC 2985 5.4.2",
                        "extensions are asked for by Microsoft's attribute %s; only %s is read", oid,
                        OID_EXTENSION_REQUEST);
    } else if (strcmp(oid, OID_EXTENSION_REQUEST) == 0) {
        if (!der_take_whole(&values, DER_SEQUENCE, &value) || values.len > 0) {
            request_problem(request, "request.extension-request", "RFC 2985 5.4.2",
                            "extensionRequest must have exactly one value");
            return;
        }
        csr_read_extensions(request, value);
    }
}

void csr_read_attributes(struct request *request, struct bytes attributes)
{
    struct attributes_seen seen = {.count = 0};
    if (!csr_is_ordered(attributes))
        request_problem(request, "request.der", "X.690 11.6", "the attributes are not in DER's order");
    while (attributes.len > 0) {
        char oid_text[CSR_MAX_OID_TEXT];
        struct bytes pair;
        struct bytes oid;
        struct bytes values;
        if (!der_take(&attributes, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &oid) ||
            !der_oid_text(oid, oid_text, sizeof(oid_text)) || !der_take(&pair, DER_SET, &values) ||
            pair.len > 0 || values.len == 0) {
            request_problem(request, "request.attributes", "RFC 2986 4.1", "the attributes are malformed");
            return;
        }
        if (seen.count == CSR_MAX_OTHERS) {
            request_problem(request, "request.attributes", NULL, "there are more than %d attributes",
                            CSR_MAX_OTHERS);
            return;
        }
        if (note_attribute(request, &seen, oid_text))
            read_attribute(request, oid_text, values);
    }
}
