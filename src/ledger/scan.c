/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/memory.h"

#include <inttypes.h>

struct ledger_scan {
    struct ledger *ledger;
    struct lines lines;
    struct tree tree; /**< of what was read */
};

struct ledger_scan *ledger_scan_new(struct ledger *ledger)
{
    struct ledger_scan *scan = memory_new(1, sizeof(*scan));
    scan->ledger = ledger;
    lines_init(&scan->lines, ledger->log_fd, 0, 0);
    return scan;
}

void ledger_scan_free(struct ledger_scan *scan)
{
    lines_done(&scan->lines);
    free(scan);
}

static bool is_end(const struct line *line)
{
    return line->kind == LINE_END || line->kind == LINE_TORN;
}

static bool forget_tile(void *data, unsigned level, uint64_t index, const struct tree_tile *tile,
                        struct error *err)
{
    (void)data, (void)level, (void)index, (void)tile, (void)err; // only the root is wanted
    return true;
}

/** What was read must be what every checkpoint of this ledger is signed over, record by record. */
static bool check_root(const struct ledger_scan *scan, struct error *err)
{
    struct tree_hash read, known;
    tree_edge_root(&scan->tree, &read);
    tree_edge_root(&scan->ledger->tree, &known);
    bool is_same = scan->tree.size == scan->ledger->tree.size &&
                   memcmp(read.bytes, known.bytes, sizeof(read.bytes)) == 0;
    return is_same ||
           error_set(err, ERROR_LEDGER, 0,
                     LOG_NAME " is not what this CA's checkpoints are of: run `coldca ledger verify`, "
                              "which says where it was changed");
}

static bool too_long(uint64_t seq, struct error *err)
{
    return error_set(err, ERROR_LEDGER, 0, "record %" PRIu64 " is longer than a record may be", seq);
}

bool ledger_scan_on(struct ledger_scan *scan,
                    bool (*visit)(void *data, uint64_t seq, struct bytes text, struct error *err), void *data,
                    struct error *err)
{
    struct line line;
    if (!log_is_whole(scan->ledger, err))
        return false;
    scan->lines.limit = scan->ledger->state.offset;
    for (;;) {
        struct tree_hash leaf;
        if (!lines_next(&scan->lines, &line, err))
            return false;
        if (is_end(&line))
            return check_root(scan, err);
        if (line.kind == LINE_VOID)
            continue;
        if (line.kind == LINE_TOO_LONG)
            return too_long(scan->tree.size, err);
        tree_framed_hash(line.leaf, &leaf);
        uint64_t seq = scan->tree.size;
        if (!tree_append(&scan->tree, &leaf, forget_tile, NULL, err) || !visit(data, seq, line.text, err))
            return false;
    }
}

/** Where a record begins. Record 0 does at 0, whatever the index says. */
static bool find_place(struct ledger *ledger, uint64_t seq, uint64_t *ret_offset, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct record_facts facts;
    struct record_fault fault;
    size_t len = 0;
    bool is_known = false;
    *ret_offset = 0;
    if (seq == 0)
        return true;
    if (!index_place(ledger->index, seq, ret_offset, &len, &is_known, err))
        return false;
    bool is_read = is_known && log_read_line(ledger, seq, &text, err);
    if (is_known && !is_read && err->kind == ERROR_INPUT)
        return false; // the disk's fault: another index would not help
    return (is_read && record_read(builder_bytes(&text), &facts, &fault) && facts.seq == seq) ||
           error_set(err, ERROR_LEDGER, 0,
                     "index.sqlite does not know where record %" PRIu64
                     " is: run `coldca ledger index --rebuild`",
                     seq);
}

bool ledger_scan_from(struct ledger *ledger, uint64_t seq,
                      bool (*visit)(void *data, uint64_t seq, struct bytes text, struct error *err),
                      void *data, struct error *err)
{
    AUTO(lines_done) struct lines lines = {.fd = -1};
    struct line line;
    uint64_t offset = 0;
    if (!log_is_whole(ledger, err) || !find_place(ledger, seq, &offset, err))
        return false;
    lines_init(&lines, ledger->log_fd, offset, ledger->state.offset);
    for (;;) {
        if (!lines_next(&lines, &line, err))
            return false;
        if (is_end(&line))
            return true;
        if (line.kind == LINE_TOO_LONG)
            return too_long(seq, err);
        if (line.kind == LINE_RECORD && !visit(data, seq++, line.text, err))
            return false;
    }
}
