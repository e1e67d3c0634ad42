/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/person.h"

#include "base/memory.h"
#include "signer/signer.h"

struct person_key {
    struct token_profile *profile; /**< NULL: the module was named */
    struct token *token;
    struct token_key *key;
};

static void person_key_close(struct person_key *person)
{
    if (person->key != NULL)
        token_key_free(person->key);
    if (person->token != NULL)
        token_close(person->token);
    if (person->profile != NULL)
        token_profile_free(person->profile);
    free(person);
}
DEFINE_AUTO(struct person_key *, person_key_close);

static bool open_key(const struct witness_key_place *place, const struct console *console,
                     struct builder *ret_spki, enum key_kind *ret_kind, void **ret_key, struct error *err)
{
    AUTO(person_key_close) struct person_key *person = memory_new(1, sizeof(*person));
    AUTO(token_address_done) struct token_address address = {.label = NULL};
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    if (!token_address_parse(place->key, &address, err) ||
        !signer_choice_make(address.module != NULL ? address.module : place->module,
                            address.module != NULL ? NULL : place->model, place->init_args, place->key,
                            &choice, err) ||
        !token_open(&choice.choice, &person->token, err))
        return false;
    person->profile = TAKE(choice.profile); // the token may look at it as long as it is open
    if (!signer_token_login(person->token, console, err) ||
        !token_key_find(person->token, place->key, bytes_of(NULL, 0), &person->key, err) ||
        !token_key_check(person->key, true, &findings, err))
        return false;
    for (size_t i = 0; i < findings.count; i++)
        console_notice(console, "the key: %s", findings.items[i].text);
    builder_add_bytes(ret_spki, token_key_spki(person->key));
    *ret_kind = token_key_kind(person->key);
    *ret_key = TAKE(person);
    return true;
}

static bool sign(void *key, enum key_kind kind, struct bytes text, struct builder *ret_signature,
                 struct error *err)
{
    const struct person_key *person = key;
    return token_key_sign(person->key, kind == KEY_ED25519 ? SIGNATURE_ED25519 : SIGNATURE_ECDSA_SHA256, text,
                          ret_signature, err);
}

static void close_key(void *key)
{
    person_key_close(key);
}

const struct witness_tokens *signer_person_keys(void)
{
    static const struct witness_tokens keys = {.open = open_key, .sign = sign, .close = close_key};
    return &keys;
}
