/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/approve.h"

#include "base/algorithm.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "base/quote.h"
#include "base/time.h"
#include "base/words.h"
#include "records/approval.h"
#include "witness/by_policy.h"
#include "witness/describe.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define IN_FULL 10 /* items that are shown with all their lines; of more one line each */
#define WORDS_A_LINE 8

static void describe_header(const struct plan_file *file, struct builder *ret_text)
{
    const struct plan_header *header = &file->header;
    char begin[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    builder_format(ret_text, "plan        %s, %" PRIu64 " item%s\n", act_words(header->act), header->count,
                   header->count == 1 ? "" : "s");
    builder_format(ret_text, "CA          %s\n", quoted_text(header->origin, &(struct quoted){0}));
    builder_format(ret_text, "window      %s to %s\n", time_format(header->not_before, begin),
                   time_format(header->not_after, end));
    builder_format(ret_text, "control     record %" PRIu64 "\n", header->control);
    if (header->policy != NULL) {
        char hex[129];
        builder_format(ret_text, "policy      %s, SHA-256 %s\n",
                       quoted_text(header->policy, &(struct quoted){0}),
                       hex_of(BYTES(header->policy_sha256), hex));
    }
    builder_add_text(ret_text, "SHA-256     ");
    words_hex_groups(BYTES(file->sha256), ret_text);
    builder_add_text(ret_text, "\nwords\n");
    words_of(BYTES(file->sha256), WORDS_A_LINE, &words);
    builder_format(ret_text, "%s\n", builder_text(&words));
}

static bool describe_items(const struct plan_file *file, struct by_policy *by_policy,
                           struct builder *ret_text, struct error *err)
{
    bool is_full = file->header.count <= IN_FULL;
    for (size_t i = 0; i < file->header.count; i++) {
        const struct json *record = plan_file_record(file, i);
        builder_format(ret_text, is_full ? "\nitem %zu\n" : "%zu  ", i);
        if (!describe_item(record, is_full, ret_text, err)) {
            err->kind = ERROR_INPUT;
            return error_while(err, "reading what would be done, item %zu", i);
        }
        if (by_policy != NULL)
            by_policy_describe(by_policy, i, ret_text);
    }
    return true;
}

bool approve_describe(const struct plan_file *file, struct builder *ret_text, struct error *err)
{
    AUTO(by_policy_close) struct by_policy *by_policy = NULL;
    describe_header(file, ret_text);
    by_policy_open(file, &by_policy, ret_text);
    if (!describe_items(file, by_policy, ret_text, err))
        return false;
    size_t doubts = by_policy == NULL ? 0 : by_policy_doubts(by_policy);
    if (doubts > 0)
        builder_format(ret_text,
                       "\nBEWARE      %zu of %" PRIu64
                       " are not what the plan's policy gives: coldca did not make this "
                       "plan as it is, and will not sign it\n",
                       doubts, file->header.count);
    return true;
}

static bool make_key(const struct witness_key *key, const char *name, struct builder *ret_vkey,
                     struct note_key *ret_key, struct error *err)
{
    enum note_key_type type = witness_key_kind(key) == KEY_ED25519 ? NOTE_ED25519 : NOTE_ECDSA;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    if (!note_key_write(name, type, witness_key_spki(key), &vkey, err) ||
        !note_key_read(builder_text(&vkey), ret_key, err))
        return false;
    builder_add_bytes(ret_vkey, builder_bytes(&vkey));
    return true;
}

bool approve_vkey(const struct witness_key *key, const char *name, struct builder *ret_vkey,
                  struct error *err)
{
    AUTO(note_key_done) struct note_key note_key = {.name = NULL};
    return make_key(key, name, ret_vkey, &note_key, err);
}

bool approve_find_name(const struct plan_file *file, const struct witness_key *key, char **ret_name,
                       struct error *err)
{
    size_t count = file->people == NULL ? 0 : json_count(file->people);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_text(json_at(file->people, i), "name");
        const char *named = json_text(json_at(file->people, i), "key");
        struct error ignored = ERROR_INIT; // a name that no key can have is nobody's
        // It becomes part of a file's name, and the plan came on a stick.
        if (name == NULL || named == NULL || strchr(name, '/') != NULL)
            continue;
        AUTO(note_key_done) struct note_key note_key = {.name = NULL};
        AUTO(builder_done) struct builder vkey = BUILDER_INIT;
        if (!make_key(key, name, &vkey, &note_key, &ignored) || strcmp(builder_text(&vkey), named) != 0)
            continue;
        *ret_name = memory_text(name);
        return true;
    }
    return error_set(
        err, ERROR_INPUT, 0,
        "no person whom the plan's control names has this key: say who approves with --name NAME");
}

/** Whether what is at the approval's place is one of this plan by this person. \param ret_time  when it was given */
static bool is_same_approval(struct bytes note, const struct plan_file *file, const char *name,
                             int64_t *ret_time)
{
    AUTO(approval_done) struct approval approval = {.origin = NULL};
    struct error ignored = ERROR_INIT; // then it is something else
    if (!approval_read(note, &approval, &ignored))
        return false;
    *ret_time = approval.time;
    return strcmp(approval.name, name) == 0 &&
           memcmp(approval.plan_sha256, file->sha256, sizeof(file->sha256)) == 0;
}

bool approve_is_free(const struct plan_file *file, const char *name, const char *path, struct error *err)
{
    AUTO(builder_done) struct builder found = BUILDER_INIT;
    struct error ignored = ERROR_INIT; // what can't be read is something else
    struct quoted room, name_room;
    char when[TIME_TEXT_SIZE];
    int64_t time = 0;
    if (!file_exists(AT_FDCWD, path))
        return true;
    (void)quoted_text(path, &room);
    if (!file_read(AT_FDCWD, path, APPROVAL_MAX_LEN, &found, &ignored) ||
        !is_same_approval(builder_bytes(&found), file, name, &time))
        return error_set(err, ERROR_INPUT, 0,
                         "%s is there already, and is not an approval of this plan by %s: move it away, or "
                         "name another file with --out",
                         room.text, quoted_text(name, &name_room));
    return error_set(err, ERROR_INPUT, 0,
                     "%s approved this plan already, at %s: %s is that approval, and holds until %s; it "
                     "counts once, so give that file to who carries out the plan",
                     quoted_text(name, &name_room), time_format(time, when), room.text,
                     time_format(file->header.not_after, (char[TIME_TEXT_SIZE]){""}));
}

bool approve_sign(const struct plan_file *file, const struct witness_key *key, const char *name, int64_t now,
                  struct builder *ret_note, struct builder *ret_vkey, struct error *err)
{
    AUTO(note_key_done) struct note_key note_key = {.name = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    char begin[TIME_TEXT_SIZE];
    char end[TIME_TEXT_SIZE];
    if (now < file->header.not_before || now > file->header.not_after)
        return error_set(err, ERROR_INPUT, 0,
                         "the plan may be carried out from %s to %s, and this clock is outside of that: set "
                         "it, or have a new plan made",
                         time_format(file->header.not_before, begin),
                         time_format(file->header.not_after, end));
    if (!make_key(key, name, ret_vkey, &note_key, err))
        return false;
    approval_text(&file->header, now, &text);
    if (!witness_key_sign(key, builder_bytes(&text), &signature, err))
        return false;
    if (!note_signature_holds(&note_key, builder_bytes(&text), builder_bytes(&signature)))
        return error_set(err, ERROR_TOKEN, 0, "the signature does not verify with the public key");
    builder_add_bytes(ret_note, builder_bytes(&text));
    builder_add_u8(ret_note, '\n');
    note_signature_write(&note_key, builder_bytes(&signature), ret_note);
    return true;
}
