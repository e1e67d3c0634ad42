/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.jsonl and ledger.checkpoints as files of any bytes: every byte is in exactly one line, lines are in order. */
#include "fuzz.h"
#include "ledger/notes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void read_lines(int fd, size_t len)
{
    AUTO(lines_done) struct lines lines;
    struct line line = {.kind = LINE_RECORD};
    struct error err = ERROR_INIT;
    uint64_t place = 0;
    lines_init(&lines, fd, 0, len);
    while (line.kind != LINE_END && line.kind != LINE_TORN) {
        if (!lines_next(&lines, &line, &err) || line.offset != place)
            abort();
        place = line.end;
    }
    if (place != len)
        abort();
}

static void read_notes(int fd, size_t len)
{
    AUTO(notes_done) struct notes notes;
    struct notes_item item = {.has_note = true};
    struct error err = ERROR_INIT;
    notes_init(&notes, fd, 0, len);
    while (item.has_note) {
        if (!notes_next(&notes, &item, &err))
            return;
        if (item.start > notes.lines.offset)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(close) int fd = memfd_create("lines", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        return 0;
    read_lines(fd, len);
    read_notes(fd, len);
    return 0;
}
