/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs about a ledger that need no ledger to be checked: files a person can carry out of the room.
 *
 * - Inclusion: C2SP tlog-proof@v1. `extra` is the record itself, so the file stands for itself.
 * - Consistency: the body of a C2SP tlog-witness add-checkpoint request: "old SIZE", hashes, an empty line, the newer checkpoint.
 * - Cosignatures: C2SP tlog-cosignature v1 by witnesses, each an Ed25519 key with a name of its own.
 *
 * Making one needs the ledger; checking one needs the file and the ledger's vkey, no home and no token. Nothing here signs.
 */
#ifndef COLDCA_LEDGER_PROOF_H
#define COLDCA_LEDGER_PROOF_H

#include "ledger/ledger.h"

#define LEDGER_PROOF_MAX_LEN ((size_t)256 << 10) /* of a proof file */

/** Whose cosignatures are demanded. */
struct ledger_witnesses {
    const char *const *vkeys;
    size_t count;
    size_t quorum; /**< how many of them; 0: none is needed */
};

/* ---- inclusion ---- */
/** The proof of a record under the newest checkpoint. ERROR_LEDGER if no checkpoint covers it yet. */
MUST_USE bool ledger_prove(struct ledger *ledger, uint64_t seq, struct builder *ret_proof, struct error *err);

/** What a proof that holds says. */
struct ledger_proof {
    uint64_t seq;
    uint64_t checkpoint_size;
    struct json *record; /**< the record, parsed */
};
void ledger_proof_done(struct ledger_proof *proof);
DEFINE_AUTO_VALUE(struct ledger_proof, ledger_proof_done);

/**
 * Checks a proof offline.
 * \param certificate_sha256  of the certificate the record must have issued; NULL: any record
 * \param witnesses           NULL: none is needed
 * \return false: ERROR_INPUT if it is not a proof, ERROR_LEDGER if it does not hold; err says why
 */
MUST_USE bool ledger_proof_verify(struct bytes proof, const char *vkey, const uint8_t *certificate_sha256,
                                  const struct ledger_witnesses *witnesses, struct ledger_proof *ret_proof,
                                  struct error *err);

/* ---- consistency ---- */
/**
 * The proof that the first old_size records of a newer checkpoint are those of an older one.
 * \param new_note  a checkpoint of this ledger; empty: the newest
 */
MUST_USE bool ledger_prove_consistency(struct ledger *ledger, uint64_t old_size, struct bytes new_note,
                                       struct builder *ret_proof, struct error *err);
/** Checks it offline against the older checkpoint an auditor kept. ERROR_LEDGER: history was rewritten between them. */
MUST_USE bool ledger_consistency_verify(struct bytes proof, struct bytes old_note, const char *vkey,
                                        uint64_t *ret_old_size, uint64_t *ret_size, struct error *err);
/** The size a checkpoint by this key is of. ERROR_INPUT if it is none, ERROR_LEDGER if its signature does not verify. */
MUST_USE bool ledger_note_size(struct bytes note, const char *vkey, uint64_t *ret_size, struct error *err);

/** What a checkpoint says, whoever signed it. ERROR_INPUT if it is none. \param ret_origin the caller's to free */
MUST_USE bool ledger_note_says(struct bytes note, char **ret_origin, uint64_t *ret_size,
                               uint8_t ret_root[static 32], struct error *err);

/* ---- witnesses ---- */
/** "NAME+KEYID+BASE64(0x04||KEY)" of a witness's Ed25519 key. ERROR_INPUT. */
MUST_USE bool ledger_witness_vkey_make(const char *name, struct bytes spki, struct builder *ret_vkey,
                                       struct error *err);
/** The bytes a witness's key is to sign for the newest checkpoint. \param time seconds since 1970, what the witness's clock says */
MUST_USE bool ledger_cosign_text(struct ledger *ledger, int64_t time, struct builder *ret_text,
                                 struct error *err);
/** Takes the signature back, verifies it, and keeps the cosigned checkpoint. ERROR_TOKEN if it does not verify. */
MUST_USE bool ledger_cosign_add(struct ledger *ledger, const char *witness_vkey, int64_t time,
                                struct bytes signature, struct error *err);
/** Whether each is a witness's verifier key, and none is named twice. ERROR_INPUT, ERROR_USAGE */
MUST_USE bool ledger_witnesses_check(const struct ledger_witnesses *witnesses, struct error *err);
/** Whether the ledger's own signature and a quorum of witnesses' stand under a checkpoint. ERROR_LEDGER, naming who is missing. */
MUST_USE bool ledger_note_verify(struct bytes note, const char *vkey,
                                 const struct ledger_witnesses *witnesses, struct error *err);

#endif
