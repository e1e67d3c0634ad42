/*
 * Carrying out a plan in the order promise P3 demands: log the bytes, fsync, sign, verify, log the signature, fsync, release.
 */
#ifndef COLDCA_CA_ISSUE_H
#define COLDCA_CA_ISSUE_H

#include "ca/home.h"
#include "ca/plan.h"

struct issue_options {
    const char *command; /**< noted in session.opened: "sign", "review" */
    /** Hands one certificate out, with its proof (empty if wants_proofs is false); nothing need be durable before flush() returns. */
    bool (*release)(void *data, const struct plan_item *item, struct bytes certificate, struct bytes proof,
                    struct error *err);
    /** Makes what was handed out durable; called after each group. NULL: release() does it. */
    bool (*flush)(void *data, struct error *err);
    void *data;
    bool
        wants_proofs; /**< a C2SP tlog-proof with each certificate: a checkpoint is signed for each group then */
    bool is_confirmed_by_person; /**< review: the clock was confirmed on the console */
};

struct issue_result {
    size_t issued;   /**< new certificates, in the ledger and released */
    size_t repeated; /**< certificates of earlier runs, released again */
    size_t proofs;   /**< that went with issued and repeated ones */
    size_t refused;
    size_t skipped;
    size_t abandoned; /**< unfinished ones of a run that died, closed now */
    uint64_t ledger_size;
};

/**
 * Carries out the plan; the home is open for writing and logged in.
 *
 * On failure what was issued is in the ledger and released, or will be by running the same command again; what the token was
 * not asked for is abandoned. ERROR_INTERRUPTED if the person stopped it: the group in flight is finished.
 */
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
