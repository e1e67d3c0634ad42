/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An approval: a signed note (C2SP signed-note) by which a person says yes to one plan of one CA (docs/ledger-format.md 10).
 *
 *   coldca approval v1 LF ORIGIN LF PLAN_SHA256 LF ACT LF TIME LF
 *   LF
 *   U+2014 SP NAME SP BASE64(KEYID || SIGNATURE) LF
 *
 * Writes what is to be signed and judges what was; does not sign.
 */
#ifndef COLDCA_RECORDS_APPROVAL_H
#define COLDCA_RECORDS_APPROVAL_H

#include "records/control.h"
#include "records/plan_header.h"

#define APPROVAL_MAX_LEN 2048

/** The text to be signed; appends. */
void approval_text(const struct plan_header *header, int64_t time, struct builder *ret_text);

/** What a note says, whoever signed it. */
struct approval {
    char name[256]; /**< of its only signature */
    char *origin;
    uint8_t plan_sha256[32];
    enum act act;
    int64_t time;
};
void approval_done(struct approval *approval);
DEFINE_AUTO_VALUE(struct approval, approval_done);
/** ERROR_INPUT: it is not an approval. */
MUST_USE bool approval_read(struct bytes note, struct approval *ret_approval, struct error *err);

/**
 * Holds an approval against a plan and the people of a control.
 * \param ret_person  who gave it; borrowed from control
 * \return false: ERROR_INPUT, why it does not count: of another plan or CA, by nobody the control names, a wrong signature, outside
 *         the plan's window
 */
MUST_USE bool approval_check(struct bytes note, const struct plan_header *header,
                             const struct control *control, const struct control_person **ret_person,
                             struct error *err);

/** Approvals of a plan, as they are collected: each person once. */
struct approvals {
    const struct control_person *people[CONTROL_PEOPLE_MAX];
    size_t count;
};
/** approval_check(), and that this person has not approved it already. */
MUST_USE bool approvals_take(struct approvals *approvals, struct bytes note, const struct plan_header *header,
                             const struct control *control, struct error *err);
/** Whether there are enough. ERROR_INPUT: how many are missing, and who could give them */
MUST_USE bool approvals_suffice(const struct approvals *approvals, const struct plan_header *header,
                                const struct control *control, struct error *err);

#endif
