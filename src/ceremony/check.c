/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/check.h"

#include "base/memory.h"
#include "ceremony/names.h"

#include <stdlib.h>
#include <string.h>

/** Whether a place is another, or lies beneath it. */
static bool lies_at(const char *place, const char *at)
{
    size_t len = strlen(at);
    return strncmp(place, at, len) == 0 && (place[len] == '\0' || place[len] == '/');
}

static bool is_of_home(const struct ceremony_step *step, enum step_kind kind, const char *home)
{
    return step->kind == kind && strcmp(step_value(step, FIELD_HOME), home) == 0;
}

static bool begins_existing(const struct ceremony_script *script, const char *home)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        if (is_of_home(&script->steps[i], STEP_ROOT, home) ||
            is_of_home(&script->steps[i], STEP_REQUEST, home))
            return false;
    }
    return true;
}

static bool begins_complete(const struct ceremony_script *script, const char *home)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        if (is_of_home(&script->steps[i], STEP_COMPLETE, home))
            return false;
    }
    return begins_existing(script, home);
}

static bool begins_ready(const struct ceremony_script *script, const char *token)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        if (script->steps[i].kind == STEP_TOKEN_INIT &&
            strcmp(step_value(&script->steps[i], FIELD_TOKEN), token) == 0)
            return false;
    }
    return true;
}

static bool begins_with_keys(const struct ceremony_script *script, const char *token)
{
    for (unsigned i = 0; i < script->home_count; i++) {
        if (strcmp(script->homes[i].token, token) == 0)
            return begins_ready(script, token) && begins_existing(script, script->homes[i].home);
    }
    return false;
}

/** A file of a home is as old as the home; of a medium, what no step makes was brought along. */
static bool begins_at(const struct ceremony_script *script, const char *place)
{
    size_t len = 0;
    (void)ceremony_place(place, &len); // a place: the script was read
    AUTO(free) char *name = memory_text_of(place, len);
    if (ceremony_home(script, name) != NULL)
        return begins_complete(script, name);
    for (unsigned i = 0; i < script->step_count; i++) {
        const char *made = step_value(&script->steps[i], FIELD_TO);
        if (made != NULL && lies_at(place, made))
            return false;
    }
    return true;
}

bool ceremony_begins_with(const struct ceremony_script *script, enum fact fact, const char *of)
{
    switch (fact) {
    case FACT_CLOCK:
    case FACT_PROGRAM:
    case FACT_SEALED:
        return false;
    case FACT_READY:
        return begins_ready(script, of);
    case FACT_KEYS:
        return begins_with_keys(script, of);
    case FACT_EXISTS:
        return begins_existing(script, of);
    case FACT_COMPLETE:
        return begins_complete(script, of);
    case FACT_MOUNTED:
        return true;
    case FACT_FILE:
        break;
    }
    return begins_at(script, of);
}

/* ---- the walk: what is so at a step is the newest effect before it that is of the thing ---- */

/** Of a home's own file: that it has its certificate. */
static bool completes(const struct step_need *effect, const char *place)
{
    size_t len = strlen(effect->of);
    return effect->fact == FACT_COMPLETE && strncmp(place, effect->of, len) == 0 && place[len] == ':';
}

static bool is_about(const struct step_need *effect, const struct step_need *need)
{
    if (need->fact == FACT_FILE)
        return completes(effect, need->of) || (effect->fact == FACT_FILE && (lies_at(need->of, effect->of) ||
                                                                             lies_at(effect->of, need->of)));
    return effect->fact == need->fact && strcmp(effect->of, need->of) == 0;
}

/** Whether a step settles it. \param ret_is  how */
static bool settles(const struct ceremony_script *script, unsigned at, const struct step_need *need,
                    bool *ret_is)
{
    struct step_need effects[STEP_NEEDS_MAX];
    size_t count = step_effects(script, &script->steps[at], effects);
    for (size_t i = 0; i < count; i++) {
        if (is_about(&effects[i], need)) {
            *ret_is = effects[i].is;
            return true;
        }
    }
    return false;
}

static bool is_so_before(const struct ceremony_script *script, unsigned at, const struct step_need *need)
{
    bool is = false;
    for (unsigned i = at; i-- > 0;) {
        if (settles(script, i, need, &is))
            return is;
    }
    return ceremony_begins_with(script, need->fact, need->of);
}

/** Which step would make it so; or which one has made it otherwise. */
static void add_remedy(const struct ceremony_script *script, unsigned at, const struct step_need *need,
                       struct builder *words)
{
    bool is = false;
    for (unsigned i = at + 1; i < script->step_count; i++) {
        if (settles(script, i, need, &is) && is == need->is) {
            builder_format(words, "; step %u (%s, line %u) makes it so: put it before this one", i + 1,
                           script->steps[i].word, script->steps[i].line);
            return;
        }
    }
    for (unsigned i = at; i-- > 0;) {
        if (settles(script, i, need, &is) && is != need->is) {
            builder_format(words, "; step %u (%s, line %u) has made it otherwise", i + 1,
                           script->steps[i].word, script->steps[i].line);
            return;
        }
    }
    if (need->is && (need->fact == FACT_CLOCK || need->fact == FACT_PROGRAM))
        builder_format(words, "; add {step: %s} before it", need->fact == FACT_CLOCK ? "clock" : "program");
    else
        builder_add_text(words, "; no step of this script makes it so");
}

static bool check_step(const struct ceremony_script *script, unsigned at, const char *name, struct error *err)
{
    struct step_need needs[STEP_NEEDS_MAX];
    size_t count = step_needs(script, &script->steps[at], needs);
    for (size_t i = 0; i < count; i++) {
        if (is_so_before(script, at, &needs[i]) == needs[i].is)
            continue;
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        const struct step_need found = {.fact = needs[i].fact, .of = needs[i].of, .is = !needs[i].is};
        builder_add_text(&words, "it can't happen here: ");
        step_need_words(&found, &words);
        add_remedy(script, at, &needs[i], &words);
        return step_fault(script, &script->steps[at], name, err, "%s", builder_text(&words));
    }
    return true;
}

/** The records end up in a home that can sign the checkpoint over them. */
static bool check_ledger(const struct ceremony_script *script, const char *name, struct error *err)
{
    const struct step_need complete = {.fact = FACT_COMPLETE, .of = script->ledger, .is = true};
    return is_so_before(script, script->step_count, &complete) ||
           error_set(
               err, ERROR_INPUT, 0,
               "%s%sthe home %s, whose ledger keeps the ceremony's records, has no certificate at the end; "
               "name another with ledger: HOME",
               name == NULL ? "" : name, name == NULL ? "" : ": ", script->ledger);
}

bool ceremony_check(const struct ceremony_script *script, const char *name, struct error *err)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        if (!check_step(script, i, name, err))
            return false;
    }
    return check_ledger(script, name, err);
}
