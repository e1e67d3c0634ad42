/* SPDX-License-Identifier: Apache-2.0 */
/* `ledger verify --transcript`: what a ceremony's transcript says, compared with the ledger, and what became of that. */
#ifndef COLDCA_CLI_LEDGER_TRANSCRIPT_H
#define COLDCA_CLI_LEDGER_TRANSCRIPT_H

#include "base/json.h"
#include "ceremony/transcript_check.h"
#include "home/home.h"

/**
 * A transcript says what the records say. Opens the home's ledger.
 * \return false: ERROR_INPUT, the file cannot be read
 */
MUST_USE bool ledger_check_transcript(struct home *home, const char *path, struct ledger_report *report,
                                      struct transcript_result *ret_result, struct error *err);
/** A line on stdout, if each line of the transcript is by the records; what is wrong is among the findings. */
void ledger_transcript_print(const struct transcript_result *transcript);
void ledger_transcript_json(const struct transcript_result *transcript, struct json *json);

#endif
