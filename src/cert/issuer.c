/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/name.h"
#include "cert/parts.h"
#include "cert/policies.h"

#include <stdlib.h>
#include <string.h>

#define ANY_EXTENDED_KEY_USAGE "2.5.29.37.0"

struct cert_issuer {
    struct builder der;
    struct builder *above; /**< the certificates of the chain, parent first */
    size_t above_count;
    struct cert_parts *parts; /**< its own, then those above; views into der and above */
    struct bytes key_id;
    struct public_key *key;
    struct policy_issuer facts;
};

static void names_free(struct template_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i].value);
        free(names[i].text);
    }
    free(names);
}

static void parts_free(struct policy_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        name_parts_free(&names[i]);
    free(names);
}

static void facts_done(struct policy_issuer *facts)
{
    free(facts->subject_text);
    for (size_t i = 0; i < facts->extended_key_usage_count; i++)
        free(facts->extended_key_usage[i]);
    free(facts->extended_key_usage);
    for (size_t i = 0; i < facts->constraints_count; i++) {
        struct policy_constraints *constraints = &facts->constraints[i];
        parts_free(constraints->permitted_names, constraints->permitted_count);
        parts_free(constraints->excluded_names, constraints->excluded_count);
        names_free(constraints->permitted, constraints->permitted_count);
        names_free(constraints->excluded, constraints->excluded_count);
    }
    free(facts->constraints);
    for (size_t i = 0; i < facts->policies_count; i++)
        free(facts->policies[i]);
    free(facts->policies);
    parts_free(facts->chain_subjects, facts->chain_count);
    free(facts->chain_key_values);
}

void cert_issuer_free(struct cert_issuer *issuer)
{
    facts_done(&issuer->facts);
    if (issuer->key != NULL)
        public_key_free(issuer->key);
    for (size_t i = 0; i < issuer->above_count; i++)
        builder_done(&issuer->above[i]);
    free(issuer->above);
    free(issuer->parts);
    builder_done(&issuer->der);
    free(issuer);
}

const struct policy_issuer *cert_issuer_facts(const struct cert_issuer *issuer)
{
    return &issuer->facts;
}

struct bytes cert_issuer_der(const struct cert_issuer *issuer)
{
    return builder_bytes(&issuer->der);
}

size_t cert_issuer_above_count(const struct cert_issuer *issuer)
{
    return issuer->above_count;
}

struct bytes cert_issuer_above(const struct cert_issuer *issuer, size_t index)
{
    return builder_bytes(&issuer->above[index]);
}

struct bytes cert_issuer_subject(const struct cert_issuer *issuer)
{
    return issuer->parts->subject;
}

struct bytes cert_issuer_key_id(const struct cert_issuer *issuer)
{
    return issuer->key_id;
}

struct bytes cert_issuer_spki(const struct cert_issuer *issuer)
{
    return issuer->parts->spki;
}

const struct cert_parts *issuer_parts(const struct cert_issuer *issuer, size_t index)
{
    return &issuer->parts[index];
}

const struct public_key *cert_issuer_key(const struct cert_issuer *issuer)
{
    return issuer->key;
}

/** GeneralSubtrees (RFC 5280 4.2.1.10): minimum and maximum must be absent. */
static bool read_subtrees(struct bytes subtrees, struct template_name **ret_names,
                          struct policy_name **ret_parts, size_t *ret_count)
{
    while (subtrees.len > 0) {
        uint8_t tag;
        struct bytes subtree;
        struct bytes value;
        struct bytes whole;
        if (!der_take(&subtrees, DER_SEQUENCE, &subtree) || !der_take_any(&subtree, &tag, &value, &whole) ||
            (tag & 0xc0) != 0x80 || (tag & 0x1f) > SAN_RID || subtree.len > 0)
            return false;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        struct policy_name parts = {.attributes = NULL};
        if (!name_general_text(whole, &text) || ((tag & 0x1f) == SAN_DIRECTORY && !name_parts(value, &parts)))
            return false;
        *ret_parts = memory_grow(*ret_parts, *ret_count + 1, sizeof(**ret_parts));
        (*ret_parts)[*ret_count] = parts;
        *ret_names = memory_grow(*ret_names, *ret_count + 1, sizeof(**ret_names));
        (*ret_names)[(*ret_count)++] = (struct template_name){
            .kind = (enum san_kind)(tag & 0x1f),
            .value = (uint8_t *)memory_text_of(value.data, value.len),
            .value_len = value.len,
            .text = builder_take_text(&text),
        };
    }
    return true;
}

static bool add_name_constraints(const struct cert_parts *parts, struct policy_issuer *facts,
                                 struct error *err)
{
    struct cert_extension extension;
    struct bytes content;
    struct bytes subtrees;
    if (!parts_find(parts, 30, &extension))
        return true;
    facts->constraints =
        memory_grow(facts->constraints, facts->constraints_count + 1, sizeof(*facts->constraints));
    struct policy_constraints *constraints = &facts->constraints[facts->constraints_count++];
    *constraints = (struct policy_constraints){.permitted = NULL};
    bool is_sound = der_take(&extension.value, DER_SEQUENCE, &content) && extension.value.len == 0;
    if (is_sound && der_is_next(content, DER_CONTEXT_CONSTRUCTED_0))
        is_sound = der_take(&content, DER_CONTEXT_CONSTRUCTED_0, &subtrees) &&
                   read_subtrees(subtrees, &constraints->permitted, &constraints->permitted_names,
                                 &constraints->permitted_count);
    if (is_sound && der_is_next(content, DER_CONTEXT_CONSTRUCTED_0 + 1))
        is_sound = der_take(&content, DER_CONTEXT_CONSTRUCTED_0 + 1, &subtrees) &&
                   read_subtrees(subtrees, &constraints->excluded, &constraints->excluded_names,
                                 &constraints->excluded_count);
    return (is_sound && content.len == 0) ||
           error_set(err, ERROR_INPUT, 0,
                     "a certificate of the chain has damaged name constraints (RFC 5280 4.2.1.10)");
}

static bool is_in(char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

/** Keeps of the issuer's usages what this certificate allows as well. */
static void intersect(struct policy_issuer *facts, char **usages, size_t count)
{
    if (!facts->has_extended_key_usage) {
        facts->has_extended_key_usage = true;
        facts->extended_key_usage = usages;
        facts->extended_key_usage_count = count;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < facts->extended_key_usage_count; i++) {
        if (is_in(usages, count, facts->extended_key_usage[i]))
            facts->extended_key_usage[kept++] = facts->extended_key_usage[i];
        else
            free(facts->extended_key_usage[i]);
    }
    facts->extended_key_usage_count = kept;
    for (size_t i = 0; i < count; i++)
        free(usages[i]);
    free(usages);
}

static bool add_extended_key_usage(const struct cert_parts *parts, struct policy_issuer *facts,
                                   struct error *err)
{
    struct cert_extension extension;
    struct bytes content;
    struct bytes oid;
    char text[128];
    char **usages = NULL;
    size_t count = 0;
    if (!parts_find(parts, 37, &extension))
        return true;
    bool is_sound = der_take(&extension.value, DER_SEQUENCE, &content) && extension.value.len == 0;
    while (is_sound && content.len > 0) {
        if (der_take(&content, DER_OID, &oid) && der_oid_text(oid, text, sizeof(text))) {
            usages = memory_grow(usages, count + 1, sizeof(*usages));
            usages[count++] = memory_text(text);
        } else {
            is_sound = false;
        }
    }
    bool is_any = is_in(usages, count, ANY_EXTENDED_KEY_USAGE);
    if (is_sound && !is_any) {
        intersect(facts, usages, count);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        free(usages[i]);
    free(usages);
    return is_sound || error_set(err, ERROR_INPUT, 0,
                                 "a certificate of the chain has a damaged extKeyUsage (RFC 5280 4.2.1.12)");
}

/** What every certificate of the chain must have, and what it takes away from those below. above: 0 for the issuer itself. */
static bool add_certificate(const struct cert_parts *parts, int above, struct policy_issuer *facts,
                            struct error *err)
{
    bool is_ca, has_key_usage;
    int path_len;
    uint16_t bits;
    const char *who = above == 0 ? "the CA certificate" : "a certificate of the chain";
    if (!parts->is_v3)
        return error_set(err, ERROR_INPUT, 0, "%s is not X.509 v3 (RFC 5280 4.1.2.1)", who);
    if (!parts_basic_constraints(parts, &is_ca, &path_len, err) ||
        !parts_key_usage(parts, &has_key_usage, &bits, err))
        return false;
    if (!is_ca)
        return error_set(err, ERROR_INPUT, 0,
                         "%s is not a CA: basicConstraints cA is not set (RFC 5280 4.2.1.9)", who);
    if (has_key_usage && (bits & KEY_USAGE_KEY_CERT_SIGN) == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "%s may not sign certificates: keyUsage has no keyCertSign (RFC 5280 4.2.1.3)", who);
    if (path_len >= 0) {
        int left = path_len - above;
        if (left < 0)
            return error_set(err, ERROR_INPUT, 0,
                             "the chain is longer than its path length allows (RFC 5280 4.2.1.9)");
        if (facts->path_len < 0 || left < facts->path_len)
            facts->path_len = left;
    }
    if (above == 0)
        facts->key_usage = bits;
    struct policy_name subject;
    if (!name_parts(parts->subject, &subject))
        return error_set(err, ERROR_INPUT, 0, "%s has a damaged subject (RFC 5280 4.1.2.6)", who);
    size_t index = facts->chain_count++;
    facts->chain_key_values = memory_grow(facts->chain_key_values, facts->chain_count, 32);
    key_value(parts->spki, facts->chain_key_values[index]);
    facts->chain_subjects =
        memory_grow(facts->chain_subjects, facts->chain_count, sizeof(*facts->chain_subjects));
    facts->chain_subjects[index] = subject;
    return add_extended_key_usage(parts, facts, err) && add_name_constraints(parts, facts, err);
}

static bool fill(struct cert_issuer *issuer, struct error *err)
{
    struct public_key_facts key;
    const struct cert_parts *parts = &issuer->parts[0];
    struct policy_issuer *facts = &issuer->facts;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!name_text(parts->subject, &text) || parts->subject.len == 2)
        return error_set(err, ERROR_INPUT, 0,
                         "the CA certificate's subject is empty or damaged (RFC 5280 4.1.2.6)");
    facts->subject_text = builder_take_text(&text);
    facts->not_before = parts->not_before;
    facts->not_after = parts->not_after;
    facts->path_len = -1;
    if (!public_key_read(parts->spki, &key, err) || !public_key_new(&key, &issuer->key, err))
        return false;
    public_key_prepare(issuer->key, signature_for_key(key.kind, HASH_NONE, false));
    facts->key_kind = key.kind;
    facts->key_bits = key.bits;
    digest_sha256(parts->spki, facts->spki_sha256);
    if (!parts_subject_key_id(parts, &issuer->key_id, err))
        return false;
    if (issuer->key_id.len == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the CA certificate has no subjectKeyIdentifier (RFC 5280 4.2.1.2)");
    facts->is_ca = true;
    return add_certificate(parts, 0, facts, err);
}

/** Each certificate of the chain must be the one above the one before it. */
static bool check_link(const struct cert_parts *below, const struct cert_parts *above, struct error *err)
{
    struct public_key_facts facts;
    AUTO(public_key_free) struct public_key *key = NULL;
    enum signature_kind kind = signature_of_der(below->algorithm);
    if (!bytes_equal(below->issuer, above->subject))
        return error_set(err, ERROR_INPUT, 0,
                         "the chain is out of order: a certificate's issuer is not the next one's subject");
    if (!public_key_read(above->spki, &facts, err) || !public_key_new(&facts, &key, err) ||
        !public_key_verify(key, kind, below->tbs, below->signature, err))
        return error_while(err, "checking a signature in the chain");
    return true;
}

/** One certificate of the chain, index above the issuer's own. */
static bool read_above(struct cert_issuer *issuer, struct bytes der, size_t index, struct error *err)
{
    struct cert_parts *parts = issuer->parts;
    struct policy_issuer *facts = &issuer->facts;
    builder_add_bytes(&issuer->above[index - 1], der);
    if (!parts_read(builder_bytes(&issuer->above[index - 1]), &parts[index], err) ||
        !check_link(&parts[index - 1], &parts[index], err) ||
        !add_certificate(&parts[index], (int)index, facts, err))
        return error_while(err, "reading certificate %zu of the chain", index);
    if (parts[index].not_after < facts->not_after)
        facts->not_after = parts[index].not_after;
    return true;
}

bool cert_issuer_read(struct bytes certificate, const struct bytes *chain, size_t chain_count,
                      struct cert_issuer **ret_issuer, struct error *err)
{
    AUTO(cert_issuer_free) struct cert_issuer *issuer = memory_new(1, sizeof(*issuer));
    issuer->parts = memory_new(chain_count + 1, sizeof(*issuer->parts));
    builder_add_bytes(&issuer->der, certificate);
    if (!parts_read(builder_bytes(&issuer->der), &issuer->parts[0], err) || !fill(issuer, err))
        return false;
    issuer->above = memory_new(chain_count, sizeof(*issuer->above));
    issuer->above_count = chain_count;
    for (size_t i = 0; i < chain_count; i++) {
        if (!read_above(issuer, chain[i], i + 1, err))
            return false;
    }
    if (!policies_of_chain(issuer->parts, chain_count + 1, &issuer->facts, err))
        return false;
    *ret_issuer = TAKE(issuer);
    return true;
}
