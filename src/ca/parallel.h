/* The same work on many things, by a few threads. */
#ifndef COLDCA_CA_PARALLEL_H
#define COLDCA_CA_PARALLEL_H

#include <stddef.h>

/**
 * Calls work(data, i) for each i below count, on at most `threads` threads, the caller's included; returns when all are done.
 * If threads cannot be had, fewer do it.
 */
void ca_parallel(size_t count, unsigned threads, void (*work)(void *data, size_t index), void *data);

/** Cores this process may use. */
unsigned ca_cores(void);

#endif
