/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/export.h"

#include "base/file.h"
#include "ledger/log.h"
#include "ledger/proof.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES (-1)

struct exporter {
    struct ledger *ledger;
    int folder_fd;
    struct ledger_export result;
};

void ledger_tile_path(int level, uint64_t number, size_t width, struct builder *ret_path)
{
    if (level == ENTRIES)
        builder_add_text(ret_path, "tile/entries");
    else
        builder_format(ret_path, "tile/%d", level);
    uint64_t divisor = 1;
    while (number / divisor >= 1000)
        divisor *= 1000;
    for (; divisor > 0; divisor /= 1000)
        builder_format(ret_path, "/%s%03" PRIu64, divisor > 1 ? "x" : "", number / divisor % 1000);
    if (width < TREE_TILE_WIDTH)
        builder_format(ret_path, ".p/%zu", width);
}

/** Makes the directories of a path in an export, which has no parts but what ledger_tile_path() writes. */
static bool make_folders(int folder_fd, char *path, struct error *err)
{
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdirat(folder_fd, path, 0755);
        int reason = errno;
        if (made != 0 && reason != EEXIST)
            return error_errno(err, ERROR_INPUT, reason, "can't make the directory %s", path);
        *slash = '/';
    }
    return true;
}

/** Writes a file under another name, then renames it. What makes it durable is the one syncfs() at the end. */
static bool write_file(struct exporter *exporter, int level, uint64_t number, size_t width, struct bytes data,
                       struct error *err)
{
    static const char temporary[] = "tile/.new";
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    ledger_tile_path(level, number, width, &text);
    AUTO(free) char *path = builder_take_text(&text);
    if (!make_folders(exporter->folder_fd, path, err))
        return false;
    AUTO(close)
    int fd =
        openat(exporter->folder_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", path);
    if (!file_write_fd(fd, path, data, err))
        return false;
    if (renameat(exporter->folder_fd, temporary, exporter->folder_fd, path) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't write %s", path);
    exporter->result.files++;
    return true;
}

static bool write_tile(struct exporter *exporter, unsigned level, uint64_t number, size_t width,
                       struct error *err)
{
    const struct tree_reader reader = log_tree_reader(exporter->ledger);
    struct tree_tile tile;
    return reader.source(reader.data, level, number, width, &tile, err) &&
           write_file(exporter, (int)level, number, width, bytes_of(&tile, width * TREE_HASH_LEN), err);
}

/** A bundle: records, each behind its length. A record that is not its leaf of the tree does not leave. */
static bool write_entries(struct exporter *exporter, uint64_t number, size_t width, struct error *err)
{
    AUTO(builder_done) struct builder bundle = BUILDER_INIT;
    const struct tree_reader reader = log_tree_reader(exporter->ledger);
    struct tree_tile tile;
    if (!reader.source(reader.data, 0, number, width, &tile, err))
        return false;
    for (size_t i = 0; i < width; i++) {
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        uint64_t seq = number * TREE_TILE_WIDTH + i;
        struct tree_hash leaf;
        if (!log_read_line(exporter->ledger, seq, &line, err))
            return false;
        tree_leaf_hash(builder_bytes(&line), &leaf);
        if (memcmp(leaf.bytes, tile.hashes[i].bytes, TREE_HASH_LEN) != 0)
            return error_set(err, ERROR_LEDGER, 0,
                             "record %" PRIu64
                             " is not what the tree was made of: `coldca ledger verify` has details",
                             seq);
        builder_add_u16(&bundle, (uint16_t)line.len);
        builder_add_bytes(&bundle, builder_bytes(&line));
    }
    return write_file(exporter, ENTRIES, number, width, builder_bytes(&bundle), err);
}

/** A partial tile may go once the full one is there (tlog-tiles, "Partial Tiles"). */
static void remove_partial(const struct exporter *exporter, int level, uint64_t number, size_t width)
{
    AUTO(builder_done) struct builder path = BUILDER_INIT;
    ledger_tile_path(level, number, width, &path);
    const char *text = builder_text(&path);
    (void)unlinkat(exporter->folder_fd, text, 0); // may stay: it is right, only not needed any more
    char *slash = strrchr((char *)path.data, '/');
    *slash = '\0';
    (void)unlinkat(exporter->folder_fd, text, AT_REMOVEDIR); // stays if other partial tiles are in it
}

static bool write_one(struct exporter *exporter, int level, uint64_t number, size_t width, struct error *err)
{
    return level == ENTRIES ? write_entries(exporter, number, width, err)
                            : write_tile(exporter, (unsigned)level, number, width, err);
}

/** All of a level that the directory does not have yet. */
static bool write_level(struct exporter *exporter, int level, struct error *err)
{
    unsigned shift = level == ENTRIES ? 0 : 8 * (unsigned)level;
    uint64_t old_width = exporter->result.old_size >> shift;
    uint64_t width = exporter->result.size >> shift;
    for (uint64_t number = old_width / TREE_TILE_WIDTH; number < width / TREE_TILE_WIDTH; number++) {
        if (!write_one(exporter, level, number, TREE_TILE_WIDTH, err))
            return false;
    }
    size_t rest = (size_t)(width % TREE_TILE_WIDTH);
    // The checkpoint comes last, so what it covers is there.
    if (rest > 0 && width != old_width && !write_one(exporter, level, width / TREE_TILE_WIDTH, rest, err))
        return false;
    size_t old_rest = (size_t)(old_width % TREE_TILE_WIDTH);
    if (old_rest > 0 && old_width / TREE_TILE_WIDTH < width / TREE_TILE_WIDTH)
        remove_partial(exporter, level, old_width / TREE_TILE_WIDTH, old_rest);
    return true;
}

/** What the directory holds already; it must be of this history. */
static bool read_old(struct exporter *exporter, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    bool is_ours;
    if (!file_exists(exporter->folder_fd, "checkpoint"))
        return true;
    if (!file_read(exporter->folder_fd, "checkpoint", NOTE_MAX_LEN, &note, err) ||
        !ledger_checkpoint_meet(exporter->ledger, builder_bytes(&note), &is_ours, err))
        return error_while(err, "continuing the export");
    if (!is_ours)
        return error_set(err, ERROR_LEDGER, 0,
                         "the directory holds the export of another ledger: choose a directory of its own");
    return ledger_note_size(builder_bytes(&note), exporter->ledger->vkey, &exporter->result.old_size, err);
}

bool ledger_export(struct ledger *ledger, int folder_fd, struct ledger_export *ret_export, struct error *err)
{
    struct exporter exporter = {.ledger = ledger, .folder_fd = folder_fd};
    struct bytes newest = builder_bytes(&ledger->newest_note);
    if (!log_is_whole(ledger, err))
        return false;
    if (newest.len == 0)
        return error_set(
            err, ERROR_LEDGER, 0,
            "the ledger has no checkpoint yet to export under: `coldca ledger checkpoint` makes one");
    if (!read_old(&exporter, err))
        return false;
    exporter.result.size = ledger->checkpoint_size;
    if (exporter.result.old_size > exporter.result.size)
        return error_set(err, ERROR_LEDGER, 0, "the export is of more records than the newest checkpoint");
    if (!write_level(&exporter, ENTRIES, err))
        return false;
    for (int level = 0; level < TREE_LEVELS && exporter.result.size >> (8 * level) > 0; level++) {
        if (!write_level(&exporter, level, err))
            return false;
    }
    if (syncfs(folder_fd) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make the export durable");
    if (!file_replace(folder_fd, "checkpoint", 0644, newest, err))
        return false;
    exporter.result.files++;
    *ret_export = exporter.result;
    return true;
}
