/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "ceremony/going.h"
#include "ceremony/wrap.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX_LEN 400 /* bytes that an event keeps of one */
#define INITIALS_MAX 8     /* characters */

/* ---- asking ---- */

/** An answer as it is kept: trimmed, escaped, bounded. */
static void tidy(struct bytes typed, struct builder *ret_answer)
{
    while (typed.len > 0 && strchr(" \t\r\n", typed.data[typed.len - 1]) != NULL)
        typed.len--;
    while (typed.len > 0 && strchr(" \t", typed.data[0]) != NULL)
        typed = bytes_slice(typed, 1, typed.len);
    builder_clear(ret_answer);
    quote_append(ret_answer, typed, ANSWER_MAX_LEN);
}

static bool ask_stop(struct going *going, const struct going_step *at, const char *prompt, struct error *why)
{
    struct error ignored = ERROR_INIT; // a second Ctrl-C is a yes
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    const struct room_question question = {.asks = ROOM_STOP,
                                           .prompt = going->options->is_rehearsal
                                                         ? "stop here? the next rehearsal begins anew (y/n)"
                                                         : "stop here? the same command resumes here (y/n)",
                                           .step = at == NULL ? 0 : at->number};
    bool is_answered = going->options->room.ask(going->options->room.data, &question, &answer, &ignored);
    if (is_answered && strcmp(builder_text(&answer), "y") != 0)
        return false;
    AUTO(free) char *text = memory_format("at the question \"%s\"", prompt);
    if (!going_add(going, at, (struct record_ceremony){.event = CEREMONY_INTERRUPTED, .text = text},
                   &ignored))
        *why = ignored; // that it could not be kept is worse
    return true;
}

/** What the room reads last. \param native  the signal; 0: none */
static bool say_stopped(const struct going *going, const struct going_step *at, unsigned long native,
                        struct error *err)
{
    const char *next =
        going->options->is_rehearsal ? "the next rehearsal begins anew" : "the same command resumes there";
    return at == NULL ? error_set(err, ERROR_INTERRUPTED, native, "stopped between the steps; %s", next)
                      : error_set(err, ERROR_INTERRUPTED, native, "stopped at step %u; %s", at->number, next);
}

/** One question, until it is answered or the room stops. */
static bool ask(struct going *going, const struct going_step *at, struct room_question question,
                struct builder *ret_answer, struct error *err)
{
    question.step = at == NULL ? 0 : at->number;
    question.attempt = at == NULL ? 0 : at->attempt;
    for (;;) {
        AUTO(builder_done) struct builder typed = BUILDER_INIT;
        struct error why = ERROR_INIT;
        if (going->options->room.ask(going->options->room.data, &question, &typed, &why)) {
            tidy(builder_bytes(&typed), ret_answer);
            return true;
        }
        bool is_stop = why.kind == ERROR_INTERRUPTED;
        if (is_stop && !ask_stop(going, at, question.prompt, &why))
            continue;
        *err = why;
        return is_stop && why.kind == ERROR_INTERRUPTED ? say_stopped(going, at, why.native, err) : false;
    }
}

static const struct record_ceremony *present(const struct going *going, const char *role,
                                             const char *initials);

/** Nobody has these initials, and who has which. \param role  NULL: all who are here */
static void say_unknown(const struct going *going, const char *role, const char *initials)
{
    going_say(going, "%s: nobody who is here%s%s has these initials:\n", initials, role == NULL ? "" : " as ",
              role == NULL ? "" : role);
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->event == CEREMONY_PRESENT && (role == NULL || strcmp(event->role, role) == 0))
            going_say(going, "  %s: %s, %s\n", event->initials, event->person, event->role);
    }
}

/** Somebody's remark, at whatever question: what it says, and whose it is. */
static bool take_note(struct going *going, const struct going_step *at, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder initials = BUILDER_INIT;
    struct room_question ask_text_of = {.asks = ROOM_NOTE, .prompt = "the remark, for the transcript"};
    struct room_question ask_whose = {.asks = ROOM_WHOSE, .prompt = "initials of whose remark it is"};
    const struct record_ceremony *person = NULL;
    if (present(going, NULL, NULL) == NULL) {
        going_say(going, "A remark has somebody's initials: first say who is here.\n");
        return true;
    }
    if (!ask(going, at, ask_text_of, &text, err))
        return false;
    for (; text.len > 0 && person == NULL; ask_whose.again++) {
        if (!ask(going, at, ask_whose, &initials, err))
            return false;
        person = present(going, NULL, builder_text(&initials));
        if (person == NULL)
            say_unknown(going, NULL, builder_text(&initials));
    }
    const struct record_ceremony event = {.event = CEREMONY_NOTE,
                                          .text = builder_text(&text),
                                          .role = person == NULL ? NULL : person->role,
                                          .person = person == NULL ? NULL : person->person,
                                          .initials = person == NULL ? NULL : person->initials};
    going_say(going, person == NULL ? "No remark was written.\n" : "The remark is kept.\n");
    return person == NULL || going_add(going, at, event, err);
}

bool going_ask(struct going *going, const struct going_step *at, struct room_question question,
               struct builder *ret_answer, struct error *err)
{
    AUTO(free) char *prompt = memory_format("%s (or " CEREMONY_NOTE_WORD ")", question.prompt);
    question.prompt = prompt;
    for (;;) {
        if (!ask(going, at, question, ret_answer, err))
            return false;
        if (strcmp(builder_text(ret_answer), CEREMONY_NOTE_WORD) != 0)
            return true;
        if (!take_note(going, at, err))
            return false;
    }
}

/** Until there is something. */
static bool ask_text(struct going *going, const struct going_step *at, struct room_question question,
                     struct builder *ret_answer, struct error *err)
{
    do {
        if (!going_ask(going, at, question, ret_answer, err))
            return false;
        question.again++;
    } while (ret_answer->len == 0);
    return true;
}

/* ---- who is present ---- */

static const struct record_ceremony *present(const struct going *going, const char *role,
                                             const char *initials)
{
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->event == CEREMONY_PRESENT && (role == NULL || strcmp(event->role, role) == 0) &&
            (initials == NULL || strcmp(event->initials, initials) == 0))
            return event;
    }
    return NULL;
}

static unsigned count_of_role(const struct going *going, const char *role)
{
    unsigned count = 0;
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        count += event->event == CEREMONY_PRESENT && strcmp(event->role, role) == 0 ? 1 : 0;
    }
    return count;
}

/** Letters and digits of any script: an answer has come escaped, so that what can't be drawn is a backslash in it. */
static bool are_initials(const struct builder *answer)
{
    for (size_t i = 0; i < answer->len; i++) {
        if (!isalnum(answer->data[i]) && answer->data[i] < 0x80)
            return false;
    }
    return wrap_columns_of(builder_bytes(answer)) <= INITIALS_MAX &&
           !bytes_equal_text(builder_bytes(answer), "no");
}

static bool ask_name(struct going *going, const char *role, const char *which, struct builder *ret_name,
                     struct error *err)
{
    AUTO(free) char *prompt = memory_format("name of the %s", which);
    for (unsigned again = 0;; again++) {
        const struct room_question question = {
            .asks = ROOM_NAME, .prompt = prompt, .of = role, .again = again};
        if (!ask_text(going, NULL, question, ret_name, err))
            return false;
        if (memchr(ret_name->data, '\\', ret_name->len) == NULL)
            return true;
        going_say(going, "A name has letters and spaces, and nothing that a screen does not show.\n");
    }
}

static bool ask_new_initials(struct going *going, const char *role, const char *which,
                             struct builder *ret_initials, struct error *err)
{
    AUTO(free) char *prompt = memory_format("initials of the %s", which);
    for (unsigned again = 0;; again++) {
        const struct room_question question = {
            .asks = ROOM_INITIALS, .prompt = prompt, .of = role, .again = again};
        if (!ask_text(going, NULL, question, ret_initials, err))
            return false;
        if (!are_initials(ret_initials))
            going_say(going, "Initials are 1 to %d letters or digits, and not \"no\".\n", INITIALS_MAX);
        else if (present(going, NULL, builder_text(ret_initials)) != NULL)
            going_say(going, "%s are somebody else's initials here; add a letter.\n",
                      builder_text(ret_initials));
        else
            return true;
    }
}

static bool meet(struct going *going, const struct ceremony_role *role, unsigned nth, struct error *err)
{
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    AUTO(builder_done) struct builder initials = BUILDER_INIT;
    AUTO(free)
    char *which = role->count > 1 ? memory_format("%s %u of %u", role->role, nth, role->count)
                                  : memory_text(role->role);
    if (!ask_name(going, role->role, which, &name, err) ||
        !ask_new_initials(going, role->role, which, &initials, err))
        return false;
    const struct record_ceremony event = {.event = CEREMONY_PRESENT,
                                          .role = role->role,
                                          .person = builder_text(&name),
                                          .initials = builder_text(&initials)};
    return going_add(going, NULL, event, err);
}

bool going_meet_people(struct going *going, struct error *err)
{
    for (unsigned i = 0; i < going->script->role_count; i++) {
        const struct ceremony_role *role = &going->script->roles[i];
        for (unsigned nth = count_of_role(going, role->role) + 1; nth <= role->count; nth++) {
            if (!meet(going, role, nth, err))
                return false;
        }
    }
    return true;
}

const char *going_operator(const struct going *going)
{
    const struct record_ceremony *first = present(going, going->script->roles[0].role, NULL);
    return first == NULL ? NULL : first->person;
}

/* ---- what is filled in ---- */

static const char *value_of(const struct going *going, const char *blank)
{
    for (size_t i = 0; i < going->journal->count; i++) {
        const struct record_ceremony *event = &going->journal->events[i];
        if (event->event == CEREMONY_BLANK && event->step == 0 && strcmp(event->name, blank) == 0)
            return event->text;
    }
    return NULL;
}

static bool fits(const struct ceremony_blank *blank, const char *text)
{
    regex_t expression;
    if (blank->match == NULL)
        return true;
    AUTO(free) char *anchored = memory_format("^(%s)$", blank->match);
    if (regcomp(&expression, anchored, REG_EXTENDED | REG_NOSUB) != 0)
        return false; // the script was read, so it is one; nothing fits what is none
    bool is_fit = regexec(&expression, text, 0, NULL, 0) == 0;
    regfree(&expression);
    return is_fit;
}

static bool fill_one(struct going *going, const struct ceremony_blank *blank, struct error *err)
{
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    AUTO(builder_done) struct builder prompt = BUILDER_INIT;
    quote_append(&prompt, bytes_of_text(blank->ask), 0);
    if (blank->match != NULL) {
        builder_add_text(&prompt, ", as ");
        quote_append(&prompt, bytes_of_text(blank->match), 0);
    }
    for (unsigned again = 0;; again++) {
        const struct room_question question = {
            .asks = ROOM_BLANK, .prompt = builder_text(&prompt), .of = blank->name, .again = again};
        if (!ask_text(going, NULL, question, &answer, err))
            return false;
        if (fits(blank, builder_text(&answer)))
            break;
        going_say(going, "%s does not fit %s\n", builder_text(&answer),
                  quoted_text(blank->match, &(struct quoted){0}));
    }
    const struct record_ceremony event = {
        .event = CEREMONY_BLANK, .name = blank->name, .text = builder_text(&answer)};
    return going_add(going, NULL, event, err);
}

bool going_fill_blanks(struct going *going, struct error *err)
{
    for (unsigned i = 0; i < going->script->blank_count; i++) {
        const struct ceremony_blank *blank = &going->script->blanks[i];
        if (value_of(going, blank->name) == NULL && !fill_one(going, blank, err))
            return false;
    }
    return true;
}

char *going_fill(const struct going *going, const char *text)
{
    AUTO(builder_done) struct builder filled = BUILDER_INIT;
    while (*text != '\0') {
        size_t plain = strcspn(text, "{");
        quote_append(&filled, bytes_of(text, plain), 0);
        text += plain;
        if (*text == '\0')
            break;
        size_t len = strcspn(text + 1, "}");
        AUTO(free) char *name = memory_text_of(text + 1, len);
        const char *value = value_of(going, name);
        if (value != NULL)
            builder_add_text(&filled, value); // escaped when it was kept
        else
            quote_append(&filled, bytes_of(text, text[1 + len] == '\0' ? 1 + len : 2 + len), 0);
        text += text[1 + len] == '\0' ? 1 + len : 2 + len;
    }
    return builder_take_text(&filled);
}

/* ---- yes, and what to do after a failure ---- */

/** Initials of a role, or if may_refuse "no", of which *ret_person is NULL. */
static bool ask_initials(struct going *going, const struct going_step *at, const char *prompt,
                         bool may_refuse, const struct record_ceremony **ret_person, struct error *err)
{
    const char *role = ceremony_says(going->script, at->step);
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    for (unsigned again = 0;; again++) {
        const struct room_question question = {
            .asks = ROOM_YES, .prompt = prompt, .of = role, .again = again};
        if (!ask_text(going, at, question, &answer, err))
            return false;
        *ret_person = NULL;
        if (may_refuse && strcmp(builder_text(&answer), "no") == 0)
            return true;
        *ret_person = present(going, role, builder_text(&answer));
        if (*ret_person != NULL)
            return true;
        say_unknown(going, role, builder_text(&answer));
    }
}

bool going_ask_yes(struct going *going, const struct going_step *at, const char *question, bool *ret_yes,
                   struct error *err)
{
    const struct record_ceremony *person = NULL;
    AUTO(free)
    char *prompt =
        memory_format("%s\nyes: initials of the %s; or no", question, ceremony_says(going->script, at->step));
    if (!ask_initials(going, at, prompt, true, &person, err))
        return false;
    *ret_yes = person != NULL;
    if (person == NULL) {
        AUTO(free) char *text = memory_format("somebody said no to: %s", question);
        return going_fault(going, at, text, err);
    }
    const struct record_ceremony event = {.event = CEREMONY_ANSWER,
                                          .text = question,
                                          .role = person->role,
                                          .person = person->person,
                                          .initials = person->initials};
    return going_add(going, at, event, err);
}

static const char *keys_of(const struct ceremony_step *step)
{
    if (step->fails != NULL && strcmp(step->fails, "stop") == 0)
        return "sa";
    return step->fails != NULL && strcmp(step->fails, "go-on") == 0 ? "rgsa" : "rsa";
}

/** The choices in words; the caller frees. */
static char *words_of_keys(const struct going *going, const char *keys)
{
    return memory_format("%s%s%s; a abandon for good", strchr(keys, 'r') == NULL ? "" : "r try it again; ",
                         strchr(keys, 'g') == NULL ? "" : "g go on without it\n",
                         going->options->is_rehearsal ? "s stop here" : "s stop here, to resume later");
}

static bool ask_choice(struct going *going, const struct going_step *at, char *ret_key, struct error *err)
{
    const char *keys = keys_of(at->step);
    AUTO(free) char *prompt = words_of_keys(going, keys);
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    for (unsigned again = 0;; again++) {
        const struct room_question question = {
            .asks = ROOM_CHOICE, .prompt = prompt, .choices = keys, .again = again};
        if (!ask_text(going, at, question, &answer, err))
            return false;
        if (answer.len == 1 && strchr(keys, answer.data[0]) != NULL) {
            *ret_key = (char)answer.data[0];
            return true;
        }
    }
}

static bool stop_here(struct going *going, const struct going_step *at, struct error *err)
{
    const struct record_ceremony event = {.event = CEREMONY_INTERRUPTED, .text = "stopped after a failure"};
    return going_add(going, at, event, err) && say_stopped(going, at, 0, err);
}

bool going_choose(struct going *going, const struct going_step *at, enum going_choice *ret_choice,
                  struct error *err)
{
    char key = 's';
    const struct record_ceremony *person = NULL;
    AUTO(builder_done) struct builder why = BUILDER_INIT;
    AUTO(free)
    char *prompt =
        memory_format("initials of the %s, who decides so", ceremony_says(going->script, at->step));
    if (!ask_choice(going, at, &key, err))
        return false;
    if (key == 's')
        return stop_here(going, at, err);
    *ret_choice = key == 'r' ? CHOICE_RETRY : key == 'g' ? CHOICE_GO_ON : CHOICE_ABANDON;
    const struct room_question ask_why = {.asks = ROOM_WHY, .prompt = "why, for the transcript"};
    if (!ask_text(going, at, ask_why, &why, err) || !ask_initials(going, at, prompt, false, &person, err))
        return false;
    const struct record_ceremony event = {.event = CEREMONY_CHOICE,
                                          .name = key == 'r'   ? "retry"
                                                  : key == 'g' ? "go-on"
                                                               : "abandon",
                                          .text = builder_text(&why),
                                          .role = person->role,
                                          .person = person->person,
                                          .initials = person->initials};
    return going_add(going, at, event, err);
}
