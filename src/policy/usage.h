/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which key usages a kind of key can have, and which of them go with which purpose. Used by the check at load, where the policy
 * alone decides, and by the judge, where key and request do. Used inside policy/ only.
 */
#ifndef COLDCA_POLICY_USAGE_H
#define COLDCA_POLICY_USAGE_H

#include "base/builder.h"
#include "base/error.h"
#include "policy/template.h"

/** The bits a key of this kind may have (RFC 3279 2.3.1, RFC 5480 3, RFC 8410 5 with RFC 9295). All for kinds coldca does not know. */
uint16_t usage_bits_of_key(enum key_kind kind);

/** All bits of these names; rules_check() has refused a policy with any other name. */
uint16_t usage_bits(char *const *names, unsigned count);

/** Appends "digitalSignature, keyAgreement". */
void usage_words(uint16_t bits, struct builder *ret_text);

/** What key and extended key usages come to together. */
struct usage_set {
    uint16_t bits; /**< 0: no keyUsage at all, which goes with everything */
    char *const *purposes;
    size_t purposes_count; /**< names or dotted OIDs */
    bool is_critical;      /**< the extKeyUsage */
    bool is_ca;            /**< purposes then say what is below, not what the key does */
};

/** Whether bits are sound in themselves: encipherOnly and decipherOnly want keyAgreement, and not each other. */
MUST_USE bool usage_check_bits(uint16_t bits, struct error *err);
/** Whether each purpose has a usage it can be served with (RFC 5280 4.2.1.12), and time stamping stands alone (RFC 3161 2.3). */
MUST_USE bool usage_check_purposes(const struct usage_set *set, struct error *err);

#endif
