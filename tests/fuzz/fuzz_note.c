/* SPDX-License-Identifier: Apache-2.0 */
/* A signed note, a checkpoint in it and a vkey: what is taken must be what would be written. */
#include "fuzz.h"
#include "ledger/note.h"

#include "base/memory.h"

#include <stdlib.h>

static void check_key(const uint8_t *data, size_t len)
{
    AUTO(free) char *vkey = memory_text_of(data, len);
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    struct error err = ERROR_INIT;
    if (note_key_read(vkey, &key, &err) && !note_name_is_good(bytes_of_text(key.name)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    struct checkpoint checkpoint;
    struct error err = ERROR_INIT;
    check_key(data, len);
    if (!note_read(bytes_of(data, len), &note, &err))
        return 0;
    if (note.count == 0 || note.count > NOTE_SIGNATURES_MAX)
        abort();
    if (!checkpoint_read(note.text, &checkpoint, &err))
        return 0;
    AUTO(free) char *origin = memory_text_of(checkpoint.origin.data, checkpoint.origin.len);
    checkpoint_write(origin, checkpoint.size, &checkpoint.root, &again);
    if (strlen(origin) == checkpoint.origin.len && !bytes_equal(builder_bytes(&again), note.text))
        abort();
    return 0;
}
