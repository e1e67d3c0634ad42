/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/seen.h"

#include "base/digest.h"
#include "base/memory.h"
#include "media/media.h"

#include <string.h>

#define SLOTS_MIN 1024

/* What a slot's digest is of; part of the digest, so that one table holds all three. */
enum seen_kind { SEEN_REQUEST = 1, SEEN_NAME, SEEN_KEY };

struct slot {
    uint8_t digest[16]; /**< of kind and value; half of a SHA-256 is more than chance or malice can hit */
    uint32_t source;    /**< index into sources, plus one; 0: the slot is free */
};

struct seen {
    struct slot *slots; /**< open addressing; the count is a power of two, at most three quarters are taken */
    size_t slots_count;
    size_t taken;
    char **sources;
    size_t sources_count;
    size_t sources_capacity;
};

struct seen *seen_new(void)
{
    struct seen *seen = memory_new(1, sizeof(*seen));
    seen->slots = memory_new(SLOTS_MIN, sizeof(*seen->slots));
    seen->slots_count = SLOTS_MIN;
    return seen;
}

void seen_free(struct seen *seen)
{
    for (size_t i = 0; i < seen->sources_count; i++)
        free(seen->sources[i]);
    free(seen->sources);
    free(seen->slots);
    free(seen);
}

/** The slot that holds the digest, or the free one where it would go. */
static struct slot *find(const struct seen *seen, const uint8_t digest[static 16])
{
    uint64_t start;
    memcpy(&start, digest, sizeof(start)); // a digest's bytes are as good as any hash
    for (size_t i = (size_t)start & (seen->slots_count - 1);; i = (i + 1) & (seen->slots_count - 1)) {
        struct slot *slot = &seen->slots[i];
        if (slot->source == 0 || memcmp(slot->digest, digest, sizeof(slot->digest)) == 0)
            return slot;
    }
}

static void grow(struct seen *seen)
{
    struct seen larger = *seen;
    larger.slots_count = seen->slots_count * 2;
    larger.slots = memory_new(larger.slots_count, sizeof(*larger.slots));
    for (size_t i = 0; i < seen->slots_count; i++) {
        if (seen->slots[i].source != 0)
            *find(&larger, seen->slots[i].digest) = seen->slots[i];
    }
    free(seen->slots);
    *seen = larger;
}

static void digest_of(enum seen_kind kind, struct bytes value, uint8_t ret_digest[static 16])
{
    uint8_t digest[32];
    uint8_t prefix = (uint8_t)kind;
    const struct bytes parts[] = {bytes_of(&prefix, 1), value};
    digest_sha256_parts(parts, ARRAY_LEN(parts), digest);
    memcpy(ret_digest, digest, 16);
}

/** \return the source of the first that had it; NULL: this is the first */
static const char *note(struct seen *seen, enum seen_kind kind, struct bytes value, uint32_t source)
{
    uint8_t digest[16];
    digest_of(kind, value, digest);
    struct slot *slot = find(seen, digest);
    if (slot->source != 0)
        return seen->sources[slot->source - 1];
    memcpy(slot->digest, digest, sizeof(digest));
    slot->source = source;
    if (++seen->taken > seen->slots_count / 4 * 3)
        grow(seen);
    return NULL;
}

static uint32_t keep_source(struct seen *seen, const char *source)
{
    if (seen->sources_count == seen->sources_capacity) {
        seen->sources_capacity = seen->sources_capacity == 0 ? 256 : 2 * seen->sources_capacity;
        seen->sources = memory_grow(seen->sources, seen->sources_capacity, sizeof(*seen->sources));
    }
    seen->sources[seen->sources_count++] = memory_text(source);
    return (uint32_t)seen->sources_count;
}

static const char *note_name(struct seen *seen, const char *name, uint32_t source)
{
    AUTO(builder_done) struct builder folded = BUILDER_INIT;
    media_fold_name(name, &folded);
    return note(seen, SEEN_NAME, builder_bytes(&folded), source);
}

static void refuse_key(struct plan_item *item, const char *first)
{
    AUTO(free) char *text = memory_format("key: the same key as in %s (key.unique)", first);
    plan_item_refuse(item, "key.unique", text, "make a new key for each device");
}

void seen_note(struct seen *seen, struct plan_item *item, bool checks_key)
{
    uint32_t source = keep_source(seen, item->source);
    const char *first = note(seen, SEEN_REQUEST, BYTES(item->request->sha256), source);
    if (first != NULL) {
        AUTO(free) char *text = memory_format("the same request as %s, which gets the certificate", first);
        plan_item_refuse(item, "request.duplicate", text, "remove one of the two files");
        return;
    }
    first = note_name(seen, item->name, source);
    if (first != NULL) {
        AUTO(free)
        char *text = memory_format("its certificate would be written to the same name as that of %s", first);
        plan_item_refuse(item, "output.name", text, "rename the request file");
        return;
    }
    first = checks_key ? note(seen, SEEN_KEY, BYTES(item->request->key_value), source) : NULL;
    if (first != NULL)
        refuse_key(item, first);
}

void seen_look_up_key(const struct seen *seen, struct plan_item *item)
{
    uint8_t digest[16];
    digest_of(SEEN_KEY, BYTES(item->request->key_value), digest);
    const struct slot *slot = find(seen, digest);
    if (slot->source != 0)
        refuse_key(item, seen->sources[slot->source - 1]);
}
