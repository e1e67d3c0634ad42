/* SPDX-License-Identifier: Apache-2.0 */
/* A parser process that was taken over answers with anything; a plan that is not in its one spelling is not taken, nor what is no plan. */
#include "records/plan_read.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct builder seed; /* a sound plan's file */

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_read(AT_FDCWD, SOURCE_FOLDER "/tests/corpus/plan/plan", 1 << 20, &seed, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&seed);
    return 0;
}

static void what_is_read_is_what_stands_in_the_file(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file here = {.items = NULL};
    AUTO(plan_file_done) struct plan_file there = {.items = NULL};
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    (void)state;
    assert_true(plan_file_read(builder_bytes(&seed), &here, &err));
    if (!plan_file_read_confined(builder_bytes(&seed), &there, &err))
        fail_msg("%s", err.text);
    plan_file_write(&there, &again);
    assert_string_equal(builder_text(&again), builder_text(&seed));
    assert_memory_equal(there.sha256, here.sha256, sizeof(here.sha256));
    assert_int_equal(there.header.count, here.header.count);
    assert_non_null(there.tree);
}

static void assert_refused(struct bytes text, const char *words)
{
    struct error err = ERROR_INIT;
    struct plan_file file = {.items = NULL};
    assert_false(plan_file_read_confined(text, &file, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void what_is_not_a_whole_plan_in_its_one_spelling_is_refused(void **state)
{
    AUTO(builder_done) struct builder deep = BUILDER_INIT;
    AUTO(free) char *spaced = memory_format(" %s", builder_text(&seed));
    AUTO(free) char *more = memory_format("{\"a\":1,%s", builder_text(&seed) + 1); // nobody looks at it
    (void)state;
    assert_refused(bytes_slice(builder_bytes(&seed), 0, seed.len - 100), "not JSON");
    assert_refused(BYTES_LITERAL("{}"), "not a plan");
    assert_refused(BYTES_LITERAL(""), "reading the plan");
    assert_refused(bytes_of_text(spaced), "not in the one spelling plans have");
    for (size_t i = 0; i < 80; i++)
        builder_add_u8(&deep, i < 40 ? '[' : ']');
    assert_refused(builder_bytes(&deep), "an answer that is none");
    assert_refused(bytes_of_text(more), "a member that is not known");
}

/* ---- what is no answer ---- */

static void say_nothing(struct bytes input, struct builder *out)
{
    (void)input, (void)out;
}

static void say_zeroes(struct bytes input, struct builder *out)
{
    for (size_t i = 0; i < input.len; i++)
        builder_add_u8(out, 0);
}

static void say_ones(struct bytes input, struct builder *out)
{
    // No error, and lengths past any end.
    static struct error none;
    builder_add(out, &none, sizeof(none));
    for (size_t i = 0; i < input.len; i++)
        builder_add_u8(out, 0xff);
}

static void say_error(struct bytes input, struct builder *out)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder sound = BUILDER_INIT;
    plan_read_answer(input, NULL, &sound);
    (void)error_set(&err, ERROR_INPUT, 0, "\x1b[2Jall is well");
    memcpy(sound.data, &err, sizeof(err));
    builder_add_bytes(out, builder_bytes(&sound));
}

static void say_more(struct bytes input, struct builder *out)
{
    plan_read_answer(input, NULL, out);
    builder_add_u8(out, 'x');
}

static bool harmful(const struct plan_file *file, struct builder *text, struct error *err)
{
    (void)file, (void)err;
    builder_add_text(text, "one\n\x1b[2Jtwo\n");
    return true;
}

static void say_harmful(struct bytes input, struct builder *out)
{
    plan_read_answer(input, harmful, out);
}

static void what_is_no_answer_is_refused(void **state)
{
    void (*const runs[])(struct bytes input, struct builder * out) = {say_nothing, say_zeroes, say_ones,
                                                                      say_more};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        struct error err = ERROR_INIT;
        struct plan_file file = {.items = NULL};
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        assert_false(plan_file_read_with_words(builder_bytes(&seed), runs[i], &file, &words, &err));
        assert_non_null(strstr(err.text, "an answer that is none"));
        assert_int_equal(words.len, 0);
    }
}

/* ---- text for people that is none ---- */

static bool say_nul(const struct plan_file *file, struct builder *text, struct error *err)
{
    (void)file, (void)err;
    builder_add(text, "a\0b", 3);
    return true;
}

static bool say_no_utf8(const struct plan_file *file, struct builder *text, struct error *err)
{
    (void)file, (void)err;
    builder_add(text, "a\xff", 2);
    return true;
}

static bool refuse_badly(const struct plan_file *file, struct builder *text, struct error *err)
{
    (void)file, (void)text;
    return error_set(err, ERROR_LEDGER, 0, "a%cb", 0xff);
}

static bool refuse_well(const struct plan_file *file, struct builder *text, struct error *err)
{
    (void)file;
    builder_add_text(text, "nobody gets this");
    return error_set(err, ERROR_LEDGER, 0, "no words for it");
}

static void answer_nul(struct bytes input, struct builder *out)
{
    plan_read_answer(input, say_nul, out);
}

static void answer_no_utf8(struct bytes input, struct builder *out)
{
    plan_read_answer(input, say_no_utf8, out);
}

static void answer_badly(struct bytes input, struct builder *out)
{
    plan_read_answer(input, refuse_badly, out);
}

static void answer_well(struct bytes input, struct builder *out)
{
    plan_read_answer(input, refuse_well, out);
}

static void words_that_are_no_text_are_no_answer(void **state)
{
    static const char none[] =
        "the process that read the plan gave an answer that is none; set the file aside "
        "and look at it: it may be an attack";
    static const struct {
        void (*run)(struct bytes input, struct builder *out);
        const char *words;
    } cases[] = {
        {answer_nul, none}, {answer_no_utf8, none}, {answer_badly, none}, {answer_well, "no words for it"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct plan_file file = {.items = NULL};
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        builder_add_text(&words, "before");
        assert_false(plan_file_read_with_words(builder_bytes(&seed), cases[i].run, &file, &words, &err));
        assert_string_equal(err.text, cases[i].words);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(builder_text(&words), "before");
        assert_null(file.items);
    }
}

/** Lengths that do not add up, each alone, and values that are none. */
static void answer_of(struct bytes input, struct builder *out, size_t at, int more)
{
    size_t before = out->len;
    plan_read_answer(input, harmful, out);
    size_t len = 0;
    memcpy(&len, out->data + before + sizeof(struct error) + at * sizeof(size_t), sizeof(len));
    len += (size_t)more;
    memcpy(out->data + before + sizeof(struct error) + at * sizeof(size_t), &len, sizeof(len));
}

static void longer_whole(struct bytes input, struct builder *out)
{
    answer_of(input, out, 0, 1);
}

static void shorter_header(struct bytes input, struct builder *out)
{
    answer_of(input, out, 1, -1);
}

static void longer_words(struct bytes input, struct builder *out)
{
    answer_of(input, out, 2, 1);
}

static void another_plan(struct bytes input, struct builder *out)
{
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    builder_add_bytes(&other, input);
    char *place = strstr(builder_text(&other), "serial");
    assert_non_null(place);
    place[0] = 't'; // still a JSON of its own, and in order
    plan_read_answer(builder_bytes(&other), NULL, out);
}

static void what_is_said_of_lengths_and_values_is_doubted(void **state)
{
    void (*const runs[])(struct bytes input, struct builder * out) = {longer_whole, shorter_header,
                                                                      longer_words};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        struct error err = ERROR_INIT;
        struct plan_file file = {.items = NULL};
        AUTO(builder_done) struct builder words = BUILDER_INIT;
        assert_false(plan_file_read_with_words(builder_bytes(&seed), runs[i], &file, &words, &err));
        assert_non_null(strstr(err.text, "an answer that is none"));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_int_equal(words.len, 0);
    }
    struct error err = ERROR_INIT;
    struct plan_file file = {.items = NULL};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    assert_false(plan_file_read_with_words(builder_bytes(&seed), another_plan, &file, &words, &err));
    assert_string_equal(err.text,
                        "the plan's file is not in the one spelling plans have, or the process that read it "
                        "lied: get it again from who made it, and look at this one: it may be an attack");
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void what_it_says_to_people_is_escaped(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    (void)state;
    if (!plan_file_read_with_words(builder_bytes(&seed), say_harmful, &file, &words, &err))
        fail_msg("%s", err.text);
    assert_null(strchr(builder_text(&words), '\x1b'));
    assert_non_null(strstr(builder_text(&words), "one\n"));
    struct plan_file none = {.items = NULL};
    assert_false(plan_file_read_with_words(builder_bytes(&seed), say_error, &none, &words, &err));
    assert_null(strchr(err.text, '\x1b'));
    assert_non_null(strstr(err.text, "all is well"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_what_stands_in_the_file),
        cmocka_unit_test(what_is_not_a_whole_plan_in_its_one_spelling_is_refused),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(words_that_are_no_text_are_no_answer),
        cmocka_unit_test(what_is_said_of_lengths_and_values_is_doubted),
        cmocka_unit_test(what_it_says_to_people_is_escaped),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
