/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/medium.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "batch/report.h"
#include "request/request.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define REQUESTS_MAX 2000000 /* files of any kind; some 70 bytes each are held */
#define BATCHES_MAX 200      /* directories of finished batches that are looked into, the newest ones */
#define CHECKPOINT_MAX_LEN 16384

void medium_close(struct medium *medium)
{
    const int folders[] = {medium->fd, medium->requests_fd, medium->batch_fd};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        if (folders[i] >= 0)
            (void)close(folders[i]); // only open for reading
    }
    for (size_t i = 0; i < medium->finished_count; i++)
        (void)close(medium->finished[i]);
    free(medium->finished);
    media_walk_done(&medium->walk);
    *medium = (struct medium){.fd = -1, .requests_fd = -1, .batch_fd = -1};
}

static bool refuse_without_requests(int fd, const char *path, struct error *err)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder lies = BUILDER_INIT;
    medium_tell_what_lies(fd, path, &lies);
    return error_set(err, ERROR_INPUT, ENOENT, "%s has no directory requests/: %s",
                     quoted_text(path, &buffer), builder_text(&lies));
}

bool medium_open(const char *path, struct medium *ret_medium, struct error *err)
{
    struct quoted buffer;
    AUTO(medium_close) struct medium medium = {.fd = -1, .requests_fd = -1, .batch_fd = -1};
    if (!file_open_folder(AT_FDCWD, path, &medium.fd, err))
        return error_while(err, "opening the medium");
    if (!media_open_folder(medium.fd, "requests", false, &medium.requests_fd, err))
        return file_exists(medium.fd, "requests") ? error_while(err, "looking for the requests")
                                                  : refuse_without_requests(medium.fd, path, err);
    if (!media_walk(medium.requests_fd, REQUEST_MAX_FILE_LEN, REQUESTS_MAX, &medium.walk, err))
        return error_while(err, "looking through %s/requests", quoted_text(path, &buffer));
    *ret_medium = medium;
    medium = (struct medium){.fd = -1, .requests_fd = -1, .batch_fd = -1}; // ret_medium owns it now
    return true;
}

/* ---- batches on the medium ---- */

/** "20261121T024857Z-1a2b3c" (session_make_batch()); nothing else on the medium is taken for a batch. */
bool medium_is_batch(const char *name)
{
    static const char pattern[] = "dddddddd-dddddd--xxxxxx";
    if (strlen(name) != SESSION_BATCH_SIZE - 1 || name[8] != 'T' || name[15] != 'Z' || name[16] != '-')
        return false;
    for (size_t i = 0; i < SESSION_BATCH_SIZE - 1; i++) {
        bool is_fine = pattern[i] == 'd'   ? isdigit((unsigned char)name[i]) != 0
                       : pattern[i] == 'x' ? isxdigit((unsigned char)name[i]) != 0
                                           : true;
        if (!is_fine)
            return false;
    }
    return true;
}

static int compare_newest_first(const void *left, const void *right)
{
    return strcmp(*(char *const *)right, *(char *const *)left);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static void list_batches(int issued_fd, char ***ret_names, size_t *ret_count)
{
    char **names = NULL;
    size_t count = 0;
    int fd = openat(issued_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(closedir) DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder)) {
        if (!medium_is_batch(entry->d_name))
            continue;
        names = memory_grow(names, count + 1, sizeof(*names));
        names[count++] = memory_text(entry->d_name);
    }
    if (count > 0)
        qsort(names, count, sizeof(*names), compare_newest_first);
    *ret_names = names;
    *ret_count = count;
}

static bool meet_checkpoint(struct home *home, int folder_fd, struct error *err)
{
    bool is_ours = false;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    if (!media_read(folder_fd, "checkpoint", CHECKPOINT_MAX_LEN, &note, err)) {
        if (!media_is_absent(err))
            return error_while(err, "looking for a checkpoint on the medium");
        error_clear(err);
        return true;
    }
    return ledger_checkpoint_meet(home->ledger, builder_bytes(&note), &is_ours, err);
}

static bool stop_at_first(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record, (void)entry; // that there is one is all
    *(bool *)data = true;
    return false;
}

/** A directory anyone could have made is only resumed if the ledger has that batch. */
static bool knows_batch(struct home *home, const char *batch, bool *ret_known, struct error *err)
{
    const struct ledger_filter filter = {.type = "session.opened", .batch = batch, .status = -1};
    *ret_known = false;
    return ledger_each(home->ledger, &filter, stop_at_first, ret_known, err);
}

static bool look_at_batch(struct medium *medium, struct home *home, int issued_fd, const char *batch,
                          struct error *err)
{
    bool is_known = false;
    struct error ignored = ERROR_INIT; // what is not a directory is not a batch
    AUTO(close) int fd = -1;
    if (!media_open_folder(issued_fd, batch, false, &fd, &ignored))
        return true;
    if (!meet_checkpoint(home, fd, err))
        return error_while(err, "comparing with the checkpoint in issued/%s on the medium", batch);
    if (file_exists(fd, MEDIUM_SUMS)) {
        medium->finished =
            memory_grow(medium->finished, medium->finished_count + 1, sizeof(*medium->finished));
        medium->finished[medium->finished_count++] = fd;
        fd = -1;
        return true;
    }
    if (medium->is_resumed)
        return true; // a newer one is resumed
    if (!knows_batch(home, batch, &is_known, err))
        return false;
    if (!is_known) {
        batch_report_clear(fd); // its run may have died before it began; else it is not ours, and stays
        (void)unlinkat(issued_fd, batch, AT_REMOVEDIR);
        return true;
    }
    medium->is_resumed = true;
    memcpy(medium->batch, batch, SESSION_BATCH_SIZE); // medium_is_batch() said it is that long
    medium->batch_fd = fd;
    fd = -1;
    return true;
}

bool medium_choose_batch(struct medium *medium, struct home *home, struct error *err)
{
    AUTO(close) int issued_fd = -1;
    char **names = NULL;
    size_t count = 0;
    bool is_fine = true;
    if (!media_open_folder(medium->fd, "issued", true, &issued_fd, err))
        return error_while(err, "making issued/ on the medium, for the results");
    list_batches(issued_fd, &names, &count);
    for (size_t i = 0; is_fine && i < count && medium->finished_count < BATCHES_MAX; i++)
        is_fine = look_at_batch(medium, home, issued_fd, names[i], err);
    free_names(names, count);
    if (!is_fine || medium->is_resumed)
        return is_fine;
    return session_make_batch(medium->batch, err) &&
           (media_open_folder(issued_fd, medium->batch, true, &medium->batch_fd, err) ||
            error_while(err, "making a directory for the results on the medium"));
}

bool medium_holds(const struct medium *medium, const char *file, struct bytes content)
{
    for (size_t i = 0; i < medium->finished_count; i++) {
        struct error ignored = ERROR_INIT; // what can't be read is not there
        AUTO(builder_done) struct builder found = BUILDER_INIT;
        if (media_read(medium->finished[i], file, content.len, &found, &ignored) &&
            bytes_equal(builder_bytes(&found), content))
            return true;
    }
    return false;
}

void medium_drop_empty_batch(const struct medium *medium)
{
    struct error ignored = ERROR_INIT;
    AUTO(close) int issued_fd = -1;
    if (media_open_folder(medium->fd, "issued", false, &issued_fd, &ignored))
        (void)unlinkat(issued_fd, medium->batch, AT_REMOVEDIR); // one that holds something stays
    (void)unlinkat(medium->fd, "issued", AT_REMOVEDIR);         // likewise
}

bool medium_sync(const struct medium *medium, struct error *err)
{
    struct stat own;
    struct stat above;
    // What was written here is durable already. Of a whole medium the rest is too: others may have copied requests to it.
    if (fstat(medium->fd, &own) != 0 || fstatat(medium->fd, "..", &above, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't stat the medium");
    if (own.st_dev == above.st_dev)
        return true; // a directory of another file system, maybe of the whole machine
    return syncfs(medium->fd) == 0 ||
           error_errno(err, ERROR_INPUT, errno,
                       "not all is written to the medium: leave it in and run the same command again");
}
