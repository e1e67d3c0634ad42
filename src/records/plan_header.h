/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a plan that people approve: small enough to stand whole in the ledger, and binding all of the plan by the root over
 * its items. Its SHA-256 is the plan's digest, which approvals name (docs/ledger-format.md 10).
 */
#ifndef COLDCA_RECORDS_PLAN_HEADER_H
#define COLDCA_RECORDS_PLAN_HEADER_H

#include "ledger/tree.h"
#include "records/act.h"
#include "records/record.h"

#define PLAN_HEADER_VERSION 1
#define PLAN_HEADER_MAX_LEN 8192
#define PLAN_ITEMS_MAX (UINT64_C(1) << 24)

/** Texts owned. */
struct plan_header {
    enum act act;
    char *origin;                  /**< of the CA's ledger */
    char *vkey;                    /**< its verifier key */
    uint64_t control;              /**< seq of the control in force when it was made */
    int64_t not_before, not_after; /**< when it may be carried out */
    char *policy;              /**< ACT_ISSUE, ACT_ISSUE_CA: by which the items were evaluated; else NULL */
    uint8_t policy_sha256[32]; /**< with policy */
    uint64_t count;            /**< items */
    struct tree_hash root;     /**< over them */
};
void plan_header_done(struct plan_header *header);
DEFINE_AUTO_VALUE(struct plan_header, plan_header_done);

/** Canonical form; appends. */
void plan_header_write(const struct plan_header *header, struct builder *ret_text);
/** From its canonical form, and no other. ERROR_INPUT */
MUST_USE bool plan_header_read(struct bytes text, struct plan_header *ret_header, struct error *err);

/** The same of text that a parser process has taken apart: its JSON has to be what stands in the text. \param json  of text, or a lie */
MUST_USE bool plan_header_of_json(const struct json *json, struct bytes text, struct plan_header *ret_header,
                                  struct error *err);

/**
 * The leaf of a plan's item: a record as it will stand in the ledger, without what only the run knows (seq, time, operator, batch,
 * plan_sha256, plan_index, plan_path, emergency_reason; of a crl.signing size and previous, too, which follow from its seq).
 * \param record  an item, or a whole record
 * \param type    the record's type; put in if record has none
 */
void plan_item_leaf(const struct json *record, const char *type, struct tree_hash *ret_leaf);

/** Whether a record has no member that the leaf leaves out, but for its type: such a member would be logged, and nobody approved it. */
bool plan_item_is_clean(const struct json *record);

#endif
