/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict: a policy's answer to one request, with every reason at once, and what was done with each part of it.
 */
#ifndef COLDCA_POLICY_VERDICT_H
#define COLDCA_POLICY_VERDICT_H

#include "policy/template.h"

enum decision_kind {
    DECISION_TAKEN,   /**< from the request, as it is */
    DECISION_DROPPED, /**< in the request, not in the certificate */
    DECISION_SET,     /**< by the policy, whatever the request says */
    DECISION_ADDED,   /**< derived by the policy, such as a SAN from the CN */
};

struct decision {
    enum decision_kind kind;
    char *field; /**< "subject CN", "san dns", "validity", "extension 1.2.3" */
    char *value; /**< escaped */
};

struct verdict {
    bool is_allowed;
    struct findings findings; /**< why not; empty if allowed */
    /** what a person should know of it nevertheless: what was asked for and is left out, what was taken leniently; refuses nothing */
    struct findings notes;
    struct decision *decisions;
    size_t decisions_count;
    struct template *template; /**< if allowed; else NULL */
};

void verdict_free(struct verdict *verdict);
DEFINE_AUTO(struct verdict *, verdict_free);

#endif
