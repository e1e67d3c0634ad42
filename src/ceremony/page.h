/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document for people in two forms at once: plain text of at most 78 columns, and one self-contained page of HTML that prints on A4 and
 * Letter, with what it is about on each sheet. Both say the same, because each call writes both.
 * It promises: foreign text is escaped; no script, nothing fetched; the same calls make the same bytes; of each line of both forms it is
 * known which record of the ledger it came from (page_from()).
 * It does not: know ceremonies, or files.
 */
#ifndef COLDCA_CEREMONY_PAGE_H
#define COLDCA_CEREMONY_PAGE_H

#include "base/builder.h"

#define PAGE_NO_RECORD UINT64_MAX

struct page;

/** What stands on each sheet. All is borrowed and copied into the page. */
struct page_frame {
    const char *title;
    const char *mark;      /**< "REHEARSAL"; NULL: none */
    const char *what;      /**< what the digest is of: "script root.yaml" */
    const uint8_t *sha256; /**< 32 bytes; on each sheet in words */
    uint64_t seq;          /**< the record this comes from, and what follows until page_from() */
};

struct page *page_new(const struct page_frame *frame);
void page_free(struct page *page);
DEFINE_AUTO(struct page *, page_free);

/** From here on what is written comes from this record; PAGE_NO_RECORD: from none. */
void page_from(struct page *page, uint64_t seq);

void page_heading(struct page *page, const char *text);
void page_text(struct page *page, const char *format, ...) PRINTF_LIKE(2, 3);
/** A line that must not be overlooked. */
void page_warning(struct page *page, const char *format, ...) PRINTF_LIKE(2, 3);
/** "label: value"; a NULL value writes nothing, an empty value leaves room to write. */
void page_field(struct page *page, const char *label, const char *value);
/** The same for what is typed or compared character by character. */
void page_code(struct page *page, const char *label, const char *value);
/** The same for a command of a shell, which may have several lines. */
void page_command(struct page *page, const char *label, const char *command);
/** A SHA-256 in groups of hex and in words. */
void page_digest(struct page *page, const char *label, const uint8_t sha256[static 32]);
/** Text as it is, line by line: output of a program, PEM. */
void page_lines(struct page *page, struct bytes text);
/** What has a form in HTML only: a drawing. */
void page_drawing(struct page *page, struct bytes svg);
/** The next sheet begins here. */
void page_break(struct page *page);

/** A step in a frame of its own, not torn between sheets where it fits one. \param count  0: not known */
void page_step(struct page *page, size_t number, size_t count, const char *heading);
void page_step_end(struct page *page);
/** A box to tick, and room for the time and somebody's initials. \param who  "second" */
void page_tick(struct page *page, const char *who);

/** A box to tick, before a line. */
void page_check(struct page *page, const char *text);

#define PAGE_COLUMNS_MAX 6
struct page_column {
    const char *heading;
    size_t columns; /**< of plain text */
};
void page_table(struct page *page, const struct page_column *columns, size_t count);
/** \param cells  one for each column; NULL or "": room to write in */
void page_row(struct page *page, const char *const *cells);
void page_table_end(struct page *page);

/** The forms, whole; valid until the page is freed. Nothing may be added afterwards. */
struct bytes page_as_text(struct page *page);
struct bytes page_as_html(struct page *page);
/** The record a line (1: the first) of a form comes from, or PAGE_NO_RECORD. */
uint64_t page_record_of(const struct page *page, bool is_html, size_t line);

#endif
