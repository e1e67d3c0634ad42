/* SPDX-License-Identifier: Apache-2.0 */
/* The removable media there are, for `coldca batch` without an argument. */
#ifndef COLDCA_OPERATOR_BATCH_MEDIA_H
#define COLDCA_OPERATOR_BATCH_MEDIA_H

#include "batch/medium.h"

void batch_media_print(const struct media_list *list);
void batch_media_json(const struct media_list *list);
/** Asks for one by its number. \param ret_medium where it is mounted; the caller frees; untouched if none is wanted */
MUST_USE bool batch_media_choose(const struct media_list *list, char **ret_medium, struct error *err);

#endif
