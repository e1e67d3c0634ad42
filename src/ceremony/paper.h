/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper of a ceremony: what the people in the room read along in, tick, and fill in. Each step has its conditions and its command from the
 * table that check and run use (steps.h).
 * It promises: the same script makes the same paper, for any machine, or for one whose site is given.
 * It does not: look at the machine, or whether the order is possible (check.h).
 */
#ifndef COLDCA_CEREMONY_PAPER_H
#define COLDCA_CEREMONY_PAPER_H

#include "ceremony/page.h"
#include "ceremony/script.h"
#include "ceremony/site.h"

/**
 * \param name  the script's file name, for each sheet
 * \param site  where things are on the machine; NULL: the commands name them as <token root>, <home root>, <stick>
 * \return false: ERROR_INPUT, the site lacks something the script names
 */
MUST_USE bool ceremony_paper(const struct ceremony_script *script, const char *name,
                             const struct ceremony_site *site, struct page **ret_page, struct error *err);

#endif
