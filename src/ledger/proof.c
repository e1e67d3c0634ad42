/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/proof.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ledger/log.h"

#include <inttypes.h>

#define PROOF_HEADER "c2sp.org/tlog-proof@v1"

void ledger_proof_done(struct ledger_proof *proof)
{
    if (proof->record != NULL)
        json_free(proof->record);
    *proof = (struct ledger_proof){.record = NULL};
}

static void write_hashes(const struct tree_hash *hashes, size_t count, struct builder *ret_text)
{
    for (size_t i = 0; i < count; i++) {
        encode_base64(BYTES(hashes[i].bytes), ret_text);
        builder_add_u8(ret_text, '\n');
    }
}

/** The newest note, or another of this ledger; its checkpoint. */
static bool choose_note(struct ledger *ledger, struct bytes wanted, struct note *ret_note,
                        struct checkpoint *ret_checkpoint, struct bytes *ret_whole, struct error *err)
{
    bool is_ours = false;
    *ret_whole = wanted.len > 0 ? wanted : builder_bytes(&ledger->newest_note);
    if (ret_whole->len == 0)
        return error_set(
            err, ERROR_LEDGER, 0,
            "the ledger has no checkpoint yet to prove anything with: `coldca ledger checkpoint` "
            "makes one");
    // The newest was verified when it was signed or read.
    if (wanted.len > 0 && !ledger_checkpoint_meet(ledger, wanted, &is_ours, err))
        return false;
    if (wanted.len > 0 && !is_ours)
        return error_set(err, ERROR_INPUT, 0, "the checkpoint is not one of this ledger's");
    return note_read(*ret_whole, ret_note, err) && checkpoint_read(ret_note->text, ret_checkpoint, err);
}

/** A proof made from a wrong index does not hold: then the index is made new, once. */
static bool find_path(struct ledger *ledger, uint64_t seq, const struct checkpoint *checkpoint,
                      struct builder *ret_line, struct tree_hash *ret_path, size_t *ret_count,
                      struct error *err)
{
    struct tree_hash leaf;
    for (int attempt = 0; attempt < 2; attempt++) {
        const struct tree_reader reader = log_tree_reader(ledger);
        builder_clear(ret_line);
        if (log_read_line(ledger, seq, ret_line, err) &&
            tree_inclusion(&reader, seq, checkpoint->size, ret_path, ret_count, err)) {
            tree_leaf_hash(builder_bytes(ret_line), &leaf);
            if (tree_inclusion_holds(&leaf, seq, checkpoint->size, ret_path, *ret_count, &checkpoint->root))
                return true;
        }
        if (attempt == 0 && !log_rebuild(ledger, "index.sqlite gave a proof that does not hold", err))
            return false;
        error_clear(err); // why the first could not be made: it is repaired, or said below
    }
    return error_set(err, ERROR_LEDGER, 0,
                     "record %" PRIu64
                     " is not what the checkpoint was signed over: `coldca ledger verify` has details",
                     seq);
}

bool ledger_prove(struct ledger *ledger, uint64_t seq, struct builder *ret_proof, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    struct tree_hash path[TREE_PROOF_MAX];
    struct checkpoint checkpoint;
    struct bytes whole;
    size_t count;
    if (!log_is_whole(ledger, err) ||
        !choose_note(ledger, bytes_of(NULL, 0), &note, &checkpoint, &whole, err))
        return false;
    if (seq >= checkpoint.size)
        return error_set(err, ERROR_LEDGER, 0,
                         "record %" PRIu64 " is not under a checkpoint yet: the newest is of %" PRIu64
                         " records",
                         seq, checkpoint.size);
    if (!find_path(ledger, seq, &checkpoint, &line, path, &count, err))
        return false;
    builder_add_text(ret_proof, PROOF_HEADER "\nextra ");
    encode_base64(builder_bytes(&line), ret_proof);
    builder_format(ret_proof, "\nindex %" PRIu64 "\n", seq);
    write_hashes(path, count, ret_proof);
    builder_add_u8(ret_proof, '\n');
    builder_add_bytes(ret_proof, whole);
    return true;
}

bool ledger_prove_consistency(struct ledger *ledger, uint64_t old_size, struct bytes new_note,
                              struct builder *ret_proof, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    const struct tree_reader reader = log_tree_reader(ledger);
    struct tree_hash hashes[TREE_CONSISTENCY_MAX];
    struct checkpoint checkpoint;
    struct bytes whole;
    size_t count = 0;
    if (!log_is_whole(ledger, err) || !choose_note(ledger, new_note, &note, &checkpoint, &whole, err))
        return false;
    if (old_size > checkpoint.size)
        return error_set(err, ERROR_INPUT, 0,
                         "the older size is %" PRIu64 ", the newer checkpoint only of %" PRIu64 " records",
                         old_size, checkpoint.size);
    if (old_size > 0 && !tree_consistency(&reader, old_size, checkpoint.size, hashes, &count, err))
        return false;
    builder_format(ret_proof, "old %" PRIu64 "\n", old_size);
    write_hashes(hashes, count, ret_proof);
    builder_add_u8(ret_proof, '\n');
    builder_add_bytes(ret_proof, whole);
    return true;
}
