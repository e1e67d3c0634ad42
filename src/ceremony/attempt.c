/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ceremony/going.h"
#include "ceremony/places.h"
#include "ceremony/wrap.h"

#include <stdlib.h>
#include <string.h>

#define SAID_MAX_LEN ((size_t)1 << 20) /* bytes of stdout that are looked at */
#define TOKEN_CODE 4                   /* exit code: token or PIN */
#define WRONG_PIN "CKR_PIN_INCORRECT"  /* token/login.c says it, once for each try */

/* ---- conditions ---- */

/** A fact of the room: the newest step that was done and settles it. */
static bool is_so_by_events(const struct going *going, const struct step_need *need)
{
    bool is = false; // when a ceremony begins, nobody has seen anything
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        struct step_need effects[STEP_NEEDS_MAX];
        if (event->event != CEREMONY_ANSWER || event->step == 0 || event->step > going->script->step_count)
            continue;
        size_t count = step_effects(going->script, &going->script->steps[event->step - 1], effects);
        for (size_t k = 0; k < count; k++) {
            if (effects[k].fact == need->fact && strcmp(effects[k].of, need->of) == 0)
                is = effects[k].is;
        }
    }
    return is;
}

bool going_is_so(const struct going *going, const struct step_need *need, bool *ret_is, struct error *err)
{
    const struct ceremony_world *world = &going->options->world;
    if (need->fact != FACT_CLOCK && need->fact != FACT_PROGRAM && need->fact != FACT_SEALED)
        return world->look(world->data, going->script, need, ret_is, err);
    *ret_is = is_so_by_events(going, need);
    return true;
}

/** The place a step makes may be there already, as a directory is; but no link, which would lead the command elsewhere. */
static bool find_link(const struct going *going, const struct going_step *at, struct error *err)
{
    bool is = false;
    const struct step_need made = {.fact = FACT_FILE, .of = step_value(at->step, FIELD_TO), .is = true};
    return made.of != NULL && !going_is_so(going, &made, &is, err);
}

/** Why a step can't begin now: the first condition that is not so, in words; appends nothing if all are. */
static void find_hindrance(const struct going *going, const struct going_step *at, struct builder *ret_words)
{
    struct error err = ERROR_INIT;
    struct step_need needs[STEP_NEEDS_MAX];
    size_t count = step_needs(going->script, at->step, needs);
    for (size_t i = 0; i < count; i++) {
        bool is = false;
        struct step_need found = needs[i];
        if (!going_is_so(going, &needs[i], &is, &err)) {
            builder_format(ret_words, "this step can't begin: %s", err.text);
            return;
        }
        found.is = is;
        if (is == needs[i].is)
            continue;
        builder_add_text(ret_words, "this step can't begin: ");
        step_need_words(&found, ret_words);
        return;
    }
    if (find_link(going, at, &err))
        builder_format(ret_words, "this step can't begin: %s", err.text);
}

/** A stick may be pulled under a command that never notices. Appends what is not as the step leaves it; nothing if all is. */
static void find_missing(const struct going *going, const struct going_step *at, struct builder *ret_words)
{
    struct error err = ERROR_INIT;
    struct step_need needs[2 * STEP_NEEDS_MAX];
    size_t count = step_needs(going->script, at->step, needs);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (needs[i].fact == FACT_MOUNTED)
            needs[kept++] = needs[i];
    }
    kept += step_effects(going->script, at->step, needs + kept);
    for (size_t i = 0; i < kept && ret_words->len == 0; i++) {
        bool is = false;
        struct step_need found = needs[i];
        if (going_is_so(going, &needs[i], &is, &err) && is == needs[i].is)
            continue;
        found.is = is;
        builder_add_text(ret_words, "what this step makes is not there: ");
        if (err.kind != ERROR_NONE)
            builder_add_text(ret_words, err.text);
        else
            step_need_words(&found, ret_words);
    }
}

/* ---- what a command says ---- */

struct listening {
    const struct going *going;
    char **lines;
    size_t count;
    size_t len;
    struct builder said; /**< stdout as it is */
    struct builder cut;  /**< lines that do not fit an event */
    unsigned wrong_pins;
};

static void hear(void *data, bool is_stderr, struct bytes line)
{
    struct listening *listening = data;
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    quote_guard(&escaped, line);
    if (is_stderr && memmem(line.data == NULL ? (const uint8_t *)"" : line.data, line.len, WRONG_PIN,
                            strlen(WRONG_PIN)) != NULL)
        listening->wrong_pins++;
    if (!is_stderr) {
        builder_add_bytes(&listening->said, line);
        builder_add_u8(&listening->said, '\n');
    }
    if (is_stderr) // sentences; what comes on stdout may be a table
        going_say_text(listening->going, 2, builder_text(&escaped));
    else
        going_say(listening->going, "  %s\n", builder_text(&escaped));
    if (listening->count >= CEREMONY_LINES_MAX || listening->len + escaped.len > CEREMONY_LINES_MAX_LEN ||
        listening->cut.len > 0) {
        builder_add_bytes(&listening->cut, builder_bytes(&escaped));
        builder_add_u8(&listening->cut, '\n');
        return;
    }
    listening->lines = memory_grow(listening->lines, listening->count + 1, sizeof(*listening->lines));
    listening->len += escaped.len;
    listening->lines[listening->count++] = memory_text(builder_text(&escaped));
}

static void listening_done(struct listening *listening)
{
    for (size_t i = 0; i < listening->count; i++)
        free(listening->lines[i]);
    free(listening->lines);
    builder_done(&listening->said);
    builder_done(&listening->cut);
}
DEFINE_AUTO_VALUE(struct listening, listening_done);

static bool keep_end(struct going *going, const struct going_step *at, struct listening *listening, int code,
                     struct error *err)
{
    struct record_ceremony event = {.event = CEREMONY_ENDED,
                                    .exit_code = code,
                                    .wrong_pins = code == TOKEN_CODE ? listening->wrong_pins : 0,
                                    .lines = listening->lines,
                                    .line_count = listening->count,
                                    .cut_len = listening->cut.len};
    if (listening->cut.len > 0)
        digest_sha256(builder_bytes(&listening->cut), event.cut_sha256);
    if (code == WORLD_KILLED)
        going_say(going, "\nThe command was killed.\n");
    else if (code != 0)
        going_say(going, "\nIt failed with exit code %d%s.\n", code,
                  event.wrong_pins > 0 ? ": the token refused the PIN" : "");
    return going_add(going, at, event, err);
}

/* ---- doing it ---- */

/** What the step says it makes, copied to where the script wants it. */
static bool copy(const struct going *going, const struct going_step *at, struct error *err)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    AUTO(free)
    char *made = memory_format("%s:%s", step_value(at->step, FIELD_HOME),
                               at->step->kind == STEP_REQUEST ? "ca.csr" : "ca.pem");
    return place_read(going->options->site, made, &data, err) &&
           place_write(going->options->site, step_value(at->step, FIELD_TO), builder_bytes(&data), err);
}

/** A policy's new text, which has to lie in the home before it is approved. */
static bool copy_first(const struct going *going, const struct going_step *at, struct error *err)
{
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    return place_read(going->options->site, step_value(at->step, FIELD_FILE), &data, err) &&
           place_put_policy(going->options->site, step_value(at->step, FIELD_HOME),
                            step_value(at->step, FIELD_POLICY), builder_bytes(&data), err);
}

static bool run_command(struct going *going, const struct going_step *at, const struct step_command *command,
                        bool *ret_is_done, struct error *err)
{
    int code = 0;
    struct error fault = ERROR_INIT;
    const struct ceremony_world *world = &going->options->world;
    AUTO(listening_done)
    struct listening listening = {.going = going, .said = {.max_len = SAID_MAX_LEN}, .cut = BUILDER_INIT};
    AUTO(builder_done) struct builder missing = BUILDER_INIT;
    *ret_is_done = false;
    if ((command->copies_first && !copy_first(going, at, &fault)) ||
        !world->run(world->data, command, hear, &listening, &code, &fault))
        return going_fault(going, at, fault.text, err);
    if (!keep_end(going, at, &listening, code, err))
        return false;
    if (code != 0)
        return true;
    if (command->copy_from != NULL && !command->copies_first && !copy(going, at, &fault))
        return going_fault(going, at, fault.text, err);
    find_missing(going, at, &missing);
    return missing.len > 0 ? going_fault(going, at, builder_text(&missing), err)
                           : going_keep_files(going, at, builder_bytes(&listening.said), ret_is_done, err);
}

/** Enter, so that nobody is taken by surprise. */
static bool ask_go(struct going *going, const struct going_step *at, struct error *err)
{
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    const struct room_question question = {.asks = ROOM_GO, .prompt = "Enter to do it"};
    return going_ask(going, at, question, &answer, err);
}

static bool begin(struct going *going, struct going_step *at, const char *what, struct error *err)
{
    AUTO(free) char *heading = going_fill(going, step_heading(at->step));
    const struct record_ceremony event = {.event = CEREMONY_STEP, .name = heading, .text = what};
    at->attempt++;
    return going_add(going, at, event, err);
}

static bool do_step(struct going *going, struct going_step *at, const struct step_command *command,
                    bool *ret_is_done, struct error *err)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    AUTO(builder_done) struct builder lines = BUILDER_INIT;
    step_command_words(command, &words);
    quote_guard(&escaped, builder_bytes(&words));
    if (command->count == 0) {
        const char *text = step_value(at->step, FIELD_TEXT);
        AUTO(free)
        char *what = going_fill(going, text != NULL ? text : step_row(at->step->kind)->shows);
        return begin(going, at, what, err) && going_show(going, at, ret_is_done, err);
    }
    wrap_command(&lines, 0, 2, builder_text(&escaped));
    going_say(going, "\n%s\n", builder_text(&lines));
    return ask_go(going, at, err) && begin(going, at, builder_text(&escaped), err) &&
           run_command(going, at, command, ret_is_done, err);
}

/* ---- an attempt that was cut off ---- */

/** The newest event of a step that is of a kind; NULL: none is. */
static const struct record_ceremony *newest(const struct going *going, unsigned step,
                                            enum ceremony_event kind)
{
    for (size_t i = going->journal->count; i-- > 0;) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->step == step && event->event == kind)
            return event;
    }
    return NULL;
}

/** The command came to a good end, and nobody has said yes or no to it yet. */
static bool awaits_yes(const struct going *going, const struct going_step *at)
{
    const struct record_ceremony *end = newest(going, at->number, CEREMONY_ENDED);
    const struct record_ceremony *begun = newest(going, at->number, CEREMONY_STEP);
    const struct record_ceremony *fault = newest(going, at->number, CEREMONY_FAULT);
    const struct record_ceremony *choice = newest(going, at->number, CEREMONY_CHOICE);
    return end != NULL && begun != NULL && end->exit_code == 0 && end->number > begun->number &&
           (fault == NULL || fault->number < end->number) && (choice == NULL || choice->number < end->number);
}

/** Of a step that can't be done twice: whether all it makes is there; the copy that the ceremony itself makes is looked at later. */
static bool is_done_already(const struct going *going, const struct going_step *at,
                            const struct step_command *command)
{
    bool copies = command->copy_from != NULL && !command->copies_first;
    struct step_need effects[STEP_NEEDS_MAX];
    struct step_need needs[STEP_NEEDS_MAX];
    size_t count = step_effects(going->script, at->step, effects);
    size_t need_count = step_needs(going->script, at->step, needs);
    bool is_changed = false;
    struct error ignored = ERROR_INIT; // what can't be seen is not taken as done
    for (size_t i = 0; i < count; i++) {
        bool is = false;
        if (copies && effects[i].fact == FACT_FILE)
            continue;
        if (!going_is_so(going, &effects[i], &is, &ignored) || is != effects[i].is)
            return false;
        for (size_t k = 0; k < need_count; k++)
            is_changed |= needs[k].fact == effects[i].fact && strcmp(needs[k].of, effects[i].of) == 0 &&
                          needs[k].is != effects[i].is;
    }
    return is_changed;
}

/** What an attempt before has left of a step. */
enum left { LEFT_ALL, LEFT_YES, LEFT_FAULT };

/** What an attempt before has done is not done again. \param ret_left  LEFT_FAULT: it could not be ended, which is kept */
static bool find_left(struct going *going, const struct going_step *at, const struct step_command *command,
                      enum left *ret_left, struct error *err)
{
    struct error fault = ERROR_INIT;
    if (awaits_yes(going, at)) {
        *ret_left = LEFT_YES;
        going_say(going, "\nThe command of this step came to its end before; what is missing is the yes.\n");
        return true;
    }
    if (newest(going, at->number, CEREMONY_STEP) == NULL || !is_done_already(going, at, command))
        return true;
    *ret_left = LEFT_FAULT;
    if (!going_fault(going, at, "what this step makes is there, by an attempt before: it is kept as it is",
                     err))
        return false;
    if (command->copy_from != NULL && !command->copies_first && !copy(going, at, &fault))
        return going_fault(going, at, fault.text, err);
    bool is_fine = false;
    if (!going_keep_files(going, at, bytes_of(NULL, 0), &is_fine, err))
        return false;
    *ret_left = is_fine ? LEFT_YES : LEFT_FAULT;
    return true;
}

static bool do_all(struct going *going, struct going_step *at, const struct step_command *command,
                   bool *ret_is_done, struct error *err)
{
    AUTO(builder_done) struct builder hindrance = BUILDER_INIT;
    find_hindrance(going, at, &hindrance);
    return hindrance.len > 0 ? going_fault(going, at, builder_text(&hindrance), err)
                             : do_step(going, at, command, ret_is_done, err);
}

bool going_try_step(struct going *going, struct going_step *at, bool *ret_is_done, struct error *err)
{
    enum left left = LEFT_ALL;
    bool is_done = false;
    AUTO(step_command_done) struct step_command command = {.count = 0};
    const struct step_setting setting = {.site = going->options->site,
                                         .mark = going->options->is_rehearsal ? CEREMONY_MARK : NULL,
                                         .operator_name = going_operator(going),
                                         .approver_keys = going->options->approver_keys,
                                         .crl_again = going_has_signed_crl(going, at)};
    *ret_is_done = false;
    if (setting.crl_again)
        going_say(going,
                  "\nAn attempt before has signed the CRL: it is delivered, and no other is signed.\n");
    if (!step_command(going->script, at->step, &setting, &command, err) ||
        (command.count > 0 && !find_left(going, at, &command, &left, err)) ||
        (left == LEFT_ALL && !do_all(going, at, &command, &is_done, err)))
        return false;
    return (!is_done && left != LEFT_YES) ||
           going_ask_yes(going, at, step_row(at->step->kind)->yes, ret_is_done, err);
}
