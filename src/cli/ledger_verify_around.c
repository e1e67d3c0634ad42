/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_verify_around.h"

#include "base/file.h"
#include "base/quote.h"
#include "cli/ledger_proof.h"
#include "home/created.h"

#include <fcntl.h>
#include <string.h>

void ledger_check_vkey(const struct home *home, const char *vkey, struct ledger_report *report)
{
    if (vkey != NULL && strcmp(vkey, home->config.ledger_vkey) != 0)
        findings_say(
            &report->findings, "ledger.vkey", NULL,
            "the ledger's key in ca.yaml is %s, not the one of --vkey: it is another ledger, or the key "
            "was changed",
            quoted_text(home->config.ledger_vkey, &(struct quoted){0}));
}

void ledger_check_witnesses(const struct home *home, const struct ledger_witnesses *witnesses,
                            struct ledger_report *report)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (witnesses->count > 0 &&
        (!file_read(home->fd, "ledger.checkpoint", LEDGER_PROOF_MAX_LEN, &note, &err) ||
         !ledger_note_verify(builder_bytes(&note), home->config.ledger_vkey, witnesses, &err)))
        findings_say(&report->findings, "ledger.witness", NULL, "%s", err.text);
}

void ledger_check_created(const struct home *home, struct ledger_report *report)
{
    struct error err = ERROR_INIT;
    // A ledger without one good checkpoint has none, whatever lies in the file.
    if (!home_check_created(home, report->has_checkpoint ? report->checkpoint_size : 0, &err))
        findings_say(&report->findings, "ledger.created", NULL, "%s", err.text);
}
