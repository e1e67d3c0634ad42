/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP signed notes and the keys that sign them (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature).
 *
 * Reads and verifies; does not sign. Everything is strict: one spelling a note, or it is refused.
 */
#ifndef COLDCA_LEDGER_NOTE_H
#define COLDCA_LEDGER_NOTE_H

#include "base/builder.h"
#include "base/openssl_release.h"
#include "ledger/tree.h"

#define NOTE_MAX_LEN 65536
#define NOTE_SIGNATURES_MAX 64

enum note_key_type {
    NOTE_ED25519 = 0x01,
    NOTE_ECDSA = 0x02,
    NOTE_COSIGNATURE = 0x04, /**< timestamped Ed25519 of a witness */
};

struct note_key {
    char *name;
    uint8_t id[4];
    enum note_key_type type;
    EVP_PKEY *pkey;
};
void note_key_done(struct note_key *key);
DEFINE_AUTO_VALUE(struct note_key, note_key_done);

/** Reads "NAME+KEYID+BASE64(TYPE||KEY)"; the key id must be the one the name and key give. ERROR_INPUT. */
MUST_USE bool note_key_read(const char *vkey, struct note_key *ret_key, struct error *err);
/** Writes a vkey of a SubjectPublicKeyInfo. ERROR_INPUT if the name is none or the key and type do not fit. */
MUST_USE bool note_key_write(const char *name, enum note_key_type type, struct bytes spki,
                             struct builder *ret_vkey, struct error *err);
/** A schema-less URL without spaces, plus and control characters. */
bool note_name_is_good(struct bytes name);

struct note_signature {
    struct bytes name;
    uint8_t id[4];
    struct bytes line;      /**< with its LF */
    struct bytes signature; /**< after the key id; points into note.decoded */
};

/** A note taken apart; views into the text it was read from, which must outlive it. */
struct note {
    struct bytes text; /**< what is signed, with its last LF */
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
    size_t count;
    struct builder decoded;
};
void note_done(struct note *note);
DEFINE_AUTO_VALUE(struct note, note_done);

/** ERROR_INPUT, saying which rule of the note format is broken. */
MUST_USE bool note_read(struct bytes whole, struct note *ret_note, struct error *err);

/**
 * Looks for the key's signatures. ERROR_INPUT if one of them does not verify; native is ENOMEM if that can't be said.
 * \param ret_is_signed whether there is one; signatures of other keys are passed over
 * \param ret_time      of a cosignature: seconds since 1970; may be NULL
 */
MUST_USE bool note_verify(const struct note *note, const struct note_key *key, bool *ret_is_signed,
                          int64_t *ret_time, struct error *err);
/** Whether signature is the key's over data. ERROR_INPUT, ENOMEM, if OpenSSL can't say. */
MUST_USE bool note_signature_check(const struct note_key *key, struct bytes data, struct bytes signature,
                                   bool *ret_holds, struct error *err);
/** The same, false also if OpenSSL can't say. */
bool note_signature_holds(const struct note_key *key, struct bytes data, struct bytes signature);
/** Appends "— NAME BASE64(ID || signature)\n". */
void note_signature_write(const struct note_key *key, struct bytes signature, struct builder *ret_line);
/** What a witness signs: "cosignature/v1\ntime T\n" and the checkpoint's text. */
void note_cosignature_text(struct bytes text, int64_t time, struct builder *ret_text);

/* ---- checkpoints: a note whose text is ORIGIN, SIZE, ROOT ---- */
struct checkpoint {
    struct bytes origin; /**< view */
    uint64_t size;
    struct tree_hash root;
};
MUST_USE bool checkpoint_read(struct bytes text, struct checkpoint *ret_checkpoint, struct error *err);
void checkpoint_write(const char *origin, uint64_t size, const struct tree_hash *root,
                      struct builder *ret_text);
/** Strict decimal without leading zeroes that fits int64_t. */
bool decimal_read(struct bytes text, uint64_t *ret_value);

#endif
