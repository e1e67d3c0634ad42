/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/words.h"
#include "ceremony/going.h"
#include "ceremony/places.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM_MAX_LEN ((size_t)256 << 20)
#define WORDS_ASKED 4

/* ---- this machine and program ---- */

static bool program_digest(uint8_t ret_sha256[static 32], struct error *err)
{
    AUTO(builder_done) struct builder program = BUILDER_INIT;
    AUTO(close) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !file_read_fd(fd, "this program", PROGRAM_MAX_LEN, &program, err))
        return error_set(err, ERROR_INPUT, 0, "can't read this program through /proc/self/exe");
    digest_sha256(builder_bytes(&program), ret_sha256);
    return true;
}

/** The room's zone at a time, as the transcript wants it: "CET +01:00". */
static char *zone_at(int64_t at)
{
    struct tm parts;
    const time_t time = (time_t)at;
    if (localtime_r(&time, &parts) == NULL)
        return memory_text("UTC +00:00");
    long minutes = parts.tm_gmtoff / 60;
    long size = minutes < 0 ? -minutes : minutes;
    return memory_format("%s %c%02ld:%02ld", parts.tm_zone, minutes < 0 ? '-' : '+', size / 60, size % 60);
}

void going_facts_done(struct going_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        free(facts->texts[i]);
    facts->count = 0;
}

/** Takes value. */
static void add_fact(struct going_facts *facts, const char *name, char *value)
{
    facts->texts[facts->count] = value;
    facts->items[facts->count++] = (struct ceremony_fact){.name = name, .value = value};
}

static char *escaped(const char *text)
{
    AUTO(builder_done) struct builder quoted_text_of = BUILDER_INIT;
    quote_append(&quoted_text_of, bytes_of_text(text), 0);
    return builder_take_text(&quoted_text_of);
}

bool going_facts(const struct going *going, struct going_facts *ret_facts, struct error *err)
{
    char host[256] = "";
    char hex[129];
    uint8_t program[32];
    if (!program_digest(program, err))
        return false;
    (void)gethostname(host, sizeof(host) - 1); // an empty name is as good as none
    const char *data = getenv("COLDCA_DATA");
    add_fact(ret_facts, "title", escaped(going->script->title));
    add_fact(ret_facts, "mode", memory_text(going->options->is_rehearsal ? "rehearsal" : "run"));
    add_fact(ret_facts, "script", escaped(going->options->script_name));
    add_fact(ret_facts, "steps", memory_format("%u", going->script->step_count));
    add_fact(ret_facts, "version", memory_text(going->options->version));
    add_fact(ret_facts, "program", memory_text(hex_of(BYTES(program), hex)));
    add_fact(ret_facts, "host", escaped(host));
    add_fact(ret_facts, "zone", zone_at(time_now()));
    add_fact(ret_facts, "transcript", memory_text(TRANSCRIPT_FORMAT));
    if (data != NULL)
        add_fact(ret_facts, "COLDCA_DATA", escaped(data));
    return true;
}

/* ---- the steps that only show ---- */

static bool show_clock(struct going *going, const struct going_step *at, bool *ret_is_fine, struct error *err)
{
    char utc[TIME_TEXT_SIZE];
    char local[TIME_TEXT_SIZE];
    struct tm parts;
    int64_t now = time_now();
    const time_t time = (time_t)now;
    AUTO(free) char *zone = zone_at(now);
    (void)time_format(now, utc);
    (void)time_format(now + (localtime_r(&time, &parts) == NULL ? 0 : parts.tm_gmtoff), local);
    going_say(going, "\n  %.10s %.8s UTC\n  %.10s %.8s %s\n", utc, utc + 11, local, local + 11, zone);
    struct ceremony_fact facts[] = {{"shown", utc}, {"zone", zone}};
    const struct record_ceremony event = {.event = CEREMONY_ENDED, .facts = facts, .fact_count = 2};
    *ret_is_fine = now >= time_of_build();
    if (!*ret_is_fine)
        return going_fault(
            going, at, "the clock is before this program was built, so it is wrong: set it, then try again",
            err);
    return going_add(going, at, event, err);
}

static bool show_program(struct going *going, const struct going_step *at, bool *ret_is_fine,
                         struct error *err)
{
    struct ceremony_digest digest = {.what = "program"};
    if (!program_digest(digest.sha256, err))
        return false;
    going_say(going, "\n  coldca %s\n", going->options->version);
    going_say_digest(going, "program", digest.sha256);
    const struct record_ceremony event = {.event = CEREMONY_ENDED, .digests = &digest, .digest_count = 1};
    *ret_is_fine = true;
    return going_add(going, at, event, err);
}

static bool same_words(const char *typed, const char *wanted)
{
    for (;;) {
        typed += strspn(typed, " ,");
        wanted += strspn(wanted, " ");
        size_t len = strcspn(typed, " ,");
        if (len != strcspn(wanted, " ") || strncasecmp(typed, wanted, len) != 0)
            return false;
        if (len == 0)
            return true;
        typed += len;
        wanted += len;
    }
}

/** The room reads its paper before it is shown the digest, so that nobody reads off the screen. */
static bool ask_words(struct going *going, const struct going_step *at, const uint8_t sha256[static 32],
                      bool *ret_is_same, struct error *err)
{
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(builder_done) struct builder typed = BUILDER_INIT;
    const struct room_question question = {
        .asks = ROOM_WORDS, .prompt = "the first four words of its digest, from the approvers' paper"};
    words_of(bytes_of(sha256, WORDS_ASKED), WORDS_ASKED, &wanted);
    if (!going_ask(going, at, question, &typed, err))
        return false;
    *ret_is_same = same_words(builder_text(&typed), builder_text(&wanted));
    return true;
}

static bool show_compare(struct going *going, const struct going_step *at, bool *ret_is_fine,
                         struct error *err)
{
    uint8_t wanted[32];
    struct error fault = ERROR_INIT;
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    const char *place = step_value(at->step, FIELD_FILE);
    const char *hex = step_value(at->step, FIELD_SHA256);
    struct ceremony_digest digest = {.what = place};
    if (!place_read(going->options->site, place, &content, &fault))
        return going_fault(going, at, fault.text, err);
    digest_sha256(builder_bytes(&content), digest.sha256);
    if (hex == NULL && !ask_words(going, at, digest.sha256, ret_is_fine, err))
        return false;
    if (hex != NULL)
        *ret_is_fine = decode_hex_exactly(bytes_of_text(hex), wanted, sizeof(wanted)) &&
                       memcmp(wanted, digest.sha256, sizeof(wanted)) == 0;
    going_say_digest(going, place, digest.sha256);
    const struct record_ceremony event = {.event = CEREMONY_ENDED, .digests = &digest, .digest_count = 1};
    if (!going_add(going, at, event, err))
        return false;
    return *ret_is_fine ||
           going_fault(going, at,
                       hex != NULL ? "the file is not the one whose SHA-256 the script has: bring the right "
                                     "one, then try again"
                                   : "the words are not those of this file: bring the right one, or read "
                                     "the paper again, then try again",
                       err);
}

static bool show_note(struct going *going, const struct going_step *at, bool *ret_is_fine, struct error *err)
{
    const char *ask = step_value(at->step, FIELD_ASK);
    AUTO(free) char *text = going_fill(going, step_value(at->step, FIELD_TEXT));
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    *ret_is_fine = true;
    going_say(going, "\n");
    going_say_text(going, 2, text);
    if (ask == NULL)
        return true;
    AUTO(free) char *prompt = going_fill(going, ask);
    const struct room_question question = {.asks = ROOM_REMARK, .prompt = prompt};
    if (!going_ask(going, at, question, &answer, err))
        return false;
    const struct record_ceremony event = {
        .event = CEREMONY_BLANK, .name = prompt, .text = builder_text(&answer)};
    return going_add(going, at, event, err);
}

static bool show_seal(struct going *going, const struct going_step *at, bool *ret_is_fine, struct error *err)
{
    AUTO(free) char *bag = going_fill(going, step_value(at->step, FIELD_BAG));
    const char *token = step_value(at->step, FIELD_TOKEN);
    struct ceremony_fact facts[] = {{"token", token}, {"bag", bag}};
    const struct record_ceremony event = {.event = CEREMONY_ENDED, .facts = facts, .fact_count = 2};
    going_say(going, "\n  token %s, bag number %s\n", token, bag);
    *ret_is_fine = true;
    return going_add(going, at, event, err);
}

/** The approval was brought back; what it says is held against the plan by the step that carries it out. */
static bool show_approval(struct going *going, const struct going_step *at, bool *ret_is_fine,
                          struct error *err)
{
    struct error fault = ERROR_INIT;
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    AUTO(builder_done) struct builder content = BUILDER_INIT;
    const char *place = step_value(at->step, FIELD_TO);
    struct ceremony_digest digest = {.what = place};
    AUTO(free)
    char *prompt = memory_format("Enter when %s is there, by %s", place, step_value(at->step, FIELD_PERSON));
    const struct room_question question = {.asks = ROOM_GO, .prompt = prompt};
    if (!going_ask(going, at, question, &answer, err))
        return false;
    if (!place_read(going->options->site, place, &content, &fault))
        return going_fault(going, at, fault.text, err);
    digest_sha256(builder_bytes(&content), digest.sha256);
    going_say_digest(going, place, digest.sha256);
    const struct record_ceremony event = {
        .event = CEREMONY_FILE, .name = place, .digests = &digest, .digest_count = 1};
    *ret_is_fine = true;
    return going_add(going, at, event, err);
}

bool going_show(struct going *going, const struct going_step *at, bool *ret_is_fine, struct error *err)
{
    *ret_is_fine = false;
    switch (at->step->kind) {
    case STEP_CLOCK:
        return show_clock(going, at, ret_is_fine, err);
    case STEP_PROGRAM:
        return show_program(going, at, ret_is_fine, err);
    case STEP_COMPARE:
        return show_compare(going, at, ret_is_fine, err);
    case STEP_APPROVE:
        return show_approval(going, at, ret_is_fine, err);
    case STEP_SEAL:
        return show_seal(going, at, ret_is_fine, err);
    default:
        return show_note(going, at, ret_is_fine, err);
    }
}
