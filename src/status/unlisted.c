/* SPDX-License-Identifier: Apache-2.0 */
#include "status/unlisted.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "cert/crl.h"
#include "records/newest_crl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define PART_LEN ((size_t)1 << 20)
#define OVERLAP                                                                                              \
    128 /* more than a serial's INTEGER can have: one that lies across two parts is in one of them */

/** The INTEGERs as they would stand on a CRL. */
struct needles {
    struct builder items[UNLISTED_MAX];
    size_t count;
};

static void needles_done(struct needles *needles)
{
    for (size_t i = 0; i < needles->count; i++)
        builder_done(&needles->items[i]);
}
DEFINE_AUTO_VALUE(struct needles, needles_done);

static bool has_any(const struct needles *needles, struct bytes part)
{
    for (size_t i = 0; i < needles->count; i++) {
        struct bytes needle = builder_bytes(&needles->items[i]);
        if (memmem(part.data, part.len, needle.data, needle.len) != NULL)
            return true;
    }
    return false;
}

/** One reading: the digest, and whether one of them is in it. What only looks like one costs time, nothing else. */
static bool read_silent(int fd, const struct needles *needles, uint8_t ret_sha256[static DIGEST_MAX_LEN])
{
    AUTO(digest_stream_free) struct digest_stream *sha256 = digest_stream_new(HASH_SHA256);
    AUTO(free) uint8_t *room = memory_new(OVERLAP + PART_LEN, 1);
    size_t kept = 0;
    for (;;) {
        ssize_t got = read(fd, room + kept, PART_LEN);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            (void)digest_stream_end(sha256, ret_sha256); // it is in the room
            return got == 0;
        }
        size_t len = kept + (size_t)got;
        digest_stream_add(sha256, bytes_of(room + kept, (size_t)got));
        if (has_any(needles, bytes_of(room, len)))
            return false;
        kept = len < OVERLAP ? len : OVERLAP;
        memmove(room, room + len - kept, kept);
    }
}

/** Whether the file of this CRL in crl/ is the one that was issued, and has none of them. */
static bool is_silent(const struct home *home, const struct newest_crl *crl, const struct needles *needles)
{
    uint8_t sha256[DIGEST_MAX_LEN];
    struct error ignored = ERROR_INIT; // a CRL that was carried away says nothing
    AUTO(close) int fd = -1;
    AUTO(free) char *path = memory_format(HOME_CRLS "/crl-%" PRIu64 ".der", crl->number);
    return file_open_regular(home->fd, path, O_RDONLY | O_NOFOLLOW, &fd, &ignored) &&
           read_silent(fd, needles, sha256) && memcmp(sha256, crl->sha256, sizeof(crl->sha256)) == 0;
}

uint64_t unlisted_up_to(const struct home *home, const struct unlisted *certificates, size_t count)
{
    struct newest_crl crl;
    struct error ignored = ERROR_INIT; // `ledger verify` says what is wrong with it
    AUTO(needles_done) struct needles needles = {.count = 0};
    if (count > UNLISTED_MAX || !newest_crl_find(home->ledger, &crl, &ignored) || !crl.has)
        return 0;
    for (size_t i = 0; i < count; i++) {
        // One that had ended may have left the list before.
        if (certificates[i].not_after == CRL_NO_TIME || certificates[i].not_after < crl.this_update)
            return 0;
        needles.items[i] = (struct builder)BUILDER_INIT;
        needles.count = i + 1;
        der_add_unsigned(&needles.items[i], certificates[i].serial);
    }
    return is_silent(home, &crl, &needles) ? crl.size : 0;
}
