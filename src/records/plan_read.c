/* SPDX-License-Identifier: Apache-2.0 */
#include "records/plan_read.h"

#include "base/digest.h"
#include "base/json_wire.h"
#include "base/key_value.h"
#include "base/quote.h"
#include "request/reader.h"
#include "sandbox/call.h"

#include <string.h>

#define WORDS_MAX_LEN ((size_t)4 << 20) /* and four times the file */
#define VALUES_MAX 5                    /* times the file: "1," is 9 bytes as a value */

/** The front of an answer; whole, header and words follow. Both sides are one program. */
struct answer {
    struct error err; /**< ERROR_NONE: it was parsed, and put into words */
    size_t whole_len; /**< base/json_wire.h, as header_len */
    size_t header_len;
    size_t words_len;
};

/* ---- in the parser process ---- */

static bool say_words(const struct json *whole, const struct json *header, plan_words_function *words,
                      struct builder *ret_text, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    return words == NULL || (plan_file_of_parts(whole, header, &file, err) && words(&file, ret_text, err));
}

void plan_read_answer(struct bytes input, plan_words_function *words, struct builder *ret_output)
{
    static struct answer answer; // all of its bytes leave this process
    AUTO(json_free) struct json *whole = NULL;
    AUTO(json_free) struct json *header = NULL;
    AUTO(builder_done) struct builder values = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    memset(&answer, 0, sizeof(answer));
    if (plan_file_parse(input, &whole, &header, &answer.err) &&
        say_words(whole, header, words, &text, &answer.err)) {
        json_wire_write(whole, &values);
        answer.whole_len = values.len;
        json_wire_write(header, &values);
        answer.header_len = values.len - answer.whole_len;
        answer.words_len = text.len;
    }
    builder_add(ret_output, &answer, sizeof(answer));
    builder_add(ret_output, values.data, answer.whole_len + answer.header_len);
    builder_add(ret_output, text.data, answer.words_len);
}

static void answer_without_words(struct bytes input, struct builder *ret_output)
{
    plan_read_answer(input, NULL, ret_output);
}

/* ---- in the program ---- */

/** The first digest, key, signature, and object of JSON (a random seed) load what can't be loaded later. */
static void warm_up(void)
{
    uint8_t digest[32];
    digest_sha256(BYTES_LITERAL(""), digest);
    json_free(json_new_object());
    key_value_warm_up();
    reader_warm_up();
}

static bool is_wrong(struct error *err)
{
    return error_set(
        err, ERROR_INPUT, 0,
        "the process that read the plan gave an answer that is none; set the file aside and look at "
        "it: it may be an attack");
}

static bool is_lie(struct error *err)
{
    return error_set(
        err, ERROR_INPUT, 0,
        "the plan's file is not in the one spelling plans have, or the process that read it lied: "
        "get it again from who made it, and look at this one: it may be an attack");
}

/** Text of a parser process is for people, and may be anything. */
static bool take_text(struct bytes text, struct builder *ret_text)
{
    if ((text.len > 0 && memchr(text.data, '\0', text.len) != NULL) || !utf8_is_valid(text))
        return false;
    quote_guard(ret_text, text);
    return true;
}

static bool pass_on(struct error *theirs, struct error *err)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    theirs->text[sizeof(theirs->text) - 1] = '\0';
    return take_text(bytes_of_text(theirs->text), &words)
               ? error_set(err, ERROR_INPUT, 0, "%s", builder_text(&words))
               : is_wrong(err);
}

/** Doubts every length, every text and every value: what is believed is what this process can write down as the file it holds. */
static bool take_answer(struct bytes output, struct bytes text, struct plan_file *file, struct builder *words,
                        struct error *err)
{
    struct answer answer;
    AUTO(json_free) struct json *whole = NULL;
    AUTO(json_free) struct json *header = NULL;
    if (output.len < sizeof(answer))
        return is_wrong(err);
    memcpy(&answer, output.data, sizeof(answer));
    if (answer.err.kind != ERROR_NONE)
        return pass_on(&answer.err, err);
    struct bytes rest = bytes_slice(output, sizeof(answer), output.len);
    if (answer.whole_len > rest.len || answer.header_len > rest.len - answer.whole_len ||
        answer.words_len != rest.len - answer.whole_len - answer.header_len)
        return is_wrong(err);
    struct bytes values = bytes_slice(rest, answer.whole_len, answer.header_len);
    if (!json_wire_read(bytes_slice(rest, 0, answer.whole_len), &whole, err) ||
        !json_wire_read(values, &header, err))
        return is_wrong(err);
    if (!plan_file_is_text(whole, header, text))
        return is_lie(err);
    return plan_file_of_parts(whole, header, file, err) &&
           (take_text(bytes_slice(rest, answer.whole_len + answer.header_len, rest.len), words) ||
            is_wrong(err));
}

bool plan_file_read_with_words(struct bytes text, void (*run)(struct bytes input, struct builder *ret_output),
                               struct plan_file *ret_file, struct builder *ret_words, struct error *err)
{
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    const struct sandbox_call call = {.warm_up = warm_up,
                                      .run = run,
                                      .max_output_len = sizeof(struct answer) + WORDS_MAX_LEN +
                                                        (VALUES_MAX + 4) * text.len};
    if (!sandbox_call(&call, text, &output, err) ||
        !take_answer(builder_bytes(&output), text, &file, &words, err))
        return false;
    builder_add_bytes(ret_words, builder_bytes(&words));
    *ret_file = file;
    file = (struct plan_file){.items = NULL}; // ret_file owns it now
    return true;
}

bool plan_file_read_confined(struct bytes text, struct plan_file *ret_file, struct error *err)
{
    AUTO(builder_done) struct builder none = BUILDER_INIT;
    return plan_file_read_with_words(text, answer_without_words, ret_file, &none, err);
}
