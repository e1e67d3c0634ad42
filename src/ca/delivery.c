#include "ca/delivery.h"

#include "base/memory.h"
#include "ca/queue.h"

#include <pthread.h>
#include <stdlib.h>

/* A group is released only when the one before the last has been taken to be flushed: see ISSUE_UNFLUSHED_MAX. */
#define RELEASED_MAX 1
_Static_assert(ISSUE_UNFLUSHED_MAX == RELEASED_MAX + 2,
               "one is released, one is flushed, the others wait between");

struct step {
    pthread_t thread;
    bool has_thread;
    struct error err; /**< the thread's; read after it was joined */
};

struct delivery {
    struct run *run;
    size_t given;
    struct queue *waiting;
    struct queue *released;
    struct queue *delivered;
    struct step release;
    struct step flush;
};

static void *release_all(void *data)
{
    struct delivery *delivery = data;
    bool is_end = false;
    struct group *group;
    while ((group = queue_take(delivery->waiting, QUEUE_FOREVER, &is_end)) != NULL) {
        if (!group_release(delivery->run, group, &delivery->release.err) ||
            !queue_put(delivery->released, group))
            break;
    }
    queue_close(delivery->waiting);
    queue_end(delivery->released);
    return NULL;
}

static void *flush_all(void *data)
{
    struct delivery *delivery = data;
    bool is_end = false;
    struct group *group;
    while ((group = queue_take(delivery->released, QUEUE_FOREVER, &is_end)) != NULL) {
        if (!group_flush(delivery->run, group, &delivery->flush.err) ||
            !queue_put(delivery->delivered, group))
            break;
    }
    queue_close(delivery->released);
    queue_end(delivery->delivered);
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

bool delivery_open(struct run *run, size_t groups, struct delivery **ret_delivery, struct error *err)
{
    AUTO(delivery_close) struct delivery *delivery = memory_new(1, sizeof(*delivery));
    delivery->run = run;
    delivery->waiting = queue_new(1, leave);
    delivery->released = queue_new(RELEASED_MAX, leave);
    delivery->delivered = queue_new(groups, leave);
    if (!start(&delivery->release, release_all, delivery, err) ||
        !start(&delivery->flush, flush_all, delivery, err))
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
    queue_end(delivery->waiting);
    join(&delivery->release);
    join(&delivery->flush);
}

void delivery_close(struct delivery *delivery)
{
    join_both(delivery);
    queue_free(delivery->waiting);
    queue_free(delivery->released);
    queue_free(delivery->delivered);
    free(delivery);
}

bool delivery_give(struct delivery *delivery, struct group *group)
{
    group->number = delivery->given++;
    return queue_put(delivery->waiting, group);
}

struct group *delivery_take_back(struct delivery *delivery, bool wait)
{
    bool is_end = false;
    return queue_take(delivery->delivered, wait ? QUEUE_FOREVER : 0, &is_end);
}

bool delivery_finish(struct delivery *delivery, struct error *err)
{
    join_both(delivery);
    const struct error *first =
        delivery->flush.err.kind != ERROR_NONE ? &delivery->flush.err : &delivery->release.err;
    if (first->kind == ERROR_NONE)
        return true;
    *err = *first;
    return false;
}
