/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of options.h: the rows of a command with those every command has, and what a value means. */
#ifndef COLDCA_CLI_OPTION_TABLE_H
#define COLDCA_CLI_OPTION_TABLE_H

#include "cli/options.h"

#include "base/bytes.h"

/** All rows that apply: the command's own first, then those every command has. */
struct option_table {
    const struct option_row *rows;
    size_t count;
    struct option_row common[5]; /**< the last, --operator, is for who writes to a ledger */
    size_t common_count;         /**< of those, in the program that runs */
};

struct option_table option_table_of(const struct option_row *rows, size_t count, struct options *options);
size_t option_table_len(const struct option_table *table);
const struct option_row *option_table_row(const struct option_table *table, size_t index);
/** NULL: there is none of this name, or letter. */
const struct option_row *option_table_find(const struct option_table *table, struct bytes name);
const struct option_row *option_table_letter(const struct option_table *table, char letter);

/** Stores a value, borrowed, where the row says. ERROR_USAGE: it is none of this kind; ERROR_INPUT: options_parse()'s */
MUST_USE bool option_store(const struct option_row *row, const char *value, struct error *err);
void option_list_add(struct option_list *list, const char *text);

#endif
