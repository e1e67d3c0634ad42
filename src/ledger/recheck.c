/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/canonical.h"
#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* The index knows every leaf, so an edit of old records in place, of the same length, would be signed over. A file up to this size is
 * hashed anew at each opening for writing: far less than a second. A longer one is if it is not the file the index noted. */
#define RECHECK_ALWAYS_BYTES ((uint64_t)64 << 20)

bool ledger_is_short(const struct ledger *ledger)
{
    return ledger->state.offset <= RECHECK_ALWAYS_BYTES;
}

static bool stamp_of(const struct ledger *ledger, struct index_stamp *ret_stamp, struct error *err)
{
    struct stat status;
    if (fstat(ledger->log_fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "cannot stat " LOG_NAME);
    *ret_stamp = (struct index_stamp){.inode = (int64_t)status.st_ino,
                                      .len = (int64_t)status.st_size,
                                      .mtime = (int64_t)status.st_mtim.tv_sec * 1000000000 +
                                               (int64_t)status.st_mtim.tv_nsec};
    return true;
}

static bool is_same(const struct index_stamp *a, const struct index_stamp *b)
{
    return a->inode == b->inode && a->len == b->len && a->mtime == b->mtime;
}

bool log_note_stamp(struct ledger *ledger, bool *ret_is_new, struct error *err)
{
    struct index_stamp now;
    if (!stamp_of(ledger, &now, err))
        return false;
    *ret_is_new = !is_same(&now, &ledger->state.stamp);
    ledger->state.stamp = now;
    return true;
}

static bool discard_tile(void *data, unsigned level, uint64_t number, const struct tree_tile *tile,
                         struct error *err)
{
    (void)data, (void)level, (void)number, (void)tile, (void)err; // only the root is wanted
    return true;
}

/** What the file says, to be held against the index. */
struct reading {
    uint64_t size;
    struct tree_hash root;
    bool has_chain;
    uint64_t chain; /**< the newest chain.set: an index without it would let chain.pem be emptied */
};

static bool is_chain_set(struct bytes text)
{
    static const char spelled[] = "\"type\":\"chain.set\"";
    struct canonical_field field = {.key = "type"};
    return memmem(text.data, text.len, spelled, sizeof(spelled) - 1) != NULL &&
           canonical_read(text, &field, 1) && bytes_equal_text(field.value.spelling, "chain.set");
}

/** The records before the index's offset, from the file. */
static bool read_records(const struct ledger *ledger, struct reading *ret_reading, struct error *err)
{
    AUTO(lines_done) struct lines lines = {.fd = -1};
    AUTO(free) struct tree *tree = memory_new(1, sizeof(*tree));
    struct line line;
    struct tree_hash leaf;
    lines_init(&lines, ledger->log_fd, 0, ledger->state.offset);
    do {
        if (!lines_next(&lines, &line, err))
            return false;
        if (line.kind != LINE_RECORD)
            continue;
        if (is_chain_set(line.text)) {
            ret_reading->has_chain = true;
            ret_reading->chain = tree->size;
        }
        tree_framed_hash(line.leaf, &leaf);
        if (!tree_append(tree, &leaf, discard_tile, NULL, err))
            return false;
    } while (line.kind == LINE_RECORD || line.kind == LINE_VOID);
    ret_reading->size = tree->size;
    tree_edge_root(tree, &ret_reading->root);
    return true;
}

bool log_recheck(struct ledger *ledger, struct error *why)
{
    struct index_stamp now;
    struct tree_hash known;
    struct reading reading = {.size = 0};
    bool knows_chain = false;
    uint64_t chain = 0;
    if (ledger->mode != LEDGER_WRITE || ledger->state.size == 0)
        return true;
    if (!stamp_of(ledger, &now, why))
        return false;
    if ((uint64_t)now.len > RECHECK_ALWAYS_BYTES && is_same(&now, &ledger->state.stamp))
        return true;
    if (!read_records(ledger, &reading, why) || !ledger_newest_chain(ledger, &chain, &knows_chain, why))
        return false;
    tree_edge_root(&ledger->tree, &known);
    bool knows_all = knows_chain == reading.has_chain && (!knows_chain || chain == reading.chain);
    return (knows_all && reading.size == ledger->state.size &&
            memcmp(reading.root.bytes, known.bytes, TREE_HASH_LEN) == 0) ||
           error_set(why, ERROR_LEDGER, 0,
                     "records of " LOG_NAME " are not those index.sqlite has read (%" PRIu64 ")",
                     ledger->state.size);
}
