/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* Records that index.sqlite gets in one transaction: a page that many of them change is written once. A reader beside a run, and
 * the run after one that was killed, read at most so many lines again. */
#define SETTLED_TOGETHER 8192

bool ledger_create(int home_fd, struct error *err)
{
    static const char *const names[] = {LOG_NAME, LOG_NOTES_NAME, LOG_NEWEST_NAME};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (file_exists(home_fd, names[i]))
            return error_set(err, ERROR_LEDGER, EEXIST,
                             "%s already exists: a ledger is never overwritten, choose another home",
                             names[i]);
    }
    const struct bytes nothing = {.data = NULL, .len = 0};
    return file_create(home_fd, LOG_NAME, 0644, nothing, err) &&
           file_create(home_fd, LOG_NOTES_NAME, 0644, nothing, err);
}

void log_say(struct ledger *ledger, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(line, sizeof(line), format, arguments); // a longer notice is cut
    va_end(arguments);
    ledger->notices = memory_grow(ledger->notices, ledger->notice_count + 1, sizeof(*ledger->notices));
    ledger->notices[ledger->notice_count++] = memory_text(line);
}

const char *ledger_notice(struct ledger *ledger)
{
    return ledger->notice_next < ledger->notice_count ? ledger->notices[ledger->notice_next++] : NULL;
}

bool log_is_whole(const struct ledger *ledger, struct error *err)
{
    if (ledger->broken.kind != ERROR_NONE)
        *err = ledger->broken;
    return ledger->broken.kind == ERROR_NONE && (ledger->index == NULL || index_is_whole(ledger->index, err));
}

static bool read_tile(void *data, unsigned level, uint64_t number, size_t needed, struct tree_tile *ret_tile,
                      struct error *err)
{
    const struct ledger *ledger = data;
    if (number != tree_edge_number(ledger->tree.size, level))
        return index_tile_get(ledger->index, level, number, needed, ret_tile, err);
    if (needed > tree_edge_width(ledger->tree.size, level))
        return error_set(err, ERROR_LEDGER, 0, "the tree has no tile %u/%" PRIu64 " of %zu", level, number,
                         needed);
    *ret_tile = ledger->tree.edge[level];
    return true;
}

struct tree_reader log_tree_reader(struct ledger *ledger)
{
    return (struct tree_reader){.source = read_tile, .data = ledger, .cache = &ledger->cache};
}

/** The files hold it already, so what a crash takes from the index is read again. */
static bool settle(struct ledger *ledger, struct error *err)
{
    bool is_new = false;
    if (!log_note_stamp(ledger, &is_new, err) || !index_begin(ledger->index, err) ||
        !index_commit(ledger->index, &ledger->state, &ledger->tree, err)) {
        (void)error_while(err, "updating the index; the ledger itself is safe, run the command again");
        ledger->broken = *err;
        return false;
    }
    ledger->is_unsettled = false;
    ledger->settled_size = ledger->state.size;
    return true;
}

void log_settle_some(struct ledger *ledger)
{
    struct error told_later = ERROR_INIT;
    ledger->is_unsettled = true;
    if (ledger->state.size - ledger->settled_size >= SETTLED_TOGETHER)
        (void)settle(ledger, &told_later); // reported to whoever uses the ledger next
}

bool log_open_file(int home_fd, const char *name, int flags, int *ret_fd, struct error *err)
{
    if (file_open_regular(home_fd, name, flags, ret_fd, err))
        return true;
    if (err->native == ENOENT || err->native == EINVAL)
        err->kind = ERROR_LEDGER; // taken away, or something else in its place
    return false;
}

static bool open_files(struct ledger *ledger, int home_fd, enum ledger_mode mode, int wait_ms,
                       struct error *err)
{
    int flags = (mode == LEDGER_WRITE ? O_RDWR | O_APPEND : O_RDONLY) | O_NOFOLLOW;
    ledger->home_fd = fcntl(home_fd, F_DUPFD_CLOEXEC, 3);
    if (ledger->home_fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't use the home directory");
    if (mode == LEDGER_WRITE && !lock_take(home_fd, wait_ms, &ledger->lock_fd, err))
        return false;
    if (!log_open_file(home_fd, LOG_NAME, flags, &ledger->log_fd, err) ||
        !log_open_file(home_fd, LOG_NOTES_NAME, flags, &ledger->notes_fd, err))
        return false;
    // Read before all else: a writer replaces it last, so the other files are never behind it.
    ledger->has_newest_file = file_exists(home_fd, LOG_NEWEST_NAME);
    return !ledger->has_newest_file ||
           file_read(home_fd, LOG_NEWEST_NAME, NOTE_MAX_LEN, &ledger->newest_file, err);
}

bool ledger_open(int home_fd, const char *vkey, enum ledger_mode mode, int wait_ms,
                 struct ledger **ret_ledger, struct error *err)
{
    AUTO(ledger_close) struct ledger *ledger = memory_new(1, sizeof(*ledger));
    ledger->mode = mode;
    ledger->home_fd = ledger->lock_fd = ledger->log_fd = ledger->notes_fd = -1;
    ledger->vkey = memory_text(vkey);
    ledger->operator_name = memory_text("unknown");
    if (!note_key_read(vkey, &ledger->key, err))
        return false;
    if (ledger->key.type == NOTE_COSIGNATURE)
        return error_set(err, ERROR_INPUT, 0, "the ledger's verifier key is a witness's");
    if (!open_files(ledger, home_fd, mode, wait_ms, err))
        return false;
    if (mode == LEDGER_WRITE && !log_close_tails(ledger, err))
        return false;
    if (!log_catch_up(ledger, err) || !checkpoint_compare_newest(ledger, err))
        return false;
    ledger->settled_size = ledger->state.size;
    if (mode == LEDGER_WRITE && !log_note_stamp(ledger, &ledger->is_unsettled, err))
        return false;
    atomic_store(&ledger->durable_size, ledger->state.size);
    *ret_ledger = TAKE(ledger);
    return true;
}

bool ledger_open_beside(struct ledger *writer, struct ledger **ret_reader, struct error *err)
{
    AUTO(ledger_close) struct ledger *reader = NULL;
    // All of it: a reader whose index is behind would copy that.
    if (!log_is_whole(writer, err) || (writer->is_unsettled && !settle(writer, err)) ||
        !ledger_open(writer->home_fd, writer->vkey, LEDGER_READ, 0, &reader, err) ||
        !index_let_go(reader->index, err))
        return false;
    *ret_reader = TAKE(reader);
    return true;
}

void log_forget_group(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->group_count; i++)
        free(ledger->group[i].text);
    ledger->group_count = 0;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd); // what had to be durable was fsynced before
}

void ledger_close(struct ledger *ledger)
{
    struct error ignored = ERROR_INIT; // what the index lacks, the next opening reads
    if (ledger->is_unsettled && ledger->index != NULL && log_is_whole(ledger, &ignored))
        (void)settle(ledger, &ignored);
    log_forget_group(ledger);
    free(ledger->group);
    builder_done(&ledger->record_text);
    builder_done(&ledger->group_text);
    builder_done(&ledger->newest_note);
    builder_done(&ledger->newest_file);
    for (size_t i = 0; i < ledger->notice_count; i++)
        free(ledger->notices[i]);
    free(ledger->notices);
    if (ledger->index != NULL)
        index_close(ledger->index);
    note_key_done(&ledger->key);
    free(ledger->vkey);
    free(ledger->operator_name);
    close_fd(ledger->log_fd);
    close_fd(ledger->notes_fd);
    close_fd(ledger->lock_fd); // gives the lock back
    close_fd(ledger->home_fd);
    free(ledger);
}

uint64_t ledger_size(const struct ledger *ledger)
{
    return ledger->state.size;
}

uint64_t ledger_durable_size(const struct ledger *ledger)
{
    return atomic_load(&ledger->durable_size);
}

uint64_t ledger_checkpoint_size(const struct ledger *ledger)
{
    return ledger->checkpoint_size;
}

int64_t ledger_newest_time(const struct ledger *ledger)
{
    return ledger->state.newest_time;
}

void ledger_root(const struct ledger *ledger, uint8_t ret_root[static 32])
{
    struct tree_hash root;
    tree_edge_root(&ledger->tree, &root);
    memcpy(ret_root, root.bytes, sizeof(root.bytes));
}
