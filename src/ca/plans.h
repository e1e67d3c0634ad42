/*
 * Plans of a long run, made in the background a slice of requests at a time: one thread reads requests through the readers, one
 * judges them, while the caller carries the earlier ones out. What is in memory does not grow with the number of requests, but
 * for the few bytes a request that tell a second one from the first (ca/seen.h).
 */
#ifndef COLDCA_CA_PLANS_H
#define COLDCA_CA_PLANS_H

#include "ca/judge.h"

struct plans;

struct plans_settings {
    const struct ca_home
        *home; /**< open and logged in; the judging thread looks into the ledger by a handle of its own */
    struct readers *readers;
    size_t count; /**< requests; input() is called for 0, 1, ... count-1, from one thread */
    /** \return false: the medium is gone; what concerns one request only is its problem */
    bool (*input)(void *data, size_t index, struct plan_input *ret_input, struct error *err);
    /** What judges a request; the requests of one plan have the same. Borrowed; must not change. */
    const struct plan_options *(*options)(void *data, size_t index);
    void *data;
};

/** Starts both threads. settings are copied, what they point to is borrowed. */
MUST_USE bool plans_open(const struct plans_settings *settings, struct plans **ret_plans, struct error *err);
/** Stops the threads and frees what is left. */
void plans_close(struct plans *plans);
DEFINE_AUTO(struct plans *, plans_close);

/** For issue_source.next. data is the struct plans. */
MUST_USE bool plans_next(void *data, unsigned wait_ms, const struct plan **ret_plan, bool *ret_is_last,
                         struct error *err);
/** Frees a plan that plans_next() gave; another thread may be in plans_next(). */
void plans_give_back(struct plans *plans, const struct plan *plan);

#endif
