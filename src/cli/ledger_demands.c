/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_demands.h"

#include "base/file.h"
#include "base/quote.h"
#include "home/created.h"

#include <string.h>

/** The key that the home names is the home's word; --vkey is what an auditor knows. */
static void check_vkey(const struct home *home, const struct ledger_demands *demands,
                       struct ledger_report *report)
{
    const char *wanted = demands->proof.vkey;
    if (wanted != NULL && strcmp(wanted, home->config.ledger_vkey) != 0)
        findings_say(
            &report->findings, "ledger.vkey", NULL,
            "the ledger's key in ca.yaml is %s, not the one of --vkey: it is another ledger, or the key "
            "was changed",
            quoted_text(home->config.ledger_vkey, &(struct quoted){0}));
}

/** The newest checkpoint must have a quorum of cosignatures. */
static void check_witnesses(const struct home *home, const struct ledger_demands *demands,
                            struct ledger_report *report)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (demands->proof.witnesses.count > 0 &&
        (!file_read(home->fd, "ledger.checkpoint", LEDGER_PROOF_MAX_LEN, &note, &err) ||
         !ledger_note_verify(builder_bytes(&note), home->config.ledger_vkey, &demands->proof.witnesses,
                             &err)))
        findings_say(&report->findings, "ledger.witness", NULL, "%s", err.text);
}

/** A CA that was made says so in its ledger, and has a checkpoint. */
static void check_created(const struct home *home, struct ledger_report *report)
{
    struct error err = ERROR_INIT;
    // A ledger without one good checkpoint has none, whatever lies in the file.
    if (!home_check_created(home, report->has_checkpoint ? report->checkpoint_size : 0, &err))
        findings_say(&report->findings, "ledger.created", NULL, "%s", err.text);
}

void ledger_demands_check(const struct ledger_demands *demands, const struct home *home,
                          struct ledger_report *report)
{
    check_vkey(home, demands, report);
    check_witnesses(home, demands, report);
    check_created(home, report);
}
