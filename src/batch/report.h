/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a batch leaves beside the certificates: report.json (every request), refused.csv, report.html (for a person), checkpoint, and
 * SHA256SUMS over all of it, written last. Rows are written as they come; nothing is in its place before the end.
 */
#ifndef COLDCA_BATCH_REPORT_H
#define COLDCA_BATCH_REPORT_H

#include "batch/batch.h"
#include "issue/directory.h"
#include "plan/manifest.h"

struct batch_report;

/** \param id  the batch; borrowed */
MUST_USE bool batch_report_open(int folder_fd, const char *id, struct batch_report **ret_report,
                                struct error *err);
/** Removes what an unfinished report left in a directory. */
void batch_report_clear(int folder_fd);
/** Gives up what is not finished. */
void batch_report_free(struct batch_report *report);
DEFINE_AUTO(struct batch_report *, batch_report_free);

/** A file in the directory, for SHA256SUMS. */
void batch_report_file(struct batch_report *report, const char *file, struct bytes content);
/** The certificate an item of the plan at hand got. */
void batch_report_certificate(struct batch_report *report, const struct plan_item *item,
                              struct bytes certificate);
/** What concerns the whole batch; warnings may be added until the end. */
struct findings *batch_report_warnings(struct batch_report *report);
/** The rows of a plan that was carried out. */
void batch_report_plan(struct batch_report *report, const struct plan *plan);

struct batch_summary {
    const struct home *home;
    const struct directory *directory;
    const struct medium_manifest *manifest;
    const struct batch_result *result;
    bool (*draw_qr)(struct bytes text, struct builder *ret_svg, struct error *err); /**< NULL: no drawing */
};
/** Puts everything in its place, SHA256SUMS last. */
MUST_USE bool batch_report_finish(struct batch_report *report, const struct batch_summary *summary,
                                  struct error *err);

#endif
