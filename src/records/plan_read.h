/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan from elsewhere: parsed in a process of its own that can do nothing else (sandbox/call.h), which sends back its values. This process
 * writes them down again in the one spelling that plans have, and demands the bytes it holds: header, digest, items, policy's text and
 * window are then what stands in the file, whatever became of the parser. Every command that gets a plan reads it by this.
 * It promises: a parser process that lies is found out. It does not: doubt that a plan is true (plan/redraw.h) or approved (admit.h).
 */
#ifndef COLDCA_RECORDS_PLAN_READ_H
#define COLDCA_RECORDS_PLAN_READ_H

#include "records/plan_file.h"

/** What else a parser process makes of a plan: text for a person, who has no other way to see what its bytes say; appends. ERROR_INPUT */
typedef bool plan_words_function(const struct plan_file *file, struct builder *ret_text, struct error *err);

/**
 * Before a PKCS#11 module is loaded, while there is one thread, and before this process is confined.
 * \param text  the file
 * \return false: ERROR_INPUT, what is wrong with it, or with the parser process
 */
MUST_USE bool plan_file_read_confined(struct bytes text, struct plan_file *ret_file, struct error *err);

/**
 * The same, with words.
 * \param run       in the parser process: plan_read_answer() with the words wanted
 * \param ret_words  as the parser process says, escaped once more; appends
 */
MUST_USE bool plan_file_read_with_words(struct bytes text,
                                        void (*run)(struct bytes input, struct builder *ret_output),
                                        struct plan_file *ret_file, struct builder *ret_words,
                                        struct error *err);

/* ---- in the parser process; for tests ---- */

/** What is sent back for a plan's file. \param words  NULL: none */
void plan_read_answer(struct bytes input, plan_words_function *words, struct builder *ret_output);

#endif
