/* SPDX-License-Identifier: Apache-2.0 */
/* What `coldca ledger verify` found. */
#ifndef COLDCA_CLI_LEDGER_VERIFY_REPORT_H
#define COLDCA_CLI_LEDGER_VERIFY_REPORT_H

#include "cli/ledger_memory.h"
#include "cli/ledger_transcript.h"
#include "ledger/ledger.h"

/**
 * Counts and findings, as text or as JSON, on stdout.
 * \param memory  what the token remembers; NULL: it was not asked, and the report says so
 * \param transcript  what became of --transcript; NULL: none was given
 */
void ledger_verify_report(const struct ledger_report *report, const struct cli_memory *memory,
                          const struct transcript_result *transcript, bool wants_json);

#endif
