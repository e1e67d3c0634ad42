/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivering groups, one after another, while the next ones are signed and logged: a removable medium takes its time for each
 * file. One thread delivers a group, another flushes the one before it.
 */
#ifndef COLDCA_ISSUE_DELIVERY_H
#define COLDCA_ISSUE_DELIVERY_H

#include "base/cleanup.h"
#include "issue/pipeline.h"

/* Groups that are with the delivery at one time at most: one waits, the others are delivered and flushed. */
#define DELIVERY_GROUPS (1 + ISSUE_UNFLUSHED_MAX)

struct delivery;

/**
 * Starts the threads.
 * \param stream  borrowed; its deliver() and flush() are called
 * \param groups  how many the caller has in all: nothing ever waits for them to be taken back
 */
MUST_USE bool delivery_open(struct issue_stream *stream, size_t groups, struct delivery **ret_delivery,
                            struct error *err);
/** Waits for the groups in hand, if delivery_finish() was not called, and frees; groups stay whose they are. */
void delivery_close(struct delivery *delivery);
DEFINE_AUTO(struct delivery *, delivery_close);

/** Gives a group that is committed and proved; waits for space. \return false: an earlier one failed, see delivery_finish() */
MUST_USE bool delivery_give(struct delivery *delivery, struct issue_group *group);
/**
 * A group that was delivered and is the caller's again.
 * \param wait  for one, if a group is under way
 * \return NULL: there is none now, or one failed
 */
struct issue_group *delivery_take_back(struct delivery *delivery, bool wait);
/** No more groups come: waits until all are delivered. Those can be taken back still. \return false: one could not be */
MUST_USE bool delivery_finish(struct delivery *delivery, struct error *err);

#endif
