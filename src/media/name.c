/* SPDX-License-Identifier: Apache-2.0 */
#include "media/name.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/quote.h"
#include "media/media.h"

#include <stdlib.h>
#include <strings.h>
#include <utf8proc.h>

#define MAX_PART_LEN 255 /* bytes; vfat counts 255 UTF-16 units, which is never less */
/* Bytes: room for endings and a number, and 32 directories of such names are a path that can be opened. */
#define MAX_SAFE_LEN 100
#define HASH_LEN 4 /* bytes of it in a name that had to be changed */

/** Names that Windows keeps for devices, with any ending. */
static bool is_device_name(const char *part, size_t len)
{
    static const char *const names[] = {"CON", "PRN", "AUX", "NUL"};
    const char *dot = memchr(part, '.', len);
    size_t stem = dot == NULL ? len : (size_t)(dot - part);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (stem == 3 && strncasecmp(part, names[i], 3) == 0)
            return true;
    }
    return stem == 4 && (strncasecmp(part, "COM", 3) == 0 || strncasecmp(part, "LPT", 3) == 0) &&
           part[3] >= '0' && part[3] <= '9';
}

/** Whether quote.h would have to make something visible. */
static bool has_hidden_characters(const char *part, size_t len)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_of(part, len), 0);
    return !bytes_equal(builder_bytes(&shown), bytes_of(part, len));
}

const char *media_name_fault(const char *part, size_t len)
{
    if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
        return "has an empty part, \".\" or \"..\" in it";
    if (len > MAX_PART_LEN)
        return "has a part longer than 255 bytes";
    if (!utf8_is_valid(bytes_of(part, len)))
        return "is not valid UTF-8";
    for (size_t i = 0; i < len; i++) {
        if (part[i] != '\0' && strchr("\"*:<>?\\|", part[i]) != NULL)
            return "has a character in it that vfat can't hold";
    }
    if (has_hidden_characters(part, len))
        return "has a character in it that does not show (a control or a direction mark)";
    if (part[len - 1] == '.' || part[len - 1] == ' ')
        return "has a part that ends with a dot or a space";
    return is_device_name(part, len) ? "is a device's name on Windows" : NULL;
}

/** The text with "_" for each byte that is not UTF-8, in its composed form (NFC). \return whether there was such a byte */
static bool add_composed(const char *foreign, struct builder *ret_text)
{
    AUTO(builder_done) struct builder sound = BUILDER_INIT;
    bool is_changed = false;
    for (struct bytes rest = bytes_of_text(foreign); rest.len > 0;) {
        uint32_t code = 0;
        size_t used = utf8_decode(rest.data, rest.len, &code);
        if (used == 0)
            builder_add_text(&sound, "_");
        is_changed |= used == 0;
        builder_add(&sound, rest.data, used);
        rest = bytes_slice(rest, used == 0 ? 1 : used, rest.len);
    }
    const utf8proc_option_t composed = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_uint8_t *text = NULL;
    utf8proc_ssize_t len = utf8proc_map(sound.data, (utf8proc_ssize_t)sound.len, &text, composed);
    if (len < 0)
        abort(); // of sound UTF-8 this short it can only be memory that is missing
    builder_add(ret_text, text, (size_t)len);
    free(text);
    return is_changed;
}

/** What stays in a name: letters and digits of any script with their marks, and "._-" inside. */
static bool is_kept(uint32_t code, bool is_first)
{
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
        return true;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return !is_first; // it would stand on what comes before the name
    default:
        // A leading dot would hide the file, a leading dash look like an option.
        return code == '_' || (!is_first && (code == '.' || code == '-'));
    }
}

/** \return whether it had to be changed, its composed form apart */
static bool make_safe(struct bytes composed, size_t max_len, struct builder *ret_name)
{
    size_t start = ret_name->len;
    bool is_changed = false;
    while (composed.len > 0) {
        uint32_t code = 0;
        size_t used = utf8_decode(composed.data, composed.len, &code);
        bool is_own = is_kept(code, ret_name->len == start) &&
                      !has_hidden_characters((const char *)composed.data, used);
        if (ret_name->len - start + (is_own ? used : 1) > max_len)
            return true; // cut between two characters
        if (is_own)
            builder_add(ret_name, composed.data, used);
        else
            builder_add_text(ret_name, "_");
        is_changed |= !is_own;
        composed = bytes_slice(composed, used, composed.len - used);
    }
    return is_changed;
}

/** As much of the foreign name as fits into max_len and every file system can hold. \return whether it had to be changed */
static bool add_safe(const char *foreign, size_t max_len, struct builder *ret_name)
{
    AUTO(builder_done) struct builder composed = BUILDER_INIT;
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    bool is_changed = add_composed(foreign, &composed);
    is_changed |= make_safe(builder_bytes(&composed), max_len, &name);
    while (name.len > 0 && name.data[name.len - 1] == '.') {
        name.len--;
        is_changed = true;
    }
    if (name.len == 0 || is_device_name((const char *)name.data, name.len)) {
        builder_add_text(ret_name, "_");
        is_changed = true;
    }
    builder_add_bytes(ret_name, builder_bytes(&name));
    return is_changed;
}

void media_safe_name(const char *foreign, struct builder *ret_name)
{
    (void)add_safe(foreign, MAX_SAFE_LEN, ret_name); // two foreign names may become one, as its caller knows
}

void media_distinct_name(const char *foreign, bool is_taken, struct builder *ret_name)
{
    char hex[129];
    uint8_t digest[32];
    size_t start = ret_name->len;
    if (!add_safe(foreign, MAX_SAFE_LEN, ret_name) && !is_taken)
        return;
    ret_name->len = start;
    (void)add_safe(foreign, MAX_SAFE_LEN - 1 - 2 * HASH_LEN, ret_name); // it is changed, whatever this says
    digest_sha256(bytes_of_text(foreign), digest);
    builder_format(ret_name, "-%s", hex_of(bytes_of(digest, HASH_LEN), hex));
}

void media_fold_name(const char *name, struct builder *ret_folded)
{
    for (struct bytes rest = bytes_of_text(name); rest.len > 0;) {
        uint32_t code = 0;
        utf8proc_uint8_t folded[4];
        size_t used = utf8_decode(rest.data, rest.len, &code);
        if (used == 0) {
            builder_add(ret_folded, rest.data, 1);
        } else {
            // By way of the capital: a file system that compares capitals takes two small letters of one capital for one.
            utf8proc_int32_t small = utf8proc_tolower(utf8proc_toupper((utf8proc_int32_t)code));
            builder_add(ret_folded, folded, (size_t)utf8proc_encode_char(small, folded));
        }
        rest = bytes_slice(rest, used == 0 ? 1 : used, rest.len);
    }
}
