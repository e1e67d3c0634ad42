/* SPDX-License-Identifier: Apache-2.0 */
/* The helper process that makes the children; the parent talks to it in fixed messages. Used by sandbox/ only. */
#ifndef COLDCA_SANDBOX_NURSERY_H
#define COLDCA_SANDBOX_NURSERY_H

#include "sandbox/sandbox.h"

enum nursery_order {
    NURSERY_SPAWN = 1, /**< make a child; the answer carries its socket */
    NURSERY_REAP = 2,  /**< kill and reap the child pid */
};

struct nursery_request {
    enum nursery_order order;
    pid_t pid;
};

struct nursery_answer {
    struct error err; /**< kind ERROR_NONE: done */
    pid_t pid;
    struct sandbox_end end;
};

/** The nursery's whole life; its first answer says whether it is confined. Never returns. \param fd the control socket */
_Noreturn void nursery_run(int fd, const struct sandbox_plan *plan);

#endif
