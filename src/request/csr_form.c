/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr_form.h"

#include "request/algorithm_names.h"

#include <stdio.h>

#define OID_RSASSA_PSS "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"

/** An AlgorithmIdentifier taken apart. */
struct algorithm {
    char oid[CSR_MAX_OID_TEXT];
    struct bytes oid_content;
    struct bytes parameters; /**< whole; empty: absent */
};

bool csr_take_outline(struct bytes der, struct csr_outline *ret_outline)
{
    struct bytes parts;
    struct bytes info;
    struct bytes inner;
    uint8_t tag = 0;
    if (!der_take(&der, DER_SEQUENCE, &parts) || !der_take_whole(&parts, DER_SEQUENCE, &ret_outline->info) ||
        !der_take_whole(&parts, DER_SEQUENCE, &ret_outline->algorithm) ||
        !der_take_octet_bits(&parts, &ret_outline->signature) || parts.len > 0)
        return false;
    ret_outline->trailing = der.len;
    info = ret_outline->info;
    if (!der_take(&info, DER_SEQUENCE, &inner) || !der_take(&inner, DER_INTEGER, &ret_outline->version) ||
        !der_take_any(&inner, &tag, &ret_outline->name, &ret_outline->subject) || tag != DER_SEQUENCE ||
        !der_take_whole(&inner, DER_SEQUENCE, &ret_outline->spki))
        return false;
    ret_outline->has_attributes = inner.len > 0;
    return !ret_outline->has_attributes ||
           (der_take(&inner, DER_CONTEXT_CONSTRUCTED_0, &ret_outline->attributes) && inner.len == 0);
}

static bool take_algorithm(struct bytes *cursor, struct algorithm *ret_algorithm)
{
    struct bytes inner;
    if (!der_take(cursor, DER_SEQUENCE, &inner) || !der_take(&inner, DER_OID, &ret_algorithm->oid_content) ||
        !der_oid_text(ret_algorithm->oid_content, ret_algorithm->oid, sizeof(ret_algorithm->oid)))
        return false;
    ret_algorithm->parameters = inner;
    return true;
}

static bool is_null(struct bytes parameters)
{
    return parameters.len == 2 && parameters.data[0] == DER_NULL && parameters.data[1] == 0;
}

/** The kind whose own AlgorithmIdentifier has this OID; RSASSA-PSS, which has one for three, is not looked for. */
static enum signature_kind kind_of_oid(struct bytes oid)
{
    for (int kind = SIGNATURE_RSA_SHA256; kind <= SIGNATURE_ED25519; kind++) {
        struct bytes own = signature_algorithm_der((enum signature_kind)kind);
        struct algorithm algorithm;
        if (!signature_is_pss((enum signature_kind)kind) && take_algorithm(&own, &algorithm) &&
            bytes_equal(algorithm.oid_content, oid))
            return (enum signature_kind)kind;
    }
    return SIGNATURE_OTHER;
}

static enum signature_kind refuse(struct csr_signature *signature, const char *oid, const char *why)
{
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    algorithm_describe(oid, &name);
    (void)snprintf(signature->fault, sizeof(signature->fault), "%s%s", builder_text(&name),
                   why); // an OID that long is nobody's
    return SIGNATURE_OTHER;
}

/* ---- RSASSA-PSS (RFC 4055 3.1) ---- */

/** Takes [number] with one AlgorithmIdentifier; what is not there has RFC 4055's default, SHA-1, which is not taken. */
static bool take_tagged(struct bytes *cursor, unsigned number, struct algorithm *ret_algorithm)
{
    struct bytes content;
    return der_take(cursor, (uint8_t)(DER_CONTEXT_CONSTRUCTED_0 + number), &content) &&
           take_algorithm(&content, ret_algorithm) && content.len == 0;
}

static enum signature_kind pss_kind_of_hash(const struct algorithm *hash)
{
    static const struct {
        const char *oid;
        enum signature_kind kind;
    } hashes[] = {
        {"2.16.840.1.101.3.4.2.1", SIGNATURE_PSS_SHA256},
        {"2.16.840.1.101.3.4.2.2", SIGNATURE_PSS_SHA384},
        {"2.16.840.1.101.3.4.2.3", SIGNATURE_PSS_SHA512},
    };
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        if (strcmp(hashes[i].oid, hash->oid) == 0)
            return hashes[i].kind;
    }
    return SIGNATURE_OTHER;
}

/** saltLength [2] INTEGER DEFAULT 20. */
static bool take_salt(struct bytes *cursor, size_t *ret_len)
{
    struct bytes content;
    struct bytes number;
    *ret_len = 20;
    if (!der_is_next(*cursor, DER_CONTEXT_CONSTRUCTED_0 + 2))
        return true;
    if (!der_take(cursor, DER_CONTEXT_CONSTRUCTED_0 + 2, &content) || !der_take_unsigned(&content, &number) ||
        content.len > 0 || number.len > 2)
        return false;
    *ret_len = 0;
    for (size_t i = 0; i < number.len; i++)
        *ret_len = *ret_len << 8 | number.data[i];
    return true;
}

/** trailerField [3] INTEGER DEFAULT 1: verifiers MUST take it written out as well (RFC 4055 3.1). */
static bool take_trailer(struct bytes *cursor, bool *ret_has_trailer)
{
    struct bytes content;
    struct bytes number;
    *ret_has_trailer = der_is_next(*cursor, DER_CONTEXT_CONSTRUCTED_0 + 3);
    return !*ret_has_trailer || (der_take(cursor, DER_CONTEXT_CONSTRUCTED_0 + 3, &content) &&
                                 der_take_unsigned(&content, &number) && content.len == 0 &&
                                 number.len == 1 && number.data[0] == 1);
}

/** All that is not as RFC 4055 3.1 has it for certificates; there is something. */
static void note_pss(enum signature_kind kind, bool lacks_null, bool has_trailer,
                     struct csr_signature *signature)
{
    char salt[80] = "";
    size_t usual = hash_len(signature_hash(kind));
    bool is_salted = signature->salt_len != usual;
    if (is_salted)
        (void)snprintf(salt, sizeof(salt), " with a salt of %zu bytes (usual: %zu, as long as the hash)",
                       signature->salt_len, usual); // fits
    (void)snprintf(signature->note, sizeof(signature->note), "RSASSA-PSS%s%s%s", salt,
                   lacks_null ? ", its hashes written without NULL" : "",
                   has_trailer ? ", its trailer field written out" : ""); // fits
    signature->source = lacks_null && !is_salted && !has_trailer ? "RFC 4055 2.1" : "RFC 4055 3.1";
}

static enum signature_kind read_pss(struct bytes parameters, struct csr_signature *signature)
{
    struct algorithm hash;
    struct algorithm mgf;
    struct algorithm mgf_hash;
    struct bytes rest;
    if (!der_take(&parameters, DER_SEQUENCE, &rest) || parameters.len > 0)
        return refuse(signature, OID_RSASSA_PSS, " without its parameters (RFC 4055 3.1)");
    if (!der_is_next(rest, DER_CONTEXT_CONSTRUCTED_0))
        return refuse(signature, OID_RSASSA_PSS, " with SHA-1, which is broken");
    if (!take_tagged(&rest, 0, &hash))
        return refuse(signature, OID_RSASSA_PSS, " with malformed parameters (RFC 4055 3.1)");
    enum signature_kind kind = pss_kind_of_hash(&hash);
    if (kind == SIGNATURE_OTHER) {
        AUTO(builder_done) struct builder why = BUILDER_INIT;
        builder_add_text(&why, " with ");
        algorithm_describe(hash.oid, &why);
        return refuse(signature, OID_RSASSA_PSS, builder_text(&why));
    }
    if (!take_tagged(&rest, 1, &mgf) || strcmp(mgf.oid, OID_MGF1) != 0 ||
        !take_algorithm(&mgf.parameters, &mgf_hash) || mgf.parameters.len > 0 ||
        strcmp(mgf_hash.oid, hash.oid) != 0)
        return refuse(signature, OID_RSASSA_PSS, " with another mask than MGF1 over the hash it signs");
    // "All implementations MUST accept both NULL and absent parameters" of the hashes (RFC 4055 2.1).
    bool has_sound_hashes = (hash.parameters.len == 0 || is_null(hash.parameters)) &&
                            (mgf_hash.parameters.len == 0 || is_null(mgf_hash.parameters));
    bool has_trailer = false;
    if (!has_sound_hashes || !take_salt(&rest, &signature->salt_len) || !take_trailer(&rest, &has_trailer) ||
        rest.len > 0)
        return refuse(signature, OID_RSASSA_PSS, " with malformed parameters (RFC 4055 3.1)");
    note_pss(kind, hash.parameters.len == 0 || mgf_hash.parameters.len == 0, has_trailer, signature);
    return kind;
}

/* ---- the others ---- */

/** An algorithm coldca knows, with other parameters than its RFC wants. */
static enum signature_kind read_variant(const struct algorithm *algorithm, struct csr_signature *signature)
{
    const char *name = algorithm_name_of_oid(algorithm->oid);
    enum signature_kind kind = kind_of_oid(algorithm->oid_content);
    bool is_rsa = signature_fits_key(kind, KEY_RSA);
    if (kind == SIGNATURE_OTHER)
        return refuse(signature, algorithm->oid,
                      algorithm_is_broken(algorithm->oid) ? ", which is broken" : "");
    if (kind == SIGNATURE_ED25519)
        return refuse(signature, algorithm->oid, " with parameters, which must be absent (RFC 8410 3)");
    if (is_rsa ? algorithm->parameters.len > 0 : !is_null(algorithm->parameters))
        return refuse(signature, algorithm->oid,
                      is_rsa ? " with other parameters than NULL (RFC 4055 5)"
                             : " with parameters, which must be absent (RFC 5758 3.2)");
    signature->source = is_rsa ? "RFC 4055 5" : "RFC 5758 3.2";
    (void)snprintf(signature->note, sizeof(signature->note),
                   is_rsa ? "%s is written without its NULL parameters (RFC 4055 5)"
                          : "%s is written with NULL parameters; there should be none (RFC 5758 3.2)",
                   name); // fits
    return kind;
}

void csr_read_signature(struct bytes whole, struct csr_signature *ret_signature)
{
    struct algorithm algorithm;
    *ret_signature = (struct csr_signature){.kind = signature_of_der(whole)};
    ret_signature->salt_len = hash_len(signature_hash(ret_signature->kind));
    if (ret_signature->kind != SIGNATURE_OTHER)
        return;
    if (!take_algorithm(&whole, &algorithm))
        (void)snprintf(ret_signature->fault, sizeof(ret_signature->fault), "malformed"); // fits
    else if (strcmp(algorithm.oid, OID_RSASSA_PSS) == 0)
        ret_signature->kind = read_pss(algorithm.parameters, ret_signature);
    else
        ret_signature->kind = read_variant(&algorithm, ret_signature);
}

void csr_note_form(struct request *request, const struct csr_outline *outline,
                   const struct csr_signature *signature)
{
    if (!outline->has_attributes)
        findings_say(&request->notes, "request.attributes", "RFC 2986 4.1",
                     "the request has no attributes field; it should be there even if it is empty (RFC 2986 "
                     "4.1)");
    if (signature->note[0] != '\0')
        findings_say(&request->notes, "request.signature-algorithm", signature->source, "%s",
                     signature->note);
}
