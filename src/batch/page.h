/* SPDX-License-Identifier: Apache-2.0 */
/* report.html of a batch: one page without scripts or anything to load, for a person to read and print. */
#ifndef COLDCA_BATCH_PAGE_H
#define COLDCA_BATCH_PAGE_H

#include "base/builder.h"
#include "plan/plan.h"

struct batch_summary;

/** Rows on their way; zeroed memory has none. */
struct batch_page {
    struct builder refused;
    struct builder others;
    size_t refused_count;
    size_t others_count;
};
void batch_page_done(struct batch_page *page);

/** A page holds the first thousands of rows; report.json holds all. \param sha256  of the certificate; NULL if there is none */
void batch_page_row(struct batch_page *page, const struct plan *plan, const struct plan_item *item,
                    const char *status, const uint8_t *sha256);
/** The whole page; appends. \param note  the checkpoint */
MUST_USE bool batch_page_write(const struct batch_page *page, const char *id,
                               const struct batch_summary *summary, struct bytes note,
                               struct builder *ret_html, struct error *err);

#endif
