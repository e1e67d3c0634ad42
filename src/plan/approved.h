/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan that goes to people and comes back: written to a file from what was decided, and made a plan again, of exactly those bytes, once
 * they approved it.
 */
#ifndef COLDCA_PLAN_APPROVED_H
#define COLDCA_PLAN_APPROVED_H

#include "home/home.h"
#include "plan/output.h"
#include "plan/redraw.h"
#include "records/admit.h"

/**
 * What a plan's file holds of a plan of certificates: each that would be signed, those refused, the policy's text.
 * \param valid_for  seconds from now on that it may be carried out
 * \return false: ERROR_INPUT, nothing of it would be signed, or the home has no controls; the policy's file changed meanwhile
 */
MUST_USE bool plan_to_file(const struct home *home, const struct plan *plan, int64_t now, int64_t valid_for,
                           struct plan_file *ret_file, struct error *err);

/**
 * Makes a plan of certificates of an admitted file; each is drawn again from its request by the plan's policy (redraw.h). What an earlier run
 * of it issued is PLAN_REPEAT, what it left unfinished is_logged, and signed if the plan is not over; what was abandoned is refused: its serial
 * is burned. A key that was revoked for keyCompromise since it was planned is refused.
 * \param admitted  borrowed as long as the plan lives
 * \param redraw    who draws
 * \param output    where certificates go: what can't be put there is refused; NULL: nowhere is looked
 * \return false: ERROR_INPUT: of another act, by a policy that is not the home's any more, not of this issuer, a serial that is used, what the
 *         policy does not give
 */
MUST_USE bool plan_of_admitted(const struct home *home, const struct admitted *admitted,
                               struct redraw *redraw, struct output *output, int64_t now,
                               struct plan **ret_plan, struct error *err);

#endif
