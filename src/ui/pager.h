/* SPDX-License-Identifier: Apache-2.0 */
/* Text that may be longer than the screen: no line leaves it before a person said so. Inside ui/ only. */
#ifndef COLDCA_UI_PAGER_H
#define COLDCA_UI_PAGER_H

#include "base/bytes.h"
#include "base/error.h"

/**
 * Shows text (guarded here), a screen at a time; Enter shows the next, q leaves the rest out. No program is started for it: the
 * signer is confined.
 * \param reserve  rows of each screen left for what is drawn below the text
 * \return false: ERROR_INTERRUPTED, as ui_ask_line()
 */
MUST_USE bool pager_show(struct bytes text, size_t reserve, struct error *err);

#endif
