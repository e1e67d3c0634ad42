/* SPDX-License-Identifier: Apache-2.0 */
/* One item of a plan in words, for who is asked to approve it: of what will be signed as its bytes say, of what will be logged as that says. */
#ifndef COLDCA_WITNESS_DESCRIBE_H
#define COLDCA_WITNESS_DESCRIBE_H

#include "base/json.h"

/**
 * Appends lines, or one line.
 * \param record   the item's, with its type
 * \param is_full  all there is to say; else one line
 * \return false: ERROR_INPUT, it can't be read
 */
MUST_USE bool describe_item(const struct json *record, bool is_full, struct builder *ret_text,
                            struct error *err);

#endif
