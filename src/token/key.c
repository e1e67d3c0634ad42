/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/key_value.h"
#include "base/public_key.h"
#include "base/quote.h"

#include <openssl/rand.h>

bool key_new(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private_object,
             struct bytes spki, struct token_key **ret_key, struct error *err)
{
    struct public_key_facts facts;
    AUTO(builder_done) struct builder id = BUILDER_INIT;
    AUTO(builder_done) struct builder label = BUILDER_INIT;
    if (!public_key_read(spki, &facts, err))
        return error_while(err, "reading the public key on the token");
    if (facts.kind == KEY_OTHER)
        return error_set(err, ERROR_TOKEN, 0, "the key is of a kind coldca does not sign with");
    AUTO(token_key_free) struct token_key *key = memory_new(1, sizeof(*key));
    key->token = token;
    key->private_object = private_object;
    key->kind = facts.kind;
    key->bits = facts.bits;
    key_plain(spki, &key->spki);
    // An object without a label has none to show; without an id it was refused before.
    attribute_or_empty(token, session, private_object, CKA_LABEL, &label);
    if (!attribute_bytes(token, session, private_object, CKA_ID, &id) || id.len > sizeof(key->id))
        return error_set(err, ERROR_TOKEN, 0, "the key's CKA_ID is longer than %zu bytes", sizeof(key->id));
    if (id.len > 0)
        memcpy(key->id, id.data, id.len);
    key->id_len = id.len;
    key->label = memory_text_of(label.data, label.len);
    key->uri = uri_make(&token->info, builder_bytes(&id), builder_bytes(&label), CKO_PRIVATE_KEY);
    attributes_read(token, session, private_object, &key->attributes);
    *ret_key = TAKE(key);
    return true;
}

void token_key_free(struct token_key *key)
{
    if (key == NULL)
        return;
    builder_done(&key->spki);
    free(key->label);
    free(key->uri);
    free(key);
}

bool key_prove(struct token_key *key, struct error *err)
{
    static const char words[] = "coldca asks a key to show that it is there. This is no certificate.\n";
    uint8_t text[sizeof(words) + 32];
    struct public_key_facts facts;
    AUTO(public_key_free) struct public_key *half = NULL;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    memcpy(text, words, sizeof(words));
    if (RAND_bytes(text + sizeof(words), 32) != 1)
        return error_openssl(err, ERROR_TOKEN, "no random bytes for the proof");
    enum signature_kind kind = signature_for_key(key->kind, HASH_NONE, false);
    if (!token_key_sign(key, kind, BYTES(text), &signature, err))
        return error_while(err, "asking the key to prove that it is the right one");
    if (!public_key_read(builder_bytes(&key->spki), &facts, err) || !public_key_new(&facts, &half, err))
        return error_while(err, "reading the public key");
    if (!public_key_verify(half, kind, BYTES(text), builder_bytes(&signature), err)) {
        error_clear(err);
        return error_set(
            err, ERROR_TOKEN, 0,
            "the private key %s does not belong to its public key: what it signs does not verify; "
            "someone exchanged a key on the token, do not use it",
            key->uri);
    }
    return true;
}

/** One candidate in a list of several: enough to write a URI that means only it. */
static void add_candidate(struct token *token, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                          struct builder *ret_text)
{
    AUTO(builder_done) struct builder id = BUILDER_INIT;
    AUTO(builder_done) struct builder label = BUILDER_INIT;
    // What the token does not tell stays empty in the list.
    attribute_or_empty(token, session, object, CKA_ID, &id);
    attribute_or_empty(token, session, object, CKA_LABEL, &label);
    builder_format(ret_text, "%s\"%s\" (%s%s)", ret_text->len > 0 ? ", " : "",
                   quoted(builder_bytes(&label), &(struct quoted){0}), id.len == 0 ? "no CKA_ID" : "id ",
                   id.len == 0 ? "" : hex_of(bytes_slice(builder_bytes(&id), 0, 64), (char[129]){0}));
}

CK_ULONG key_template(CK_ATTRIBUTE template[static 3], const CK_OBJECT_CLASS *class, struct bytes id,
                      struct bytes label)
{
    CK_ULONG count = 0;
    template[count++] = (CK_ATTRIBUTE){CKA_CLASS, (void *)(uintptr_t) class, sizeof(*class)};
    if (id.len > 0)
        template[count++] = (CK_ATTRIBUTE){CKA_ID, (void *)(uintptr_t)id.data, id.len};
    if (label.len > 0)
        template[count++] = (CK_ATTRIBUTE){CKA_LABEL, (void *)(uintptr_t)label.data, label.len};
    return count;
}

/** The only private key with this id and label (either may be empty). */
static bool find_only(struct token *token, CK_SESSION_HANDLE session, struct bytes id, struct bytes label,
                      CK_OBJECT_HANDLE *ret_object, struct error *err)
{
    static const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE template[3];
    AUTO(free) CK_OBJECT_HANDLE *objects = NULL;
    AUTO(builder_done) struct builder candidates = BUILDER_INIT;
    size_t count = 0;
    CK_ULONG parts = key_template(template, &class, id, label);
    if (!objects_find(token, session, template, parts, &objects, &count, err))
        return false;
    if (count == 0)
        return error_set(err, ERROR_TOKEN, 0, "no private key fits the URI%s",
                         atomic_load(&token->is_logged_in) ? "; coldca token show lists the keys"
                                                           : ": log in first, most tokens hide private keys");
    for (size_t i = 0; i < count && i < 8; i++)
        add_candidate(token, session, objects[i], &candidates);
    if (count > 1)
        return error_set(
            err, ERROR_TOKEN, 0,
            "%zu private keys fit, none is guessed: %s; name one by its id (id=%%..) that no other has",
            count, builder_text(&candidates));
    *ret_object = objects[0];
    return true;
}

/** The key a URI means and its id, which no other private key may share. */
static bool find_private(struct token *token, CK_SESSION_HANDLE session, const struct key_uri *uri,
                         CK_OBJECT_HANDLE *ret_object, struct builder *ret_id, struct error *err)
{
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE same = CK_INVALID_HANDLE;
    struct bytes none = {.data = NULL, .len = 0};
    if (!find_only(token, session, uri->id, uri->label, &object, err))
        return false;
    if (!attribute_bytes(token, session, object, CKA_ID, ret_id) || ret_id->len == 0)
        return error_set(err, ERROR_TOKEN, 0,
                         "the private key has no CKA_ID, so its public key can't be distinguished from "
                         "others; give it one "
                         "(pkcs11-tool --set-id) and name it in the URI");
    if (!find_only(token, session, builder_bytes(ret_id), none, &same, err))
        return error_while(err, "checking that no other key has its CKA_ID");
    *ret_object = object;
    return true;
}

static bool find_in_session(struct token *token, CK_SESSION_HANDLE session, const struct key_uri *uri,
                            struct bytes spki, struct token_key **ret_key, bool *ret_is_proven,
                            struct error *err)
{
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    AUTO(builder_done) struct builder id = BUILDER_INIT;
    AUTO(builder_done) struct builder half = BUILDER_INIT;
    enum public_source source = PUBLIC_NONE;
    if (!find_private(token, session, uri, &object, &id, err) ||
        !public_of_private(token, session, object, builder_bytes(&id), &half, &source, err))
        return false;
    if (source == PUBLIC_NONE && spki.len == 0)
        return error_set(err, ERROR_TOKEN, 0,
                         "the token holds no public key or certificate for the private key with id %s; "
                         "store one there with the same id",
                         hex_of(bytes_slice(builder_bytes(&id), 0, 64), (char[129]){0}));
    if (source != PUBLIC_NONE && spki.len > 0 && !key_is_same(builder_bytes(&half), spki))
        return error_set(
            err, ERROR_TOKEN, 0,
            "the key with id %s on the token is not the one of the certificate: its public key differs; "
            "check the URI, and who had the token",
            hex_of(bytes_slice(builder_bytes(&id), 0, 64), (char[129]){0}));
    if (!key_new(token, session, object, source == PUBLIC_NONE ? spki : builder_bytes(&half), ret_key, err))
        return false;
    // An RSA private key carries its modulus; what stands beside an EC key may be of another.
    *ret_is_proven = source == PUBLIC_OF_PRIVATE && (*ret_key)->kind == KEY_RSA;
    return true;
}

bool token_key_find(struct token *token, const char *uri_text, struct bytes spki, struct token_key **ret_key,
                    struct error *err)
{
    AUTO(key_uri_done) struct key_uri uri = {.parsed = NULL};
    AUTO(token_key_free) struct token_key *key = NULL;
    struct session *session = NULL;
    enum token_object object = TOKEN_ANY_OBJECT;
    if (!key_uri_parse(uri_text, &uri, err) || !key_uri_object(&uri, &object, err))
        return false;
    if (object == TOKEN_CERTIFICATE)
        return error_set(err, ERROR_TOKEN, 0, "the URI names no key; use type=private or leave type out");
    if (!key_uri_fits(&uri, &token->info))
        return error_set(err, ERROR_TOKEN, 0,
                         "the key's URI is of another token than \"%s\" (serial %s); insert the right one or "
                         "correct the URI",
                         quoted_text(token->info.label, &(struct quoted){0}),
                         quoted_text(token->info.serial, &(struct quoted){0}));
    if (!pool_borrow(token, &session, err))
        return false;
    bool is_proven = false;
    bool is_found = find_in_session(token, session->handle, &uri, spki, &key, &is_proven, err);
    pool_return(token, session);
    if (!is_found)
        return error_while(err, "looking for the key %s", quoted_text(uri_text, &(struct quoted){0}));
    // Not asked to: a key that may not sign (token_key_check() tells), or that wants the PIN for each signature.
    bool may_ask = key->attributes.may_sign != TOKEN_NO && key->attributes.always_authenticates != TOKEN_YES;
    if (!is_proven && may_ask && !key_prove(key, err))
        return false;
    *ret_key = TAKE(key);
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
    return bytes_of(key->id, key->id_len);
}

const char *token_key_uri(const struct token_key *key)
{
    return key->uri;
}

const struct token_key_attributes *token_key_attributes(const struct token_key *key)
{
    return &key->attributes;
}

struct token *token_key_token(const struct token_key *key)
{
    return key->token;
}
