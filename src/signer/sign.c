/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/parts.h"

#include <stdlib.h>

/* The only places outside provider/ where a key of a CA is used; scripts/lint holds the callers of each. */

unsigned signer_sessions(const struct signer *signer)
{
    return signer->pool == NULL ? 1 : signer_pool_sessions(signer->pool);
}

bool signer_sign(struct signer *signer, uint64_t seq, enum signature_kind kind,
                 const struct token_message *message, struct builder *ret_signature, size_t *ret_token,
                 struct error *err)
{
    if (seq >= ledger_durable_size(signer->home->ledger))
        abort(); // P3: a token may not see what a power cut could make nobody know of
    if (signer->pool != NULL)
        return signer_pool_sign(signer->pool, kind, message, ret_signature, ret_token, err);
    *ret_token = 0; // init: there is no pool yet
    return token_key_sign_message(signer->ca_key, kind, message, ret_signature, err);
}

size_t signer_max_message(const struct signer *signer, enum signature_kind kind)
{
    return signer->pool != NULL ? signer_pool_max_message(signer->pool, kind)
                                : token_key_max_message(signer->ca_key, kind);
}

bool signer_check_message(struct signer *signer, enum signature_kind kind, size_t len, struct error *err)
{
    return signer->pool != NULL ? signer_pool_check_message(signer->pool, kind, len, err)
                                : token_key_check_message(signer->ca_key, kind, len, err);
}

bool signer_drop(struct signer *signer, size_t token, const struct error *why)
{
    return signer->pool != NULL && signer_pool_drop(signer->pool, token, why);
}

void signer_report_dropped(struct signer *signer, const struct console *console)
{
    if (signer->pool != NULL)
        signer_pool_report(signer->pool, console);
}

bool signer_checkpoint(struct signer *signer, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    struct ledger *ledger = signer->home->ledger;
    enum signature_kind kind = ledger_signature_kind(token_key_kind(signer->ledger_key));
    return ledger_checkpoint_text(ledger, &text, err) &&
           token_key_sign(signer->ledger_key, kind, builder_bytes(&text), &signature, err) &&
           ledger_checkpoint_add(ledger, builder_bytes(&text), builder_bytes(&signature), err);
}

bool signer_prove_key(struct signer *signer, enum signature_kind kind, struct bytes request_info,
                      struct builder *ret_signature, struct error *err)
{
    return token_key_sign(signer->ca_key, kind, request_info, ret_signature, err) ||
           error_while(err, "proving that the CA key is held");
}
