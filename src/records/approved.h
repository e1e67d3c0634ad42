/* SPDX-License-Identifier: Apache-2.0 */
/* plan.approved and policy.approved (docs/ledger-format.md 10): what people said yes to, with their signatures. */
#ifndef COLDCA_RECORDS_APPROVED_H
#define COLDCA_RECORDS_APPROVED_H

#include "records/approval.h"

#define RECORD_PLAN_APPROVED "plan.approved"
#define RECORD_POLICY_APPROVED "policy.approved"

/** A plan and its approvals, taken in before anything of it is done. Texts borrowed. */
struct record_plan_approved {
    const char *header; /**< canonical text of the plan's header */
    uint8_t plan_sha256[32];
    const struct json *approvals; /**< array of notes */
    const char *batch;            /**< run id; NULL */
};
struct json *record_plan_approved_write(const struct record_plan_approved *record);
/** Also that plan_sha256 is the header's. */
MUST_USE bool record_plan_approved_read(const struct json *json, struct record_plan_approved *ret_record,
                                        struct error *err);

/** A policy's text, which may be used from here on. Texts borrowed. */
struct record_policy_approved {
    const char *name;
    uint8_t sha256[32];
    const char *text;
};
struct json *record_policy_approved_write(const struct record_policy_approved *record);
/** Also that sha256 is the text's. */
MUST_USE bool record_policy_approved_read(const struct json *json, struct record_policy_approved *ret_record,
                                          struct error *err);

/**
 * Whether a policy's text can stand in a record whole: UTF-8 without NUL, and short enough.
 * \param name  for the message
 * \return false: ERROR_INPUT
 */
MUST_USE bool record_policy_text_check(const char *name, struct bytes text, struct error *err);

/** The place of a record among the items of an approved plan; puts plan_sha256, plan_index and plan_path. */
void record_put_planned(struct json *json, const uint8_t plan_sha256[static 32], uint64_t index,
                        const struct tree_hash *path, size_t count);
/** \param ret_is_planned  whether it has the members; else nothing is set */
MUST_USE bool record_read_planned(const struct json *json, bool *ret_is_planned,
                                  uint8_t ret_plan_sha256[static 32], uint64_t *ret_index,
                                  struct tree_hash ret_path[static TREE_PROOF_MAX], size_t *ret_count,
                                  struct error *err);

#endif
