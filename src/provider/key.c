/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/public_key.h"

struct provider_key *provider_key_new(struct provider_context *context, enum key_family family)
{
    struct provider_key *key = memory_new(1, sizeof(*key));
    atomic_init(&key->users, 1);
    key->context = context;
    key->family = family;
    (void)pthread_mutex_init(&key->lock, NULL); // default attributes: can't fail on Linux
    return key;
}

struct provider_key *provider_key_share(struct provider_key *key)
{
    atomic_fetch_add(&key->users, 1);
    return key;
}

void provider_key_free(struct provider_key *key)
{
    if (key == NULL || atomic_fetch_sub(&key->users, 1) > 1)
        return;
    if (key->owns_key)
        token_key_free(key->key);
    if (key->half != NULL)
        public_key_free(key->half);
    builder_done(&key->spki);
    (void)pthread_mutex_destroy(&key->lock); // nobody holds it any more
    free(key);
}

enum key_family provider_key_family(enum key_kind kind)
{
    return kind == KEY_RSA ? FAMILY_RSA : kind == KEY_ED25519 ? FAMILY_ED25519 : FAMILY_EC;
}

const char *provider_family_name(enum key_family family)
{
    static const char *const names[] = {
        [FAMILY_RSA] = "RSA", [FAMILY_EC] = "EC", [FAMILY_ED25519] = "ED25519"};
    return names[family];
}

void provider_key_set_token(struct provider_key *key, struct token_key *token_key)
{
    key->key = token_key;
    key->kind = token_key_kind(token_key);
    key->bits = token_key_bits(token_key);
    builder_add_bytes(&key->spki, token_key_spki(token_key));
}

bool provider_key_set_public(struct provider_key *key, struct bytes spki, struct error *err)
{
    struct public_key_facts facts;
    if (!public_key_read(spki, &facts, err))
        return false;
    if (facts.kind == KEY_OTHER || provider_key_family(facts.kind) != key->family)
        return error_set(err, ERROR_INPUT, 0, "the public key is of a kind coldca does not know");
    builder_clear(&key->spki);
    builder_add_bytes(&key->spki, spki);
    key->kind = facts.kind;
    key->bits = facts.bits;
    return true;
}

EVP_PKEY *provider_key_half(struct provider_key *key)
{
    struct public_key_facts facts;
    struct error err = ERROR_INIT;
    bool is_made = true;
    (void)pthread_mutex_lock(&key->lock); // an ordinary mutex: can't fail
    if (key->half == NULL)
        is_made = public_key_read(builder_bytes(&key->spki), &facts, &err) &&
                  public_key_new(&facts, &key->half, &err);
    (void)pthread_mutex_unlock(&key->lock);
    if (is_made)
        return public_key_pkey(key->half);
    (void)provider_raise(key->context, &err); // NULL says the same
    return NULL;
}

size_t provider_key_signature_len(const struct provider_key *key)
{
    switch (key->kind) {
    case KEY_EC_P256: // SEQUENCE of two INTEGERs, each maybe with a zero octet (RFC 3279 2.2.3)
        return 72;
    case KEY_EC_P384:
        return 104;
    case KEY_EC_P521:
        return 139;
    case KEY_ED25519:
        return 64;
    default:
        return (key->bits + 7) / 8;
    }
}

enum hash_kind provider_key_default_hash(const struct provider_key *key)
{
    return key->kind == KEY_ED25519 ? HASH_NONE
                                    : HASH_SHA256; // whatever the curve: as the default provider has it
}
