/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as a file (docs/controls.md): header, items, and what they were decided by; what `coldca plan` writes, people approve, and a run
 * carries out.
 * It promises: what was read is whole: the items are those the header's root was made of, the policy's text is that of its digest.
 * It does not: say whether it may be carried out (admit.h).
 */
#ifndef COLDCA_RECORDS_PLAN_FILE_H
#define COLDCA_RECORDS_PLAN_FILE_H

#include "ledger/whole_tree.h"
#include "records/plan_header.h"

#define PLAN_FILE_MAX_LEN ((size_t)256 << 20)

struct plan_file {
    struct plan_header header; /**< count and root are made of the items */
    uint8_t sha256[32];        /**< the plan's digest */
    struct json
        *items; /**< array of {"record": with its type, "request": of a certificate, its DER in base64} */
    struct json *
        refused; /**< array of {"source", "reasons"}: what was not allowed, for people; not part of what is approved */
    struct json *
        people; /**< array of {"name", "key"}: whom the control names, so that an approver need not say who he is; not part of
                                what is approved. NULL: the plan does not say */
    struct json *
        evaluated; /**< what its requests were evaluated with besides the policy (evaluated.h); not part of what is approved.
                                  NULL: the plan does not say */
    char *policy_text;       /**< with header.policy */
    struct whole_tree *tree; /**< over the items; NULL until sealed or read */
};
void plan_file_done(struct plan_file *file);
DEFINE_AUTO_VALUE(struct plan_file, plan_file_done);

/** Adds an item. \param name  of the file it comes to, approved with the rest of the record; NULL: none. \param record  its members; taken */
void plan_file_add(struct plan_file *file, const char *name, const char *type, struct json *record);
/** Adds to the last item the request it was made of; its digest is in the record. \param der  DER */
void plan_file_add_request(struct plan_file *file, struct bytes der);
/** Adds a person of the control in force. */
void plan_file_add_person(struct plan_file *file, const char *name, const char *key);
/** Makes count, root and digest of the items. */
void plan_file_seal(struct plan_file *file);
/** The file's bytes; appends. */
void plan_file_write(const struct plan_file *file, struct builder *ret_text);
/** ERROR_INPUT: it is not a plan, or not whole. Parses in this process: for foreign files there is plan_file_read_confined() (plan_read.h). */
MUST_USE bool plan_file_read(struct bytes text, struct plan_file *ret_file, struct error *err);

/* The steps of it, of which only the first parses text. */

/** Text to JSON: of the whole, and of the header's text in it. \param ret_header  an object, empty if there is no header */
MUST_USE bool plan_file_parse(struct bytes text, struct json **ret_whole, struct json **ret_header,
                              struct error *err);
/** Whether the JSON, written in its one spelling, is the text: then nothing was made up, left out or put elsewhere. */
bool plan_file_is_text(const struct json *whole, const struct json *header, struct bytes text);
/** JSON to a plan. ERROR_INPUT as plan_file_read() */
MUST_USE bool plan_file_of_parts(const struct json *whole, const struct json *header,
                                 struct plan_file *ret_file, struct error *err);

/** An item's record; borrowed. */
const struct json *plan_file_record(const struct plan_file *file, size_t index);
/** The name of its output; NULL. */
const char *plan_file_name(const struct plan_file *file, size_t index);
/**
 * The request an item was made of.
 * \param ret_der  appends
 * \return false: ERROR_INPUT, the plan does not hold it, or another than the record names
 */
MUST_USE bool plan_file_request(const struct plan_file *file, size_t index, struct builder *ret_der,
                                struct error *err);
/** The record as the run logs it: with its place in the plan. The caller frees */
struct json *plan_file_planned(const struct plan_file *file, size_t index);
/** What an act's records are; "cert.revoked" and its like are one act. */
bool plan_file_is_of_act(const char *type, enum act act);

#endif
