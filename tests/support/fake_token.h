/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token/token.h in software, linked in place of src/token: keys live in this process, every signature is written down, and a token
 * can fail or sign wrongly at a chosen call. What it notes of a signature of the CA key is whether ledger.jsonl held the very bytes
 * on the disk when it was asked (promise P3).
 */
#ifndef COLDCA_TESTS_FAKE_TOKEN_H
#define COLDCA_TESTS_FAKE_TOKEN_H

#include "token/token.h"

#define FAKE_TOKEN "fake" /* the label of the token that is open when nothing else is said */

/** Forgets all keys, faults and signatures. */
void fake_token_reset(void);
/** The home whose ledger.jsonl is read at each signature; borrowed; NULL: none is. */
void fake_token_watch(const char *home);

enum fake_fault {
    FAKE_SOUND,
    FAKE_FAILS,         /**< ERROR_TOKEN */
    FAKE_SIGNS_WRONGLY, /**< one bit is not right */
    FAKE_IS_AWAY,       /**< can't be opened */
};
/** From the call-th signature (from 1) by the CA key in this token on. \param token  its label; borrowed */
void fake_token_set_fault(const char *token, unsigned call, enum fake_fault fault);
/**
 * From now on calls into the tokens count, and one of those that can fail does, once: ERROR_TOKEN with FAKE_CALL_FAILED.
 * \param number  which of them, from 1
 */
void fake_token_fail_call(unsigned number);
/** The same for that one and all after it. */
void fake_token_fail_from(unsigned number);
#define FAKE_CALL_FAILED "CKR_GENERAL_ERROR"
/** No more calls count. \return the name of the call that failed; NULL: there were fewer */
const char *fake_token_stop_failing(void);
/** What all keys say of themselves from now on; a key that may be exported, one that asks each time. */
struct token_key_attributes *fake_token_attributes(void);
/** No Ed25519 keys are made. */
void fake_token_lacks_ed25519(void);
/** Ed25519 keys sign so many bytes at once; 0: any number. */
void fake_token_set_max_message(size_t len);
/** The same for one token. */
void fake_token_set_max_message_of(const char *token, size_t len);
/** As which the last token was opened: what it points to is the opener's. */
const struct token_choice *fake_token_last_choice(void);
/** How many signatures by a key that wants its PIN each time got it. */
size_t fake_token_pins(void);
/** What the tokens were told to keep (data objects) is gone. */
void fake_token_forget(void);
/** From the call-th time on that they are told to keep something, from now, they fail to; 0: never. */
void fake_token_refuse_data(unsigned call);
/** Tokens keep no data, as a profile may say. */
void fake_token_keeps_nothing(void);
/** How many keys there are. */
size_t fake_token_keys(void);

/** One signature that was asked for. */
struct fake_signature {
    const char *token;     /**< label */
    bool is_of_ledger_key; /**< its label ends in -ledger */
    bool was_logged;       /**< the data, in base64, was in the watched ledger.jsonl */
    size_t lines;          /**< of that file then */
};
/** All of them, in the order they were asked for; borrowed until the next. */
const struct fake_signature *fake_token_signatures(size_t *ret_count);
/** By the CA key. \param ret_unlogged  of these, what was not in the ledger: proofs of possession, or a bug */
size_t fake_token_count(size_t *ret_unlogged);

#endif
