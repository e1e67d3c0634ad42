/* SPDX-License-Identifier: Apache-2.0 */
/* Which names may be written to a medium. Used by the modules of media/ only. */
#ifndef COLDCA_MEDIA_NAME_H
#define COLDCA_MEDIA_NAME_H

#include <stddef.h>

/**
 * Whether every file system a stick may have can hold one part of a path, and every system read it back.
 * \return NULL, or what is wrong with it: "has a control character"
 */
const char *media_name_fault(const char *part, size_t len);

#endif
