/* SPDX-License-Identifier: Apache-2.0 */
/* What `coldca request` made, as a table or as JSON. */
#ifndef COLDCA_CLI_REQUEST_REPORT_H
#define COLDCA_CLI_REQUEST_REPORT_H

#include "base/json.h"
#include "enroll/enroll.h"

/** The answers of a run so far. */
struct request_answers {
    struct enroll_answer *items;
    size_t count;
};
void request_answers_done(struct request_answers *answers);
DEFINE_AUTO_VALUE(struct request_answers, request_answers_done);

size_t request_answers_count(const struct request_answers *answers, enum enroll_state state);

/** The word for a state, in the table and in JSON. */
const char *request_state_name(enum enroll_state state);

/**
 * The table and the counts below it on stdout.
 * \param folder      as the operator named it
 * \param csr_folder  likewise, where requests went elsewhere than keys; else NULL
 */
void request_report(const struct request_answers *answers, const char *folder, const char *csr_folder);
/** The caller frees. */
struct json *request_report_json(const struct request_answers *answers, const struct policy *policy,
                                 const char *folder, const char *csr_folder);

#endif
