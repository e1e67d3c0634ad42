/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/lines.h"

#include "base/memory.h"
#include "ledger/ledger.h"

#include <errno.h>

#define BLOCK_LEN (4 * 65536)

void lines_init(struct lines *lines, int fd, uint64_t offset, uint64_t limit)
{
    uint8_t *room = memory_new(1, 1 + BLOCK_LEN);
    *lines = (struct lines){.fd = fd, .offset = offset, .limit = limit, .room = room, .data = room + 1};
}

void lines_done(struct lines *lines)
{
    free(lines->room);
    *lines = (struct lines){.fd = -1};
}

/** Reads more behind what is there, moving it to the front first. \param ret_got 0 at the end */
static bool fill(struct lines *lines, size_t *ret_got, struct error *err)
{
    memmove(lines->data, lines->data + lines->start, lines->len);
    lines->start = 0;
    uint64_t place = lines->offset + lines->len;
    size_t buffer = BLOCK_LEN - lines->len;
    if (buffer > lines->limit - place)
        buffer = (size_t)(lines->limit - place);
    ssize_t got = 0;
    do
        got = buffer == 0 ? 0 : pread(lines->fd, lines->data + lines->len, buffer, (off_t)place);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't read ledger.jsonl");
    lines->len += (size_t)got;
    *ret_got = (size_t)got;
    return true;
}

static void take(struct lines *lines, size_t len)
{
    lines->start += len;
    lines->len -= len;
    lines->offset += len;
}

static void take_line(struct lines *lines, size_t len, bool is_long, struct line *line)
{
    uint8_t *text = lines->data + lines->start;
    bool is_void =
        len > 0 && text[len - 1] == LINES_CANCEL && lines->offset + len - line->offset <= LINES_LONGEST;
    line->kind = is_void                                          ? LINE_VOID
                 : is_long || len > (size_t)LEDGER_RECORD_MAX_LEN ? LINE_TOO_LONG
                                                                  : LINE_RECORD;
    if (line->kind == LINE_RECORD || (is_void && !is_long))
        line->text = bytes_of(text, len);
    if (line->kind == LINE_RECORD) {
        text[-1] = 0; // the line before it, of which this was the LF, is not valid any more
        line->leaf = bytes_of(text - 1, len + 1);
    }
    take(lines, len + 1);
    line->end = lines->offset;
}

bool lines_next(struct lines *lines, struct line *ret_line, struct error *err)
{
    struct line line = {.offset = lines->offset};
    bool is_long = false;
    for (size_t searched = 0;;) {
        const uint8_t *from = lines->data + lines->start + searched;
        const uint8_t *end = lines->len == searched ? NULL : memchr(from, '\n', lines->len - searched);
        if (end != NULL) {
            take_line(lines, (size_t)(end - lines->data) - lines->start, is_long, &line);
            *ret_line = line;
            return true;
        }
        if (lines->len == BLOCK_LEN) {
            // No record is as long: pass over it, but for its last byte, which says whether it is void.
            is_long = true;
            take(lines, BLOCK_LEN - 1);
        }
        if (lines->offset - line.offset > LINES_LONGEST) {
            take(lines, lines->len);
            lines->limit = lines->offset;
            line.kind = LINE_TOO_LONG;
            line.end = lines->offset;
            *ret_line = line;
            return true;
        }
        searched = lines->len;
        size_t got;
        if (!fill(lines, &got, err))
            return false;
        if (got == 0)
            break;
    }
    line.kind = lines->offset + lines->len > line.offset ? LINE_TORN : LINE_END;
    line.end = lines->offset + lines->len;
    *ret_line = line;
    return true;
}
