/* SPDX-License-Identifier: Apache-2.0 */
/* What a ceremony counts on: what its steps need, and none of them makes. */
#ifndef COLDCA_CEREMONY_ASSUMED_H
#define COLDCA_CEREMONY_ASSUMED_H

#include "ceremony/steps.h"

/**
 * Calls take for each thing that must be so, or not be so yet, before the first step; each once, in the order in which steps need them. What a
 * room confirms (clock, program) and bags are not among them.
 */
void ceremony_assumed(const struct ceremony_script *script,
                      void (*take)(void *data, const struct step_need *need), void *data);

#endif
