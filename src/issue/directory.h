/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output (plan/output.h) that is a directory: NAME.pem (or NAME.der), NAME-chain.pem, NAME.tlog-proof, and the newest checkpoint.
 * Durable, never over a different file. A proof that is there and holds for the certificate stays, though it was made under
 * an earlier checkpoint than today's.
 */
#ifndef COLDCA_ISSUE_DIRECTORY_H
#define COLDCA_ISSUE_DIRECTORY_H

#include "base/new_folder.h"
#include "issue/issue.h"
#include "media/media.h"

enum directory_format { DIRECTORY_PEM, DIRECTORY_DER };

struct directory {
    struct output output; /**< wants_proof: also NAME.tlog-proof */
    int fd;
    struct new_folder own; /**< of directory_open() */
    enum directory_format format;
    bool with_chain; /**< also NAME-chain.pem: the certificate, the CA's, the chain above it */
    /** Called for each file that is, or will be with the next flush, in the directory; NULL: nobody. */
    void (*delivered)(void *data, const char *file, struct bytes content);
    void *data;
    const struct home *home;
    struct builder above;                            /**< what follows the certificate in NAME-chain.pem */
    struct media_group *groups[ISSUE_UNFLUSHED_MAX]; /**< files on their way */
    bool is_fresh; /**< it was made for this run: it is not looked whether files are there */
};

/** Makes a directory's output of one that is open, which stays the caller's; the rest is set after. home is borrowed. */
void directory_begin(struct directory *directory, const struct home *home, int fd, bool is_fresh);
/** Undoes directory_begin(): what was not flushed is cleared away. */
void directory_end(struct directory *directory);
/** Opens (and makes, one level) the directory at a path; closing it removes one that was made and stayed empty. */
MUST_USE bool directory_open(const struct home *home, const char *path, struct directory *ret_directory,
                             struct error *err);
void directory_close(struct directory *directory); /**< zeroed memory with fd -1 is nothing to close */
DEFINE_AUTO_VALUE(struct directory, directory_close);

/** Copies the newest checkpoint into it. */
MUST_USE bool directory_put_checkpoint(const struct directory *directory, struct error *err);
/** ERROR_LEDGER if it holds a later or inconsistent checkpoint of this ledger. */
MUST_USE bool directory_meet_checkpoint(const struct directory *directory, struct error *err);

#endif
