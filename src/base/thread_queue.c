/* SPDX-License-Identifier: Apache-2.0 */
#include "base/thread.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct thread_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    void (*release)(void *item);
    void **items; /**< a ring */
    size_t capacity;
    size_t first;
    size_t count;
    bool has_ended;
    bool is_closed;
};

struct thread_queue *thread_queue_new(size_t capacity, void (*release)(void *item))
{
    struct thread_queue *queue = memory_new(1, sizeof(*queue));
    queue->items = memory_new(capacity, sizeof(*queue->items));
    queue->capacity = capacity;
    queue->release = release;
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&queue->mutex, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&queue->changed, &attributes) != 0)
        abort();                                 // out of memory, as memory_new() does
    (void)pthread_condattr_destroy(&attributes); // can't fail
    return queue;
}

void thread_queue_free(struct thread_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        queue->release(queue->items[(queue->first + i) % queue->capacity]);
    (void)pthread_mutex_destroy(&queue->mutex); // fail only for a mutex in use
    (void)pthread_cond_destroy(&queue->changed);
    free(queue->items);
    free(queue);
}

/* Locking a sound mutex, waiting and signalling can't fail (POSIX: only for misuse). */
static void lock(struct thread_queue *queue)
{
    if (pthread_mutex_lock(&queue->mutex) != 0)
        abort();
}

static void tell_and_unlock(struct thread_queue *queue)
{
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->mutex);
}

bool thread_queue_put(struct thread_queue *queue, void *item)
{
    lock(queue);
    while (queue->count == queue->capacity && !queue->is_closed)
        (void)pthread_cond_wait(&queue->changed, &queue->mutex);
    bool is_put = !queue->is_closed;
    if (is_put)
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
    tell_and_unlock(queue);
    return is_put;
}

void thread_queue_end(struct thread_queue *queue)
{
    lock(queue);
    queue->has_ended = true;
    tell_and_unlock(queue);
}

void thread_queue_close(struct thread_queue *queue)
{
    lock(queue);
    queue->is_closed = true;
    tell_and_unlock(queue);
}

/** \return false: the time is over */
static bool wait_until(struct thread_queue *queue, unsigned wait_ms, const struct timespec *end)
{
    if (wait_ms == THREAD_FOREVER)
        return pthread_cond_wait(&queue->changed, &queue->mutex) == 0;
    return pthread_cond_timedwait(&queue->changed, &queue->mutex, end) == 0;
}

void *thread_queue_take(struct thread_queue *queue, unsigned wait_ms, bool *ret_is_end)
{
    void *item = NULL;
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end); // can't fail for this clock
    end.tv_sec += wait_ms / 1000;
    end.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    lock(queue);
    while (queue->count == 0 && !queue->has_ended && wait_ms > 0 && wait_until(queue, wait_ms, &end))
        continue;
    if (queue->count > 0) {
        item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
    }
    *ret_is_end = item == NULL && queue->has_ended;
    tell_and_unlock(queue);
    return item;
}
