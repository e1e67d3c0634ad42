/*
 * A few threads that work through numbered pieces of work, for the verifier. The thread that waits helps.
 * Not a general scheduler: jobs are few, pieces are many and alike.
 */
#ifndef COLDCA_LEDGER_POOL_H
#define COLDCA_LEDGER_POOL_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;

/** One run of pieces 0 to count - 1; work is called once for each, from any thread, in any order. */
struct pool_job {
    void (*work)(void *data, size_t piece);
    void *data;
    size_t count;
    size_t next, done;      /**< the pool's */
    struct pool_job *queue; /**< the pool's */
};

/** \param threads besides the caller's; 0: the caller does it all when it waits */
struct pool *pool_new(size_t threads);
void pool_free(struct pool *pool); /**< every job must have been waited for */
DEFINE_AUTO(struct pool *, pool_free);

/** Starts a job; it must stay where it is until pool_wait() has returned for it. */
void pool_start(struct pool *pool, struct pool_job *job);
/** Returns when all pieces are done; nothing to do if the job was never started or is empty. */
void pool_wait(struct pool *pool, struct pool_job *job);

#endif
