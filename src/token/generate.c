/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/quote.h"

#include <openssl/rand.h>

#define TEMPLATE_MAX 20

/** An attribute template and where its values live. */
struct template
{
    CK_ATTRIBUTE items[TEMPLATE_MAX];
    CK_ULONG count;
};

static CK_BBOOL yes = CK_TRUE; // Cryptoki's templates are not const, but nobody writes to them
static CK_BBOOL no = CK_FALSE;

static void add(struct template *template, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    template->items[template->count++] = (CK_ATTRIBUTE){type, (void *)(uintptr_t)value, len};
}

static void add_flag(struct template *template, CK_ATTRIBUTE_TYPE type, bool value)
{
    add(template, type, value ? &yes : &no, sizeof(yes));
}

/** A usage that is forbidden explicitly, unless the token is known not to like the question. */
static void forbid(struct template *template, CK_ATTRIBUTE_TYPE type, enum usage flag, enum usage omitted)
{
    if ((omitted & flag) == 0)
        add_flag(template, type, false);
}

struct request {
    enum key_kind kind;
    CK_ULONG bits;
    const char *label;
    uint8_t id[KEY_ID_LEN];
    bool ed25519_as_oid;
    bool omits_public; /**< the public key's usages are left to the token */
    enum usage omitted;
};

static void private_attributes(const struct request *request, struct template *ret)
{
    add_flag(ret, CKA_TOKEN, true);
    add_flag(ret, CKA_PRIVATE, true);
    add_flag(ret, CKA_SENSITIVE, true);
    add_flag(ret, CKA_EXTRACTABLE, false);
    add_flag(ret, CKA_SIGN, true);
    forbid(ret, CKA_DECRYPT, USAGE_DECRYPT, request->omitted);
    forbid(ret, CKA_UNWRAP, USAGE_UNWRAP, request->omitted);
    forbid(ret, CKA_DERIVE, USAGE_DERIVE, request->omitted);
    forbid(ret, CKA_SIGN_RECOVER, USAGE_SIGN_RECOVER, request->omitted);
    add(ret, CKA_ID, request->id, sizeof(request->id));
    add(ret, CKA_LABEL, request->label, strlen(request->label));
}

static void public_attributes(const struct request *request, struct template *ret)
{
    static const uint8_t f4[] = {0x01, 0x00, 0x01};
    add_flag(ret, CKA_TOKEN, true);
    add_flag(ret, CKA_PRIVATE, false);
    if (!request->omits_public)
        add_flag(ret, CKA_VERIFY, true);
    // Nobody encrypts or wraps with an EC key; to forbid it is to ask for too much where nothing else is said.
    if (!request->omits_public || request->kind == KEY_RSA) {
        forbid(ret, CKA_ENCRYPT, USAGE_ENCRYPT, request->omitted);
        forbid(ret, CKA_WRAP, USAGE_WRAP, request->omitted);
        forbid(ret, CKA_VERIFY_RECOVER, USAGE_VERIFY_RECOVER, request->omitted);
    }
    add(ret, CKA_ID, request->id, sizeof(request->id));
    add(ret, CKA_LABEL, request->label, strlen(request->label));
    if (request->kind == KEY_RSA) {
        add(ret, CKA_MODULUS_BITS, &request->bits, sizeof(request->bits));
        add(ret, CKA_PUBLIC_EXPONENT, f4, sizeof(f4));
        return;
    }
    struct bytes params = curve_params(request->kind, request->ed25519_as_oid);
    add(ret, CKA_EC_PARAMS, params.data, params.len);
}

/** A new pair's handles; not yet checked. */
struct pair {
    CK_OBJECT_HANDLE public_object;
    CK_OBJECT_HANDLE private_object;
};

static CK_RV ask_for_pair(struct token *token, CK_SESSION_HANDLE session, const struct request *request,
                          struct pair *ret_pair)
{
    CK_MECHANISM_TYPE type = request->kind == KEY_RSA       ? CKM_RSA_PKCS_KEY_PAIR_GEN
                             : request->kind == KEY_ED25519 ? CKM_EC_EDWARDS_KEY_PAIR_GEN
                                                            : CKM_EC_KEY_PAIR_GEN;
    CK_MECHANISM mechanism = {type, NULL, 0};
    struct template public_half = {.count = 0};
    struct template private_half = {.count = 0};
    public_attributes(request, &public_half);
    private_attributes(request, &private_half);
    UNHURRIED("making a key pair");
    return token->module->calls->C_GenerateKeyPair(session, &mechanism, public_half.items, public_half.count,
                                                   private_half.items, private_half.count,
                                                   &ret_pair->public_object, &ret_pair->private_object);
}

/** Whether the token may have disliked the template rather than the key. */
static bool is_about_template(CK_RV rv)
{
    // The last two say nothing; tpm2-pkcs11 says the first of them to CKA_VERIFY beside a forbidden CKA_DECRYPT.
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID ||
           rv == CKR_ATTRIBUTE_READ_ONLY || rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_ARGUMENTS_BAD ||
           rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED;
}

/** Asks in this form; for Ed25519 by the curve's name, then by its OID, unless the model is known to want one of them. */
static CK_RV ask_by_curve(struct token *token, CK_SESSION_HANDLE session, struct request *request,
                          struct pair *ret_pair)
{
    enum ed25519_form form = token->limits.ed25519_params;
    request->ed25519_as_oid = form == ED25519_OID;
    CK_RV rv = ask_for_pair(token, session, request, ret_pair);
    bool may_be_curve =
        is_about_template(rv) || rv == CKR_DOMAIN_PARAMS_INVALID || rv == CKR_CURVE_NOT_SUPPORTED;
    if (request->kind != KEY_ED25519 || form != ED25519_EITHER || !may_be_curve)
        return rv;
    request->ed25519_as_oid = true;
    return ask_for_pair(token, session, request, ret_pair);
}

/**
 * Asks for a pair in one form after the other, from strict to lenient, until the token makes one: its attributes decide then
 * whether it is fit, however it was asked for (token_key_check()). docs/tokens.md states this order.
 *   1. every usage is said, allowed or forbidden
 *   2. CKA_VERIFY of the public key is left out, of an EC key's every usage (tpm2-pkcs11 reads CKA_VERIFY as decrypting, and
 *      CKA_ENCRYPT=FALSE beside nothing as a contradiction; its RSA keys have to decrypt: it signs by it)
 *   3. the usages its YAML names in may_omit are left out
 *   4. both are
 *   5. CKA_VERIFY and every forbidden usage are left out
 */
static CK_RV make_pair(struct token *token, CK_SESSION_HANDLE session, struct request *request,
                       struct pair *ret_pair)
{
    const enum usage known = token->limits.may_omit;
    const struct {
        bool omits_public;
        enum usage omitted;
    } forms[] = {{false, USAGE_NONE}, {true, USAGE_NONE}, {false, known}, {true, known}, {true, USAGE_ALL}};
    CK_RV first = CKR_OK;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        bool is_new = i < 2 || forms[i].omitted != forms[i - 2].omitted;
        if (!is_new)
            continue;
        request->omits_public = forms[i].omits_public;
        request->omitted = forms[i].omitted;
        CK_RV rv = ask_by_curve(token, session, request, ret_pair);
        if (i == 0)
            first = rv;
        if (rv == CKR_OK)
            return CKR_OK;
        if (!is_about_template(rv))
            break;
    }
    return first; // what the token has against the form that was meant
}

static bool look_for_label(struct token *token, CK_SESSION_HANDLE session, const char *label,
                           bool *ret_is_free, struct error *err)
{
    CK_ATTRIBUTE template[] = {{CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    size_t count = 0;
    if (!objects_find(token, session, template, 1, &objects, &count, err))
        return false;
    *ret_is_free = true;
    for (size_t i = 0; i < count; i++) {
        CK_ULONG class = 0;
        if (attribute_ulong(token, session, objects[i], CKA_CLASS, &class) &&
            (class == CKO_PRIVATE_KEY || class == CKO_PUBLIC_KEY))
            *ret_is_free = false;
    }
    return true;
}

bool token_key_label_is_free(struct token *token, const char *label, bool *ret_is_free, struct error *err)
{
    struct session *session = NULL;
    if (!pool_borrow(token, &session, err))
        return false;
    bool is_done = look_for_label(token, session->handle, label, ret_is_free, err);
    pool_return(token, session);
    return is_done;
}

static bool check_label_is_free(struct token *token, CK_SESSION_HANDLE session, const char *label,
                                struct error *err)
{
    bool is_free = false;
    return look_for_label(token, session, label, &is_free, err) &&
           (is_free ||
            error_set(err, ERROR_TOKEN, 0,
                      "the token has a key labelled \"%s\" already; give the new one another label",
                      quoted_text(label, &(struct quoted){0})));
}

static bool destroy(struct token *token, CK_OBJECT_HANDLE private_object, CK_OBJECT_HANDLE public_object,
                    struct error *err)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_FUNCTION_LIST *calls = token->module->calls;
    if (!token_open_writer(token, &session, err))
        return false;
    WATCHED(token->module, "removing a key pair");
    CK_RV rv = calls->C_DestroyObject(session, private_object);
    if (public_object != CK_INVALID_HANDLE) {
        CK_RV second = calls->C_DestroyObject(session, public_object);
        rv = rv == CKR_OK ? second : rv;
    }
    (void)calls->C_CloseSession(session); // what was to be done is done
    return rv == CKR_OK || error_rv(err, rv, "removing a key pair");
}

/** The token made it; now it has to be what was asked for (P1), else it is removed again. */
static bool accept(struct token *token, CK_SESSION_HANDLE session, const struct pair *pair,
                   struct token_key **ret_key, struct error *err)
{
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    AUTO(token_key_free) struct token_key *key = NULL;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!public_of_object(token, session, pair->public_object, &spki))
        return error_set(err, ERROR_TOKEN, 0, "the token made a key but does not expose the public key");
    if (!key_new(token, session, pair->private_object, builder_bytes(&spki), &key, err))
        return false;
    key->public_object = pair->public_object;
    key->is_made_here = true;
    if (!token_key_check(key, false, &findings, err))
        return error_while(err, "checking that the token made the key as it was asked to");
    *ret_key = TAKE(key);
    return true;
}

static bool generate(struct token *token, CK_SESSION_HANDLE session, struct request *request,
                     struct token_key **ret_key, struct error *err)
{
    char name[32];
    struct pair pair = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    struct error ignored = ERROR_INIT;
    if (!check_label_is_free(token, session, request->label, err))
        return false;
    CK_RV rv = make_pair(token, session, request, &pair);
    if (rv != CKR_OK)
        return error_rv(err, rv, "making a %s key in the token",
                        key_name(request->kind, (unsigned)request->bits, name));
    if (accept(token, session, &pair, ret_key, err))
        return true;
    // The first fault is what the user must hear of.
    if (!destroy(token, pair.private_object, pair.public_object, &ignored))
        (void)error_while(err, "removing the unfit key (%s); remove it by hand", ignored.text);
    return false;
}

/** What the token's YAML says of the kinds it makes; a token is not asked for what it is known not to do. */
static bool may_make(const struct token *token, enum key_kind kind, unsigned bits, struct error *err)
{
    char name[32];
    const struct token_limits *limits = &token->limits;
    bool is_known_not_to = (limits->kinds != 0 && (limits->kinds >> kind & 1) == 0) ||
                           (kind == KEY_RSA && limits->rsa_max_bits != 0 && bits > limits->rsa_max_bits);
    const unsigned of_ledger = 1U << KEY_ED25519 | 1U << KEY_EC_P256;
    bool has_ledger_keys = limits->kinds == 0 || (limits->kinds & of_ledger) != 0;
    return !is_known_not_to ||
           error_set(err, ERROR_TOKEN, CKR_MECHANISM_INVALID,
                     "this token model cannot generate %s keys (its YAML, under keys)%s",
                     key_name(kind, bits, name),
                     has_ledger_keys ? "; choose another"
                                     : ", and a CA's ledger key has to be ed25519 or ec-p256: it can't hold "
                                       "a CA; use a token that makes one of these");
}

static void close_writer(struct token *token, CK_SESSION_HANDLE session)
{
    WATCHED(token->module, "closing a session");
    (void)token->module->calls->C_CloseSession(session); // the objects are on the token
}

bool token_key_generate(struct token *token, enum key_kind kind, unsigned bits, const char *label,
                        struct token_key **ret_key, struct error *err)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    AUTO(token_key_free) struct token_key *key = NULL;
    struct request request = {.kind = kind, .bits = bits, .label = label};
    if (kind == KEY_OTHER || (kind == KEY_RSA && (bits < 2048 || bits > 16384 || bits % 8 != 0)))
        return error_set(err, ERROR_USAGE, 0,
                         "coldca makes rsa-2048 and longer, ec-p256, ec-p384, ec-p521, ed25519");
    if (label[0] == '\0')
        return error_set(err, ERROR_USAGE, 0, "a new key needs a label");
    if (!may_make(token, kind, bits, err))
        return false;
    if (RAND_bytes(request.id, sizeof(request.id)) != 1)
        return error_openssl(err, ERROR_TOKEN, "no random bytes for the key's CKA_ID");
    if (!token_open_writer(token, &session, err))
        return false;
    bool is_made = generate(token, session, &request, &key, err);
    close_writer(token, session);
    if (!is_made)
        return false;
    if (key->attributes.always_authenticates != TOKEN_YES && !key_prove(key, err)) {
        struct error ignored = ERROR_INIT;
        if (!token_key_destroy(key, &ignored))
            return error_while(err, "removing the unfit key (%s); remove it by hand", ignored.text);
        return false;
    }
    *ret_key = TAKE(key);
    return true;
}

bool token_key_destroy(struct token_key *key, struct error *err)
{
    if (!key->is_made_here)
        return error_set(err, ERROR_TOKEN, 0, "the key %s was not made in this run, so it is not removed",
                         key->uri);
    return destroy(key->token, key->private_object, key->public_object, err);
}
