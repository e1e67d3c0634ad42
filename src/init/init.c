/* SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "cert/crl.h"
#include "home/policy_use.h"
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

/** \param continued  NULL: none */
static bool log_created(const struct signer *signer, const struct init_options *options, const char *command,
                        const struct init_continued *continued, struct error *err)
{
    AUTO(json_free) struct json *policies = NULL;
    AUTO(json_free) struct json *before = continued == NULL ? NULL : init_record_continued(continued);
    char ca_kind[32];
    char ledger_kind[32];
    const struct home *home = signer_home(signer);
    if (!home_policy_digests(home, &policies, err))
        return false;
    const struct record_ca_created record = {
        .certificate = cert_issuer_der(home->issuer),
        .origin = home->config.origin,
        .ledger_vkey = home->config.ledger_vkey,
        .command = command,
        .chain_incomplete = options->chain_incomplete,
        .policies = policies,
        .continues = before,
        .allow_extractable = home->config.allow_extractable,
        .ca_key = record_of_key(signer_ca_key(signer), ca_kind),
        .ledger_key = record_of_key(signer_ledger_key(signer), ledger_kind),
    };
    return ledger_append(home->ledger, RECORD_CA_CREATED, record_ca_created_write(&record), NULL, err);
}

/** ca.pem comes last: with it the home is complete. */
static bool keep_certificate(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    encode_pem("CERTIFICATE", cert_issuer_der(home->issuer), &pem);
    if (!init_chain_keep(home, err))
        return false;
    if (file_create(home->fd, HOME_CERTIFICATE_FILE, 0644, builder_bytes(&pem), err))
        return true;
    (void)unlinkat(home->fd, HOME_CHAIN_FILE,
                   0); // of no use alone; why ca.pem could not be made is what counts
    return false;
}

/** A key that signs data gets a CRL in one piece. How long that may be is better known before the first certificate is made. */
static void tell_capacity(const struct signer *signer, const struct console *console)
{
    const struct template no_wishes = {.hash = HASH_NONE};
    const struct home *home = signer_home(signer);
    struct error ignored = ERROR_INIT;
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!home_signature_kind(home, &no_wishes, &kind, &ignored))
        return; // there is no CRL without one either, and it says so
    size_t most = signer_max_message(signer, kind);
    if (most > 0)
        console_notice(
            console,
            "the token signs at most %zu bytes at once with %s, so a CRL of this CA has room for about "
            "%zu revocations (docs/revocation.md, \"Keys that sign the message\")",
            most, signature_name(kind), crl_capacity(home->issuer, kind, most));
}

/** The ledger's record of the CA, its first checkpoint, and the files. \param own  see init_log_control() */
static bool finish(struct signer *signer, const struct init_options *options, const char *command,
                   const struct init_plan *own, const struct init_continued *continued,
                   const struct console *console, struct error *err)
{
    struct home *home = signer_home(signer);
    return log_created(signer, options, command, continued, err) &&
           init_chain_log(home, command, options->chain_incomplete, err) &&
           init_log_control(home, options->control, own, console, err) && ledger_commit(home->ledger, err) &&
           signer_checkpoint(signer, err) && keep_certificate(home, err);
}

/** The very last step: some tokens have no room for certificates, and the home holds it in any case. */
static void store_certificate(struct signer *signer, const struct console *console)
{
    struct error storing = ERROR_INIT;
    struct bytes der = cert_issuer_der(signer_home(signer)->issuer);
    struct bytes id = token_key_id(signer_ca_key(signer));
    if (!token_certificate_store(signer_token(signer), der, "coldca-ca", id, &storing))
        console_notice(console, "the certificate could not be stored on the token: %s", storing.text);
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
    AUTO(free) char *operator_name = session_operator(console->operator_name, NULL);
    if (!ledger_vkey_make(home->config.origin, token_key_spki(making->ledger_key), &vkey, err))
        return false;
    home->config.ledger_vkey = builder_take_text(&vkey);
    if (!ledger_create(home->fd, err) || !home_open_ledger(home, HOME_COMPLETE, console, err))
        return false;
    ledger_set_operator(home->ledger, operator_name);
    return true;
}

/** The certificate: made here (root), awaited (CSR), or brought (adopted). */
static bool get_certificate(struct making *making, const struct init_options *options, enum init_mode mode,
                            struct init_plan *plan, const struct console *console, struct error *err)
{
    if (mode == INIT_REQUEST)
        return init_write_csr(making, options, plan, err);
    if (mode == INIT_ADOPT)
        return finish(making->signer, options, "init --certificate", NULL, &making->continued, console, err);
    return init_sign_root(making, options, plan, console, err) &&
           finish(making->signer, options, "init", plan, NULL, console, err);
}

/** All that can be wrong is looked for before a token is asked or a directory made. */
static bool judge_all(const struct init_options *options, enum init_mode mode, struct home *home,
                      struct init_plan *plan, const struct console *console, struct error *err)
{
    if (!init_plan_make(options, plan, err) || !init_folder_look(options->path, err))
        return false;
    bool is_fine = mode == INIT_ADOPT ? init_read_certificate(home, options, console, err)
                                      : init_judge_stand_in(options, plan, err);
    return is_fine && home_clock_check(home, time_now(), err);
}

static bool make_home(struct making *making, struct init_folder *folder, const struct init_options *options,
                      enum init_mode mode, struct init_plan *plan, const struct console *console,
                      struct error *err)
{
    struct home *home = making->home;
    if (!init_folder_make(folder, err))
        return false;
    home->fd = fcntl(folder->fd, F_DUPFD_CLOEXEC, 3);
    if (home->fd < 0)
        return error_errno(err, ERROR_INPUT, errno, "can't use the directory %s", home->path);
    if (!init_get_keys(making, options, plan, console, err))
        return false;
    // ca.yaml is written last: a directory without it is not a CA.
    bool is_done = start_ledger(making, console, err) &&
                   get_certificate(making, options, mode, plan, console, err) &&
                   init_folder_copy_policies(folder, err) && write_config(home, err);
    if (!is_done)
        init_drop_keys(making, options, console);
    return is_done;
}

static bool init_new(const struct init_options *options, enum init_mode mode, const struct console *console,
                     struct init_result *ret_result, struct error *err)
{
    AUTO(init_plan_done) struct init_plan plan = {.policy = NULL};
    // Cleared after making, which has the ledger open.
    AUTO(init_folder_done)
    struct init_folder folder = {.path = options->path, .console = console, .fd = -1};
    AUTO(making_done) struct making making = {.home = home_new(options->path)};
    if (!judge_all(options, mode, making.home, &plan, console, err) ||
        !init_read_continued(options, &plan, &making.continued, err) ||
        !init_open_token(&making, options, &plan, console, err) ||
        !make_home(&making, &folder, options, mode, &plan, console, err))
        return false;
    folder.is_kept = true;
    if (making.continued.is_remembered && making.continued.remembered.has_crl &&
        !signer_remember_crl(making.signer, making.continued.remembered.crl_number, err))
        return false; // the numbers of CRLs continue with the key (RFC 5280 5.2.3)
    signer_remember(making.signer, console);
    if (mode != INIT_REQUEST)
        store_certificate(making.signer, console);
    if (mode != INIT_REQUEST)
        tell_capacity(making.signer, console);
    fill_result(making.home, mode == INIT_REQUEST, ret_result);
    return true;
}

/** `init --certificate` on a home that awaits its parent's answer. */
static bool init_complete(const struct init_options *options, const struct console *console,
                          struct init_result *ret_result, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(confined_free) struct confined *confined = NULL;
    AUTO(signer_close) struct signer *signer = NULL;
    AUTO(free) char *operator_name = NULL;
    if (!home_open(options->path, HOME_COMPLETE, console, &home, err) ||
        !init_read_certificate(home, options, console, err) || !init_check_answer(home, options, err) ||
        !home_clock_check(home, time_now(), err))
        return false;
    confined = signer_declare_unconfined(home, "init completes the home");
    if (!signer_open(confined, console, &signer, err))
        return false;
    operator_name = session_operator(console->operator_name, home->config.operator_name);
    ledger_set_operator(home->ledger, operator_name);
    if (!finish(signer, options, "init --certificate", NULL, NULL, console, err))
        return false;
    store_certificate(signer, console);
    tell_capacity(signer, console);
    fill_result(home, false, ret_result);
    return true;
}

bool init_ca(const struct init_options *options, const struct console *console,
             struct init_result *ret_result, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    struct init_options complete = *options;
    enum init_mode mode = INIT_ROOT;
    complete.control = &control;
    return init_check_options(options, &mode, err) && init_read_control(options, console, &control, err) &&
           (mode == INIT_COMPLETE ? init_complete(&complete, console, ret_result, err)
                                  : init_new(&complete, mode, console, ret_result, err));
}
