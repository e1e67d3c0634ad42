/* The beginning of a run that will sign: what the ledger says of it before anything else. */
#ifndef COLDCA_CA_SESSION_H
#define COLDCA_CA_SESSION_H

#include "ca/home.h"
#include "ca/issue.h"

#define SESSION_BATCH_SIZE 24 /* "20261121T024857Z-1a2b3c" and its NUL */

/** A new batch id, also in each cert.signing. */
MUST_USE bool session_make_batch(char ret_batch[static SESSION_BATCH_SIZE], struct error *err);
/** Appends session.opened. It is committed with the first group. */
MUST_USE bool session_open(struct ca_home *home, const struct issue_options *options, struct error *err);
/** Appends what there is to say of a plan before it is carried out: batch.planned, and request.refused for each one refused. */
MUST_USE bool session_log_plan(struct ca_home *home, const struct plan *plan,
                               const struct issue_options *options, struct error *err);

/** Who is at the keyboard: the login name, or the uid as text. The caller frees. */
char *session_operator(void);

#endif
