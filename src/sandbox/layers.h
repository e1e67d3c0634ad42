/* SPDX-License-Identifier: Apache-2.0 */
/* The layers of confinement, in the order they are put on. Used by the modules of sandbox/ only. */
#ifndef COLDCA_SANDBOX_LAYERS_H
#define COLDCA_SANDBOX_LAYERS_H

#include "sandbox/sandbox.h"

/** Becomes nobody if it is root, and can't become anybody else again. */
MUST_USE bool layer_user(struct error *err);
/** Limits that hold for fork server and children: no core, no file writing, few descriptors. */
MUST_USE bool layer_common_limits(struct error *err);
/** Address space in use, in bytes; asked for before Landlock closes /proc; 0 if it is not known. */
size_t layer_address_space(void);
/** Limits of a child: memory (beyond born_bytes), CPU time, no processes. */
MUST_USE bool layer_child_limits(const struct sandbox_plan *plan, size_t born_bytes, struct error *err);
/**
 * No file, no TCP, no signal to others, no new privileges; tried out before it returns, with a directory that opened before. Put on
 * before layer_user(): who may open any directory can see the layer close one. Holds for all children made later.
 */
MUST_USE bool layer_landlock(struct error *err);
/** The same once more, for a child of its own: what could be tried out is closed by its parent's layer already. */
MUST_USE bool layer_landlock_again(struct error *err);
/** The same for a process that still needs some files; signals are left to it. Paths that are not there are passed over. */
MUST_USE bool layer_landlock_allow(const struct sandbox_path *allowed, size_t count, bool may_network,
                                   struct error *err);

struct layer_seccomp;
/** Makes the filter; done once, in the fork server. */
MUST_USE bool layer_seccomp_new(struct layer_seccomp **ret_filter, struct error *err);
/**
 * Puts the filter on, for good.
 * \param last_words  shared memory where the number of a refused system call is left, plus one
 */
MUST_USE bool layer_seccomp_engage(struct layer_seccomp *filter, volatile int *last_words, struct error *err);

#endif
