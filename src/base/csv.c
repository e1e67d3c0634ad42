/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"

#include "base/builder.h"
#include "base/memory.h"
#include "base/quote.h"

#include <string.h>

#define CELLS_MAX 256

void csv_row_done(struct csv_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i]);
    free(row->cells);
    *row = (struct csv_row){.cells = NULL};
}

/** \return the next byte, or -1 at the end */
static int peek(const struct csv_reader *reader)
{
    return reader->rest.len == 0 ? -1 : reader->rest.data[0];
}

static void skip(struct csv_reader *reader, size_t count)
{
    reader->rest = bytes_slice(reader->rest, count, reader->rest.len);
}

static bool wrong(const struct csv_reader *reader, const char *what, struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "%s line %zu: %s", reader->file, reader->line, what);
}

/** The inside of a quoted cell, up to and with the closing quote. */
static bool read_quoted(struct csv_reader *reader, struct builder *cell, struct error *err)
{
    for (;;) {
        int byte = peek(reader);
        if (byte < 0)
            return wrong(reader, "a quoted cell does not end", err);
        skip(reader, 1);
        if (byte == '"' && peek(reader) != '"')
            return true;
        if (byte == '"')
            skip(reader, 1);
        builder_add_u8(cell, (uint8_t)byte);
    }
}

static bool at_cell_end(const struct csv_reader *reader)
{
    int byte = peek(reader);
    return byte < 0 || byte == ',' || byte == '\n' ||
           (byte == '\r' && reader->rest.len > 1 && reader->rest.data[1] == '\n');
}

static bool read_cell(struct csv_reader *reader, struct builder *cell, struct error *err)
{
    if (peek(reader) == '"') {
        skip(reader, 1);
        if (!read_quoted(reader, cell, err))
            return false;
        return at_cell_end(reader) || wrong(reader, "text follows a quoted cell", err);
    }
    for (; !at_cell_end(reader); skip(reader, 1)) {
        if (peek(reader) == '"')
            return wrong(reader, "a quote inside a cell that is not quoted", err);
        builder_add_u8(cell, (uint8_t)peek(reader));
    }
    return true;
}

static bool add_cell(struct csv_reader *reader, struct csv_row *row, struct builder *cell, struct error *err)
{
    for (size_t i = 0; i < cell->len; i++) {
        if (cell->data[i] < 0x20 || cell->data[i] == 0x7f)
            return wrong(reader, "a control character in a cell", err);
    }
    if (!utf8_is_valid(builder_bytes(cell)))
        return wrong(reader, "a cell is not UTF-8", err);
    if (row->count == CELLS_MAX)
        return wrong(reader, "too many cells", err);
    row->cells = memory_grow(row->cells, row->count + 1, sizeof(*row->cells));
    row->cells[row->count++] = builder_take_text(cell);
    return true;
}

static void skip_line_end(struct csv_reader *reader)
{
    if (peek(reader) == '\r')
        skip(reader, 1);
    if (peek(reader) == '\n')
        skip(reader, 1);
}

bool csv_next(struct csv_reader *reader, struct csv_row *ret_row, bool *ret_is_end, struct error *err)
{
    if (reader->line == 0 && reader->rest.len >= 3 && memcmp(reader->rest.data, "\xef\xbb\xbf", 3) == 0)
        skip(reader, 3);
    reader->line++;
    while (peek(reader) == '\n' || (peek(reader) == '\r' && at_cell_end(reader))) {
        skip_line_end(reader);
        reader->line++;
    }
    *ret_is_end = peek(reader) < 0;
    ret_row->line = reader->line;
    for (bool has_more = !*ret_is_end; has_more;) {
        AUTO(builder_done) struct builder cell = BUILDER_INIT;
        if (!read_cell(reader, &cell, err) || !add_cell(reader, ret_row, &cell, err))
            return false;
        has_more = peek(reader) == ',';
        if (has_more)
            skip(reader, 1);
        else
            skip_line_end(reader);
    }
    return true;
}
