/* SPDX-License-Identifier: Apache-2.0 */
/* What `policy approve` and `people` have in common: they run, and they report. */
#ifndef COLDCA_OPERATOR_GOVERN_H
#define COLDCA_OPERATOR_GOVERN_H

#include "operator/given.h"
#include "status/govern.h"

/** Runs and reports. \return the exit code */
int operator_govern(struct govern_options *govern, struct given *given, const char *valid_for,
                    struct options *options, struct error *err);

#endif
