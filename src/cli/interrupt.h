/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ctrl-C and the signals of that kind. The first asks a run to stop at its next safe place. The second ends the program, whatever it is
 * doing, and with it the home's lock: at once, or, inside a call of a token's module, when that has come back (a process killed in
 * C_Login has destroyed a SoftHSM token), after at most INTERRUPT_SECONDS. What is ended so is as good as a power cut (promise P5).
 */
#ifndef COLDCA_CLI_INTERRUPT_H
#define COLDCA_CLI_INTERRUPT_H

#include <stdbool.h>

#define INTERRUPT_SECONDS 10 /* a module that has not come back by then is not waited for */

/**
 * Called by main() before a command runs. SIGINT, SIGTERM, SIGHUP: as above; SIGQUIT: like the second; SIGPIPE: likewise, with its
 * own exit. SIGHUP, SIGQUIT and SIGPIPE stay ignored where they were.
 * \param end_module_calls  token_end_calls(); NULL: this program calls no module
 */
void interrupt_catch(bool (*end_module_calls)(void (*ended)(void)));

/** From now on the run looks at interrupt_is_wanted() between steps; before, the first signal is like the second. */
void interrupt_at_safe_places(void);
/** Whether the run is to stop at this safe place. */
bool interrupt_is_wanted(void);

#endif
