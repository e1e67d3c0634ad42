#include "ca/issue.h"

#include "base/memory.h"

bool ca_recover(struct ca_home *home, const char *reason, size_t *ret_abandoned, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    bool is_fine = ledger_unfinished(home->ledger, &entries, &count, err);
    for (size_t i = 0; i < count; i++) {
        struct json *fields = json_new_object();
        json_put_int(fields, "ref", (int64_t)entries[i].signing_seq);
        json_put_text(fields, "serial", entries[i].serial);
        ca_put_bounded(fields, "reason", reason);
        if (is_fine)
            is_fine = ledger_append(home->ledger, "cert.abandoned", fields, NULL, err);
        else
            json_free(fields);
        ledger_entry_done(&entries[i]);
    }
    free(entries);
    if (!is_fine || (count > 0 && !ledger_commit(home->ledger, err)))
        return error_while(err, "closing the certificates that an earlier run left unfinished");
    *ret_abandoned = count;
    return true;
}
