/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/wrap.h"

#include "base/quote.h"

#include <string.h>

size_t wrap_columns_of(struct bytes text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += (text.data[i] & 0xc0) != 0x80;
    return columns;
}

void wrap_pad(struct builder *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        builder_add_u8(text, ' ');
}

/** One line's words in lines of WRAP_COLUMNS. \param at  the column it begins at; further lines begin at indent. Appends no LF */
static void wrap_line(struct builder *ret, size_t at, size_t indent, struct bytes line)
{
    size_t column = at;
    for (size_t i = 0; i < line.len;) {
        size_t len = 0;
        while (i + len < line.len && line.data[i + len] != ' ')
            len++;
        size_t width = wrap_columns_of(bytes_slice(line, i, len));
        if (i > 0 && column + 1 + width > WRAP_COLUMNS) {
            builder_add_u8(ret, '\n');
            wrap_pad(ret, 0, indent);
            column = indent;
        } else if (i > 0) {
            builder_add_u8(ret, ' ');
            column++;
        }
        builder_add_bytes(ret, bytes_slice(line, i, len));
        column += width;
        i += len;
        while (i < line.len && line.data[i] == ' ')
            i++;
    }
}

struct bytes wrap_next(const char **rest, size_t columns)
{
    const char *start = *rest + strspn(*rest, " ");
    size_t taken = 0;
    for (size_t at = 0; start[at] != '\0';) {
        size_t end = at + strcspn(start + at, " ");
        if (taken > 0 && wrap_columns_of(bytes_of(start, end)) > columns)
            break;
        taken = end;
        at = end + strspn(start + end, " ");
    }
    *rest = start + taken;
    return bytes_of(start, taken);
}

void wrap_text(struct builder *ret, size_t at, size_t indent, const char *text)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_guard(&guarded, bytes_of_text(text));
    for (const char *line = builder_text(&guarded);; at = 0) {
        size_t len = strcspn(line, "\n");
        wrap_pad(ret, at, indent);
        wrap_line(ret, at > indent ? at : indent, indent, bytes_of(line, len));
        builder_add_u8(ret, '\n');
        if (line[len] == '\0')
            return;
        line += len + 1;
    }
}
