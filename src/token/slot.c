/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/quote.h"
#include "token/profile.h"

#include <openssl/err.h>

void token_trim(const unsigned char *field, size_t len, char *ret_text)
{
    const unsigned char *end = memchr(field, 0, len); // some modules pad with NULs against the standard
    if (end != NULL)
        len = (size_t)(end - field);
    while (len > 0 && field[len - 1] == ' ')
        len--;
    memcpy(ret_text, field, len);
    ret_text[len] = '\0';
}

bool token_ask_info(struct module *module, CK_SLOT_ID slot_id, struct token_info *ret_info, struct error *err)
{
    CK_TOKEN_INFO raw;
    CK_SLOT_INFO slot;
    WATCHED(module, "reading token info");
    CK_RV rv = module->calls->C_GetTokenInfo(slot_id, &raw);
    if (rv != CKR_OK)
        return error_rv(err, rv, "reading the token info of slot %lu", slot_id);
    struct token_info info = {
        .slot_id = slot_id,
        .is_initialized = (raw.flags & CKF_TOKEN_INITIALIZED) != 0,
        .needs_login = (raw.flags & CKF_LOGIN_REQUIRED) != 0,
        .has_protected_path = (raw.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0,
        .is_write_protected = (raw.flags & CKF_WRITE_PROTECTED) != 0,
        .pin_count_low = (raw.flags & CKF_USER_PIN_COUNT_LOW) != 0,
        .pin_final_try = (raw.flags & CKF_USER_PIN_FINAL_TRY) != 0,
        .pin_locked = (raw.flags & CKF_USER_PIN_LOCKED) != 0,
        .user_pin_is_set = (raw.flags & CKF_USER_PIN_INITIALIZED) != 0,
        .max_sessions = raw.ulMaxSessionCount == CK_UNAVAILABLE_INFORMATION ? 0 : raw.ulMaxSessionCount,
        .pin_min_len = raw.ulMinPinLen,
        .pin_max_len = raw.ulMaxPinLen == CK_UNAVAILABLE_INFORMATION ? 0 : raw.ulMaxPinLen,
    };
    token_trim(raw.label, sizeof(raw.label), info.label);
    token_trim(raw.manufacturerID, sizeof(raw.manufacturerID), info.manufacturer);
    token_trim(raw.model, sizeof(raw.model), info.model);
    token_trim(raw.serialNumber, sizeof(raw.serialNumber), info.serial);
    if (module->calls->C_GetSlotInfo(slot_id, &slot) == CKR_OK)
        token_trim(slot.slotDescription, sizeof(slot.slotDescription), info.slot_text);
    *ret_info = info;
    return true;
}

static bool text_fits(const char *wanted, const char *have)
{
    return wanted == NULL || strcmp(wanted, have) == 0;
}

static bool uri_fits(const char *text, const struct token_info *info)
{
    struct error ignored = ERROR_INIT; // choice_module() has parsed it before
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    return text == NULL || (key_uri_parse(text, &uri, &ignored) && key_uri_fits(&uri, info));
}

static bool choice_fits(const struct token_choice *choice, const struct token_info *info)
{
    return uri_fits(choice->uri, info) && text_fits(choice->label, info->label) &&
           text_fits(choice->serial, info->serial) && text_fits(choice->model, info->model) &&
           text_fits(choice->manufacturer, info->manufacturer);
}

static void choice_words(const struct token_choice *choice, struct builder *ret_text)
{
    const char *const parts[][2] = {{"label", choice->label},
                                    {"serial", choice->serial},
                                    {"model", choice->model},
                                    {"manufacturer", choice->manufacturer},
                                    {"URI", choice->uri}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i][1] != NULL)
            builder_format(ret_text, "%s%s \"%s\"", ret_text->len > 0 ? ", " : " with ", parts[i][0],
                           quoted_text(parts[i][1], &(struct quoted){0}));
}

static void add_token_words(const struct token_info *info, struct builder *ret_text)
{
    builder_format(ret_text, "%s\"%s\" (serial %s, slot %lu%s)", ret_text->len > 0 ? ", " : "",
                   quoted_text(info->label, &(struct quoted){0}),
                   quoted_text(info->serial, &(struct quoted){0}), info->slot_id,
                   info->is_initialized ? "" : ", not initialized");
}

/** A module that does not start, or sees nothing, often can't get at a file. \return whether that is so; err then says it */
static bool explain(const struct token_choice *choice, const char *path, CK_RV rv, struct error *err)
{
    AUTO(builder_done) struct builder why = BUILDER_INIT;
    if (!profile_find_obstacle(choice->profile, &why))
        return false;
    (void)error_set(err, ERROR_TOKEN, rv, "the module %s can't get at its tokens%s%s%s: %s",
                    quoted_text(path, &(struct quoted){0}), rv != CKR_OK ? " (" : "",
                    rv != CKR_OK ? rv_name(rv) : "", rv != CKR_OK ? ")" : "", builder_text(&why));
    return true;
}

static bool choice_module(const struct token_choice *choice, struct module **ret_module, struct error *err)
{
    const char *path = choice->module;
    const char *init_args = choice->init_args;
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    if (choice->uri != NULL && !key_uri_parse(choice->uri, &uri, err))
        return error_while(err, "choosing a token");
    if (path == NULL && choice->profile != NULL) {
        path = token_profile_module(choice->profile);
        if (path == NULL)
            return error_set(err, ERROR_TOKEN, 0,
                             "no module of token model %s is on this machine; install it or name its path",
                             token_profile_name(choice->profile));
    }
    if (path == NULL)
        return error_set(err, ERROR_TOKEN, 0, "no PKCS#11 module is named; give its path or a token model");
    if (init_args == NULL && choice->profile != NULL)
        init_args = profile_init_args(choice->profile);
    if (module_open(path, init_args, profile_limits(choice->profile).timeout_seconds, ret_module, err))
        return true;
    if (!explain(choice, path, err->native, err) && choice->profile != NULL &&
        choice->profile->hint != NULL) {
        const struct error said = *err;
        (void)error_set(err, said.kind, said.native, "%s; %s", said.text, choice->profile->hint);
    }
    return false;
}

static bool is_pulled(CK_RV rv)
{
    return rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_REMOVED || rv == CKR_SLOT_ID_INVALID ||
           rv == CKR_TOKEN_NOT_RECOGNIZED;
}

/** All tokens of a module, in slot order. The module's lock must be held. */
static bool list_tokens(struct module *module, struct token_info **ret_infos, size_t *ret_count,
                        struct error *err)
{
    if (!module_refresh(module, err))
        return false;
    const struct slots *slots = module->slots;
    AUTO(free) struct token_info *infos = memory_new(slots->count + 1, sizeof(*infos));
    size_t count = 0;
    for (unsigned i = 0; i < slots->count; i++) {
        struct error fault = ERROR_INIT;
        if (slots->items[i].token == NULL)
            continue;
        if (token_ask_info(module, PKCS11_get_slotid_from_slot(&slots->items[i]), &infos[count], &fault)) {
            count++;
            continue;
        }
        // A token pulled between the two questions is simply not in the list; any other fault is reported.
        if (!is_pulled((CK_RV)fault.native)) {
            *err = fault;
            return false;
        }
    }
    *ret_infos = TAKE(infos);
    *ret_count = count;
    return true;
}

/** Which tokens a choice may mean: those in use, or (for token_initialize) new ones too. */
enum wanted { WANTED_INITIALIZED, WANTED_NEW, WANTED_ANY };

static bool any_initialized(const struct token_info *infos, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (infos[i].is_initialized)
            return true;
    }
    return false;
}

/** Its keys can't be replaced, so nothing here may lead a person to make another token in its place. */
static bool refuse_missing(const struct token_choice *choice, const char *asked, const char *present,
                           struct error *err)
{
    const char *variable = choice->profile != NULL ? choice->profile->variable : NULL;
    return error_set(err, ERROR_TOKEN, 0,
                     "this CA's token is missing or damaged: no token%s is present (there is %s); plug it "
                     "in%s%s, or restore it from its backup",
                     asked, *present == '\0' ? "none" : present, variable != NULL ? ", check " : "",
                     variable != NULL ? variable : "");
}

/** Exactly one; ERROR_TOKEN with a list otherwise. The module's lock must be held. */
static bool choose(struct module *module, const struct token_choice *choice, enum wanted wanted,
                   struct token_info *ret_info, struct error *err)
{
    AUTO(free) struct token_info *infos = NULL;
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    AUTO(builder_done) struct builder fitting = BUILDER_INIT;
    AUTO(builder_done) struct builder asked = BUILDER_INIT;
    size_t count = 0;
    size_t fits = 0;
    size_t found = 0;
    if (!list_tokens(module, &infos, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (infos[i].is_initialized || !choice->is_in_use) // an empty slot is none of a CA's tokens
            add_token_words(&infos[i], &all);
        bool is_wanted = wanted == WANTED_ANY || infos[i].is_initialized == (wanted == WANTED_INITIALIZED);
        if (!is_wanted || !choice_fits(choice, &infos[i]))
            continue;
        add_token_words(&infos[i], &fitting);
        found = i;
        fits++;
    }
    if (fits == 1) {
        *ret_info = infos[found];
        return true;
    }
    choice_words(choice, &asked);
    if (fits > 1)
        return error_set(err, ERROR_TOKEN, 0,
                         "%zu tokens fit: %s; say which: --token LABEL or --token pkcs11:serial=SERIAL", fits,
                         builder_text(&fitting));
    if (count == 0 && explain(choice, module->path, CKR_OK, err))
        return false;
    if (choice->is_in_use)
        return refuse_missing(choice, builder_text(&asked), builder_text(&all), err);
    const char *hint = count == 0 && choice->profile != NULL ? choice->profile->hint : NULL;
    if (hint != NULL)
        return error_set(err, ERROR_TOKEN, 0, "the module %s sees no token: %s",
                         quoted_text(module->path, &(struct quoted){0}), hint);
    if (wanted == WANTED_INITIALIZED && count > 0 && !any_initialized(infos, count))
        return error_set(err, ERROR_TOKEN, 0,
                         "no token is initialized yet; `coldca token init --label LABEL` makes one ready");
    return error_set(err, ERROR_TOKEN, 0, "no %stoken%s is present; %s%s",
                     wanted == WANTED_NEW ? "uninitialized " : "", builder_text(&asked),
                     all.len == 0
                         ? "the module sees no token at all: plug it in, or check the module's configuration"
                         : "present: ",
                     builder_text(&all));
}

bool token_list(const struct token_choice *choice, struct token_info **ret_infos, size_t *ret_count,
                struct error *err)
{
    AUTO(module_close) struct module *module = NULL;
    if (!choice_module(choice, &module, err))
        return false;
    LOCKED(&module->lock);
    return list_tokens(module, ret_infos, ret_count, err);
}

/** Another struct token of this process on the slot; NULL if there is none. The module's lock must be held. */
static struct token *sharer(const struct module *module, CK_SLOT_ID slot_id)
{
    struct token *other = module->tokens;
    while (other != NULL && other->slot_id != slot_id)
        other = other->next;
    return other;
}

bool token_open(const struct token_choice *choice, struct token **ret_token, struct error *err)
{
    AUTO(module_close) struct module *module = NULL;
    if (!choice_module(choice, &module, err))
        return false;
    LOCKED(&module->lock);
    struct token_info info;
    if (!choose(module, choice, WANTED_INITIALIZED, &info, err))
        return false;
    const struct token *other = sharer(module, info.slot_id);
    PKCS11_SLOT *slot = other != NULL ? other->slot : module_slot(module, info.slot_id);
    // libp11 closes all sessions of the slot when its mode changes: so it writes from the start, where it can.
    WATCHED(module, "opening the token");
    (void)ERR_set_mark();
    CK_RV rv = rv_of_libp11(other != NULL || PKCS11_open_session(slot, info.is_write_protected ? 0 : 1) == 0);
    if (rv != CKR_OK)
        return error_rv(err, rv, "opening the token \"%s\"", quoted_text(info.label, &(struct quoted){0}));
    struct token *token = memory_new(1, sizeof(*token));
    token->slot = slot;
    token->slot_id = info.slot_id;
    token->login_session = CK_INVALID_HANDLE;
    token->info = info;
    token->limits = profile_limits(choice->profile);
    if (info.max_sessions > 0 &&
        (token->limits.max_sessions == 0 || info.max_sessions < token->limits.max_sessions))
        token->limits.max_sessions = info.max_sessions < 1024 ? (unsigned)info.max_sessions : 1024;
    pool_init(&token->pool);
    token->next = module->tokens;
    module->tokens = token;
    token->module = TAKE(module);
    *ret_token = token;
    return true;
}

void token_close(struct token *token)
{
    struct module *module = token->module;
    pool_done(token);
    {
        LOCKED(&module->lock);
        struct token **place = &module->tokens;
        while (*place != token)
            place = &(*place)->next;
        *place = token->next;
        login_end(token, sharer(module, token->slot_id));
    }
    module_close(module);
    free(token);
}

bool token_info(struct token *token, struct token_info *ret_info, struct error *err)
{
    return token_ask_info(token->module, token->slot_id, ret_info, err);
}

bool token_open_writer(struct token *token, CK_SESSION_HANDLE *ret_session, struct error *err)
{
    WATCHED(token->module, "opening a session");
    CK_RV rv = token->module->calls->C_OpenSession(token->slot_id, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                                   NULL, ret_session);
    if (rv != CKR_OK)
        return error_rv(err, rv, "opening a read/write session");
    return true;
}

bool token_random(struct token *token, uint8_t *data, size_t len, struct error *err)
{
    LOCKED(&token->module->lock);
    WATCHED(token->module, "making random bytes");
    while (len > 0) {
        unsigned part = len < 1024 ? (unsigned)len : 1024;
        (void)ERR_set_mark();
        CK_RV rv = rv_of_libp11(PKCS11_generate_random(token->slot, data, part) == 0);
        if (rv != CKR_OK)
            return error_rv(err, rv, "getting random bytes from the token");
        data += part;
        len -= part;
    }
    return true;
}

/**
 * A call that was given the security officer's PIN failed: which PIN it was is said, since two were given.
 * \param erased  whether the token is new and empty already
 */
static bool officer_failed(struct error *err, CK_RV rv, const char *doing, bool erased)
{
    if (rv == CKR_PIN_INCORRECT)
        (void)error_set(
            err, ERROR_TOKEN, rv, // the caller returns the failure
            "%s: the security officer PIN is wrong (CKR_PIN_INCORRECT); one attempt was made, it is "
            "not retried",
            doing);
    else
        (void)error_rv(err, rv, "%s with the security officer PIN", doing); // likewise
    return erased
               ? error_while(
                     err, "setting the user PIN: the token is new and empty, and has none yet; initialize it "
                          "again (--erase)")
               : false;
}

/** C_InitToken, then the user PIN by the security officer. The module's lock must be held. */
static bool initialize(PKCS11_SLOT *slot, const char *label, const struct secret *so_pin,
                       const struct secret *user_pin, struct error *err)
{
    // C_InitToken takes 32 bytes padded with spaces; libp11 0.4.12 hands it what it gets, however short.
    char padded[33];
    memset(padded, ' ', sizeof(padded) - 1);
    padded[sizeof(padded) - 1] = '\0';
    memcpy(padded, label, strlen(label)); // at most 32: token_initialize() has looked
    UNHURRIED("initializing the token");
    (void)ERR_set_mark();
    CK_RV rv = rv_of_libp11(PKCS11_init_token(slot->token, secret_text(so_pin), padded) == 0);
    if (rv != CKR_OK)
        return officer_failed(err, rv, "initializing the token", false);
    (void)ERR_set_mark();
    rv = rv_of_libp11(PKCS11_open_session(slot, 1) == 0 && PKCS11_login(slot, 1, secret_text(so_pin)) == 0);
    if (rv != CKR_OK)
        return officer_failed(err, rv, "logging in", true);
    (void)ERR_set_mark();
    rv = rv_of_libp11(PKCS11_init_pin(slot->token, secret_text(user_pin)) == 0);
    (void)PKCS11_logout(slot); // the session ends with it anyway
    return rv == CKR_OK || error_rv(err, rv, "setting the user PIN");
}

/** Two tokens of one label would have to be distinguished by their serials ever after. The module's lock must be held. */
static bool label_is_free(struct module *module, const char *label, CK_SLOT_ID but, struct error *err)
{
    AUTO(free) struct token_info *infos = NULL;
    size_t count = 0;
    if (!list_tokens(module, &infos, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (infos[i].is_initialized && infos[i].slot_id != but && strcmp(infos[i].label, label) == 0)
            return error_set(
                err, ERROR_TOKEN, 0,
                "there is a token \"%s\" already (serial %s); give this one another with --label",
                quoted_text(label, &(struct quoted){0}), quoted_text(infos[i].serial, &(struct quoted){0}));
    }
    return true;
}

bool token_initialize(const struct token_choice *choice, const char *label, const struct secret *so_pin,
                      const struct secret *user_pin, bool may_erase, struct error *err)
{
    AUTO(module_close) struct module *module = NULL;
    if (strlen(label) == 0 || strlen(label) > 32)
        return error_set(err, ERROR_USAGE, 0,
                         "a token's label has 1 to 32 bytes (PKCS#11 v2.40 5.5), \"%s\" has %zu",
                         quoted_text(label, &(struct quoted){0}), strlen(label));
    if (!choice_module(choice, &module, err))
        return false;
    LOCKED(&module->lock);
    struct token_info info;
    if (!choose(module, choice, may_erase ? WANTED_ANY : WANTED_NEW, &info, err))
        return may_erase ? false
                         : error_while(err, "looking for a token to initialize; one in use is never erased "
                                            "unless you say so");
    if (choice->profile != NULL && !choice->profile->may_initialise)
        return error_set(err, ERROR_TOKEN, 0,
                         "tokens of model %s are not initialised by a PKCS#11 module%s%s; no PIN was tried",
                         token_profile_name(choice->profile), choice->profile->hint != NULL ? ": " : "",
                         choice->profile->hint != NULL ? choice->profile->hint : "");
    if (info.is_initialized && choice->serial == NULL && choice->label == NULL)
        return error_set(err, ERROR_TOKEN, 0,
                         "the token \"%s\" may hold keys; to erase it, name it by serial or label",
                         quoted_text(info.label, &(struct quoted){0}));
    if (sharer(module, info.slot_id) != NULL)
        return error_set(err, ERROR_TOKEN, 0, "the token is in use by this process; close it first");
    return login_pin_fits(&info, so_pin, "security officer PIN", err) &&
           login_pin_fits(&info, user_pin, "user PIN", err) &&
           label_is_free(module, label, info.slot_id, err) &&
           initialize(module_slot(module, info.slot_id), label, so_pin, user_pin, err);
}
