/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which removable media are plugged in and mounted: sticks, cards, USB disks, and what is decrypted from them. Asked of the
 * kernel (mountinfo by libmount, sysfs); no device is opened, nothing is mounted, and nobody waits for a stick to come.
 */
#ifndef COLDCA_MEDIA_LIST_H
#define COLDCA_MEDIA_LIST_H

#include "base/cleanup.h"
#include "base/error.h"

#include <stdint.h>

/** A file system that is mounted from something removable. Texts that come from the medium are escaped (quote.h). */
struct media_mount {
    char *path;        /**< where it is mounted, raw */
    char *shown;       /**< the same, escaped */
    char *device;      /**< "/dev/sdb1", escaped */
    char *label;       /**< of the file system, escaped; NULL: none, or not known */
    char *model;       /**< of the device: "SanDisk Ultra", escaped; NULL: not known */
    char *file_system; /**< "vfat" */
    uint64_t size_bytes;
    bool is_read_only;
    bool has_requests; /**< there is a directory requests/ on it */
};

struct media_list {
    struct media_mount *items; /**< sorted by path; each device once */
    size_t count;
};
void media_list_done(struct media_list *list);
DEFINE_AUTO_VALUE(struct media_list, media_list_done);

/** Where the kernel's files are, for tests. */
struct media_places {
    const char *mountinfo; /**< "/proc/self/mountinfo" */
    const char *sysfs;     /**< "/sys" */
    const char *dev;       /**< "/dev" */
};

/** \return false: ERROR_INPUT if mountinfo can't be read. No media is an empty list */
MUST_USE bool media_list(struct media_list *ret_list, struct error *err);
MUST_USE bool media_list_in(const struct media_places *places, struct media_list *ret_list,
                            struct error *err);

#endif
