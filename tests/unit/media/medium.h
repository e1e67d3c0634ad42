/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in the place of a medium, for one test; what is in it then goes with it. */
#ifndef COLDCA_TESTS_MEDIUM_H
#define COLDCA_TESTS_MEDIUM_H

#include "folder.h"
#include "tree.h"

static struct folder folder;

static inline int setup(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    tree_clear(folder.fd);
    folder_remove(&folder);
    return 0;
}

#endif
