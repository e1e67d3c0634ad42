/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/stream.h"

#include "base/memory.h"
#include "base/thread.h"
#include "plan/inputs.h"

#include <errno.h>
#include <pthread.h>

#define SLICE_LEN 256
/* Comparing RSA keys with all earlier ones costs nearly the same for many as for few (screen/factors.h). */
#define RSA_SLICE_LEN 1024
#define QUEUE_LEN 2

struct slice {
    struct plan *plan;
    const struct plan_options *options;
};

struct plans {
    struct plans_settings settings;
    struct thread_queue *read;
    struct thread_queue *judged;
    pthread_t reader;
    pthread_t judge;
    bool has_reader;
    bool has_judge;
    struct error reading_error; /**< valid once `read` has ended */
    struct error judging_error; /**< valid once `judged` has ended */
};

static void slice_free(struct slice *slice)
{
    if (slice->plan != NULL)
        plan_free(slice->plan);
    free(slice);
}
DEFINE_AUTO(struct slice *, slice_free);

static void drop_slice(void *item)
{
    slice_free(item);
}

/** Reads requests that one policy judges, in the order of the medium. */
static bool read_slice(struct plans *plans, size_t *index, size_t len, struct slice *slice, struct error *err)
{
    const struct plans_settings *settings = &plans->settings;
    AUTO(inputs_done) struct inputs inputs = {.items = memory_new(len, sizeof(*inputs.items))};
    slice->options = settings->options(settings->data, *index);
    while (*index < settings->count && inputs.count < len &&
           settings->options(settings->data, *index) == slice->options) {
        if (!settings->input(settings->data, *index, &inputs.items[inputs.count], err))
            return false;
        inputs.count++;
        ++*index;
    }
    return plan_read(settings->readers, inputs.items, inputs.count, slice->options->policy, NULL,
                     &slice->plan, err);
}

static void *read_all(void *data)
{
    struct plans *plans = data;
    size_t index = 0;
    size_t len = SLICE_LEN;
    bool is_fine = true;
    while (is_fine && index < plans->settings.count) {
        AUTO(slice_free) struct slice *slice = memory_new(1, sizeof(*slice));
        is_fine = read_slice(plans, &index, len, slice, &plans->reading_error);
        // Such keys come together: the next ones are likely to be as these.
        len = is_fine && plan_has_rsa_key(slice->plan) ? RSA_SLICE_LEN : SLICE_LEN;
        if (!is_fine || !thread_queue_put(plans->read, slice))
            break;
        slice = NULL; // the queue's now
    }
    thread_queue_end(plans->read);
    return NULL;
}

static void *judge_all(void *data)
{
    struct plans *plans = data;
    for (;;) {
        bool is_end = false;
        AUTO(slice_free) struct slice *slice = thread_queue_take(plans->read, THREAD_FOREVER, &is_end);
        if (slice == NULL) {
            plans->judging_error = plans->reading_error;
            break;
        }
        struct plan_options options = *slice->options;
        options.now = time_now();
        if (!plan_judge(plans->settings.judge, slice->plan, &options, &plans->judging_error) ||
            !thread_queue_put(plans->judged, slice))
            break;
        slice = NULL; // the queue's now
    }
    thread_queue_close(plans->read);
    thread_queue_end(plans->judged);
    return NULL;
}

static bool start(pthread_t *thread, void *(*run)(void *), struct plans *plans, bool *ret_is_started,
                  struct error *err)
{
    int reason = pthread_create(thread, NULL, run, plans);
    *ret_is_started = reason == 0;
    return reason == 0 || error_errno(err, ERROR_INPUT, reason, "can't start a thread");
}

bool plans_open(const struct plans_settings *settings, struct plans **ret_plans, struct error *err)
{
    AUTO(plans_close) struct plans *plans = memory_new(1, sizeof(*plans));
    plans->settings = *settings;
    plans->read = thread_queue_new(QUEUE_LEN, drop_slice);
    plans->judged = thread_queue_new(QUEUE_LEN, drop_slice);
    if (!judge_look_beside(settings->judge, err) ||
        !start(&plans->reader, read_all, plans, &plans->has_reader, err) ||
        !start(&plans->judge, judge_all, plans, &plans->has_judge, err))
        return false;
    *ret_plans = TAKE(plans);
    return true;
}

void plans_close(struct plans *plans)
{
    thread_queue_close(plans->read);
    thread_queue_close(plans->judged);
    if (plans->has_reader)
        (void)pthread_join(plans->reader, NULL); // ours, joined once
    thread_queue_end(plans->read);               // also if no thread was started to do so
    if (plans->has_judge)
        (void)pthread_join(plans->judge, NULL);
    thread_queue_free(plans->read);
    thread_queue_free(plans->judged);
    free(plans);
}

bool plans_next(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last, struct error *err)
{
    struct plans *plans = data;
    bool is_end = false;
    AUTO(slice_free) struct slice *slice = thread_queue_take(plans->judged, wait_ms, &is_end);
    if (is_end && plans->judging_error.kind != ERROR_NONE) {
        *err = plans->judging_error;
        return false;
    }
    *ret_is_last = is_end;
    if (slice == NULL)
        return true;
    *ret_plan = TAKE(slice->plan);
    return true;
}
