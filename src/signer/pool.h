/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who makes the CA's signatures: its token, and the pool of ca.yaml, other tokens that hold the same key. They share the work; one
 * that fails is dropped, and the rest go on. signer/ only.
 */
#ifndef COLDCA_SIGNER_POOL_H
#define COLDCA_SIGNER_POOL_H

#include "base/algorithm.h"
#include "base/builder.h"
#include "base/console.h"

#include <stddef.h>

struct signer;
struct signer_pool;

/** Opens the pool's tokens, asking for their PINs, and finds the CA key in each. The home's own token is logged in. */
MUST_USE bool signer_pool_open(struct signer *signer, const struct console *console,
                               struct signer_pool **ret_pool, struct error *err);
void signer_pool_close(struct signer_pool *pool);
DEFINE_AUTO(struct signer_pool *, signer_pool_close);

unsigned signer_pool_sessions(const struct signer_pool *pool);
/** Any thread; see signer_sign(). */
MUST_USE bool signer_pool_sign(struct signer_pool *pool, enum signature_kind kind,
                               const struct token_message *message, struct builder *ret_signature,
                               size_t *ret_token, struct error *err);
/** See signer_max_message(), signer_check_message(). */
size_t signer_pool_max_message(const struct signer_pool *pool, enum signature_kind kind);
MUST_USE bool signer_pool_check_message(struct signer_pool *pool, enum signature_kind kind, size_t len,
                                        struct error *err);
MUST_USE bool signer_pool_drop(struct signer_pool *pool, size_t token, const struct error *why);
/** \return false: the walk ends, err is set */
typedef bool signer_pool_visit(void *data, struct token *token, struct error *err);
/** All tokens that were not dropped, the home's own first. */
MUST_USE bool signer_pool_each(struct signer_pool *pool, signer_pool_visit *visit, void *data,
                               struct error *err);
void signer_pool_report(struct signer_pool *pool, const struct console *console);

#endif
