/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acts that are records and no certificates, as plans: written for people to approve, and carried out once they did. status/ only.
 */
#ifndef COLDCA_STATUS_PLANNED_H
#define COLDCA_STATUS_PLANNED_H

#include "records/admit.h"
#include "status/desk.h"

/** The directory of a file that is to be written, for status_desk_confine(); NULL for NULL. The caller frees. */
char *planned_directory(const char *plan_out);

/**
 * Writes a plan of these items.
 * \param file       its items are there; the rest is filled in
 * \param valid_for  seconds
 */
MUST_USE bool planned_write(const struct status_desk *desk, enum act act, struct plan_file *file,
                            const char *plan_out, int64_t valid_for, struct error *err);
/** Admits a plan of this act. ERROR_INPUT: of another act, or plan_admit() */
MUST_USE bool planned_admit(const struct status_desk *desk, enum act act, const struct plan_given *given,
                            struct admitted *ret_admitted, struct error *err);
/**
 * Appends plan.approved, then each item that no earlier run has logged. Does not commit.
 */
MUST_USE bool planned_log(const struct status_desk *desk, const struct admitted *admitted, struct error *err);

#endif
