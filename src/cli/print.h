/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people, on stdout and stderr. What command lines, files, tokens and the ledger bring into it can't move a cursor, turn
 * a line around or break the encoding: it goes through base/quote.h at the very last. Data (PEM, JSON, proofs) does not.
 */
#ifndef COLDCA_CLI_PRINT_H
#define COLDCA_CLI_PRINT_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

/** printf() to a stream, escaped. A text that can't be written is found at the end, by main(). */
void cli_print(FILE *stream, const char *format, ...) PRINTF_LIKE(2, 3);

/** The program's name, ": " and the text on stderr, further lines of it indented, below a progress line that is wiped. */
void cli_complain(const char *text);

/** What a plan's digest, or a script's, is in groups of hex and in words, on stdout. */
void cli_print_plan_digest(const uint8_t sha256[static 32]);

#endif
