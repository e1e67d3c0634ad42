/*
 * Carrying out plans in the order promise P3 demands: log the bytes, fsync, sign, verify, log the signature, fsync, release.
 */
#ifndef COLDCA_CA_ISSUE_H
#define COLDCA_CA_ISSUE_H

#include "ca/home.h"
#include "ca/plan.h"

/* Groups that are released, waiting for their flush, or being flushed. */
#define ISSUE_UNFLUSHED_MAX 3

struct issue_options {
    const char *command;     /**< noted in session.opened: "sign", "review", "batch" */
    const char *batch;       /**< the batch id (session_make_batch()); ca_issue() makes one */
    const struct plan *only; /**< the only plan there is; NULL: each is noted as it comes (batch.planned) */
    /**
     * Hands one certificate out, with its proof (empty if wants_proofs is false); nothing need be durable before flush() returns.
     * \param group  what is flushed together; groups are released in their order, 0, 1, ..., by one thread
     */
    bool (*release)(void *data, size_t group, const struct plan_item *item, struct bytes certificate,
                    struct bytes proof, struct error *err);
    /**
     * Makes a group that was released durable; NULL: release() does it. Groups are flushed in their order by another thread, while the
     * next are released: at most ISSUE_UNFLUSHED_MAX are begun and not flushed. Neither thread may use the ledger.
     */
    bool (*flush)(void *data, size_t group, struct error *err);
    void *data;
    bool
        wants_proofs; /**< a C2SP tlog-proof with each certificate: a checkpoint is signed for each group then */
    bool is_confirmed_by_person; /**< review: the clock was confirmed on the console */
};

struct issue_result {
    size_t issued;   /**< new certificates, in the ledger and released */
    size_t repeated; /**< certificates of earlier runs, released again */
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
     * \param ret_plan     stays the source's; untouched (NULL) at the end
     * \param ret_is_last  set to true once no other plan will come
     */
    bool (*next)(void *data, unsigned wait_ms, const struct plan **ret_plan, bool *ret_is_last,
                 struct error *err);
    /** The plan is done with, told by the thread that releases. In a run that fails some of its certificates may not have been made. */
    bool (*finished)(void *data, const struct plan *plan, struct error *err);
    void *data;
    size_t total; /**< requests of all plans, for progress */
};

/**
 * Carries out plans; the home is open for writing and logged in.
 *
 * On failure what was issued is in the ledger and released, or will be by running the same command again; what the token was
 * not asked for is abandoned; *ret_result says how far it came. ERROR_INTERRUPTED if the person stopped it: what the token
 * was given is finished.
 */
MUST_USE bool ca_issue_each(struct ca_home *home, const struct issue_source *source,
                            const struct issue_options *options, const struct ca_console *console,
                            struct issue_result *ret_result, struct error *err);

/** The same for one plan, which stays the caller's. */
MUST_USE bool ca_issue(struct ca_home *home, const struct plan *plan, const struct issue_options *options,
                       const struct ca_console *console, struct issue_result *ret_result, struct error *err);

/** Closes what a run that died left between cert.signing and cert.issued (its serials are burned). Commits. */
MUST_USE bool ca_recover(struct ca_home *home, const char *reason, size_t *ret_abandoned, struct error *err);

/** Puts text, cut to what a record has room for; NULL puts nothing. */
void ca_put_bounded(struct json *object, const char *key, const char *text);
/** The fields of a cert.signing record. The caller frees. */
struct json *ca_signing_record(const struct plan_item *item, const char *policy,
                               const uint8_t policy_sha256[static 32], const char *batch);
/** The fields of a cert.issued record. The caller frees. */
struct json *ca_issued_record(uint64_t signing_seq, struct bytes signature, struct bytes certificate);

#endif
