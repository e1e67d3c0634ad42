/* SPDX-License-Identifier: Apache-2.0 */
/* What `coldca init` says at the end. */
#ifndef COLDCA_OPERATOR_INIT_REPORT_H
#define COLDCA_OPERATOR_INIT_REPORT_H

#include "init/init.h"

/** The new CA, as text or as JSON, on stdout. */
void init_report(const struct init_result *result, bool wants_json);

#endif
