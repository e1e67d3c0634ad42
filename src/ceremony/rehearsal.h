/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rehearsal is played on: throwaway tokens (SoftHSM), homes, media and PINs in a directory of its own.
 * It promises: nothing of the real site is written or logged in to; the tokens and PINs are made here and go with the directory.
 */
#ifndef COLDCA_CEREMONY_REHEARSAL_H
#define COLDCA_CEREMONY_REHEARSAL_H

#include "ceremony/world.h"

struct rehearsal {
    char *folder;               /**< absolute */
    char *evidence;             /**< for ceremony_run_options */
    char *approver_keys;        /**< directory with PERSON.pem of all who approve something */
    struct ceremony_site *site; /**< the throwaway one */
    struct machine machine;
};

/**
 * Makes all that the script takes to be there when it begins.
 * \param real    the site whose media give the files that are brought along; only read; NULL: none
 * \param folder  made, must not exist; NULL: a temporary one
 * \param say     gets a line for what is made up; may be NULL
 * \return false: ERROR_INPUT: a file is needed that can't be made up; ERROR_TOKEN: SoftHSM is not there
 */
MUST_USE bool rehearsal_make(const struct ceremony_script *script, const struct ceremony_site *real,
                             const char *folder, void (*say)(void *data, const char *text), void *say_data,
                             struct rehearsal *ret_rehearsal, struct error *err);
/** Frees; the directory stays. */
void rehearsal_done(struct rehearsal *rehearsal);
DEFINE_AUTO_VALUE(struct rehearsal, rehearsal_done);
/** Removes the directory with all in it. */
void rehearsal_remove(const struct rehearsal *rehearsal);

#endif
