/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private keys that came on a medium: `coldca batch` warns of each, in words, in report.json and as a count. The answers that earlier batches
 * wrote are not opened again.
 */
#ifndef COLDCA_BATCH_KEYS_H
#define COLDCA_BATCH_KEYS_H

#include "base/console.h"
#include "base/finding.h"
#include "batch/medium.h"
#include "media/private_keys.h"

struct batch_keys {
    struct media_keys found;
    size_t told; /**< of those, the first so many */
};
void batch_keys_done(struct batch_keys *keys);
DEFINE_AUTO_VALUE(struct batch_keys, batch_keys_done);

/** Looks at all files but the requests that will be read anyway, and tells what it found. */
void batch_keys_look(struct batch_keys *keys, const struct medium *medium, const struct console *console);
/** Looks at a request as it was read. \param path  below requests/ */
void batch_keys_see(struct batch_keys *keys, const char *path, struct bytes content);
/** Reports those that were not reported yet. */
void batch_keys_tell(struct batch_keys *keys, const struct console *console);
/** The warning for the report, if there is one. */
void batch_keys_warn(const struct batch_keys *keys, struct findings *warnings);

#endif
