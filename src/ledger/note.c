/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/note.h"

#include "base/encode.h"
#include "base/quote.h"

#include <inttypes.h>

#define EM_DASH "\xe2\x80\x94"

void note_done(struct note *note)
{
    builder_done(&note->decoded);
    *note = (struct note){.count = 0};
}

/** Unicode's White_Space: what a key name must not hold (signed-note, "Format"). */
static bool is_space(uint32_t character)
{
    return (character >= 0x09 && character <= 0x0d) || character == 0x20 || character == 0x85 ||
           character == 0xa0 || character == 0x1680 || (character >= 0x2000 && character <= 0x200a) ||
           character == 0x2028 || character == 0x2029 || character == 0x202f || character == 0x205f ||
           character == 0x3000;
}

static bool has_bad_character(struct bytes name)
{
    uint32_t character;
    for (size_t i = 0; i < name.len;) {
        size_t len = utf8_decode(name.data + i, name.len - i, &character);
        if (len == 0 || is_space(character) || character < 0x20 || character == 0x7f || character == '+')
            return true;
        i += len;
    }
    return false;
}

bool note_name_is_good(struct bytes name)
{
    return name.len > 0 && name.len <= 255 && !has_bad_character(name) &&
           memmem(name.data, name.len, "://", 3) == NULL;
}

/** The next line with its LF; empty if there is no LF any more. */
static struct bytes next_line(struct bytes text, size_t from)
{
    struct bytes rest = bytes_slice(text, from, text.len);
    const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.data, '\n', rest.len);
    return end == NULL ? bytes_of(NULL, 0) : bytes_of(rest.data, (size_t)(end - rest.data) + 1);
}

static bool read_signature(struct bytes line, struct note *note, struct note_signature *ret_signature)
{
    const size_t dash = sizeof(EM_DASH " ") - 1;
    if (line.len < dash + 1 || memcmp(line.data, EM_DASH " ", dash) != 0)
        return false;
    struct bytes rest = bytes_slice(line, dash, line.len - dash - 1);
    const uint8_t *space = rest.len == 0 ? NULL : memchr(rest.data, ' ', rest.len);
    if (space == NULL)
        return false;
    struct bytes name = bytes_of(rest.data, (size_t)(space - rest.data));
    struct bytes value = bytes_slice(rest, name.len + 1, rest.len);
    size_t start = note->decoded.len;
    if (name.len == 0 || has_bad_character(name) || value.len == 0 || !decode_base64(value, &note->decoded) ||
        note->decoded.len - start < 5)
        return false;
    ret_signature->name = name;
    ret_signature->line = line;
    memcpy(ret_signature->id, note->decoded.data + start, 4);
    ret_signature->signature = bytes_of(note->decoded.data + start + 4, note->decoded.len - start - 4);
    return true;
}

static bool is_note_text(struct bytes whole)
{
    if (!utf8_is_valid(whole))
        return false;
    for (size_t i = 0; i < whole.len; i++) {
        if (whole.data[i] < 0x20 && whole.data[i] != '\n')
            return false;
    }
    return true;
}

/** Where the last empty line starts: it parts text from signatures. 0 if there is none. */
static size_t find_blank(struct bytes whole)
{
    for (size_t i = whole.len - 1; i > 0; i--) {
        if (whole.data[i] == '\n' && whole.data[i - 1] == '\n')
            return i;
    }
    return 0;
}

bool note_read(struct bytes whole, struct note *ret_note, struct error *err)
{
    if (whole.len == 0 || whole.len > NOTE_MAX_LEN || whole.data[whole.len - 1] != '\n' ||
        !is_note_text(whole))
        return error_set(err, ERROR_INPUT, 0,
                         "not a signed note: it must be UTF-8 lines of at most %d bytes in all",
                         NOTE_MAX_LEN);
    size_t blank = find_blank(whole);
    if (blank == 0 || blank + 1 == whole.len)
        return error_set(err, ERROR_INPUT, 0, "not a signed note: no empty line before its signatures");
    AUTO(note_done) struct note note = {.text = bytes_slice(whole, 0, blank)};
    (void)builder_reserve(&note.decoded, whole.len); // never grows again: signatures are views into it
    builder_clear(&note.decoded);
    for (size_t place = blank + 1; place < whole.len;) {
        struct bytes line = next_line(whole, place);
        if (note.count == NOTE_SIGNATURES_MAX)
            return error_set(err, ERROR_INPUT, 0, "not a signed note: more than %d signatures",
                             NOTE_SIGNATURES_MAX);
        if (!read_signature(line, &note, &note.signatures[note.count]))
            return error_set(err, ERROR_INPUT, 0, "not a signed note: signature line %zu is malformed",
                             note.count + 1);
        note.count++;
        place += line.len;
    }
    *ret_note = note;
    note.decoded = (struct builder)BUILDER_INIT;
    return true;
}

void note_cosignature_text(struct bytes text, int64_t time, struct builder *ret_text)
{
    builder_format(ret_text, "cosignature/v1\ntime %" PRId64 "\n", time);
    builder_add_bytes(ret_text, text);
}

static bool check_cosignature(const struct note_key *key, struct bytes text, struct bytes signature,
                              bool *ret_holds, int64_t *ret_time, struct error *err)
{
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    uint64_t time = 0;
    *ret_holds = false;
    if (signature.len != 8 + 64)
        return true;
    for (size_t i = 0; i < 8; i++)
        time = time << 8 | signature.data[i];
    if (time > INT64_MAX)
        return true;
    note_cosignature_text(text, (int64_t)time, &message);
    *ret_time = (int64_t)time;
    return note_signature_check(key, builder_bytes(&message), bytes_slice(signature, 8, 64), ret_holds, err);
}

bool note_verify(const struct note *note, const struct note_key *key, bool *ret_is_signed, int64_t *ret_time,
                 struct error *err)
{
    bool is_signed = false;
    int64_t time = 0;
    for (size_t i = 0; i < note->count; i++) {
        const struct note_signature *signature = &note->signatures[i];
        if (!bytes_equal_text(signature->name, key->name) || memcmp(signature->id, key->id, 4) != 0)
            continue;
        bool holds;
        bool is_checked = key->type == NOTE_COSIGNATURE
                              ? check_cosignature(key, note->text, signature->signature, &holds, &time, err)
                              : note_signature_check(key, note->text, signature->signature, &holds, err);
        if (!is_checked)
            return false;
        if (!holds)
            return error_set(err, ERROR_INPUT, 0, "the signature of %s does not verify",
                             quoted_text(key->name, &(struct quoted){0}));
        is_signed = true;
    }
    *ret_is_signed = is_signed;
    if (ret_time != NULL)
        *ret_time = time;
    return true;
}

void note_signature_write(const struct note_key *key, struct bytes signature, struct builder *ret_line)
{
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    builder_add(&value, key->id, sizeof(key->id));
    builder_add_bytes(&value, signature);
    builder_format(ret_line, EM_DASH " %s ", key->name);
    encode_base64(builder_bytes(&value), ret_line);
    builder_add_u8(ret_line, '\n');
}

bool decimal_read(struct bytes text, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 18 || (text.len > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_value = value;
    return true;
}

bool checkpoint_read(struct bytes text, struct checkpoint *ret_checkpoint, struct error *err)
{
    AUTO(builder_done) struct builder root = BUILDER_INIT;
    struct bytes lines[3];
    size_t place = 0;
    uint64_t size;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct bytes line = next_line(text, place);
        if (line.len < 2)
            return error_set(err, ERROR_INPUT, 0, "not a checkpoint: origin, size and root are three lines");
        lines[i] = bytes_slice(line, 0, line.len - 1);
        place += line.len;
    }
    // Ours have no extension lines; tlog-checkpoint advises against them, and what nobody checks must not pass.
    if (place != text.len)
        return error_set(err, ERROR_INPUT, 0, "not a checkpoint by coldca: lines after the root");
    if (!decimal_read(lines[1], &size))
        return error_set(err, ERROR_INPUT, 0, "not a checkpoint: its size is not a plain decimal number");
    if (!decode_base64(lines[2], &root) || root.len != TREE_HASH_LEN)
        return error_set(err, ERROR_INPUT, 0, "not a checkpoint: its root is not base64 of 32 bytes");
    ret_checkpoint->origin = lines[0];
    ret_checkpoint->size = size;
    memcpy(ret_checkpoint->root.bytes, root.data, TREE_HASH_LEN);
    return true;
}

void checkpoint_write(const char *origin, uint64_t size, const struct tree_hash *root,
                      struct builder *ret_text)
{
    builder_format(ret_text, "%s\n%" PRIu64 "\n", origin, size);
    encode_base64(BYTES(root->bytes), ret_text);
    builder_add_u8(ret_text, '\n');
}
