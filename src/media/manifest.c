/* SPDX-License-Identifier: Apache-2.0 */
#include "media/manifest.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "media/media.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define HEX_LEN 64

/** One line; offsets into the text. */
struct entry {
    uint32_t digest;
    uint32_t name; /**< NUL-terminated in place; what follows MANIFEST_FOLDER */
    bool is_seen;
};

struct manifest {
    char *text;
    struct entry *entries; /**< sorted by name */
    size_t count;
};

void manifest_free(struct manifest *manifest)
{
    free(manifest->text);
    free(manifest->entries);
    free(manifest);
}

size_t manifest_count(const struct manifest *manifest)
{
    return manifest->count;
}

/* ---- the two files ---- */

static bool is_there(int root_fd, const char *name)
{
    struct stat status;
    return fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

bool manifest_fetch(int root_fd, bool *ret_is_there, struct builder *ret_text, struct builder *ret_signature,
                    struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    bool has_text = is_there(root_fd, MANIFEST_NAME);
    bool has_signature = is_there(root_fd, MANIFEST_SIGNATURE_NAME);
    if (!has_text && !has_signature) {
        *ret_is_there = false;
        return true;
    }
    if (!has_signature)
        return error_set(err, ERROR_INPUT, 0,
                         "the medium's " MANIFEST_NAME " is not signed (" MANIFEST_SIGNATURE_NAME
                         " is missing); have it signed, or take it off the medium");
    if (!has_text)
        return error_set(err, ERROR_INPUT, 0,
                         "the medium holds " MANIFEST_SIGNATURE_NAME " and not the " MANIFEST_NAME
                         " it is for; bring the medium again, whole");
    if (!media_read(root_fd, MANIFEST_SIGNATURE_NAME, MANIFEST_SIGNATURE_MAX_LEN, &signature, err) ||
        !media_read(root_fd, MANIFEST_NAME, MANIFEST_MAX_LEN, &text, err))
        return error_while(err, "reading the medium's manifest");
    builder_add_bytes(ret_signature, builder_bytes(&signature));
    *ret_is_there = true;
    if (ret_text->len == 0) { // a hundred thousand lines are not copied
        builder_done(ret_text);
        *ret_text = text;
        text = (struct builder)BUILDER_INIT;
    } else {
        builder_add_bytes(ret_text, builder_bytes(&text));
    }
    return true;
}

/* ---- its lines ---- */

static bool is_hex(const char *text)
{
    for (size_t i = 0; i < HEX_LEN; i++) {
        bool is_digit = text[i] >= '0' && text[i] <= '9';
        if (!is_digit && !(text[i] >= 'a' && text[i] <= 'f'))
            return false;
    }
    return true;
}

/** Undoes sha256sum's escapes where the name stands. \return false: an escape it does not write */
static bool unescape(char *name)
{
    char *to = name;
    for (const char *from = name; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != '\\' && *from != 'n' && *from != 'r')
            return false;
        *to++ = *from == 'n' ? '\n' : *from == 'r' ? '\r' : '\\';
    }
    *to = '\0';
    return true;
}

/** Only a name the walk below the medium can come up with is of use. \return NULL, or what is wrong */
static const char *name_fault(const char *name)
{
    if (strncmp(name, MANIFEST_FOLDER, strlen(MANIFEST_FOLDER)) != 0)
        return "is not below " MANIFEST_FOLDER;
    if (strlen(name) >= PATH_MAX)
        return "is longer than a path can be";
    for (const char *part = name;;) {
        size_t len = strcspn(part, "/");
        if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
            return "has an empty part, \".\" or \"..\" in it";
        if (part[len] == '\0')
            return NULL;
        part += len + 1;
    }
}

/** \param line NUL-terminated, changed in place \return NULL, or what is wrong with its form */
static const char *read_line(char *line, char **ret_digest, char **ret_name)
{
    bool is_escaped = *line == '\\';
    char *digest = line + (is_escaped ? 1 : 0);
    size_t len = strlen(digest);
    if (strncmp(digest, "SHA256 (", 8) == 0)
        return "is in the --tag form; leave --tag away";
    if (len > 0 && digest[len - 1] == '\r')
        return "ends with a carriage return; write lines as sha256sum does on Linux";
    if (len < HEX_LEN + 3 || !is_hex(digest) || digest[HEX_LEN] != ' ' ||
        (digest[HEX_LEN + 1] != ' ' && digest[HEX_LEN + 1] != '*'))
        return "is not \"<64 lower-case hex digits>  <name>\"";
    char *name = digest + HEX_LEN + 2;
    if (is_escaped && !unescape(name))
        return "has an escape in its name that sha256sum does not write";
    *ret_digest = digest;
    *ret_name = strncmp(name, "./", 2) == 0 ? name + 2 : name;
    return NULL;
}

static bool add_line(struct manifest *manifest, char *line, size_t number, struct error *err)
{
    char *digest = NULL;
    char *name = NULL;
    struct quoted buffer;
    const char *fault = read_line(line, &digest, &name);
    if (fault != NULL)
        return error_set(err, ERROR_INPUT, 0, MANIFEST_NAME " line %zu %s", number, fault);
    fault = name_fault(name);
    if (fault != NULL)
        return error_set(err, ERROR_INPUT, 0, MANIFEST_NAME " line %zu: the name \"%s\" %s", number,
                         quoted_text(name, &buffer), fault);
    // A power of two at a time, so that the array is not moved at every line.
    if ((manifest->count & (manifest->count - 1)) == 0)
        manifest->entries = memory_grow(manifest->entries, manifest->count == 0 ? 1 : manifest->count * 2,
                                        sizeof(*manifest->entries));
    manifest->entries[manifest->count++] =
        (struct entry){.digest = (uint32_t)(digest - manifest->text),
                       .name = (uint32_t)(name + strlen(MANIFEST_FOLDER) - manifest->text)};
    return true;
}

static int compare(const void *a, const void *b, void *text)
{
    return strcmp((const char *)text + ((const struct entry *)a)->name,
                  (const char *)text + ((const struct entry *)b)->name);
}

static bool has_twins(const struct manifest *manifest, struct error *err)
{
    struct quoted buffer;
    for (size_t i = 1; i < manifest->count; i++) {
        const char *name = manifest->text + manifest->entries[i].name;
        if (strcmp(name, manifest->text + manifest->entries[i - 1].name) != 0)
            continue;
        (void)error_set(err, ERROR_INPUT, 0, MANIFEST_NAME " lists \"" MANIFEST_FOLDER "%s\" twice",
                        quoted_text(name, &buffer)); // its result is always false
        return true;
    }
    return false;
}

bool manifest_parse(struct builder *text, struct manifest **ret_manifest, struct error *err)
{
    size_t len = text->len;
    size_t number = 0;
    AUTO(manifest_free) struct manifest *manifest = memory_new(1, sizeof(*manifest));
    if (len == 0 || len > MANIFEST_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, MANIFEST_NAME " %s",
                         len == 0 ? "is empty" : "is larger than 128 MiB");
    if (memchr(text->data, '\0', len) != NULL)
        return error_set(err, ERROR_INPUT, 0, MANIFEST_NAME " has a NUL byte in it; leave --zero away");
    manifest->text = builder_take_text(text);
    char *next = manifest->text;
    while (*next != '\0') {
        char *line = next;
        size_t line_len = strcspn(line, "\n");
        next = line + line_len + (line[line_len] == '\n' ? 1 : 0);
        line[line_len] = '\0';
        if (!add_line(manifest, line, ++number, err))
            return false;
    }
    qsort_r(manifest->entries, manifest->count, sizeof(*manifest->entries), compare, manifest->text);
    if (has_twins(manifest, err))
        return false;
    *ret_manifest = TAKE(manifest);
    return true;
}

/* ---- questions ---- */

static struct entry *find(const struct manifest *manifest, const char *path)
{
    size_t low = 0;
    size_t high = manifest->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(path, manifest->text + manifest->entries[middle].name);
        if (order == 0)
            return &manifest->entries[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum manifest_answer manifest_check(struct manifest *manifest, const char *path, struct bytes data)
{
    uint8_t digest[32];
    char hex[129];
    struct entry *entry = find(manifest, path);
    if (entry == NULL)
        return MANIFEST_NOT_LISTED;
    entry->is_seen = true;
    digest_sha256(data, digest);
    return memcmp(hex_of(BYTES(digest), hex), manifest->text + entry->digest, HEX_LEN) == 0
               ? MANIFEST_MATCHES
               : MANIFEST_DIFFERS;
}

bool manifest_see(struct manifest *manifest, const char *path)
{
    struct entry *entry = find(manifest, path);
    if (entry == NULL)
        return false;
    entry->is_seen = true;
    return true;
}

const char *manifest_answer_text(enum manifest_answer answer)
{
    switch (answer) {
    case MANIFEST_DIFFERS:
        return "its content is not what the signed " MANIFEST_NAME " says; bring it again";
    case MANIFEST_NOT_LISTED:
        return "it is not in the signed " MANIFEST_NAME "; list it and have the list signed again";
    case MANIFEST_MATCHES:
    default:
        return NULL;
    }
}

const char *manifest_next_missing(const struct manifest *manifest, size_t *position)
{
    while (*position < manifest->count) {
        const struct entry *entry = &manifest->entries[(*position)++];
        if (!entry->is_seen)
            return manifest->text + entry->name;
    }
    return NULL;
}
