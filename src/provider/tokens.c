/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/quote.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

struct opened_token {
    struct opened_token *next;
    struct token *token;
    struct token_info info;
    bool pin_was_refused;
};

/*
 * Contexts with open tokens. At exit libcrypto tears providers down last, when the PKCS#11 module's own destructors have
 * run and a call into it would crash. A handler set after the module was loaded runs before them (atexit(3)).
 */
static pthread_mutex_t contexts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct provider_context *contexts;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static bool exit_is_handled;

static void close_at_exit(void)
{
    (void)pthread_mutex_lock(&contexts_lock); // an ordinary mutex: can't fail
    struct provider_context *context = contexts;
    (void)pthread_mutex_unlock(&contexts_lock);
    for (; context != NULL; context = context->next)
        tokens_close_all(context);
}

static void handle_exit(void)
{
    exit_is_handled = atexit(close_at_exit) == 0;
}

static bool register_context(struct provider_context *context, struct error *err)
{
    (void)pthread_once(&exit_once, handle_exit); // can't fail
    if (!exit_is_handled)
        return error_set(err, ERROR_TOKEN, 0,
                         "no exit handler can be set, so the token could not be closed at exit");
    (void)pthread_mutex_lock(&contexts_lock); // an ordinary mutex: can't fail
    if (!context->is_registered) {
        context->next = contexts;
        contexts = context;
        context->is_registered = true;
    }
    (void)pthread_mutex_unlock(&contexts_lock);
    return true;
}

void tokens_forget(struct provider_context *context)
{
    tokens_close_all(context);
    (void)pthread_mutex_lock(&contexts_lock); // an ordinary mutex: can't fail
    struct provider_context **place = &contexts;
    while (*place != NULL && *place != context)
        place = &(*place)->next;
    if (*place != NULL)
        *place = context->next;
    (void)pthread_mutex_unlock(&contexts_lock);
}

static bool is_same(const char *said, const char *have)
{
    return said == NULL || strcmp(said, have) == 0;
}

static struct opened_token *find_open(struct provider_context *context, const struct token_address *address)
{
    // A URI that leaves the token open is not answered from here: there may be several.
    if (address->label == NULL && address->serial == NULL)
        return NULL;
    for (struct opened_token *one = context->tokens; one != NULL; one = one->next)
        if (is_same(address->label, one->info.label) && is_same(address->serial, one->info.serial) &&
            is_same(address->model, one->info.model) &&
            is_same(address->manufacturer, one->info.manufacturer))
            return one;
    return NULL;
}

bool tokens_open(struct provider_context *context, const struct token_address *address,
                 struct opened_token **ret_opened, struct error *err)
{
    const char *module = address->module;
    AUTO(token_close) struct token *token = NULL;
    struct token_info info;
    struct opened_token *opened = find_open(context, address);
    if (opened != NULL) {
        *ret_opened = opened;
        return true;
    }
    if (module == NULL)
        module = context->module;
    if (module == NULL)
        module = getenv("COLDCA_PKCS11_MODULE");
    if (module == NULL)
        return error_set(
            err, ERROR_TOKEN, 0,
            "no PKCS#11 module is named: put module-path into the URI, pkcs11-module-path into the "
            "provider's section of openssl.cnf, or set COLDCA_PKCS11_MODULE");
    struct token_choice choice = {
        .module = module,
        .init_args = context->init_args,
        .label = address->label,
        .serial = address->serial,
        .model = address->model,
        .manufacturer = address->manufacturer,
    };
    if (!token_open(&choice, &token, err) || !token_info(token, &info, err) ||
        !register_context(context, err))
        return false;
    opened = memory_new(1, sizeof(*opened));
    opened->token = TAKE(token);
    opened->info = info;
    opened->next = context->tokens;
    context->tokens = opened;
    *ret_opened = opened;
    return true;
}

struct token *tokens_token(struct opened_token *opened)
{
    return opened->token;
}

/** What OSSL_STORE's caller answers, moved into a secret and wiped where it was. */
static bool ask_caller(const struct opened_token *opened, const struct pin_question *question,
                       struct secret **ret_pin, struct error *err)
{
    char answer[SECRET_MAX_LEN + 1] = {0};
    size_t len = 0;
    AUTO(secret_free) struct secret *pin = NULL;
    AUTO(free)
    char *what = memory_format("PIN of token %s", quoted_text(opened->info.label, &(struct quoted){0}));
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PASSPHRASE_PARAM_INFO, what, 0),
        OSSL_PARAM_construct_end(),
    };
    if (question->ask == NULL || question->ask(answer, sizeof(answer) - 1, &len, params, question->data) != 1)
        return error_set(
            err, ERROR_TOKEN, 0,
            "no PIN was given for token \"%s\"; put pin-source=file:PATH into the URI or answer the "
            "prompt",
            quoted_text(opened->info.label, &(struct quoted){0}));
    bool is_made = secret_new(&pin, err);
    for (size_t i = 0; is_made && i < len && i < sizeof(answer); i++)
        is_made = secret_push(pin, answer[i]);
    OPENSSL_cleanse(answer, sizeof(answer));
    if (is_made)
        *ret_pin = TAKE(pin);
    return is_made;
}

static bool get_pin(const struct opened_token *opened, const struct token_address *address,
                    const struct pin_question *question, struct secret **ret_pin, struct error *err)
{
    if (opened->info.has_protected_path && address->pin_source == NULL)
        return true; // the token asks by itself
    if (address->pin_source == NULL)
        return ask_caller(opened, question, ret_pin, err);
    AUTO(free)
    char *source = strncmp(address->pin_source, "file:", 5) == 0
                       ? memory_text(address->pin_source)
                       : memory_format("file:%s", address->pin_source);
    if (strchr(source, '|') != NULL) // RFC 7512 2.4 warns of commands; they are never run
        return error_set(err, ERROR_TOKEN, 0, "pin-source names a command; only file:PATH is taken");
    return secret_read(source, ret_pin, err);
}

bool tokens_login(struct provider_context *context, struct opened_token *opened,
                  const struct token_address *address, const struct pin_question *question, struct error *err)
{
    AUTO(secret_free) struct secret *pin = NULL;
    (void)context; // its lock is held
    if (token_is_logged_in(opened->token))
        return true;
    if (opened->pin_was_refused)
        return error_set(
            err, ERROR_TOKEN, 0,
            "token \"%s\" refused a PIN before in this run, so no other is tried; run the command again",
            quoted_text(opened->info.label, &(struct quoted){0}));
    if (!get_pin(opened, address, question, &pin, err))
        return false;
    if (token_login(opened->token, pin, err))
        return true;
    opened->pin_was_refused = true;
    return false;
}

void tokens_close_all(struct provider_context *context)
{
    while (context->tokens != NULL) {
        struct opened_token *opened = context->tokens;
        context->tokens = opened->next;
        token_close(opened->token);
        free(opened);
    }
}
