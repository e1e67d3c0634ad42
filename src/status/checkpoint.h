/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint by itself: what was appended without the token, as the events of a ceremony are, comes under the ledger key's signature. */
#ifndef COLDCA_STATUS_CHECKPOINT_H
#define COLDCA_STATUS_CHECKPOINT_H

#include "base/builder.h"
#include "base/console.h"

/**
 * Logs in and signs a checkpoint over all records, the one that says so included.
 * \param home        path
 * \param pin_source  --pin-source; NULL: the console is asked
 * \param ret_note    the signed note; appended
 */
MUST_USE bool status_checkpoint(const char *home, const char *pin_source, const struct console *console,
                                struct builder *ret_note, struct error *err);

#endif
