/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/compromised.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct known_key {
    uint8_t value[32];
    char *serial;
};

struct compromised {
    struct known_key *keys; /**< sorted */
    size_t count, capacity;
};

static int compare(const void *a, const void *b)
{
    const struct known_key *left = a;
    const struct known_key *right = b;
    return memcmp(left->value, right->value, sizeof(left->value));
}

static bool note(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct compromised *compromised = data;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    const char *reason = json_text(record, "reason");
    (void)entry; // of a cert.signing only
    if (reason == NULL || strcmp(reason, "keyCompromise") != 0 || !json_hex(record, "key_value", &value) ||
        value.len != 32)
        return true;
    if (compromised->count == compromised->capacity) {
        compromised->capacity = compromised->capacity == 0 ? 16 : 2 * compromised->capacity;
        compromised->keys = memory_grow(compromised->keys, compromised->capacity, sizeof(*compromised->keys));
    }
    struct known_key *key = &compromised->keys[compromised->count++];
    memcpy(key->value, value.data, sizeof(key->value));
    key->serial = memory_text(json_text(record, "serial"));
    return true;
}

static bool load(struct ledger *ledger, struct compromised **ret_compromised, struct error *err)
{
    const struct ledger_filter filter = {.type = "cert.revoked", .status = -1};
    AUTO(compromised_free) struct compromised *compromised = memory_new(1, sizeof(*compromised));
    if (!ledger_each(ledger, &filter, note, compromised, err))
        return error_while(err, "reading which keys are compromised");
    if (compromised->count > 0)
        qsort(compromised->keys, compromised->count, sizeof(*compromised->keys), compare);
    *ret_compromised = TAKE(compromised);
    return true;
}

void compromised_free(struct compromised *compromised)
{
    for (size_t i = 0; i < compromised->count; i++)
        free(compromised->keys[i].serial);
    free(compromised->keys);
    free(compromised);
}

static const char *serial_of(const struct compromised *compromised, const uint8_t key_value[static 32])
{
    struct known_key wanted = {.serial = NULL};
    memcpy(wanted.value, key_value, sizeof(wanted.value));
    const struct known_key *found =
        compromised->count == 0
            ? NULL
            : bsearch(&wanted, compromised->keys, compromised->count, sizeof(*compromised->keys), compare);
    return found == NULL ? NULL : found->serial;
}

bool compromised_refuse(struct ledger *ledger, struct compromised **compromised, struct plan *plan,
                        struct error *err)
{
    if (ledger == NULL)
        return true;
    if (*compromised == NULL && !load(ledger, compromised, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        const char *serial = item->request == NULL ? NULL : serial_of(*compromised, item->request->key_value);
        if (serial == NULL)
            continue;
        AUTO(free)
        char *text = memory_format("key: certificate %s with this key was revoked for keyCompromise", serial);
        plan_item_refuse(item, "key.compromised", text, "make a new key");
    }
    return true;
}
