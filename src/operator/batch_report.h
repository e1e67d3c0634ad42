/* SPDX-License-Identifier: Apache-2.0 */
/* What `coldca batch` says at the end. */
#ifndef COLDCA_OPERATOR_BATCH_REPORT_H
#define COLDCA_OPERATOR_BATCH_REPORT_H

#include "batch/batch.h"

/**
 * The result, as text or as JSON, on stdout.
 * \param medium  as the operator named it
 */
void batch_report(const struct batch_result *result, const char *medium, bool wants_json);

#endif
