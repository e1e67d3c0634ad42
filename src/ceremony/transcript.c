/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include "base/encode.h"
#include "base/memory.h"
#include "ceremony/transcript_parts.h"

#include <stdlib.h>
#include <string.h>

struct transcript {
    struct page *page;
};

static const struct record_ceremony *first_of(const struct transcript_events *events,
                                              enum ceremony_event event)
{
    for (size_t i = 0; i < events->count; i++) {
        if (events->items[i].event == event)
            return &events->items[i];
    }
    return NULL;
}

static void from(struct page *page, const struct transcript_events *events, size_t index)
{
    page_from(page, events->seqs == NULL ? PAGE_NO_RECORD : events->seqs[index]);
}

/* ---- the head ---- */

static bool is_drawn_by_name(const char *name)
{
    static const char *const names[] = {"title", "mode", "program", "steps", "script", "transcript"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void add_facts(struct page *page, const struct record_ceremony *event)
{
    uint8_t program[32];
    const char *hex = record_ceremony_fact(event, "program");
    for (size_t i = 0; i < event->fact_count; i++) {
        if (!is_drawn_by_name(event->facts[i].name))
            page_field(page, event->facts[i].name,
                       event->facts[i].value[0] == '\0' ? "(nothing)" : event->facts[i].value);
    }
    if (hex != NULL && decode_hex_exactly(bytes_of_text(hex), program, sizeof(program)))
        page_digest(page, "program", program);
}

static const char *outcome_of(const char *name)
{
    if (name == NULL)
        return "not recorded";
    return strcmp(name, "done") == 0      ? "all steps were done"
           : strcmp(name, "stopped") == 0 ? "abandoned before its last step was done"
                                          : name;
}

static void add_head(struct page *page, const struct transcript_events *events)
{
    const struct record_ceremony *begun = &events->items[0];
    const struct record_ceremony *closed = first_of(events, CEREMONY_CLOSED);
    const char *zone = record_ceremony_fact(begun, "zone");
    AUTO(free) char *began = transcript_moment(begun->at, zone);
    page_text(page, "Transcript of the ceremony \"%s\".", begun->ceremony);
    page_code(page, "run", begun->run);
    page_field(page, "began", began);
    if (closed != NULL) {
        AUTO(free) char *ended = transcript_moment(closed->at, zone);
        from(page, events, (size_t)(closed - events->items));
        page_field(page, "ended", ended);
        page_field(page, "outcome", outcome_of(closed->name));
        from(page, events, 0);
    } else {
        page_field(page, "ended", "not yet: this ceremony goes on, or was left");
    }
    add_facts(page, begun);
    page_digest(page, "script", begun->script_sha256);
}

/* ---- deviations ---- */

/** What an auditor reads first: all that did not go as the script has it. NULL: the event is as it should be. The caller frees. */
static char *deviation_of(const struct record_ceremony *event)
{
    const char *text = event->text == NULL ? "" : event->text;
    switch (event->event) {
    case CEREMONY_ENDED:
        if (event->exit_code != 0 && event->wrong_pins > 0)
            return memory_format("attempt %u failed: the token refused %u PIN%s (exit code %d)",
                                 event->attempt, event->wrong_pins, event->wrong_pins == 1 ? "" : "s",
                                 event->exit_code);
        if (event->exit_code != 0)
            return event->exit_code < 0
                       ? memory_format("attempt %u was killed", event->attempt)
                       : memory_format("attempt %u failed (exit code %d)", event->attempt, event->exit_code);
        return event->wrong_pins == 0 ? NULL
                                      : memory_format("the token refused %u PIN%s", event->wrong_pins,
                                                      event->wrong_pins == 1 ? "" : "s");
    case CEREMONY_CHOICE:
        return memory_format("%s chose %s: %s", event->initials == NULL ? "somebody" : event->initials,
                             event->name == NULL ? "" : event->name, text);
    case CEREMONY_FAULT:
        return memory_format("fault: %s", text);
    case CEREMONY_NOTE:
        return memory_format("remark by %s: %s", event->initials == NULL ? "somebody" : event->initials,
                             text);
    case CEREMONY_INTERRUPTED:
        return memory_format("interrupted: %s", text);
    case CEREMONY_RESUMED:
        return memory_format("resumed%s%s", *text == '\0' ? "" : ": ", text);
    default:
        return NULL;
    }
}

static void add_deviations(struct page *page, const struct transcript_events *events)
{
    bool has_some = false;
    page_heading(page, "Deviations");
    for (size_t i = 0; i < events->count; i++) {
        const struct record_ceremony *event = &events->items[i];
        AUTO(free) char *text = deviation_of(event);
        if (text == NULL)
            continue;
        char at[TIME_TEXT_SIZE];
        AUTO(free)
        char *where =
            event->step == 0 ? memory_format("between steps") : memory_format("step %u", event->step);
        AUTO(free)
        char *line = memory_format("%s, event %llu: %s", time_format(event->at, at),
                                   (unsigned long long)event->number, text);
        from(page, events, i);
        page_field(page, where, line);
        has_some = true;
    }
    from(page, events, 0);
    if (!has_some)
        page_text(page, "None: each step was done at its first attempt, as the script has it.");
}

/* ---- people, and what was filled in ---- */

static void add_people(struct page *page, const struct transcript_events *events, bool is_to_sign)
{
    static const struct page_column present[] = {{"role", 12}, {"name", 28}, {"initials", 8}, {"since", 20}};
    static const struct page_column signing[] = {{"role", 12}, {"name", 28}, {"signature", 20}, {"date", 10}};
    page_table(page, is_to_sign ? signing : present, 4);
    for (size_t i = 0; i < events->count; i++) {
        const struct record_ceremony *event = &events->items[i];
        if (event->event != CEREMONY_PRESENT)
            continue;
        char at[TIME_TEXT_SIZE];
        const char *cells[] = {event->role, event->person, is_to_sign ? NULL : event->initials,
                               is_to_sign ? NULL : time_format(event->at, at)};
        from(page, events, i);
        page_row(page, cells);
    }
    from(page, events, 0);
    page_table_end(page);
}

static void add_blanks(struct page *page, const struct transcript_events *events)
{
    if (first_of(events, CEREMONY_BLANK) == NULL)
        return;
    page_heading(page, "Filled in");
    for (size_t i = 0; i < events->count; i++) {
        const struct record_ceremony *event = &events->items[i];
        if (event->event != CEREMONY_BLANK || event->name == NULL)
            continue;
        from(page, events, i);
        page_field(page, event->name,
                   event->text == NULL || event->text[0] == '\0' ? "(nothing)" : event->text);
    }
    from(page, events, 0);
}

/* ---- the steps ---- */

static void add_steps(struct page *page, const struct transcript_events *events)
{
    const char *steps = record_ceremony_fact(&events->items[0], "steps");
    struct transcript_place place = {.zone = record_ceremony_fact(&events->items[0], "zone"),
                                     .steps = steps == NULL ? 0 : strtoul(steps, NULL, 10)};
    page_heading(page, "What happened");
    for (size_t i = 0; i < events->count; i++) {
        from(page, events, i);
        transcript_event(page, &place, &events->items[i]);
    }
    transcript_leave_step(page, &place);
    from(page, events, 0);
}

static void add_files(struct page *page, const struct transcript_events *events)
{
    bool has_some = false;
    for (size_t i = 0; i < events->count; i++) {
        const struct record_ceremony *event = &events->items[i];
        if (event->event != CEREMONY_FILE || event->text == NULL)
            continue;
        if (!has_some)
            page_heading(page, "Certificates, checkpoints and other files, in full");
        has_some = true;
        from(page, events, i);
        transcript_file(page, event, events->draw_qr);
    }
    from(page, events, 0);
}

static void add_signatures(struct page *page, const struct transcript_events *events)
{
    page_heading(page, "Signatures");
    page_text(page, "We were present. What stands above is what happened.");
    add_people(page, events, true);
}

bool transcript_make(const struct transcript_events *events, struct transcript **ret_transcript,
                     struct error *err)
{
    if (events->count == 0 || events->items[0].event != CEREMONY_BEGUN)
        return error_set(err, ERROR_LEDGER, 0,
                         "no ceremony: its records do not begin with the event \"begun\"");
    const struct record_ceremony *begun = &events->items[0];
    const char *title = record_ceremony_fact(begun, "title");
    const char *mode = record_ceremony_fact(begun, "mode");
    const char *script = record_ceremony_fact(begun, "script");
    AUTO(free) char *what = memory_format("script %s", script == NULL ? begun->ceremony : script);
    const struct page_frame frame = {.title = title == NULL ? begun->ceremony : title,
                                     .mark =
                                         mode != NULL && strcmp(mode, "rehearsal") == 0 ? "REHEARSAL" : NULL,
                                     .what = what,
                                     .sha256 = begun->script_sha256,
                                     .seq = events->seqs == NULL ? PAGE_NO_RECORD : events->seqs[0]};
    struct page *page = page_new(&frame);
    add_head(page, events);
    add_deviations(page, events);
    page_heading(page, "Present");
    add_people(page, events, false);
    add_blanks(page, events);
    add_steps(page, events);
    add_files(page, events);
    add_signatures(page, events);
    struct transcript *transcript = memory_new(1, sizeof(*transcript));
    transcript->page = page;
    *ret_transcript = transcript;
    return true;
}

void transcript_free(struct transcript *transcript)
{
    page_free(transcript->page);
    free(transcript);
}

struct bytes transcript_text(struct transcript *transcript)
{
    return page_as_text(transcript->page);
}

struct bytes transcript_html(struct transcript *transcript)
{
    return page_as_html(transcript->page);
}

uint64_t transcript_record_of(const struct transcript *transcript, bool is_html, size_t line)
{
    return page_record_of(transcript->page, is_html, line);
}
