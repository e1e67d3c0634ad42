/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one character set of what is drawn: UTF-8, whatever the environment says. Inside ui/; loaded by ui_use_utf8().
 *
 * libsmartcols converts what it draws by the C library's locale, and in 2.38 to 2.41 it steps backwards, so for ever, over
 * bytes this locale can't convert (mbs_nwidth() of its lib/mbsalign.c). So nothing may reach it that charset_columns() refuses.
 */
#ifndef COLDCA_UI_CHARSET_H
#define COLDCA_UI_CHARSET_H

#include <stddef.h>
#include <stdint.h>

/**
 * Columns a character takes on a terminal; combining marks take none. len bytes of UTF-8 at data encode code_point.
 * \return -1 if the C library can't convert it or has no width of it (it is not assigned): it must then be drawn as an escape
 */
int charset_columns(const uint8_t *data, size_t len, uint32_t code_point);

#endif
