/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Part of every program of the coverage build, and of no other: gcov's counters become memory that a process shares with the children
 * it forks. A child that may open no file, that ends with _exit() or is killed is counted all the same, in the process that made it,
 * and its confinement stays what it is in a build that is shipped.
 */
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Of coverage.ld. */
extern char coldca_counters_begin[] __attribute__((visibility("hidden")));
extern char coldca_counters_end[] __attribute__((visibility("hidden")));

/** Before anything is counted: what is there is zeros. */
__attribute__((constructor(101))) static void share_counters(void)
{
    size_t len = (size_t)(coldca_counters_end - coldca_counters_begin);
    if (len > 0 && mmap(coldca_counters_begin, len, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
        abort();
}
