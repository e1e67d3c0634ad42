/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals while a question is open: a handler notes them and wakes the poll() of the question through a pipe, so none is lost
 * between a look and a wait, whichever thread gets it. Inside ui/ only.
 */
#ifndef COLDCA_UI_SIGNALS_H
#define COLDCA_UI_SIGNALS_H

#include "base/error.h"

/** Catches SIGINT, SIGTERM, SIGQUIT, SIGHUP and the job-control signals, without SA_RESTART. */
MUST_USE bool signals_catch(struct error *err);
/** Puts every handler back as it was. */
void signals_release(void);
/** Becomes readable when a signal came. */
int signals_fd(void);
/** The next noted signal, which is then forgotten; 0 if there is none. Those that end come before those that stop. */
int signals_next(void);
/** Does what the signal would have done had it not been caught; for SIGTSTP returns after SIGCONT. */
void signals_let_through(int number);

#endif
