/* SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "init/parts.h"
#include "records/ca.h"
#include "records/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

void init_result_done(struct init_result *result)
{
    free(result->path);
    free(result->origin);
    free(result->vkey);
    free(result->ca_key);
    free(result->ledger_key);
    free(result->csr_path);
    free(result->subject);
}

/** A new folder, or an empty-of-CA one; never over anything. */
static bool make_folder(const char *path, int *ret_fd, struct error *err)
{
    static const char *const reserved_names[] = {
        HOME_CONFIG_FILE,    HOME_CERTIFICATE_FILE, HOME_REQUEST_FILE, HOME_CHAIN_FILE, "ledger.jsonl",
        "ledger.checkpoint", "ledger.checkpoints",  "index.sqlite",    "index.rsa"};
    AUTO(close) int fd = -1;
    if (!file_make_folder(AT_FDCWD, path, 0750, err) || !file_open_folder(AT_FDCWD, path, &fd, err))
        return error_while(err, "making the CA's home");
    for (size_t i = 0; i < ARRAY_LEN(reserved_names); i++) {
        if (file_exists(fd, reserved_names[i]))
            return error_set(
                err, ERROR_INPUT, EEXIST,
                "%s holds %s already and nothing is overwritten; name another folder with -C%s", path,
                reserved_names[i],
                file_exists(fd, HOME_CONFIG_FILE) ? "" : " (an init that did not finish may have left it)");
    }
    *ret_fd = fd;
    fd = -1;
    return true;
}

static bool copy_policies(int home_fd, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    if (!file_make_folder(home_fd, "policies", 0750, err) || !home_policy_names(-1, &names, &count, err))
        return false;
    bool is_fine = true;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free) char *file = NULL;
        AUTO(free) char *name = names[i];
        AUTO(free) char *path = memory_format("policies/%s.yaml", name);
        is_fine = is_fine && (file_exists(home_fd, path) ||
                              (home_policy_read(-1, name, &text, &file, err) &&
                               file_create(home_fd, path, 0640, builder_bytes(&text), err)));
    }
    free(names);
    return is_fine || error_while(err, "copying the ready policies into the home");
}

static const char *answer_name(enum token_answer answer)
{
    return answer == TOKEN_YES ? "yes" : answer == TOKEN_NO ? "no" : "unknown";
}

static struct record_key record_of_key(const struct token_key *key, char kind[static 32])
{
    const struct token_key_attributes *attributes = token_key_attributes(key);
    return (struct record_key){
        .uri = token_key_uri(key),
        .kind = key_name(token_key_kind(key), token_key_bits(key), kind),
        .is_private = answer_name(attributes->is_private),
        .is_sensitive = answer_name(attributes->is_sensitive),
        .is_always_sensitive = answer_name(attributes->is_always_sensitive),
        .is_extractable = answer_name(attributes->is_extractable),
        .is_never_extractable = answer_name(attributes->is_never_extractable),
        .is_local = answer_name(attributes->is_local),
        .may_sign = answer_name(attributes->may_sign),
    };
}

static bool log_created(const struct signer *signer, const char *command, struct error *err)
{
    char ca_kind[32];
    char ledger_kind[32];
    const struct home *home = signer_home(signer);
    const struct record_ca_created record = {
        .certificate = cert_issuer_der(home->issuer),
        .origin = home->config.origin,
        .ledger_vkey = home->config.ledger_vkey,
        .command = command,
        .allow_extractable = home->config.allow_extractable,
        .ca_key = record_of_key(signer_ca_key(signer), ca_kind),
        .ledger_key = record_of_key(signer_ledger_key(signer), ledger_kind),
    };
    return ledger_append(home->ledger, RECORD_CA_CREATED, record_ca_created_write(&record), NULL, err);
}

static bool keep_certificate(struct home *home, const char *chain_file, struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder chain = BUILDER_INIT;
    encode_pem("CERTIFICATE", cert_issuer_der(home->issuer), &pem);
    if (chain_file != NULL && !file_read(AT_FDCWD, chain_file, 256 * 1024, &chain, err))
        return error_while(err, "reading the chain");
    return file_create(home->fd, HOME_CERTIFICATE_FILE, 0644, builder_bytes(&pem), err) &&
           file_create(home->fd, HOME_CHAIN_FILE, 0644, builder_bytes(&chain), err);
}

/** Everything that needs the finished certificate: files, ledger, token. */
static bool finish(struct signer *signer, const struct init_options *options, const char *command,
                   const struct console *console, struct error *err)
{
    struct error storing = ERROR_INIT;
    struct home *home = signer_home(signer);
    if (!log_created(signer, command, err) || !ledger_commit(home->ledger, err) ||
        !signer_checkpoint(signer, err) || !keep_certificate(home, options->chain, err))
        return false;
    struct bytes id = token_key_id(signer_ca_key(signer));
    // Some tokens have no room for certificates; the home holds it in any case.
    if (!token_certificate_store(signer_token(signer), cert_issuer_der(home->issuer), "coldca-ca", id,
                                 &storing))
        console_notice(console, "the certificate could not be stored on the token: %s", storing.text);
    return true;
}

static void fill_result(const struct home *home, bool wants_csr, struct init_result *ret_result)
{
    ret_result->path = memory_text(home->path);
    ret_result->origin = memory_text(home->config.origin);
    ret_result->vkey = memory_text(home->config.ledger_vkey);
    ret_result->ca_key = memory_text(home->config.ca_key);
    ret_result->ledger_key = memory_text(home->config.ledger_key);
    if (wants_csr) {
        ret_result->csr_path = memory_format("%s/" HOME_REQUEST_FILE, home->path);
        return;
    }
    ret_result->subject = memory_text(cert_issuer_facts(home->issuer)->subject_text);
    ret_result->not_after = cert_issuer_facts(home->issuer)->not_after;
    digest_sha256(cert_issuer_der(home->issuer), ret_result->certificate_sha256);
}

static bool write_config(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_config_write(&home->config, &text);
    return file_create(home->fd, HOME_CONFIG_FILE, 0640, builder_bytes(&text), err);
}

static bool start_ledger(struct making *making, const struct console *console, struct error *err)
{
    struct home *home = making->home;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(free) char *operator_name = session_operator();
    if (!ledger_vkey_make(home->config.origin, token_key_spki(making->ledger_key), &vkey, err))
        return false;
    home->config.ledger_vkey = builder_take_text(&vkey);
    if (!ledger_create(home->fd, err) || !home_open_ledger(home, HOME_COMPLETE, console, err))
        return false;
    ledger_set_operator(home->ledger, operator_name);
    return true;
}

/** The certificate: made here (root), awaited (CSR), or brought (adopted). */
static bool get_certificate(struct making *making, const struct init_options *options, struct init_plan *plan,
                            const struct console *console, struct error *err)
{
    if (options->wants_csr)
        return init_write_csr(making, options, plan, err);
    if (options->certificate != NULL)
        return init_adopt(making->home, options, making->ca_key, err) &&
               finish(making->signer, options, "init --certificate", console, err);
    return init_sign_root(making, options, plan, console, err) &&
           finish(making->signer, options, "init", console, err);
}

static bool init_new(const struct init_options *options, const struct console *console,
                     struct init_result *ret_result, struct error *err)
{
    AUTO(init_plan_done) struct init_plan plan = {.policy = NULL};
    AUTO(making_done) struct making making = {.home = home_new(options->path)};
    struct home *home = making.home;
    if (!init_plan_make(options, &plan, err) || !make_folder(options->path, &home->fd, err) ||
        !init_get_keys(&making, options, &plan, console, err))
        return false;
    bool is_done = home_clock_check(home, time_now(), err) && start_ledger(&making, console, err) &&
                   get_certificate(&making, options, &plan, console, err) && copy_policies(home->fd, err) &&
                   write_config(home, err);
    if (!is_done) {
        init_drop_keys(&making, options, console);
        return false;
    }
    fill_result(home, options->wants_csr, ret_result);
    return true;
}

/** `init --certificate` on a home that awaits its parent's answer. */
static bool init_complete(const struct init_options *options, const struct console *console,
                          struct init_result *ret_result, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(confined_free) struct confined *confined = NULL;
    AUTO(signer_close) struct signer *signer = NULL;
    AUTO(free) char *operator_name = session_operator();
    if (!home_open(options->path, HOME_COMPLETE, console, &home, err))
        return false;
    confined = signer_declare_unconfined(home, "init completes the home");
    if (!init_adopt(home, options, NULL, err) || !signer_open(confined, console, &signer, err) ||
        !home_clock_check(home, time_now(), err))
        return false;
    ledger_set_operator(home->ledger, operator_name);
    if (!finish(signer, options, "init --certificate", console, err))
        return false;
    fill_result(home, false, ret_result);
    return true;
}

bool init_ca(const struct init_options *options, const struct console *console,
             struct init_result *ret_result, struct error *err)
{
    AUTO(free) char *config = memory_format("%s/" HOME_CONFIG_FILE, options->path);
    AUTO(free) char *certificate = memory_format("%s/" HOME_CERTIFICATE_FILE, options->path);
    bool is_pending = file_exists(AT_FDCWD, config) && !file_exists(AT_FDCWD, certificate);
    if (is_pending && options->certificate != NULL)
        return init_complete(options, console, ret_result, err);
    if (options->certificate != NULL && options->use_key == NULL)
        return error_set(
            err, ERROR_USAGE, 0,
            "--certificate needs --use-key URI (to adopt an existing key), or a home made by `init --csr`");
    if (options->certificate == NULL && options->subject == NULL)
        return error_set(err, ERROR_USAGE, 0,
                         "--subject is needed, such as --subject \"C=US,O=My Org,CN=My Root CA\"");
    if (options->days > 0 && (options->wants_csr || options->certificate != NULL))
        return error_set(err, ERROR_USAGE, 0,
                         "--days is for a root; how long this CA is valid is decided by its parent");
    return init_new(options, console, ret_result, err);
}
