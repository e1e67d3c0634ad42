/*
 * Who makes the CA's signatures: its token, and the pool of ca.yaml, other tokens that hold the same key. They share the work; one
 * that fails is dropped, and the rest go on.
 */
#ifndef COLDCA_CA_SIGNERS_H
#define COLDCA_CA_SIGNERS_H

#include "ca/home.h"

struct signers;

/** Opens the pool's tokens, asking for their PINs, and finds the CA key in each. The home's own token is logged in. */
MUST_USE bool signers_open(struct ca_home *home, const struct ca_console *console,
                           struct signers **ret_signers, struct error *err);
void signers_close(struct signers *signers);
DEFINE_AUTO(struct signers *, signers_close);

/** How many signatures can be under way at once. */
unsigned signers_sessions(const struct signers *signers);
/**
 * Any thread. A token that fails is dropped and another asked.
 * \param ret_token  who signed, for signers_drop()
 * \return false: the last one failed; its reason
 */
MUST_USE bool signers_sign(struct signers *signers, enum signature_kind kind, struct bytes data,
                           struct builder *ret_signature, size_t *ret_token, struct error *err);
/** What this token signed does not verify: it is dropped, unless it is the last. \return whether another one can be asked */
MUST_USE bool signers_drop(struct signers *signers, size_t token, const struct error *why);
/** Tells of tokens that were dropped since the last call. */
void signers_tell(struct signers *signers, const struct ca_console *console);

#endif
