/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/keep.h"

#include "base/file.h"
#include "base/memory.h"
#include "home/home.h"
#include "records/session.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct counting {
    const char *run;
    size_t count;
};

static bool count_one(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct counting *counting = data;
    const char *run = json_text(record, "run");
    (void)entry;
    counting->count += run != NULL && strcmp(run, counting->run) == 0 ? 1 : 0;
    return true;
}

/** Another process of this ceremony may have kept some; what a commit that failed has kept is not known either. */
static bool find_kept(struct keep *keep, const struct journal *journal, struct ledger *ledger,
                      struct error *err)
{
    struct counting counting = {.run = journal->run};
    const struct ledger_filter filter = {.type = RECORD_CEREMONY_STEP, .status = -1};
    if (!ledger_each(ledger, &filter, count_one, &counting, err))
        return false;
    if (counting.count > journal->count)
        return error_set(
            err, ERROR_LEDGER, 0,
            "the ledger has %zu events of this ceremony, the journal only %zu: it is not the whole "
            "journal; bring the newest copy of the evidence back",
            counting.count, journal->count);
    keep->kept = counting.count;
    keep->is_known = true;
    return true;
}

static bool append(struct keep *keep, const struct journal *journal, struct ledger *ledger, struct error *err)
{
    if (!keep->is_known && !find_kept(keep, journal, ledger, err))
        return false;
    for (size_t i = keep->kept; i < journal->count; i++) {
        if (!ledger_append(ledger, RECORD_CEREMONY_STEP, json_clone(journal->records[i]), NULL, err))
            return false;
    }
    keep->is_known = false;
    if (!ledger_commit(ledger, err))
        return false;
    keep->kept = journal->count;
    keep->is_known = true;
    return true;
}

bool keep_events(struct keep *keep, const struct journal *journal, struct error *err)
{
    AUTO(free) char *certificate = memory_format("%s/" HOME_CERTIFICATE_FILE, keep->home);
    AUTO(home_close) struct home *home = NULL;
    if ((keep->is_known && keep->kept == journal->count) || !file_exists(AT_FDCWD, certificate))
        return true;
    if (!home_open(keep->home, HOME_WRITE, NULL, &home, err))
        return error_while(err, "keeping the ceremony's events in the ledger");
    AUTO(free) char *name = session_operator(keep->operator_name, home->config.operator_name);
    ledger_set_operator(home->ledger, name);
    return append(keep, journal, home->ledger, err) ||
           error_while(err, "keeping the ceremony's events in the ledger");
}
