/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a script's order is possible: its steps are walked over facts that are simulated by the table of steps.h.
 * What no step of the script makes is taken to be there when it begins.
 */
#ifndef COLDCA_CEREMONY_CHECK_H
#define COLDCA_CEREMONY_CHECK_H

#include "ceremony/steps.h"

/**
 * \param name  the script's file, for messages; NULL: left out
 * \return false: ERROR_INPUT, naming the line, what is not so at that step, and which step would make it so
 */
MUST_USE bool ceremony_check(const struct ceremony_script *script, const char *name, struct error *err);

/** Whether something is so when the ceremony begins, as far as the script tells. */
bool ceremony_begins_with(const struct ceremony_script *script, enum fact fact, const char *of);

#endif
