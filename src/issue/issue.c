/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/issue.h"

#include "base/memory.h"
#include "issue/certificates.h"
#include "issue/session.h"
#include "records/in_force.h"
#include "records/session.h"

#include <string.h>

/* ---- plans one after another ---- */

static struct issue_result result_of(const struct certificates *stream, const struct issue_counts *counts,
                                     size_t abandoned)
{
    return (struct issue_result){.issued = counts->issued,
                                 .repeated = counts->repeated,
                                 .present = stream->present,
                                 .proofs = counts->proofs,
                                 .refused = stream->refused,
                                 .skipped = stream->skipped,
                                 .abandoned = abandoned};
}

static bool lacks_checkpoint(const struct ledger *ledger)
{
    return ledger_checkpoint_size(ledger) < ledger_size(ledger);
}

/** Best effort: if the ledger can't be written now, the next run does the same. */
static void end_failed(struct signer *signer, const struct issue_options *options, const struct error *why,
                       const struct console *console)
{
    struct home *home = signer_home(signer);
    struct error ignored = ERROR_INIT;
    size_t unfinished = 0;
    size_t left = 0;
    AUTO(free)
    char *reason = memory_format("the run stopped before the signature was recorded: %.*s",
                                 (int)strcspn(why->text, "\n"), why->text);
    if (!issue_abandon_unfinished(home, reason, options->admitted, &unfinished, &left, &ignored))
        return;
    if (left > 0)
        console_notice(
            console,
            "%zu certificates of this plan are logged and have no signature yet: run the same command "
            "before any other that writes the ledger, which would burn their serials",
            left);
    if (lacks_checkpoint(home->ledger) && !signer_checkpoint(signer, &ignored))
        console_notice(console, "no checkpoint could be signed: %s", ignored.text);
}

static bool begin(struct signer *signer, const struct issue_options *options, const struct plan *only,
                  const struct console *console, size_t *ret_abandoned, struct error *err)
{
    struct home *home = signer_home(signer);
    size_t left = 0;
    if (!home_clock_check(home, time_now(), err) ||
        !issue_abandon_unfinished(home, "an earlier run ended before the signature was recorded",
                                  options->admitted, ret_abandoned, &left, err) ||
        !session_open(signer, options, only, console, err))
        return false;
    if (*ret_abandoned > 0)
        console_notice(
            console,
            "%zu certificates that an earlier run left unfinished were abandoned; their serials are burned",
            *ret_abandoned);
    if (left > 0)
        console_notice(
            console,
            "%zu certificates of this plan were logged by a run that was stopped; they are signed now, the "
            "same bytes under the same records",
            left);
    return true;
}

static bool carry_out(struct signer *signer, const struct issue_source *source, struct output *output,
                      const struct issue_options *options, const struct plan *only,
                      const struct console *console, struct issue_result *ret_result, struct error *err)
{
    struct ledger *ledger = signer_home(signer)->ledger;
    struct issue_counts counts = {.issued = 0};
    size_t abandoned = 0;
    AUTO(certificates_done) struct certificates stream = {.signer = NULL};
    certificates_init(&stream, signer, source, output, options->batch, only != NULL);
    if ((options->is_resumed && !refusals_load(ledger, options->batch, &stream.known, err)) ||
        (options->may_be_again && !refusals_load_recent(ledger, &stream.known, err)) ||
        !begin(signer, options, only, console, &abandoned, err))
        return false;
    bool is_done = issue_logged(signer, &stream.stream, console, &counts, err);
    *ret_result = result_of(&stream, &counts, abandoned);
    if (!is_done) {
        end_failed(signer, options, err, console);
        return false;
    }
    // With proofs, the last group's checkpoint covers all.
    if (lacks_checkpoint(ledger) && !signer_checkpoint(signer, err))
        return error_while(err, "signing the checkpoint; the certificates are issued and in the ledger");
    ret_result->ledger_size = ledger_size(ledger);
    return true;
}

bool issue_is_permitted(const struct home *home, enum act act, const char *command, struct error *err)
{
    AUTO(free)
    char *remedy =
        memory_format("`coldca plan` the requests, have people `coldca approve` it, then `coldca %s "
                      "--plan FILE --approval FILE`; nothing was signed",
                      command);
    return control_permits(home->ledger, act, remedy, err);
}

bool issue_each(struct signer *signer, const struct issue_source *source, struct output *output,
                const struct issue_options *options, const struct console *console,
                struct issue_result *ret_result, struct error *err)
{
    return carry_out(signer, source, output, options, NULL, console, ret_result, err);
}

/* ---- one plan ---- */

static bool take_plan(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last,
                      struct error *err)
{
    (void)wait_ms, (void)err; // it is there
    struct plan **plan = data;
    *ret_plan = plan_hold(TAKE(*plan));
    *ret_is_last = true;
    return true;
}

static bool leave_plan(void *data, const struct plan *plan, struct error *err)
{
    (void)data, (void)plan, (void)err; // it stays the caller's, who reports it
    return true;
}

bool issue_plan(struct signer *signer, struct plan *plan, struct output *output,
                const struct issue_options *options, const struct console *console,
                struct issue_result *ret_result, struct error *err)
{
    char batch[SESSION_BATCH_SIZE];
    struct plan *waiting = plan;
    const struct issue_source source = {
        .next = take_plan, .finished = leave_plan, .data = &waiting, .total = plan->count};
    struct issue_options named = *options;
    if (!session_make_batch(batch, err))
        return false;
    named.batch = batch;
    named.admitted = plan->admitted;
    return carry_out(signer, &source, output, &named, plan, console, ret_result, err);
}
