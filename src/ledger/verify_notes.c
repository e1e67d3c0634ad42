/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/verify.h"

#include "base/file.h"

#include <inttypes.h>

/** Whether a note of ledger.checkpoints is a checkpoint by this ledger's key; says why not. */
static bool read_note(struct verifier *verifier, struct bytes whole, struct checkpoint *ret_checkpoint)
{
    AUTO(note_done) struct note note = {.count = 0};
    struct error why = ERROR_INIT;
    bool is_signed = false;
    if (!note_read(whole, &note, &why) || !note_verify(&note, &verifier->key, &is_signed, NULL, &why) ||
        !checkpoint_read(note.text, ret_checkpoint, &why)) {
        verify_report(verifier, "ledger.checkpoint", "checkpoint %" PRIu64 " of ledger.checkpoints: %s",
                      verifier->report.checkpoints, why.text);
        return false;
    }
    bool is_ours = is_signed && bytes_equal_text(ret_checkpoint->origin, verifier->key.name);
    if (!is_ours)
        verify_report(verifier, "ledger.checkpoint",
                      "checkpoint %" PRIu64 " of ledger.checkpoints is not by this ledger's key",
                      verifier->report.checkpoints);
    return is_ours;
}

bool verify_next_note(struct verifier *verifier, struct error *err)
{
    struct notes_item item;
    for (;;) {
        verifier->has_next_note = false;
        if (!notes_next(&verifier->notes, &item, err))
            return false;
        if (!item.has_note)
            return true; // what a crash tore is closed by the next writer
        verifier->report.checkpoints++;
        builder_clear(&verifier->note_before);
        builder_add_bytes(&verifier->note_before, builder_bytes(&verifier->last_note));
        builder_clear(&verifier->last_note);
        builder_add_bytes(&verifier->last_note, item.note);
        if (!read_note(verifier, item.note, &verifier->next_note))
            continue;
        if (verifier->next_note.size < verifier->last_note_size) {
            verify_report(verifier, "ledger.checkpoint",
                          "checkpoint %" PRIu64 " of ledger.checkpoints is of %" PRIu64
                          " records, after one of %" PRIu64,
                          verifier->report.checkpoints, verifier->next_note.size, verifier->last_note_size);
            continue;
        }
        verifier->last_note_size = verifier->next_note.size;
        verifier->has_next_note = true;
        return true;
    }
}

/** The checkpoint an auditor kept, once the tree is as large. */
static void compare_since(struct verifier *verifier)
{
    struct tree_hash root;
    if (!verifier->has_since || verifier->since.size != verifier->tree.size)
        return;
    verifier->has_since = false;
    tree_edge_root(&verifier->tree, &root);
    if (memcmp(root.bytes, verifier->since.root.bytes, TREE_HASH_LEN) != 0)
        verify_report(verifier, "ledger.rollback",
                      "the first %" PRIu64 " records are not those the kept checkpoint was signed over",
                      verifier->since.size);
}

/** What others remember of a ledger of this size. */
static void compare_known(struct verifier *verifier)
{
    struct tree_hash root;
    for (size_t i = 0; i < verifier->known_count; i++) {
        const struct ledger_known *known = &verifier->known[i];
        if (known->size != verifier->tree.size)
            continue;
        tree_edge_root(&verifier->tree, &root);
        if (memcmp(root.bytes, known->root, TREE_HASH_LEN) != 0)
            verify_report(verifier, "ledger.rollback",
                          "the first %" PRIu64 " records are not those %s remembers", known->size,
                          known->who);
    }
}

/** What they remember and is not there. */
static void miss_known(struct verifier *verifier)
{
    for (size_t i = 0; i < verifier->known_count; i++) {
        const struct ledger_known *known = &verifier->known[i];
        if (known->size > verifier->tree.size)
            verify_report(verifier, "ledger.rollback",
                          "%s remembers %" PRIu64 " records, but ledger.jsonl holds %" PRIu64, known->who,
                          known->size, verifier->tree.size);
        else if (known->size > verifier->last_note_size)
            verify_report(verifier, "ledger.rollback",
                          "%s remembers a checkpoint of %" PRIu64
                          " records, but the newest of " LOG_NOTES_NAME " is of %" PRIu64
                          ": checkpoints were cut off",
                          known->who, known->size, verifier->last_note_size);
    }
}

bool verify_notes_here(struct verifier *verifier, struct error *err)
{
    struct tree_hash root;
    compare_since(verifier);
    compare_known(verifier);
    if (!verifier->has_next_note || verifier->next_note.size != verifier->tree.size)
        return true;
    tree_edge_root(&verifier->tree, &root);
    while (verifier->has_next_note && verifier->next_note.size == verifier->tree.size) {
        bool holds = memcmp(root.bytes, verifier->next_note.root.bytes, TREE_HASH_LEN) == 0;
        if (holds) {
            verifier->report.has_checkpoint = true;
            verifier->report.checkpoint_size = verifier->tree.size;
            verifier->report.last_good_checkpoint = verifier->tree.size;
        } else {
            verify_report(verifier, "ledger.root",
                          "the first %" PRIu64 " records are not those checkpoint %" PRIu64
                          " was signed over",
                          verifier->tree.size, verifier->report.checkpoints);
        }
        if (!verify_next_note(verifier, err))
            return false;
    }
    return true;
}

bool verify_notes_end(struct verifier *verifier, struct error *err)
{
    AUTO(builder_done) struct builder newest = BUILDER_INIT;
    if (verifier->has_since)
        verify_report(verifier, "ledger.rollback",
                      "the kept checkpoint is of %" PRIu64 " records, but ledger.jsonl holds %" PRIu64,
                      verifier->since.size, verifier->tree.size);
    miss_known(verifier);
    while (verifier->has_next_note) {
        verify_report(verifier, "ledger.rollback",
                      "checkpoint %" PRIu64 " is of %" PRIu64 " records, but ledger.jsonl holds %" PRIu64,
                      verifier->report.checkpoints, verifier->next_note.size, verifier->tree.size);
        if (!verify_next_note(verifier, err))
            return false;
    }
    if (!file_exists(verifier->home_fd, LOG_NEWEST_NAME)) {
        if (verifier->report.checkpoints > 0)
            verify_report(verifier, "ledger.checkpoint", LOG_NEWEST_NAME " is missing");
        return true;
    }
    if (!file_read(verifier->home_fd, LOG_NEWEST_NAME, NOTE_MAX_LEN, &newest, err))
        return false;
    bool is_last = bytes_equal(builder_bytes(&newest), builder_bytes(&verifier->last_note));
    // What a crash leaves between writing the two files; verify_index() looks whether it can have been one.
    verifier->is_newest_behind = newest.len > 0 && !is_last &&
                                 bytes_equal(builder_bytes(&newest), builder_bytes(&verifier->note_before));
    if (!is_last && !verifier->is_newest_behind)
        verify_report(verifier, "ledger.checkpoint",
                      LOG_NEWEST_NAME " is not the newest checkpoint of " LOG_NOTES_NAME);
    return true;
}
