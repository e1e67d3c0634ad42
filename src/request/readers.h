/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool of parser processes that parse requests with no token, no files and no network (promise P6).
 *
 * Open the pool before the PKCS#11 module is loaded: forking after C_Initialize is undefined (PKCS#11 v2.40
 * 6.6.1). The parent reads the bytes (bounded) and sends them; a parser process answers with facts. A parser process that dies
 * or hangs costs the one input it had, which comes back as a request with the problem "request.reader", and is
 * replaced by a fork from a helper that was made before the module was loaded. If the sandbox cannot be
 * engaged, nothing is read.
 */
#ifndef COLDCA_REQUEST_READERS_H
#define COLDCA_REQUEST_READERS_H

#include "request/request.h"

struct readers;

/** One input, read. */
struct reading {
    uint64_t ticket;           /**< as given to readers_submit() */
    struct request **requests; /**< at least one */
    size_t count;
};

void reading_free(struct reading *reading); /**< with its requests (those not taken) */
DEFINE_AUTO(struct reading *, reading_free);

/** \param count 0: one per core */
MUST_USE bool readers_open(size_t count, struct readers **ret_readers, struct error *err);
void readers_close(struct readers *readers); /**< ends and reaps every process */
DEFINE_AUTO(struct readers *, readers_close);

/** Whether readers_submit() would not have to wait; when not, call readers_next() first. */
bool readers_may_submit(const struct readers *readers);
/** Hands over one input (at most REQUEST_MAX_FILE_LEN bytes, copied). ticket is the caller's own number. */
MUST_USE bool readers_submit(struct readers *readers, uint64_t ticket, struct bytes input, struct error *err);
/** Inputs submitted and not yet answered. */
size_t readers_pending(const struct readers *readers);
/** Waits for an answer, in any order. Call only while readers_pending() > 0. */
MUST_USE bool readers_next(struct readers *readers, struct reading **ret_reading, struct error *err);

#endif
