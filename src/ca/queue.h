/* A short queue between two threads: one puts, one takes. */
#ifndef COLDCA_CA_QUEUE_H
#define COLDCA_CA_QUEUE_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

#define QUEUE_FOREVER (~0U)

struct queue;
/** \param release  frees what nobody took */
struct queue *queue_new(size_t capacity, void (*release)(void *item));
/** Both threads must be done with it. */
void queue_free(struct queue *queue);
DEFINE_AUTO(struct queue *, queue_free);

/** Waits for room. \return false: the taker has gone; item stays the caller's */
bool queue_put(struct queue *queue, void *item);
/** The putter has no more: what is in it can still be taken. */
void queue_end(struct queue *queue);
/** The taker has gone: puts fail from now on. */
void queue_close(struct queue *queue);
/**
 * \param wait_ms     how long to wait for an item
 * \param ret_is_end  true: nothing is in it and nothing will come
 * \return the oldest item, or NULL
 */
void *queue_take(struct queue *queue, unsigned wait_ms, bool *ret_is_end);

#endif
