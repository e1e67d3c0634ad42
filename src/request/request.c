/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include "base/digest.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/public_key.h"
#include "base/quote.h"
#include "request/storage.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>

#define CHUNK_LEN 1024

/** One piece of a request's storage. */
struct chunk {
    struct chunk *next;
    size_t used;
    size_t len;
    alignas(max_align_t) uint8_t data[];
};

struct request *request_new(void)
{
    struct request *request = memory_new(1, sizeof(*request));
    request->path_len = -1;
    request->subject_text = "";
    return request;
}

void request_free(struct request *request)
{
    for (struct chunk *chunk = request->storage; chunk != NULL;) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    findings_done(&request->problems);
    findings_done(&request->notes);
    free(request);
}

void *request_alloc(struct request *request, size_t count, size_t size_bytes)
{
    struct chunk *chunk = request->storage;
    size_t need = 0;
    // All sizes are bounded by the 64 KiB a request may have; an overflow is a bug.
    if (__builtin_mul_overflow(count, size_bytes, &need) || need > SIZE_MAX / 2)
        abort();
    need = (need + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (chunk == NULL || chunk->len - chunk->used < need) {
        size_t len = need > CHUNK_LEN ? need : CHUNK_LEN;
        chunk = memory_new(1, sizeof(*chunk) + len);
        chunk->len = len;
        chunk->next = request->storage;
        request->storage = chunk;
    }
    void *buffer = chunk->data + chunk->used;
    chunk->used += need;
    return buffer;
}

struct bytes request_keep(struct request *request, struct bytes data)
{
    uint8_t *copy = request_alloc(request, data.len + 1, 1);
    if (data.len > 0)
        memcpy(copy, data.data, data.len);
    return bytes_of(copy, data.len);
}

const char *request_keep_text(struct request *request, const char *text)
{
    return (const char *)request_keep(request, bytes_of_text(text)).data;
}

void request_problem(struct request *request, const char *rule, const char *source, const char *format, ...)
{
    char text[900];
    va_list arguments;
    if (request->problems.count >= REQUEST_MAX_PROBLEMS)
        return;
    if (request->problems.count == REQUEST_MAX_PROBLEMS - 1) {
        findings_say(&request->problems, "request.problems", NULL, "further problems are not listed");
        return;
    }
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // a reason longer than that is cut
    va_end(arguments);
    findings_say(&request->problems, rule, source, "%s", text);
}

void request_remedy(struct request *request, const char *remedy)
{
    struct finding *last = &request->problems.items[request->problems.count - 1];
    if (strcmp(last->rule, "request.problems") != 0 && last->remedy == NULL)
        last->remedy = memory_text(remedy);
}

struct request *request_failed(const char *rule, const char *text, const char *remedy)
{
    struct request *request = request_new();
    findings_add(&request->problems, &(struct finding){.rule = (char *)(uintptr_t)rule,
                                                       .text = (char *)(uintptr_t)text,
                                                       .remedy = (char *)(uintptr_t)remedy});
    return request;
}

bool request_remember(const uint8_t sha256[static 32], const char *subject_text, struct bytes spki,
                      struct request **ret_request, struct error *err)
{
    AUTO(request_free) struct request *request = request_new();
    struct public_key_facts key;
    request->spki = request_keep(request, spki);
    if (!public_key_read(request->spki, &key, err))
        return false;
    memcpy(request->sha256, sha256, sizeof(request->sha256));
    request->subject_text = request_keep_text(request, subject_text);
    request->key_kind = key.kind;
    request->key_bits = key.bits;
    (void)key_name(key.kind, key.bits, request->key_name);
    digest_sha256(request->spki, request->spki_sha256);
    key_value(request->spki, request->key_value);
    *ret_request = TAKE(request);
    return true;
}

static const char *const san_kinds[] = {
    [SAN_OTHER_NAME] = "other",
    [SAN_EMAIL] = "email",
    [SAN_DNS] = "dns",
    [SAN_X400] = "x400",
    [SAN_DIRECTORY] = "directory",
    [SAN_EDI] = "edi",
    [SAN_URI] = "uri",
    [SAN_IP] = "ip",
    [SAN_RID] = "rid",
};

const char *san_kind_name(enum san_kind kind)
{
    return san_kinds[kind];
}

bool san_kind_parse(const char *name, enum san_kind *ret_kind)
{
    for (size_t i = 0; i < ARRAY_LEN(san_kinds); i++) {
        if (strcmp(name, san_kinds[i]) == 0) {
            *ret_kind = (enum san_kind)i;
            return true;
        }
    }
    return false;
}
