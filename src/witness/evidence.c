/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/evidence.h"

#include "base/digest.h"
#include "base/file.h"
#include "ledger/proof.h"
#include "witness/key.h"

#include <fcntl.h>

#define FILE_MAX_LEN ((size_t)64 << 10)

bool witness_certificate_sha256(const char *path, uint8_t ret_digest[static 32], struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct bytes rest;
    if (!file_read(AT_FDCWD, path, FILE_MAX_LEN, &file, err))
        return false;
    if (!cert_from_file(builder_bytes(&file), &der, &rest, err))
        return error_while(err, "reading %s", path);
    digest_sha256(builder_bytes(&der), ret_digest);
    return true;
}

bool witness_cosign(struct home *home, const char *key, const char *name, int64_t now,
                    const struct witness_tokens *tokens, const struct console *console,
                    struct builder *ret_vkey, struct error *err)
{
    AUTO(witness_key_close) struct witness_key *own = NULL;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    const struct witness_key_place place = {.key = key,
                                            .module = home->config.token.module,
                                            .model = home->config.token.profile,
                                            .init_args = home->config.token.init_args,
                                            .tokens = tokens};
    if (!witness_key_open(&place, console, &own, err))
        return false;
    if (witness_key_kind(own) != KEY_ED25519)
        return error_set(err, ERROR_INPUT, 0, "%s is not an Ed25519 key: witnesses cosign with no other",
                         key);
    if (!ledger_witness_vkey_make(name, witness_key_spki(own), &vkey, err) ||
        !ledger_cosign_text(home->ledger, now, &text, err) ||
        !witness_key_sign(own, builder_bytes(&text), &signature, err) ||
        !ledger_cosign_add(home->ledger, builder_text(&vkey), now, builder_bytes(&signature), err))
        return false;
    builder_add_bytes(ret_vkey, builder_bytes(&vkey));
    return true;
}
