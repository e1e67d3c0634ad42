/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A removable medium as `coldca batch` wants it: requests/ holds the requests, issued/BATCH-ID/ the answers of one batch. A batch
 * is finished when its directory holds SHA256SUMS; an unfinished one that is in the ledger is resumed. All on it is hostile.
 */
#ifndef COLDCA_BATCH_MEDIUM_H
#define COLDCA_BATCH_MEDIUM_H

#include "home/home.h"
#include "media/list.h"
#include "media/media.h"
#include "records/session.h"

#define MEDIUM_SUMS "SHA256SUMS"

struct medium {
    int fd;
    int requests_fd;
    struct media_walk walk; /**< below requests/ */
    int *finished;          /**< directories of finished batches */
    size_t finished_count;
    char batch[SESSION_BATCH_SIZE]; /**< after medium_choose_batch() */
    bool is_resumed;
    int batch_fd;
};

/** Opens the medium and looks through requests/. ERROR_INPUT if it has none. */
MUST_USE bool medium_open(const char *path, struct medium *ret_medium, struct error *err);
/** What lies on a medium where requests/ is missing or holds none, and what to do about it; appends one escaped line. */
void medium_tell_what_lies(int medium_fd, const char *path, struct builder *ret_text);
void medium_close(struct medium *medium);
DEFINE_AUTO_VALUE(struct medium, medium_close);

/** Compares the checkpoints on the medium with the ledger (ERROR_LEDGER: a rollback), and opens the directory of a batch, old or new. */
MUST_USE bool medium_choose_batch(struct medium *medium, struct home *home, struct error *err);
/** Whether this is the name of a batch's directory below issued/. */
bool medium_is_batch(const char *name);
/** Whether a finished batch on the medium holds this file with this content. */
bool medium_holds(const struct medium *medium, const char *file, struct bytes content);
/** Removes the directory of the batch if nothing was written to it. */
void medium_drop_empty_batch(const struct medium *medium);
/** Has everything on the medium written, so that it can be pulled. ERROR_INPUT: it did not take all. */
MUST_USE bool medium_sync(const struct medium *medium, struct error *err);

#endif
