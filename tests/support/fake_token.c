/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_token.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "cert_maker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 8
#define TOKENS_MAX 4
#define DATA_MAX 16
#define LEDGER_MAX_LEN (64 * 1024 * 1024)

struct token {
    char label[33];
    bool is_logged_in;
    unsigned sessions;
    token_ask_pin *ask;
    void *ask_data;
    const struct token_profile *profile;
};

struct token_key {
    struct token *token;
    EVP_PKEY *key;
    char *uri;
    struct builder spki;
    enum key_kind kind;
    unsigned bits;
    bool is_ledger_key;
};

static struct {
    pthread_mutex_t mutex;
    struct {
        char *label;
        EVP_PKEY *key;
    } keys[KEYS_MAX];
    size_t key_count;
    struct {
        char token[33];
        unsigned from;
        enum fake_fault fault;
        unsigned calls;
        size_t max_message;
    } tokens[TOKENS_MAX];
    size_t token_count;
    struct {
        char token[33];
        struct builder value;
    } data[DATA_MAX];
    size_t data_count;
    bool keeps_nothing;
    unsigned refused_from, data_calls; /* data that is to be kept: from which call on it is not; 0: never */
    struct token_key_attributes attributes;
    bool has_no_ed25519;
    size_t max_message;
    struct token_choice choice;
    size_t pins;
    unsigned calls_left; /* until one fails; 0: none will */
    bool fails_on;       /* and all after it */
    const char *failed;
    const char *home;
    struct fake_signature *signatures;
    size_t signature_count;
} fake = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* ---- for the tests ---- */

void fake_token_forget(void)
{
    while (fake.data_count > 0)
        builder_done(&fake.data[--fake.data_count].value);
}

void fake_token_refuse_data(unsigned call)
{
    fake.refused_from = call;
    fake.data_calls = 0;
}

void fake_token_keeps_nothing(void)
{
    fake.keeps_nothing = true;
}

void fake_token_reset(void)
{
    fake_token_forget();
    fake.keeps_nothing = false;
    fake_token_refuse_data(0);
    for (size_t i = 0; i < fake.key_count; i++) {
        free(fake.keys[i].label);
        EVP_PKEY_free(fake.keys[i].key);
    }
    free(fake.signatures);
    fake.signatures = NULL;
    fake.key_count = fake.token_count = fake.signature_count = 0;
    fake.home = NULL;
    fake.has_no_ed25519 = false;
    fake.max_message = fake.pins = fake.calls_left = 0;
    fake.fails_on = false;
    fake.failed = NULL;
    fake.attributes = (struct token_key_attributes){.is_private = TOKEN_YES,
                                                    .is_sensitive = TOKEN_YES,
                                                    .is_always_sensitive = TOKEN_YES,
                                                    .is_never_extractable = TOKEN_YES,
                                                    .is_local = TOKEN_YES,
                                                    .may_sign = TOKEN_YES};
}

void fake_token_watch(const char *home)
{
    fake.home = home;
}

static size_t place_of(const char *token)
{
    size_t i = 0;
    while (i < fake.token_count && strcmp(fake.tokens[i].token, token) != 0)
        i++;
    if (i == TOKENS_MAX)
        abort();
    if (i == fake.token_count) {
        (void)snprintf(fake.tokens[i].token, sizeof(fake.tokens[i].token), "%s", token);
        fake.tokens[i].from = fake.tokens[i].calls = 0;
        fake.tokens[i].max_message = 0;
        fake.tokens[i].fault = FAKE_SOUND;
        fake.token_count++;
    }
    return i;
}

void fake_token_set_fault(const char *token, unsigned call, enum fake_fault fault)
{
    size_t i = place_of(token);
    fake.tokens[i].from = fake.tokens[i].calls + call;
    fake.tokens[i].fault = fault;
}

void fake_token_fail_call(unsigned number)
{
    fake.calls_left = number;
    fake.fails_on = false;
    fake.failed = NULL;
}

void fake_token_fail_from(unsigned number)
{
    fake_token_fail_call(number);
    fake.fails_on = true;
}

const char *fake_token_stop_failing(void)
{
    fake.calls_left = 0;
    fake.fails_on = false;
    return fake.failed;
}

struct token_key_attributes *fake_token_attributes(void)
{
    return &fake.attributes;
}

void fake_token_lacks_ed25519(void)
{
    fake.has_no_ed25519 = true;
}

void fake_token_set_max_message(size_t len)
{
    fake.max_message = len;
}

void fake_token_set_max_message_of(const char *token, size_t len)
{
    fake.tokens[place_of(token)].max_message = len;
}

const struct token_choice *fake_token_last_choice(void)
{
    return &fake.choice;
}

size_t fake_token_pins(void)
{
    return fake.pins;
}

size_t fake_token_keys(void)
{
    return fake.key_count;
}

const struct fake_signature *fake_token_signatures(size_t *ret_count)
{
    *ret_count = fake.signature_count;
    return fake.signatures;
}

size_t fake_token_count(size_t *ret_unlogged)
{
    size_t count = 0;
    *ret_unlogged = 0;
    for (size_t i = 0; i < fake.signature_count; i++) {
        if (fake.signatures[i].is_of_ledger_key)
            continue;
        count++;
        *ret_unlogged += fake.signatures[i].was_logged ? 0 : 1;
    }
    return count;
}

static void lock(void)
{
    if (pthread_mutex_lock(&fake.mutex) != 0)
        abort();
}

static void unlock(void)
{
    (void)pthread_mutex_unlock(&fake.mutex);
}

/** Whether this call is the one that fails. */
static bool fails(const char *call, struct error *err)
{
    lock();
    bool is_it = fake.calls_left > 0 && --fake.calls_left == 0;
    if (is_it)
        fake.calls_left = fake.fails_on ? 1 : 0;
    if (is_it)
        fake.failed = call;
    unlock();
    return is_it && !error_set(err, ERROR_TOKEN, 0x05, FAKE_CALL_FAILED);
}

/* ---- tokens ---- */

/** "object" of "pkcs11:token=fake;object=coldca-ca;type=private"; the caller frees. NULL: it is not there. */
static char *part_of(const char *uri, const char *name)
{
    AUTO(free) char *wanted = memory_format("%s=", name);
    const char *at = uri == NULL ? NULL : strstr(uri, wanted);
    return at == NULL ? NULL : memory_text_of(at + strlen(wanted), strcspn(at + strlen(wanted), ";"));
}

bool token_open(const struct token_choice *choice, struct token **ret_token, struct error *err)
{
    AUTO(free) char *named = part_of(choice->uri, "token");
    const char *label = named != NULL ? named : choice->label != NULL ? choice->label : FAKE_TOKEN;
    if (fails("token_open", err))
        return false;
    for (size_t i = 0; i < fake.token_count; i++) {
        if (strcmp(fake.tokens[i].token, label) == 0 && fake.tokens[i].fault == FAKE_IS_AWAY)
            return error_set(err, ERROR_TOKEN, 0, "there is no token \"%s\"", label);
    }
    struct token *token = memory_new(1, sizeof(*token));
    (void)snprintf(token->label, sizeof(token->label), "%s", label);
    token->sessions = 1;
    token->profile = choice->profile;
    fake.choice = *choice;
    *ret_token = token;
    return true;
}

void token_close(struct token *token)
{
    // As a real one does as long as it is open; NULL is no profile.
    if (token->profile != NULL && token_profile_name(token->profile) == NULL)
        abort();
    free(token);
}

bool token_info(struct token *token, struct token_info *ret_info, struct error *err)
{
    if (fails("token_info", err))
        return false;
    *ret_info =
        (struct token_info){.model = "software", .serial = "1", .is_initialized = true, .needs_login = true};
    memcpy(ret_info->label, token->label, sizeof(ret_info->label));
    return true;
}

bool token_login(struct token *token, const struct secret *pin, struct error *err)
{
    if (fails("token_login", err))
        return false;
    if (pin == NULL || strcmp(secret_text(pin), "1234") != 0)
        return error_set(err, ERROR_TOKEN, 0, "the PIN is wrong");
    token->is_logged_in = true;
    return true;
}

bool token_is_logged_in(const struct token *token)
{
    return token->is_logged_in;
}

void token_set_ask_pin(struct token *token, token_ask_pin *ask, void *data)
{
    token->ask = ask;
    token->ask_data = data;
}

void token_uri(const struct token *token, struct builder *ret_uri)
{
    builder_format(ret_uri, "pkcs11:token=%s", token->label);
}

bool token_address_parse(const char *uri, struct token_address *ret_address, struct error *err)
{
    AUTO(free) char *object = part_of(uri, "object");
    if (object == NULL)
        return error_set(err, ERROR_TOKEN, 0, "%s names no object", uri);
    *ret_address =
        (struct token_address){.label = part_of(uri, "token"), .module = part_of(uri, "module-path")};
    return true;
}

void token_address_done(struct token_address *address)
{
    free(address->label);
    free(address->module);
}

void token_set_sessions(struct token *token, unsigned count)
{
    token->sessions = count;
}

unsigned token_sessions(struct token *token)
{
    return token->sessions;
}

/* ---- keys ---- */

static EVP_PKEY *key_of(const char *label)
{
    for (size_t i = 0; i < fake.key_count; i++) {
        if (strcmp(fake.keys[i].label, label) == 0)
            return fake.keys[i].key;
    }
    return NULL;
}

static struct token_key *key_new(struct token *token, const char *label, EVP_PKEY *pkey)
{
    struct token_key *key = memory_new(1, sizeof(*key));
    struct error err = ERROR_INIT;
    struct public_key_facts facts;
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    builder_add(&key->spki, der, (size_t)len);
    OPENSSL_free(der);
    if (!public_key_read(builder_bytes(&key->spki), &facts, &err))
        abort();
    key->token = token;
    key->key = pkey;
    key->kind = facts.kind;
    key->bits = facts.bits;
    key->uri = memory_format("pkcs11:token=%s;object=%s;type=private", token->label, label);
    key->is_ledger_key = strlen(label) > 7 && strcmp(label + strlen(label) - 7, "-ledger") == 0;
    return key;
}

bool token_key_label_is_free(struct token *token, const char *label, bool *ret_is_free, struct error *err)
{
    (void)token, (void)err;
    *ret_is_free = key_of(label) == NULL;
    return true;
}

bool token_key_generate(struct token *token, enum key_kind kind, unsigned bits, const char *label,
                        struct token_key **ret_key, struct error *err)
{
    EVP_PKEY *key = NULL;
    if (kind == KEY_ED25519 && fake.has_no_ed25519)
        return error_set(err, ERROR_TOKEN, 0, "CKR_MECHANISM_INVALID");
    if (kind == KEY_RSA)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    else if (kind == KEY_ED25519)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind == KEY_EC_P256 ? "P-256" : "P-384");
    if (key == NULL || fake.key_count == KEYS_MAX)
        abort();
    fake.keys[fake.key_count].label = memory_text(label);
    fake.keys[fake.key_count++].key = key;
    *ret_key = key_new(token, label, key);
    return true;
}

bool token_key_find(struct token *token, const char *uri, struct bytes spki, struct token_key **ret_key,
                    struct error *err)
{
    if (fails("token_key_find", err))
        return false;
    AUTO(free) char *label = part_of(uri, "object");
    EVP_PKEY *pkey = label == NULL ? NULL : key_of(label);
    if (pkey == NULL)
        return error_set(err, ERROR_TOKEN, 0, "there is no key %s", uri);
    AUTO(token_key_free) struct token_key *key = key_new(token, label, pkey);
    if (spki.len > 0 && !bytes_equal(spki, builder_bytes(&key->spki)))
        return error_set(err, ERROR_TOKEN, 0, "the key %s is another one", uri);
    *ret_key = TAKE(key);
    return true;
}

void token_key_free(struct token_key *key)
{
    builder_done(&key->spki);
    free(key->uri);
    free(key);
}

bool token_key_destroy(struct token_key *key, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < fake.key_count; i++) {
        if (fake.keys[i].key != key->key)
            continue;
        free(fake.keys[i].label);
        EVP_PKEY_free(fake.keys[i].key);
        fake.keys[i] = fake.keys[--fake.key_count];
        return true;
    }
    return true;
}

enum key_kind token_key_kind(const struct token_key *key)
{
    return key->kind;
}

unsigned token_key_bits(const struct token_key *key)
{
    return key->bits;
}

struct bytes token_key_spki(const struct token_key *key)
{
    return builder_bytes(&key->spki);
}

struct bytes token_key_id(const struct token_key *key)
{
    return bytes_of_text(key->uri);
}

const char *token_key_uri(const struct token_key *key)
{
    return key->uri;
}

struct token *token_key_token(const struct token_key *key)
{
    return key->token;
}

const struct token_key_attributes *token_key_attributes(const struct token_key *key)
{
    (void)key;
    return &fake.attributes;
}

bool token_key_check(const struct token_key *key, bool allow_extractable, struct findings *ret_findings,
                     struct error *err)
{
    if (fails("token_key_check", err))
        return false;
    if (fake.attributes.is_extractable != TOKEN_YES)
        return true;
    findings_say(ret_findings, "key.extractable", NULL, "the key %s may leave its token", key->uri);
    return allow_extractable || error_set(err, ERROR_TOKEN, 0, "the key %s may leave its token", key->uri);
}

bool token_key_check_asking(const struct token_key *key, struct error *err)
{
    (void)key;
    return !fails("token_key_check_asking", err);
}

size_t token_key_max_message(const struct token_key *key, enum signature_kind kind)
{
    size_t own = fake.tokens[place_of(key->token->label)].max_message;
    return kind != SIGNATURE_ED25519 ? 0 : own > 0 ? own : fake.max_message;
}

bool token_key_check_message(struct token_key *key, enum signature_kind kind, size_t len, struct error *err)
{
    size_t most = token_key_max_message(key, kind);
    if (fails("token_key_check_message", err))
        return false;
    return most == 0 || len <= most ||
           error_set(err, ERROR_TOKEN, 0x21, "%zu bytes at most, not %zu", most, len);
}

bool token_certificate_store(struct token *token, struct bytes der, const char *label, struct bytes id,
                             struct error *err)
{
    (void)token, (void)der, (void)label, (void)id;
    return error_set(err, ERROR_TOKEN, 0, "no space");
}

/* ---- data objects: all of one name ---- */

bool token_remembers(const struct token *token)
{
    (void)token;
    return !fake.keeps_nothing;
}

bool token_data_each(struct token *token, const struct token_data_name *name, token_data_visit *visit,
                     void *data, struct error *err)
{
    (void)name;
    bool goes_on = true;
    for (size_t i = 0; i < fake.data_count && goes_on; i++)
        goes_on =
            strcmp(fake.data[i].token, token->label) != 0 || visit(data, builder_bytes(&fake.data[i].value));
    return !fails("token_data_each", err); // after some were seen
}

bool token_data_replace(struct token *token, const struct token_data_name *name, struct bytes value,
                        token_data_is_replaced *is_replaced, void *data, struct error *err)
{
    (void)name;
    if (fails("token_data_replace", err))
        return false;
    if (fake.keeps_nothing)
        return true;
    if (fake.refused_from > 0 && ++fake.data_calls >= fake.refused_from)
        return error_set(err, ERROR_TOKEN, 0, "CKR_DEVICE_ERROR");
    for (size_t i = 0; i < fake.data_count;) {
        bool is_old = strcmp(fake.data[i].token, token->label) == 0 &&
                      is_replaced(data, builder_bytes(&fake.data[i].value));
        if (!is_old) {
            i++;
            continue;
        }
        builder_done(&fake.data[i].value);
        fake.data[i] = fake.data[--fake.data_count];
    }
    if (fake.data_count == DATA_MAX)
        return error_set(err, ERROR_TOKEN, 0, "CKR_DEVICE_MEMORY");
    memcpy(fake.data[fake.data_count].token, token->label, sizeof(token->label));
    fake.data[fake.data_count].value = (struct builder)BUILDER_INIT;
    builder_add_bytes(&fake.data[fake.data_count++].value, value);
    return true;
}

/* ---- signatures ---- */

static void look_into_ledger(struct bytes data, struct fake_signature *signature)
{
    struct error ignored = ERROR_INIT; // no ledger yet: nothing is logged
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(free) char *path = memory_format("%s/ledger.jsonl", fake.home);
    if (!file_read(AT_FDCWD, path, LEDGER_MAX_LEN, &text, &ignored))
        return;
    encode_base64(data, &wanted);
    signature->was_logged = strstr(builder_text(&text), builder_text(&wanted)) != NULL;
    for (size_t i = 0; i < text.len; i++)
        signature->lines += text.data[i] == '\n' ? 1 : 0;
}

/** Notes the call. \return what is to happen */
static enum fake_fault note(const struct token_key *key, struct bytes data)
{
    struct fake_signature signature = {.is_of_ledger_key = key->is_ledger_key};
    enum fake_fault fault = FAKE_SOUND;
    if (fake.home != NULL)
        look_into_ledger(data, &signature);
    lock();
    size_t i = place_of(key->token->label);
    signature.token = fake.tokens[i].token;
    if (!key->is_ledger_key && ++fake.tokens[i].calls >= fake.tokens[i].from)
        fault = fake.tokens[i].fault;
    fake.signatures = memory_grow(fake.signatures, fake.signature_count + 1, sizeof(*fake.signatures));
    fake.signatures[fake.signature_count++] = signature;
    unlock();
    return fault;
}

/** As a key with CKA_ALWAYS_AUTHENTICATE does: before each signature somebody has to have its PIN. */
static bool ask_pin(const struct token_key *key, struct error *err)
{
    AUTO(secret_free) struct secret *pin = NULL;
    if (fake.attributes.always_authenticates != TOKEN_YES)
        return true;
    if (key->token->ask == NULL)
        return error_set(err, ERROR_TOKEN, 0x101, "CKR_USER_NOT_LOGGED_IN");
    if (!key->token->ask(key->token->ask_data, key, &pin, err))
        return false;
    if (pin == NULL || strcmp(secret_text(pin), "1234") != 0)
        return error_set(err, ERROR_TOKEN, 0xa0, "CKR_PIN_INCORRECT");
    lock();
    fake.pins++;
    unlock();
    return true;
}

bool token_key_sign(struct token_key *key, enum signature_kind kind, struct bytes data,
                    struct builder *ret_signature, struct error *err)
{
    if (fails("token_key_sign", err) || !ask_pin(key, err))
        return false;
    enum fake_fault fault = note(key, data);
    if (fault == FAKE_FAILS) {
        builder_add_text(ret_signature, "half a signature");
        return error_set(err, ERROR_TOKEN, 0x30, "CKR_DEVICE_ERROR");
    }
    maker_sign(key->key, kind, data, ret_signature);
    if (fault == FAKE_SIGNS_WRONGLY)
        ret_signature->data[ret_signature->len - 1] ^= 1;
    return true;
}

bool token_key_sign_message(struct token_key *key, enum signature_kind kind,
                            const struct token_message *message, struct builder *ret_signature,
                            struct error *err)
{
    return token_key_sign(key, kind, message->data, ret_signature, err);
}
