/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/quote.h"

#include <openssl/err.h>
#include <stdarg.h>

struct rv_words {
    CK_RV rv;
    const char *name;
    const char *advice;
};

#define ASK_AGAIN "run the command again"
#define CHECK_MODULE "check the module and its configuration"
#define OTHER_TOKEN "use another key or a token that can do it"
#define PLUG "check that the token is plugged in, then run the command again"

/* PKCS#11 v2.40, 2.10 and v3.0, 5.1: what each code means for the person at the console. */
static const struct rv_words words[] = {
    {CKR_CANCEL, "CKR_CANCEL", "it was cancelled; " ASK_AGAIN},
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY",
     "the module says that it is out of memory, which it may also say of what it can't reach; " CHECK_MODULE},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", "the slot is gone; " PLUG},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", "the module would not say why; " CHECK_MODULE},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", "the module would not say why; " CHECK_MODULE},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD",
     "the module rejects these arguments; it may need init_args in the token's YAML"},
    {CKR_NO_EVENT, "CKR_NO_EVENT", ASK_AGAIN},
    {CKR_NEED_TO_CREATE_THREADS, "CKR_NEED_TO_CREATE_THREADS", CHECK_MODULE},
    {CKR_CANT_LOCK, "CKR_CANT_LOCK", "the module is not made for threads; " CHECK_MODULE},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY", "the token does not let this attribute be set"},
    {CKR_ATTRIBUTE_SENSITIVE, "CKR_ATTRIBUTE_SENSITIVE", "the token keeps this attribute secret"},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID",
     "the token does not know an attribute asked for"},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID",
     "the token refuses an attribute's value; the kind or size of key may not be supported"},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID", "the token refuses the bytes to sign"},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", "the bytes to sign are too many for this key"},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "the token reports a fault; " PLUG},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", "the token is full; remove what it no longer needs"},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED",
     "the token was removed; put it back and run the command again"},
    {CKR_ENCRYPTED_DATA_INVALID, "CKR_ENCRYPTED_DATA_INVALID", CHECK_MODULE},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED", "it was cancelled on the token; " ASK_AGAIN},
    {CKR_FUNCTION_NOT_PARALLEL, "CKR_FUNCTION_NOT_PARALLEL", CHECK_MODULE},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", "the module can't do this; " OTHER_TOKEN},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID",
     "the key is no longer there: it was removed, or the token was reset; " ASK_AGAIN},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE", "the token does not make keys of this size; choose another"},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT", "the key is of another type; check its URI"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED",
     "the key may not sign (CKA_SIGN is false); " OTHER_TOKEN},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", "the token does not know this algorithm; " OTHER_TOKEN},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID",
     "the token rejects this algorithm's parameters; choose another signature algorithm"},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID",
     "the object is no longer there: it was removed, or the token was reset; " ASK_AGAIN},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", "the session is busy; " ASK_AGAIN},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED",
     "the session lost its operation; " ASK_AGAIN},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", "the PIN is wrong"},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID", "the token does not accept this PIN; it may forbid some characters"},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", "the PIN is too short or too long for this token"},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", "the PIN has expired; change it with the vendor's tool"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED",
     "the PIN is locked after too many wrong tries; the security officer unlocks it with the token's own "
     "tool, "
     "then run the command again"},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", "the session ended: the token was removed or reset; " PLUG},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT",
     "the token has no session left; close other programs that use it, or lower max_sessions in its YAML"},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID",
     "the session ended: the token was removed or reset; " PLUG},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY", "the token is write-protected"},
    {CKR_SESSION_EXISTS, "CKR_SESSION_EXISTS", "another program has the token open; close it first"},
    {CKR_SESSION_READ_ONLY_EXISTS, "CKR_SESSION_READ_ONLY_EXISTS",
     "another session has the token open; close it first"},
    {CKR_SESSION_READ_WRITE_SO_EXISTS, "CKR_SESSION_READ_WRITE_SO_EXISTS",
     "the security officer is logged in; log out first"},
    {CKR_SIGNATURE_LEN_RANGE, "CKR_SIGNATURE_LEN_RANGE", CHECK_MODULE},
    {CKR_TEMPLATE_INCOMPLETE, "CKR_TEMPLATE_INCOMPLETE",
     "the token wants more attributes than are known to coldca"},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT",
     "the token refuses these attributes together; its YAML may name some under may_omit"},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", "there is no token in the slot; " PLUG},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED",
     "the module does not know this token; check that it is the right module"},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", "the token is write-protected"},
    {CKR_USER_ALREADY_LOGGED_IN, "CKR_USER_ALREADY_LOGGED_IN", "someone is logged in already"},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN",
     "nobody is logged in: the token was reset, or the key wants the PIN for each signature; " ASK_AGAIN},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED",
     "the token has no user PIN; its security officer sets one with the token's own tool"},
    {CKR_USER_TYPE_INVALID, "CKR_USER_TYPE_INVALID", "the token has no such user"},
    {CKR_USER_ANOTHER_ALREADY_LOGGED_IN, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
     "another user is logged in; log out first"},
    {CKR_USER_TOO_MANY_TYPES, "CKR_USER_TOO_MANY_TYPES",
     "too many users are logged in; close other programs"},
    {CKR_DOMAIN_PARAMS_INVALID, "CKR_DOMAIN_PARAMS_INVALID",
     "the token does not know this curve, or wants its name in another form (ed25519_params in its YAML)"},
    {CKR_CURVE_NOT_SUPPORTED, "CKR_CURVE_NOT_SUPPORTED",
     "the token does not know this curve; choose another"},
    {CKR_BUFFER_TOO_SMALL, "CKR_BUFFER_TOO_SMALL", "the signature is longer than the key allows"},
    {CKR_SAVED_STATE_INVALID, "CKR_SAVED_STATE_INVALID", CHECK_MODULE},
    {CKR_INFORMATION_SENSITIVE, "CKR_INFORMATION_SENSITIVE", "the token keeps this secret"},
    {CKR_STATE_UNSAVEABLE, "CKR_STATE_UNSAVEABLE", CHECK_MODULE},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED",
     "the module was closed by another part of this process; " ASK_AGAIN},
    {CKR_CRYPTOKI_ALREADY_INITIALIZED, "CKR_CRYPTOKI_ALREADY_INITIALIZED", CHECK_MODULE},
    {CKR_MUTEX_BAD, "CKR_MUTEX_BAD", CHECK_MODULE},
    {CKR_MUTEX_NOT_LOCKED, "CKR_MUTEX_NOT_LOCKED", CHECK_MODULE},
    {CKR_FUNCTION_REJECTED, "CKR_FUNCTION_REJECTED", "it was refused on the token; press its button in time"},
    {CKR_RANDOM_NO_RNG, "CKR_RANDOM_NO_RNG", "the token makes no random numbers"},
};

static const struct rv_words *rv_find(CK_RV rv)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].rv == rv)
            return &words[i];
    return NULL;
}

const char *rv_name(CK_RV rv)
{
    const struct rv_words *found = rv_find(rv);
    if (found != NULL)
        return found->name;
    return rv >= CKR_VENDOR_DEFINED ? "a vendor's error code" : "an unknown error code";
}

const char *rv_advice(CK_RV rv)
{
    const struct rv_words *found = rv_find(rv);
    return found != NULL ? found->advice : "look the code up in the token's manual";
}

bool error_rv(struct error *err, CK_RV rv, const char *format, ...)
{
    char what[512];
    va_list args;
    va_start(args, format);
    utf8_vformat(what, sizeof(what), format, args); // cut if too long: it is a message
    va_end(args);
    if (rv_find(rv) == NULL)
        return error_set(err, ERROR_TOKEN, rv, "%s: %s (0x%08lx): %s", what, rv_name(rv), rv, rv_advice(rv));
    return error_set(err, ERROR_TOKEN, rv, "%s: %s (%s)", what, rv_advice(rv), rv_name(rv));
}

CK_RV rv_of_libp11(bool is_done)
{
    unsigned long code = ERR_peek_last_error();
    CK_RV rv = CKR_GENERAL_ERROR;
    if (ERR_GET_LIB(code) == ERR_get_CKR_code())
        rv = (CK_RV)ERR_GET_REASON(code);
    (void)ERR_pop_to_mark(); // what the caller of the loadable provider had in the queue stays there
    return is_done ? CKR_OK : rv;
}
