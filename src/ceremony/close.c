/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "ceremony/going.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void ceremony_outcome_done(struct ceremony_outcome *outcome)
{
    free(outcome->transcript);
    outcome->transcript = NULL;
}

/** A rehearsal's papers are never taken for the real ones. */
static char *name_of(const struct going *going, const char *name)
{
    return memory_format("%s%s", going->options->is_rehearsal ? CEREMONY_MARK "-" : "", name);
}

static bool write_file(const struct going *going, const char *name, struct bytes data, struct error *err)
{
    AUTO(close) int folder = -1;
    AUTO(free) char *file = name_of(going, name);
    return (file_open_folder(AT_FDCWD, going->options->evidence, &folder, err) &&
            file_replace(folder, file, 0644, data, err)) ||
           error_while(err, "writing %s of the evidence", file);
}

/* ---- the transcript ---- */

/** Draws all events with the closing one, whose digests are set then. */
static bool draw(const struct going *going, struct record_ceremony *closed, struct error *err)
{
    AUTO(transcript_free) struct transcript *transcript = NULL;
    size_t count = going->journal->count + 1;
    AUTO(free) struct record_ceremony *events = memory_new(count, sizeof(*events));
    memcpy(events, going->journal->events, going->journal->count * sizeof(*events));
    closed->run = going->journal->run;
    closed->ceremony = going->journal->ceremony;
    closed->number = going->journal->count;
    events[count - 1] = *closed;
    events[count - 1].digest_count = 0;
    const struct transcript_events drawn = {
        .items = events, .count = count, .draw_qr = going->options->draw_qr};
    if (!transcript_make(&drawn, &transcript, err))
        return false;
    digest_sha256(transcript_text(transcript), closed->digests[0].sha256);
    digest_sha256(transcript_html(transcript), closed->digests[1].sha256);
    return write_file(going, "transcript.txt", transcript_text(transcript), err) &&
           write_file(going, "transcript.html", transcript_html(transcript), err);
}

/* ---- the checkpoint over the closing event ---- */

struct checkpoint {
    const struct going *going;
    struct builder note;
};

static void hear(void *data, bool is_stderr, struct bytes line)
{
    struct checkpoint *checkpoint = data;
    AUTO(free) char *text = memory_text_of(line.data == NULL ? "" : (const char *)line.data, line.len);
    going_say(checkpoint->going, "  %s\n", text);
    if (is_stderr)
        return;
    builder_add_bytes(&checkpoint->note, line);
    builder_add_u8(&checkpoint->note, '\n');
}

static bool is_sealed(const struct going *going)
{
    bool is = false;
    struct error ignored = ERROR_INIT; // the room's facts are always known
    const struct step_need sealed = {
        .fact = FACT_SEALED, .of = ceremony_home(going->script, going->script->ledger)->token, .is = true};
    return going_is_so(going, &sealed, &is, &ignored) && is;
}

static bool sign_checkpoint(const struct going *going, struct error *err)
{
    int code = 0;
    struct error fault = ERROR_INIT;
    struct checkpoint checkpoint = {.going = going, .note = BUILDER_INIT};
    struct ceremony_step step = {.kind = STEP_CHECKPOINT};
    AUTO(step_command_done) struct step_command command = {.count = 0};
    const struct step_setting setting = {.site = going->options->site,
                                         .operator_name = going_operator(going)};
    step.values[FIELD_HOME] = going->script->ledger;
    if (!step_command(going->script, &step, &setting, &command, err))
        return false;
    going_say(going, "\nThe last checkpoint, over all of this:\n");
    bool is_fine =
        going->options->world.run(going->options->world.data, &command, hear, &checkpoint, &code, &fault) &&
        code == 0;
    bool is_written = !is_fine || write_file(going, "checkpoint.txt", builder_bytes(&checkpoint.note), err);
    builder_done(&checkpoint.note);
    if (!is_fine)
        return error_set(err, code > 0 && code <= 6 ? (enum error_kind)code : ERROR_INPUT, 0,
                         "the last checkpoint was not signed%s%s; the same command tries it again",
                         fault.len > 0 ? ": " : "", fault.text);
    return is_written;
}

static bool has_home(const struct going *going, struct error *err, bool *ret_has)
{
    const struct step_need complete = {.fact = FACT_COMPLETE, .of = going->script->ledger, .is = true};
    return going_is_so(going, &complete, ret_has, err);
}

bool going_finish(struct going *going, struct ceremony_outcome *outcome, struct error *err)
{
    bool is_there = false;
    const struct record_ceremony *closed = &going->journal->events[going->journal->count - 1];
    AUTO(free) char *name = name_of(going, "transcript.txt");
    outcome->is_closed = true;
    outcome->transcript = memory_format("%s/%s", going->options->evidence, name);
    if (closed->digest_count > 0)
        memcpy(outcome->sha256, closed->digests[0].sha256, sizeof(outcome->sha256));
    going_say_digest(going, "transcript", outcome->sha256);
    if (!has_home(going, err, &is_there))
        return false;
    if (!is_there) {
        going_say(going, "\nThe home %s was not made: the journal is all that keeps the records.\n",
                  going->script->ledger);
        return true;
    }
    if (!keep_events(&going->keep, going->journal, err))
        return false;
    if (is_sealed(going)) {
        AUTO(free)
        char *text =
            memory_format("The token of the home %s is in its bag: the next command that opens it signs "
                          "the checkpoint over the last records. Until then the transcript's digest on "
                          "paper holds them.",
                          going->script->ledger);
        going_say(going, "\n");
        going_say_text(going, 0, text);
        return true;
    }
    outcome->is_under_checkpoint = sign_checkpoint(going, err);
    return outcome->is_under_checkpoint;
}

bool going_close(struct going *going, const char *name, struct ceremony_outcome *outcome, struct error *err)
{
    struct ceremony_digest digests[] = {{.what = "transcript"}, {.what = "page"}};
    struct record_ceremony closed = {
        .event = CEREMONY_CLOSED, .at = time_now(), .name = name, .digests = digests, .digest_count = 2};
    return draw(going, &closed, err) && going_add(going, NULL, closed, err) &&
           going_finish(going, outcome, err);
}
