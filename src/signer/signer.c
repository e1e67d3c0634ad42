/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/parts.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/thread.h"

#include <pthread.h>
#include <string.h>

void signer_choice_done(struct signer_choice *choice)
{
    if (choice->profile != NULL)
        token_profile_free(choice->profile);
    *choice = (struct signer_choice){.profile = NULL};
}

bool signer_profile_find(const char *name, struct token_profile **ret_profile, struct error *err)
{
    AUTO(free) char *file = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!home_data_read(-1, "tokens", name, &text, &file, err))
        return error_while(err, "looking for the token profile %s", name);
    return token_profile_load(builder_bytes(&text), file, ret_profile, err);
}

bool signer_choice_make(const char *module, const char *profile, const char *init_args, const char *token,
                        struct signer_choice *ret_choice, struct error *err)
{
    struct signer_choice choice = {.choice = {.module = module, .init_args = init_args}};
    const char *profile_name = profile != NULL ? profile : module == NULL ? SIGNER_DEFAULT_PROFILE : NULL;
    if (profile_name != NULL && !signer_profile_find(profile_name, &choice.profile, err))
        return false;
    choice.choice.profile = choice.profile;
    if (token != NULL && strncmp(token, "pkcs11:", 7) == 0)
        choice.choice.uri = token;
    else
        choice.choice.label = token;
    *ret_choice = choice;
    return true;
}

/** For keys that want it before each signature. Tokens of a pool sign at one time, and a person is asked one thing after another. */
static bool ask_each_time(void *data, const struct token_key *key, struct secret **ret_pin, struct error *err)
{
    static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;
    const struct console *console = data;
    AUTO(free) char *words = memory_format("the key %s, for one signature", token_key_uri(key));
    if (pthread_mutex_lock(&asking) != 0)
        abort(); // only of a mutex that is none
    bool is_given = console->pin(console->data, words, false, ret_pin, err);
    (void)pthread_mutex_unlock(&asking);
    return is_given;
}

bool signer_token_login(struct token *token, const struct console *console, struct error *err)
{
    struct token_info info;
    AUTO(secret_free) struct secret *pin = NULL;
    if (token_is_logged_in(token))
        return true;
    if (!token_info(token, &info, err))
        return false;
    if (console == NULL || console->pin == NULL)
        return error_set(err, ERROR_TOKEN, 0, "the token \"%s\" needs a PIN: no PIN source and no terminal",
                         info.label);
    AUTO(free) char *words = memory_format("token %s (%s)", info.label, info.model);
    token_set_ask_pin(token, ask_each_time, (void *)(uintptr_t)console);
    return console->pin(console->data, words, info.has_protected_path, &pin, err) &&
           token_login(token, pin, err);
}

/** The public key bytes of a C2SP vkey: NAME+KEYID+BASE64(TYPE || KEY). */
static bool vkey_matches(const char *vkey, const char *origin, struct bytes spki, struct error *err)
{
    AUTO(builder_done) struct builder made = BUILDER_INIT;
    if (!ledger_vkey_make(origin, spki, &made, err))
        return false;
    return strcmp(builder_text(&made), vkey) == 0 ||
           error_set(err, ERROR_TOKEN, 0,
                     "the ledger key in the token is not the one ca.yaml's ledger_vkey names; is this the "
                     "right token?");
}

bool signer_check_key(const struct token_key *key, bool allow_extractable, const char *what,
                      const struct console *console, struct error *err)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_key_check(key, allow_extractable, &findings, err))
        return error_while(err, "checking the %s key", what);
    for (size_t i = 0; i < findings.count; i++)
        console_notice(console, "%s key: %s", what, findings.items[i].text);
    return true;
}

static bool find_keys(struct signer *signer, const struct console *console, struct error *err)
{
    const struct home *home = signer->home;
    const struct home_config *config = &home->config;
    struct bytes spki = home->issuer != NULL ? cert_issuer_spki(home->issuer) : bytes_of(NULL, 0);
    if (!token_key_find(signer->token, config->ca_key, spki, &signer->ca_key, err))
        return error_while(err,
                           "looking for the CA key; a token that lost it is to be restored from its backup");
    if (!token_key_find(signer->token, config->ledger_key, bytes_of(NULL, 0), &signer->ledger_key, err))
        return error_while(
            err, "looking for the ledger key; a token that lost it is to be restored from its backup");
    return signer_check_key(signer->ca_key, config->allow_extractable, "CA", console, err) &&
           signer_check_key(signer->ledger_key, config->allow_extractable, "ledger", console, err) &&
           vkey_matches(config->ledger_vkey, config->origin, token_key_spki(signer->ledger_key), err);
}

bool signer_prepare_asking(struct token *token, const struct token_key *key, const struct console *console,
                           struct error *err)
{
    if (token_key_attributes(key)->always_authenticates != TOKEN_YES)
        return true;
    if (!token_key_check_asking(key, err))
        return false;
    token_set_sessions(token, 1);
    console_notice(console, "the key wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE)");
    return true;
}

unsigned signer_sessions_wanted(const struct home *home)
{
    // One more than cores: while its signature is looked at, a core need not wait for the session it gave back.
    return home->config.token.sessions != 0 ? home->config.token.sessions : thread_cores() + 1;
}

static bool open_token(struct signer *signer, const struct console *console, struct error *err)
{
    const struct home_config *config = &signer->home->config;
    bool is_uri = strncmp(config->token.uri, "pkcs11:", 7) == 0;
    const struct token_choice choice = {.module = config->token.module,
                                        .init_args = config->token.init_args,
                                        .uri = is_uri ? config->token.uri : NULL,
                                        .label = is_uri ? NULL : config->token.uri,
                                        .profile = signer->confined->profile,
                                        .is_in_use = true};
    if (!token_open(&choice, &signer->token, err))
        return false;
    token_set_sessions(signer->token, signer_sessions_wanted(signer->home));
    return signer_token_login(signer->token, console, err) && find_keys(signer, console, err) &&
           signer_prepare_asking(signer->token, signer->ca_key, console, err) &&
           signer_pool_open(signer, console, &signer->pool, err);
}

static struct signer *signer_of(struct confined *confined)
{
    struct signer *signer = memory_new(1, sizeof(*signer));
    signer->home = confined->home;
    signer->confined = confined;
    return signer;
}

bool signer_open(struct confined *confined, const struct console *console, struct signer **ret_signer,
                 struct error *err)
{
    AUTO(signer_close) struct signer *signer = signer_of(confined);
    if (!confined_find_profile(confined, err) || !open_token(signer, console, err) ||
        !signer_compare_memory(signer, err))
        return false;
    signer->console = console; // from here on what is signed is remembered
    *ret_signer = TAKE(signer);
    return true;
}

struct signer *signer_of_parts(struct confined *confined, const struct signer_parts *parts)
{
    struct signer *signer = signer_of(confined);
    signer->token = parts->token;
    signer->ca_key = parts->ca_key;
    signer->ledger_key = parts->ledger_key;
    return signer;
}

void signer_close(struct signer *signer)
{
    if (signer == NULL)
        return;
    if (signer->console != NULL)
        signer_remember(signer, signer->console);
    if (signer->pool != NULL)
        signer_pool_close(signer->pool);
    if (signer->ca_key != NULL)
        token_key_free(signer->ca_key);
    if (signer->ledger_key != NULL)
        token_key_free(signer->ledger_key);
    if (signer->token != NULL)
        token_close(signer->token);
    free(signer);
}

struct home *signer_home(const struct signer *signer)
{
    return signer->home;
}

struct token *signer_token(const struct signer *signer)
{
    return signer->token;
}

const struct token_key *signer_ca_key(const struct signer *signer)
{
    return signer->ca_key;
}

const struct token_key *signer_ledger_key(const struct signer *signer)
{
    return signer->ledger_key;
}

const char *signer_unconfined_reason(const struct signer *signer)
{
    return signer->confined->reason;
}
