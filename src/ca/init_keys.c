#include "ca/init_parts.h"

#include "base/memory.h"

#include <string.h>

static bool report(const struct token_key *key, bool may_be_extractable, const char *what,
                   const struct ca_console *console, struct error *err)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_key_check(key, may_be_extractable, &findings, err))
        return error_while(
            err, "checking the %s key; --allow-extractable accepts it, and the ledger will say so", what);
    for (size_t i = 0; i < findings.count; i++)
        ca_notice(console, "%s key: %s", what, findings.items[i].text);
    return true;
}

/** Ed25519 where the token does EdDSA, else ECDSA P-256 (docs/ledger-format.md). */
static bool make_ledger_key(struct ca_home *home, const struct init_plan *plan,
                            const struct ca_console *console, struct error *err)
{
    struct error first = ERROR_INIT;
    if (token_key_generate(home->token, KEY_ED25519, 0, plan->ledger_label, &home->ledger_key, &first))
        return true;
    if (token_key_generate(home->token, KEY_EC_P256, 0, plan->ledger_label, &home->ledger_key, err)) {
        ca_notice(console, "the token makes no Ed25519 key, so the ledger key is P-256: %.*s",
                  (int)strcspn(first.text, "\n"), first.text);
        return true;
    }
    return error_while(err, "making the ledger key \"%s\"", plan->ledger_label);
}

static bool get_ca_key(struct ca_home *home, const struct init_options *options, struct init_plan *plan,
                       struct error *err)
{
    if (options->use_key != NULL)
        return token_key_find(home->token, options->use_key, bytes_of(NULL, 0), &home->ca_key, err) ||
               error_while(err, "looking for the key --use-key names");
    if (!token_key_generate(home->token, plan->key_kind, plan->key_bits, plan->ca_label, &home->ca_key, err))
        return error_while(err, "making the CA key \"%s\"", plan->ca_label);
    plan->made_ca_key = true;
    return true;
}

static void fill_config(struct ca_home *home, const struct init_options *options,
                        const struct init_plan *plan)
{
    AUTO(builder_done) struct builder uri = BUILDER_INIT;
    const char *profile = options->profile != NULL  ? options->profile
                          : options->module == NULL ? "softhsm2"
                                                    : NULL;
    token_uri(home->token, &uri);
    home->config = (struct ca_config){
        .version = 1,
        .origin = memory_text(plan->origin),
        .token = {.module = memory_text(options->module),
                  .profile = memory_text(profile),
                  .uri = builder_take_text(&uri),
                  .init_args = memory_text(options->init_args)},
        .ca_key = memory_text(token_key_uri(home->ca_key)),
        .ledger_key = memory_text(token_key_uri(home->ledger_key)),
        .allow_extractable = options->may_be_extractable,
        .hash = memory_text(options->hash),
        .pss = options->wants_pss,
    };
}

bool init_get_keys(struct ca_home *home, const struct init_options *options, struct init_plan *plan,
                   const struct ca_console *console, struct error *err)
{
    AUTO(ca_choice_done) struct ca_choice choice = {.profile = NULL};
    if (!ca_choice_make(options->module, options->profile, options->init_args, options->token, &choice,
                        err) ||
        !token_open(&choice.choice, &home->token, err))
        return false;
    home->profile = TAKE(choice.profile);
    if (!ca_token_login(home->token, console, err) || !get_ca_key(home, options, plan, err))
        return false;
    bool has_keys = make_ledger_key(home, plan, console, err) &&
                    report(home->ca_key, options->may_be_extractable, "CA", console, err) &&
                    report(home->ledger_key, options->may_be_extractable, "ledger", console, err);
    if (!has_keys) {
        init_drop_keys(home, options, console);
        return false;
    }
    fill_config(home, options, plan);
    return true;
}

static void drop(struct token_key *key, const char *what, const struct ca_console *console)
{
    struct error err = ERROR_INIT;
    if (key != NULL && !token_key_destroy(key, &err))
        ca_notice(console, "the %s key that was made could not be removed from the token: %s", what,
                  err.text);
}

void init_drop_keys(struct ca_home *home, const struct init_options *options,
                    const struct ca_console *console)
{
    if (options->use_key == NULL)
        drop(home->ca_key, "CA", console);
    drop(home->ledger_key, "ledger", console);
}
