/* SPDX-License-Identifier: Apache-2.0 */
/* What a run says of itself: session.opened, batch.planned, request.refused, request.skipped (docs/ledger-format.md 1). */
#ifndef COLDCA_RECORDS_SESSION_H
#define COLDCA_RECORDS_SESSION_H

#include "base/finding.h"
#include "records/record.h"

#define RECORD_SESSION_OPENED "session.opened"
#define RECORD_BATCH_PLANNED "batch.planned"
#define RECORD_REQUEST_REFUSED "request.refused"
#define RECORD_REQUEST_SKIPPED "request.skipped"

/** A plan, by its digests. Texts and bytes are borrowed. */
struct record_plan {
    const char *policy;
    const uint8_t *policy_sha256; /**< 32 bytes */
    const uint8_t *plan_sha256;   /**< 32 bytes */
};

/** The first record of a run that will sign; it is committed with the first group. */
struct record_session {
    const char *command;            /**< "sign", "review", "batch" */
    const char *batch;              /**< run id */
    const char *host;               /**< escaped */
    const struct record_plan *plan; /**< the only one there is; NULL: each is noted as it comes */
    bool is_clock_confirmed;        /**< by a person; false: only checked (P8) */
    const char *unconfined;         /**< why the signer is not confined; NULL: it is */
    bool allow_extractable;
    const uint8_t
        *manifest_sha256; /**< 32 bytes: of the medium's signed list of requests; NULL: there is none */
    const char *token_label, *token_serial, *token_model; /**< escaped */
};
struct json *record_session_write(const struct record_session *record);
/** Checks what every reader relies on: command and batch. */
MUST_USE bool record_session_check(const struct json *json, struct error *err);

/** A plan of a run that has many. */
struct record_planned {
    const char *batch;
    uint64_t requests;
    struct record_plan plan;
};
struct json *record_planned_write(const struct record_planned *record);
MUST_USE bool record_planned_check(const struct json *json, struct error *err);

#define RECORD_REASONS_MAX                                                                                   \
    20 /* a finding's text has at most 1023 bytes, so that this many fit into a record */
/** A request that gets no certificate: refused by the policy or a person, or skipped. */
struct record_refused {
    const char *source; /**< file name */
    const char *batch;
    const uint8_t *input_sha256; /**< of the file's bytes; NULL: it was not read */
    const uint8_t *csr_sha256;   /**< NULL: no request was found in it */
    size_t count;                /**< requests in this file that were refused; 0 and 1: one */
    const struct findings *reasons;
    const char *decision; /**< a person's words; NULL */
};
struct json *record_refused_write(const struct record_refused *record);
MUST_USE bool record_refused_check(const struct json *json, struct error *err);

#define SESSION_BATCH_SIZE 24 /* "20261121T024857Z-1a2b3c" and its NUL */
/** A new run id, also in each cert.signing. */
MUST_USE bool session_make_batch(char ret_batch[static SESSION_BATCH_SIZE], struct error *err);
/**
 * Who is at the keyboard, as the records name him: what he says, what ca.yaml says, else the login name or the uid as text.
 * \param said        NULL: nothing
 * \param configured  NULL: nothing
 * \return escaped text; the caller frees
 */
char *session_operator(const char *said, const char *configured);

#endif
