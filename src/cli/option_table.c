/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option_table.h"

#include "cli/program.h"

struct option_table option_table_of(const struct option_row *rows, size_t count, struct options *options)
{
    return (struct option_table){
        .rows = rows,
        .count = count,
        .common = {{"home", 'C', OPTION_TEXT, "HOME", "the CA's home directory", &options->home},
                   {"pin-source", 0, OPTION_SOURCE, "SOURCE", "where the PIN is: file:PATH, fd:N or env:NAME",
                    &options->pin_source},
                   {"json", 0, OPTION_FLAG, NULL, "the result as JSON on stdout", &options->wants_json},
                   {"help", 'h', OPTION_FLAG, NULL, "this text", &options->wants_help},
                   {"operator", 0, OPTION_TEXT, "NAME",
                    "who you are, for the ledger (ca.yaml's operator, else the account)",
                    &options->operator_name}},
        .common_count =
            ARRAY_LEN(((struct option_table *)NULL)->common) - (program_running()->tokens == NULL),
    };
}

size_t option_table_len(const struct option_table *table)
{
    return table->count + table->common_count;
}

const struct option_row *option_table_row(const struct option_table *table, size_t index)
{
    return index < table->count ? &table->rows[index] : &table->common[index - table->count];
}

const struct option_row *option_table_find(const struct option_table *table, struct bytes name)
{
    for (size_t i = 0; i < option_table_len(table); i++) {
        if (bytes_equal_text(name, option_table_row(table, i)->name))
            return option_table_row(table, i);
    }
    return NULL;
}

const struct option_row *option_table_letter(const struct option_table *table, char letter)
{
    for (size_t i = 0; i < option_table_len(table); i++) {
        if (option_table_row(table, i)->letter == letter && letter != '\0')
            return option_table_row(table, i);
    }
    return NULL;
}
