/* SPDX-License-Identifier: Apache-2.0 */
/* What `sign -` without --out answers: the certificate on stdout, why there is none on stderr. */
#ifndef COLDCA_OPERATOR_ANSWERS_H
#define COLDCA_OPERATOR_ANSWERS_H

#include "base/json.h"
#include "plan/output.h"

struct answer;

/** An output that keeps what it is given until the run is over. */
struct answers {
    struct output output;
    struct answer *items;
    size_t count;
};
struct answers answers_none(void);
void answers_done(struct answers *answers);
DEFINE_AUTO_VALUE(struct answers, answers_done);

/** Certificates in PEM to stdout, in the order of the plan, and nothing else; every refusal with its reasons to stderr. */
void answers_print(const struct answers *answers, const struct plan *plan);
/** Puts "certificates" into report_issue_json(): for each that there is, {"request": its name, "pem": the certificate}. */
void answers_put(const struct answers *answers, const struct plan *plan, struct json *report);

#endif
