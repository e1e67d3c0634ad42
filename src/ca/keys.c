#include "ca/home.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ca/parallel.h"
#include "ca/signers.h"

#include <string.h>

#define DEFAULT_PROFILE "softhsm2"

void ca_choice_done(struct ca_choice *choice)
{
    if (choice->profile != NULL)
        token_profile_free(choice->profile);
    *choice = (struct ca_choice){.profile = NULL};
}

bool ca_choice_make(const char *module, const char *profile, const char *init_args, const char *token,
                    struct ca_choice *ret_choice, struct error *err)
{
    struct ca_choice choice = {.choice = {.module = module, .init_args = init_args}};
    const char *profile_name = profile != NULL ? profile : module == NULL ? DEFAULT_PROFILE : NULL;
    if (profile_name != NULL && !ca_token_profile_find(profile_name, &choice.profile, err))
        return false;
    choice.choice.profile = choice.profile;
    if (token != NULL && strncmp(token, "pkcs11:", 7) == 0)
        choice.choice.uri = token;
    else
        choice.choice.label = token;
    *ret_choice = choice;
    return true;
}

/** For keys that want it before each signature. */
static bool ask_each_time(void *data, const struct token_key *key, struct secret **ret_pin, struct error *err)
{
    const struct ca_console *console = data;
    AUTO(free) char *words = memory_format("the key %s, for one signature", token_key_uri(key));
    return console->pin(console->data, words, false, ret_pin, err);
}

bool ca_token_login(struct token *token, const struct ca_console *console, struct error *err)
{
    struct token_info info;
    AUTO(secret_free) struct secret *pin = NULL;
    if (token_is_logged_in(token))
        return true;
    if (!token_info(token, &info, err))
        return false;
    if (console == NULL || console->pin == NULL)
        return error_set(err, ERROR_TOKEN, 0, "the token \"%s\" needs a PIN and nobody can be asked",
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

bool ca_check_key(const struct ca_home *home, const struct token_key *key, const char *what,
                  const struct ca_console *console, struct error *err)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_key_check(key, home->config.allow_extractable, &findings, err))
        return error_while(err, "checking the %s key", what);
    for (size_t i = 0; i < findings.count; i++)
        ca_notice(console, "%s key: %s", what, findings.items[i].text);
    return true;
}

static bool find_keys(struct ca_home *home, const struct ca_console *console, struct error *err)
{
    struct bytes spki = home->issuer != NULL ? cert_issuer_spki(home->issuer) : bytes_of(NULL, 0);
    if (!token_key_find(home->token, home->config.ca_key, spki, &home->ca_key, err))
        return error_while(err,
                           "looking for the CA key; a token that lost it is to be restored from its backup");
    if (!token_key_find(home->token, home->config.ledger_key, bytes_of(NULL, 0), &home->ledger_key, err))
        return error_while(
            err, "looking for the ledger key; a token that lost it is to be restored from its backup");
    return ca_check_key(home, home->ca_key, "CA", console, err) &&
           ca_check_key(home, home->ledger_key, "ledger", console, err) &&
           vkey_matches(home->config.ledger_vkey, home->config.origin, token_key_spki(home->ledger_key), err);
}

bool ca_home_find_profile(struct ca_home *home, struct error *err)
{
    const char *name = home->config.token.profile;
    if (name == NULL && home->config.token.module == NULL)
        name = DEFAULT_PROFILE;
    return name == NULL || home->profile != NULL || ca_token_profile_find(name, &home->profile, err);
}

/** A key that asks each time is asked for one signature after the other, if the token's YAML lets it be used at all. */
static bool prepare_asking(struct token *token, const struct token_key *key, const struct ca_console *console,
                           struct error *err)
{
    if (token_key_attributes(key)->always_authenticates != TOKEN_YES)
        return true;
    if (!token_key_check_asking(key, err))
        return false;
    token_set_sessions(token, 1);
    ca_notice(console, "the key wants its PIN for each signature (CKA_ALWAYS_AUTHENTICATE)");
    return true;
}

unsigned ca_sessions(const struct ca_home *home)
{
    // One more than cores: while its signature is looked at, a core need not wait for the session it gave back.
    return home->config.token.sessions != 0 ? home->config.token.sessions : ca_cores() + 1;
}

void ca_home_logout(struct ca_home *home)
{
    if (home->signers != NULL)
        signers_close(TAKE(home->signers));
    if (home->ca_key != NULL)
        token_key_free(TAKE(home->ca_key));
    if (home->ledger_key != NULL)
        token_key_free(TAKE(home->ledger_key));
    if (home->token != NULL)
        token_close(TAKE(home->token));
}

static bool log_in(struct ca_home *home, const struct ca_console *console, struct error *err)
{
    if (!ca_home_find_profile(home, err))
        return false;
    const char *token = home->config.token.uri;
    bool is_uri = strncmp(token, "pkcs11:", 7) == 0;
    const struct token_choice choice = {.module = home->config.token.module,
                                        .init_args = home->config.token.init_args,
                                        .uri = is_uri ? token : NULL,
                                        .label = is_uri ? NULL : token,
                                        .profile = home->profile,
                                        .is_in_use = true};
    if (!token_open(&choice, &home->token, err))
        return false;
    token_set_sessions(home->token, ca_sessions(home));
    return ca_token_login(home->token, console, err) && find_keys(home, console, err) &&
           prepare_asking(home->token, home->ca_key, console, err) &&
           signers_open(home, console, &home->signers, err);
}

bool ca_home_login(struct ca_home *home, const struct ca_console *console, struct error *err)
{
    if (home->token != NULL || log_in(home, console, err))
        return true;
    ca_home_logout(home);
    return false;
}

bool ca_checkpoint(struct ca_home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    enum signature_kind kind = ledger_signature_kind(token_key_kind(home->ledger_key));
    return ledger_checkpoint_text(home->ledger, &text, err) &&
           token_key_sign(home->ledger_key, kind, builder_bytes(&text), &signature, err) &&
           ledger_checkpoint_add(home->ledger, builder_bytes(&text), builder_bytes(&signature), err);
}
