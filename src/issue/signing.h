/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing groups, in enough threads to keep all sessions of the tokens busy. A group is begun while the one before it is finished, so that a slow
 * token is asked all the time; groups come back in their order.
 */
#ifndef COLDCA_ISSUE_SIGNING_H
#define COLDCA_ISSUE_SIGNING_H

#include "base/cleanup.h"
#include "issue/group.h"

/* Groups that are with the signing threads at one time at most. */
#define SIGNING_GROUPS 2

struct signing;

/** Starts the threads. */
MUST_USE bool signing_open(struct signer *signer, struct signing **ret_signing, struct error *err);
/** Frees, after signing_stop(), which it calls if nobody did; groups stay whose they are. */
void signing_close(struct signing *signing);
DEFINE_AUTO(struct signing *, signing_close);

/** How many groups are with it. */
size_t signing_count(const struct signing *signing);
/** Gives a group whose bytes are durable; fewer than SIGNING_GROUPS are with it. */
void signing_give(struct signing *signing, struct issue_group *group);
/**
 * The oldest group, once all of it is signed; none if a signature failed, until signing_stop(): then each as it is.
 * \param wait_ms  for it; less if a signature fails
 * \return NULL: not yet, or none is with it
 */
struct issue_group *signing_take(struct signing *signing, unsigned wait_ms);
/** Some signature could not be made; no further one is begun. group_all_signed() says why, when all groups were taken. */
bool signing_has_failed(struct signing *signing);
/** Asks for no further signature, and waits for those under way. */
void signing_stop(struct signing *signing);

#endif
