/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removable media and directories: a safe walk in, a durable write out.
 * It promises: names on media are hostile (P6): nothing is followed, nothing outside the root is opened, everything skipped is reported;
 * a file appears whole or not at all, and is never overwritten with other content.
 * It does not: mount, parse what it reads, or know what the files are for.
 */
#ifndef COLDCA_MEDIA_MEDIA_H
#define COLDCA_MEDIA_MEDIA_H

#include "base/builder.h"
#include "base/finding.h"

/** One thing found below a root. */
struct media_item {
    const char *path;  /**< relative to the root, raw bytes as on the medium */
    const char *shown; /**< escaped form of the path (quote.h) */
    size_t size;       /**< bytes, of a regular file */
    const char
        *problem; /**< why it is not read: "a symbolic link", "larger than 65536 bytes"; NULL if it may be */
    bool
        is_unread; /**< nobody looked whether it holds files: a directory, or what may be one, that can't be read */
};

struct media_texts;

/** Some 40 bytes and its path an item. */
struct media_walk {
    struct media_item *items; /**< sorted by path bytes, so that every walk sees the same order */
    size_t count;
    size_t left_out;           /**< hidden files and directories, and editors' leftovers, not listed */
    struct media_texts *texts; /**< the items' */
};
void media_walk_done(struct media_walk *walk);
DEFINE_AUTO_VALUE(struct media_walk, media_walk_done);

/**
 * Lists what lies below a directory, hidden files (".*") and editors' leftovers ("*~") left out. Listed with a problem:
 * symlinks, FIFOs, devices, sockets, files with a second name (a hard link made elsewhere on the file system would have
 * us read what only we may), other file systems, directories too deep (32) or not readable to their end, files too large.
 * Nothing but directories is opened; the walk needs two descriptors a level.
 * \param root_fd    the directory; openat2 RESOLVE_BENEATH|NO_SYMLINKS|NO_MAGICLINKS|NO_XDEV keeps everything below it
 * \param max_len    bytes a file may have
 * \param max_items  ERROR_INPUT beyond that
 */
MUST_USE bool media_walk(int root_fd, size_t max_len, size_t max_items, struct media_walk *ret_walk,
                         struct error *err);

/** Opens a directory beneath the root for *at() calls, no symlink followed. \param may_make  it and its parents, where they are missing */
MUST_USE bool media_open_folder(int root_fd, const char *path, bool may_make, int *ret_fd, struct error *err);

/** Whether something is at a path beneath the root. \return false: ERROR_INPUT: a symbolic link or another file system is in the way */
MUST_USE bool media_look(int root_fd, const char *path, bool *ret_is_there, struct error *err);

/** Opens an item beneath the root again and reads it, at most max_len bytes; refuses if it is not a regular file any more. */
MUST_USE bool media_read(int root_fd, const char *path, size_t max_len, struct builder *ret_data,
                         struct error *err);
/** Whether media_read() failed because there is no such file: nothing, a link, or no file. Else it could not look. */
bool media_is_absent(const struct error *why);

/**
 * Writes a file beneath a directory: new, durable (file and directory fsynced), never over a different file. The same content
 * already there is success. Parents are made.
 * \param name  relative; "..", "/", control characters and names vfat can't hold are ERROR_INPUT
 */
MUST_USE bool media_deliver(int root_fd, const char *name, struct bytes data, struct error *err);
/** The same for a file that may be replaced (reports). */
MUST_USE bool media_deliver_over(int root_fd, const char *name, struct bytes data, struct error *err);

/*
 * Many files with one sync: each is written beside its place, then all are made durable together and given their names. A name
 * that is there holds whole, durable content; what a run that died left beside it is cleared away by the next try.
 */
struct media_group;
struct media_group *media_group_new(void);
/** The directory was made for this group: it is not looked whether files are there. One that is there nevertheless is dealt with. */
void media_group_is_fresh(struct media_group *group);
/** Gives up what was not committed. */
void media_group_free(struct media_group *group);
DEFINE_AUTO(struct media_group *, media_group_free);
/** Like media_deliver(), but the file is in its place, durable, only after media_group_commit(). All of a group on one medium. */
MUST_USE bool media_group_add(struct media_group *group, int root_fd, const char *name, struct bytes data,
                              struct error *err);
/** The group is empty and usable again afterwards. */
MUST_USE bool media_group_commit(struct media_group *group, int root_fd, struct error *err);

/**
 * A name safe to write on any medium, made from a foreign one: letters and digits of any script with their marks, in composed form
 * (Unicode's NFC), and "._-"; others become "_". Never empty, at most 100 bytes. Two foreign names may become one. Appends.
 */
void media_safe_name(const char *foreign, struct builder *ret_name);
/**
 * The same, but where more than its form had to be changed, "-" and eight hex digits of its SHA-256 tell it from the others.
 * \param is_taken  the name as it is stands for something else there, so it is changed in any case
 */
void media_distinct_name(const char *foreign, bool is_taken, struct builder *ret_name);
/** The name without the difference of capitals and small letters, as vfat, exFAT and macOS compare names. Appends. */
void media_fold_name(const char *name, struct builder *ret_folded);

#endif
