/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "ceremony/steps.h"

#include <string.h>

static const char *thing_of(const struct ceremony_script *script, const struct ceremony_step *step,
                            const struct step_condition *condition)
{
    switch (condition->fact) {
    case FACT_CLOCK:
    case FACT_PROGRAM:
        return "";
    case FACT_SEALED:
    case FACT_READY:
    case FACT_KEYS:
        return ceremony_token(script, step);
    case FACT_EXISTS:
    case FACT_COMPLETE:
        return step_value(step, FIELD_HOME);
    case FACT_MOUNTED:
        return NULL; // of no field: list_media()
    case FACT_FILE:
        break;
    }
    return step_value(step, condition->of);
}

static size_t list(const struct ceremony_script *script, const struct ceremony_step *step,
                   const struct step_condition *conditions, size_t count, struct step_need *ret_needs)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const char *of = thing_of(script, step, &conditions[i]);
        if (of != NULL) // a field that the step leaves out needs nothing
            ret_needs[found++] =
                (struct step_need){.fact = conditions[i].fact, .of = of, .is = conditions[i].is};
    }
    return found;
}

/** Whether a step reads or writes on a medium. */
static bool uses(const struct ceremony_step *step, const char *medium)
{
    size_t len = strlen(medium);
    for (int i = 0; i < STEP_FIELD_COUNT; i++) {
        const char *value = step->values[i];
        if (step_field_is_place((enum step_field)i) && value != NULL && strncmp(value, medium, len) == 0 &&
            value[len] == ':')
            return true;
    }
    for (unsigned i = 0; i < step->approval_count; i++) {
        if (strncmp(step->approvals[i], medium, len) == 0 && step->approvals[i][len] == ':')
            return true;
    }
    return false;
}

static size_t list_media(const struct ceremony_script *script, const struct ceremony_step *step,
                         struct step_need *ret_needs)
{
    size_t found = 0;
    for (unsigned i = 0; i < script->medium_count; i++) {
        const char *medium = script->media[i].medium;
        if (uses(step, medium))
            ret_needs[found++] = (struct step_need){.fact = FACT_MOUNTED, .of = medium, .is = true};
    }
    return found;
}

size_t step_needs(const struct ceremony_script *script, const struct ceremony_step *step,
                  struct step_need ret_needs[static STEP_NEEDS_MAX])
{
    const struct step_row *row = step_row(step->kind);
    size_t count = list_media(script, step, ret_needs);
    count += list(script, step, row->before, row->before_count, ret_needs + count);
    for (unsigned i = 0; i < step->approval_count; i++)
        ret_needs[count++] = (struct step_need){.fact = FACT_FILE, .of = step->approvals[i], .is = true};
    return count;
}

size_t step_effects(const struct ceremony_script *script, const struct ceremony_step *step,
                    struct step_need ret_effects[static STEP_NEEDS_MAX])
{
    const struct step_row *row = step_row(step->kind);
    return list(script, step, row->after, row->after_count, ret_effects);
}

void step_need_words(const struct step_need *need, struct builder *ret_words)
{
    static const struct {
        const char *is, *is_not;
    } words[FACT_COUNT] = {
        [FACT_CLOCK] = {"the clock is confirmed", "the clock is not confirmed yet"},
        [FACT_PROGRAM] = {"the program was shown", "the program was not shown yet"},
        [FACT_SEALED] = {"the token %s is in its bag", "the token %s is not in its bag"},
        [FACT_READY] = {"the token %s is there and initialised", "the token %s is not initialised"},
        [FACT_KEYS] = {"the token %s holds the keys of a home", "the token %s holds no keys of a home"},
        [FACT_EXISTS] = {"the home %s exists", "the home %s does not exist"},
        [FACT_COMPLETE] = {"the home %s has its certificate", "the home %s has no certificate yet"},
        [FACT_MOUNTED] = {"the medium %s is mounted", "the medium %s is not mounted"},
        [FACT_FILE] = {"%s is there", "%s is not there"},
    };
    const char *form = need->is ? words[need->fact].is : words[need->fact].is_not;
    const char *place = strstr(form, "%s");
    if (place == NULL) {
        builder_add_text(ret_words, form);
        return;
    }
    builder_add(ret_words, form, (size_t)(place - form));
    builder_add_text(ret_words, quoted_text(need->of, &(struct quoted){0}));
    builder_add_text(ret_words, place + 2);
}
