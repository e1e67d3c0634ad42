/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/compromised.h"

#include "base/memory.h"

bool compromised_refuse(struct ledger *ledger, struct compromised_keys **keys, struct plan *plan,
                        struct error *err)
{
    if (ledger == NULL)
        return true;
    if (*keys == NULL && !compromised_keys_load(ledger, keys, err))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        struct plan_item *item = &plan->items[i];
        const char *words =
            item->request == NULL ? NULL : compromised_keys_find(*keys, item->request->key_value);
        if (words == NULL)
            continue;
        AUTO(free) char *text = memory_format("key: %s", words);
        plan_item_refuse(item, "key.compromised", text, "make a new key");
    }
    return true;
}
