/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names compared as what they are, and held against name-constraint subtrees (RFC 5280 4.2.1.10 and 7.2 to 7.5). Where RFC 5280
 * leaves a choice, what is permitted is read narrowly and what is excluded widely. Used inside policy/ only.
 */
#ifndef COLDCA_POLICY_SUBTREE_H
#define COLDCA_POLICY_SUBTREE_H

#include "policy/template.h"

/** Whether two names of a kind are one: host names in any case, the host of a mailbox or URI in any case, the rest exactly. */
bool name_is_same(enum san_kind kind, struct bytes a, struct bytes b);

/** Whether the name is inside a permitted subtree. dns, email, uri and ip only; false for all others. */
bool subtree_permits(enum san_kind kind, struct bytes name, struct bytes subtree);
/** Whether the name is inside an excluded subtree, a wildcard that stands for a name inside, or an excluded mailbox in another case. */
bool subtree_excludes(enum san_kind kind, struct bytes name, struct bytes subtree);

/** Whether coldca can hold names of this kind against a subtree. */
bool subtree_is_known(enum san_kind kind);

#endif
