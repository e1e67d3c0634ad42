/* What `sign -` without --out answers: the certificate on stdout, why there is none on stderr. */
#ifndef COLDCA_CLI_ANSWERS_H
#define COLDCA_CLI_ANSWERS_H

#include "base/json.h"
#include "ca/plan.h"

struct answers {
    const struct plan *plan;
    struct builder *pems; /**< one an item of the plan; empty: no certificate */
};

/** For a plan about to be carried out, which must outlive the answers. */
void answers_begin(struct answers *answers, const struct plan *plan);
void answers_done(struct answers *answers);
DEFINE_AUTO_VALUE(struct answers, answers_done);

/** For issue_options.release; data is the struct answers. */
MUST_USE bool answers_keep(void *data, size_t group, const struct plan_item *item, struct bytes certificate,
                           struct bytes proof, struct error *err);

/** Certificates in PEM to stdout, in the order of the plan, and nothing else; every refusal with its reasons to stderr. */
void answers_print(const struct answers *answers);
/** Puts "certificates" into report_issue_json(): for each that there is, {"request": its name, "pem": the certificate}. */
void answers_put(const struct answers *answers, struct json *report);

#endif
