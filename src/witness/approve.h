/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saying yes to a plan: on any machine, with no home and no token of the CA. What the plan would do is read from the bytes that would be
 * signed, not from what the plan says of them.
 */
#ifndef COLDCA_WITNESS_APPROVE_H
#define COLDCA_WITNESS_APPROVE_H

#include "records/plan_file.h"
#include "witness/key.h"

/**
 * Reads a plan from a file, and puts it into words: in a process that can do nothing else (records/plan_read.h), so before a token is
 * opened. What it says of the plan is held against the file's bytes; what the items come to is believed, as words for this person.
 * \return false: ERROR_INPUT, what is wrong with it, or with the parser process
 */
MUST_USE bool approve_read(const char *path, struct plan_file *ret_file, struct builder *ret_words,
                           struct error *err);
/** A plan in words: act, CA, window, digest in hex and words, then each item; appends. ERROR_INPUT: bytes that can't be read */
MUST_USE bool approve_describe(const struct plan_file *file, struct builder *ret_text, struct error *err);

/**
 * Makes the approval: a note over the plan's digest.
 * \param name      the person's, as the control has it
 * \param now       seconds since 1970
 * \param ret_note  appends
 * \param ret_vkey  the key as a control names it; appends
 */
MUST_USE bool approve_sign(const struct plan_file *file, const struct witness_key *key, const char *name,
                           int64_t now, struct builder *ret_note, struct builder *ret_vkey,
                           struct error *err);

/** Whose key it is by the plan's people; the caller frees. ERROR_INPUT: nobody's */
MUST_USE bool approve_find_name(const struct plan_file *file, const struct witness_key *key, char **ret_name,
                                struct error *err);

/**
 * Whether an approval may be written to a path: nothing is there.
 * \param name  the person's
 * \return false: ERROR_INPUT, the person approved the plan already, or something else is there; and what to do
 */
MUST_USE bool approve_is_free(const struct plan_file *file, const char *name, const char *path,
                              struct error *err);

/** A key as a control names it: "NAME+KEYID+BASE64"; appends. */
MUST_USE bool approve_vkey(const struct witness_key *key, const char *name, struct builder *ret_vkey,
                           struct error *err);

/* ---- read.c: in the parser process ---- */

/** \param input  a plan's file \param ret_output  what approve_read() takes */
void approve_parse(struct bytes input, struct builder *ret_output);

#endif
