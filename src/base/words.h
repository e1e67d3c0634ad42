/* SPDX-License-Identifier: Apache-2.0 */
/* A digest as people compare it: hex in groups, and words to be read aloud. */
#ifndef COLDCA_BASE_WORDS_H
#define COLDCA_BASE_WORDS_H

#include "base/builder.h"

/** The PGP word list, a word a byte, separated by spaces, LF after each per_line of them; appends. */
void words_of(struct bytes data, size_t per_line, struct builder *ret_text);
/** Lower-case hex in groups of four bytes; appends. */
void words_hex_groups(struct bytes data, struct builder *ret_text);

#endif
