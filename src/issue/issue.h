/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Issuing: the path of everything the CA key signs (pipeline.h), and the steps of a run around it (run.h).
 * It promises: the bytes are durable in the ledger before the token is asked, the signature before anyone gets it (P3).
 * It does not: decide. What a plan says is signed, those bytes and no others.
 */
#ifndef COLDCA_ISSUE_ISSUE_H
#define COLDCA_ISSUE_ISSUE_H

#include "issue/pipeline.h"
#include "plan/output.h"

struct issue_options {
    const char *command; /**< noted in session.opened: "sign", "review", "batch" */
    bool
        may_be_again; /**< of files, which may have been named before: refusals that the ledger holds are not logged again */
    const char *batch;              /**< the run's id (session_make_batch()); issue_plan() makes one */
    bool is_resumed;                /**< an earlier run of this batch was stopped */
    bool is_confirmed_by_person;    /**< review: the clock was confirmed on the console */
    const uint8_t *manifest_sha256; /**< batch: of the medium's signed list; NULL: it has none */
    const struct admitted *
        admitted; /**< the approved plan that is carried out (issue_plan() knows its own): what it left unfinished is signed, and not abandoned; NULL */
};

struct issue_result {
    size_t issued;   /**< new certificates, in the ledger and delivered */
    size_t repeated; /**< certificates of earlier runs, delivered again */
    size_t present;  /**< certificates of earlier runs that were where they belong already */
    size_t proofs;   /**< that went with issued and repeated ones */
    size_t refused;
    size_t skipped;
    size_t abandoned; /**< unfinished ones of a run that died, closed now */
    uint64_t ledger_size;
};

/** Where plans come from, one after another. */
struct issue_source {
    /**
     * \param wait_ms      how long to wait for one; then NULL in *ret_plan
     * \param ret_plan     the caller's to free; untouched (NULL) at the end
     * \param ret_is_last  set to true once no other plan will come
     */
    bool (*next)(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last, struct error *err);
    /** The plan is done with, called by the thread that delivers. In a run that fails some of its certificates may not have been made. */
    bool (*finished)(void *data, const struct plan *plan, struct error *err);
    void *data;
    size_t total; /**< requests of all plans, for progress */
};

/**
 * Whether certificates may be issued by whoever logs in: no approvals are needed.
 * \param command  that carries out a plan: "sign", "review", "batch"
 * \return false: ERROR_INPUT, with the remedy
 */
MUST_USE bool issue_is_permitted(const struct home *home, enum act act, const char *command,
                                 struct error *err);

/**
 * Carries out plans; the signer's home is open for writing.
 *
 * On failure what was issued is in the ledger and delivered, or will be by running the same command again; what was logged and not signed
 * is abandoned, or of an approved plan left to that command; *ret_result says how far it came. ERROR_INTERRUPTED if the person stopped it: what the token
 * was given is finished.
 */
MUST_USE bool issue_each(struct signer *signer, const struct issue_source *source, struct output *output,
                         const struct issue_options *options, const struct console *console,
                         struct issue_result *ret_result, struct error *err);

/** The same for one plan, which stays the caller's. */
MUST_USE bool issue_plan(struct signer *signer, struct plan *plan, struct output *output,
                         const struct issue_options *options, const struct console *console,
                         struct issue_result *ret_result, struct error *err);

#endif
