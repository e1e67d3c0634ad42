#include "ca/init.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "ca/init_parts.h"
#include "ca/issue.h"
#include "ca/session.h"

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
    static const char *const ours[] = {"ca.yaml",
                                       "ca.pem",
                                       "ca.csr",
                                       "chain.pem",
                                       "ledger.jsonl",
                                       "ledger.checkpoint",
                                       "ledger.checkpoints",
                                       "index.sqlite",
                                       "index.rsa"};
    AUTO(close) int fd = -1;
    if (!file_make_folder(AT_FDCWD, path, 0750, err) || !file_open_folder(AT_FDCWD, path, &fd, err))
        return error_while(err, "making the CA's home");
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (file_exists(fd, ours[i]))
            return error_set(
                err, ERROR_INPUT, EEXIST,
                "%s holds %s already and nothing is overwritten; name another folder with -C%s", path,
                ours[i], file_exists(fd, "ca.yaml") ? "" : " (an init that did not finish may have left it)");
    }
    *ret_fd = fd;
    fd = -1;
    return true;
}

static bool copy_policies(int home_fd, struct error *err)
{
    char **names = NULL;
    size_t count = 0;
    if (!file_make_folder(home_fd, "policies", 0750, err) || !ca_policy_names(-1, &names, &count, err))
        return false;
    bool is_fine = true;
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(free) char *file = NULL;
        AUTO(free) char *name = names[i];
        AUTO(free) char *path = memory_format("policies/%s.yaml", name);
        is_fine = is_fine && (file_exists(home_fd, path) ||
                              (ca_policy_read(-1, name, &text, &file, err) &&
                               file_create(home_fd, path, 0640, builder_bytes(&text), err)));
    }
    free(names);
    return is_fine || error_while(err, "copying the ready policies into the home");
}

static void put_answer(struct json *object, const char *key, enum token_answer answer)
{
    json_put_text(object, key, answer == TOKEN_YES ? "yes" : answer == TOKEN_NO ? "no" : "unknown");
}

static void put_key(struct json *fields, const char *name, const struct token_key *key)
{
    char room[32];
    const struct token_key_attributes *attributes = token_key_attributes(key);
    struct json *object = json_put_object(fields, name);
    json_put_text(object, "uri", token_key_uri(key));
    json_put_text(object, "kind", key_name(token_key_kind(key), token_key_bits(key), room));
    put_answer(object, "private", attributes->is_private);
    put_answer(object, "sensitive", attributes->is_sensitive);
    put_answer(object, "always_sensitive", attributes->is_always_sensitive);
    put_answer(object, "extractable", attributes->is_extractable);
    put_answer(object, "never_extractable", attributes->is_never_extractable);
    put_answer(object, "local", attributes->is_local);
    put_answer(object, "sign", attributes->may_sign);
}

static bool log_created(struct ca_home *home, const char *command, struct error *err)
{
    AUTO(json_free) struct json *fields = json_new_object();
    json_put_base64(fields, "certificate", cert_issuer_der(home->issuer));
    json_put_text(fields, "origin", home->config.origin);
    json_put_text(fields, "ledger_vkey", home->config.ledger_vkey);
    json_put_text(fields, "command", command);
    json_put_text(fields, "tool", "coldca " COLDCA_VERSION);
    json_put_bool(fields, "allow_extractable", home->config.allow_extractable);
    put_key(fields, "ca_key", home->ca_key);
    put_key(fields, "ledger_key", home->ledger_key);
    return ledger_append(home->ledger, "ca.created", TAKE(fields), NULL, err);
}

static bool keep_certificate(struct ca_home *home, const char *chain_file, struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder chain = BUILDER_INIT;
    encode_pem("CERTIFICATE", cert_issuer_der(home->issuer), &pem);
    if (chain_file != NULL && !file_read(AT_FDCWD, chain_file, 256 * 1024, &chain, err))
        return error_while(err, "reading the chain");
    return file_create(home->fd, "ca.pem", 0644, builder_bytes(&pem), err) &&
           file_create(home->fd, "chain.pem", 0644, builder_bytes(&chain), err);
}

/** Everything that needs the finished certificate: files, ledger, token. */
static bool finish(struct ca_home *home, const struct init_options *options, const char *command,
                   const struct ca_console *console, struct error *err)
{
    struct error storing = ERROR_INIT;
    if (!log_created(home, command, err) || !ledger_commit(home->ledger, err) || !ca_checkpoint(home, err) ||
        !keep_certificate(home, options->chain, err))
        return false;
    struct bytes id = token_key_id(home->ca_key);
    // Some tokens have no room for certificates; the home holds it in any case.
    if (!token_certificate_store(home->token, cert_issuer_der(home->issuer), "coldca-ca", id, &storing))
        ca_notice(console, "the certificate could not be stored on the token: %s", storing.text);
    return true;
}

static void fill_result(const struct ca_home *home, bool wants_csr, struct init_result *ret_result)
{
    ret_result->path = memory_text(home->path);
    ret_result->origin = memory_text(home->config.origin);
    ret_result->vkey = memory_text(home->config.ledger_vkey);
    ret_result->ca_key = memory_text(home->config.ca_key);
    ret_result->ledger_key = memory_text(home->config.ledger_key);
    if (wants_csr) {
        ret_result->csr_path = memory_format("%s/ca.csr", home->path);
        return;
    }
    ret_result->subject = memory_text(cert_issuer_facts(home->issuer)->subject_text);
    ret_result->not_after = cert_issuer_facts(home->issuer)->not_after;
    digest_sha256(cert_issuer_der(home->issuer), ret_result->certificate_sha256);
}

static bool write_config(struct ca_home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    ca_config_write(&home->config, &text);
    return file_create(home->fd, "ca.yaml", 0640, builder_bytes(&text), err);
}

static bool start_ledger(struct ca_home *home, const struct ca_console *console, struct error *err)
{
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(free) char *operator_name = session_operator();
    if (!ledger_vkey_make(home->config.origin, token_key_spki(home->ledger_key), &vkey, err))
        return false;
    home->config.ledger_vkey = builder_take_text(&vkey);
    if (!ledger_create(home->fd, err) ||
        !ledger_open(home->fd, home->config.ledger_vkey, LEDGER_WRITE, 0, &home->ledger, err))
        return false;
    for (const char *notice = ledger_notice(home->ledger); notice != NULL;
         notice = ledger_notice(home->ledger))
        ca_notice(console, "%s", notice);
    ledger_set_operator(home->ledger, operator_name);
    return true;
}

/** The certificate: made here (root), awaited (CSR), or brought (adopted). */
static bool get_certificate(struct ca_home *home, const struct init_options *options, struct init_plan *plan,
                            const struct ca_console *console, struct error *err)
{
    if (options->wants_csr)
        return init_write_csr(home, options, plan, err);
    if (options->certificate != NULL)
        return init_adopt(home, options, err) && finish(home, options, "init --certificate", console, err);
    return init_sign_root(home, options, plan, err) && finish(home, options, "init", console, err);
}

static bool init_new(const struct init_options *options, const struct ca_console *console,
                     struct init_result *ret_result, struct error *err)
{
    AUTO(init_plan_done) struct init_plan plan = {.policy = NULL};
    AUTO(ca_home_close) struct ca_home *home = memory_new(1, sizeof(*home));
    home->fd = -1;
    home->path = memory_text(options->path);
    if (!init_plan_make(options, &plan, err) || !make_folder(options->path, &home->fd, err) ||
        !init_get_keys(home, options, &plan, console, err))
        return false;
    bool is_done = ca_clock_check(home, time_now(), err) && start_ledger(home, console, err) &&
                   get_certificate(home, options, &plan, console, err) && copy_policies(home->fd, err) &&
                   write_config(home, err);
    if (!is_done) {
        init_drop_keys(home, options, console);
        return false;
    }
    fill_result(home, options->wants_csr, ret_result);
    return true;
}

/** `init --certificate` on a home that awaits its parent's answer. */
static bool init_complete(const struct init_options *options, const struct ca_console *console,
                          struct init_result *ret_result, struct error *err)
{
    AUTO(ca_home_close) struct ca_home *home = NULL;
    AUTO(free) char *operator_name = session_operator();
    if (!ca_home_open(options->path, CA_COMPLETE, console, &home, err))
        return false;
    if (!init_adopt(home, options, err) || !ca_home_login(home, console, err) ||
        !ca_clock_check(home, time_now(), err))
        return false;
    ledger_set_operator(home->ledger, operator_name);
    if (!finish(home, options, "init --certificate", console, err))
        return false;
    fill_result(home, false, ret_result);
    return true;
}

bool ca_init(const struct init_options *options, const struct ca_console *console,
             struct init_result *ret_result, struct error *err)
{
    AUTO(free) char *config = memory_format("%s/ca.yaml", options->path);
    AUTO(free) char *certificate = memory_format("%s/ca.pem", options->path);
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
