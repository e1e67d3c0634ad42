/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript_parts.h"

#include "base/memory.h"
#include "cert/cert.h"

#include <ctype.h>
#include <string.h>

/* ---- time ---- */

/** Seconds east of UTC of "CET +01:00". \return false: it does not end so */
static bool offset_of(const char *zone, int64_t *ret_seconds)
{
    size_t len = zone == NULL ? 0 : strlen(zone);
    if (len < strlen("+00:00"))
        return false;
    const char *tail = zone + len - strlen("+00:00");
    if ((tail[0] != '+' && tail[0] != '-') || tail[3] != ':')
        return false;
    for (size_t i = 1; i < 6; i++) {
        if (i != 3 && !isdigit((unsigned char)tail[i]))
            return false;
    }
    int64_t minutes = ((tail[1] - '0') * 10 + tail[2] - '0') * 60 + (tail[4] - '0') * 10 + tail[5] - '0';
    *ret_seconds = (tail[0] == '-' ? -minutes : minutes) * 60;
    return true;
}

char *transcript_moment(int64_t at, const char *zone)
{
    char utc[TIME_TEXT_SIZE];
    char room[TIME_TEXT_SIZE];
    int64_t offset = 0;
    time_format(at, utc);
    if (!offset_of(zone, &offset) || offset == 0)
        return memory_format("%.10s %.8s UTC", utc, utc + 11);
    time_format(at + offset, room);
    bool is_same_day = strncmp(utc, room, 10) == 0;
    size_t words = strcspn(zone, " ");
    return memory_format("%.10s %.8s UTC (%.*s%s%.8s %.*s)", utc, utc + 11, is_same_day ? 0 : 10, room,
                         is_same_day ? "" : " ", room + 11, (int)words, zone);
}

/* ---- who ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/** "AB (second, Anna Berg)". The caller frees. */
static char *who_of(const struct record_ceremony *event)
{
    const char *initials = event->initials == NULL ? "somebody" : event->initials;
    if (event->role == NULL && event->person == NULL)
        return memory_text(initials);
    return memory_format("%s (%s%s%s)", initials, event->role == NULL ? "" : event->role,
                         event->role == NULL || event->person == NULL ? "" : ", ",
                         event->person == NULL ? "" : event->person);
}

/* ---- events ---- */

static void add_digests(struct page *page, const struct record_ceremony *event)
{
    for (size_t i = 0; i < event->digest_count; i++)
        page_digest(page, event->digests[i].what, event->digests[i].sha256);
}

/** A file's name and its digest, whose own name is said only if it is another. */
static void add_file(struct page *page, const struct record_ceremony *event)
{
    page_field(page, "file", event->name);
    for (size_t i = 0; i < event->digest_count; i++) {
        const char *what = event->digests[i].what;
        bool is_its_own = event->name != NULL && strcmp(what, event->name) == 0;
        page_digest(page, is_its_own ? "SHA-256" : what, event->digests[i].sha256);
    }
}

static void add_lines(struct page *page, const struct record_ceremony *event)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; i < event->line_count; i++)
        builder_format(&text, "%s\n", event->lines[i]);
    if (text.len > 0)
        page_lines(page, builder_bytes(&text));
    if (event->cut_len > 0) {
        page_text(page,
                  "%llu bytes more are not kept here; their SHA-256:", (unsigned long long)event->cut_len);
        page_digest(page, "cut off", event->cut_sha256);
    }
}

static void add_attempt(struct page *page, const struct transcript_place *place,
                        const struct record_ceremony *event)
{
    AUTO(free) char *moment = transcript_moment(event->at, place->zone);
    if (event->attempt > 1) {
        AUTO(free) char *label = memory_format("attempt %u", event->attempt);
        page_field(page, label, moment);
    } else {
        page_field(page, "begun", moment);
    }
    if (event->text == NULL || event->text[0] == '\0')
        return;
    // A command stands as it was given; what people do has only words.
    bool is_command = begins(event->text, "coldca ") || begins(event->text, "cp ");
    (is_command ? page_command : page_field)(page, "does", event->text);
}

static void add_end(struct page *page, const struct transcript_place *place,
                    const struct record_ceremony *event)
{
    AUTO(free) char *moment = transcript_moment(event->at, place->zone);
    AUTO(free)
    char *line = event->exit_code < 0 ? memory_format("%s, killed", moment)
                                      : memory_format("%s, exit code %d", moment, event->exit_code);
    add_lines(page, event);
    page_field(page, "ended", line);
    if (event->wrong_pins > 0) {
        AUTO(free) char *count = memory_format("%u", event->wrong_pins);
        page_field(page, "PINs refused", count);
    }
    add_digests(page, event);
}

static void add_said(struct page *page, const struct transcript_place *place,
                     const struct record_ceremony *event, const char *label)
{
    AUTO(free) char *moment = transcript_moment(event->at, place->zone);
    AUTO(free) char *who = who_of(event);
    bool has_text = event->text != NULL && event->text[0] != '\0';
    AUTO(free)
    char *line = memory_format("%s, %s%s%s", who, moment, has_text ? ": " : "", has_text ? event->text : "");
    page_field(page, label, line);
    add_digests(page, event);
}

static void add_warning(struct page *page, const struct transcript_place *place,
                        const struct record_ceremony *event, const char *word)
{
    AUTO(free) char *moment = transcript_moment(event->at, place->zone);
    page_warning(page, "%s, %s%s%s", word, moment, event->text == NULL ? "" : ": ",
                 event->text == NULL ? "" : event->text);
    add_lines(page, event);
    add_digests(page, event);
}

void transcript_leave_step(struct page *page, struct transcript_place *place)
{
    if (place->step != 0)
        page_step_end(page);
    place->step = 0;
}

/** An event of a step that has no frame opens it: the event that begins an attempt has the heading. */
static void enter_step(struct page *page, struct transcript_place *place, const struct record_ceremony *event)
{
    if (event->step == place->step)
        return;
    transcript_leave_step(page, place);
    place->step = event->step;
    if (event->step != 0)
        page_step(page, event->step, place->steps,
                  event->event == CEREMONY_STEP && event->name != NULL ? event->name : "not begun yet");
}

void transcript_event(struct page *page, struct transcript_place *place, const struct record_ceremony *event)
{
    if (event->event == CEREMONY_BEGUN || event->event == CEREMONY_PRESENT ||
        event->event == CEREMONY_BLANK || event->event == CEREMONY_CLOSED)
        return;
    enter_step(page, place, event);
    AUTO(free) char *choice = memory_format("choice: %s", event->name == NULL ? "" : event->name);
    switch (event->event) {
    case CEREMONY_STEP:
        add_attempt(page, place, event);
        break;
    case CEREMONY_ENDED:
        add_end(page, place, event);
        break;
    case CEREMONY_FILE:
        add_file(page, event);
        break;
    case CEREMONY_ANSWER:
        add_said(page, place, event, "yes");
        break;
    case CEREMONY_CHOICE:
        add_said(page, place, event, choice);
        break;
    case CEREMONY_NOTE:
        add_said(page, place, event, "remark");
        break;
    case CEREMONY_FAULT:
        add_warning(page, place, event, "Fault");
        break;
    case CEREMONY_INTERRUPTED:
        add_warning(page, place, event, "Interrupted");
        break;
    case CEREMONY_RESUMED:
        add_warning(page, place, event, "Resumed");
        break;
    default:
        break;
    }
}

/* ---- files in full ---- */

static void describe(struct page *page, const char *pem)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    struct bytes rest = bytes_of_text(pem);
    while (rest.len > 0 && cert_from_file(rest, &der, &rest, &err)) {
        builder_clear(&words);
        if (!cert_describe(builder_bytes(&der), &words, &err))
            break;
        page_lines(page, builder_bytes(&words));
        builder_clear(&der);
    }
    if (err.kind != ERROR_NONE && words.len == 0)
        page_text(page, "It is not a certificate that can be shown in words: %s", err.text);
}

void transcript_file(struct page *page, const struct record_ceremony *event, transcript_draw_qr *draw_qr)
{
    struct error ignored = ERROR_INIT; // what is too long for a QR code is there as text
    AUTO(builder_done) struct builder svg = BUILDER_INIT;
    add_file(page, event);
    if (begins(event->text, "-----BEGIN CERTIFICATE-----"))
        describe(page, event->text);
    page_lines(page, bytes_of_text(event->text));
    bool is_note = strstr(event->text, "\n\n\u2014 ") != NULL;
    if (is_note && draw_qr != NULL && draw_qr(bytes_of_text(event->text), &svg, &ignored))
        page_drawing(page, builder_bytes(&svg));
}
