/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/index.h"
#include "ledger/log.h"

#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define INDEX_VERSION 5
#define INDEX_STATEMENTS_MAX 48
#define INDEX_NAME "index.sqlite"
#define FRESH_MAX 49152 /* keys; three a certificate */

struct index {
    sqlite3 *db;
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } statements[INDEX_STATEMENTS_MAX];
    uint64_t stored_size; /**< records the stored tiles cover */
    bool lacks_keys;      /**< a scratch index that holds those of serials only, until index_complete() */
    uint64_t fresh_count; /**< rows of fresh_keys */
    bool has_begun;       /**< index_begin() was called and not index_commit() */
    bool is_scratch;
};

static const char schema[] =
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), version INTEGER NOT NULL, vkey TEXT NOT NULL,"
    " size INTEGER NOT NULL, offset INTEGER NOT NULL, notes_offset INTEGER NOT NULL,"
    " newest_time INTEGER NOT NULL, notes_last INTEGER, notes_previous INTEGER,"
    " inode INTEGER NOT NULL, len INTEGER NOT NULL, mtime INTEGER NOT NULL);"
    "CREATE TABLE records(seq INTEGER PRIMARY KEY, offset INTEGER NOT NULL, len INTEGER NOT NULL,"
    " time INTEGER NOT NULL, type TEXT NOT NULL, batch TEXT);"
    // Few among millions, and asked for by every run (governing.c).
    "CREATE INDEX governing ON records(type, seq) WHERE type IN ('control.set', 'plan.approved', "
    "'policy.approved');"
    "CREATE TABLE certificates(signing_seq INTEGER PRIMARY KEY, issued_seq INTEGER, status INTEGER NOT NULL,"
    " serial BLOB NOT NULL, policy TEXT, subject TEXT, source TEXT, csr BLOB NOT NULL, spki BLOB NOT NULL,"
    " time INTEGER NOT NULL, not_after INTEGER NOT NULL, policy_sha256 BLOB NOT NULL, sans TEXT NOT NULL,"
    " csr_key INTEGER NOT NULL, spki_key INTEGER NOT NULL, serial_key INTEGER NOT NULL,"
    // Of the key by its value (record_key_value()); NULL if spki is that. spki_key is of this.
    " key_value BLOB);"
    // Keys are as good as random: each new one would change a page of its own in a table of millions. So they go into a small table
    // first, and now and then all of that, sorted, into the large one.
    "CREATE TABLE keys(key INTEGER, signing_seq INTEGER, PRIMARY KEY(key, signing_seq)) WITHOUT ROWID;"
    "CREATE TABLE fresh_keys(key INTEGER, signing_seq INTEGER, PRIMARY KEY(key, signing_seq)) WITHOUT ROWID;"
    "CREATE TABLE tiles(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL);";

/* What only look-ups need, not the history itself: cheaper to make at the end than to keep along while a ledger is read. */
static const char unfinished[] = "CREATE INDEX unfinished ON certificates(signing_seq) WHERE status = 0;";
/* Of a type that is few among millions and looked for at every opening. An index from before has it made by its next writer. */
static const char chains[] = "CREATE INDEX IF NOT EXISTS chains ON records(type) WHERE type = 'chain.set';";
static const char all_keys[] =
    "DELETE FROM fresh_keys;"
    "INSERT INTO keys SELECT csr_key, signing_seq FROM certificates ORDER BY 1, 2;"
    "INSERT OR IGNORE INTO keys SELECT spki_key, signing_seq FROM certificates ORDER BY 1, 2;"
    "INSERT OR IGNORE INTO keys SELECT serial_key, signing_seq FROM certificates ORDER BY 1, 2;";
static const char merge_keys[] =
    "INSERT OR IGNORE INTO keys SELECT key, signing_seq FROM fresh_keys ORDER BY 1, 2;"
    "DELETE FROM fresh_keys;";

/** Whether the fault lies with the disk or its permissions, so that nothing is wrong with what the index says. */
static bool is_outside(int code)
{
    return code == SQLITE_FULL || code == SQLITE_IOERR || code == SQLITE_CANTOPEN ||
           code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_BUSY;
}

bool index_fail(struct index *index, struct error *err)
{
    int code = sqlite3_extended_errcode(index->db);
    int primary = code & 0xff; // SQLite's "Result Codes": the rest says more
    if (index->is_scratch && primary == SQLITE_FULL)
        return error_set(err, ERROR_INPUT, SQLITE_FULL,
                         "the disk of SQLite's temporary files is full: free some space there, or name "
                         "another directory in SQLITE_TMPDIR");
    if (primary == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE)
        return error_set(
            err, ERROR_INPUT, SQLITE_FULL,
            "index.sqlite can't grow, the disk is full: free some space, then run the command again");
    return error_set(err, is_outside(primary) ? ERROR_INPUT : ERROR_LEDGER, (unsigned long)code,
                     "index.sqlite can't be read: %s", sqlite3_errmsg(index->db));
}

sqlite3 *index_database(struct index *index)
{
    return index->db;
}

static bool run(struct index *index, const char *sql, struct error *err)
{
    return sqlite3_exec(index->db, sql, NULL, NULL, NULL) == SQLITE_OK || index_fail(index, err);
}

sqlite3_stmt *index_statement(struct index *index, const char *sql, struct error *err)
{
    size_t i = 0;
    while (i < INDEX_STATEMENTS_MAX && index->statements[i].sql != sql && index->statements[i].sql != NULL)
        i++;
    assert(i < INDEX_STATEMENTS_MAX);
    sqlite3_stmt **statement = &index->statements[i].statement;
    if (index->statements[i].sql == NULL) {
        if (sqlite3_prepare_v3(index->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
            (void)index_fail(index, err);
            return NULL;
        }
        index->statements[i].sql = sql;
    }
    (void)sqlite3_reset(*statement);          // repeats the last step's error, which was reported then
    (void)sqlite3_clear_bindings(*statement); // cannot fail
    return *statement;
}

bool index_step(struct index *index, sqlite3_stmt *statement, bool *ret_has_row, struct error *err)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        (void)index_fail(index, err);
        (void)sqlite3_reset(statement); // the error was taken down above
        return false;
    }
    *ret_has_row = result == SQLITE_ROW;
    return true;
}

/** For statements that give no row. */
static bool finish(struct index *index, sqlite3_stmt *statement, struct error *err)
{
    bool has_row;
    return index_step(index, statement, &has_row, err);
}

void index_close(struct index *index)
{
    for (size_t i = 0; i < INDEX_STATEMENTS_MAX; i++)
        sqlite3_finalize(index->statements[i].statement);
    (void)sqlite3_close(index->db); // nothing that was not committed is missed
    free(index);
}

static bool connect(struct index *index, const char *place, int flags, struct error *err)
{
    if (sqlite3_open_v2(place, &index->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return index_fail(index, err);
    (void)sqlite3_busy_timeout(index->db, 10000); // cannot fail; readers hold no lock that long in WAL
    return run(index, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", err);
}

static bool wal_is_waiting(int home_fd)
{
    struct stat status;
    return fstatat(home_fd, INDEX_NAME "-wal", &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_size > 0;
}

static bool awaits_writer(struct error *err)
{
    return error_set(err, ERROR_LEDGER, SQLITE_EMPTY,
                     INDEX_NAME " awaits what a run that died left in " INDEX_NAME "-wal");
}

/** Read-only homes and full disks have no room for WAL's helper file; then the file is read as it is, if no WAL is waiting. */
static bool connect_reader(struct index *index, int home_fd, struct error *err)
{
    AUTO(free) char *place = memory_format("file:/proc/self/fd/%d/" INDEX_NAME "?mode=ro", home_fd);
    AUTO(free) char *still = memory_format("%s&immutable=1", place);
    // Only its writer, while he lives, can read it past this; SQLite would look for him for ten seconds.
    if (wal_is_waiting(home_fd) && faccessat(home_fd, ".", W_OK, AT_EACCESS) != 0 && !lock_is_held(home_fd))
        return awaits_writer(err);
    if (connect(index, place, SQLITE_OPEN_READONLY, err) && run(index, "SELECT size FROM state", err))
        return true;
    if (wal_is_waiting(home_fd)) // he may have died since it was looked for him
        return (err->native & 0xff) == SQLITE_PROTOCOL ? awaits_writer(err) : false;
    (void)sqlite3_close(index->db); // no statement is open
    index->db = NULL;
    return connect(index, still, SQLITE_OPEN_READONLY, err);
}

static bool make_schema(struct index *index, enum index_mode mode, const char *vkey, struct error *err)
{
    if (!run(index, "BEGIN IMMEDIATE", err) || !run(index, schema, err) ||
        (mode != INDEX_SCRATCH && !run(index, unfinished, err)))
        return false;
    sqlite3_stmt *insert =
        index_statement(index, "INSERT INTO state VALUES(1, ?1, ?2, 0, 0, 0, 0, NULL, NULL, 0, 0, 0)", err);
    if (insert == NULL || sqlite3_bind_int(insert, 1, INDEX_VERSION) != SQLITE_OK ||
        sqlite3_bind_text(insert, 2, vkey, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        return index_fail(index, err);
    return finish(index, insert, err) && run(index, "COMMIT", err);
}

static bool check_schema(struct index *index, const char *vkey, bool *ret_is_empty, struct error *err)
{
    bool has_row;
    sqlite3_stmt *select = index_statement(index, "SELECT count(*) FROM sqlite_master", err);
    if (select == NULL || !index_step(index, select, &has_row, err))
        return false;
    *ret_is_empty = sqlite3_column_int(select, 0) == 0;
    (void)sqlite3_reset(select); // it has been read
    if (*ret_is_empty)
        return true;
    select = index_statement(index, "SELECT version, vkey FROM state WHERE id = 1", err);
    if (select == NULL || !index_step(index, select, &has_row, err))
        return false;
    const char *found = has_row ? (const char *)sqlite3_column_text(select, 1) : NULL;
    bool is_ours = found != NULL && strcmp(found, vkey) == 0;
    bool is_older = is_ours && sqlite3_column_int(select, 0) < INDEX_VERSION;
    bool fits = is_ours && sqlite3_column_int(select, 0) == INDEX_VERSION;
    (void)sqlite3_reset(select); // it has been read
    if (is_older)
        return error_set(err, ERROR_LEDGER, SQLITE_EMPTY,
                         "index.sqlite was made by an older version of coldca");
    return fits || error_set(err, ERROR_LEDGER, 0, "index.sqlite is of another ledger or another version");
}

bool index_open(int home_fd, enum index_mode mode, const char *vkey, struct index **ret_index,
                struct error *err)
{
    AUTO(index_close) struct index *index = memory_new(1, sizeof(*index));
    index->is_scratch = mode == INDEX_SCRATCH;
    AUTO(free) char *place = memory_format("file:/proc/self/fd/%d/" INDEX_NAME, home_fd);
    bool is_empty = true;
    bool is_open;
    struct stat status;
    if (mode != INDEX_SCRATCH && fstatat(home_fd, INDEX_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISREG(status.st_mode))
        return error_set(err, ERROR_LEDGER, 0, INDEX_NAME " is not a file"); // whoever reads a FIFO waits
    if (mode == INDEX_READ && !file_exists(home_fd, INDEX_NAME))
        return error_set(err, ERROR_LEDGER, SQLITE_EMPTY, INDEX_NAME " was not there");
    if (mode == INDEX_READ)
        is_open = connect_reader(index, home_fd, err);
    else if (mode == INDEX_SCRATCH)
        is_open = connect(index, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) &&
                  run(index,
                      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -12288", err);
    else
        is_open = connect(index, place, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) &&
                  run(index,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = "
                      "4000; PRAGMA cache_size = -4096",
                      err);
    if (!is_open || !check_schema(index, vkey, &is_empty, err))
        return false;
    if (is_empty && mode == INDEX_READ)
        return error_set(err, ERROR_LEDGER, SQLITE_EMPTY, "index.sqlite is empty");
    if (is_empty && !make_schema(index, mode, vkey, err))
        return false;
    if (mode == INDEX_WRITE && !run(index, chains, err))
        return false;
    index->lacks_keys = mode == INDEX_SCRATCH;
    // A read-only user's transaction stays open: all its look-ups see one moment.
    if (mode == INDEX_READ && !run(index, "BEGIN", err))
        return false;
    *ret_index = TAKE(index);
    return true;
}

bool index_remove(int home_fd, struct error *err)
{
    static const char *const names[] = {INDEX_NAME, INDEX_NAME "-wal", INDEX_NAME "-shm",
                                        INDEX_NAME "-journal"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (unlinkat(home_fd, names[i], 0) != 0 && errno != ENOENT)
            return error_errno(err, ERROR_INPUT, errno, "can't remove %s", names[i]);
    }
    return true;
}

bool index_complete(struct index *index, struct error *err)
{
    // SQLite sorts in as much memory again as its cache may have.
    if (!run(index, "PRAGMA cache_size = -4096", err))
        return false;
    (void)sqlite3_db_release_memory(index->db); // what it can't give back it keeps
    if (!run(index, all_keys, err) || !run(index, unfinished, err) || !run(index, chains, err))
        return false;
    index->lacks_keys = false;
    index->fresh_count = 0;
    return true;
}

bool index_copy(struct index *to, struct index *from, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (backup == NULL)
        return index_fail(to, err);
    int copied = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    if (copied != SQLITE_DONE || finished != SQLITE_OK)
        return index_fail(to, err);
    to->lacks_keys = from->lacks_keys;
    to->fresh_count = from->fresh_count;
    return true;
}

bool index_lacks_keys(const struct index *index)
{
    return index->lacks_keys;
}

bool index_key_add(struct index *index, int64_t key, uint64_t signing_seq, struct error *err)
{
    // Two things of one certificate may have the same key.
    sqlite3_stmt *insert = index_statement(index, "INSERT OR IGNORE INTO fresh_keys VALUES(?1, ?2)", err);
    if (insert == NULL || sqlite3_bind_int64(insert, 1, key) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 2, (int64_t)signing_seq) != SQLITE_OK)
        return index_fail(index, err);
    index->fresh_count++;
    return finish(index, insert, err);
}

static bool merge_if_many(struct index *index, struct error *err)
{
    if (index->fresh_count < FRESH_MAX || index->lacks_keys)
        return true;
    index->fresh_count = 0;
    return run(index, merge_keys, err);
}

static bool count_fresh(struct index *index, struct error *err)
{
    bool has_row;
    sqlite3_stmt *select = index_statement(index, "SELECT count(*) FROM fresh_keys", err);
    if (select == NULL || !index_step(index, select, &has_row, err))
        return false;
    index->fresh_count = (uint64_t)sqlite3_column_int64(select, 0);
    (void)sqlite3_reset(select); // it has been read
    return true;
}

bool index_let_go(struct index *index, struct error *err)
{
    return sqlite3_get_autocommit(index->db) != 0 || run(index, "COMMIT", err);
}

bool index_is_whole(const struct index *index, struct error *err)
{
    // After some errors (a full disk, one that does not answer) SQLite takes all back, whichever statement it was, a look-up too.
    return !index->has_begun || sqlite3_get_autocommit(index->db) == 0 ||
           error_set(err, ERROR_INPUT, 0,
                     "index.sqlite lost what it had not committed, after an error of the disk; the ledger "
                     "itself is safe, run the command again");
}

bool index_begin(struct index *index, struct error *err)
{
    if (!index_is_whole(index, err))
        return false;
    if (!index->has_begun)
        index->has_begun = run(index, "BEGIN IMMEDIATE", err);
    return index->has_begun;
}

bool index_commit(struct index *index, const struct index_state *state, const struct tree *tree,
                  struct error *err)
{
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        size_t width = tree_edge_width(tree->size, level);
        uint64_t number = tree_edge_number(tree->size, level);
        bool has_changed = tree->size >> (8 * level) != index->stored_size >> (8 * level);
        if (width > 0 && has_changed &&
            !index_hashes_put(index, level, number, tree->edge[level].hashes, width, err))
            return false;
    }
    sqlite3_stmt *update = index_statement(index,
                                           "UPDATE state SET size = ?1, offset = ?2, notes_offset = ?3,"
                                           " newest_time = ?4, notes_last = ?5, notes_previous = ?6,"
                                           " inode = ?7, len = ?8, mtime = ?9",
                                           err);
    if (update == NULL || sqlite3_bind_int64(update, 1, (int64_t)state->size) != SQLITE_OK ||
        sqlite3_bind_int64(update, 2, (int64_t)state->offset) != SQLITE_OK ||
        sqlite3_bind_int64(update, 3, (int64_t)state->notes_offset) != SQLITE_OK ||
        sqlite3_bind_int64(update, 4, state->newest_time) != SQLITE_OK ||
        sqlite3_bind_int64(update, 7, state->stamp.inode) != SQLITE_OK ||
        sqlite3_bind_int64(update, 8, state->stamp.len) != SQLITE_OK ||
        sqlite3_bind_int64(update, 9, state->stamp.mtime) != SQLITE_OK)
        return index_fail(index, err);
    if (state->has_note && (sqlite3_bind_int64(update, 5, (int64_t)state->notes_last) != SQLITE_OK ||
                            sqlite3_bind_int64(update, 6, (int64_t)state->notes_previous) != SQLITE_OK))
        return index_fail(index, err);
    if (!finish(index, update, err) || !merge_if_many(index, err) || !run(index, "COMMIT", err))
        return false;
    index->has_begun = false;
    index->stored_size = tree->size;
    return true;
}

bool index_load(struct index *index, struct index_state *ret_state, struct tree *ret_tree, struct error *err)
{
    bool has_row;
    sqlite3_stmt *select = index_statement(index,
                                           "SELECT size, offset, notes_offset, newest_time, notes_last, "
                                           "notes_previous, inode, len, mtime FROM state",
                                           err);
    if (select == NULL || !index_step(index, select, &has_row, err))
        return false;
    int64_t numbers[9] = {-1};
    for (int i = 0; has_row && i < 9; i++)
        numbers[i] = sqlite3_column_int64(select, i);
    bool has_note = has_row && sqlite3_column_type(select, 4) != SQLITE_NULL;
    (void)sqlite3_reset(select); // it has been read
    if (numbers[0] < 0 || numbers[1] < 0 || numbers[2] < 0 || numbers[4] < 0 || numbers[5] < 0)
        return error_set(err, ERROR_LEDGER, 0, "index.sqlite does not say how far it has read");
    const struct index_state state = {.size = (uint64_t)numbers[0],
                                      .offset = (uint64_t)numbers[1],
                                      .notes_offset = (uint64_t)numbers[2],
                                      .newest_time = numbers[3],
                                      .notes_last = (uint64_t)numbers[4],
                                      .notes_previous = (uint64_t)numbers[5],
                                      .has_note = has_note,
                                      .stamp = {.inode = numbers[6], .len = numbers[7], .mtime = numbers[8]}};
    *ret_tree = (struct tree){.size = (uint64_t)numbers[0]};
    for (unsigned level = 0; level < TREE_LEVELS; level++) {
        size_t width = tree_edge_width(ret_tree->size, level);
        uint64_t number = tree_edge_number(ret_tree->size, level);
        if (width > 0 && !index_tile_get(index, level, number, width, &ret_tree->edge[level], err))
            return false;
    }
    if (!count_fresh(index, err))
        return false;
    index->stored_size = ret_tree->size;
    *ret_state = state;
    return true;
}
