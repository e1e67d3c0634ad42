/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An approved plan held against its policy once more: each request is read again in a parser process, judged again by the policy's text that
 * people approved and by the chain above this CA, and drawn again with the plan's serial and dates. Only the bytes that come of it are signed.
 * It promises: no plan, whoever wrote and approved it, gets a name, a time, a key or an extension past its policy, the name constraints and
 * path lengths of the chain, or the CA's end.
 * It does not: ask who approved (records/admit.h), or doubt a policy that people approved.
 */
#ifndef COLDCA_PLAN_REDRAW_H
#define COLDCA_PLAN_REDRAW_H

#include "plan/judge.h"
#include "records/plan_file.h"

/** Who reads and screens; opened before this process is confined and before a PKCS#11 module is loaded. */
struct redraw;
/** \param home  borrowed; its ledger is open \return false: ERROR_INPUT, no parser processes, or a list of weak keys that is damaged */
MUST_USE bool redraw_open(const struct home *home, struct redraw **ret_redraw, struct error *err);
void redraw_close(struct redraw *redraw);
DEFINE_AUTO(struct redraw *, redraw_close);

/**
 * Draws again what the plan would have signed. An item gets its request and the verdict on it; one whose key is known, screened out or there
 * twice by now is refused.
 * \param file    as people approved it
 * \param policy  the plan's, found to be that text
 * \param plan    its items are the file's, in order; those to be signed are drawn
 * \return false: ERROR_INPUT, an item that the policy does not give, by name and rule; ERROR_LEDGER
 */
MUST_USE bool redraw_plan(struct redraw *redraw, const struct plan_file *file, const struct policy *policy,
                          struct plan *plan, struct error *err);

#endif
