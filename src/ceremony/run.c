/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/words.h"
#include "ceremony/going.h"
#include "ceremony/wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE "------------------------------------------------------------------------\n"
#define WORDS_PER_LINE 6 /* even: words take turns from two lists */

/* ---- what is said and kept ---- */

void going_say(const struct going *going, const char *format, ...)
{
    AUTO(free) char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort(); // memory, as in base/memory.h
    va_end(arguments);
    going->options->room.say(going->options->room.data, text);
}

void going_say_text(const struct going *going, size_t indent, const char *text)
{
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    wrap_text(&lines, 0, indent, text);
    going_say(going, "%s", builder_text(&lines));
}

void going_say_digest(const struct going *going, const char *what, const uint8_t sha256[static 32])
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "  SHA-256 of %s:\n", what);
    for (size_t at = 0; at < 32; at += 16) {
        builder_add_text(&text, "    ");
        words_hex_groups(bytes_of(sha256 + at, 16), &text);
        builder_add_u8(&text, '\n');
    }
    for (size_t at = 0; at < 32; at += WORDS_PER_LINE) {
        builder_add_text(&text, "    ");
        words_of(bytes_slice(bytes_of(sha256, 32), at, WORDS_PER_LINE), WORDS_PER_LINE, &text);
        builder_add_u8(&text, '\n');
    }
    going_say(going, "%s", builder_text(&text));
}

bool going_add(struct going *going, const struct going_step *at, struct record_ceremony event,
               struct error *err)
{
    struct error why = ERROR_INIT;
    event.step = at == NULL ? 0 : at->number;
    event.attempt = at == NULL ? 0 : at->attempt;
    if (!journal_add(going->journal, &event, err))
        return false;
    going->keep.operator_name = going_operator(going);
    bool is_kept = keep_events(&going->keep, going->journal, &why);
    if (!is_kept && !going->is_keep_told)
        going_say(going, "  The journal has it; the ledger does not yet: %s\n", why.text);
    going->is_keep_told = !is_kept;
    return true;
}

bool going_fault(struct going *going, const struct going_step *at, const char *text, struct error *err)
{
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    quote_guard(&escaped, bytes_of_text(text));
    going_say(going, "\n");
    going_say_text(going, 2, builder_text(&escaped));
    return going_add(going, at,
                     (struct record_ceremony){.event = CEREMONY_FAULT, .text = builder_text(&escaped)}, err);
}

/* ---- where it stands ---- */

static bool is_step_over(const struct going *going, unsigned number)
{
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->step == number && (event->event == CEREMONY_ANSWER ||
                                      (event->event == CEREMONY_CHOICE && strcmp(event->name, "go-on") == 0)))
            return true;
    }
    return false;
}

static unsigned first_open(const struct going *going)
{
    unsigned number = 1;
    while (number <= going->script->step_count && is_step_over(going, number))
        number++;
    return number;
}

static unsigned attempts_of(const struct going *going, unsigned number)
{
    unsigned count = 0;
    for (size_t i = 0; i < going->journal->count; i++)
        count += going->journal->events[i].step == number && going->journal->events[i].event == CEREMONY_STEP
                     ? 1
                     : 0;
    return count;
}

static unsigned count_deviations(const struct going *going)
{
    unsigned count = 0;
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        count += event->event == CEREMONY_FAULT || event->event == CEREMONY_INTERRUPTED ||
                         (event->event == CEREMONY_ENDED && event->exit_code != 0)
                     ? 1
                     : 0;
    }
    return count;
}

/* ---- the beginning ---- */

static bool begin(struct going *going, struct error *err)
{
    AUTO(going_facts_done) struct going_facts facts = {.count = 0};
    if (!going_facts(going, &facts, err))
        return false;
    const struct record_ceremony event = {
        .event = CEREMONY_BEGUN, .facts = facts.items, .fact_count = facts.count};
    return going_add(going, NULL, event, err);
}

/** Nobody said good-bye: the power, or kill -9. */
static bool note_interruption(struct going *going, unsigned number, struct error *err)
{
    size_t newest = going->journal->count - 1;
    while (newest > 0 && going->journal->events[newest].event == CEREMONY_NOTE)
        newest--; // a remark changes nothing
    const struct record_ceremony *last = &going->journal->events[newest];
    bool is_known = last->event == CEREMONY_INTERRUPTED;
    struct going_step at = {.step = number <= going->script->step_count ? &going->script->steps[number - 1]
                                                                        : NULL,
                            .number = number,
                            .attempt = attempts_of(going, number)};
    bool is_in_attempt = last->event == CEREMONY_STEP;
    const struct record_ceremony event = {
        .event = CEREMONY_INTERRUPTED,
        .text = is_in_attempt
                    ? "the attempt has no recorded end: the program or the machine stopped meanwhile"
                    : "nothing more was recorded: the program or the machine stopped"};
    return is_known || going_add(going, is_in_attempt ? &at : NULL, event, err);
}

static bool resume(struct going *going, struct error *err)
{
    unsigned number = first_open(going);
    const char *mode = record_ceremony_fact(&going->journal->events[0], "mode");
    AUTO(going_facts_done) struct going_facts facts = {.count = 0};
    if (mode == NULL || (strcmp(mode, "rehearsal") == 0) != going->options->is_rehearsal)
        return error_set(err, ERROR_INPUT, 0, "%s is the evidence of a %s; use another --evidence",
                         going->options->evidence, mode == NULL ? "ceremony of another kind" : mode);
    if (!note_interruption(going, number, err) || !going_facts(going, &facts, err))
        return false;
    AUTO(free)
    char *text = number > going->script->step_count
                     ? memory_text("all steps are done; what is left is to close")
                     : memory_format("at step %u of %u", number, going->script->step_count);
    const struct record_ceremony event = {
        .event = CEREMONY_RESUMED, .text = text, .facts = facts.items, .fact_count = facts.count};
    going_say(going, RULE "Resuming this ceremony %s.\n", text);
    return going_add(going, NULL, event, err);
}

static void say_title(const struct going *going)
{
    AUTO(free) char *title = going_fill(going, going->script->title);
    going_say(going, RULE "%s%s\n", going->options->is_rehearsal ? CEREMONY_MARK ": " : "", title);
    if (going->script->about != NULL) {
        AUTO(free) char *about = going_fill(going, going->script->about);
        going_say_text(going, 0, about);
    }
    going_say_digest(going, "the script", going->script->sha256);
    if (going->options->is_rehearsal)
        going_say_text(
            going, 0,
            "This is a rehearsal: tokens, PINs, homes and media are made for it, nobody is asked for "
            "a PIN, and nothing of yours is touched. Alone, play all the people yourself.");
}

/** What comes, who does it, and what can be typed at any time. */
static void say_outline(const struct going *going)
{
    going_say(going, "The %u steps of the script %s:\n", going->script->step_count, going->script->id);
    for (unsigned i = 0; i < going->script->step_count; i++) {
        AUTO(free) char *heading = going_fill(going, step_heading(&going->script->steps[i]));
        going_say(going, "%4u %s\n", i + 1, heading);
    }
    going_say(going, "The people:\n");
    for (unsigned i = 0; i < going->script->role_count; i++) {
        const struct ceremony_role *role = &going->script->roles[i];
        AUTO(free) char *about = going_fill(going, role->about == NULL ? "" : role->about);
        going_say(going, "%4u %s%s%s\n", role->count, role->role, role->about == NULL ? "" : ": ", about);
    }
    going_say_text(
        going, 0,
        going->options->is_rehearsal
            ? "At each question: the word " CEREMONY_NOTE_WORD
              " writes a remark for the transcript; Ctrl-C stops, and the next rehearsal begins anew."
            : "At each question: the word " CEREMONY_NOTE_WORD
              " writes a remark for the transcript; Ctrl-C stops, and the same command resumes.");
}

/* ---- the steps ---- */

static void say_step(const struct going *going, const struct going_step *at)
{
    AUTO(free) char *heading = going_fill(going, step_heading(at->step));
    going_say(going, "\n" RULE "Step %u of %u: %s\n", at->number, going->script->step_count, heading);
    going_say_text(going, 0, step_row(at->step->kind)->shows);
}

/** \param ret_is_abandoned  the ceremony ends here for good */
static bool do_step(struct going *going, unsigned number, bool *ret_is_abandoned, struct error *err)
{
    bool is_done = false;
    struct going_step at = {
        .step = &going->script->steps[number - 1], .number = number, .attempt = attempts_of(going, number)};
    for (;;) {
        enum going_choice choice = CHOICE_RETRY;
        say_step(going, &at);
        if (!going_try_step(going, &at, &is_done, err))
            return false;
        if (is_done)
            return true;
        if (!going_choose(going, &at, &choice, err))
            return false;
        *ret_is_abandoned = choice == CHOICE_ABANDON;
        if (choice != CHOICE_RETRY)
            return true;
    }
}

static bool do_steps(struct going *going, bool *ret_is_abandoned, struct error *err)
{
    unsigned number = first_open(going);
    for (; number <= going->script->step_count && !*ret_is_abandoned; number = first_open(going)) {
        if (!do_step(going, number, ret_is_abandoned, err))
            return false;
    }
    return true;
}

static bool go(struct going *going, struct ceremony_outcome *outcome, struct error *err)
{
    bool is_abandoned = false;
    const struct journal *journal = going->journal;
    if (journal->count > 0 && journal->events[journal->count - 1].event == CEREMONY_CLOSED)
        return going_finish(going, outcome, err);
    say_title(going);
    say_outline(going);
    if (!(journal->count == 0 ? begin(going, err) : resume(going, err)) || !going_meet_people(going, err) ||
        !going_fill_blanks(going, err) || !do_steps(going, &is_abandoned, err))
        return false;
    return going_close(going, is_abandoned ? "stopped" : "done", outcome, err);
}

bool ceremony_run(const struct ceremony_run_options *options, struct ceremony_outcome *ret_outcome,
                  struct error *err)
{
    AUTO(journal_close) struct journal *journal = NULL;
    struct going going = {.options = options, .script = options->script};
    if (!ceremony_site_fits(options->site, options->script, err) ||
        !journal_open(options->evidence, options->script, &journal, err))
        return false;
    going.journal = journal;
    going.keep.home = site_home_path(options->site, options->script->ledger);
    bool is_done = go(&going, ret_outcome, err);
    for (unsigned i = 1; i <= options->script->step_count; i++)
        ret_outcome->steps_done += is_step_over(&going, i) ? 1 : 0;
    ret_outcome->deviations = count_deviations(&going);
    return is_done;
}
