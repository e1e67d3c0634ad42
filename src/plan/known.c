/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/known.h"

#include "base/memory.h"

bool known_key_refuse(struct ledger *ledger, struct plan_item *item, const char *subject, struct error *err)
{
    bool is_found = false;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    if (!ledger_find_key(ledger, item->request->key_value, subject, &entry, &is_found, err))
        return false;
    if (is_found) {
        AUTO(free)
        char *text = memory_format("key: certificate %s for %s has this key (key.unique)", entry.serial,
                                   entry.subject);
        plan_item_refuse(item, "key.unique", text,
                         "make a new key, or revoke that certificate: `coldca revoke --serial`");
    }
    return true;
}
