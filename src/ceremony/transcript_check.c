/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript_check.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/quote.h"

#include <string.h>

#define SHOWN_BEFORE 40 /* bytes of a long line that are shown before the place where it differs */

struct run {
    struct record_ceremony *events;
    uint64_t *seqs;
    struct json **records; /**< that the events borrow from */
    size_t count;
};

struct transcript_runs {
    struct run *items;
    size_t count;
};

struct transcript_runs *transcript_runs_new(void)
{
    return memory_new(1, sizeof(struct transcript_runs));
}

void transcript_runs_free(struct transcript_runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        for (size_t k = 0; k < runs->items[i].count; k++) {
            record_ceremony_done(&runs->items[i].events[k]);
            json_free(runs->items[i].records[k]);
        }
        free(runs->items[i].events);
        free(runs->items[i].seqs);
        free(runs->items[i].records);
    }
    free(runs->items);
    free(runs);
}

void transcript_result_done(struct transcript_result *result)
{
    free(result->run);
    free(result->drawn_by);
    findings_done(&result->findings);
    *result = (struct transcript_result){.run = NULL};
}

/* ---- reading ---- */

static struct run *run_of(struct transcript_runs *runs, const char *name)
{
    for (size_t i = 0; i < runs->count; i++) {
        if (strcmp(runs->items[i].events[0].run, name) == 0)
            return &runs->items[i];
    }
    runs->items = memory_grow(runs->items, runs->count + 1, sizeof(runs->items[0]));
    runs->items[runs->count] = (struct run){.count = 0};
    return &runs->items[runs->count++];
}

bool transcript_runs_take(struct transcript_runs *runs, uint64_t seq, struct bytes line, struct error *err)
{
    static const char mark[] =
        "\"type\":\"" RECORD_CEREMONY_STEP "\""; // in canonical form no text can hold it
    AUTO(json_free) struct json *record = NULL;
    if (memmem(line.data, line.len, mark, sizeof(mark) - 1) == NULL)
        return true;
    struct record_ceremony event = {.run = NULL};
    if (!json_parse(line, &record, err) || !record_ceremony_read(record, &event, err)) {
        err->kind = ERROR_LEDGER;
        return error_while(err, "reading record %llu", (unsigned long long)seq);
    }
    struct run *run = run_of(runs, event.run);
    size_t count = run->count + 1;
    run->events = memory_grow(run->events, count, sizeof(run->events[0]));
    run->seqs = memory_grow(run->seqs, count, sizeof(run->seqs[0]));
    run->records = memory_grow(run->records, count, sizeof(run->records[0]));
    run->events[run->count] = event;
    run->seqs[run->count] = seq;
    run->records[run->count++] = TAKE(record);
    return true;
}

static bool take(void *data, uint64_t seq, struct bytes line, struct error *err)
{
    return transcript_runs_take(data, seq, line, err);
}

bool transcript_runs_read(struct transcript_runs *runs, struct ledger *ledger, struct error *err)
{
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(ledger);
    return ledger_scan_on(scan, take, runs, err);
}

/* ---- comparing ---- */

struct cut {
    struct bytes *lines; /**< each with its LF, if it has one */
    size_t count;
};

static void cut_done(struct cut *cut)
{
    free(cut->lines);
}

static struct cut cut_of(struct bytes text)
{
    struct cut cut = {.count = 0};
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == '\n';
    cut.lines = memory_new(count, sizeof(cut.lines[0]));
    for (size_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end == NULL ? text.len - at : (size_t)(end - text.data) - at + 1;
        cut.lines[cut.count++] = bytes_slice(text, at, len);
        at += len;
    }
    return cut;
}

/** How a file differs from what was drawn: the lines that both begin with, and those that both end with. */
struct difference {
    struct cut file, drawn;
    size_t before, after;
};

static void difference_done(struct difference *difference)
{
    cut_done(&difference->file);
    cut_done(&difference->drawn);
}
DEFINE_AUTO_VALUE(struct difference, difference_done);

static struct difference difference_of(struct bytes file, struct bytes drawn)
{
    struct difference d = {.file = cut_of(file), .drawn = cut_of(drawn)};
    size_t shorter = d.file.count < d.drawn.count ? d.file.count : d.drawn.count;
    while (d.before < shorter && bytes_equal(d.file.lines[d.before], d.drawn.lines[d.before]))
        d.before++;
    while (d.after < shorter - d.before &&
           bytes_equal(d.file.lines[d.file.count - 1 - d.after], d.drawn.lines[d.drawn.count - 1 - d.after]))
        d.after++;
    return d;
}

/** A line without its end, escaped; of a long one what is around `at`, where it differs from another. */
static const char *shown(struct bytes line, size_t at, struct quoted *buffer)
{
    size_t len = line.len > 0 && line.data[line.len - 1] == '\n' ? line.len - 1 : line.len;
    size_t start = at > SHOWN_BEFORE * 2 ? at - SHOWN_BEFORE : 0;
    while (start > 0 && start < len && (line.data[start] & 0xc0) == 0x80)
        start--; // a character is not torn
    return quoted(bytes_slice(line, start, len - start), buffer);
}

/** Where two lines begin to differ. */
static size_t common_of(struct bytes a, struct bytes b)
{
    size_t common = 0;
    while (common < a.len && common < b.len && a.data[common] == b.data[common])
        common++;
    return common;
}

/** "record 41 (event 38, answer)". The caller frees. */
static char *source_of(const struct run *run, const struct transcript *transcript, bool is_html, size_t line)
{
    uint64_t seq = transcript_record_of(transcript, is_html, line);
    for (size_t i = 0; i < run->count; i++) {
        if (run->seqs[i] == seq)
            return memory_format("record %llu (event %llu, %s)", (unsigned long long)seq,
                                 (unsigned long long)run->events[i].number,
                                 ceremony_event_name(run->events[i].event));
    }
    return memory_text("the form of every transcript");
}

/** The first line that differs, in words. The caller frees. */
static char *words_of_difference(const struct difference *d, const struct run *run,
                                 const struct transcript *transcript, bool is_html, const char *name)
{
    struct quoted file_buffer, drawn_buffer;
    size_t line = d->before + 1;
    bool is_missing = d->before + d->after == d->file.count;
    bool is_added = !is_missing && d->before + d->after == d->drawn.count;
    if (is_added)
        return memory_format("%s line %zu was added: \"%s\" is in no record of this ceremony", name, line,
                             shown(d->file.lines[d->before], 0, &file_buffer));
    AUTO(free) char *source = source_of(run, transcript, is_html, line);
    struct bytes wanted = d->drawn.lines[d->before];
    if (is_missing)
        return memory_format("%s: before line %zu a line is missing: \"%s\", by %s", name, line,
                             shown(wanted, 0, &drawn_buffer), source);
    size_t at = common_of(wanted, d->file.lines[d->before]);
    return memory_format("%s line %zu was changed: it is \"%s\"; by %s it would be \"%s\"", name, line,
                         shown(d->file.lines[d->before], at, &file_buffer), source,
                         shown(wanted, at, &drawn_buffer));
}

static const struct record_ceremony *end_of(const struct run *run)
{
    const struct record_ceremony *last = &run->events[run->count - 1];
    return last->event == CEREMONY_CLOSED ? last : NULL;
}

/** Whether the closing record has this SHA-256 as that of this form. \return 0: it has another, or none; -1: it is not there */
static int is_recorded(const struct run *run, bool is_html, struct bytes file)
{
    uint8_t sha256[32];
    const struct record_ceremony *end = end_of(run);
    if (end == NULL)
        return -1;
    digest_sha256(file, sha256);
    for (size_t i = 0; i < end->digest_count; i++) {
        if (strcmp(end->digests[i].what, is_html ? "page" : "transcript") == 0)
            return memcmp(end->digests[i].sha256, sha256, sizeof(sha256)) == 0;
    }
    return 0;
}

static struct transcript *draw(const struct run *run, transcript_draw_qr *draw_qr)
{
    struct transcript *transcript = NULL;
    struct error ignored = ERROR_INIT; // without its beginning it is nobody's transcript
    struct transcript_events events = {run->events, run->seqs, run->count, draw_qr};
    return transcript_make(&events, &transcript, &ignored) ? transcript : NULL;
}

static void report(const struct run *run, const struct transcript *transcript, const struct difference *d,
                   bool is_html, struct bytes file, const char *name, struct transcript_result *ret)
{
    const char *format = record_ceremony_fact(&run->events[0], "transcript");
    const char *drawn_by = record_ceremony_fact(&run->events[0], "version");
    bool is_other_form = format != NULL && strcmp(format, TRANSCRIPT_FORMAT) != 0;
    bool is_equal = d->before == d->file.count && d->before == d->drawn.count;
    int recorded = is_recorded(run, is_html, file);
    ret->run = memory_text(run->events[0].run);
    ret->first_seq = run->seqs[0];
    ret->last_seq = run->seqs[run->count - 1];
    ret->lines = d->file.count;
    if (is_equal && recorded == 0 && !is_other_form)
        findings_say(&ret->findings, "ledger.transcript", NULL,
                     "every line of %s is by the records, but record %llu, which closes the ceremony, has "
                     "another SHA-256 of it",
                     name, (unsigned long long)ret->last_seq);
    if (!is_equal && recorded == 1 && is_other_form) {
        ret->drawn_by = memory_text(drawn_by == NULL ? "another version" : drawn_by);
    } else if (!is_equal) {
        AUTO(free) char *words = words_of_difference(d, run, transcript, is_html, name);
        findings_say(&ret->findings, "ledger.transcript", NULL, "%s", words);
    }
}

void transcript_runs_compare(const struct transcript_runs *runs, struct bytes file, const char *name,
                             transcript_draw_qr *draw_qr, struct transcript_result *ret_result)
{
    bool is_html = file.len > 0 && file.data[0] == '<';
    size_t best = SIZE_MAX;
    size_t best_common = 0;
    for (size_t i = 0; i < runs->count; i++) {
        AUTO(transcript_free) struct transcript *transcript = draw(&runs->items[i], draw_qr);
        if (transcript == NULL)
            continue;
        AUTO(difference_done)
        struct difference d =
            difference_of(file, is_html ? transcript_html(transcript) : transcript_text(transcript));
        bool is_equal = d.before == d.file.count && d.before == d.drawn.count;
        size_t common = is_equal ? SIZE_MAX : d.before + d.after;
        if (best == SIZE_MAX || common > best_common) {
            best = i;
            best_common = common;
        }
    }
    if (best == SIZE_MAX || best_common == 0) {
        findings_say(&ret_result->findings, "ledger.transcript", NULL,
                     "%s is not the transcript of a ceremony in this ledger, which has %zu of them", name,
                     runs->count);
        return;
    }
    const struct run *run = &runs->items[best];
    AUTO(transcript_free) struct transcript *transcript = draw(run, draw_qr);
    AUTO(difference_done)
    struct difference d =
        difference_of(file, is_html ? transcript_html(transcript) : transcript_text(transcript));
    report(run, transcript, &d, is_html, file, name, ret_result);
}
