/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for a terminal of a given width, counted by charset_columns(); a character of no known width counts two. Texts are
 * escaped (quote_guard()). Inside ui/ only.
 */
#ifndef COLDCA_UI_FIT_H
#define COLDCA_UI_FIT_H

#include "base/builder.h"

/** Appends text in at most `columns` columns: whole, or its beginning and "...". */
void fit_start(struct builder *ret_text, struct bytes text, size_t columns);
/** The same with "..." and its end, for paths. */
void fit_end(struct builder *ret_text, struct bytes text, size_t columns);
/** Appends a list of things, which ", " separates, and begins a new line before one that would reach beyond `columns`. */
void fit_list(struct builder *ret_text, struct bytes text, size_t columns);
/** How many lines a terminal needs for text; the last one need not end in a line end. */
size_t fit_lines(struct bytes text, size_t columns);
/** The beginning of text that needs `lines` lines, in bytes. */
size_t fit_prefix(struct bytes text, size_t columns, size_t lines);

#endif
