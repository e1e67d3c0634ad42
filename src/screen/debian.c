/* SPDX-License-Identifier: Apache-2.0 */
#include "base/builder.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "screen/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define DIGITS 20
#define LINE_LEN (DIGITS + 1)
#define LIST_MAX_LEN ((off_t)256 * 1024 * 1024)

struct screen_list {
    uint8_t *map;
    size_t map_len;
    const uint8_t *lines;
    size_t count;
};

void screen_list_close(struct screen_list *list)
{
    if (list->map != NULL)
        (void)munmap(list->map, list->map_len); // fails only for addresses that are not mapped
    free(list);
}

static bool is_line(const uint8_t *line)
{
    for (size_t i = 0; i < DIGITS; i++) {
        if (!(line[i] >= '0' && line[i] <= '9') && !(line[i] >= 'a' && line[i] <= 'f'))
            return false;
    }
    return line[DIGITS] == '\n';
}

/** Whether what is mapped is such a list; a list cut short or out of order would pass weak keys. */
static bool find_lines(struct screen_list *list, const char *name, struct error *err)
{
    struct quoted shown;
    const uint8_t *at = list->map;
    const uint8_t *end = list->map + list->map_len;
    while (at < end && *at == '#') {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline == NULL ? end : newline + 1;
    }
    list->lines = at;
    list->count = (size_t)(end - at) / LINE_LEN;
    bool is_sound = list->count > 0 && (size_t)(end - at) % LINE_LEN == 0;
    for (size_t i = 0; is_sound && i < list->count; i++) {
        const uint8_t *line = list->lines + i * LINE_LEN;
        is_sound = is_line(line) && (i == 0 || memcmp(line - LINE_LEN, line, DIGITS) < 0);
        if (!is_sound)
            return error_set(
                err, ERROR_INPUT, 0,
                "%s: entry %zu is not 20 lower-case hex digits above the entry before; make the list "
                "again with scripts/debian-weak-keys",
                quoted_text(name, &shown), i + 1);
    }
    return is_sound || error_set(err, ERROR_INPUT, 0,
                                 "%s: no list of Debian's weak keys, or one cut short; make it again with "
                                 "scripts/debian-weak-keys",
                                 quoted_text(name, &shown));
}

bool screen_list_open(int dirfd, const char *name, struct screen_list **ret_list, struct error *err)
{
    struct quoted shown;
    struct stat facts;
    AUTO(screen_list_close) struct screen_list *list = memory_new(1, sizeof(*list));
    AUTO(close) int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open %s", quoted_text(name, &shown));
    if (!S_ISREG(facts.st_mode) || facts.st_size <= 0 || facts.st_size > LIST_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, "%s: not a file of 1 byte to 256 MiB",
                         quoted_text(name, &shown));
    void *map = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return error_errno(err, ERROR_INPUT, errno, "can't map %s", quoted_text(name, &shown));
    list->map = map;
    list->map_len = (size_t)facts.st_size;
    if (!find_lines(list, name, err))
        return false;
    *ret_list = TAKE(list);
    return true;
}

size_t screen_list_count(const struct screen_list *list)
{
    return list->count;
}

static void fingerprint(struct bytes modulus, char ret_digits[static 129])
{
    static const char hex[] = "0123456789ABCDEF";
    uint8_t digest[20];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "Modulus=");
    for (size_t i = 0; i < modulus.len; i++) {
        if (i > 0 || modulus.data[i] >= 16) // as openssl prints a number: without a leading zero
            builder_add_u8(&text, (uint8_t)hex[modulus.data[i] >> 4]);
        builder_add_u8(&text, (uint8_t)hex[modulus.data[i] & 15]);
    }
    builder_add_u8(&text, '\n');
    digest_sha1(builder_bytes(&text), digest);
    (void)hex_of(BYTES(digest), ret_digits);
}

bool screen_list_has(const struct screen_list *list, struct bytes modulus)
{
    char digits[129];
    size_t low = 0;
    size_t high = list->count;
    fingerprint(modulus, digits);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(list->lines + middle * LINE_LEN, digits + 40 - DIGITS, DIGITS);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}
