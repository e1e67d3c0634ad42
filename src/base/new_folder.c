/* SPDX-License-Identifier: Apache-2.0 */
#include "base/new_folder.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool new_folder_open(const char *path, struct new_folder *ret_folder, int *ret_fd, struct error *err)
{
    AUTO(new_folder_done) struct new_folder folder = {.made = NULL};
    bool was_there = file_exists(AT_FDCWD, path);
    if (!file_make_folder(AT_FDCWD, path, 0755, err))
        return false;
    folder.made = was_there ? NULL : memory_text(path);
    if (!file_open_folder(AT_FDCWD, path, ret_fd, err))
        return false;
    ret_folder->made = TAKE(folder.made);
    return true;
}

void new_folder_done(struct new_folder *folder)
{
    if (folder->made != NULL)
        (void)unlinkat(AT_FDCWD, folder->made, AT_REMOVEDIR); // not if anything is in it
    free(TAKE(folder->made));
}

char *new_folder_parent(const struct new_folder *folder)
{
    if (folder->made == NULL)
        return NULL;
    size_t len = strlen(folder->made);
    while (len > 1 && folder->made[len - 1] == '/')
        len--;
    while (len > 0 && folder->made[len - 1] != '/')
        len--;
    return len == 0 ? memory_text(".") : memory_text_of(folder->made, len);
}
