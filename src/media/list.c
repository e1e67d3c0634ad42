/* SPDX-License-Identifier: Apache-2.0 */
#include "media/list.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define VALUE_MAX_LEN 4096
#define LAYERS_MAX 4     /* of encryption and the like, between a file system and its device */
#define SECTOR_BYTES 512 /* what sysfs counts in, whatever the device does */

DEFINE_AUTO(struct libmnt_table *, mnt_unref_table);
DEFINE_AUTO(struct libmnt_iter *, mnt_free_iter);

void media_list_done(struct media_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct media_mount *mount = &list->items[i];
        free(mount->path);
        free(mount->shown);
        free(mount->device);
        free(mount->label);
        free(mount->model);
        free(mount->file_system);
    }
    free(list->items);
    *list = (struct media_list){.items = NULL};
}

static char *escaped(const char *text)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_of_text(text), 0);
    return builder_take_text(&shown);
}

/* ---- sysfs ---- */

/** A file's content without the blanks around it, the caller's to free; NULL: not there or empty. */
static char *read_value(const char *folder, const char *name)
{
    struct error ignored = ERROR_INIT; // devices have or lack these files
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *path = memory_format("%s/%s", folder, name);
    if (!file_read(AT_FDCWD, path, VALUE_MAX_LEN, &text, &ignored))
        return NULL;
    const char *start = builder_text(&text);
    start += strspn(start, " \n");
    size_t len = strlen(start);
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\n'))
        len--;
    return len == 0 ? NULL : memory_text_of(start, len);
}

static bool has_value(const char *folder, const char *name, const char *wanted)
{
    AUTO(free) char *value = read_value(folder, name);
    return value != NULL && strcmp(value, wanted) == 0;
}

/** The directory of a whole device, from that of it or of a partition; the caller's to free; NULL: there is none. */
static char *find_disk(const char *folder)
{
    AUTO(free) char *path = memory_format("%s/..", folder);
    AUTO(free) char *mark = memory_format("%s/partition", folder);
    return realpath(file_exists(AT_FDCWD, mark) ? path : folder, NULL);
}

/** The directory of what a device is made of, one layer below (a decrypted one, say); NULL: it is made of nothing. */
static char *find_layer_below(const char *disk)
{
    AUTO(free) char *path = memory_format("%s/slaves", disk);
    AUTO(closedir) DIR *folder = opendir(path);
    for (const struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
        AUTO(free) char *below = memory_format("%s/%s", path, entry->d_name);
        return realpath(below, NULL);
    }
    return NULL;
}

/** A USB stick says that it is removable; a disk at a USB cable and a card in a slot are so without saying it. */
static bool is_removable(const char *disk, const char *sysfs)
{
    AUTO(free) char *root = realpath(sysfs, NULL);
    size_t skip = root == NULL ? 0 : strlen(root); // a test's directory may be named anything
    const char *at = strlen(disk) < skip ? disk : disk + skip;
    return has_value(disk, "removable", "1") || strstr(at, "/usb") != NULL ||
           has_value(disk, "device/type", "SD");
}

/** The disk a file system lies on in the end, if it is removable; the caller's to free; NULL: it is not. */
static char *find_removable(const char *folder, const char *sysfs)
{
    AUTO(free) char *at = memory_text(folder);
    for (int i = 0; i < LAYERS_MAX && at != NULL; i++) {
        AUTO(free) char *disk = find_disk(at);
        if (disk == NULL)
            return NULL;
        if (is_removable(disk, sysfs))
            return TAKE(disk);
        free(at);
        at = find_layer_below(disk);
    }
    return NULL;
}

static char *read_model(const char *disk)
{
    AUTO(free) char *vendor = read_value(disk, "device/vendor");
    AUTO(free) char *model = read_value(disk, "device/model");
    if (model == NULL)
        model = read_value(disk, "device/name"); // a card's
    if (model == NULL)
        return NULL;
    AUTO(free)
    char *both = memory_format("%s%s%s", vendor == NULL ? "" : vendor, vendor == NULL ? "" : " ", model);
    return escaped(both);
}

static uint64_t read_size(const char *folder)
{
    uint64_t bytes = 0;
    AUTO(free) char *text = read_value(folder, "size");
    unsigned long long sectors = text == NULL ? 0 : strtoull(text, NULL, 10);
    return __builtin_mul_overflow(sectors, SECTOR_BYTES, &bytes) ? 0 : bytes;
}

/* ---- labels ---- */

static int value_of_hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/** Undoes udev's \x20 in place. */
static void unescape(char *name)
{
    char *to = name;
    for (const char *from = name; *from != '\0';) {
        int high = strncmp(from, "\\x", 2) == 0 ? value_of_hex(from[2]) : -1;
        int low = high < 0 ? -1 : value_of_hex(from[3]);
        bool is_escape = low >= 0 && high + low > 0;
        *to++ = is_escape ? (char)(high * 16 + low) : *from;
        from += is_escape ? 4 : 1;
    }
    *to = '\0';
}

/** The label udev read, by its link to the device; the caller's to free; NULL: none. */
static char *find_label(const char *dev, dev_t number)
{
    AUTO(free) char *path = memory_format("%s/disk/by-label", dev);
    AUTO(closedir) DIR *folder = opendir(path);
    for (const struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        struct stat status;
        if (fstatat(dirfd(folder), entry->d_name, &status, 0) != 0 || !S_ISBLK(status.st_mode) ||
            status.st_rdev != number)
            continue;
        AUTO(free) char *name = memory_text(entry->d_name);
        unescape(name);
        return escaped(name);
    }
    return NULL;
}

/* ---- the table ---- */

static bool has_requests(const char *path)
{
    struct stat status;
    AUTO(free) char *folder = memory_format("%s/requests", path);
    return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode);
}

/** A device mounted at several places, or parts of it bound elsewhere, is one medium. */
static bool is_listed(const struct media_list *list, const char *device)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].device, device) == 0)
            return true;
    }
    return false;
}

static void look_at(const struct media_places *places, struct libmnt_fs *fs, struct media_list *list)
{
    dev_t number = mnt_fs_get_devno(fs);
    const char *root = mnt_fs_get_root(fs);
    const char *path = mnt_fs_get_target(fs);
    const char *source = mnt_fs_get_source(fs);
    const char *type = mnt_fs_get_fstype(fs);
    AUTO(free)
    char *folder = memory_format("%s/dev/block/%u:%u", places->sysfs, major(number), minor(number));
    AUTO(free) char *place = realpath(folder, NULL);
    if (place == NULL || path == NULL || source == NULL || type == NULL || root == NULL ||
        strcmp(root, "/") != 0)
        return;
    AUTO(free) char *disk = find_removable(place, places->sysfs);
    AUTO(free) char *device = escaped(source);
    if (disk == NULL || is_listed(list, device))
        return;
    list->items = memory_grow(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = (struct media_mount){
        .path = memory_text(path),
        .shown = escaped(path),
        .device = TAKE(device),
        .label = find_label(places->dev, number),
        .model = read_model(disk),
        .file_system = escaped(type),
        .size_bytes = read_size(place),
        .is_read_only = mnt_fs_match_options(fs, "ro") == 1,
        .has_requests = has_requests(path),
    };
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct media_mount *)a)->path, ((const struct media_mount *)b)->path);
}

bool media_list_in(const struct media_places *places, struct media_list *ret_list, struct error *err)
{
    struct media_list list = {.items = NULL};
    struct libmnt_fs *fs = NULL;
    errno = 0;
    AUTO(mnt_unref_table) struct libmnt_table *table = mnt_new_table_from_file(places->mountinfo);
    AUTO(mnt_free_iter) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
    if (table == NULL || iter == NULL)
        return error_errno(err, ERROR_INPUT, errno == 0 ? EINVAL : errno,
                           "can't read what is mounted from %s; name the medium's directory",
                           places->mountinfo);
    while (mnt_table_next_fs(table, iter, &fs) == 0)
        look_at(places, fs, &list);
    if (list.count > 0)
        qsort(list.items, list.count, sizeof(*list.items), compare_paths);
    *ret_list = list;
    return true;
}

bool media_list(struct media_list *ret_list, struct error *err)
{
    const struct media_places places = {.mountinfo = "/proc/self/mountinfo", .sysfs = "/sys", .dev = "/dev"};
    return media_list_in(&places, ret_list, err);
}
