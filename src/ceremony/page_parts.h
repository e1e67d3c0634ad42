/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a page share; page*.c only. */
#ifndef COLDCA_CEREMONY_PAGE_PARTS_H
#define COLDCA_CEREMONY_PAGE_PARTS_H

#include "ceremony/page.h"

/** What is open in HTML and must be closed before something else begins. */
enum open { OPEN_NOTHING, OPEN_FIELDS };

/** Up to which line of each form what was written comes from a record. */
struct stretch {
    uint64_t seq;
    size_t text_lines, html_lines;
};

struct page {
    struct builder text, html;
    enum open open;
    bool is_done;
    uint64_t seq;
    struct stretch *stretches;
    size_t stretch_count;
    size_t text_counted, html_counted; /**< bytes whose lines are counted */
    size_t text_lines, html_lines;
    struct page_column *table;
    size_t table_columns;
};

/** Foreign text into the HTML form: what a terminal would obey is made visible, what HTML would obey is escaped. */
void page_add_html(struct page *page, const char *text);
/** Ends what is open in the HTML form, before something else begins. */
void page_close_open(struct page *page);

#endif
