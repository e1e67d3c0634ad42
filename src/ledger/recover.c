/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS_PER_TRANSACTION 16384

static bool length_of(int fd, const char *name, uint64_t *ret_len, struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't stat %s", name);
    *ret_len = (uint64_t)status.st_size;
    return true;
}

/** A ledger whose very first record was torn holds nothing yet, no record and no checkpoint: the one case where something is taken
 *  away, for nothing may stand before record 0. */
static bool is_first_torn(const struct ledger *ledger, uint64_t len, bool *ret_is, struct error *err)
{
    uint64_t notes_len;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    *ret_is = false;
    if (len > LEDGER_RECORD_MAX_LEN)
        return true;
    if (!length_of(ledger->notes_fd, LOG_NOTES_NAME, &notes_len, err))
        return false;
    if (notes_len > 0)
        return true;
    if (pread(ledger->log_fd, builder_reserve(&text, (size_t)len), (size_t)len, 0) != (ssize_t)len)
        return error_errno(err, ERROR_INPUT, errno, "can't read " LOG_NAME);
    *ret_is = memchr(text.data, '\n', text.len) == NULL;
    return true;
}

/** A file that does not end in LF was torn: CAN and LF make its last line void (nothing is ever cut away). */
static bool close_tail(struct ledger *ledger, int fd, const char *name, struct error *err)
{
    static const uint8_t closing[] = {LINES_CANCEL, '\n'};
    uint64_t len;
    uint8_t last;
    bool is_first = false;
    if (!length_of(fd, name, &len, err))
        return false;
    if (len == 0)
        return true;
    if (pread(fd, &last, 1, (off_t)(len - 1)) != 1)
        return error_errno(err, ERROR_INPUT, errno, "can't read %s", name);
    if (last == '\n')
        return true;
    if (fd == ledger->log_fd && !is_first_torn(ledger, len, &is_first, err))
        return false;
    if (is_first) {
        if (ftruncate(fd, 0) != 0)
            return error_errno(err, ERROR_INPUT, errno, "can't empty %s, whose first record is torn", name);
        log_say(ledger, "took back the first record of %s, which an earlier run could not finish", name);
        return true;
    }
    if (write(fd, closing, sizeof(closing)) != (ssize_t)sizeof(closing))
        return error_errno(err, ERROR_INPUT, errno, "can't close the torn end of %s", name);
    log_say(ledger, "closed a record of %s that an earlier run could not finish, at byte %" PRIu64, name,
            len);
    return true;
}

bool log_close_tails(struct ledger *ledger, struct error *err)
{
    if (!close_tail(ledger, ledger->log_fd, LOG_NAME, err) ||
        !close_tail(ledger, ledger->notes_fd, LOG_NOTES_NAME, err))
        return false;
    // What a run that was killed wrote may not be on the disk yet, and is about to be acted upon.
    if (fdatasync(ledger->log_fd) != 0 || fdatasync(ledger->notes_fd) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make the ledger durable");
    return true;
}

/**
 * A disk that loses power while it writes a group may keep later parts of it and lose earlier ones. Nobody can tell that from
 * damage done later, so it is not repaired here (docs/ledger-format.md, section 2); where no checkpoint speaks against it, the
 * person learns how.
 */
static bool damaged(const struct ledger *ledger, uint64_t offset, const char *why, struct error *err)
{
    uint64_t seq = ledger->state.size;
    if (checkpoint_covers(ledger, seq))
        return error_set(err, ERROR_LEDGER, 0,
                         LOG_NAME " is damaged at record %" PRIu64 " (byte %" PRIu64 "): %s; "
                                  "`coldca ledger verify` has details, restore the file from a copy",
                         seq, offset, why);
    return error_set(err, ERROR_LEDGER, 0,
                     LOG_NAME " is damaged at record %" PRIu64 " (byte %" PRIu64
                              "): %s; no checkpoint covers it. If the power failed while coldca ran, nothing "
                              "from there on was delivered: keep a copy of the home, then (after `chattr "
                              "-a`, if that was set) `truncate -s %" PRIu64 " " LOG_NAME
                              "` and run the command again. Else restore the file from a copy",
                     seq, offset, why, offset);
}

/** One line of the tail becomes a leaf and a row. */
static bool take_line(struct ledger *ledger, const struct line *line, struct error *err)
{
    struct record_facts facts;
    struct record_fault fault;
    struct tree_hash leaf;
    uint64_t seq = ledger->state.size;
    if (line->kind == LINE_TOO_LONG)
        return damaged(ledger, line->offset, "the line is longer than a record can be", err);
    if (!record_read(line->text, &facts, &fault))
        return damaged(ledger, line->offset, fault.text, err);
    if (facts.seq != seq)
        return damaged(ledger, line->offset, "its seq does not follow", err);
    if (facts.time < ledger->state.newest_time)
        return damaged(ledger, line->offset, "its time is before that of the record before", err);
    tree_framed_hash(line->leaf, &leaf);
    if (!tree_append(&ledger->tree, &leaf, index_tile_put, ledger->index, err) ||
        !index_add(ledger->index, &facts, line->offset, line->text.len, err))
        return false;
    ledger->state.size++;
    ledger->state.newest_time = facts.time;
    return true;
}

/** Reads records, then checkpoints, from where the index stopped. */
static bool read_on(struct ledger *ledger, uint64_t notes_limit, struct error *err)
{
    AUTO(lines_done) struct lines lines = {.fd = -1};
    struct line line;
    uint64_t len;
    if (!length_of(ledger->log_fd, LOG_NAME, &len, err))
        return false;
    if (len == ledger->state.offset && notes_limit == ledger->state.notes_offset)
        return true;
    lines_init(&lines, ledger->log_fd, ledger->state.offset, len);
    if (!index_begin(ledger->index, err))
        return false;
    for (;;) {
        if (!lines_next(&lines, &line, err))
            return false;
        if (line.kind == LINE_END || line.kind == LINE_TORN)
            break; // a reader meets a torn line while a writer is writing it
        if (line.kind == LINE_VOID && ledger->state.size == 0)
            return damaged(ledger, line.offset, "a void line stands before the first record", err);
        if (line.kind != LINE_VOID && !take_line(ledger, &line, err))
            return false;
        ledger->state.offset = line.end;
        if (ledger->state.size % RECORDS_PER_TRANSACTION == 0 && line.kind == LINE_RECORD &&
            (!index_commit(ledger->index, &ledger->state, &ledger->tree, err) ||
             !index_begin(ledger->index, err)))
            return false;
    }
    return checkpoints_read_on(ledger, notes_limit, err) && checkpoint_mend_newest(ledger, err) &&
           index_commit(ledger->index, &ledger->state, &ledger->tree, err);
}

static bool discard_tile(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                         struct error *err)
{
    (void)data, (void)level, (void)number, (void)tile, (void)err; // only the edge is wanted
    return true;
}

/**
 * The index has read more than the ledger holds. If what is left of the ledger is a beginning of what the index knows, the
 * ledger was cut; else the index is of another ledger, or an invention, and counts for nothing.
 */
static bool look_for_cut(struct ledger *ledger, struct error *err)
{
    AUTO(lines_done) struct lines lines = {.fd = -1};
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    const struct tree_reader reader = log_tree_reader(ledger);
    struct error ignored = ERROR_INIT;
    struct tree_hash leaf, root, index_root;
    struct line line = {.kind = LINE_RECORD};
    lines_init(&lines, ledger->log_fd, 0, UINT64_MAX);
    while (line.kind != LINE_END && line.kind != LINE_TORN) {
        if (!lines_next(&lines, &line, err))
            return false;
        if (line.kind != LINE_RECORD)
            continue;
        tree_framed_hash(line.leaf, &leaf);
        if (!tree_append(tree, &leaf, discard_tile, NULL, err))
            return false;
    }
    tree_edge_root(tree, &root);
    bool is_cut = tree->size < ledger->state.size && tree_root(&reader, tree->size, &index_root, &ignored) &&
                  memcmp(root.bytes, index_root.bytes, TREE_HASH_LEN) == 0;
    return !is_cut ||
           error_set(
               err, ERROR_LEDGER, 0,
               LOG_NAME
               " holds %" PRIu64 " records, but index.sqlite has read %" PRIu64
               " of the same history: the ledger was cut or an old copy restored; put the newer " LOG_NAME
               " back",
               tree->size, ledger->state.size);
}

/** Whether the newest record the index knows, and it knows one, is where it says. */
static bool newest_fits(struct ledger *ledger, bool *ret_fits, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct tree_tile tile;
    struct tree_hash leaf;
    uint64_t offset;
    size_t len;
    uint64_t newest = ledger->state.size - 1;
    size_t place = (size_t)(newest % TREE_TILE_WIDTH);
    bool is_known;
    *ret_fits = false;
    if (!index_place(ledger->index, newest, &offset, &len, &is_known, err) ||
        !index_tile_get(ledger->index, 0, newest / TREE_TILE_WIDTH, place + 1, &tile, err))
        return false;
    if (!is_known || len > LEDGER_RECORD_MAX_LEN || offset + len + 1 > ledger->state.offset)
        return true;
    ssize_t got = pread(ledger->log_fd, builder_reserve(&text, len), len, (off_t)offset);
    tree_leaf_hash(builder_bytes(&text), &leaf);
    *ret_fits = got == (ssize_t)len && memcmp(leaf.bytes, tile.hashes[place].bytes, TREE_HASH_LEN) == 0;
    return true;
}

/**
 * Holds the index against the files. \param ret_fits false, with why set: not the index of these files
 * \return false: the files are less than what was there before
 */
static bool check_index(struct ledger *ledger, uint64_t notes_len, bool *ret_fits, struct error *why,
                        struct error *err)
{
    uint64_t log_len;
    if (!length_of(ledger->log_fd, LOG_NAME, &log_len, err))
        return false;
    *ret_fits = false;
    if (log_len < ledger->state.offset) {
        (void)error_set(why, ERROR_LEDGER, 0, "index.sqlite is of another ledger");
        return look_for_cut(ledger, err);
    }
    *ret_fits = ledger->state.size == 0;
    if (!*ret_fits && !newest_fits(ledger, ret_fits, why))
        return true;
    if (!*ret_fits) {
        (void)error_set(why, ERROR_LEDGER, 0, "index.sqlite does not fit " LOG_NAME);
        return look_for_cut(ledger, err);
    }
    if (notes_len < ledger->state.notes_offset)
        return error_set(err, ERROR_LEDGER, 0,
                         LOG_NOTES_NAME " holds %" PRIu64 " bytes, but index.sqlite has read %" PRIu64
                                        ": checkpoints were cut off; put the newer " LOG_NOTES_NAME " back",
                         notes_len, ledger->state.notes_offset);
    return true;
}

/** A reader can't write the home's index: if that is behind, it goes on in a private copy. */
static bool use_scratch_if_behind(struct ledger *ledger, uint64_t notes_len, struct error *err)
{
    AUTO(index_close) struct index *scratch = NULL;
    uint64_t log_len;
    if (ledger->mode == LEDGER_WRITE)
        return true;
    if (!length_of(ledger->log_fd, LOG_NAME, &log_len, err))
        return false;
    if (log_len == ledger->state.offset && notes_len == ledger->state.notes_offset)
        return true;
    if (!index_open(ledger->home_fd, INDEX_SCRATCH, ledger->vkey, &scratch, err) ||
        !index_copy(scratch, ledger->index, err))
        return false;
    index_close(ledger->index);
    ledger->index = TAKE(scratch);
    return true;
}

/** A reader meets an index that is behind whenever a writer is at work: nothing worth telling. */
static void say_what_was_read(struct ledger *ledger, uint64_t known)
{
    uint64_t size = ledger->state.size;
    if (size == known || ledger->mode == LEDGER_READ)
        return;
    if (known == 0)
        log_say(ledger, "index.sqlite was not there: made it from the ledger's %" PRIu64 " records", size);
    else
        log_say(ledger,
                "index.sqlite knew %" PRIu64 " of the ledger's %" PRIu64
                " records, after a crash or from another day: read the others",
                known, size);
}

/** Puts what is in the scratch index into index.sqlite's place; the lock is held. */
static bool store_index(struct ledger *ledger, struct index **ret_stored, struct error *err)
{
    return index_remove(ledger->home_fd, err) &&
           index_open(ledger->home_fd, INDEX_WRITE, ledger->vkey, ret_stored, err) &&
           index_copy(*ret_stored, ledger->index, err);
}

static bool replace_index(struct ledger *ledger, struct error *err)
{
    AUTO(index_close) struct index *stored = NULL;
    if (!store_index(ledger, &stored, err) || !index_load(stored, &ledger->state, &ledger->tree, err))
        return false;
    index_close(ledger->index);
    ledger->index = TAKE(stored);
    return true;
}

/** Reads all of the ledger into a new index; a writer puts it into index.sqlite's place. */
static bool make_index(struct ledger *ledger, struct error *err)
{
    uint64_t notes_len;
    if (ledger->index != NULL)
        index_close(TAKE(ledger->index));
    ledger->state = (struct index_state){.size = 0};
    memset(&ledger->tree, 0, sizeof(ledger->tree));
    memset(&ledger->cache, 0, sizeof(ledger->cache));
    builder_clear(&ledger->newest_note);
    ledger->checkpoint_size = 0;
    // In private first: the old index stays as evidence until the ledger has proved whole.
    if (!index_open(ledger->home_fd, INDEX_SCRATCH, ledger->vkey, &ledger->index, err) ||
        !length_of(ledger->notes_fd, LOG_NOTES_NAME, &notes_len, err) || !read_on(ledger, notes_len, err) ||
        !index_complete(ledger->index, err))
        return false;
    return ledger->mode != LEDGER_WRITE || replace_index(ledger, err);
}

bool log_catch_up(struct ledger *ledger, struct error *err)
{
    struct error why = ERROR_INIT;
    enum index_mode mode = ledger->mode == LEDGER_WRITE ? INDEX_WRITE : INDEX_READ;
    bool fits = index_open(ledger->home_fd, mode, ledger->vkey, &ledger->index, &why) &&
                index_load(ledger->index, &ledger->state, &ledger->tree, &why);
    // Checkpoints first: a writer makes them after the records they cover.
    uint64_t notes_len;
    if (!length_of(ledger->notes_fd, LOG_NOTES_NAME, &notes_len, err))
        return false;
    if (fits && !check_index(ledger, notes_len, &fits, &why, err))
        return false;
    uint64_t known = ledger->state.size;
    if (fits && ledger->mode == LEDGER_WRITE && ledger->state.offset == 0) {
        if (!make_index(ledger, err))
            return false;
        say_what_was_read(ledger, known);
        return true;
    }
    fits = fits && log_recheck(ledger, &why) && use_scratch_if_behind(ledger, notes_len, &why) &&
           checkpoint_load_last(ledger, &why) && read_on(ledger, notes_len, &why);
    bool is_full = why.native == SQLITE_FULL && ledger->mode == LEDGER_WRITE;
    if (!fits && (is_full || ledger->broken.kind != ERROR_NONE)) {
        *err =
            why; // a new index would not fit either; what the ledger's files did not take they may not hold
        return false;
    }
    if (!fits)
        return log_rebuild(ledger, why.text, err);
    say_what_was_read(ledger, known);
    return true;
}

/** What a reader found wrong it repairs for those after it, if it may write the home and nobody else does; else the next writer does. */
static bool reader_mends(struct ledger *ledger)
{
    AUTO(index_close) struct index *stored = NULL;
    AUTO(close) int lock_fd = -1;
    struct stat home;
    struct error ignored = ERROR_INIT; // its own answers come from the scratch index
    // A file of root's in another's home would keep its owner from writing.
    if (fstat(ledger->home_fd, &home) != 0 || home.st_uid != geteuid())
        return false;
    return lock_take(ledger->home_fd, 0, &lock_fd, &ignored) && store_index(ledger, &stored, &ignored);
}

bool log_rebuild(struct ledger *ledger, const char *why, struct error *err)
{
    if (!make_index(ledger, err)) {
        ledger->broken = *err; // how far it came says nothing of the ledger
        return false;
    }
    bool is_mended = ledger->mode == LEDGER_WRITE || reader_mends(ledger);
    log_say(ledger, "%s: read the ledger's %" PRIu64 " records again%s", why, ledger->state.size,
            is_mended ? "" : " (the next command that writes repairs it)");
    return true;
}
