/* SPDX-License-Identifier: Apache-2.0 */
#include "records/compromised.h"

#include "base/memory.h"
#include "records/revocation.h"

#include <stdlib.h>
#include <string.h>

struct known_key {
    uint8_t value[32];
    char *words;
};

struct compromised_keys {
    struct known_key *items; /**< sorted */
    size_t count, capacity;
};

static int compare(const void *a, const void *b)
{
    const struct known_key *left = a;
    const struct known_key *right = b;
    return memcmp(left->value, right->value, sizeof(left->value));
}

static char *words_of(const struct json *record)
{
    const char *serial = json_text(record, "serial");
    const char *since = json_text(record, "revoked_at");
    return serial != NULL
               ? memory_format("certificate %s with this key was revoked for keyCompromise", serial)
               : memory_format("this key was revoked for keyCompromise on %s",
                               since == NULL ? "an unknown day" : since);
}

static bool note(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct compromised_keys *keys = data;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    const char *reason = json_text(record, "reason");
    (void)entry; // of a cert.signing only
    if (reason == NULL || strcmp(reason, "keyCompromise") != 0 || !json_hex(record, "key_value", &value) ||
        value.len != sizeof(keys->items->value))
        return true;
    if (keys->count == keys->capacity) {
        keys->capacity = keys->capacity == 0 ? 16 : 2 * keys->capacity;
        keys->items = memory_grow(keys->items, keys->capacity, sizeof(*keys->items));
    }
    struct known_key *key = &keys->items[keys->count++];
    memcpy(key->value, value.data, sizeof(key->value));
    key->words = words_of(record);
    return true;
}

bool compromised_keys_load(struct ledger *ledger, struct compromised_keys **ret_keys, struct error *err)
{
    static const char *const types[] = {RECORD_CERT_REVOKED, RECORD_KEY_REVOKED};
    AUTO(compromised_keys_free) struct compromised_keys *keys = memory_new(1, sizeof(*keys));
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        const struct ledger_filter filter = {.type = types[i], .status = -1};
        if (!ledger_each(ledger, &filter, note, keys, err))
            return error_while(err, "reading which keys are compromised");
    }
    if (keys->count > 0)
        qsort(keys->items, keys->count, sizeof(*keys->items), compare);
    *ret_keys = TAKE(keys);
    return true;
}

void compromised_keys_free(struct compromised_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->items[i].words);
    free(keys->items);
    free(keys);
}

const char *compromised_keys_find(const struct compromised_keys *keys, const uint8_t key_value[static 32])
{
    struct known_key wanted = {.words = NULL};
    memcpy(wanted.value, key_value, sizeof(wanted.value));
    const struct known_key *found =
        keys->count == 0 ? NULL : bsearch(&wanted, keys->items, keys->count, sizeof(*keys->items), compare);
    return found == NULL ? NULL : found->words;
}
