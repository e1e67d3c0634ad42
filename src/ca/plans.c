#include "ca/plans.h"

#include "base/memory.h"
#include "ca/inputs.h"
#include "ca/queue.h"
#include "ca/screen.h"

#include <errno.h>
#include <pthread.h>

#define SLICE_LEN 256
/* Comparing RSA keys with all earlier ones costs nearly the same for many as for few (screen/factors.h). */
#define RSA_SLICE_LEN 1024
#define QUEUE_LEN 2
/* Given out at one time: the plans of all groups under way (issue.c) and the one that fills the next; some to spare. */
#define OUT_MAX 8

struct slice {
    struct plan *plan;
    const struct plan_options *options;
};

struct plans {
    struct plans_settings settings;
    struct ca_home view; /**< the home with a ledger of its own for looking things up */
    struct queue *read;
    struct queue *judged;
    pthread_t reader;
    pthread_t judge;
    bool has_reader;
    bool has_judge;
    struct error reading_error; /**< valid once `read` has ended */
    struct error judging_error; /**< valid once `judged` has ended */
    pthread_mutex_t out_lock;   /**< plans are taken by one thread and given back by another */
    struct plan *out[OUT_MAX];
};

static void slice_free(struct slice *slice)
{
    if (slice->plan != NULL)
        plan_free(slice->plan);
    free(slice);
}
DEFINE_AUTO(struct slice *, slice_free);

static void release_slice(void *item)
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
    return ca_plan_read(settings->readers, inputs.items, inputs.count, slice->options->policy, NULL,
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
        if (!is_fine || !queue_put(plans->read, slice))
            break;
        slice = NULL; // the queue's now
    }
    queue_end(plans->read);
    return NULL;
}

static void *judge_all(void *data)
{
    struct plans *plans = data;
    for (;;) {
        bool is_end = false;
        AUTO(slice_free) struct slice *slice = queue_take(plans->read, QUEUE_FOREVER, &is_end);
        if (slice == NULL) {
            plans->judging_error = plans->reading_error;
            break;
        }
        struct plan_options options = *slice->options;
        options.now = time_now();
        if (!ca_plan_judge(&plans->view, slice->plan, &options, &plans->judging_error) ||
            !queue_put(plans->judged, slice))
            break;
        slice = NULL; // the queue's now
    }
    queue_close(plans->read);
    queue_end(plans->judged);
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
    plans->out_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    plans->view = *settings->home;
    plans->view.ledger = NULL;
    plans->read = queue_new(QUEUE_LEN, release_slice);
    plans->judged = queue_new(QUEUE_LEN, release_slice);
    if (!ledger_open_beside(settings->home->ledger, &plans->view.ledger, err) ||
        !start(&plans->reader, read_all, plans, &plans->has_reader, err) ||
        !start(&plans->judge, judge_all, plans, &plans->has_judge, err))
        return false;
    *ret_plans = TAKE(plans);
    return true;
}

void plans_close(struct plans *plans)
{
    queue_close(plans->read);
    queue_close(plans->judged);
    if (plans->has_reader)
        (void)pthread_join(plans->reader, NULL); // ours, joined once
    queue_end(plans->read);                      // also if no thread was started to do so
    if (plans->has_judge)
        (void)pthread_join(plans->judge, NULL);
    queue_free(plans->read);
    queue_free(plans->judged);
    for (size_t i = 0; i < OUT_MAX; i++) {
        if (plans->out[i] != NULL)
            plan_free(plans->out[i]);
    }
    if (plans->view.ledger != NULL)
        ledger_close(plans->view.ledger);
    if (plans->view.screening != NULL && plans->view.screening != plans->settings.home->screening)
        screening_free(plans->view.screening); // made by the judging thread
    free(plans);
}

static const struct plan *give_out(struct plans *plans, struct plan *plan)
{
    size_t i = 0;
    (void)pthread_mutex_lock(&plans->out_lock); // of the default kind: fails only for a lock that is none
    while (i < OUT_MAX && plans->out[i] != NULL)
        i++;
    if (i == OUT_MAX)
        abort(); // more plans out than a run uses at one time
    plans->out[i] = plan;
    (void)pthread_mutex_unlock(&plans->out_lock);
    return plan;
}

bool plans_next(void *data, unsigned wait_ms, const struct plan **ret_plan, bool *ret_is_last,
                struct error *err)
{
    struct plans *plans = data;
    bool is_end = false;
    AUTO(slice_free) struct slice *slice = queue_take(plans->judged, wait_ms, &is_end);
    if (is_end && plans->judging_error.kind != ERROR_NONE) {
        *err = plans->judging_error;
        return false;
    }
    *ret_is_last = is_end;
    if (slice == NULL)
        return true;
    *ret_plan = give_out(plans, TAKE(slice->plan));
    return true;
}

void plans_give_back(struct plans *plans, const struct plan *plan)
{
    struct plan *back = NULL;
    (void)pthread_mutex_lock(&plans->out_lock);
    for (size_t i = 0; i < OUT_MAX; i++) {
        if (plans->out[i] == plan && plan != NULL)
            back = TAKE(plans->out[i]);
    }
    (void)pthread_mutex_unlock(&plans->out_lock);
    if (back != NULL)
        plan_free(back);
}
