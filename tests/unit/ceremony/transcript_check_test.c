/* SPDX-License-Identifier: Apache-2.0 */
/* A transcript and a ledger: whatever one line of it is changed to, left out or put in, that line is named, with its record. */
#include "ceremony/transcript_check.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ceremony_events.h"

static struct record_ceremony events[64];
static uint64_t seqs[64];
static size_t count;

/** The ledger's lines of the ceremony, and of other records around them. */
static struct transcript_runs *runs_of(const char *run)
{
    struct transcript_runs *runs = transcript_runs_new();
    struct error err = ERROR_INIT;
    static const char other[] = "{\"note\":\"\\\"type\\\":\\\"ceremony.step\\\"\",\"seq\":2,\"type\":\"x\"}";
    assert_true(transcript_runs_take(runs, 2, BYTES_LITERAL(other), &err));
    for (size_t i = 0; i < count; i++) {
        struct record_ceremony event = events[i];
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        event.run = run;
        AUTO(json_free) struct json *json = record_ceremony_write(&event);
        json_put_text(json, "type", RECORD_CEREMONY_STEP);
        json_canonical(json, &line);
        if (!transcript_runs_take(runs, seqs[i], builder_bytes(&line), &err))
            fail_msg("%s", err.text);
    }
    return runs;
}

static void draw_form(bool is_html, struct builder *ret)
{
    struct error err = ERROR_INIT;
    struct transcript_events given = {events, seqs, count, draw};
    struct transcript *transcript = NULL;
    assert_true(transcript_make(&given, &transcript, &err));
    builder_clear(ret);
    builder_add_bytes(ret, is_html ? transcript_html(transcript) : transcript_text(transcript));
    transcript_free(transcript);
}

/** Draws the transcript and puts its digests into the closing event, as the engine does. */
static void close_ceremony(void)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    count = fill(events, seqs);
    for (int is_html = 0; is_html < 2; is_html++) {
        draw_form(is_html, &form);
        digest_sha256(builder_bytes(&form), of_transcript[is_html].sha256);
    }
}

static void compare(const struct transcript_runs *runs, struct bytes file, struct transcript_result *ret)
{
    transcript_result_done(ret);
    transcript_runs_compare(runs, file, "FILE", draw, ret);
}

static void the_transcript_itself_is_right_in_both_forms(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    for (int is_html = 0; is_html < 2; is_html++) {
        draw_form(is_html, &form);
        compare(runs, builder_bytes(&form), &result);
        assert_int_equal(result.findings.count, 0);
        assert_string_equal(result.run, RUN);
        assert_int_equal(result.first_seq, 3);
        assert_int_equal(result.last_seq, 3 + count - 1);
        assert_true(result.lines > 100);
        assert_null(result.drawn_by);
    }
}

enum harm { CHANGED, MISSING, ADDED, HARMS };

/** The form with harm done to line `number` (1: the first). */
static void harm(struct bytes form, size_t number, enum harm how, struct builder *ret)
{
    size_t line = 1;
    builder_clear(ret);
    for (size_t at = 0; at < form.len; line++) {
        const uint8_t *end = memchr(form.data + at, '\n', form.len - at);
        size_t len = (size_t)(end - form.data) - at + 1;
        if (line == number && how == ADDED)
            builder_add_text(ret, "a line of nobody\n");
        if (line != number || how == ADDED)
            builder_add_bytes(ret, bytes_slice(form, at, len));
        else if (how == CHANGED)
            builder_format(ret, "%.*s!\n", (int)len - 1, (const char *)form.data + at);
        at += len;
    }
}

/* Lines that are alike stand for each other: of two empty lines in a row the second is missing as well as the first. */
static bool names_line(const char *text, size_t number, enum harm how, struct bytes form)
{
    size_t line = 1;
    size_t at = 0;
    while (line < number) {
        at = (size_t)((const uint8_t *)memchr(form.data + at, '\n', form.len - at) - form.data) + 1;
        line++;
    }
    if (how == MISSING) {
        const uint8_t *end = memchr(form.data + at, '\n', form.len - at);
        struct bytes self = bytes_slice(form, at, (size_t)(end - form.data) - at + 1);
        for (size_t next = at + self.len; bytes_equal(bytes_slice(form, next, self.len), self);
             next += self.len)
            number++;
    }
    AUTO(free)
    char *phrase = how == CHANGED   ? memory_format("line %zu was changed", number)
                   : how == MISSING ? memory_format("before line %zu a line is missing", number)
                                    : memory_format("line %zu was added", number);
    return strstr(text, phrase) != NULL;
}

static void each_line_changed_missing_or_added_is_named(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(builder_done) struct builder harmed = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    for (int is_html = 0; is_html < 2; is_html++) {
        draw_form(is_html, &form);
        size_t lines = 0;
        for (size_t i = 0; i < form.len; i++)
            lines += form.data[i] == '\n';
        for (size_t line = is_html ? 2 : 1; line <= lines; line++) {
            for (enum harm how = CHANGED; how < HARMS; how++) {
                harm(builder_bytes(&form), line, how, &harmed);
                compare(runs, builder_bytes(&harmed), &result);
                assert_int_equal(result.findings.count, 1);
                assert_string_equal(result.findings.items[0].rule, "ledger.transcript");
                if (!names_line(result.findings.items[0].text, line, how, builder_bytes(&form)))
                    fail_msg("line %zu, harm %d: %s", line, how, result.findings.items[0].text);
            }
        }
    }
}

static void the_record_of_a_changed_line_is_named(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    draw_form(false, &form);
    char *place = (char *)(uintptr_t)strstr(builder_text(&form), "B 017");
    place[4] = '8';
    compare(runs, builder_bytes(&form), &result);
    assert_string_equal(
        result.findings.items[0].text,
        "FILE line 52 was changed: it is \"  room            B 018\"; by record 6 (event 3, blank) it "
        "would be \"  room            B 017\"");
}

static void of_a_long_line_the_place_that_differs_is_shown(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    draw_form(true, &form);
    char *place = (char *)(uintptr_t)strstr(builder_text(&form), "counter(pages)");
    memcpy(place, "counter(PAGES)", 14);
    compare(runs, builder_bytes(&form), &result);
    assert_int_equal(result.findings.count, 1);
    assert_non_null(strstr(result.findings.items[0].text, "counter(PAGES)"));
    assert_non_null(strstr(result.findings.items[0].text, "counter(pages)"));
}

static void of_two_ceremonies_the_right_one_is_found(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    struct error err = ERROR_INIT;
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of("20260101T000000Z-000000");
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        AUTO(json_free) struct json *json = record_ceremony_write(&events[i]);
        json_put_text(json, "type", RECORD_CEREMONY_STEP);
        json_canonical(json, &line);
        assert_true(transcript_runs_take(runs, 100 + i, builder_bytes(&line), &err));
    }
    draw_form(true, &form);
    compare(runs, builder_bytes(&form), &result);
    assert_int_equal(result.findings.count, 0);
    assert_string_equal(result.run, RUN);
    assert_int_equal(result.first_seq, 100);
}

static void what_is_no_transcript_is_said_to_be_none(void **state)
{
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    compare(runs, BYTES_LITERAL("something else\nof two lines"), &result);
    assert_int_equal(result.findings.count, 1);
    assert_null(result.run);
    assert_non_null(strstr(result.findings.items[0].text,
                           "FILE is not the transcript of a ceremony in this ledger, which has 1 of them"));
    compare(runs, bytes_of(NULL, 0), &result);
    assert_int_equal(result.findings.count, 1);
}

static void a_closing_record_with_another_digest_is_said(void **state)
{
    AUTO(builder_done) struct builder form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    (void)state;
    close_ceremony();
    of_transcript[0].sha256[5] ^= 1;
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    draw_form(false, &form);
    compare(runs, builder_bytes(&form), &result);
    assert_int_equal(result.findings.count, 1);
    assert_non_null(
        strstr(result.findings.items[0].text, "record 22, which closes the ceremony, has another SHA-256"));
}

/** In ten years coldca draws otherwise: what it then can't draw again is held by the digest alone, and that is said. */
static void a_form_of_another_version_is_held_by_its_digest(void **state)
{
    AUTO(builder_done) struct builder old_form = BUILDER_INIT;
    AUTO(transcript_result_done) struct transcript_result result = {.run = NULL};
    static struct ceremony_fact old_facts[] = {
        {"title", "The root CA of Example"}, {"version", "coldca 0.1"}, {"transcript", "0"}};
    (void)state;
    close_ceremony();
    builder_add_text(&old_form, "The root CA of Example\nin the form of another version\n");
    events[0].facts = old_facts;
    events[0].fact_count = ARRAY_LEN(old_facts);
    digest_sha256(builder_bytes(&old_form), of_transcript[0].sha256);
    AUTO(transcript_runs_free) struct transcript_runs *runs = runs_of(RUN);
    compare(runs, builder_bytes(&old_form), &result);
    assert_int_equal(result.findings.count, 0);
    assert_string_equal(result.drawn_by, "coldca 0.1");
    old_form.data[old_form.len - 2] ^= 1;
    compare(runs, builder_bytes(&old_form), &result);
    assert_int_equal(result.findings.count, 1);
    assert_null(result.drawn_by);
}

static void a_record_that_is_not_one_is_refused(void **state)
{
    AUTO(transcript_runs_free) struct transcript_runs *runs = transcript_runs_new();
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(transcript_runs_take(runs, 9, BYTES_LITERAL("{\"type\":\"ceremony.step\"}"), &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "record 9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_transcript_itself_is_right_in_both_forms),
        cmocka_unit_test(each_line_changed_missing_or_added_is_named),
        cmocka_unit_test(the_record_of_a_changed_line_is_named),
        cmocka_unit_test(of_a_long_line_the_place_that_differs_is_shown),
        cmocka_unit_test(of_two_ceremonies_the_right_one_is_found),
        cmocka_unit_test(what_is_no_transcript_is_said_to_be_none),
        cmocka_unit_test(a_closing_record_with_another_digest_is_said),
        cmocka_unit_test(a_form_of_another_version_is_held_by_its_digest),
        cmocka_unit_test(a_record_that_is_not_one_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
