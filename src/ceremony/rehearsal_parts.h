/* SPDX-License-Identifier: Apache-2.0 */
/* What a rehearsal makes up of what a script takes to be there. For rehearsal.c only. */
#ifndef COLDCA_CEREMONY_REHEARSAL_PARTS_H
#define COLDCA_CEREMONY_REHEARSAL_PARTS_H

#include "ceremony/rehearsal.h"

struct rehearsal_making {
    const struct rehearsal *rehearsal;
    const struct ceremony_script *script;
    const struct ceremony_site *real; /**< NULL */
    void (*say)(void *data, const char *text);
    void *say_data;
};

/** Tokens that are initialised, homes that exist, files that are brought along. */
MUST_USE bool rehearsal_begin(const struct rehearsal_making *making, struct error *err);

#endif
