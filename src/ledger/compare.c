/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"
#include "ledger/proof.h"

#include "base/memory.h"

#include <string.h>

bool ledger_checkpoint_facts(const struct ledger *ledger, uint64_t *ret_size, uint8_t ret_root[static 32],
                             struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    struct checkpoint checkpoint;
    if (!note_read(builder_bytes(&ledger->newest_note), &note, err) ||
        !checkpoint_read(note.text, &checkpoint, err)) {
        err->kind = ERROR_LEDGER; // it was checked at opening: there is none
        return false;
    }
    *ret_size = checkpoint.size;
    memcpy(ret_root, checkpoint.root.bytes, TREE_HASH_LEN);
    return true;
}

bool ledger_compare(struct ledger *ledger, uint64_t size, const uint8_t root[static 32],
                    enum ledger_difference *ret_difference, struct error *err)
{
    const struct tree_reader reader = log_tree_reader(ledger);
    struct tree_hash found;
    if (size > ledger->state.size) {
        *ret_difference = LEDGER_IS_SHORTER;
        return true;
    }
    if (!tree_root(&reader, size, &found, err))
        return false;
    if (memcmp(found.bytes, root, TREE_HASH_LEN) != 0)
        *ret_difference = LEDGER_IS_ANOTHER;
    else // what was remembered was on the disk before
        *ret_difference = size > ledger->checkpoint_size ? LEDGER_LOST_CHECKPOINTS : LEDGER_AGREES;
    return true;
}

bool ledger_note_says(struct bytes whole, char **ret_origin, uint64_t *ret_size, uint8_t ret_root[static 32],
                      struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    struct checkpoint checkpoint;
    if (!note_read(whole, &note, err) || !checkpoint_read(note.text, &checkpoint, err))
        return false;
    *ret_origin = memory_text_of(checkpoint.origin.data, checkpoint.origin.len);
    *ret_size = checkpoint.size;
    memcpy(ret_root, checkpoint.root.bytes, TREE_HASH_LEN);
    return true;
}
