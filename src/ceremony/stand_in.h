/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rehearsal makes up where no real medium has it: requests, a certificate to revoke, a policy's new text; the parent of a CA; and people: throwaway keys
 * for all who approve, and controls that name them. For rehearsal_begin.c only.
 */
#ifndef COLDCA_CEREMONY_STAND_IN_H
#define COLDCA_CEREMONY_STAND_IN_H

#include "ceremony/rehearsal_parts.h"

/** Runs a coldca command of the rehearsal. \param ret_output  what it says on stdout; NULL: nobody wants it. ERROR_INPUT with its first complaint */
MUST_USE bool stand_in_run(const struct rehearsal_making *making, const char *const *argv,
                           struct builder *ret_output, struct error *err);

/** A key for each person who approves a plan in the script: people/NAME.pem. */
MUST_USE bool stand_in_people(const struct rehearsal_making *making, struct error *err);
/**
 * Writes controls for a home that is made up: the people who approve, and as many approvals as the script's steps bring.
 * \param ret_path  NULL: its steps need none. The caller frees
 */
MUST_USE bool stand_in_controls(const struct rehearsal_making *making, const char *home, char **ret_path,
                                struct error *err);
/** The same as a file that the script brings along: of a root's or request's controls, or of new people. */
MUST_USE bool stand_in_controls_file(const struct rehearsal_making *making, const struct ceremony_step *step,
                                     const char *place, struct error *err);
/** Puts the throwaway keys in the place of the real ones of the same people in a text of controls; appends. */
MUST_USE bool stand_in_rekey(const struct rehearsal_making *making, struct bytes controls,
                             struct builder *ret_controls, struct error *err);
/** Whether a place is of a file of controls. */
bool stand_in_is_controls(const struct ceremony_script *script, const char *place);

/**
 * For each home that awaits its parent when the ceremony begins: the certificate, issued for its throwaway key, where the script has it brought
 * along, with the chain; or the request, where a step of the script signs it. By the home of the chain, else by a parent made for this.
 */
MUST_USE bool stand_in_parents(const struct rehearsal_making *making, struct error *err);

/** Makes what belongs at a place of a medium, by the step that uses it. \param ret_is_made  false: nothing is known that could stand in */
MUST_USE bool stand_in_file(const struct rehearsal_making *making, const char *place, bool *ret_is_made,
                            struct error *err);

#endif
