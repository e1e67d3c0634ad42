/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "ledger/log.h"
#include "ledger/proof.h"

bool ledger_witness_vkey_make(const char *name, struct bytes spki, struct builder *ret_vkey,
                              struct error *err)
{
    return note_key_write(name, NOTE_COSIGNATURE, spki, ret_vkey, err);
}

static bool read_newest(struct ledger *ledger, struct note *ret_note, struct error *err)
{
    if (ledger->newest_note.len == 0)
        return error_set(err, ERROR_LEDGER, 0, "the ledger has no checkpoint yet that could be cosigned");
    return note_read(builder_bytes(&ledger->newest_note), ret_note, err);
}

bool ledger_cosign_text(struct ledger *ledger, int64_t time, struct builder *ret_text, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    if (!log_is_whole(ledger, err) || !read_newest(ledger, &note, err))
        return false;
    note_cosignature_text(note.text, time, ret_text);
    return true;
}

static bool read_witness(const char *vkey, struct note_key *ret_key, struct error *err)
{
    if (!note_key_read(vkey, ret_key, err))
        return false;
    return ret_key->type == NOTE_COSIGNATURE ||
           error_set(err, ERROR_INPUT, 0, "%s is not the key of a witness (type 0x04)",
                     quoted_text(ret_key->name, &(struct quoted){0}));
}

/** Every signature line but those of this key. */
static void copy_others(const struct note *note, const struct note_key *key, struct builder *ret_text)
{
    builder_add_bytes(ret_text, note->text);
    builder_add_u8(ret_text, '\n');
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (!bytes_equal_text(signature->name, key->name) || memcmp(signature->id, key->id, 4) != 0)
            builder_add_bytes(ret_text, signature->line);
    }
}

bool ledger_cosign_add(struct ledger *ledger, const char *witness_vkey, int64_t time, struct bytes signature,
                       struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!log_is_whole(ledger, err) || !read_witness(witness_vkey, &key, err) ||
        !read_newest(ledger, &note, err))
        return false;
    note_cosignature_text(note.text, time, &message);
    if (time < 0 || !note_signature_holds(&key, builder_bytes(&message), signature))
        return error_set(err, ERROR_TOKEN, 0, "the witness's signature does not verify with the key of %s",
                         quoted_text(key.name, &(struct quoted){0}));
    if (note.count == NOTE_SIGNATURES_MAX)
        return error_set(err, ERROR_INPUT, 0, "the checkpoint has %d signatures, more are not kept",
                         NOTE_SIGNATURES_MAX);
    builder_add_u64(&value, (uint64_t)time);
    builder_add_bytes(&value, signature);
    copy_others(&note, &key, &text);
    note_signature_write(&key, builder_bytes(&value), &text);
    return checkpoint_store(ledger, builder_bytes(&text), ledger->checkpoint_size, err);
}

struct witness_keys {
    struct note_key *keys;
    size_t count;
};

static void witness_keys_done(struct witness_keys *witnesses)
{
    for (size_t i = 0; i < witnesses->count; i++)
        note_key_done(&witnesses->keys[i]);
    free(witnesses->keys);
}
DEFINE_AUTO_VALUE(struct witness_keys, witness_keys_done);

/** One key counts once, whatever names it goes by: a cosignature does not commit to the name. */
static bool read_witnesses(const struct ledger_witnesses *named, struct witness_keys *ret_keys,
                           struct error *err)
{
    ret_keys->keys = memory_new(named->count + 1, sizeof(*ret_keys->keys));
    for (size_t i = 0; i < named->count; i++) {
        struct note_key *key = &ret_keys->keys[i];
        if (!read_witness(named->vkeys[i], key, err)) {
            note_key_done(key);
            return false;
        }
        ret_keys->count++;
        for (size_t j = 0; j < i; j++) {
            if (EVP_PKEY_eq(key->pkey, ret_keys->keys[j].pkey) == 1)
                return error_set(err, ERROR_USAGE, 0, "the witness %s is named twice",
                                 quoted_text(key->name, &(struct quoted){0}));
        }
    }
    return true;
}

bool ledger_witnesses_check(const struct ledger_witnesses *witnesses, struct error *err)
{
    AUTO(witness_keys_done) struct witness_keys keys = {.keys = NULL};
    return read_witnesses(witnesses, &keys, err);
}

/** Counts the witnesses that cosigned; the others are named in ret_missing. */
static bool count_witnesses(const struct note *note, const struct ledger_witnesses *named, size_t *ret_count,
                            struct builder *ret_missing, struct error *err)
{
    AUTO(witness_keys_done) struct witness_keys witnesses = {.keys = NULL};
    if (!read_witnesses(named, &witnesses, err))
        return false;
    *ret_count = 0;
    for (size_t i = 0; i < witnesses.count; i++) {
        bool is_signed;
        if (!note_verify(note, &witnesses.keys[i], &is_signed, NULL, err)) {
            err->kind = ERROR_LEDGER;
            return false;
        }
        *ret_count += is_signed ? 1 : 0;
        if (!is_signed)
            builder_format(ret_missing, "%s%s", ret_missing->len > 0 ? ", " : "",
                           quoted_text(witnesses.keys[i].name, &(struct quoted){0}));
    }
    return true;
}

bool ledger_note_verify(struct bytes whole, const char *vkey, const struct ledger_witnesses *witnesses,
                        struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(builder_done) struct builder missing = BUILDER_INIT;
    struct checkpoint checkpoint;
    bool is_signed;
    size_t count = 0;
    if (!note_read(whole, &note, err) || !checkpoint_read(note.text, &checkpoint, err) ||
        !note_key_read(vkey, &key, err))
        return false;
    if (key.type == NOTE_COSIGNATURE)
        return error_set(err, ERROR_INPUT, 0, "%s is the key of a witness, the ledger's own is needed",
                         quoted_text(key.name, &(struct quoted){0}));
    if (!note_verify(&note, &key, &is_signed, NULL, err)) {
        err->kind = ERROR_LEDGER;
        return false;
    }
    if (!is_signed || !bytes_equal_text(checkpoint.origin, key.name))
        return error_set(err, ERROR_LEDGER, 0, "the checkpoint is not signed by %s",
                         quoted_text(key.name, &(struct quoted){0}));
    if (witnesses == NULL)
        return true;
    if (!count_witnesses(&note, witnesses, &count, &missing, err))
        return false;
    return count >= witnesses->quorum ||
           error_set(err, ERROR_LEDGER, 0, "%zu of the %zu witnesses needed have cosigned; missing: %s",
                     count, witnesses->quorum, builder_text(&missing));
}
