/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command line names, as inputs of a plan: files, directories (walked safely), "-" for stdin. Bytes are read, never parsed.
 */
#ifndef COLDCA_PLAN_INPUTS_H
#define COLDCA_PLAN_INPUTS_H

#include "base/console.h"
#include "home/home.h"
#include "media/media.h"
#include "plan/plan.h"

struct inputs {
    struct plan_input *items;
    size_t count;
};
void inputs_done(struct inputs *inputs);
DEFINE_AUTO_VALUE(struct inputs, inputs_done);

/** Whether a name ends as a request's does: .csr, .req, .p10, .pem or .der. */
bool input_is_request(const char *name);
/** Tells of the directories that could not be looked through, where requests may lie: ten by name, then how many more. \param shown  what was walked, escaped */
void inputs_tell_unread(const struct media_walk *walk, const char *shown, const struct console *console);
/** The output's name: the path without its ending, each part made safe for any medium. The caller frees. */
char *input_output_name(const char *path);

/**
 * Reads everything that is named.
 *
 * A named file that cannot be opened is ERROR_INPUT before anything is done; inside a directory what cannot be read becomes an input
 * with a problem, and only names ending in .csr, .req, .p10, .pem or .der are taken (a stick holds other files too).
 */
MUST_USE bool inputs_collect(const char *const *paths, size_t count, const struct console *console,
                             struct inputs *ret_inputs, struct error *err);

/**
 * A medium's requests as `coldca batch` has them: which policy's, whose directories are left alone, and what its signed list has to say
 * (plan/manifest.h). Borrowed.
 */
struct inputs_media {
    const struct home *home; /**< whose manifest_signers and require_manifest count; its ledger is open */
    const char *policy;
    char *const *policies; /**< all there are */
    size_t policies_count;
};
/**
 * The same, but of a directory that holds requests/ what is in that, named as a batch names it: what lies in a directory named like
 * another policy is left alone, and reported. A list that is there must be good, one that is required must be there; what it has against a
 * file, and what it lists and the medium does not hold, is an input with a problem ("medium.manifest").
 * \param media  NULL: no directory is taken for a medium
 */
MUST_USE bool inputs_collect_media(const char *const *paths, size_t count, const struct inputs_media *media,
                                   const struct console *console, struct inputs *ret_inputs,
                                   struct error *err);

#endif
