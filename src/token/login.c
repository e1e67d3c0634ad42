#include "token/internal.h"

#include "base/quote.h"

#include <openssl/err.h>

/** What the token says of the tries left; nothing if it says nothing. */
static const char *tries_words(const struct token_info *info)
{
    if (info->pin_locked)
        return "; the PIN is now locked, only the security officer can unlock it";
    if (info->pin_final_try)
        return "; ONE try is left before the token locks the PIN";
    if (info->pin_count_low)
        return "; at least one wrong PIN was entered since the last right one, few tries may be left";
    return "; the token does not say how many tries are left";
}

static bool login_failed(struct token *token, CK_RV rv, struct error *err)
{
    struct token_info info;
    struct error ignored = ERROR_INIT;
    const char *label = quoted_text(token->info.label, &(struct quoted){0});
    if (rv != CKR_PIN_INCORRECT && rv != CKR_PIN_LOCKED)
        return error_rv(err, rv, "logging in to token \"%s\"", label);
    // Without flags (the token went away meanwhile) the message has one fact less.
    const char *tries =
        token_ask_info(token->module, token->slot_id, &info, &ignored) ? tries_words(&info) : "";
    if (rv == CKR_PIN_LOCKED)
        return error_rv(err, rv, "logging in to token \"%s\"", label);
    return error_set(
        err, ERROR_TOKEN, rv,
        "the token \"%s\" refuses the PIN (CKR_PIN_INCORRECT)%s; it was tried once and is not retried", label,
        tries);
}

bool token_login(struct token *token, const struct secret *pin, struct error *err)
{
    LOCKED(&token->module->lock);
    if (atomic_load(&token->is_logged_in))
        return true;
    struct token_info info;
    if (!token_ask_info(token->module, token->slot_id, &info, err))
        return error_while(err, "logging in");
    const char *label = quoted_text(info.label, &(struct quoted){0});
    if (!info.user_pin_is_set && info.needs_login)
        return error_rv(err, CKR_USER_PIN_NOT_INITIALIZED, "logging in to token \"%s\"", label);
    if (info.pin_locked) // asking would count as a try on some tokens
        return error_rv(err, CKR_PIN_LOCKED, "logging in to token \"%s\"", label);
    if (pin == NULL && !info.has_protected_path && info.needs_login)
        return error_set(err, ERROR_TOKEN, 0, "token \"%s\" has no PIN pad; give its PIN with --pin-source",
                         label);
    ERR_clear_error();
    if (PKCS11_login(token->slot, 0, pin == NULL ? NULL : secret_text(pin)) != 0)
        return login_failed(token, rv_of_libp11(), err);
    atomic_store(&token->is_logged_in, true);
    return true;
}

bool token_is_logged_in(const struct token *token)
{
    return atomic_load(&token->is_logged_in);
}

void token_set_ask_pin(struct token *token, token_ask_pin *ask, void *data)
{
    token->ask_pin = ask;
    token->ask_data = data;
}
