/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/journal.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "records/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define JOURNAL_MAX_LEN ((size_t)256 << 20)

void journal_close(struct journal *journal)
{
    for (size_t i = 0; i < journal->count; i++) {
        record_ceremony_done(&journal->events[i]);
        json_free(journal->records[i]);
    }
    free(journal->events);
    free(journal->records);
    free(journal->run);
    free(journal->ceremony);
    if (journal->fd >= 0)
        (void)close(journal->fd); // each event was fsynced
    free(journal);
}

/** Takes record. */
static bool hold(struct journal *journal, struct json *record, struct error *err)
{
    struct record_ceremony event;
    if (!record_ceremony_read(record, &event, err)) {
        json_free(record);
        return false;
    }
    size_t count = journal->count + 1;
    journal->events = memory_grow(journal->events, count, sizeof(*journal->events));
    journal->records = memory_grow(journal->records, count, sizeof(*journal->records));
    journal->events[journal->count] = event;
    journal->records[journal->count++] = record;
    return true;
}

static bool take_line(struct journal *journal, struct bytes line, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    if (!json_parse(line, &record, err) || !hold(journal, TAKE(record), err))
        return false;
    const struct record_ceremony *event = &journal->events[journal->count - 1];
    if (event->number + 1 != journal->count)
        return error_set(err, ERROR_INPUT, 0, "its number is %llu, not %zu",
                         (unsigned long long)event->number, journal->count - 1);
    return strcmp(event->run, journal->events[0].run) == 0 ||
           error_set(err, ERROR_INPUT, 0, "it is of another run");
}

/** Reads whole lines; what a power cut has left of the last one is cut off. */
static bool read_all(struct journal *journal, const char *shown, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    size_t at = 0;
    if (!file_read_fd(journal->fd, shown, JOURNAL_MAX_LEN, &text, err))
        return false;
    while (at < text.len) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        if (end == NULL)
            break;
        size_t len = (size_t)(end - text.data) - at;
        if (!take_line(journal, bytes_of(text.data + at, len), err)) {
            err->kind = ERROR_INPUT;
            return error_while(err,
                               "reading line %zu of %s; without it this ceremony can't be resumed: begin "
                               "one with another --evidence",
                               journal->count + 1, shown);
        }
        at += len + 1;
    }
    if (at == text.len)
        return true;
    return (ftruncate(journal->fd, (off_t)at) == 0 && fsync(journal->fd) == 0) ||
           error_errno(err, ERROR_INPUT, errno, "can't cut the torn last line off %s", shown);
}

static bool check_script(const struct journal *journal, const char *folder, struct error *err)
{
    const struct record_ceremony *begun = &journal->events[0];
    if (begun->event != CEREMONY_BEGUN)
        return error_set(err, ERROR_INPUT, 0,
                         "%s holds a journal that has no beginning; use another --evidence", folder);
    return memcmp(begun->script_sha256, journal->script_sha256, sizeof(journal->script_sha256)) == 0 ||
           error_set(
               err, ERROR_INPUT, 0,
               "%s holds the journal of a ceremony by another script, or another state of it: resume with "
               "the script that was begun with, or use another --evidence",
               folder);
}

static bool begin(struct journal *journal, struct error *err)
{
    char run[SESSION_BATCH_SIZE];
    if (journal->count > 0) {
        journal->run = memory_text(journal->events[0].run);
        return true;
    }
    if (!session_make_batch(run, err))
        return false;
    journal->run = memory_text(run);
    return true;
}

bool journal_open(const char *folder, const struct ceremony_script *script, struct journal **ret_journal,
                  struct error *err)
{
    struct quoted shown;
    AUTO(close) int folder_fd = -1;
    AUTO(journal_close) struct journal *journal = memory_new(1, sizeof(*journal));
    *journal = (struct journal){.fd = -1, .ceremony = memory_text(script->id)};
    memcpy(journal->script_sha256, script->sha256, sizeof(script->sha256));
    (void)quoted_text(folder, &shown);
    if (!file_make_folder(AT_FDCWD, folder, 0700, err) ||
        !file_open_folder(AT_FDCWD, folder, &folder_fd, err))
        return error_while(err, "making the directory for the evidence");
    journal->fd = openat(folder_fd, JOURNAL_FILE,
                         O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (journal->fd < 0 || !file_sync_folder(folder_fd, shown.text, err))
        return error_errno(err, ERROR_INPUT, errno, "can't open %s/" JOURNAL_FILE, shown.text);
    if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, ERROR_INPUT, 0, "another process runs the ceremony of %s", shown.text);
    if (!read_all(journal, JOURNAL_FILE, err) ||
        (journal->count > 0 && !check_script(journal, shown.text, err)) || !begin(journal, err))
        return false;
    *ret_journal = TAKE(journal);
    return true;
}

bool journal_add(struct journal *journal, const struct record_ceremony *event, struct error *err)
{
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    AUTO(json_free) struct json *record = NULL;
    struct record_ceremony whole = *event;
    whole.run = journal->run;
    whole.ceremony = journal->ceremony;
    memcpy(whole.script_sha256, journal->script_sha256, sizeof(whole.script_sha256));
    whole.number = journal->count;
    // The closing event's moment is drawn on the transcript before it is kept here: it must be the same one.
    whole.at = event->at != 0 ? event->at : time_now();
    record = record_ceremony_write(&whole);
    json_canonical(record, &line);
    builder_add_u8(&line, '\n');
    if (!file_write_fd(journal->fd, JOURNAL_FILE, builder_bytes(&line), err))
        return error_while(err, "keeping the journal; free some space, then run the same command again");
    if (fsync(journal->fd) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't make the journal durable");
    return hold(journal, TAKE(record), err);
}
