/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of a long run, made in the background a slice of requests at a time: one thread reads requests through the parser processes, one
 * judges them, while the caller carries the earlier ones out. What is in memory does not grow with the number of requests, but
 * for the few bytes a request that tell a second one from the first (plan/seen.h).
 */
#ifndef COLDCA_BATCH_STREAM_H
#define COLDCA_BATCH_STREAM_H

#include "plan/judge.h"

struct plans;

struct plans_settings {
    struct judge *judge; /**< borrowed; its look-ups go by a handle of their own from plans_open() on */
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

/** For issue_source.next. data is the struct plans; the plan is the caller's to free. */
MUST_USE bool plans_next(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last,
                         struct error *err);

#endif
