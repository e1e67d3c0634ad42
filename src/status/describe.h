/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate that is to be revoked, in words. status/ only. */
#ifndef COLDCA_STATUS_DESCRIBE_H
#define COLDCA_STATUS_DESCRIBE_H

#include "home/home.h"
#include "status/revoke.h"

/** Subject, names, the holder's key, when it was issued and in which run; escaped lines; appends. */
MUST_USE bool revoke_describe(struct home *home, const struct revoke_target *target, struct builder *ret_text,
                              struct error *err);

#endif
