/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A medium's requests, held against a plan that people approved: those that are in it get its bytes, the others are refused. A request is
 * known by the digest of its file, which is part of what was approved; nothing on the medium is parsed.
 */
#ifndef COLDCA_BATCH_PLANNED_H
#define COLDCA_BATCH_PLANNED_H

#include "batch/policies.h"
#include "plan/approved.h"

struct batch_planned {
    struct admitted admitted;
    struct plan *plan; /**< for the requests on the medium, in their order; NULL once it was handed on */
    size_t absent; /**< certificates of the plan that are not made, as their requests are not on the medium */
    size_t of_other_policies; /**< requests on the medium that were left alone */
};
void batch_planned_done(struct batch_planned *planned);
DEFINE_AUTO_VALUE(struct batch_planned, batch_planned_done);

/** What is on the medium. */
struct batch_planned_requests {
    size_t count;
    /** As plans_settings.input. */
    bool (*input)(void *data, size_t index, struct plan_input *ret_input, struct error *err);
    void *data;
};

/** Takes the plan in: admitted is set. \return false: ERROR_INPUT, why it can't be carried out */
MUST_USE bool batch_planned_admit(const struct home *home, const struct plan_given *given, int64_t now,
                                  struct batch_planned *planned, struct error *err);

/**
 * Makes the plan of the medium.
 * \param redraw  draws each certificate of it again
 * \param output  where certificates go
 * \return false: ERROR_INPUT, the medium is gone, or the plan holds what coldca would not have planned
 */
MUST_USE bool batch_planned_make(const struct home *home, const struct batch_planned_requests *requests,
                                 struct redraw *redraw, struct output *output, int64_t now,
                                 struct batch_planned *planned, struct error *err);

#endif
