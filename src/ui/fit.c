/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/fit.h"

#include "base/quote.h"
#include "ui/charset.h"

#define CUT "..."

/** One character at text.data[at]. \return its bytes */
static size_t step(struct bytes text, size_t at, size_t *ret_columns)
{
    uint32_t code = 0;
    size_t used = utf8_decode(text.data + at, text.len - at, &code);
    *ret_columns = 1;
    if (used == 0)
        return 1;
    int columns = code < 0x80 ? 1 : charset_columns(text.data + at, used, code);
    *ret_columns = columns < 0 ? 2 : (size_t)columns; // of no known width: at most
    return used;
}

static size_t columns_of(struct bytes text)
{
    size_t total = 0;
    size_t columns = 0;
    for (size_t at = 0; at < text.len; total += columns)
        at += step(text, at, &columns);
    return total;
}

/** Room for the text itself when "..." stands beside it. */
static size_t beside_cut(size_t columns)
{
    return columns > strlen(CUT) ? columns - strlen(CUT) : 0;
}

void fit_start(struct builder *ret_text, struct bytes text, size_t columns)
{
    size_t buffer = columns_of(text) <= columns ? columns : beside_cut(columns);
    size_t at = 0;
    size_t width = 0;
    for (size_t used = 0; at < text.len; at += used, buffer -= width) {
        used = step(text, at, &width);
        if (width > buffer)
            break;
    }
    builder_add(ret_text, text.data, at);
    if (at < text.len)
        builder_add_text(ret_text, CUT);
}

void fit_end(struct builder *ret_text, struct bytes text, size_t columns)
{
    size_t total = columns_of(text);
    size_t buffer = total <= columns ? columns : beside_cut(columns);
    size_t at = 0;
    size_t width = 0;
    while (at < text.len && total > buffer) {
        at += step(text, at, &width);
        total -= width;
    }
    if (at > 0)
        builder_add_text(ret_text, CUT);
    builder_add(ret_text, text.data + at, text.len - at);
}

void fit_list(struct builder *ret_text, struct bytes text, size_t columns)
{
    size_t used = 0;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && (text.data[end] != ' ' || end == at || text.data[end - 1] != ','))
            end++;
        struct bytes thing = bytes_slice(text, at, end - at);
        size_t width = columns_of(thing);
        if (used > 0 && used + 1 + width > columns) {
            builder_add_u8(ret_text, '\n');
            used = 0;
        } else if (used > 0) {
            builder_add_u8(ret_text, ' ');
            used++;
        }
        builder_add(ret_text, thing.data, thing.len);
        used += width;
        at = end + 1;
    }
}

size_t fit_prefix(struct bytes text, size_t columns, size_t lines)
{
    size_t column = 0;
    size_t line = 0;
    size_t at = 0;
    size_t width = 0;
    while (at < text.len) {
        size_t used = step(text, at, &width);
        bool ends = text.data[at] == '\n';
        bool wraps = !ends && column + width > columns && column > 0;
        line += wraps ? 1 : 0;
        if (line >= lines)
            return at;
        line += ends ? 1 : 0;
        column = ends ? 0 : wraps ? width : column + width;
        at += used;
    }
    return at;
}

size_t fit_lines(struct bytes text, size_t columns)
{
    size_t lines = 0;
    for (size_t at = 0; at < text.len; lines++)
        at += fit_prefix(bytes_slice(text, at, text.len), columns, 1);
    return lines;
}
