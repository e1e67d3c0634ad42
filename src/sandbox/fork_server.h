/* SPDX-License-Identifier: Apache-2.0 */
/* The helper process that makes the children; the parent talks to it in fixed messages. Used by sandbox/ only. */
#ifndef COLDCA_SANDBOX_FORK_SERVER_H
#define COLDCA_SANDBOX_FORK_SERVER_H

#include "sandbox/sandbox.h"

enum fork_server_order {
    FORK_SERVER_SPAWN = 1, /**< make a child; the answer carries its socket */
    FORK_SERVER_REAP = 2,  /**< kill and reap the child pid */
};

struct fork_server_request {
    enum fork_server_order order;
    pid_t pid;
};

struct fork_server_answer {
    struct error err; /**< kind ERROR_NONE: done */
    pid_t pid;
    struct sandbox_end end;
};

/** The fork server's whole life; its first answer says whether it is confined. Never returns. \param fd the control socket */
_Noreturn void fork_server_run(int fd, const struct sandbox_plan *plan);

#endif
