/* SPDX-License-Identifier: Apache-2.0 */
/* What `ceremony run` and `ceremony rehearse` share. */
#ifndef COLDCA_OPERATOR_CEREMONY_H
#define COLDCA_OPERATOR_CEREMONY_H

#include "ceremony/run.h"
#include "cli/ceremony.h"

/** The room at the terminal: lines, and questions that Ctrl-C, Ctrl-Z and a hang-up leave sane. */
struct ceremony_room operator_ceremony_room(void);
/** What a ceremony came to, on stdout. */
void operator_ceremony_report(const struct ceremony_script *script, const struct ceremony_outcome *outcome,
                              bool wants_json);

/** Holds what a rehearsal issued against a plan, and says so on stderr. */
MUST_USE bool operator_ceremony_against(struct bytes plan, const struct ceremony_script *script,
                                        const struct ceremony_site *site, bool *ret_is_other,
                                        struct error *err);

#endif
