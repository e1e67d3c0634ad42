/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/delivery.h"

#include "base/memory.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdlib.h>

/* A group is given back only when the one before the last has been taken to be flushed: see ISSUE_UNFLUSHED_MAX. */
#define RELEASED_MAX 1
_Static_assert(ISSUE_UNFLUSHED_MAX == RELEASED_MAX + 2,
               "one is released, one is flushed, the others wait between");

struct step {
    pthread_t thread;
    bool has_thread;
    struct error err; /**< the thread's; read after it was joined */
};

struct delivery {
    struct issue_stream *stream;
    size_t given;
    struct thread_queue *waiting;
    struct thread_queue *released;
    struct thread_queue *delivered;
    struct step put;
    struct step flush;
};

static void *put_all(void *data)
{
    struct delivery *delivery = data;
    bool is_end = false;
    struct issue_group *group;
    while ((group = thread_queue_take(delivery->waiting, THREAD_FOREVER, &is_end)) != NULL) {
        if (!delivery->stream->deliver(delivery->stream, group, &delivery->put.err) ||
            !thread_queue_put(delivery->released, group))
            break;
    }
    thread_queue_close(delivery->waiting);
    thread_queue_end(delivery->released);
    return NULL;
}

static bool flush_group(struct issue_stream *stream, const struct issue_group *group, struct error *err)
{
    return stream->flush == NULL || stream->flush(stream, group, err);
}

static void *flush_all(void *data)
{
    struct delivery *delivery = data;
    bool is_end = false;
    struct issue_group *group;
    while ((group = thread_queue_take(delivery->released, THREAD_FOREVER, &is_end)) != NULL) {
        if (!flush_group(delivery->stream, group, &delivery->flush.err) ||
            !thread_queue_put(delivery->delivered, group))
            break;
    }
    thread_queue_close(delivery->released);
    thread_queue_end(delivery->delivered);
    return NULL;
}

static void leave(void *item)
{
    (void)item; // the caller's
}

static bool start(struct step *step, void *(*run)(void *), struct delivery *delivery, struct error *err)
{
    int reason = pthread_create(&step->thread, NULL, run, delivery);
    step->has_thread = reason == 0;
    return reason == 0 || error_errno(err, ERROR_INPUT, reason, "can't start a thread");
}

bool delivery_open(struct issue_stream *stream, size_t groups, struct delivery **ret_delivery,
                   struct error *err)
{
    AUTO(delivery_close) struct delivery *delivery = memory_new(1, sizeof(*delivery));
    delivery->stream = stream;
    delivery->waiting = thread_queue_new(1, leave);
    delivery->released = thread_queue_new(RELEASED_MAX, leave);
    delivery->delivered = thread_queue_new(groups, leave);
    if (!start(&delivery->put, put_all, delivery, err) || !start(&delivery->flush, flush_all, delivery, err))
        return false;
    *ret_delivery = TAKE(delivery);
    return true;
}

static void join(struct step *step)
{
    if (step->has_thread)
        (void)pthread_join(step->thread, NULL); // ours, joined once
    step->has_thread = false;
}

static void join_both(struct delivery *delivery)
{
    thread_queue_end(delivery->waiting);
    join(&delivery->put);
    join(&delivery->flush);
}

void delivery_close(struct delivery *delivery)
{
    join_both(delivery);
    thread_queue_free(delivery->waiting);
    thread_queue_free(delivery->released);
    thread_queue_free(delivery->delivered);
    free(delivery);
}

bool delivery_give(struct delivery *delivery, struct issue_group *group)
{
    group->number = delivery->given++;
    return thread_queue_put(delivery->waiting, group);
}

struct issue_group *delivery_take_back(struct delivery *delivery, bool wait)
{
    bool is_end = false;
    return thread_queue_take(delivery->delivered, wait ? THREAD_FOREVER : 0, &is_end);
}

bool delivery_finish(struct delivery *delivery, struct error *err)
{
    join_both(delivery);
    const struct error *first =
        delivery->flush.err.kind != ERROR_NONE ? &delivery->flush.err : &delivery->put.err;
    if (first->kind == ERROR_NONE)
        return true;
    *err = *first;
    return false;
}
