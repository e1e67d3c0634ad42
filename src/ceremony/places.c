/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/places.h"

#include "base/file.h"
#include "base/memory.h"
#include "ceremony/names.h"
#include "home/files.h"
#include "media/media.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ITEMS_MAX 100000

static bool open_root(const struct ceremony_site *site, const char *place, int *ret_root,
                      const char **ret_path, struct error *err)
{
    size_t len = 0;
    const char *path = ceremony_place(place, &len);
    AUTO(free) char *name = memory_text_of(place, path == NULL ? 0 : len);
    const char *root = site_medium_path(site, name);
    if (root == NULL)
        root = site_home_path(site, name);
    if (path == NULL || root == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s is not a place of this site", place);
    *ret_path = path;
    if (site_medium_path(site, name) == NULL && !file_exists(AT_FDCWD, root)) {
        *ret_root = -1; // a home that is not made yet
        return true;
    }
    return file_open_folder(AT_FDCWD, root, ret_root, err) ||
           error_while(err, "looking at %s; is the medium mounted at %s?", place, root);
}

bool place_look(const struct ceremony_site *site, const char *place, bool *ret_is, struct error *err)
{
    const char *path = NULL;
    AUTO(close) int root = -1;
    if (!open_root(site, place, &root, &path, err))
        return false;
    *ret_is = false;
    if (root < 0)
        return true;
    return media_look(root, path, ret_is, err) || error_while(err, "looking at %s", place);
}

bool place_read(const struct ceremony_site *site, const char *place, struct builder *ret_data,
                struct error *err)
{
    const char *path = NULL;
    AUTO(close) int root = -1;
    if (!open_root(site, place, &root, &path, err))
        return false;
    return media_read(root, path, PLACE_FILE_MAX_LEN, ret_data, err) || error_while(err, "reading %s", place);
}

bool place_write(const struct ceremony_site *site, const char *place, struct bytes data, struct error *err)
{
    const char *path = NULL;
    AUTO(close) int root = -1;
    if (!open_root(site, place, &root, &path, err))
        return false;
    return media_deliver(root, path, data, err) || error_while(err, "writing %s", place);
}

static bool give(const struct ceremony_site *site, const char *place, place_take *take, void *data,
                 struct error *err)
{
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    return place_read(site, place, &content, err) && take(data, place, builder_bytes(&content), err);
}

bool place_each(const struct ceremony_site *site, const char *place, size_t max, place_take *take, void *data,
                size_t *ret_count, struct error *err)
{
    const char *path = NULL;
    struct error not_a_directory = ERROR_INIT;
    AUTO(close) int root = -1;
    AUTO(close) int folder = -1;
    AUTO(media_walk_done) struct media_walk walk = {.count = 0};
    if (!open_root(site, place, &root, &path, err))
        return false;
    if (!media_open_folder(root, path, false, &folder, &not_a_directory)) {
        *ret_count = 1;
        return give(site, place, take, data, err);
    }
    if (!media_walk(folder, PLACE_FILE_MAX_LEN, ITEMS_MAX, &walk, err))
        return error_while(err, "looking at %s", place);
    *ret_count = walk.count;
    for (size_t i = 0; i < walk.count && i < max; i++) {
        AUTO(free) char *file = memory_format("%s/%s", place, walk.items[i].path);
        if (walk.items[i].problem == NULL && !give(site, file, take, data, err))
            return false;
    }
    return true;
}

bool place_put_policy(const struct ceremony_site *site, const char *home, const char *policy,
                      struct bytes data, struct error *err)
{
    AUTO(close) int folder = -1;
    AUTO(free) char *path = memory_format("%s/" HOME_POLICIES, site_home_path(site, home));
    AUTO(free) char *file = memory_format("%s.yaml", policy);
    return (path_stays(file) && strchr(file, '/') == NULL)
               ? file_open_folder(AT_FDCWD, path, &folder, err) && file_replace(folder, file, 0644, data, err)
               : error_set(err, ERROR_INPUT, 0, "%s is not a policy's name", file);
}
