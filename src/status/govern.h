/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing who decides, and which policies may be used: control.set and policy.approved, by whoever logs in where the control in force lets
 * him, else by a plan that people approved.
 */
#ifndef COLDCA_STATUS_GOVERN_H
#define COLDCA_STATUS_GOVERN_H

#include "base/console.h"
#include "records/admit.h"

struct govern_options {
    const char *home, *pin_source;
    const char *command;            /**< for session.opened */
    enum act act;                   /**< ACT_CONTROL or ACT_POLICY */
    const struct plan_given *given; /**< carry out this plan; NULL */
    const char *plan_out;           /**< write a plan instead of doing it; NULL */
    int64_t valid_for;              /**< plan_out: seconds */
    /* ACT_POLICY: */
    const char *const *policies; /**< names */
    size_t policies_count;
    /**
     * ACT_CONTROL: makes the new control of the one in force.
     * \param control  a copy of the one in force, people_count 0 if there is none
     */
    bool (*change)(void *data, struct control *control, struct error *err);
    void *data;
};

struct govern_result {
    uint64_t done; /**< records */
    uint8_t plan_sha256[32];
    bool is_planned; /**< a plan was written or carried out: plan_sha256 is set */
};
MUST_USE bool govern_run(const struct govern_options *options, const struct console *console,
                         struct govern_result *ret_result, struct error *err);

#endif
