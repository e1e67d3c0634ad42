/* SPDX-License-Identifier: Apache-2.0 */
#include "media/private_keys.h"

#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/private_key.h"
#include "base/quote.h"
#include "media/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEPTH 32 /* as media_walk() */

struct looker {
    const struct media_keys_search *search;
    struct media_keys *keys;
    struct builder path; /**< of what is being looked at, relative to the root */
    uint8_t *front;      /**< room for MEDIA_KEY_LOOK_LEN bytes */
    dev_t device;
};

void media_keys_done(struct media_keys *keys)
{
    for (size_t i = 0; i < ARRAY_LEN(keys->items); i++)
        free(keys->items[i].shown);
    *keys = (struct media_keys){.count = 0};
}

void media_keys_add(struct media_keys *keys, const char *path, const char *form)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    if (keys->count++ >= ARRAY_LEN(keys->items))
        return;
    quote_append(&shown, bytes_of_text(path), 0);
    keys->items[keys->count - 1] = (struct media_key){.shown = builder_take_text(&shown), .form = form};
}

/** The front of a file; shorter if the medium fails, which others report. */
static size_t read_front(int fd, uint8_t *front)
{
    size_t len = 0;
    while (len < MEDIA_KEY_LOOK_LEN) {
        ssize_t got = read(fd, front + len, MEDIA_KEY_LOOK_LEN - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    return len;
}

static void look_at_file(struct looker *looker, int folder_fd, const char *name)
{
    struct stat status;
    const char *path = builder_text(&looker->path);
    const struct media_keys_search *search = looker->search;
    if (search->is_left_out != NULL && search->is_left_out(search->data, path))
        return;
    AUTO(close) int fd = beneath_open(folder_fd, name, O_RDONLY);
    // A file with a second name may be one elsewhere that only we may read; the walk refuses it for that.
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
        status.st_dev != looker->device)
        return;
    looker->keys->files++;
    const char *form = private_key_form(bytes_of(looker->front, read_front(fd, looker->front)));
    if (form != NULL)
        media_keys_add(looker->keys, path, form);
}

static void look_through(struct looker *looker, int folder_fd, unsigned depth);

static void look_at_entry(struct looker *looker, int folder_fd, const struct dirent *entry, unsigned depth)
{
    struct stat status;
    bool is_folder = entry->d_type == DT_DIR;
    bool is_file = entry->d_type == DT_REG;
    if (entry->d_type == DT_UNKNOWN && fstatat(folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        is_folder = S_ISDIR(status.st_mode);
        is_file = S_ISREG(status.st_mode);
    }
    if (is_file) {
        look_at_file(looker, folder_fd, entry->d_name);
    } else if (is_folder && depth < MAX_DEPTH) {
        AUTO(close) int fd = beneath_open(folder_fd, entry->d_name, O_RDONLY | O_DIRECTORY);
        if (fd >= 0)
            look_through(looker, fd, depth + 1);
    }
}

static bool may_go_on(const struct looker *looker)
{
    const struct media_keys_search *search = looker->search;
    if (looker->keys->files < search->max_files &&
        (search->may_go_on == NULL || search->may_go_on(search->data)))
        return true;
    looker->keys->is_cut = true;
    return false;
}

/** \param folder_fd  borrowed; the looker's path is the directory's, empty for the root itself */
static void look_through(struct looker *looker, int folder_fd, unsigned depth)
{
    size_t len = looker->path.len;
    int own_fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(closedir) DIR *folder = own_fd < 0 ? NULL : fdopendir(own_fd);
    if (folder == NULL) {
        auto_close(&own_fd);
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (!may_go_on(looker))
            return;
        if (len > 0)
            builder_add_text(&looker->path, "/");
        builder_add_text(&looker->path, entry->d_name);
        look_at_entry(looker, folder_fd, entry, depth);
        looker->path.len = len;
    }
}

void media_find_keys(int root_fd, const struct media_keys_search *search, struct media_keys *ret_keys)
{
    struct stat status;
    if (fstat(root_fd, &status) != 0)
        return;
    struct looker looker = {.search = search,
                            .keys = ret_keys,
                            .front = memory_new(MEDIA_KEY_LOOK_LEN, 1),
                            .device = status.st_dev};
    look_through(&looker, root_fd, 0);
    builder_done(&looker.path);
    OPENSSL_cleanse(looker.front, MEDIA_KEY_LOOK_LEN);
    free(looker.front);
}
