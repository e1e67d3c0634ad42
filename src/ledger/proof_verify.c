/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/proof.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ledger/note.h"
#include "ledger/record.h"

#include <inttypes.h>

/** A proof file taken apart; views into it. */
struct proof_parts {
    struct builder extra;
    uint64_t number; /**< after "index" or "old" */
    struct tree_hash hashes[TREE_CONSISTENCY_MAX];
    size_t count;
    struct bytes note;
};

static void proof_parts_done(struct proof_parts *parts)
{
    builder_done(&parts->extra);
}
DEFINE_AUTO_VALUE(struct proof_parts, proof_parts_done);

/** Takes the next line, without its LF, off the front. */
static bool take_line(struct bytes *text, struct bytes *ret_line)
{
    const uint8_t *end = text->len == 0 ? NULL : memchr(text->data, '\n', text->len);
    if (end == NULL)
        return false;
    *ret_line = bytes_of(text->data, (size_t)(end - text->data));
    *text = bytes_slice(*text, ret_line->len + 1, text->len);
    return true;
}

/** What follows a word and a space; false if the line starts otherwise. */
static bool after_word(struct bytes line, const char *word, struct bytes *ret_rest)
{
    size_t len = strlen(word);
    if (line.len <= len + 1 || memcmp(line.data, word, len) != 0 || line.data[len] != ' ')
        return false;
    *ret_rest = bytes_slice(line, len + 1, line.len);
    return true;
}

static bool take_hashes(struct bytes *text, struct proof_parts *parts)
{
    struct bytes line;
    while (take_line(text, &line)) {
        AUTO(builder_done) struct builder hash = BUILDER_INIT;
        if (line.len == 0)
            return true;
        if (parts->count == TREE_CONSISTENCY_MAX || !decode_base64(line, &hash) || hash.len != TREE_HASH_LEN)
            return false;
        memcpy(parts->hashes[parts->count++].bytes, hash.data, TREE_HASH_LEN);
    }
    return false;
}

static bool read_inclusion(struct bytes text, struct proof_parts *parts, struct error *err)
{
    struct bytes line, rest;
    if (text.len > LEDGER_PROOF_MAX_LEN || !take_line(&text, &line) ||
        !bytes_equal_text(line, "c2sp.org/tlog-proof@v1"))
        return error_set(err, ERROR_INPUT, 0, "not a proof: its first line is not c2sp.org/tlog-proof@v1");
    if (!take_line(&text, &line) || !after_word(line, "extra", &rest) ||
        !decode_base64(rest, &parts->extra) || parts->extra.len > LEDGER_RECORD_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0,
                         "not a proof by coldca: no extra line with the record in base64");
    if (!take_line(&text, &line) || !after_word(line, "index", &rest) || !decimal_read(rest, &parts->number))
        return error_set(err, ERROR_INPUT, 0, "not a proof: no index line");
    if (!take_hashes(&text, parts))
        return error_set(err, ERROR_INPUT, 0,
                         "not a proof: a line after the index is not base64 of 32 bytes");
    parts->note = text;
    return true;
}

/** A checkpoint's note, its signature by the ledger's key and a quorum of witnesses' checked. */
static bool read_checkpoint(struct bytes whole, const char *vkey, const struct ledger_witnesses *witnesses,
                            struct checkpoint *ret_checkpoint, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    struct checkpoint checkpoint;
    if (!note_read(whole, &note, err) || !checkpoint_read(note.text, &checkpoint, err) ||
        !ledger_note_verify(whole, vkey, witnesses, err))
        return false;
    *ret_checkpoint = checkpoint;
    return true;
}

/** The record must be the cert.issued of this certificate. */
static bool issued_it(const struct json *record, const uint8_t *certificate_sha256, struct error *err)
{
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    const char *type = json_text(record, "type");
    if (type == NULL || strcmp(type, "cert.issued") != 0)
        return error_set(err, ERROR_LEDGER, 0, "the proof is of a record that issued no certificate");
    if (!json_hex(record, "sha256", &digest) ||
        !bytes_equal(builder_bytes(&digest), bytes_of(certificate_sha256, 32)))
        return error_set(err, ERROR_LEDGER, 0, "the proof is of another certificate");
    return true;
}

bool ledger_proof_verify(struct bytes proof, const char *vkey, const uint8_t *certificate_sha256,
                         const struct ledger_witnesses *witnesses, struct ledger_proof *ret_proof,
                         struct error *err)
{
    AUTO(proof_parts_done) struct proof_parts parts = {.extra = BUILDER_INIT};
    AUTO(json_free) struct json *record = NULL;
    struct checkpoint checkpoint;
    struct record_facts facts;
    struct record_fault fault;
    struct tree_hash leaf;
    if (!read_inclusion(proof, &parts, err) ||
        !read_checkpoint(parts.note, vkey, witnesses, &checkpoint, err))
        return false;
    tree_leaf_hash(builder_bytes(&parts.extra), &leaf);
    if (!tree_inclusion_holds(&leaf, parts.number, checkpoint.size, parts.hashes, parts.count,
                              &checkpoint.root))
        return error_set(err, ERROR_LEDGER, 0,
                         "the proof does not hold: the record is not number %" PRIu64
                         " of the checkpoint's ledger",
                         parts.number);
    if (!record_read(builder_bytes(&parts.extra), &facts, &fault) ||
        !record_parse(builder_bytes(&parts.extra), &record, &fault))
        return error_set(err, ERROR_LEDGER, 0, "the proof is of something that is not a record: %s",
                         fault.text);
    if (facts.seq != parts.number)
        return error_set(err, ERROR_LEDGER, 0,
                         "the proof's record says that it is number %" PRIu64 ", not %" PRIu64, facts.seq,
                         parts.number);
    if (certificate_sha256 != NULL && !issued_it(record, certificate_sha256, err))
        return false;
    *ret_proof = (struct ledger_proof){
        .seq = parts.number, .checkpoint_size = checkpoint.size, .record = TAKE(record)};
    return true;
}

bool ledger_consistency_verify(struct bytes proof, struct bytes old_note, const char *vkey,
                               uint64_t *ret_old_size, uint64_t *ret_size, struct error *err)
{
    AUTO(proof_parts_done) struct proof_parts parts = {.extra = BUILDER_INIT};
    struct checkpoint old_checkpoint, checkpoint;
    struct bytes text = proof;
    struct bytes line, rest;
    if (proof.len > LEDGER_PROOF_MAX_LEN || !take_line(&text, &line) || !after_word(line, "old", &rest) ||
        !decimal_read(rest, &parts.number))
        return error_set(err, ERROR_INPUT, 0,
                         "not a consistency proof: its first line is not old and a size");
    if (!take_hashes(&text, &parts))
        return error_set(err, ERROR_INPUT, 0,
                         "not a consistency proof: a line after the first is not base64 of 32 bytes");
    if (!read_checkpoint(old_note, vkey, NULL, &old_checkpoint, err))
        return error_while(err, "reading the older checkpoint");
    if (!read_checkpoint(text, vkey, NULL, &checkpoint, err))
        return error_while(err, "reading the checkpoint of the proof");
    if (old_checkpoint.size != parts.number)
        return error_set(err, ERROR_INPUT, 0,
                         "the proof starts at %" PRIu64 " records, the older checkpoint is of %" PRIu64,
                         parts.number, old_checkpoint.size);
    if (!tree_consistency_holds(old_checkpoint.size, &old_checkpoint.root, checkpoint.size, &checkpoint.root,
                                parts.hashes, parts.count))
        return error_set(err, ERROR_LEDGER, 0,
                         "the proof does not hold: the checkpoint of %" PRIu64
                         " records does not continue that of %" PRIu64,
                         checkpoint.size, old_checkpoint.size);
    *ret_old_size = old_checkpoint.size;
    *ret_size = checkpoint.size;
    return true;
}

bool ledger_note_size(struct bytes note, const char *vkey, uint64_t *ret_size, struct error *err)
{
    struct checkpoint checkpoint;
    if (!read_checkpoint(note, vkey, NULL, &checkpoint, err))
        return false;
    *ret_size = checkpoint.size;
    return true;
}
