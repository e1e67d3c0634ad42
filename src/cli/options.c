/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/similar.h"
#include "cli/option_table.h"
#include "cli/program.h"

#include <stdio.h>
#include <string.h>

void options_done(struct options *options)
{
    option_list_done(&options->arguments);
}

static bool refuse_option(const struct option_table *table, const char *text, struct bytes name,
                          struct error *err)
{
    struct quoted buffer;
    AUTO(free) char *typed = memory_text_of(name.data, name.len);
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = typed};
    for (size_t i = 0; i < option_table_len(table); i++)
        similar_offer(&similar, option_table_row(table, i)->name);
    similar_ask(&similar, "--", &question);
    return error_set(err, ERROR_USAGE, 0, "unknown option %s%s%s", quoted_text(text, &buffer),
                     builder_text(&question), similar.found != NULL ? "" : "; --help shows those there are");
}

/** Handles argv[*at]; may take argv[*at + 1] as its value. */
static bool parse_option(const struct option_table *table, int argc, char **argv, int *at, struct error *err)
{
    const char *text = argv[*at];
    const char *value = NULL;
    const struct option_row *row;
    const char *equals = strchr(text, '=');
    const char *name = text + (text[1] == '-' ? 2 : 1);
    struct bytes whole = bytes_of(name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    if (text[1] == '-') {
        value = equals != NULL ? equals + 1 : NULL;
        row = option_table_find(table, whole);
    } else {
        // "-policy x", as other tools write it, is not -p with the value "olicy".
        row = whole.len > 1 && option_table_find(table, whole) != NULL ? NULL
                                                                       : option_table_letter(table, text[1]);
        value = text[2] != '\0' ? text + 2 : NULL;
    }
    if (row == NULL)
        return refuse_option(table, text, whole, err);
    if (row->kind == OPTION_FLAG && value != NULL)
        return error_set(err, ERROR_USAGE, 0, "--%s takes no value", row->name);
    if (row->kind != OPTION_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return error_set(err, ERROR_USAGE, 0, "--%s needs a value: %s", row->name, row->argument);
        value = argv[++*at];
    }
    return option_store(row, value, err);
}

bool options_parse(int argc, char **argv, const struct option_row *rows, size_t count,
                   struct options *options, struct error *err)
{
    struct option_table table = option_table_of(rows, count, options);
    bool has_ended = false;
    for (int i = 1; i < argc; i++) {
        bool is_option = !has_ended && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0)
            has_ended = true;
        else if (!is_option)
            option_list_add(&options->arguments, argv[i]);
        else if (!parse_option(&table, argc, argv, &i, err))
            return false;
    }
    return true;
}

static void print_row(const struct option_row *row)
{
    char left[64];
    char letter[8] = "    ";
    if (row->letter != '\0')
        (void)snprintf(letter, sizeof(letter), "-%c, ", row->letter); // four characters
    (void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument == NULL ? "" : " ",
                   row->argument == NULL ? "" : row->argument); // the table's own short texts
    printf("  %-34s %s\n", left, row->help);
}

/** Lines of shell, of which those that run coldca run this program. */
static void print_lines(const char *at)
{
    for (size_t len = 0; *at != '\0'; at += len) {
        size_t indent = strspn(at, " ");
        size_t name = strncmp(at + indent, "coldca ", strlen("coldca ")) == 0 ? strlen("coldca") : 0;
        len = strcspn(at, "\n");
        len += at[len] == '\n';
        printf("%.*s%s%.*s", (int)indent, at, name > 0 ? program_running()->name : "",
               (int)(len - indent - name), at + indent + name);
    }
}

void options_help(const struct command_help *help, const struct option_row *rows, size_t count)
{
    struct options none = {.home = NULL};
    struct option_table table = option_table_of(rows, count, &none);
    printf("usage: %s ", program_running()->name);
    print_lines(help->usage);
    printf("\n\n%s\n\noptions:\n", help->text);
    for (size_t i = 0; i < option_table_len(&table); i++)
        print_row(option_table_row(&table, i));
    if (help->example != NULL) {
        puts("\nfor example:");
        print_lines(help->example);
        puts("");
    }
}
