/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A transcript is drawn from events and nothing else: these events make these bytes, which are in tests/data/ceremony. Whoever changes how a
 * transcript looks makes every transcript of before one "of another version", so the bytes are pinned.
 */
#include "ceremony/transcript.h"

#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ceremony_events.h"

static struct transcript *drawn(size_t count)
{
    static struct record_ceremony events[64];
    static uint64_t seqs[64];
    struct transcript *transcript = NULL;
    struct error err = ERROR_INIT;
    size_t all = fill(events, seqs);
    struct transcript_events given = {events, seqs, count == 0 ? all : count, draw};
    if (!transcript_make(&given, &transcript, &err))
        fail_msg("%s", err.text);
    return transcript;
}

static void is_file(struct bytes made, const char *path)
{
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(free) char *text = memory_text_of(made.data, made.len);
    read_data(path, &wanted);
    assert_string_equal(text, builder_text(&wanted));
}

static void these_events_make_these_bytes(void **state)
{
    (void)state;
    AUTO(transcript_free) struct transcript *transcript = drawn(0);
    is_file(transcript_text(transcript), TEST_DATA "/ceremony/transcript.txt");
    is_file(transcript_html(transcript), TEST_DATA "/ceremony/transcript.html");
}

static void the_digests_of_the_transcript_are_not_in_it(void **state)
{
    (void)state;
    AUTO(transcript_free) struct transcript *before = drawn(0);
    of_transcript[0].sha256[0] ^= 1;
    AUTO(transcript_free) struct transcript *after = drawn(0);
    of_transcript[0].sha256[0] ^= 1;
    assert_true(bytes_equal(transcript_text(before), transcript_text(after)));
    assert_true(bytes_equal(transcript_html(before), transcript_html(after)));
}

static void each_line_that_an_event_made_names_its_record(void **state)
{
    static const struct {
        const char *text;
        uint64_t seq;
    } lines[] = {{"Otto Berg", 4},
                 {"B 017", 6},
                 {"another token", 11},
                 {"2 records", 13},
                 {"stick is not mounted", 17},
                 {"-----BEGIN CERTIFICATE-----", 14},
                 {"The root CA of Example", 3}};
    (void)state;
    AUTO(transcript_free) struct transcript *transcript = drawn(0);
    for (int is_html = 0; is_html < 2; is_html++) {
        struct bytes form = is_html ? transcript_html(transcript) : transcript_text(transcript);
        AUTO(free) char *text = memory_text_of(form.data, form.len);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            const char *place = strstr(text, lines[i].text);
            size_t line = 1;
            assert_non_null(place);
            for (const char *at = text; at < place; at++)
                line += *at == '\n';
            assert_int_equal(transcript_record_of(transcript, is_html, line), lines[i].seq);
        }
    }
}

/** Every event, but one that only begins a step without a command, changes both forms if it changes. */
static void nothing_that_is_recorded_is_left_out(void **state)
{
    static struct record_ceremony events[64];
    static uint64_t seqs[64];
    size_t count = fill(events, seqs);
    (void)state;
    AUTO(transcript_free) struct transcript *before = drawn(0);
    for (size_t i = 0; i < count; i++) {
        struct record_ceremony *event = &events[i];
        const char **texts[] = {&event->name, &event->text, &event->role, &event->person, &event->initials};
        for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
            if (*texts[k] == NULL || **texts[k] == '\0')
                continue;
            const char *old = *texts[k];
            struct transcript *after = NULL;
            struct error err = ERROR_INIT;
            struct transcript_events given = {events, seqs, count, draw};
            *texts[k] = "another";
            assert_true(transcript_make(&given, &after, &err));
            bool is_heading_again = event->event == CEREMONY_STEP && event->attempt > 1 && k == 0;
            if (bytes_equal(transcript_text(before), transcript_text(after)) != is_heading_again ||
                bytes_equal(transcript_html(before), transcript_html(after)) != is_heading_again)
                fail_msg("event %zu, text %zu", i, k);
            transcript_free(after);
            *texts[k] = old;
        }
    }
}

static void a_ceremony_that_goes_on_says_so(void **state)
{
    (void)state;
    AUTO(transcript_free) struct transcript *transcript = drawn(8);
    struct bytes text = transcript_text(transcript);
    AUTO(free) char *whole = memory_text_of(text.data, text.len);
    assert_non_null(strstr(whole, "not yet: this ceremony goes on, or was left"));
    assert_null(strstr(whole, "all steps were done"));
}

static void without_a_deviation_it_says_none(void **state)
{
    (void)state;
    AUTO(transcript_free) struct transcript *transcript = drawn(6);
    struct bytes text = transcript_text(transcript);
    AUTO(free) char *whole = memory_text_of(text.data, text.len);
    assert_non_null(strstr(whole, "None: each step was done at its first attempt"));
}

static void a_rehearsal_is_marked(void **state)
{
    (void)state;
    facts[4].value = "rehearsal";
    AUTO(transcript_free) struct transcript *transcript = drawn(0);
    facts[4].value = "real";
    struct bytes text = transcript_text(transcript);
    AUTO(free) char *whole = memory_text_of(text.data, text.len);
    assert_int_equal(strncmp(whole, "REHEARSAL\n", 10), 0);
}

static void records_that_do_not_begin_are_no_ceremony(void **state)
{
    static struct record_ceremony events[64];
    static uint64_t seqs[64];
    struct transcript *transcript = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    size_t count = fill(events, seqs);
    assert_false(transcript_make(&(struct transcript_events){events + 1, seqs + 1, count - 1, draw},
                                 &transcript, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_false(transcript_make(&(struct transcript_events){events, seqs, 0, draw}, &transcript, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(these_events_make_these_bytes),
        cmocka_unit_test(the_digests_of_the_transcript_are_not_in_it),
        cmocka_unit_test(each_line_that_an_event_made_names_its_record),
        cmocka_unit_test(nothing_that_is_recorded_is_left_out),
        cmocka_unit_test(a_ceremony_that_goes_on_says_so),
        cmocka_unit_test(without_a_deviation_it_says_none),
        cmocka_unit_test(a_rehearsal_is_marked),
        cmocka_unit_test(records_that_do_not_begin_are_no_ceremony),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
