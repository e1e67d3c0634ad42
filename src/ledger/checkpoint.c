/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/log.h"
#include "ledger/notes.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define IN_NOTES "the checkpoint in " LOG_NOTES_NAME
#define IN_NEWEST "the checkpoint in " LOG_NEWEST_NAME
#define FROM_OUTSIDE "a checkpoint that left this home"

/**
 * A checkpoint of this ledger (origin and key are ours) against its records.
 * \param what   which checkpoint it is, in words
 * \param newer  what to put back if the ledger is shorter
 */
static bool check_against_tree(struct ledger *ledger, const struct checkpoint *checkpoint, const char *what,
                               const char *newer, struct error *err)
{
    const struct tree_reader reader = log_tree_reader(ledger);
    struct tree_hash root;
    if (checkpoint->size > ledger->state.size)
        return error_set(err, ERROR_LEDGER, 0,
                         LOG_NAME " holds %" PRIu64 " records, but %s is of %" PRIu64
                                  ": the ledger was cut or an old copy restored; put the newer %s back",
                         ledger->state.size, what, checkpoint->size, newer);
    if (!tree_root(&reader, checkpoint->size, &root, err))
        return false;
    if (memcmp(root.bytes, checkpoint->root.bytes, TREE_HASH_LEN) == 0)
        return true;
    return error_set(err, ERROR_LEDGER, 0,
                     "the first %" PRIu64 " records of " LOG_NAME " are not those %s was signed over: "
                     "one of the two was changed; `coldca ledger verify` shows where",
                     checkpoint->size, what);
}

/** Takes a note apart that must be this ledger's. \param file  where it stands */
static bool read_note(const struct ledger *ledger, struct bytes whole, const char *file,
                      struct checkpoint *ret_checkpoint, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    struct error why = ERROR_INIT;
    bool is_signed = false;
    if (note_read(whole, &note, &why) && note_verify(&note, &ledger->key, &is_signed, NULL, &why) &&
        checkpoint_read(note.text, ret_checkpoint, &why) &&
        (!is_signed || !bytes_equal_text(ret_checkpoint->origin, ledger->key.name)))
        (void)error_set(&why, ERROR_LEDGER, 0, "it is not signed by this ledger's key");
    return why.kind == ERROR_NONE ||
           error_set(err, ERROR_LEDGER, 0, "a checkpoint in %s does not hold: %s; put the right %s back",
                     file, why.text, file);
}

bool checkpoint_covers(const struct ledger *ledger, uint64_t seq)
{
    struct checkpoint newest;
    struct error ignored = ERROR_INIT; // it is only about what to advise
    return !ledger->has_newest_file ||
           !read_note(ledger, builder_bytes(&ledger->newest_file), LOG_NEWEST_NAME, &newest, &ignored) ||
           newest.size > seq;
}

static void keep_newest(struct ledger *ledger, struct bytes whole, uint64_t size)
{
    builder_clear(&ledger->newest_note);
    builder_add_bytes(&ledger->newest_note, whole);
    ledger->checkpoint_size = size;
}

/** A whole note of ledger.checkpoints. */
static bool take_note(struct ledger *ledger, struct bytes whole, uint64_t start, struct error *err)
{
    struct checkpoint checkpoint;
    if (!read_note(ledger, whole, LOG_NOTES_NAME, &checkpoint, err) ||
        !check_against_tree(ledger, &checkpoint, IN_NOTES, LOG_NAME, err))
        return false;
    if (checkpoint.size < ledger->checkpoint_size)
        return error_set(err, ERROR_LEDGER, 0,
                         LOG_NOTES_NAME " has a checkpoint of %" PRIu64 " records after one of %" PRIu64
                                        ": it was put together from parts; restore it from a copy",
                         checkpoint.size, ledger->checkpoint_size);
    keep_newest(ledger, whole, checkpoint.size);
    ledger->state.notes_previous = ledger->state.has_note ? ledger->state.notes_last : start;
    ledger->state.notes_last = start;
    ledger->state.has_note = true;
    ledger->has_new_note = true;
    return true;
}

/** Appends durably. What a second sync would say of bytes that a first one lost is worth nothing: after a failure nothing more is written. */
static bool append_notes(struct ledger *ledger, struct bytes text, struct error *err)
{
    bool is_written = file_write_fd(ledger->notes_fd, LOG_NOTES_NAME, text, err);
    if (is_written && fdatasync(ledger->notes_fd) == 0)
        return true;
    if (is_written)
        (void)error_errno(err, ERROR_INPUT, errno, "can't make " LOG_NOTES_NAME " durable");
    ledger->broken = *err;
    return false;
}

/** A cut that left whole lines but no whole note: a void line takes them back. */
static bool close_torn_note(struct ledger *ledger, uint64_t end, struct error *err)
{
    static const uint8_t closing[] = {LINES_CANCEL, '\n'};
    if (!append_notes(ledger, BYTES(closing), err))
        return false;
    ledger->state.notes_offset = end + sizeof(closing);
    log_say(ledger, "closed a checkpoint of " LOG_NOTES_NAME " that an earlier run could not finish");
    return true;
}

bool checkpoints_read_on(struct ledger *ledger, uint64_t limit, struct error *err)
{
    AUTO(notes_done) struct notes notes = {.text = BUILDER_INIT};
    struct notes_item item;
    notes_init(&notes, ledger->notes_fd, ledger->state.notes_offset, limit);
    for (;;) {
        if (!notes_next(&notes, &item, err))
            return false;
        if (!item.has_note)
            break;
        if (!take_note(ledger, item.note, item.start, err))
            return false;
        ledger->state.notes_offset = notes.lines.offset;
    }
    if (!item.is_torn)
        ledger->state.notes_offset = notes.lines.offset; // past void lines
    return !item.is_torn || ledger->mode == LEDGER_READ || close_torn_note(ledger, limit, err);
}

bool checkpoint_load_last(struct ledger *ledger, struct error *err)
{
    AUTO(notes_done) struct notes notes = {.text = BUILDER_INIT};
    struct checkpoint checkpoint;
    struct notes_item item;
    if (!ledger->state.has_note)
        return true;
    notes_init(&notes, ledger->notes_fd, ledger->state.notes_last, ledger->state.notes_offset);
    if (!notes_next(&notes, &item, err))
        return false;
    if (!item.has_note)
        return error_set(err, ERROR_LEDGER, 0, "index.sqlite does not fit " LOG_NOTES_NAME);
    if (!read_note(ledger, item.note, LOG_NOTES_NAME, &checkpoint, err) ||
        !check_against_tree(ledger, &checkpoint, IN_NOTES, LOG_NAME, err))
        return false;
    keep_newest(ledger, item.note, checkpoint.size);
    return true;
}

/** Whether ledger.checkpoint is the note before the newest: what a crash between the two writes leaves. */
static bool is_previous(struct ledger *ledger, bool *ret_is, struct error *err)
{
    AUTO(notes_done) struct notes notes = {.text = BUILDER_INIT};
    struct notes_item item;
    notes_init(&notes, ledger->notes_fd, ledger->state.notes_previous, ledger->state.notes_offset);
    if (!notes_next(&notes, &item, err))
        return false;
    *ret_is = item.has_note && bytes_equal(item.note, builder_bytes(&ledger->newest_file));
    return true;
}

static bool write_newest(struct ledger *ledger, struct error *err)
{
    if (!file_replace(ledger->home_fd, LOG_NEWEST_NAME, 0644, builder_bytes(&ledger->newest_note), err))
        return false;
    builder_clear(&ledger->newest_file);
    builder_add_bytes(&ledger->newest_file, builder_bytes(&ledger->newest_note));
    ledger->has_newest_file = true;
    return true;
}

bool checkpoint_mend_newest(struct ledger *ledger, struct error *err)
{
    bool is_behind = false;
    if (ledger->mode == LEDGER_READ || !ledger->has_new_note || !ledger->has_newest_file ||
        bytes_equal(builder_bytes(&ledger->newest_file), builder_bytes(&ledger->newest_note)))
        return true;
    if (!is_previous(ledger, &is_behind, err))
        return false;
    if (!is_behind)
        return true; // checkpoint_compare_newest() says why that can't be
    if (!write_newest(ledger, err))
        return false;
    log_say(ledger, LOG_NEWEST_NAME " was one checkpoint behind: an earlier run was stopped; repaired it");
    return true;
}

/** Says which of the two files has which size, as far as that can be read. */
static bool swapped(struct ledger *ledger, struct error *err)
{
    struct checkpoint found;
    if (!read_note(ledger, builder_bytes(&ledger->newest_file), LOG_NEWEST_NAME, &found, err) ||
        !check_against_tree(ledger, &found, IN_NEWEST, LOG_NAME, err))
        return false;
    return error_set(err, ERROR_LEDGER, 0,
                     LOG_NEWEST_NAME " is of %" PRIu64 " records and not the newest of " LOG_NOTES_NAME
                                     ", which is of %" PRIu64
                                     ": one of the two was swapped; put the right one back",
                     found.size, ledger->checkpoint_size);
}

/** A writer may have replaced ledger.checkpoint since this reader read it, and its index be the one that is open now. */
static bool is_replaced(struct ledger *ledger, bool *ret_is, struct error *err)
{
    AUTO(builder_done) struct builder now = BUILDER_INIT;
    *ret_is = false;
    if (ledger->mode == LEDGER_WRITE)
        return true;
    if (!file_read(ledger->home_fd, LOG_NEWEST_NAME, NOTE_MAX_LEN, &now, err))
        return false;
    *ret_is = !bytes_equal(builder_bytes(&now), builder_bytes(&ledger->newest_file));
    return true;
}

bool checkpoint_compare_newest(struct ledger *ledger, struct error *err)
{
    bool fits = false;
    if (!ledger->state.has_note && !ledger->has_newest_file)
        return true;
    if (!ledger->has_newest_file) {
        log_say(ledger, LOG_NEWEST_NAME " was missing: %s",
                ledger->mode == LEDGER_READ ? "the next command that writes makes it from " LOG_NOTES_NAME
                                            : "made it from " LOG_NOTES_NAME);
        return ledger->mode == LEDGER_READ || write_newest(ledger, err);
    }
    if (!ledger->state.has_note)
        return swapped(ledger, err);
    if (bytes_equal(builder_bytes(&ledger->newest_file), builder_bytes(&ledger->newest_note)))
        return true;
    // An index that knows the newest note was written after ledger.checkpoint was: then no crash left that behind.
    if ((ledger->has_new_note && !is_previous(ledger, &fits, err)) ||
        (!fits && !is_replaced(ledger, &fits, err)))
        return false;
    return fits || swapped(ledger, err);
}

bool ledger_checkpoint_text(struct ledger *ledger, struct builder *ret_text, struct error *err)
{
    struct tree_hash root;
    if (!log_is_whole(ledger, err))
        return false;
    tree_edge_root(&ledger->tree, &root);
    checkpoint_write(ledger->key.name, ledger->state.size, &root, ret_text);
    return true;
}

bool checkpoint_store(struct ledger *ledger, struct bytes note, uint64_t size, struct error *err)
{
    uint64_t start = ledger->state.notes_offset;
    AUTO(builder_done) struct builder entry = BUILDER_INIT;
    builder_add_bytes(&entry, note);
    builder_add_u8(&entry, '\n'); // an empty line ends it there
    if (!append_notes(ledger, builder_bytes(&entry), err))
        return false;
    keep_newest(ledger, note, size);
    ledger->state.notes_previous = ledger->state.has_note ? ledger->state.notes_last : start;
    ledger->state.notes_last = start;
    ledger->state.notes_offset = start + note.len + 1;
    ledger->state.has_note = true;
    if (!write_newest(ledger, err)) {
        ledger->broken = *err;
        return false;
    }
    log_settle_some(ledger);
    return true;
}

bool ledger_checkpoint_add(struct ledger *ledger, struct bytes text, struct bytes signature,
                           struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder expected = BUILDER_INIT;
    if (!ledger_checkpoint_text(ledger, &expected, err))
        return false;
    if (!bytes_equal(builder_bytes(&expected), text))
        return error_set(err, ERROR_LEDGER, 0,
                         "the text signed is not the checkpoint of the ledger's records");
    if (!note_signature_holds(&ledger->key, text, signature))
        return error_set(err, ERROR_TOKEN, 0,
                         "the token's signature on the checkpoint does not verify with the ledger's key; do "
                         "not use this token");
    builder_add_bytes(&note, text);
    builder_add_u8(&note, '\n');
    note_signature_write(&ledger->key, signature, &note);
    return checkpoint_store(ledger, builder_bytes(&note), ledger->state.size, err);
}

bool ledger_checkpoint_newest(struct ledger *ledger, struct builder *ret_note, struct error *err)
{
    if (ledger->newest_note.len == 0)
        return error_set(err, ERROR_LEDGER, 0,
                         "the ledger has no checkpoint yet: a run that signs ends with one");
    builder_add_bytes(ret_note, builder_bytes(&ledger->newest_note));
    return true;
}

bool ledger_checkpoint_meet(struct ledger *ledger, struct bytes note, bool *ret_is_ours, struct error *err)
{
    struct checkpoint checkpoint;
    struct error ignored = ERROR_INIT;
    AUTO(note_done) struct note parsed = {.count = 0};
    // What is not a note, or of another log, says nothing about this one.
    if (!note_read(note, &parsed, &ignored) || !checkpoint_read(parsed.text, &checkpoint, &ignored) ||
        !bytes_equal_text(checkpoint.origin, ledger->key.name)) {
        *ret_is_ours = false;
        return true;
    }
    bool is_ours = false;
    struct error why = ERROR_INIT; // a forged signature is no evidence either
    if (!note_verify(&parsed, &ledger->key, &is_ours, NULL, &why) && why.native == ENOMEM) {
        *err = why;
        return false;
    }
    if (is_ours && !check_against_tree(ledger, &checkpoint, FROM_OUTSIDE, "copy of the home", err))
        return false;
    // One leaves only after it was stored here.
    if (is_ours && checkpoint.size > ledger->checkpoint_size)
        return error_set(err, ERROR_LEDGER, 0,
                         "the newest checkpoint of " LOG_NOTES_NAME " is of %" PRIu64
                         " records, but " FROM_OUTSIDE " is of %" PRIu64
                         ": checkpoints were cut off; put the newer " LOG_NOTES_NAME " back",
                         ledger->checkpoint_size, checkpoint.size);
    *ret_is_ours = is_ours;
    return true;
}
