/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a page: in plain text the cells' lines side by side. */
#include "base/memory.h"
#include "base/quote.h"
#include "ceremony/page_parts.h"
#include "ceremony/wrap.h"

#include <assert.h>
#include <string.h>

void page_table(struct page *page, const struct page_column *columns, size_t count)
{
    page_close_open(page);
    assert(count <= PAGE_COLUMNS_MAX);
    page->table = memory_grow(page->table, count, sizeof(columns[0]));
    memcpy(page->table, columns, count * sizeof(columns[0]));
    page->table_columns = count;
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += columns[i].columns;
    builder_add_text(&page->html, "<table class=\"grid\"><tr>");
    builder_add_text(&page->text, "\n");
    size_t at = 0;
    size_t wanted = 2;
    for (size_t i = 0; i < count; i++) {
        builder_format(&page->html, "<th style=\"width:%zu%%\">%s</th>", columns[i].columns * 100 / sum,
                       columns[i].heading);
        wrap_pad(&page->text, at, wanted);
        builder_add_text(&page->text, columns[i].heading);
        at = wanted + strlen(columns[i].heading);
        wanted += columns[i].columns + 2;
    }
    builder_add_text(&page->html, "</tr>\n");
    builder_add_text(&page->text, "\n");
}

/** One line of each cell, side by side. \param rests  what is left of each cell's text */
static void add_row_line(struct page *page, const char **rests)
{
    size_t at = 0;
    size_t wanted = 2;
    for (size_t i = 0; i < page->table_columns; i++) {
        struct bytes line = wrap_next(&rests[i], page->table[i].columns);
        if (line.len > 0) {
            wrap_pad(&page->text, at, wanted);
            builder_add_bytes(&page->text, line);
            at = wanted + wrap_columns_of(line);
        }
        wanted += page->table[i].columns + 2;
        wanted = at + 2 > wanted ? at + 2 : wanted; // a long word moves the rest of its line
    }
    builder_add_u8(&page->text, '\n');
}

static bool has_rest(const char *const *rests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rests[i][strspn(rests[i], " ")] != '\0')
            return true;
    }
    return false;
}

void page_row(struct page *page, const char *const *cells)
{
    struct builder shown[PAGE_COLUMNS_MAX] = {BUILDER_INIT};
    const char *rests[PAGE_COLUMNS_MAX];
    builder_add_text(&page->html, "<tr>");
    for (size_t i = 0; i < page->table_columns; i++) {
        bool is_blank = cells[i] == NULL || cells[i][0] == '\0';
        builder_add_text(&page->html, "<td>");
        page_add_html(page, is_blank ? "" : cells[i]);
        builder_add_text(&page->html, "</td>");
        for (size_t k = 0; is_blank && k < page->table[i].columns; k++)
            builder_add_u8(&shown[i], '_');
        quote_guard(&shown[i], bytes_of_text(is_blank ? "" : cells[i]));
        rests[i] = builder_text(&shown[i]);
    }
    builder_add_text(&page->html, "</tr>\n");
    do
        add_row_line(page, rests);
    while (has_rest(rests, page->table_columns));
    for (size_t i = 0; i < page->table_columns; i++)
        builder_done(&shown[i]);
}

void page_table_end(struct page *page)
{
    builder_add_text(&page->html, "</table>\n");
}
