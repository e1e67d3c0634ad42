/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diff.h"

#include "base/cleanup.h"
#include "base/memory.h"

#include <string.h>

#define CONTEXT 3
#define TABLE_MAX ((size_t)4 << 20) /* cells of the table of common lines */

struct lines {
    struct bytes *items; /**< without their LF */
    size_t count;
    bool has_last_end; /**< the text ends with LF */
};

static struct lines split(struct bytes text)
{
    struct lines lines = {.items = NULL, .has_last_end = text.len == 0 || text.data[text.len - 1] == '\n'};
    size_t capacity = 1;
    for (size_t i = 0; i < text.len; i++)
        capacity += text.data[i] == '\n' ? 1 : 0;
    lines.items = memory_new(capacity, sizeof(*lines.items));
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.data) - at : text.len - at;
        lines.items[lines.count++] = (struct bytes){.data = text.data + at, .len = len};
        at += len + 1;
    }
    return lines;
}

/** Two texts, and of each line whether it is in one of them only. */
struct comparison {
    struct lines before, after;
    bool *is_gone; /**< of before */
    bool *is_new;  /**< of after */
};

/** The last line of a text without an LF there is another line than the same with one. */
static bool is_same(const struct comparison *texts, size_t before, size_t after)
{
    bool ends_before = before + 1 < texts->before.count || texts->before.has_last_end;
    bool ends_after = after + 1 < texts->after.count || texts->after.has_last_end;
    return ends_before == ends_after && bytes_equal(texts->before.items[before], texts->after.items[after]);
}

/** Marks what lies between two borders of each text, neither of whose first lines is the same. */
static void compare_between(struct comparison *texts, size_t first, size_t before_end, size_t after_end)
{
    size_t rows = before_end - first;
    size_t columns = after_end - first;
    for (size_t i = first; i < before_end; i++)
        texts->is_gone[i] = true;
    for (size_t i = first; i < after_end; i++)
        texts->is_new[i] = true;
    if (rows == 0 || columns == 0 || rows + 1 > TABLE_MAX / (columns + 1))
        return;
    // common[i][j]: how many lines the ends of both, from i and from j on, have in common at most.
    AUTO(free) uint32_t *common = memory_new((rows + 1) * (columns + 1), sizeof(*common));
    for (size_t i = rows; i-- > 0;) {
        for (size_t j = columns; j-- > 0;) {
            uint32_t down = common[(i + 1) * (columns + 1) + j];
            uint32_t right = common[i * (columns + 1) + j + 1];
            common[i * (columns + 1) + j] = is_same(texts, first + i, first + j)
                                                ? common[(i + 1) * (columns + 1) + j + 1] + 1
                                            : down >= right ? down
                                                            : right;
        }
    }
    for (size_t i = 0, j = 0; i < rows && j < columns;) {
        if (is_same(texts, first + i, first + j)) {
            texts->is_gone[first + i++] = false;
            texts->is_new[first + j++] = false;
        } else if (common[(i + 1) * (columns + 1) + j] >= common[i * (columns + 1) + j + 1]) {
            i++;
        } else {
            j++;
        }
    }
}

static void compare(struct comparison *texts)
{
    size_t first = 0;
    size_t before_end = texts->before.count;
    size_t after_end = texts->after.count;
    while (first < before_end && first < after_end && is_same(texts, first, first))
        first++;
    while (before_end > first && after_end > first && is_same(texts, before_end - 1, after_end - 1)) {
        before_end--;
        after_end--;
    }
    compare_between(texts, first, before_end, after_end);
}

static void add_line(struct builder *text, char mark, const struct lines *lines, size_t index)
{
    builder_add_u8(text, (uint8_t)mark);
    builder_add_bytes(text, lines->items[index]);
    builder_add_u8(text, '\n');
    if (index + 1 == lines->count && !lines->has_last_end)
        builder_add_text(text, "\\ No newline at end of file\n");
}

/** A place in both texts. */
struct place {
    size_t before, after;
};

static bool is_end(const struct comparison *texts, struct place at)
{
    return at.before == texts->before.count && at.after == texts->after.count;
}

static bool is_change(const struct comparison *texts, struct place at)
{
    return (at.before < texts->before.count && texts->is_gone[at.before]) ||
           (at.after < texts->after.count && texts->is_new[at.after]);
}

/** One step on: a line that went, one that came, or one that stayed. \return its mark */
static char step(const struct comparison *texts, struct place *at)
{
    if (at->before < texts->before.count && texts->is_gone[at->before]) {
        at->before++;
        return '-';
    }
    if (at->after < texts->after.count && texts->is_new[at->after]) {
        at->after++;
        return '+';
    }
    at->before++;
    at->after++;
    return ' ';
}

/** The changes from a place on that are so near each other that the lines around them touch, with these lines. */
static struct place hunk_end(const struct comparison *texts, struct place at)
{
    struct place end = at;
    size_t same = 0;
    while (!is_end(texts, at) && same <= (size_t)2 * CONTEXT) {
        same = step(texts, &at) == ' ' ? same + 1 : 0;
        if (same <= CONTEXT)
            end = at;
    }
    return end;
}

/** "3,7", or as diff -u has it for one line and for none. */
static void add_range(struct builder *text, size_t first, size_t end)
{
    size_t count = end - first;
    builder_format(text, count == 1 ? "%zu" : "%zu,%zu", count == 0 ? first : first + 1, count);
}

static void add_hunk(const struct comparison *texts, struct place begin, struct place end,
                     struct builder *text)
{
    builder_add_text(text, "@@ -");
    add_range(text, begin.before, end.before);
    builder_add_text(text, " +");
    add_range(text, begin.after, end.after);
    builder_add_text(text, " @@\n");
    while (begin.before < end.before || begin.after < end.after) {
        struct place at = begin;
        char mark = step(texts, &begin);
        if (mark == '+')
            add_line(text, mark, &texts->after, at.after);
        else
            add_line(text, mark, &texts->before, at.before);
    }
}

void diff_unified(struct bytes before, const char *before_name, struct bytes after, const char *after_name,
                  struct builder *ret_text)
{
    if (bytes_equal(before, after))
        return;
    struct comparison texts = {.before = split(before), .after = split(after)};
    texts.is_gone = memory_new(texts.before.count + 1, sizeof(bool));
    texts.is_new = memory_new(texts.after.count + 1, sizeof(bool));
    compare(&texts);
    builder_format(ret_text, "--- %s\n+++ %s\n", before_name, after_name);
    struct place at = {.before = 0, .after = 0};
    while (!is_end(&texts, at)) {
        if (!is_change(&texts, at)) {
            (void)step(&texts, &at); // it stays
            continue;
        }
        size_t around = at.before < at.after ? at.before : at.after;
        around = around < CONTEXT ? around : CONTEXT;
        struct place begin = {.before = at.before - around, .after = at.after - around};
        at = hunk_end(&texts, at);
        add_hunk(&texts, begin, at, ret_text);
    }
    free(texts.before.items);
    free(texts.after.items);
    free(texts.is_gone);
    free(texts.is_new);
}
