/* SPDX-License-Identifier: Apache-2.0 */
/* What names and places of scripts and sites may look like. Inside ceremony/ only. */
#ifndef COLDCA_CEREMONY_NAMES_H
#define COLDCA_CEREMONY_NAMES_H

#include "ceremony/script.h"

/** Lower-case letters, digits and "-", begins with a letter, 1 to 32 bytes: fit for a file name, a shell and a page. */
bool name_is_fine(const char *name);
/** Whether a path beneath a medium or home stays there: parts of letters, digits, ".", "_", "-", none of them "." or "..", none begins with "-". */
bool path_stays(const char *path);

/** Adds "NAME line N, step K (word): " before a fault of a step; returns false. \param name  the file's; NULL: left out */
bool step_fault(const struct ceremony_script *script, const struct ceremony_step *step, const char *name,
                struct error *err, const char *format, ...) PRINTF_LIKE(5, 6);
/** What a kind of step demands beyond which fields there are. ERROR_INPUT */
MUST_USE bool step_rules(const struct ceremony_script *script, const struct ceremony_step *step,
                         const char *file, struct error *err);
/** Whether names, roles, places and the fields of each step fit. ERROR_INPUT */
MUST_USE bool script_check(struct ceremony_script *script, const char *name, struct error *err);

#endif
