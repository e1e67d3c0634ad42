/* SPDX-License-Identifier: Apache-2.0 */
#include "request/claims.h"

#include "request/csr.h"
#include "request/csr_cut.h"
#include "request/csr_form.h"

#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7"

/** What the facts of one request are compared with. */
struct evidence {
    const struct request *request;
    struct csr_outline outline;
    struct bytes extensions; /**< content of the one Extensions; empty: none are asked for */
    bool has_challenge_password;
};

/** The same place, not only the same bytes: facts are views into the DER. */
static bool is_same_place(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || a.data == b.data);
}

static bool has_oid(struct bytes content, const char *oid)
{
    char text[CSR_MAX_OID_TEXT];
    return oid != NULL && der_oid_text(content, text, sizeof(text)) && strcmp(text, oid) == 0;
}

/* ---- the facts, one by one ---- */

static bool version_holds(const struct evidence *evidence)
{
    struct bytes version = evidence->outline.version;
    return version.len == 1 && version.data[0] == 0 && evidence->outline.trailing == 0;
}

static bool encoding_holds(const struct evidence *evidence)
{
    return csr_is_exact_der(evidence->request->der);
}

static bool subject_holds(const struct evidence *evidence)
{
    return is_same_place(evidence->request->subject, evidence->outline.subject);
}

static bool key_holds(const struct evidence *evidence)
{
    return is_same_place(evidence->request->spki, evidence->outline.spki);
}

static bool attribute_holds(struct bytes pair, uint32_t rdn, const struct request_attribute *said)
{
    uint8_t tag = 0;
    struct bytes oid;
    struct bytes content;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    return der_take(&pair, DER_OID, &oid) && has_oid(oid, said->oid) &&
           der_take_any(&pair, &tag, &content, NULL) && pair.len == 0 && tag == said->tag &&
           rdn == said->rdn && csr_text_of(tag, content, &text) == NULL &&
           bytes_equal(builder_bytes(&text), said->value);
}

static bool names_hold(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    struct bytes name = evidence->outline.name;
    size_t count = 0;
    for (uint32_t rdn = 0; name.len > 0; rdn++) {
        struct bytes members;
        if (!der_take(&name, DER_SET, &members) || members.len == 0)
            return false;
        while (members.len > 0) {
            struct bytes pair;
            if (count == request->attributes_count || !der_take(&members, DER_SEQUENCE, &pair) ||
                !attribute_holds(pair, rdn, &request->attributes[count++]))
                return false;
        }
    }
    return count == request->attributes_count;
}

static bool extensions_hold(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    struct bytes rest = evidence->extensions;
    size_t count = 0;
    for (; rest.len > 0; count++) {
        bool is_critical = false;
        struct bytes inner;
        struct bytes oid;
        struct bytes value;
        if (count == request->extensions_count || !der_take(&rest, DER_SEQUENCE, &inner) ||
            !der_take(&inner, DER_OID, &oid) ||
            (der_is_next(inner, DER_BOOLEAN) &&
             (!der_take(&inner, DER_BOOLEAN, &value) || !der_bool(value, &is_critical))) ||
            !der_take(&inner, DER_OCTET_STRING, &value) || inner.len > 0)
            return false;
        const struct request_extension *said = &request->extensions[count];
        if (!has_oid(oid, said->oid) || is_critical != said->is_critical ||
            !is_same_place(value, said->value))
            return false;
    }
    return count == request->extensions_count;
}

/** The value of an extension the request asks for; extensions_hold() has looked at the list. */
static bool find_value(const struct request *request, const char *oid, struct bytes *ret_value)
{
    for (size_t i = 0; i < request->extensions_count; i++) {
        if (strcmp(request->extensions[i].oid, oid) == 0) {
            *ret_value = request->extensions[i].value;
            return true;
        }
    }
    return false;
}

static bool sans_hold(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    struct bytes value;
    struct bytes names;
    size_t count = 0;
    if (!find_value(request, "2.5.29.17", &value))
        return request->sans_count == 0;
    if (!der_take(&value, DER_SEQUENCE, &names) || value.len > 0)
        return false;
    for (; names.len > 0; count++) {
        uint8_t tag = 0;
        struct bytes content;
        if (count == request->sans_count || !der_take_any(&names, &tag, &content, NULL))
            return false;
        const struct request_san *said = &request->sans[count];
        // Context-specific, with the kind's number (RFC 5280 4.2.1.6).
        if ((tag & 0xc0) != 0x80 || (tag & 0x1f) != (unsigned)said->kind ||
            !is_same_place(content, said->value))
            return false;
    }
    return count == request->sans_count;
}

static bool key_usage_holds(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    uint16_t usage = 0;
    struct bytes value;
    struct bytes bits;
    if (!find_value(request, "2.5.29.15", &value))
        return request->key_usage == 0;
    if (!der_take(&value, DER_BIT_STRING, &bits) || value.len > 0 || bits.len < 2 || bits.len > 3)
        return false;
    for (unsigned bit = 0; bit < 8 * (bits.len - 1); bit++) {
        if ((bits.data[1 + bit / 8] & (0x80U >> bit % 8)) != 0)
            usage |= (uint16_t)(1U << bit);
    }
    return usage == request->key_usage;
}

static bool extended_key_usage_holds(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    struct bytes value;
    struct bytes oids;
    size_t count = 0;
    if (!find_value(request, "2.5.29.37", &value))
        return request->extended_key_usage_count == 0;
    if (!der_take(&value, DER_SEQUENCE, &oids) || value.len > 0)
        return false;
    for (; oids.len > 0; count++) {
        struct bytes oid;
        if (count == request->extended_key_usage_count || !der_take(&oids, DER_OID, &oid) ||
            !has_oid(oid, request->extended_key_usage[count]))
            return false;
    }
    return count == request->extended_key_usage_count;
}

static bool basic_constraints_hold(const struct evidence *evidence)
{
    const struct request *request = evidence->request;
    bool is_ca = false;
    int path_len = -1;
    struct bytes value;
    struct bytes inner;
    struct bytes content;
    if (!find_value(request, "2.5.29.19", &value))
        return !request->asks_for_ca && request->path_len == -1;
    if (!der_take(&value, DER_SEQUENCE, &inner) || value.len > 0)
        return false;
    if (der_is_next(inner, DER_BOOLEAN) &&
        (!der_take(&inner, DER_BOOLEAN, &content) || !der_bool(content, &is_ca)))
        return false;
    if (inner.len > 0) {
        if (!der_take_unsigned(&inner, &content) || content.len != 1 || inner.len > 0)
            return false;
        path_len = content.data[0];
    }
    return is_ca == request->asks_for_ca && path_len == request->path_len;
}

static bool challenge_password_holds(const struct evidence *evidence)
{
    return evidence->has_challenge_password == evidence->request->has_challenge_password;
}

/** What a reader says of a request, and what the signer makes of its word. scripts/process-table copies it: one line a claim. */
static const struct claim {
    const char *fact;
    const char *check;
    bool (*holds)(const struct evidence *evidence); /**< NULL: it is looked at elsewhere, as check says */
} claims[] = {
    {"which requests an input holds", "cut again, base64 decoded again: as many, each byte for byte", NULL},
    {"that it is version 1 and ends where the file ends", "compared with the DER", version_holds},
    {"that it is exact DER", "looked at again", encoding_holds},
    {"where the Name is", "compared with the DER", subject_holds},
    {"where the public key is", "compared with the DER; again with the bytes to be signed", key_holds},
    {"each attribute of the Name", "compared with the DER: OID, string type, value, order", names_hold},
    {"the extensions asked for", "compared with the DER: OID, critical, value, order", extensions_hold},
    {"each subject alternative name", "compared with the DER: kind, value, order", sans_hold},
    {"the key usage asked for", "compared with the DER", key_usage_holds},
    {"the extended key usages asked for", "compared with the DER", extended_key_usage_holds},
    {"whether it asks to be a CA", "compared with the DER, with the path length", basic_constraints_hold},
    {"whether it has a challenge password", "compared with the DER", challenge_password_holds},
    {"with what algorithm it is signed", "read again from the DER", NULL},
    {"the key's kind, numbers and hashes; all text shown to people", "not asked: worked out again", NULL},
    {"that its signature verifies", "verified again for CA certificates, and by sign and review for all",
     NULL},
    {"that its signature verifies, for other certificates in batch", "believed", NULL},
    {"what is wrong with it", "believed: a request with a problem is refused", NULL},
};

/* ---- all of them ---- */

/** What extensionRequest asks for, and the attribute whose presence is a fact. \return false: the attributes have another form */
static bool take_attributes(struct bytes attributes, struct evidence *evidence)
{
    size_t requests = 0;
    while (attributes.len > 0) {
        struct bytes pair;
        struct bytes oid;
        struct bytes values;
        struct bytes value;
        if (!der_take(&attributes, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &oid) ||
            !der_take(&pair, DER_SET, &values) || pair.len > 0)
            return false;
        evidence->has_challenge_password |= has_oid(oid, OID_CHALLENGE_PASSWORD);
        if (!has_oid(oid, OID_EXTENSION_REQUEST))
            continue;
        if (requests++ > 0 || !der_take(&values, DER_SEQUENCE, &value) || values.len > 0 || value.len == 0)
            return false;
        evidence->extensions = value;
    }
    return true;
}

bool claims_fit_der(const struct request *request, struct error *why)
{
    struct evidence evidence = {.request = request};
    if (!csr_take_outline(request->der, &evidence.outline) ||
        !take_attributes(evidence.outline.attributes, &evidence))
        return error_set(why, ERROR_INPUT, 0, "it calls something a request that is none");
    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        if (claims[i].holds != NULL && !claims[i].holds(&evidence))
            return error_set(why, ERROR_INPUT, 0, "its result is not what the request says (%s)",
                             claims[i].fact);
    }
    return true;
}

/** Whether the bytes are the piece's own; no bytes at all are a refusal, which has a problem (csr_decode()). */
static bool is_of_piece(const struct csr_piece *piece, const struct request *request)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    if (request->der.len == 0)
        return true;
    if (piece->kind == CSR_PIECE_BLOCK)
        return csr_unpack(piece->body, &der) && bytes_equal(builder_bytes(&der), request->der);
    return piece->kind == CSR_PIECE_DER && bytes_equal(piece->body, request->der);
}

bool claims_fit_input(struct bytes input, const struct reading *reading, struct error *why)
{
    size_t count = 0;
    struct csr_piece piece;
    struct csr_cutter cutter = csr_cutter(input);
    bool is_refusal = reading->count == 1 && reading->requests[0]->der.len == 0;
    while (csr_cut(&cutter, &piece)) {
        if (count < reading->count && !is_of_piece(&piece, reading->requests[count]))
            return error_set(why, ERROR_INPUT, 0, "its result is about another request");
        count++;
    }
    // A reader may refuse a whole file, but not leave out or add a request.
    return is_refusal || count == reading->count ||
           error_set(why, ERROR_INPUT, 0, "its result has %zu requests, the file has %zu", reading->count,
                     count);
}

bool csr_prove(struct request *request)
{
    struct csr_outline outline = {.trailing = 0};
    struct csr_signature signature;
    struct public_key_facts facts;
    struct error ignored = ERROR_INIT;
    AUTO(public_key_free) struct public_key *key = NULL;
    bool is_proved = request->has_proof_of_possession && csr_take_outline(request->der, &outline);
    if (is_proved) {
        csr_read_signature(outline.algorithm, &signature);
        is_proved = signature.kind != SIGNATURE_OTHER && public_key_read(outline.spki, &facts, &ignored) &&
                    public_key_new(&facts, &key, &ignored) &&
                    public_key_verify_salted(key, signature.kind, signature.salt_len, outline.info,
                                             outline.signature, &ignored);
    }
    if (!is_proved) {
        request->has_proof_of_possession = false;
        request_problem(request, "request.reader", "RFC 2986 3",
                        "the request's signature does not verify when the signer looks itself, though the "
                        "process that read it said so");
        request_remedy(request, "set the file aside and look at it: it may be an attack");
    }
    return is_proved;
}
