/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What threads share here: the same work on many things (thread_each), the same with the caller going on meanwhile (struct
 * thread_pool), and a short queue from one thread to the next (struct thread_queue). Plain POSIX threads below.
 *
 * Not a scheduler: jobs are few, their pieces many and alike. Locks fail only for misuse, which is a bug and not an error.
 */
#ifndef COLDCA_BASE_THREAD_H
#define COLDCA_BASE_THREAD_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

/** Cores this process may use; at least 1. */
unsigned thread_cores(void);

/**
 * Calls work(data, i) for each i below count, on at most `threads` threads, the caller's included; returns when all are done.
 * If threads cannot be had, fewer do it.
 */
void thread_each(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data);

/* ---- a few threads that do numbered pieces; the thread that waits helps ---- */

struct thread_pool;

/** One run of pieces 0 to count - 1; work is called once for each, from any thread, in any order. */
struct thread_job {
    void (*work)(void *data, size_t piece);
    void *data;
    size_t count;
    size_t at_once;           /**< pieces a thread takes together; 0: some */
    size_t next, done;        /**< the pool's */
    struct thread_job *queue; /**< the pool's */
};

/** \param threads besides the caller's; 0: the caller does it all when it waits */
struct thread_pool *thread_pool_new(size_t threads);
void thread_pool_free(struct thread_pool *pool); /**< every job must have been waited for */
DEFINE_AUTO(struct thread_pool *, thread_pool_free);

/** Starts a job; it must stay where it is until thread_pool_wait() has returned for it. */
void thread_pool_start(struct thread_pool *pool, struct thread_job *job);
/** Returns when all pieces are done; nothing to do if the job was never started or is empty. */
void thread_pool_wait(struct thread_pool *pool, struct thread_job *job);

/* ---- a short queue between two threads: one puts, one takes ---- */

#define THREAD_FOREVER (~0U)

struct thread_queue;
/** \param release  frees what nobody took */
struct thread_queue *thread_queue_new(size_t capacity, void (*release)(void *item));
/** Both threads must be done with it. */
void thread_queue_free(struct thread_queue *queue);
DEFINE_AUTO(struct thread_queue *, thread_queue_free);

/** Waits until there is space. \return false: the taker has gone; item stays the caller's */
bool thread_queue_put(struct thread_queue *queue, void *item);
/** The putter has no more: what is in it can still be taken. */
void thread_queue_end(struct thread_queue *queue);
/** The taker has gone: puts fail from now on. */
void thread_queue_close(struct thread_queue *queue);
/**
 * \param wait_ms     how long to wait for an item; THREAD_FOREVER
 * \param ret_is_end  true: nothing is in it and nothing will come
 * \return the oldest item, or NULL
 */
void *thread_queue_take(struct thread_queue *queue, unsigned wait_ms, bool *ret_is_end);

#endif
