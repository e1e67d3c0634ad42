/* SPDX-License-Identifier: Apache-2.0 */
/* A person with an Ed25519 key, made of a seed, who approves plans. */
#ifndef COLDCA_TESTS_APPROVER_H
#define COLDCA_TESTS_APPROVER_H

#include "records/admit.h"
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

/** A plan and an approval of it as a command gets them. */
struct approved_file {
    struct plan_given given; /**< of what follows */
    struct plan_file file;
    struct builder note;
};
/** Reads a plan's file. \param ret_file  stays where it is, until approved_file_done() */
void approver_bring(const struct approver *approver, const char *path, bool is_approved,
                    struct approved_file *ret_file);
void approved_file_done(struct approved_file *file);
DEFINE_AUTO_VALUE(struct approved_file, approved_file_done);

#endif
