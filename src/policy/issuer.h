/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy must know of the issuer and the chain above it to judge: facts from the CA's certificates, made by
 * cert/issuer.c. Plain data; policy/ reads no certificate.
 */
#ifndef COLDCA_POLICY_ISSUER_H
#define COLDCA_POLICY_ISSUER_H

#include "policy/template.h"

/** A Name of a certificate, attribute by attribute: oid, field, value as UTF-8, the string type's tag, rdn. */
struct policy_name {
    struct template_attribute *attributes;
    size_t attributes_count;
};

struct policy_issuer {
    char *subject_text;
    int64_t not_before;
    int64_t not_after;
    bool is_ca;
    uint16_t key_usage; /**< 0 if the certificate has none (then all is allowed) */
    int path_len;       /**< how many CAs may still follow below; -1: no bound. The smallest over the chain */
    bool has_extended_key_usage;
    char **extended_key_usage; /**< intersection over the chain, without anyExtendedKeyUsage */
    size_t extended_key_usage_count;

    /** Name constraints over the whole chain: a name must be inside one permitted subtree of its kind in each
     *  certificate that has permitted subtrees of that kind, and in no excluded one (RFC 5280 6.1.4). */
    struct policy_constraints {
        struct template_name *permitted;
        size_t permitted_count;
        struct template_name *excluded;
        size_t excluded_count;
        struct policy_name *permitted_names; /**< as many; empty but for those of the kind directoryName */
        struct policy_name *excluded_names;
    } * constraints; /**< one a certificate that has the extension */
    size_t constraints_count;

    /** Certificate policies (RFC 5280 6.1): which ones are still valid below, and whether one of them is demanded. */
    bool needs_policy;
    bool may_have_any_policy; /**< anyPolicy in what is issued counts */
    bool allows_every_policy; /**< then policies is empty */
    bool has_no_policy_left;  /**< one is demanded and none can be had: nothing below is valid */
    char **policies;
    size_t policies_count;

    enum key_kind key_kind;
    unsigned key_bits;
    uint8_t spki_sha256[32];
    uint8_t (*chain_key_values)[32];    /**< base/key_value.h; of every certificate, the issuer's included */
    struct policy_name *chain_subjects; /**< of every certificate in the chain, the issuer's included */
    size_t chain_count;
};

/**
 * What keeps a validator from reading a subtree of a certificate; Go loses the whole certificate for it, and all below.
 * \return the rest of a sentence, such as "has an empty label"; NULL: nothing
 */
const char *policy_constraint_fault(const struct template_name *subtree);

/**
 * Holds the names of a CA's own certificate against constraints above it.
 * \param names  attributes and sans only
 */
void policy_constraints_judge(const struct template *names, const struct policy_constraints *constraints,
                              struct findings *ret_findings);

#endif
