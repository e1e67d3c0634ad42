/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/against.h"

#include "base/diff.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/time.h"
#include "ceremony/run.h"
#include "cert/cert.h"
#include "home/home.h"
#include "records/cert.h"
#include "records/plan_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void against_result_done(struct against_result *result)
{
    builder_done(&result->text);
}

/* ---- a certificate's lines, without what may differ ---- */

static bool begins(struct bytes line, const char *with)
{
    size_t len = strlen(with);
    return line.len >= len && memcmp(line.data, with, len) == 0;
}

/** The mark is before a CN, or an OU of its own. */
static void add_unmarked(struct bytes line, struct builder *lines)
{
    static const char *const marks[] = {"OU=" CEREMONY_MARK ",", CEREMONY_MARK " "};
    while (line.len > 0) {
        size_t skipped = 0;
        for (size_t i = 0; i < ARRAY_LEN(marks) && skipped == 0; i++)
            skipped = begins(line, marks[i]) ? strlen(marks[i]) : 0;
        if (skipped == 0)
            builder_add_u8(lines, line.data[0]);
        line = bytes_slice(line, skipped == 0 ? 1 : skipped, line.len);
    }
    builder_add_u8(lines, '\n');
}

/** "valid A to B": the day is another, how long it is good is not. */
static bool add_validity(struct bytes line, struct builder *lines)
{
    AUTO(free) char *text = memory_text_of(line.data, line.len);
    char from[TIME_TEXT_SIZE];
    char to[TIME_TEXT_SIZE];
    int64_t begin = 0;
    int64_t end = 0;
    if (sscanf(text, "valid %20s to %20s", from, to) != 2 || !time_parse(from, &begin) ||
        !time_parse(to, &end))
        return false;
    builder_format(lines, "valid for %" PRId64 " seconds\n", end - begin);
    return true;
}

static void add_line(struct bytes line, bool is_marked, struct builder *lines)
{
    static const char *const of_keys[] = {"issuer ", "serial ", "signed with", "SHA-256 ",
                                          "  authority key id"};
    for (size_t i = 0; i < ARRAY_LEN(of_keys); i++) {
        if (begins(line, of_keys[i]))
            return;
    }
    // A request that the rehearsal made is by another key; of one that was brought along the key is the same.
    if (is_marked && begins(line, "  subject key id"))
        return;
    const uint8_t *comma = is_marked && begins(line, "key ") ? memchr(line.data, ',', line.len) : NULL;
    if (comma != NULL)
        line.len = (size_t)(comma - line.data);
    if (!begins(line, "valid ") || !add_validity(line, lines))
        add_unmarked(line, lines);
}

static bool describe(struct bytes tbs, struct builder *ret_text, struct error *err)
{
    static const uint8_t no_signature[] = {0};
    enum signature_kind kind = SIGNATURE_OTHER;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    if (!cert_tbs_signature_kind(tbs, &kind, err))
        return false;
    cert_seal(tbs, kind, BYTES(no_signature), &der);
    return cert_describe(builder_bytes(&der), ret_text, err);
}

static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    struct bytes line = bytes_slice(*rest, 0, end == NULL ? rest->len : (size_t)(end - rest->data));
    *rest = bytes_slice(*rest, line.len + 1, rest->len);
    return line;
}

/** \param is_marked  the key was made for the rehearsal, in it or not */
static bool lines_of(struct bytes tbs, bool is_marked, struct builder *ret_lines, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!describe(tbs, &text, err))
        return false;
    struct bytes rest = builder_bytes(&text);
    while (rest.len > 0)
        add_line(next_line(&rest), is_marked, ret_lines);
    return true;
}

/* ---- what the rehearsal issued ---- */

struct issued {
    struct builder tbs;
    char *subject; /**< its line without the mark */
    bool is_marked;
    bool is_met;
};
struct rehearsed {
    const char *policy; /**< only by this one */
    struct issued *items;
    size_t count;
};

static void rehearsed_done(struct rehearsed *rehearsed)
{
    for (size_t i = 0; i < rehearsed->count; i++) {
        builder_done(&rehearsed->items[i].tbs);
        free(rehearsed->items[i].subject);
    }
    free(rehearsed->items);
}
DEFINE_AUTO_VALUE(struct rehearsed, rehearsed_done);

/** The first line of the description, without the mark. The caller frees. */
static bool subject_of(struct bytes tbs, char **ret_subject, bool *ret_is_marked, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder subject = BUILDER_INIT;
    if (!describe(tbs, &text, err))
        return false;
    struct bytes rest = builder_bytes(&text);
    struct bytes line = next_line(&rest);
    add_unmarked(line, &subject);
    *ret_is_marked = subject.len - 1 != line.len;
    *ret_subject = builder_take_text(&subject);
    return true;
}

static bool take(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct rehearsed *rehearsed = data;
    const char *policy = json_text(record, "policy");
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    struct error ignored = ERROR_INIT; // of a record that is wrong, which `ledger verify` says
    struct issued item = {.is_met = false};
    (void)entry;
    if (policy == NULL || strcmp(policy, rehearsed->policy) != 0 || !json_base64(record, "tbs", &tbs) ||
        !subject_of(builder_bytes(&tbs), &item.subject, &item.is_marked, &ignored))
        return true;
    builder_add_bytes(&item.tbs, builder_bytes(&tbs));
    rehearsed->items = memory_grow(rehearsed->items, rehearsed->count + 1, sizeof(*rehearsed->items));
    rehearsed->items[rehearsed->count++] = item;
    return true;
}

static bool read_home(const char *path, struct rehearsed *rehearsed, struct error *err)
{
    const struct ledger_filter filter = {.only_certificates = true, .status = -1};
    AUTO(home_close) struct home *home = NULL;
    AUTO(free) char *certificate = memory_format("%s/" HOME_CERTIFICATE_FILE, path);
    if (!file_exists(AT_FDCWD, certificate))
        return true; // it was not made, or awaits its parent
    return home_open(path, HOME_LOOK, NULL, &home, err) &&
           ledger_each(home->ledger, &filter, take, rehearsed, err);
}

/* ---- comparing ---- */

static struct issued *find(struct rehearsed *rehearsed, const char *subject)
{
    for (size_t i = 0; i < rehearsed->count; i++) {
        struct issued *item = &rehearsed->items[i];
        if (!item->is_met && strcmp(item->subject, subject) == 0)
            return item;
    }
    return NULL;
}

static bool compare(struct bytes tbs, struct issued *issued, struct against_result *result, struct error *err)
{
    AUTO(builder_done) struct builder planned = BUILDER_INIT;
    AUTO(builder_done) struct builder rehearsed = BUILDER_INIT;
    issued->is_met = true;
    if (!lines_of(tbs, issued->is_marked, &planned, err) ||
        !lines_of(builder_bytes(&issued->tbs), issued->is_marked, &rehearsed, err))
        return false;
    bool is_same = bytes_equal(builder_bytes(&planned), builder_bytes(&rehearsed));
    result->same += is_same ? 1 : 0;
    result->other += is_same ? 0 : 1;
    if (!is_same)
        diff_unified(builder_bytes(&planned), "plan", builder_bytes(&rehearsed), "rehearsal", &result->text);
    return true;
}

static bool compare_item(const struct json *record, struct rehearsed *rehearsed,
                         struct against_result *result, struct error *err)
{
    bool is_marked = false;
    AUTO(free) char *subject = NULL;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!record_bytes(record, "tbs", &tbs, err) ||
        !subject_of(builder_bytes(&tbs), &subject, &is_marked, err))
        return error_while(err, "reading a certificate of the plan");
    struct issued *issued = find(rehearsed, subject);
    if (issued != NULL)
        return compare(builder_bytes(&tbs), issued, result, err);
    result->other++;
    builder_format(&result->text, "in the plan, and not issued by the rehearsal: %s", subject);
    return true;
}

static bool compare_all(const struct plan_file *file, struct rehearsed *rehearsed,
                        struct against_result *result, struct error *err)
{
    for (size_t i = 0; i < file->header.count; i++) {
        if (!compare_item(plan_file_record(file, i), rehearsed, result, err))
            return false;
    }
    for (size_t i = 0; i < rehearsed->count; i++) {
        if (rehearsed->items[i].is_met)
            continue;
        result->other++;
        builder_format(&result->text, "issued by the rehearsal, and not in the plan: %s",
                       rehearsed->items[i].subject);
    }
    return true;
}

bool ceremony_against(struct bytes plan, const struct ceremony_script *script,
                      const struct ceremony_site *site, struct against_result *ret_result, struct error *err)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(rehearsed_done) struct rehearsed rehearsed = {.count = 0};
    if (!plan_file_read_confined(plan, &file, err))
        return false;
    if (file.header.act != ACT_ISSUE && file.header.act != ACT_ISSUE_CA)
        return error_set(
            err, ERROR_INPUT, 0,
            "it is not a plan of certificates, so there is nothing a rehearsal could be held against");
    rehearsed.policy = file.header.policy;
    for (unsigned i = 0; i < script->home_count; i++) {
        if (!read_home(site_home_path(site, script->homes[i].home), &rehearsed, err))
            return false;
    }
    return compare_all(&file, &rehearsed, ret_result, err);
}
