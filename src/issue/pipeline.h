/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path of everything the CA key signs, and the order promise P3 demands: the bytes are logged and on the disk before the token
 * is asked; the signature is checked, logged and on the disk before anyone gets what was made.
 *
 * What is signed comes from a stream, in groups. Several groups are under way: this thread keeps the ledger, others sign and deliver.
 * docs/issuing.md draws it.
 */
#ifndef COLDCA_ISSUE_PIPELINE_H
#define COLDCA_ISSUE_PIPELINE_H

#include "issue/group.h"

/* Groups that are put to the output, waiting for their flush, or being flushed. */
#define ISSUE_UNFLUSHED_MAX 3

/** What is to be signed, and who gets it. An implementation embeds this struct as its first member. */
struct issue_stream {
    /**
     * Fills an empty group with what comes next, each by logged_append(); at most group_len of it. Left empty: nothing is ready yet.
     * By the thread that keeps the ledger.
     * \param wait_ms  how long to wait for something
     */
    bool (*fill)(struct issue_stream *stream, struct issue_group *group, size_t group_len, unsigned wait_ms,
                 struct error *err);
    bool (*has_more)(const struct issue_stream *stream);
    /**
     * Gives away the jobs that are is_done; they are in the ledger. In a run that fails there are others. By one thread, groups in
     * their order. It counts in group what it dealt with.
     */
    bool (*deliver)(struct issue_stream *stream, struct issue_group *group, struct error *err);
    /** Makes a delivered group durable; NULL: deliver() does it. By another thread. */
    bool (*flush)(struct issue_stream *stream, const struct issue_group *group, struct error *err);
    size_t total; /**< that there is to deal with, for progress; 0: none is shown */
};

struct issue_counts {
    size_t issued;   /**< signed, in the ledger and delivered */
    size_t repeated; /**< made by an earlier run, delivered again */
    size_t dealt_with;
    size_t proofs;
};

/**
 * Carries out a stream. The signer's home is open for writing.
 *
 * On failure what was signed is in the ledger and delivered, or will be by running the same command again; what the token was not
 * asked for stays unfinished in the ledger; *ret_counts says how far it came. ERROR_INTERRUPTED if the person stopped it: what the
 * token was given is finished.
 */
MUST_USE bool issue_logged(struct signer *signer, struct issue_stream *stream, const struct console *console,
                           struct issue_counts *ret_counts, struct error *err);

/**
 * The same for one thing: a root's certificate, a CRL.
 * \param logged   kind, name, tbs and signature_kind are set; made and its seqs are filled in, the caller's to logged_done(). On failure
 *                 it is as it was, unless the ledger holds the signature
 * \param fields   of the record that holds the bytes; taken
 * \param deliver  gets it when the ledger holds it; NULL: the caller takes it from logged
 */
MUST_USE bool issue_logged_one(struct signer *signer, struct logged *logged, struct json *fields,
                               bool (*deliver)(void *data, const struct logged *logged, struct error *err),
                               void *data, const struct console *console, struct error *err);

/**
 * Closes what a run that died left between a .signing record and its end: serials are burned. Commits.
 * \param plan      that goes on: what it left stays, to be signed; NULL: none does
 * \param ret_left  of that plan
 */
MUST_USE bool issue_abandon_unfinished(struct home *home, const char *reason, const struct admitted *plan,
                                       size_t *ret_abandoned, size_t *ret_left, struct error *err);

#endif
