/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals of the terminal while a command of a ceremony runs, which is in the same process group and so gets them as well. Ctrl-C is the
 * command's alone. Ctrl-Z stops the ceremony too, but after the command: a shell takes the terminal when the ceremony stops, and the command
 * has to give the terminal's modes back before that. Inside ceremony/ only; one at a time in a process.
 */
#ifndef COLDCA_CEREMONY_HANDOVER_H
#define COLDCA_CEREMONY_HANDOVER_H

#include "base/error.h"

#include <signal.h>
#include <sys/types.h>

/**
 * Catches the signals, and blocks SIGTSTP until handover_parent() and handover_child().
 * \param has_terminal  false: the command has a session of its own, and gets none of them; Ctrl-Z is then as anywhere else
 * \return false: ERROR_INPUT: no descriptor is left
 */
MUST_USE bool handover_begin(bool has_terminal, struct error *err);
/** After fork, in the ceremony. */
void handover_parent(void);
/** After fork, in what becomes the command: signals are as before handover_begin(). */
void handover_child(void);
/** Becomes readable when there is something to heed; -1: never. */
int handover_fd(void);
/** Stops this process, if the command has been stopped; returns when it was continued. */
void handover_heed(pid_t command);
/** The command has ended: signals are as before; a stop that it did not live to see happens now. */
void handover_end(void);

#endif
