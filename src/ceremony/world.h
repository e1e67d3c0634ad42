/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ceremony does to the machine, and what it sees of it: the only two things that a test replaces.
 * The real one runs each command as a child: this same program, with a clean environment and no descriptors but 0 to 2.
 */
#ifndef COLDCA_CEREMONY_WORLD_H
#define COLDCA_CEREMONY_WORLD_H

#include "ceremony/steps.h"

#define WORLD_KILLED (-1)

/** One line of a command, without LF, not escaped. */
typedef void world_line(void *data, bool is_stderr, struct bytes line);

struct ceremony_world {
    /**
     * Runs a command to its end.
     * \param ret_exit  its exit code; WORLD_KILLED
     * \return false: ERROR_INPUT, it could not be begun
     */
    bool (*run)(void *data, const struct step_command *command, world_line *line, void *line_data,
                int *ret_exit, struct error *err);
    /** Whether something is so now. Clock, program and seals are not asked: the room knows. \return false: it can't be found out */
    bool (*look)(void *data, const struct ceremony_script *script, const struct step_need *need, bool *ret_is,
                 struct error *err);
    void *data;
};

/** The machine. */
struct machine {
    const struct ceremony_site *site; /**< borrowed */
    bool
        is_detached; /**< commands get a session of their own, so no terminal: a rehearsal, where nobody is asked for a PIN */
};
struct ceremony_world ceremony_machine(struct machine *machine);

/**
 * Runs this program with arguments: stdin is /dev/null, stdout and stderr come line by line, the environment holds what child.c lists and what
 * the site adds. While it runs, Ctrl-C is the command's.
 */
MUST_USE bool child_run(const struct machine *machine, char *const *argv, world_line *line, void *line_data,
                        int *ret_exit, struct error *err);

#endif
