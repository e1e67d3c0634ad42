/* SPDX-License-Identifier: Apache-2.0 */
/* The removable media there are, for `coldca batch` without an argument. */
#ifndef COLDCA_OPERATOR_BATCH_MEDIA_H
#define COLDCA_OPERATOR_BATCH_MEDIA_H

#include "base/error.h"

/**
 * Lists the media, and on a terminal lets one be chosen by its number.
 * \param ret_medium  where it is mounted; the caller frees; untouched if none is wanted
 * \return false: ERROR_INPUT, there is none; ERROR_USAGE, no terminal to ask at
 */
MUST_USE bool batch_media_offer(bool wants_json, char **ret_medium, struct error *err);

#endif
