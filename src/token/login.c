/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/quote.h"

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
        "the token \"%s\" refuses the PIN (CKR_PIN_INCORRECT)%s; one attempt was made, it is not retried",
        label, tries);
}

/** The session that holds the login for as long as the token is open. */
static bool open_holder(struct token *token, struct error *err)
{
    if (token->login_session != CK_INVALID_HANDLE)
        return true;
    WATCHED(token->module, "opening a session");
    CK_RV rv = token->module->calls->C_OpenSession(token->slot_id, CKF_SERIAL_SESSION, NULL, NULL,
                                                   &token->login_session);
    if (rv == CKR_OK)
        return true;
    token->login_session = CK_INVALID_HANDLE;
    return error_rv(err, rv, "opening a session to log in");
}

bool login_pin_fits(const struct token_info *info, const struct secret *pin, const char *what,
                    struct error *err)
{
    size_t len = pin == NULL ? 0 : secret_len(pin);
    bool is_known = info->pin_max_len > 0 && info->pin_min_len <= info->pin_max_len;
    if (pin == NULL || !is_known || (len >= info->pin_min_len && len <= info->pin_max_len))
        return true;
    return error_set(err, ERROR_TOKEN, CKR_PIN_LEN_RANGE,
                     "the %s is too %s: the token takes %lu to %lu bytes; it was not tried", what,
                     len < info->pin_min_len ? "short" : "long", info->pin_min_len, info->pin_max_len);
}

/** What can be said before a try is spent. */
static bool may_try(const struct token_info *info, const struct secret *pin, struct error *err)
{
    const char *label = quoted_text(info->label, &(struct quoted){0});
    if (!info->user_pin_is_set && info->needs_login)
        return error_rv(err, CKR_USER_PIN_NOT_INITIALIZED, "logging in to token \"%s\"", label);
    if (info->pin_locked) // asking would count as a try on some tokens
        return error_rv(err, CKR_PIN_LOCKED, "logging in to token \"%s\"", label);
    if (pin == NULL && !info->has_protected_path && info->needs_login)
        return error_set(err, ERROR_TOKEN, 0, "token \"%s\" has no PIN pad; give its PIN with --pin-source",
                         label);
    return login_pin_fits(info, pin, "PIN", err);
}

static CK_RV login_with(struct token *token, const struct secret *pin)
{
    WATCHED(token->module, "logging in");
    return token->module->calls->C_Login(token->login_session, CKU_USER,
                                         (CK_UTF8CHAR *)(uintptr_t)secret_text(pin), secret_len(pin));
}

static CK_RV login_at_pin_pad(struct token *token)
{
    UNHURRIED("logging in");
    return token->module->calls->C_Login(token->login_session, CKU_USER, NULL, 0);
}

/*
 * Not PKCS11_login(): it keeps a copy of the PIN in ordinary memory for as long as the slot lives, to log in again by
 * itself after a fork (promise P7; docs/decisions/0010).
 */
bool token_login(struct token *token, const struct secret *pin, struct error *err)
{
    LOCKED(&token->module->lock);
    struct token_info info;
    if (atomic_load(&token->is_logged_in))
        return true;
    if (!token_ask_info(token->module, token->slot_id, &info, err))
        return error_while(err, "logging in");
    if (!may_try(&info, pin, err) || !open_holder(token, err))
        return false;
    CK_RV rv = pin == NULL ? login_at_pin_pad(token) : login_with(token, pin);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return login_failed(token, rv, err);
    atomic_store(&token->is_logged_in, true);
    return true;
}

void login_end(struct token *token, struct token *heir)
{
    CK_FUNCTION_LIST *calls = token->module->calls;
    if (token->login_session == CK_INVALID_HANDLE)
        return;
    if (heir != NULL && heir->login_session == CK_INVALID_HANDLE) {
        heir->login_session = token->login_session;
        atomic_store(&heir->is_logged_in, atomic_load(&token->is_logged_in));
        return;
    }
    WATCHED(token->module, "logging out");
    // The token may be gone; then nobody is logged in and there is no session to close.
    if (heir == NULL)
        (void)calls->C_Logout(token->login_session);
    (void)calls->C_CloseSession(token->login_session);
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
