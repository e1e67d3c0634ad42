/* SPDX-License-Identifier: Apache-2.0 */
#include "records/approval.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "coldca approval v1"
#define LINES 5

void approval_done(struct approval *approval)
{
    free(approval->origin);
    approval->origin = NULL;
}

static void digest_of(const struct plan_header *header, uint8_t ret_digest[static 32])
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    plan_header_write(header, &text);
    digest_sha256(builder_bytes(&text), ret_digest);
}

void approval_text(const struct plan_header *header, int64_t time, struct builder *ret_text)
{
    uint8_t digest[32];
    char hex[129];
    char when[TIME_TEXT_SIZE];
    digest_of(header, digest);
    builder_format(ret_text, FIRST_LINE "\n%s\n%s\n%s\n%s\n", header->origin, hex_of(BYTES(digest), hex),
                   act_name(header->act), time_format(time, when));
}

static bool read_lines(struct bytes text, char *ret_lines[static LINES])
{
    size_t place = 0;
    for (size_t i = 0; i < LINES; i++) {
        struct bytes rest = bytes_slice(text, place, text.len);
        const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.data, '\n', rest.len);
        if (end == NULL)
            return false;
        size_t len = (size_t)(end - rest.data);
        ret_lines[i] = memory_text_of((const char *)rest.data, len);
        place += len + 1;
    }
    return place == text.len;
}

static bool read_text(struct bytes text, struct approval *approval)
{
    char *lines[LINES] = {NULL};
    bool is_read = read_lines(text, lines) && strcmp(lines[0], FIRST_LINE) == 0 && strlen(lines[2]) == 64 &&
                   strspn(lines[2], "0123456789abcdef") == 64 &&
                   decode_hex_exactly(bytes_of_text(lines[2]), approval->plan_sha256, 32) &&
                   act_parse(lines[3], &approval->act) && time_parse(lines[4], &approval->time);
    if (is_read)
        approval->origin = TAKE(lines[1]);
    for (size_t i = 0; i < LINES; i++)
        free(lines[i]);
    return is_read;
}

bool approval_read(struct bytes whole, struct approval *ret_approval, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(approval_done) struct approval approval = {.origin = NULL};
    if (whole.len > APPROVAL_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, "not an approval: longer than %d bytes", APPROVAL_MAX_LEN);
    if (!note_read(whole, &note, err))
        return error_while(err, "reading an approval");
    if (note.count != 1)
        return error_set(err, ERROR_INPUT, 0, "not an approval: it must have one signature, a person's");
    if (!read_text(note.text, &approval) || note.signatures[0].name.len >= sizeof(approval.name))
        return error_set(err, ERROR_INPUT, 0,
                         "not an approval: its lines are \"" FIRST_LINE "\", origin, plan, act and time");
    memcpy(approval.name, note.signatures[0].name.data, note.signatures[0].name.len);
    *ret_approval = approval;
    approval.origin = NULL;
    return true;
}

/** Whether it speaks of this plan. */
static bool is_of(const struct approval *approval, const struct plan_header *header, struct error *err)
{
    uint8_t digest[32];
    char one[129];
    char other[129];
    char begin[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
    digest_of(header, digest);
    if (strcmp(approval->origin, header->origin) != 0)
        return error_set(err, ERROR_INPUT, 0, "it is for another CA: %s instead of %s",
                         quoted_text(approval->origin, &(struct quoted){0}), header->origin);
    if (memcmp(approval->plan_sha256, digest, sizeof(digest)) != 0)
        return error_set(err, ERROR_INPUT, 0, "it is for another plan: %s instead of %s",
                         hex_of(BYTES(approval->plan_sha256), one), hex_of(BYTES(digest), other));
    if (approval->act != header->act)
        return error_set(err, ERROR_INPUT, 0, "it is for another act: %s instead of %s",
                         act_name(approval->act), act_name(header->act));
    return (approval->time >= header->not_before && approval->time <= header->not_after) ||
           error_set(err, ERROR_INPUT, 0, "it was not given in the plan's window, %s to %s",
                     time_format(header->not_before, begin), time_format(header->not_after, end));
}

static bool is_signed_by(struct bytes whole, const struct control_person *person, struct error *err)
{
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    bool is_signed = false;
    if (!note_read(whole, &note, err) || !note_key_read(person->key, &key, err) ||
        !note_verify(&note, &key, &is_signed, NULL, err))
        return false;
    return is_signed || error_set(err, ERROR_INPUT, 0, "it is signed by another key than the control has");
}

static bool check(struct bytes note, const struct approval *approval, const struct plan_header *header,
                  const struct control *control, const struct control_person **ret_person, struct error *err)
{
    const struct control_person *person = control_person(control, approval->name);
    if (person == NULL)
        return error_set(err, ERROR_INPUT, 0, "nobody of the control in force has this name");
    if (!control_may_approve(person))
        return error_set(err, ERROR_INPUT, 0, "the control in force has no approver's key for this name");
    if (!is_of(approval, header, err) || !is_signed_by(note, person, err))
        return false;
    *ret_person = person;
    return true;
}

bool approval_check(struct bytes note, const struct plan_header *header, const struct control *control,
                    const struct control_person **ret_person, struct error *err)
{
    AUTO(approval_done) struct approval approval = {.origin = NULL};
    return approval_read(note, &approval, err) &&
           (check(note, &approval, header, control, ret_person, err) ||
            error_while(err, "checking the approval by %s", quoted_text(approval.name, &(struct quoted){0})));
}

bool approvals_take(struct approvals *approvals, struct bytes note, const struct plan_header *header,
                    const struct control *control, struct error *err)
{
    const struct control_person *person = NULL;
    if (!approval_check(note, header, control, &person, err))
        return false;
    for (size_t i = 0; i < approvals->count; i++) {
        if (approvals->people[i] == person)
            return error_set(err, ERROR_INPUT, 0, "%s approved it twice: one person counts once",
                             quoted_text(person->name, &(struct quoted){0}));
    }
    approvals->people[approvals->count++] = person;
    return true;
}

/** " (waiting for: alice, bob)" */
static void name_missing(const struct approvals *approvals, const struct control *control,
                         struct builder *ret_text)
{
    const char *before = "";
    for (size_t i = 0; i < control->people_count; i++) {
        const struct control_person *person = &control->people[i];
        bool has = !control_may_approve(person);
        for (size_t j = 0; j < approvals->count; j++)
            has = has || approvals->people[j] == person;
        if (has)
            continue;
        builder_format(ret_text, "%s%s", before, quoted_text(person->name, &(struct quoted){0}));
        before = ", ";
    }
}

bool approvals_suffice(const struct approvals *approvals, const struct plan_header *header,
                       const struct control *control, struct error *err)
{
    AUTO(builder_done) struct builder missing = BUILDER_INIT;
    unsigned needed = control_needed(control, header->act);
    if (approvals->count >= needed)
        return true;
    name_missing(approvals, control, &missing);
    return error_set(err, ERROR_INPUT, 0, "%s needs %u approvals, the plan has %zu; can approve: %s",
                     act_words(header->act), needed, approvals->count, builder_text(&missing));
}
