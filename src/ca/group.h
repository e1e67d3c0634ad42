/*
 * Certificates that go their way together, and the steps of that way: filled from plans, signed, logged, proved, handed out.
 * Which group takes which step when is issue.c's; a step uses the ledger (and has its checkpoint signed), the CA key, or the output.
 */
#ifndef COLDCA_CA_GROUP_H
#define COLDCA_CA_GROUP_H

#include "ca/issue.h"

/* One fsync covers the signatures of one group and the bytes of another. */
#define GROUP_LEN 256
/* With a token that is slow fewer go together: a run that is stopped ends soon, and what was signed is handed out soon. */
#define GROUP_MS 500
#define GROUP_LEN_MIN 16
#define GROUP_LEN_FIRST 64 /* before it is known how fast the token is */

struct job {
    const struct plan_item *item;
    uint64_t signing_seq;
    uint64_t issued_seq; /**< once it is in the ledger */
    enum signature_kind kind;
    struct builder signature;
    struct builder certificate;
    struct builder proof; /**< empty: none is wanted */
    bool is_begun;        /**< a token was asked */
    bool is_done;         /**< signed and verified */
    struct error err;     /**< why not */
};

struct group {
    struct job jobs[GROUP_LEN];
    size_t count;
    size_t number;            /**< of the groups that are released, in their order */
    bool wants_proofs;        /**< its policy and the run want them */
    const struct plan *ended; /**< the plan is carried out when this group is; NULL: more of it is to come */
    int64_t begun_ms;         /**< time_monotonic_ms() when the first of it was signed, */
    int64_t ended_ms;         /**< and when the last was */
    /* Once it is released: */
    size_t issued;
    size_t repeated;
    size_t dealt_with; /**< requests of the plan, those with nothing to hand out as well */
};

/** What the groups of a run share. Each member belongs to one step, so that steps of different groups may run at one time. */
struct run {
    struct ca_home *home;
    const struct issue_source *source;
    const struct issue_options *options;
    const struct ca_console *console;
    /* group_fill() */
    size_t group_len;        /**< how many go together */
    const struct plan *plan; /**< the next group is filled from it; NULL: the source is asked for one */
    size_t next_item;        /**< where the next group starts looking in the plan */
    bool is_at_end;          /**< the source has no more */
    size_t refused;
    size_t skipped;
    size_t present;
    /* group_prove() */
    size_t proofs;
};

/** Nothing is in it, nor does a plan end with it. */
bool group_is_empty(const struct group *group);
/** Frees what it holds; it can be filled again. */
void group_clear(struct group *group);

/**
 * Fills an empty group with what comes next; what is to be signed is added to the ledger (cert.signing). The caller commits.
 * \param wait_ms  for the next plan; without one the group stays empty
 */
MUST_USE bool group_fill(struct run *run, struct group *group, unsigned wait_ms, struct error *err);
/** Asks the token, and verifies what it gave; or verifies a certificate of an earlier run. Many threads at one time. */
void group_sign(const struct run *run, struct job *job);
/** ERROR_* of the first job that was begun and could not be signed. */
MUST_USE bool group_all_signed(const struct group *group, struct error *err);
/** Adds what was signed to the ledger (cert.issued). The caller commits. */
MUST_USE bool group_log(struct run *run, struct group *group, struct error *err);
/** After the commit: makes the proofs, under a checkpoint that covers the group. */
MUST_USE bool group_prove(struct run *run, struct group *group, struct error *err);
/** After the commit and group_prove(): lets the output have what was signed. The items of its jobs may be gone then. */
MUST_USE bool group_release(const struct run *run, struct group *group, struct error *err);
/** After group_release(): makes it durable. */
MUST_USE bool group_flush(const struct run *run, const struct group *group, struct error *err);

#endif
