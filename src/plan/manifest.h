/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed manifest of a medium (media/manifest.h), checked by what ca.yaml says: manifest_signers, require_manifest.
 *
 * The signature is foreign bytes in a rich format, so it is checked in a confined process (sandbox/), which has no token and
 * no files; only a list whose signature is good is taken apart here. Call it before the token's module is loaded: it forks.
 */
#ifndef COLDCA_PLAN_MANIFEST_H
#define COLDCA_PLAN_MANIFEST_H

#include "home/home.h"
#include "media/manifest.h"

struct medium_manifest {
    struct manifest *list; /**< NULL: the medium has none, and needs none */
    uint8_t sha256[32];    /**< of the list's file; with list */
    char *signer;          /**< the name in ca.yaml of whoever signed it; NULL with list */
};
void medium_manifest_done(struct medium_manifest *manifest);
DEFINE_AUTO_VALUE(struct medium_manifest, medium_manifest_done);

/**
 * Reads and checks a medium's manifest. One that is there must be good, required or not.
 * \param home       its configuration and directory are used, nothing else
 * \param medium_fd  the medium's directory
 * \return false: ERROR_INPUT; nothing on the medium may be signed
 */
MUST_USE bool medium_manifest_open(const struct home *home, int medium_fd,
                                   struct medium_manifest *ret_manifest, struct error *err);

#endif
