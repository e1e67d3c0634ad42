/* The beginning of a run that will sign: what the ledger says of it before anything else. */
#ifndef COLDCA_CA_SESSION_H
#define COLDCA_CA_SESSION_H

#include "ca/home.h"
#include "ca/issue.h"

#define SESSION_BATCH_SIZE 24 /* "20261121T024857Z-1a2b3c" and its NUL */

/**
 * Appends session.opened and a request.refused for each request the plan refuses. The records are committed with the first
 * group. \param ret_batch  the batch id, also in each cert.signing
 */
MUST_USE bool session_open(struct ca_home *home, const struct plan *plan, const struct issue_options *options,
                           char ret_batch[static SESSION_BATCH_SIZE], struct error *err);

/** Who is at the keyboard: the login name, or the uid as text. The caller frees. */
char *session_operator(void);

#endif
