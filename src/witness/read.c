/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/file.h"
#include "base/key_value.h"
#include "base/quote.h"
#include "records/control.h"
#include "sandbox/call.h"
#include "witness/approve.h"

#include <fcntl.h>
#include <string.h>

#define PEOPLE_MAX_LEN ((size_t)64 << 10)
#define WORDS_MAX_LEN ((size_t)4 << 20) /* and four times the file */

/** The front of an answer; header, people and words follow. Both sides are one program. */
struct answer {
    struct error err; /**< ERROR_NONE: it is a plan, and whole */
    size_t header_len;
    size_t people_len; /**< name NUL key NUL, of each */
    size_t words_len;
};

/* ---- in the parser process ---- */

static void add_people(const struct plan_file *file, struct builder *people)
{
    size_t count = file->people == NULL ? 0 : json_count(file->people);
    for (size_t i = 0; i < count && i < CONTROL_PEOPLE_MAX; i++) {
        const char *name = json_text(json_at(file->people, i), "name");
        const char *key = json_text(json_at(file->people, i), "key");
        if (name == NULL || key == NULL || people->len + strlen(name) + strlen(key) + 2 > PEOPLE_MAX_LEN)
            continue; // nobody's
        builder_add(people, name, strlen(name) + 1);
        builder_add(people, key, strlen(key) + 1);
    }
}

void approve_parse(struct bytes input, struct builder *ret_output)
{
    static struct answer answer; // all of its bytes leave this process
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(builder_done) struct builder header = BUILDER_INIT;
    AUTO(builder_done) struct builder people = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    memset(&answer, 0, sizeof(answer));
    if (plan_file_read(input, &file, &answer.err) && approve_describe(&file, &words, &answer.err)) {
        plan_header_write(&file.header, &header);
        add_people(&file, &people);
        answer.header_len = header.len;
        answer.people_len = people.len;
        answer.words_len = words.len;
    }
    builder_add(ret_output, &answer, sizeof(answer));
    builder_add(ret_output, header.data, answer.header_len);
    builder_add(ret_output, people.data, answer.people_len);
    builder_add(ret_output, words.data, answer.words_len);
}

/* ---- in the program ---- */

/** The first digest, the first look at a point on a curve and the first object of JSON (a random seed) load what can't be loaded later. */
static void warm_up(void)
{
    uint8_t digest[32];
    digest_sha256(BYTES_LITERAL(""), digest);
    json_free(json_new_object());
    key_value_warm_up();
}

static bool is_wrong(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "the process that read it gave an answer that is none");
}

/** The next text of a list; NULL: there is none, or it is not text. */
static const char *take_text(struct bytes *list)
{
    const uint8_t *start = list->data;
    const uint8_t *end = list->len == 0 ? NULL : memchr(start, '\0', list->len);
    if (end == NULL || !utf8_is_valid(bytes_of(start, (size_t)(end - start))))
        return NULL;
    *list = bytes_slice(*list, (size_t)(end - start) + 1, list->len);
    return (const char *)start;
}

static bool take_people(struct bytes people, struct plan_file *file)
{
    while (people.len > 0) {
        const char *name = take_text(&people);
        const char *key = name == NULL ? NULL : take_text(&people);
        if (key == NULL)
            return false;
        plan_file_add_person(file, name, key);
    }
    return true;
}

/** Doubts every length and every text; the header is read as strictly as any. */
static bool take_answer(struct bytes output, struct plan_file *file, struct builder *words, struct error *err)
{
    struct answer answer;
    if (output.len < sizeof(answer))
        return is_wrong(err);
    memcpy(&answer, output.data, sizeof(answer));
    answer.err.text[sizeof(answer.err.text) - 1] = '\0';
    if (answer.err.kind != ERROR_NONE)
        return error_set(err, ERROR_INPUT, 0, "%s", answer.err.text);
    struct bytes rest = bytes_slice(output, sizeof(answer), output.len);
    if (answer.header_len > rest.len || answer.people_len > rest.len - answer.header_len ||
        answer.words_len != rest.len - answer.header_len - answer.people_len)
        return is_wrong(err);
    struct bytes header = bytes_slice(rest, 0, answer.header_len);
    struct bytes people = bytes_slice(rest, answer.header_len, answer.people_len);
    struct bytes text = bytes_slice(rest, answer.header_len + answer.people_len, rest.len);
    if (!plan_header_read(header, &file->header, err) || !take_people(people, file) ||
        memchr(text.data, '\0', text.len) != NULL || !utf8_is_valid(text))
        return is_wrong(err);
    digest_sha256(header, file->sha256);
    builder_add_bytes(words, text);
    return true;
}

bool approve_read(const char *path, struct plan_file *ret_file, struct builder *ret_words, struct error *err)
{
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    if (!file_read(AT_FDCWD, path, PLAN_FILE_MAX_LEN, &input, err))
        return false;
    const struct sandbox_call call = {.warm_up = warm_up,
                                      .run = approve_parse,
                                      .max_output_len = sizeof(struct answer) + PLAN_HEADER_MAX_LEN +
                                                        PEOPLE_MAX_LEN + WORDS_MAX_LEN + 4 * input.len};
    if (!sandbox_call(&call, builder_bytes(&input), &output, err) ||
        !take_answer(builder_bytes(&output), &file, ret_words, err))
        return false;
    *ret_file = file;
    file = (struct plan_file){.items = NULL}; // ret_file owns it now
    return true;
}
