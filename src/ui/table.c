/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include "base/memory.h"
#include "base/quote.h"
#include "ui/charset.h"

#include <assert.h>
#include <libsmartcols.h>

#define GAP 2          /* columns between cells */
#define NARROWEST 12   /* a cell is not made narrower than this */
#define MAX_COLUMNS 16 /* more would not be read by anybody */

struct ui_row {
    char **cells;
    const char *color;
};

struct ui_table {
    FILE *stream;
    size_t columns;
    struct ui_row *rows; /**< the first one is the heading */
    size_t count;
};

/** Escaped text with what the C library can't draw as an escape too, and a mark that would sit on the gap before the cell. */
static char *drawable(struct bytes text)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    struct builder out = BUILDER_INIT;
    bool is_first = true; // of its line
    quote_guard(&guarded, text);
    for (size_t i = 0, len = 1; i < guarded.len; i += len) {
        const uint8_t *at = guarded.data + i;
        uint32_t code = 0;
        len = utf8_decode(at, guarded.len - i, &code); // never 0: quote_guard() leaves valid UTF-8
        int columns = len == 1 ? 1 : charset_columns(at, len, code);
        if (columns < 0 || (columns == 0 && is_first))
            builder_format(&out, "\\u{%x}", code);
        else
            builder_add(&out, at, len);
        is_first = code == '\n';
    }
    return builder_take_text(&out);
}

void ui_table_row(struct ui_table *table, const char *const *cells, const char *color)
{
    table->rows = memory_grow(table->rows, table->count + 1, sizeof(*table->rows));
    struct ui_row *row = &table->rows[table->count++];
    *row = (struct ui_row){.cells = memory_new(table->columns, sizeof(*row->cells)), .color = color};
    for (size_t i = 0; i < table->columns; i++)
        row->cells[i] = drawable(bytes_of_text(cells[i]));
}

struct ui_table *ui_table_new(const char *const *headings, size_t count, FILE *stream)
{
    assert(count > 0 && count <= MAX_COLUMNS);
    struct ui_table *table = memory_new(1, sizeof(*table));
    table->stream = stream;
    table->columns = count;
    ui_table_row(table, headings, NULL);
    return table;
}

void ui_table_free(struct ui_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        for (size_t j = 0; j < table->columns; j++)
            free(table->rows[i].cells[j]);
        free(table->rows[i].cells);
    }
    free(table->rows);
    free(table);
}

/** Columns of the character at text, which is not at its end. \param ret_len its bytes, at least 1 whatever they are */
static size_t character_width(const char *text, size_t *ret_len)
{
    uint32_t code = 0;
    size_t len = utf8_decode((const uint8_t *)text, strnlen(text, 4), &code);
    int columns = len < 2 ? 1 : charset_columns((const uint8_t *)text, len, code);
    *ret_len = len == 0 ? 1 : len;
    return columns < 0 ? 1 : (size_t)columns;
}

static size_t widest_line(const char *text)
{
    size_t widest = 0;
    size_t width = 0;
    for (size_t len = 0; *text != '\0'; text += len) {
        width += character_width(text, &len);
        if (*text == '\n')
            width = 0;
        if (width > widest)
            widest = width;
    }
    return widest;
}

/** Breaks text into lines of at most width columns, between words where it can. */
static char *wrapped(const char *text, size_t width)
{
    struct builder out = BUILDER_INIT;
    size_t used = 0;       // columns on this line
    size_t break_at = 0;   // place in out of the line's last space; 0: none
    size_t break_used = 0; // columns up to and with that space
    for (size_t len = 0; *text != '\0'; text += len) {
        size_t columns = character_width(text, &len);
        if (*text != '\n' && used + columns > width && used > 0) {
            if (*text == ' ') { // the space that does not fit is the break
                builder_add_u8(&out, '\n');
                used = break_at = 0;
                continue;
            }
            if (break_at != 0) {
                out.data[break_at] = '\n';
                used -= break_used;
            } else {
                builder_add_u8(&out, '\n');
                used = 0;
            }
            break_at = 0;
        }
        builder_add(&out, text, len);
        used = *text == '\n' ? 0 : used + columns;
        if (*text == '\n')
            break_at = 0;
        if (*text == ' ' && used > 1) {
            break_at = out.len - 1;
            break_used = used;
        }
    }
    return builder_take_text(&out);
}

/** Shares the terminal's width: what needs less than its share keeps it, the others divide the rest. */
static void share_width(const struct ui_table *table, size_t ret_widths[static MAX_COLUMNS])
{
    size_t buffer = ui_width(table->stream);
    size_t gaps = GAP * (table->columns - 1);
    size_t needed = gaps;
    for (size_t j = 0; j < table->columns; j++) {
        ret_widths[j] = 0;
        for (size_t i = 0; i < table->count; i++) {
            size_t width = widest_line(table->rows[i].cells[j]);
            ret_widths[j] = width > ret_widths[j] ? width : ret_widths[j];
        }
        needed += ret_widths[j];
    }
    while (needed > buffer) {
        size_t widest = 0;
        for (size_t j = 1; j < table->columns; j++)
            widest = ret_widths[j] >= ret_widths[widest] ? j : widest;
        if (ret_widths[widest] <= NARROWEST)
            return;
        ret_widths[widest]--;
        needed--;
    }
}

static void fit_to_terminal(struct ui_table *table)
{
    size_t widths[MAX_COLUMNS];
    share_width(table, widths);
    for (size_t i = 1; i < table->count; i++) {
        for (size_t j = 0; j < table->columns; j++) {
            char *cell = table->rows[i].cells[j];
            if (widest_line(cell) <= widths[j])
                continue;
            table->rows[i].cells[j] = wrapped(cell, widths[j]);
            free(cell);
        }
    }
}

/** Of libsmartcols' own two functions for cells of several lines one never ends on what it can't convert; these end on anything. */
static size_t chunk_size(const struct libscols_column *column, const char *data, void *unused)
{
    (void)column;
    (void)unused;
    return data == NULL ? 0 : widest_line(data);
}

static char *next_chunk(const struct libscols_column *column, char *data, void *unused)
{
    char *end = data == NULL ? NULL : strchr(data, '\n');
    (void)column;
    (void)unused;
    if (end == NULL)
        return NULL;
    *end = '\0';
    return end + 1;
}

static struct libscols_table *layout(const struct ui_table *table)
{
    struct libscols_table *drawn = scols_new_table();
    int failed = drawn == NULL;
    failed |= scols_table_set_stream(drawn, table->stream);
    failed |= scols_table_enable_colors(drawn, ui_may_color(table->stream) ? 1 : 0);
    // The layout is done here, by words; smartcols is to cut nothing off.
    failed |= scols_table_set_termforce(drawn, SCOLS_TERMFORCE_NEVER);
    // Everything is escaped already; smartcols would escape our escapes.
    failed |= scols_table_enable_noencoding(drawn, 1);
    failed |= scols_table_set_column_separator(drawn, "  ");
    for (size_t j = 0; j < table->columns && !failed; j++) {
        struct libscols_column *column =
            scols_table_new_column(drawn, table->rows[0].cells[j], 0, SCOLS_FL_WRAP);
        failed |= column == NULL || scols_column_set_safechars(column, "\n") != 0 ||
                  scols_column_set_wrapfunc(column, chunk_size, next_chunk, NULL) != 0;
    }
    for (size_t i = 1; i < table->count && !failed; i++) {
        const struct ui_row *row = &table->rows[i];
        struct libscols_line *line = scols_table_new_line(drawn, NULL);
        failed |= line == NULL || (row->color != NULL && scols_line_set_color(line, row->color) != 0);
        for (size_t j = 0; j < table->columns && !failed; j++)
            failed |= scols_line_set_data(line, j, row->cells[j]) != 0;
    }
    if (failed)
        abort(); // out of memory, or a color that is none: a bug
    return drawn;
}

void ui_table_print(struct ui_table *table)
{
    ui_progress_clear();
    if (isatty(fileno(table->stream)) == 1)
        fit_to_terminal(table);
    struct libscols_table *drawn = layout(table);
    (void)scols_print_table(drawn); // the stream keeps its error for whoever closes it
    scols_unref_table(drawn);
}
