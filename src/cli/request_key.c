/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/request_run.h"

#include "base/file.h"
#include "base/quote.h"
#include "cli/program.h"
#include "enroll/key.h"
#include "ui/ui.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define KEY_MAX_LEN (64 * 1024)

static bool get_passphrase(struct request_run *run, bool is_new, struct error *err)
{
    if (run->passphrase_source != NULL)
        return secret_read(run->passphrase_source, &run->passphrase, err) ||
               error_while(err, "reading the passphrase of the key");
    if (!ui_has_terminal())
        return error_set(
            err, ERROR_USAGE, 0,
            "no terminal to ask for the key's passphrase; give --passphrase-source file:PATH, fd:N or "
            "env:NAME");
    return is_new ? ui_ask_new_pin("passphrase for the key", "passphrase-source", &run->passphrase, err)
                  : ui_ask_pin("passphrase of the key", "passphrase-source", &run->passphrase, err);
}

/** --key-file: a key that is there already. */
static bool read_key(struct request_run *run, struct error *err)
{
    struct stat status;
    struct quoted buffer;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    if (!file_read(AT_FDCWD, run->key_file, KEY_MAX_LEN, &pem, err))
        return false;
    if (stat(run->key_file, &status) == 0 && (status.st_mode & 077) != 0)
        fprintf(stderr, "%s: others may read the key %s; chmod 600 it\n", program_running()->name,
                quoted_text(run->key_file, &buffer));
    bool done = (!enroll_key_is_encrypted(builder_bytes(&pem)) || get_passphrase(run, false, err)) &&
                enroll_key_read(builder_bytes(&pem), run->key_file, run->passphrase, &run->key, err);
    OPENSSL_cleanse(pem.data, pem.capacity);
    run->enroll.key = run->key;
    return done;
}

bool request_run_key(struct request_run *run, struct error *err)
{
    if (run->key_name != NULL && !key_parse(run->key_name, &run->enroll.key_kind, &run->enroll.key_bits))
        return error_set(
            err, ERROR_USAGE, 0,
            "--key is one of ec-p256, ec-p384, ec-p521, ed25519, rsa-2048, rsa-3072 and rsa-4096");
    if (run->key_file != NULL)
        return read_key(run, err);
    if (run->wants_encryption && !get_passphrase(run, true, err))
        return false;
    run->enroll.passphrase = run->passphrase;
    return true;
}
