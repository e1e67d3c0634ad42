/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distinguished names compared (RFC 5280 7.1): a subject that is to be written against Names of certificates above. Used inside
 * policy/ only.
 */
#ifndef COLDCA_POLICY_DIRECTORY_H
#define COLDCA_POLICY_DIRECTORY_H

#include "policy/issuer.h"

/** How close two Names have to be. */
enum directory_match {
    DIRECTORY_EXACT, /**< byte for byte, string types included: every validator takes them for one */
    DIRECTORY_LOOSE, /**< without case, repeated blanks and string types: some validator may take them for one */
};

/** Whether the template's subject is this Name. */
bool directory_is_same(const struct template *template, const struct policy_name *name,
                       enum directory_match match);
/** Whether the template's subject is this Name or below it: begins with its RDNs (RFC 5280 4.2.1.10). */
bool directory_is_within(const struct template *template, const struct policy_name *name,
                         enum directory_match match);

#endif
