/*
 * `coldca batch`: works through a medium. Requests below requests/ are read, judged and signed as a stream; the answers, a report
 * and its checksums go to issued/BATCH-ID/. Pulled, full or killed: the same command goes on where it stopped.
 */
#ifndef COLDCA_CA_BATCH_H
#define COLDCA_CA_BATCH_H

#include "ca/issue.h"
#include "ca/judge.h"

struct batch;

struct batch_options {
    const char *medium; /**< path of the folder it is mounted at */
    const char *policy; /**< for requests whose first folder names none; NULL: there are no others */
    const struct policy_variable *variables;
    size_t variables_count;
    bool without_proofs;
    /** Draws text as an SVG image of a QR code, for the report. */
    bool (*draw_qr)(struct bytes text, struct builder *ret_svg, struct error *err);
};

struct batch_result {
    struct issue_result issue;
    size_t requests;      /**< on the medium */
    const char *id;       /**< the batch; borrowed from the batch */
    size_t missing;       /**< that the medium\'s manifest lists and nobody found */
    bool is_resumed;      /**< an earlier run of this batch was gone on with */
    bool has_answers;     /**< issued/ID/ was written; false: there was nothing to do */
    size_t private_keys;  /**< files on the medium that hold one; a warning named them */
    uint64_t other_files; /**< below requests/ that are no requests, left alone */
};

/** Opens the medium, loads its policies, forks the readers. Call before the token's module is loaded. All is borrowed until free. */
MUST_USE bool batch_prepare(struct ca_home *home, const struct batch_options *options,
                            const struct ca_console *console, struct batch **ret_batch, struct error *err);
/** Does the work; the home is logged in. *ret_result says how far it came also on failure. */
MUST_USE bool batch_run(struct batch *batch, struct batch_result *ret_result, struct error *err);
void batch_free(struct batch *batch);
DEFINE_AUTO(struct batch *, batch_free);

#endif
