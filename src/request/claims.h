/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reader says, held against the bytes the signer has in its own hands. A reader that was taken over can say anything;
 * here the signer walks the same DER again (definite lengths, bounded, nothing kept) and compares, fact by fact. What cannot be
 * compared is in the list as well, with what the signer does instead. docs/processes.md shows the list; scripts/process-table
 * makes it from this code. Used by the modules of request/ only.
 */
#ifndef COLDCA_REQUEST_CLAIMS_H
#define COLDCA_REQUEST_CLAIMS_H

#include "request/readers.h"

/** Whether an answer is about the input and nothing else: as many requests as it has pieces, each with that piece's own bytes. */
MUST_USE bool claims_fit_input(struct bytes input, const struct reading *reading, struct error *why);
/** Whether each fact of a request without problems is what its DER says. \return false: why names the fact */
MUST_USE bool claims_fit_der(const struct request *request, struct error *why);

#endif
