/* SPDX-License-Identifier: Apache-2.0 */
/* A person with an Ed25519 key, made of a seed, who approves plans. */
#ifndef COLDCA_TESTS_APPROVER_H
#define COLDCA_TESTS_APPROVER_H

#include "records/approval.h"

struct approver {
    EVP_PKEY *key;
    char *vkey;
    struct note_key note_key;
};
void approver_make(struct approver *approver, const char *name, const char *seed);
void approver_done(struct approver *approver);
/** Signs a text as a note; appends. */
void approver_sign(const struct approver *approver, struct bytes text, struct builder *ret_note);
/** An approval of a plan. */
void approver_approve(const struct approver *approver, const struct plan_header *header, int64_t time,
                      struct builder *ret_note);

#endif
