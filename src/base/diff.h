/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed between two texts, line by line, in the unified form people know from diff -u: three lines around each change.
 * It promises: applied to the text before, it makes the text after. The change is the smallest there is, by a longest common
 * subsequence; of texts that differ in more than some 2000 lines each all that lies between the first and the last difference counts
 * as changed.
 * It does not: escape anything; who prints it does.
 */
#ifndef COLDCA_BASE_DIFF_H
#define COLDCA_BASE_DIFF_H

#include "base/builder.h"

/**
 * \param before_name  for the first of the two lines at the top
 * \param after_name   for the second
 * \param ret_text  appends; nothing if the texts are the same
 */
void diff_unified(struct bytes before, const char *before_name, struct bytes after, const char *after_name,
                  struct builder *ret_text);

#endif
