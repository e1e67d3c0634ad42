/* SPDX-License-Identifier: Apache-2.0 */
/* Plain text in lines that fit a sheet of paper, counted in characters. Text is escaped here; its own line ends stay. */
#ifndef COLDCA_CEREMONY_WRAP_H
#define COLDCA_CEREMONY_WRAP_H

#include "base/builder.h"

#define WRAP_COLUMNS 78

/**
 * Appends text and LF, broken between words before WRAP_COLUMNS; a longer word stays whole.
 * \param at      the column where the line stands already
 * \param indent  the column where the text and each further line of it begins
 */
void wrap_text(struct builder *ret, size_t at, size_t indent, const char *text);
/** The same for a command of a shell: it is broken outside of quotes, with a backslash, so that it can be typed as it stands. */
void wrap_command(struct builder *ret, size_t at, size_t indent, const char *command);
/** Appends spaces from one column up to another. */
void wrap_pad(struct builder *ret, size_t from, size_t to);
/**
 * The next line of a narrow column: as many words as fit, or one that is longer.
 * \param rest  where to go on; moved behind the line; at the text's end the line is empty
 */
struct bytes wrap_next(const char **rest, size_t columns);
/** How many characters valid UTF-8 has. */
size_t wrap_columns_of(struct bytes text);

#endif
