/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/notes.h"

#include "ledger/note.h"

void notes_init(struct notes *notes, int fd, uint64_t offset, uint64_t limit)
{
    *notes = (struct notes){.text = BUILDER_INIT};
    lines_init(&notes->lines, fd, offset, limit);
}

void notes_done(struct notes *notes)
{
    lines_done(&notes->lines);
    builder_done(&notes->text);
}

static bool is_signature(struct bytes line)
{
    return line.len > 3 && memcmp(line.data, "\xe2\x80\x94", 3) == 0; // U+2014
}

bool notes_next(struct notes *notes, struct notes_item *ret_item, struct error *err)
{
    bool is_signed = false; // the line before was a signature
    uint64_t start = notes->lines.offset;
    struct line line;
    builder_clear(&notes->text);
    for (;;) {
        if (!lines_next(&notes->lines, &line, err))
            return false;
        if (line.kind == LINE_VOID) {
            start = line.end;
            builder_clear(&notes->text);
            is_signed = false;
            continue;
        }
        if (line.kind != LINE_RECORD || (line.text.len == 0 && is_signed))
            break;
        is_signed = is_signature(line.text);
        builder_add_bytes(&notes->text, line.text);
        builder_add_u8(&notes->text, '\n');
        if (notes->text.len > NOTE_MAX_LEN)
            return error_set(err, ERROR_LEDGER, 0, "ledger.checkpoints has a note of more than %d bytes",
                             NOTE_MAX_LEN);
    }
    *ret_item = (struct notes_item){
        .has_note = line.kind == LINE_RECORD,
        .is_torn = line.kind != LINE_RECORD && (notes->text.len > 0 || line.kind != LINE_END),
        .note = builder_bytes(&notes->text),
        .start = start,
    };
    return true;
}
