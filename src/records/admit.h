/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a plan with these approvals may be carried out here and now: what `ledger verify` will ask of its records, asked before a token is
 * opened, and each no with its reason.
 */
#ifndef COLDCA_RECORDS_ADMIT_H
#define COLDCA_RECORDS_ADMIT_H

#include "home/home.h"
#include "records/approved.h"
#include "records/plan_file.h"

#define ADMIT_APPROVALS_MAX CONTROL_PEOPLE_MAX

/** What a person brought. Borrowed. */
struct plan_given {
    struct plan_file *file; /**< read in a confined process (plan_read.h); plan_admit() takes what is in it */
    struct bytes approvals[ADMIT_APPROVALS_MAX];
    size_t count;
};

/** A plan that may be carried out. */
struct admitted {
    struct plan_file file;
    struct json *approvals; /**< array of notes, for plan.approved */
    bool *done;             /**< an item each: a run that was stopped has logged it */
    bool is_taken;          /**< plan.approved is in the ledger: a run that was stopped goes on */
    bool is_over; /**< its window, or its control: what it has recorded is delivered, nothing is signed */
};
void admitted_done(struct admitted *admitted);
DEFINE_AUTO_VALUE(struct admitted, admitted_done);

/**
 * What is done whole may be delivered again at any time, under any control; of controls, while they are in force.
 * \param given  the approvals may be left out for a plan that was taken in before
 * \param now    seconds since 1970
 * \return false: ERROR_INPUT, why not: of another CA, of a control that is over, outside its window, approvals that do not count or suffice
 */
MUST_USE bool plan_admit(const struct home *home, const struct plan_given *given, int64_t now,
                         struct admitted *ret_admitted, struct error *err);

/**
 * Begins a new plan: for this CA, under the control in force, from now on.
 * \param valid_for  seconds
 * \param file       gets header and people
 * \return false: ERROR_INPUT, this CA has no controls
 */
MUST_USE bool admit_new_plan(const struct home *home, enum act act, int64_t now, int64_t valid_for,
                             struct plan_file *file, struct error *err);

/** Appends plan.approved, unless the plan was taken in before. Before anything of it is done. */
MUST_USE bool admitted_log(const struct admitted *admitted, struct ledger *ledger, const char *batch,
                           struct error *err);

#endif
