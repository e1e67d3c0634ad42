/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies at the places a script names. Names on a medium are hostile: nothing is followed, nothing outside is opened (media/). Inside
 * ceremony/ only.
 */
#ifndef COLDCA_CEREMONY_PLACES_H
#define COLDCA_CEREMONY_PLACES_H

#include "base/builder.h"
#include "ceremony/site.h"

#define PLACE_FILE_MAX_LEN ((size_t)16 << 20)

/** Whether something is there. \return false: ERROR_INPUT: it can't be looked at, or a symbolic link is in the way */
MUST_USE bool place_look(const struct ceremony_site *site, const char *place, bool *ret_is,
                         struct error *err);
/** Reads a file, at most PLACE_FILE_MAX_LEN bytes. */
MUST_USE bool place_read(const struct ceremony_site *site, const char *place, struct builder *ret_data,
                         struct error *err);
/** Writes a new file on a medium, durable; the same content already there is success. */
MUST_USE bool place_write(const struct ceremony_site *site, const char *place, struct bytes data,
                          struct error *err);

/** Replaces the text of a policy of a home. */
MUST_USE bool place_put_policy(const struct ceremony_site *site, const char *home, const char *policy,
                               struct bytes data, struct error *err);

/** Takes a file that is at a place: its own place, and its bytes, valid until it returns. */
typedef bool place_take(void *data, const char *place, struct bytes content, struct error *err);
/** Gives each file at a place: it, or of a directory all that lie in it, at most max; a file is opened when its turn comes. \param ret_count  how many there are */
MUST_USE bool place_each(const struct ceremony_site *site, const char *place, size_t max, place_take *take,
                         void *data, size_t *ret_count, struct error *err);

#endif
