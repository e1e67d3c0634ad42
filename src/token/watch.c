/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"
#include "token/internal.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define LATE_SECONDS 10 /* before anything is said */
#define LOOK_MS 100

static pthread_mutex_t watch_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t watch_changed;
static struct watched *watched; /* the calls that are under way */
static token_late *tell;
static pthread_t watcher;
static bool is_watching;
static bool is_stopping;
static atomic_uint under_way;          /* calls of modules, in all threads */
static _Atomic(token_ended *) at_end;  /* NULL: the process is not to end */
static _Thread_local unsigned nesting; /* of the calls of this thread */

void token_set_late(token_late *told)
{
    tell = told;
}

/*
 * under_way is written before at_end is read where a call begins or ends, and at_end before under_way is read where the end is
 * asked for (both sequentially consistent): so either the one who asks sees the call, or the call sees that the end was asked for.
 */
bool token_end_calls(token_ended *ended)
{
    atomic_store(&at_end, ended);
    return atomic_load(&under_way) == 0;
}

/** One call less; the last one that ends is the process's end, if that was asked for. */
static void leave(void)
{
    unsigned before = atomic_fetch_sub(&under_way, 1);
    token_ended *ended = atomic_load(&at_end);
    if (ended != NULL && before == 1)
        ended();
}

static void enter(void)
{
    if (nesting++ > 0)
        return; // part of a call that may still be finished
    (void)atomic_fetch_add(&under_way, 1);
    if (atomic_load(&at_end) == NULL)
        return;
    leave();
    for (;;) // no call is begun any more; another thread's ends the process
        (void)pause();
}

void watch_begin(struct watched *call, unsigned limit_seconds, const char *what)
{
    enter();
    *call = (struct watched){.limit_seconds = limit_seconds, .what = what, .since_ms = time_monotonic_ms()};
    if (limit_seconds == 0)
        return;
    LOCKED(&watch_lock);
    call->next = watched;
    call->place = &watched;
    if (watched != NULL)
        watched->place = &call->next;
    watched = call;
}

void watch_end(struct watched *call)
{
    if (call->limit_seconds > 0) { // what never changes: place is written by the thread of a neighbour
        LOCKED(&watch_lock);
        *call->place = call->next;
        if (call->next != NULL)
            call->next->place = call->place;
    }
    if (--nesting == 0)
        leave();
}

/** Says that a call is late, once, or that its time is over; after that nothing but the end of the process helps. */
static void look_at(struct watched *call, int64_t now)
{
    char text[512];
    unsigned late = call->limit_seconds / 2 < LATE_SECONDS ? call->limit_seconds / 2 : LATE_SECONDS;
    int64_t passed_ms = now - call->since_ms;
    if (passed_ms >= (int64_t)call->limit_seconds * 1000) {
        (void)snprintf(text, sizeof(text),
                       "the token has not answered for %u seconds (%s), so the run ends here; pull the token "
                       "and plug it in again, or restart its service, then run the same command again "
                       "(timeout_seconds in the token's YAML allows more)",
                       call->limit_seconds, call->what);
        tell(text, true);
        call->since_ms = now; // for one who is warned and does not end
    } else if (late > 0 && passed_ms >= (int64_t)late * 1000 && !call->is_told) {
        (void)snprintf(text, sizeof(text),
                       "the token has not answered for %u seconds (%s); after %u the run is ended", late,
                       call->what, call->limit_seconds);
        tell(text, false);
        call->is_told = true;
    }
}

static void *watch(void *unused)
{
    LOCKED(&watch_lock);
    while (!is_stopping) {
        struct timespec next;
        int64_t now = time_monotonic_ms();
        for (struct watched *call = watched; call != NULL; call = call->next)
            look_at(call, now);
        next.tv_sec = (time_t)((now + LOOK_MS) / 1000);
        next.tv_nsec = (long)((now + LOOK_MS) % 1000 * 1000000);
        (void)pthread_cond_timedwait(&watch_changed, &watch_lock,
                                     &next); // time or a change: both are looked at
    }
    return unused;
}

void watch_start(void)
{
    pthread_condattr_t attributes;
    sigset_t all, before;
    if (tell == NULL)
        return;
    (void)pthread_condattr_init(&attributes); // none of these can fail on Linux
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch_changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before); // signals are the program's
    is_stopping = false;
    is_watching = pthread_create(&watcher, NULL, watch, NULL) == 0; // without it a call may take for ever
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void watch_stop(void)
{
    if (!is_watching)
        return;
    {
        LOCKED(&watch_lock);
        is_stopping = true;
        (void)pthread_cond_signal(&watch_changed); // can't fail
    }
    (void)pthread_join(watcher, NULL); // fails only for a thread that is not ours
    (void)pthread_cond_destroy(&watch_changed);
    is_watching = false;
}
