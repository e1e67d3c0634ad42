/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.sqlite: a cache of what ledger.jsonl says, so that opening and looking up cost the same at ten records and at a
 * million. It is derived and never believed over the ledger: whoever finds it wrong throws it away and reads the ledger again.
 *
 * Write-ahead logging with synchronous NORMAL: a crash may lose its newest changes, never its consistency, and what it lost is
 * read again from the ledger.
 */
#ifndef COLDCA_LEDGER_INDEX_H
#define COLDCA_LEDGER_INDEX_H

#include "ledger/ledger.h"
#include "ledger/record.h"
#include "ledger/tree.h"

#include <sqlite3.h>

enum index_mode {
    INDEX_WRITE,   /**< index.sqlite of the home, made if it is not there */
    INDEX_READ,    /**< index.sqlite, nothing is changed */
    INDEX_SCRATCH, /**< a private, temporary one, empty, not made for look-ups but of serials */
};

/** ledger.jsonl as it was when the index was written last; zero: not noted. */
struct index_stamp {
    int64_t inode;
    int64_t len;   /**< bytes */
    int64_t mtime; /**< nanoseconds since 1970 */
};

/** How far it has read. */
struct index_state {
    uint64_t size;           /**< records */
    uint64_t offset;         /**< bytes of ledger.jsonl */
    uint64_t notes_offset;   /**< bytes of ledger.checkpoints whose notes were checked against the tree */
    uint64_t notes_last;     /**< where its newest note starts; only if has_note */
    uint64_t notes_previous; /**< where the one before starts; the same if there is none */
    bool has_note;
    int64_t newest_time;
    struct index_stamp stamp;
};

struct index;

/**
 * \return false: ERROR_LEDGER if it is damaged, of another version or another ledger, and the caller starts a new one; for a
 * reader also if it is empty or not there (native is SQLITE_EMPTY, as for an older version). Else as index_fail().
 */
MUST_USE bool index_open(int home_fd, enum index_mode mode, const char *vkey, struct index **ret_index,
                         struct error *err);
void index_close(struct index *index);
DEFINE_AUTO(struct index *, index_close);
/** Removes index.sqlite and its companions. */
MUST_USE bool index_remove(int home_fd, struct error *err);
/** Makes a scratch index fit for all look-ups, once it is filled. */
MUST_USE bool index_complete(struct index *index, struct error *err);
/** Copies all of from into another index. */
MUST_USE bool index_copy(struct index *to, struct index *from, struct error *err);

/** Look-ups of a read-only index see one moment; from now on each sees its own, and the writer's log can be tidied behind it. */
MUST_USE bool index_let_go(struct index *index, struct error *err);

/** ERROR_INPUT once SQLite has taken back what index_begin() began: the index lacks it, and nothing more may go into it. */
MUST_USE bool index_is_whole(const struct index *index, struct error *err);
/** Starts a transaction, unless one was started and not committed yet. */
MUST_USE bool index_begin(struct index *index, struct error *err);
/** Writes the state and the unfinished tiles, and ends the transaction. */
MUST_USE bool index_commit(struct index *index, const struct index_state *state, const struct tree *tree,
                           struct error *err);
/** The state and the tree's edge as of the last commit. On failure the tree is undefined, the state untouched. */
MUST_USE bool index_load(struct index *index, struct index_state *ret_state, struct tree *ret_tree,
                         struct error *err);

/** ERROR_LEDGER if the record contradicts an earlier one: a serial used again, a ref to no unfinished signing. */
MUST_USE bool index_add(struct index *index, const struct record_facts *facts, uint64_t offset, size_t len,
                        struct error *err);
/** Stores a tile, or as much of it as there is. */
MUST_USE bool index_hashes_put(struct index *index, unsigned level, uint64_t number,
                               const struct tree_hash *hashes, size_t count, struct error *err);
/** Is what tree_append() and tree_reader want; data is the struct index. */
bool index_tile_put(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                    struct error *err);
bool index_tile_get(void *data, unsigned level, uint64_t number, size_t needed, struct tree_tile *ret_tile,
                    struct error *err);

/** Where a record is. *ret_found false if the index has none of this number. */
MUST_USE bool index_place(struct index *index, uint64_t seq, uint64_t *ret_offset, size_t *ret_len,
                          bool *ret_found, struct error *err);

/** The certificate of a serial; *ret_entry is set only if there is one. */
MUST_USE bool index_find_serial(struct index *index, struct bytes serial, struct ledger_entry *ret_entry,
                                bool *ret_found, struct error *err);
MUST_USE bool index_is_unfinished(struct index *index, uint64_t signing_seq, bool *ret_is, struct error *err);

/* ---- statements, for the other files of this directory ---- */
/** A prepared statement for sql (a literal; cached by its address), reset and without bindings. NULL with err set. */
sqlite3_stmt *index_statement(struct index *index, const char *sql, struct error *err);
/** Steps; *ret_has_row tells whether there is a row. */
MUST_USE bool index_step(struct index *index, sqlite3_stmt *statement, bool *ret_has_row, struct error *err);
/** SQLite's reason: ERROR_INPUT where the disk is at fault (native is SQLITE_FULL if it is full), else ERROR_LEDGER. */
bool index_fail(struct index *index, struct error *err);
sqlite3 *index_database(struct index *index);

/** The columns of `certificates c` index_entry_read() wants, in its order. */
#define INDEX_ENTRY_COLUMNS                                                                                  \
    "c.signing_seq, c.issued_seq, c.status, c.serial, c.policy, c.subject, c.source, c.csr, c.spki, c.time," \
    " c.not_after, ifnull(c.key_value, c.spki)"
#define INDEX_ENTRY_COLUMNS_COUNT 12
void index_entry_read(sqlite3_stmt *statement, struct ledger_entry *ret_entry);
/** The first 8 bytes of a digest: small keys for a million rows. What has the key still has to be compared. */
int64_t index_key_of(const uint8_t digest[static 32]);
/** The same for a serial, which may have any length: of its SHA-256. */
int64_t index_key_of_serial(struct bytes serial);
/** Whether look-ups but of serials would find nothing: a scratch index before index_complete(). */
bool index_lacks_keys(const struct index *index);
/** Makes a certificate findable by a key. */
MUST_USE bool index_key_add(struct index *index, int64_t key, uint64_t signing_seq, struct error *err);
/** The condition for `certificates c` to have the key ?1. */
#define INDEX_HAS_KEY                                                                                        \
    "c.signing_seq IN (SELECT signing_seq FROM fresh_keys WHERE key = ?1"                                    \
    " UNION ALL SELECT signing_seq FROM keys WHERE key = ?1)"

#endif
