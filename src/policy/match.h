/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions (PCRE2), anchored at both ends by definition, with limits. Used inside policy/ only. */
#ifndef COLDCA_POLICY_MATCH_H
#define COLDCA_POLICY_MATCH_H

#include "base/bytes.h"
#include "base/error.h"

struct pattern;
/** ERROR_INPUT says where in the expression the fault is. */
MUST_USE bool pattern_new(const char *expression, struct pattern **ret_pattern, struct error *err);
void pattern_free(struct pattern *pattern);
/** Whether the whole text matches. An expression that needs too many steps does not match. */
bool pattern_fits(const struct pattern *pattern, struct bytes text);

#endif
