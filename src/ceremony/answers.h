/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that answers a rehearsal: who is there, what is filled in, and what is answered otherwise than yes.
 * It does not: answer a ceremony in earnest, which asks people at a terminal and nobody else.
 */
#ifndef COLDCA_CEREMONY_ANSWERS_H
#define COLDCA_CEREMONY_ANSWERS_H

#include "ceremony/run.h"

struct ceremony_answers;
/** \return false: ERROR_INPUT, with line, rule and remedy */
MUST_USE bool ceremony_answers_read(struct bytes text, const char *name,
                                    struct ceremony_answers **ret_answers, struct error *err);
void ceremony_answers_free(struct ceremony_answers *answers);
DEFINE_AUTO(struct ceremony_answers *, ceremony_answers_free);

/**
 * Answers by the file. A yes that it does not name is given by the first person of the role; a failure it does not name ends the rehearsal.
 * \param say_line  gets what is shown, and each answer; answers is borrowed
 */
struct ceremony_room ceremony_answers_room(struct ceremony_answers *answers,
                                           void (*say_line)(void *data, const char *text), void *say_data);

#endif
