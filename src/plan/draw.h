/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy makes of one request: the verdict with its template, and the bytes to be signed. One way for plans that are made (judge.h)
 * and for plans that were approved and are held against their policy again (redraw.h). plan/ only.
 */
#ifndef COLDCA_PLAN_DRAW_H
#define COLDCA_PLAN_DRAW_H

#include "plan/judge.h"

/**
 * Judges a request. Where a parser process's word is not enough (a CA's key, a run that has time for it), the signer verifies the request's
 * signature itself, and judges again if it was a lie.
 * \param home  whose issuer counts; NULL: none
 * \return the caller frees
 */
struct verdict *draw_verdict(const struct home *home, const struct plan_options *options,
                             const struct plan_item *item);

/**
 * The TBSCertificate of a template.
 * \param ret_tbs  appends
 * \return false: ERROR_INPUT, it can't be a certificate of this CA
 */
MUST_USE bool draw_tbs(const struct home *home, const struct template *template,
                       const uint8_t serial[static CERT_SERIAL_LEN], struct builder *ret_tbs,
                       struct error *err);

#endif
