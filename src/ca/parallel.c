#include "ca/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define THREADS_MAX 64

struct shared {
    size_t count;
    atomic_size_t next;
    void (*work)(void *data, size_t index);
    void *data;
};

static void *run(void *argument)
{
    struct shared *shared = argument;
    for (size_t i = atomic_fetch_add(&shared->next, 1); i < shared->count;
         i = atomic_fetch_add(&shared->next, 1))
        shared->work(shared->data, i);
    return NULL;
}

void ca_parallel(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data)
{
    struct shared shared = {.count = count, .work = work, .data = data};
    pthread_t helpers[THREADS_MAX];
    unsigned started = 0;
    unsigned wanted = threads < THREADS_MAX ? threads : THREADS_MAX;
    while (started + 1 < wanted && started + 1 < count &&
           pthread_create(&helpers[started], NULL, run, &shared) == 0)
        started++;
    (void)run(&shared); // returns NULL always
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(helpers[i], NULL); // fails only for threads that are not ours
}

unsigned ca_cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count > 0 ? (unsigned)count : 1;
}
