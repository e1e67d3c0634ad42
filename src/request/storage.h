/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the facts of one request live: every pointer in a struct request points into its storage, which is freed at once.
 * Used by the modules of request/ only.
 */
#ifndef COLDCA_REQUEST_STORAGE_H
#define COLDCA_REQUEST_STORAGE_H

#include "request/request.h"

/** Problems a request may have; what comes after is counted in one last finding. */
#define REQUEST_MAX_PROBLEMS 64

/** An empty request: no facts, no problems, path_len -1. The caller frees with request_free(). */
struct request *request_new(void);

/** Zeroed room for count things of size bytes, freed with the request; never NULL. */
void *request_alloc(struct request *request, size_t count, size_t size_bytes);

/** A copy that lives as long as the request, followed by a NUL that len does not count. */
struct bytes request_keep(struct request *request, struct bytes data);
const char *request_keep_text(struct request *request, const char *text);

/** Notes a problem; the text must be escaped already. More than REQUEST_MAX_PROBLEMS are not kept. */
void request_problem(struct request *request, const char *rule, const char *source, const char *format, ...)
    PRINTF_LIKE(4, 5);

/** The next step for the problem noted last; there is one. */
void request_remedy(struct request *request, const char *remedy);

/** A request of which nothing is known but why. \param remedy the next step, or NULL */
struct request *request_failed(const char *rule, const char *text, const char *remedy);

#endif
