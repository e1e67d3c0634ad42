/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean ...?": of the words there are, the one a person most likely meant by the word he typed. For messages only;
 * nothing is ever done on a guess.
 */
#ifndef COLDCA_BASE_SIMILAR_H
#define COLDCA_BASE_SIMILAR_H

#include "base/builder.h"

#include <stddef.h>

/** Begin with {.word = what was typed}; offer every word there is; found is then the nearest one. Texts are borrowed. */
struct similar {
    const char *word;
    const char *found; /**< NULL: none is near enough */
    size_t distance;   /**< of found: characters left out, added, changed or swapped with the next one */
};

/**
 * Offers a word. It is near enough if a third of its characters or fewer (but at least one) are wrong, or if what was typed is how it
 * begins (three characters or more). Of words that are equally near the first one offered is kept.
 */
void similar_offer(struct similar *similar, const char *known);

/** Appends "; did you mean BEFORE""found?", or nothing if nothing was found. \param before "--" for options, else "" */
void similar_ask(const struct similar *similar, const char *before, struct builder *ret_text);

#endif
