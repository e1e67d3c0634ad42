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

/** How long the word at `at` is: up to a space, of a command one that is outside of quotes. */
static size_t word_len(struct bytes line, size_t at, bool is_command)
{
    bool is_quoted = false;
    size_t len = 0;
    for (; at + len < line.len && (is_quoted || line.data[at + len] != ' '); len++)
        is_quoted ^= is_command && line.data[at + len] == '\'';
    return len;
}

/** One line's words in lines of WRAP_COLUMNS. \param at  the column it begins at; further lines begin at indent. Appends no LF */
static void wrap_line(struct builder *ret, size_t at, size_t indent, struct bytes line, bool is_command)
{
    size_t column = at;
    size_t room = is_command ? WRAP_COLUMNS - 2 : WRAP_COLUMNS;
    for (size_t i = 0; i < line.len;) {
        size_t len = word_len(line, i, is_command);
        size_t width = wrap_columns_of(bytes_slice(line, i, len));
        if (i > 0 && column + 1 + width > room) {
            builder_add_text(ret, is_command ? " \\\n" : "\n");
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

static void wrap(struct builder *ret, size_t at, size_t indent, const char *text, bool is_command)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_guard(&guarded, bytes_of_text(text));
    for (const char *line = builder_text(&guarded);; at = 0) {
        size_t len = strcspn(line, "\n");
        wrap_pad(ret, at, indent);
        wrap_line(ret, at > indent ? at : indent, indent, bytes_of(line, len), is_command);
        builder_add_u8(ret, '\n');
        if (line[len] == '\0')
            return;
        line += len + 1;
    }
}

void wrap_text(struct builder *ret, size_t at, size_t indent, const char *text)
{
    wrap(ret, at, indent, text, false);
}

void wrap_command(struct builder *ret, size_t at, size_t indent, const char *command)
{
    wrap(ret, at, indent, command, true);
}
