/* SPDX-License-Identifier: Apache-2.0 */
/* What `policy approve` and `people` have in common: they run, and they report. */
#ifndef COLDCA_CLI_GOVERN_H
#define COLDCA_CLI_GOVERN_H

#include "cli/given.h"
#include "status/govern.h"

/** Runs and reports. \return the exit code */
int cli_govern(struct govern_options *govern, struct given *given, const char *valid_for,
               struct options *options, struct error *err);
/** What a plan's digest is in groups of hex and in words, on stdout. */
void cli_print_plan_digest(const uint8_t sha256[static 32]);

#endif
