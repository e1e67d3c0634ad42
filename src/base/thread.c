/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define PIECES_AT_ONCE 16
#define THREADS_MAX 64

struct thread_pool {
    pthread_mutex_t mutex;
    pthread_cond_t has_work, has_done;
    struct thread_job *queue; /**< jobs with pieces nobody has taken, oldest first */
    bool is_ending;
    size_t thread_count;
    pthread_t *threads;
};

/** Takes some pieces of the oldest job, or of this one if it is not NULL; works on them. Called and returns locked. */
static bool work_on(struct thread_pool *pool, struct thread_job *only)
{
    struct thread_job **place = &pool->queue;
    while (*place != NULL && only != NULL && *place != only)
        place = &(*place)->queue;
    struct thread_job *job = *place;
    if (job == NULL)
        return false;
    size_t first = job->next;
    size_t at_once = job->at_once != 0 ? job->at_once : PIECES_AT_ONCE;
    size_t count = job->count - first < at_once ? job->count - first : at_once;
    job->next += count;
    if (job->next == job->count)
        *place = job->queue;
    (void)pthread_mutex_unlock(&pool->mutex); // an error would mean that this thread does not hold it
    for (size_t i = 0; i < count; i++)
        job->work(job->data, first + i);
    (void)pthread_mutex_lock(&pool->mutex); // likewise
    job->done += count;
    if (job->done == job->count)
        (void)pthread_cond_broadcast(&pool->has_done); // cannot fail
    return true;
}

static void *thread_main(void *data)
{
    struct thread_pool *pool = data;
    (void)pthread_mutex_lock(&pool->mutex); // cannot fail: the mutex is a plain one
    while (!pool->is_ending) {
        if (!work_on(pool, NULL))
            (void)pthread_cond_wait(&pool->has_work, &pool->mutex); // cannot fail
    }
    (void)pthread_mutex_unlock(&pool->mutex); // held
    return NULL;
}

struct thread_pool *thread_pool_new(size_t threads)
{
    struct thread_pool *pool = memory_new(1, sizeof(*pool));
    pool->threads = memory_new(threads + 1, sizeof(*pool->threads));
    if (pthread_mutex_init(&pool->mutex, NULL) != 0 || pthread_cond_init(&pool->has_work, NULL) != 0 ||
        pthread_cond_init(&pool->has_done, NULL) != 0)
        abort(); // only out of memory
    // A thread that can't be had is a thread fewer: the caller works too.
    while (pool->thread_count < threads &&
           pthread_create(&pool->threads[pool->thread_count], NULL, thread_main, pool) == 0)
        pool->thread_count++;
    return pool;
}

void thread_pool_free(struct thread_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex); // cannot fail
    pool->is_ending = true;
    (void)pthread_cond_broadcast(&pool->has_work); // cannot fail
    (void)pthread_mutex_unlock(&pool->mutex);      // held
    for (size_t i = 0; i < pool->thread_count; i++)
        (void)pthread_join(pool->threads[i], NULL); // they are ours and not joined yet
    (void)pthread_cond_destroy(&pool->has_work);    // nobody waits any more
    (void)pthread_cond_destroy(&pool->has_done);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool->threads);
    free(pool);
}

void thread_pool_start(struct thread_pool *pool, struct thread_job *job)
{
    if (job->count == 0)
        return;
    (void)pthread_mutex_lock(&pool->mutex); // cannot fail
    struct thread_job **place = &pool->queue;
    while (*place != NULL)
        place = &(*place)->queue;
    job->next = job->done = 0;
    job->queue = NULL;
    *place = job;
    (void)pthread_cond_broadcast(&pool->has_work); // cannot fail
    (void)pthread_mutex_unlock(&pool->mutex);      // held
}

void thread_pool_wait(struct thread_pool *pool, struct thread_job *job)
{
    (void)pthread_mutex_lock(&pool->mutex); // cannot fail
    while (job->done < job->count) {
        if (!work_on(pool, job))
            (void)pthread_cond_wait(&pool->has_done, &pool->mutex); // cannot fail
    }
    (void)pthread_mutex_unlock(&pool->mutex); // held
}

void thread_each(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data)
{
    // Pieces may differ much in what they cost: one at a time.
    struct thread_job job = {.work = work, .data = data, .count = count, .at_once = 1};
    size_t wanted = threads < THREADS_MAX ? threads : THREADS_MAX;
    wanted = wanted < count ? wanted : count;
    AUTO(thread_pool_free) struct thread_pool *pool = thread_pool_new(wanted > 1 ? wanted - 1 : 0);
    thread_pool_start(pool, &job);
    thread_pool_wait(pool, &job);
}

unsigned thread_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}
