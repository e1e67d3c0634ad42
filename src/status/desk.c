/* SPDX-License-Identifier: Apache-2.0 */
#include "status/desk.h"

#include "issue/pipeline.h"
#include "issue/session.h"
#include "records/due.h"

void status_desk_done(struct status_desk *desk)
{
    if (desk->scan != NULL)
        ledger_scan_free(desk->scan);
    if (desk->revoked != NULL)
        revoked_free(desk->revoked);
    signer_close(desk->signer);
    if (desk->confined != NULL)
        confined_free(desk->confined);
    if (desk->home != NULL)
        home_close(desk->home);
}

bool status_desk_open(struct status_desk *desk, const char *path, enum home_access access, struct error *err)
{
    size_t abandoned = 0;
    size_t left = 0;
    if (!home_open(path, access, desk->console, &desk->home, err) || !session_make_batch(desk->batch, err))
        return false;
    if (desk->home->issuer == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s awaits its parent's certificate", path);
    desk->asks_index = !ledger_is_short(desk->home->ledger);
    if (access == HOME_LOOK)
        return true;
    if (!control_permits_extractable(desk->home->ledger, desk->home->config.allow_extractable, err))
        return false;
    if (desk->is_due_told)
        due_notice(desk->home, desk->console);
    AUTO(free)
    char *operator_name = session_operator(desk->console->operator_name, desk->home->config.operator_name);
    ledger_set_operator(desk->home->ledger, operator_name);
    if (!home_clock_check(desk->home, time_now(), err) ||
        !issue_abandon_unfinished(desk->home, "an earlier run ended before the signature was recorded", NULL,
                                  &abandoned, &left, err))
        return false;
    if (abandoned > 0)
        console_notice(
            desk->console,
            "%zu certificates that an earlier run left unfinished were abandoned; their serials are "
            "burned, and on the next CRL",
            abandoned);
    return true;
}

bool status_desk_confine_to(struct status_desk *desk, const struct confine_written *written,
                            struct error *err)
{
    return signer_confine(desk->home, written, desk->pin_source, desk->console, &desk->confined, err);
}

bool status_desk_confine(struct status_desk *desk, const char *written, struct error *err)
{
    const struct confine_written answers = {.path = written};
    return status_desk_confine_to(desk, &answers, err);
}

bool status_desk_permits(const struct status_desk *desk, enum act act, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    bool is_set = false;
    if (desk->emergency != NULL) {
        if (!control_in_force(desk->home->ledger, &control, &is_set, err))
            return false;
        return (is_set && control.emergency[act]) ||
               error_set(err, ERROR_INPUT, 0,
                         "the control in force has no emergency rule for %s: nothing was done",
                         act_words(act));
    }
    return control_permits(desk->home->ledger, act,
                           "have it planned with --plan-out FILE, approved (`coldca approve`), and run the "
                           "command with --plan FILE --approval FILE; nothing was done",
                           err);
}

static bool take(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    return revoked_take(data, seq, text, err) ||
           error_while(err, "reading who is revoked from the ledger; `coldca ledger verify` says more");
}

bool status_desk_read(struct status_desk *desk, struct error *err)
{
    if (desk->scan == NULL) {
        desk->scan = ledger_scan_new(desk->home->ledger);
        desk->revoked = revoked_new();
    }
    return ledger_scan_on(desk->scan, take, desk->revoked, err);
}

bool status_desk_unlock(struct status_desk *desk, const char *command, struct error *err)
{
    const struct issue_options session = {.command = command, .batch = desk->batch};
    return signer_open(desk->confined, desk->console, &desk->signer, err) &&
           session_open(desk->signer, &session, NULL, desk->console, err) &&
           ledger_commit(desk->home->ledger, err);
}

bool status_desk_end(struct status_desk *desk, struct error *err)
{
    return signer_checkpoint(desk->signer, err) ||
           error_while(err, "signing the checkpoint; what was done is in the ledger");
}
