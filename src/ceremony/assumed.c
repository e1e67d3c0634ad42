/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/assumed.h"

#include "ceremony/check.h"

#include <string.h>

/** What earlier steps need or make of the same thing: then it is theirs, or it was named already. */
static bool is_touched(const struct step_need *list, size_t count, const struct step_need *need)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i].fact == need->fact && strcmp(list[i].of, need->of) == 0)
            return true;
    }
    return false;
}

static bool is_touched_before(const struct ceremony_script *script, unsigned index,
                              const struct step_need *need)
{
    struct step_need list[STEP_NEEDS_MAX];
    for (unsigned i = 0; i < index; i++) {
        const struct ceremony_step *step = &script->steps[i];
        if (is_touched(list, step_needs(script, step, list), need) ||
            is_touched(list, step_effects(script, step, list), need))
            return true;
    }
    return false;
}

void ceremony_assumed(const struct ceremony_script *script,
                      void (*take)(void *data, const struct step_need *need), void *data)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        struct step_need needs[STEP_NEEDS_MAX];
        size_t count = step_needs(script, &script->steps[i], needs);
        for (size_t k = 0; k < count; k++) {
            bool is_of_the_room =
                needs[k].fact == FACT_CLOCK || needs[k].fact == FACT_PROGRAM || needs[k].fact == FACT_SEALED;
            bool begins_so = ceremony_begins_with(script, needs[k].fact, needs[k].of) == needs[k].is;
            if (!is_of_the_room && begins_so && !is_touched(needs, k, &needs[k]) &&
                !is_touched_before(script, i, &needs[k]))
                take(data, &needs[k]);
        }
    }
}
