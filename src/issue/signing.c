/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/signing.h"

#include "base/memory.h"
#include "base/time.h"

#include <assert.h>
#include <pthread.h>
#include <time.h>

#define THREADS_MAX 64

/** A group with the threads. */
struct work {
    struct issue_group *group;
    size_t next;  /**< job to begin with */
    size_t ended; /**< jobs that were signed, or could not be */
};

struct signing {
    struct signer *signer;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct work works[SIGNING_GROUPS]; /**< the oldest first */
    size_t count;
    bool has_failed; /**< some job; no other is begun */
    bool is_stopping;
    pthread_t threads[THREADS_MAX];
    size_t threads_count;
};

/* Locking a sound mutex, waiting and signalling can't fail (POSIX: only for misuse). */
static void lock(struct signing *signing)
{
    if (pthread_mutex_lock(&signing->mutex) != 0)
        abort();
}

static void unlock(struct signing *signing)
{
    (void)pthread_mutex_unlock(&signing->mutex);
}

static struct issue_group *next_job(struct signing *signing, size_t *ret_job)
{
    for (size_t i = 0; i < signing->count && !signing->has_failed; i++) {
        struct work *work = &signing->works[i];
        if (work->next == work->group->count)
            continue;
        if (work->next == 0)
            work->group->begun_ms = time_monotonic_ms();
        *ret_job = work->next++;
        return work->group;
    }
    return NULL;
}

static void end_job(struct signing *signing, const struct issue_group *group, size_t job)
{
    size_t i = 0;
    while (signing->works[i].group != group)
        i++; // it can't have been taken back: this job is under way
    signing->works[i].ended++;
    signing->works[i].group->ended_ms = time_monotonic_ms();
    signing->has_failed = signing->has_failed || !group->jobs[job].is_done;
    if (signing->has_failed || signing->works[i].ended == group->count)
        (void)pthread_cond_broadcast(&signing->changed);
}

static void *sign_all(void *data)
{
    struct signing *signing = data;
    size_t job = 0;
    lock(signing);
    while (!signing->is_stopping) {
        struct issue_group *group = next_job(signing, &job);
        if (group == NULL) {
            (void)pthread_cond_wait(&signing->changed, &signing->mutex);
            continue;
        }
        unlock(signing);
        logged_sign(signing->signer, &group->jobs[job]);
        lock(signing);
        end_job(signing, group, job);
    }
    unlock(signing);
    return NULL;
}

bool signing_open(struct signer *signer, struct signing **ret_signing, struct error *err)
{
    AUTO(signing_close) struct signing *signing = memory_new(1, sizeof(*signing));
    pthread_condattr_t attributes;
    signing->signer = signer;
    if (pthread_mutex_init(&signing->mutex, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&signing->changed, &attributes) != 0)
        abort();                                   // out of memory, as memory_new() does
    (void)pthread_condattr_destroy(&attributes);   // can't fail
    unsigned wanted = signer_sessions(signer) + 1; // one looks at what it got, the others sign
    while (signing->threads_count < wanted && signing->threads_count < THREADS_MAX) {
        int reason = pthread_create(&signing->threads[signing->threads_count], NULL, sign_all, signing);
        if (reason != 0 && signing->threads_count == 0)
            return error_errno(err, ERROR_INPUT, reason, "can't start a thread");
        if (reason != 0)
            break; // fewer do it
        signing->threads_count++;
    }
    *ret_signing = TAKE(signing);
    return true;
}

void signing_stop(struct signing *signing)
{
    lock(signing);
    signing->is_stopping = true;
    (void)pthread_cond_broadcast(&signing->changed);
    unlock(signing);
    for (; signing->threads_count > 0; signing->threads_count--)
        (void)pthread_join(signing->threads[signing->threads_count - 1], NULL); // ours, joined once
}

void signing_close(struct signing *signing)
{
    signing_stop(signing);
    (void)pthread_cond_destroy(&signing->changed); // nobody waits
    (void)pthread_mutex_destroy(&signing->mutex);
    free(signing);
}

size_t signing_count(const struct signing *signing)
{
    return signing->count; // changed by the caller's thread only
}

void signing_give(struct signing *signing, struct issue_group *group)
{
    lock(signing);
    assert(signing->count < SIGNING_GROUPS);
    signing->works[signing->count++] = (struct work){.group = group};
    (void)pthread_cond_broadcast(&signing->changed);
    unlock(signing);
}

bool signing_has_failed(struct signing *signing)
{
    lock(signing);
    bool has_failed = signing->has_failed;
    unlock(signing);
    return has_failed;
}

/** One whose signatures were all made; none, once one could not be: then only signing_stop() brings the groups back. */
static bool can_be_taken(const struct signing *signing)
{
    const struct work *oldest = &signing->works[0];
    return signing->count > 0 &&
           (signing->is_stopping || (!signing->has_failed && oldest->ended == oldest->group->count));
}

/** \return false: the time is over */
static bool wait_until(struct signing *signing, const struct timespec *end)
{
    return pthread_cond_timedwait(&signing->changed, &signing->mutex, end) == 0;
}

struct issue_group *signing_take(struct signing *signing, unsigned wait_ms)
{
    struct issue_group *group = NULL;
    int64_t end_ms = time_monotonic_ms() + wait_ms;
    const struct timespec end = {.tv_sec = (time_t)(end_ms / 1000),
                                 .tv_nsec = (long)(end_ms % 1000 * 1000000)};
    lock(signing);
    while (signing->count > 0 && !can_be_taken(signing) && !signing->has_failed && wait_until(signing, &end))
        continue;
    if (can_be_taken(signing)) {
        group = signing->works[0].group;
        signing->works[0] = signing->works[1];
        signing->count--;
    }
    unlock(signing);
    return group;
}
