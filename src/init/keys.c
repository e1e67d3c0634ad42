/* SPDX-License-Identifier: Apache-2.0 */
#include "init/parts.h"

#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/** As signer_check_key(), and says how a key that fails can be accepted. */
static bool check(const struct token_key *key, bool may_be_extractable, const char *what,
                  const struct console *console, struct error *err)
{
    return signer_check_key(key, may_be_extractable, what, console, err) ||
           error_while(err, "--allow-extractable accepts an extractable key, and the ledger will say so");
}

void making_done(struct making *making)
{
    init_continued_done(&making->continued);
    if (making->signer != NULL) {
        signer_close(making->signer);
    } else {
        if (making->ca_key != NULL)
            token_key_free(making->ca_key);
        if (making->ledger_key != NULL)
            token_key_free(making->ledger_key);
        if (making->token != NULL)
            token_close(making->token);
        if (making->profile != NULL)
            token_profile_free(making->profile);
    }
    if (making->confined != NULL)
        confined_free(making->confined);
    if (making->home != NULL)
        home_close(making->home);
}

/** Ed25519 where the token does EdDSA, else ECDSA P-256 (docs/ledger-format.md). */
static bool make_ledger_key(struct making *making, const struct init_plan *plan,
                            const struct console *console, struct error *err)
{
    struct error first = ERROR_INIT;
    if (token_key_generate(making->token, KEY_ED25519, 0, plan->ledger_label, &making->ledger_key, &first))
        return true;
    if (token_key_generate(making->token, KEY_EC_P256, 0, plan->ledger_label, &making->ledger_key, err)) {
        console_notice(console, "the token cannot generate an Ed25519 key, so the ledger key is P-256: %.*s",
                       (int)strcspn(first.text, "\n"), first.text);
        return true;
    }
    return error_while(err, "making the ledger key \"%s\"", plan->ledger_label);
}

static bool get_ca_key(struct making *making, const struct init_options *options,
                       const struct init_plan *plan, struct error *err)
{
    if (options->use_key == NULL)
        return token_key_generate(making->token, plan->key_kind, plan->key_bits, plan->ca_label,
                                  &making->ca_key, err) ||
               error_while(err, "making the CA key \"%s\"", plan->ca_label);
    if (!token_key_find(making->token, options->use_key, bytes_of(NULL, 0), &making->ca_key, err))
        return error_while(err, "looking for the key --use-key names");
    return init_check_signature(options, token_key_kind(making->ca_key), err) &&
           (making->home->issuer == NULL || init_check_adopted(making->home, options, making->ca_key, err));
}

static void fill_config(struct making *making, const struct init_options *options,
                        const struct init_plan *plan)
{
    AUTO(builder_done) struct builder uri = BUILDER_INIT;
    const char *profile = options->profile != NULL  ? options->profile
                          : options->module == NULL ? "softhsm2"
                                                    : NULL;
    token_uri(making->token, &uri);
    making->home->config = (struct home_config){
        .version = 1,
        .origin = memory_text(plan->origin),
        .token = {.module = memory_text(options->module),
                  .profile = memory_text(profile),
                  .uri = builder_take_text(&uri),
                  .init_args = memory_text(options->init_args)},
        .ca_key = memory_text(token_key_uri(making->ca_key)),
        .ledger_key = memory_text(token_key_uri(making->ledger_key)),
        .allow_extractable = options->may_be_extractable,
        .hash = memory_text(options->hash),
        .pss = options->wants_pss,
    };
}

/** Another CA's, or left by an init that was killed: either is the operator's to decide. */
static bool check_label(struct making *making, const char *label, struct error *err)
{
    bool is_free = false;
    struct quoted buffer;
    if (!token_key_label_is_free(making->token, label, &is_free, err))
        return false;
    return is_free ||
           error_set(err, ERROR_TOKEN, 0,
                     "the token has a key labelled \"%s\" already: give this CA's keys another label "
                     "with --key-label (`coldca token show` lists the keys)",
                     quoted_text(label, &buffer));
}

/** A second ledger of the same name would be a fork to every witness, whatever became of the first. */
static bool check_memory(struct making *making, const struct init_plan *plan, struct error *err)
{
    AUTO(remembered_done) struct remembered remembered = {.origin = NULL};
    char time[TIME_TEXT_SIZE];
    bool is_found = false;
    if (!remembered_find(making->token, plan->origin, NULL, &remembered, &is_found, err))
        return false;
    return !is_found ||
           error_set(err, ERROR_LEDGER, EEXIST,
                     "the token remembers a ledger of the origin %s (%" PRIu64
                     " records, %s): give this one another name with --origin. If that ledger was lost, "
                     "--continues CHECKPOINT says so (docs/operations.md)",
                     plan->origin, remembered.size, time_format(remembered.time, time));
}

bool init_open_token(struct making *making, const struct init_options *options, const struct init_plan *plan,
                     const struct console *console, struct error *err)
{
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    if (!signer_choice_make(options->module, options->profile, options->init_args, options->token, &choice,
                            err) ||
        !token_open(&choice.choice, &making->token, err))
        return false;
    making->profile = TAKE(choice.profile);
    return signer_token_login(making->token, console, err) &&
           (options->use_key != NULL || check_label(making, plan->ca_label, err)) &&
           check_label(making, plan->ledger_label, err) && check_memory(making, plan, err) &&
           init_meet_continued(making->token, &making->continued, err);
}

bool init_get_keys(struct making *making, const struct init_options *options, struct init_plan *plan,
                   const struct console *console, struct error *err)
{
    if (!get_ca_key(making, options, plan, err))
        return false;
    bool has_keys = make_ledger_key(making, plan, console, err) &&
                    check(making->ca_key, options->may_be_extractable, "CA", console, err) &&
                    check(making->ledger_key, options->may_be_extractable, "ledger", console, err);
    if (!has_keys) {
        init_drop_keys(making, options, console);
        return false;
    }
    fill_config(making, options, plan);
    making->confined = signer_declare_unconfined(making->home, "init makes the home");
    confined_set_profile(making->confined, TAKE(making->profile));
    making->signer =
        signer_of_parts(making->confined, &(struct signer_parts){.token = making->token,
                                                                 .ca_key = making->ca_key,
                                                                 .ledger_key = making->ledger_key});
    return true;
}

static void drop(struct token_key *key, const char *what, const struct console *console)
{
    struct error err = ERROR_INIT;
    if (key != NULL && !token_key_destroy(key, &err))
        console_notice(console,
                       "the %s key that was made could not be removed from the token, remove it by hand: %s",
                       what, err.text);
}

void init_drop_keys(struct making *making, const struct init_options *options, const struct console *console)
{
    if (options->use_key == NULL)
        drop(making->ca_key, "CA", console);
    drop(making->ledger_key, "ledger", console);
}
