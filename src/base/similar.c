/* SPDX-License-Identifier: Apache-2.0 */
#include "base/similar.h"

#include <string.h>

#define WORD_MAX 31 /* bytes; no name in coldca is longer */

static size_t least(size_t first, size_t second)
{
    return first < second ? first : second;
}

/** Optimal string alignment: edits of one character, and swaps of two neighbours, at most one at each place. */
static size_t distance_of(const char *left, size_t left_len, const char *right, size_t right_len)
{
    size_t rows[3][WORD_MAX + 1]; // two rows back, one back, this one
    for (size_t j = 0; j <= right_len; j++)
        rows[1][j] = j;
    for (size_t i = 1; i <= left_len; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= right_len; j++) {
            size_t changed = rows[1][j - 1] + (left[i - 1] != right[j - 1] ? 1 : 0);
            rows[2][j] = least(changed, 1 + least(rows[1][j], rows[2][j - 1]));
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                rows[2][j] = least(rows[2][j], 1 + rows[0][j - 2]);
        }
        memcpy(rows[0], rows[1], sizeof(rows[0]));
        memcpy(rows[1], rows[2], sizeof(rows[1]));
    }
    return rows[1][right_len];
}

void similar_offer(struct similar *similar, const char *known)
{
    size_t typed = strlen(similar->word);
    size_t len = strlen(known);
    if (typed == 0 || len == 0 || typed > WORD_MAX || len > WORD_MAX)
        return;
    size_t distance = distance_of(similar->word, typed, known, len);
    bool is_start = typed >= 3 && strncmp(similar->word, known, typed) == 0;
    size_t allowed = len < 6 ? 1 : len / 3;
    if (is_start)
        distance = least(distance, 1);
    if (distance > allowed || (similar->found != NULL && distance >= similar->distance))
        return;
    similar->found = known;
    similar->distance = distance;
}

void similar_ask(const struct similar *similar, const char *before, struct builder *ret_text)
{
    if (similar->found != NULL)
        builder_format(ret_text, "; did you mean %s%s?", before, similar->found);
}
