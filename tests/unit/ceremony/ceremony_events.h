/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a ceremony with everything in it that a ceremony can have: for the tests of transcripts. */
#ifndef COLDCA_TESTS_CEREMONY_EVENTS_H
#define COLDCA_TESTS_CEREMONY_EVENTS_H

#include "base/file.h"
#include "ceremony/transcript.h"

#include <fcntl.h>

#define DAY INT64_C(1795456800) /* 2026-11-23T18:00:00Z */
#define RUN "20261123T180000Z-1a2b3c"

static struct builder certificate = BUILDER_INIT;
static struct builder note = BUILDER_INIT;

static struct ceremony_fact facts[] = {
    {"title", "The root CA of Example"},
    {"script", "root.yaml"},
    {"steps", "4"},
    {"version", "coldca 0.9.0"},
    {"mode", "real"},
    {"host", "vault"},
    {"zone", "CET +01:00"},
    {"program", "11223344556677889900aabbccddeeff11223344556677889900aabbccddeeff"},
};
static char *said[] = {(char *)(uintptr_t) "the root CN=Example Root",
                       (char *)(uintptr_t) "<b>2 records</b>"};
static struct ceremony_digest of_certificate[] = {{"ca.pem of the home root", {0xaa, 0xbb, 0xcc}}};
static struct ceremony_digest of_note[] = {{"checkpoint", {0x01, 0x02}}};
static struct ceremony_digest of_transcript[] = {{"transcript", {0x77}}, {"page", {0x78}}};

/** The whole ceremony: four steps, the second at its second attempt, left and taken up again at the third. */
static size_t fill(struct record_ceremony *ret, uint64_t *ret_seqs)
{
    const struct record_ceremony events[] = {
        {.event = CEREMONY_BEGUN, .facts = facts, .fact_count = ARRAY_LEN(facts)},
        {.event = CEREMONY_PRESENT, .role = "operator", .person = "Otto Berg", .initials = "OB"},
        {.event = CEREMONY_PRESENT, .role = "second", .person = "Sara Lind", .initials = "SL"},
        {.event = CEREMONY_BLANK, .name = "room", .text = "B 017"},
        {.event = CEREMONY_STEP,
         .step = 1,
         .attempt = 1,
         .name = "Confirm the clock",
         .text = "The machine's time is shown."},
        {.event = CEREMONY_ANSWER,
         .step = 1,
         .attempt = 1,
         .role = "second",
         .person = "Sara Lind",
         .initials = "SL",
         .text = "is it 2026-11-23 18:00 UTC?"},
        {.event = CEREMONY_STEP,
         .step = 2,
         .attempt = 1,
         .name = "Make the root",
         .text = "coldca -C root init --subject 'CN=Example Root'"},
        {.event = CEREMONY_ENDED, .step = 2, .attempt = 1, .exit_code = 4, .wrong_pins = 1},
        {.event = CEREMONY_CHOICE,
         .step = 2,
         .attempt = 1,
         .name = "retry",
         .initials = "SL",
         .text = "the PIN of another token was typed"},
        {.event = CEREMONY_STEP,
         .step = 2,
         .attempt = 2,
         .name = "Make the root",
         .text = "coldca -C root init --subject 'CN=Example Root'"},
        {.event = CEREMONY_ENDED,
         .step = 2,
         .attempt = 2,
         .lines = said,
         .line_count = ARRAY_LEN(said),
         .cut_len = 12,
         .cut_sha256 = {0xde, 0xad}},
        {.event = CEREMONY_FILE,
         .step = 2,
         .attempt = 2,
         .name = "ca.pem of the home root",
         .text = builder_text(&certificate),
         .digests = of_certificate,
         .digest_count = 1},
        {.event = CEREMONY_INTERRUPTED, .step = 3, .text = "no end was recorded"},
        {.event = CEREMONY_RESUMED, .step = 3},
        {.event = CEREMONY_FAULT, .step = 3, .text = "the stick is not mounted"},
        {.event = CEREMONY_NOTE, .step = 3, .initials = "OB", .text = "the stick lay on the table"},
        {.event = CEREMONY_STEP,
         .step = 4,
         .attempt = 1,
         .name = "Sign a checkpoint",
         .text = "coldca ledger checkpoint"},
        {.event = CEREMONY_ENDED, .step = 4, .attempt = 1},
        {.event = CEREMONY_FILE,
         .step = 4,
         .attempt = 1,
         .name = "the checkpoint of root",
         .text = builder_text(&note),
         .digests = of_note,
         .digest_count = 1},
        {.event = CEREMONY_CLOSED, .name = "done", .digests = of_transcript, .digest_count = 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        ret[i] = events[i];
        ret[i].run = RUN;
        ret[i].ceremony = "root";
        ret[i].script_sha256[0] = 0xe5;
        ret[i].number = i;
        ret[i].at = DAY + (int64_t)i * 61;
        ret_seqs[i] = 3 + i;
    }
    return ARRAY_LEN(events);
}

static bool draw(struct bytes text, struct builder *ret_svg, struct error *err)
{
    (void)err;
    builder_format(ret_svg, "<svg><!-- %zu bytes --></svg>\n", text.len);
    return true;
}

static void read_data(const char *path, struct builder *ret)
{
    struct error err = ERROR_INIT;
    if (!file_read(AT_FDCWD, path, 1 << 20, ret, &err))
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    (void)state;
    read_data(SOURCE_FOLDER "/tests/vectors/crl/ca.pem", &certificate);
    read_data(SOURCE_FOLDER "/tests/vectors/checkpoint-ed25519.note", &note);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    builder_done(&certificate);
    builder_done(&note);
    return 0;
}

#endif
