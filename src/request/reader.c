/* SPDX-License-Identifier: Apache-2.0 */
#include "request/reader.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/public_key.h"
#include "request/csr.h"
#include "request/storage.h"
#include "sandbox/wire.h"

/* One key of each kind that needs no randomness to write down: the base points, and a number of 2048 bits. */
static const struct {
    enum key_kind kind;
    const char *point; /**< hex */
} sample_points[] = {
    {KEY_EC_P256, "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"},
    {KEY_EC_P384,
     "03aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"},
    {KEY_EC_P521,
     "0200c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2f"
     "fa8de3348b3c1856a429bf97e7e31c2e5bd66"},
    {KEY_ED25519, "5866666666666666666666666666666666666666666666666666666666666666"},
};

/** Verifies nonsense with each kind of signature the key can make: what matters is what gets loaded on the way. */
static void warm_up_key(const struct public_key_facts *facts)
{
    struct error ignored = ERROR_INIT;
    AUTO(public_key_free) struct public_key *key = NULL;
    uint8_t signature[256] = {0};
    if (!public_key_new(facts, &key, &ignored))
        abort(); // the samples are sound
    for (int kind = SIGNATURE_RSA_SHA256; kind <= SIGNATURE_ED25519; kind++) {
        if (signature_fits_key((enum signature_kind)kind, facts->kind) &&
            public_key_verify(key, (enum signature_kind)kind, BYTES_LITERAL("warm"), BYTES(signature),
                              &ignored))
            abort(); // nonsense does not verify
    }
}

void reader_warm_up(void)
{
    uint8_t modulus[256];
    static const uint8_t exponent[] = {1, 0, 1};
    struct request **requests = NULL;
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(sample_points); i++) {
        AUTO(builder_done) struct builder point = BUILDER_INIT;
        if (!decode_hex(bytes_of_text(sample_points[i].point), &point))
            abort(); // it is hex
        warm_up_key(
            &(struct public_key_facts){.kind = sample_points[i].kind, .bit_string = builder_bytes(&point)});
    }
    memset(modulus, 0xff, sizeof(modulus));
    warm_up_key(
        &(struct public_key_facts){.kind = KEY_RSA, .modulus = BYTES(modulus), .exponent = BYTES(exponent)});
    csr_read_all(BYTES_LITERAL("0"), &requests, &count);
    request_free(requests[0]);
    free(requests);
}

static void put_u32(struct builder *out, size_t at, size_t value)
{
    if (out->has_failed)
        return;
    for (size_t i = 0; i < 4; i++)
        out->data[at + i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add_request(struct builder *out, const struct request *request)
{
    size_t start = out->len;
    builder_add_u32(out, 0);
    csr_encode(request, out);
    put_u32(out, start, out->len - start - 4);
}

/** Encodes the answer to one input, its length in front. */
static void answer(reader_function *read, struct bytes input, struct builder *ret_answer)
{
    struct request **requests = NULL;
    size_t count = 0;
    read(input, &requests, &count);
    builder_clear(ret_answer);
    builder_add_u32(ret_answer, 0);
    builder_add_u16(ret_answer, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        add_request(ret_answer, requests[i]);
        request_free(requests[i]);
    }
    free(requests);
    if (ret_answer->has_failed) {
        AUTO(request_free)
        struct request *failed =
            request_failed("request.reader", "the facts of this file are too many to hand over",
                           "bring its requests in separate files");
        builder_clear(ret_answer);
        builder_add_u32(ret_answer, 0);
        builder_add_u16(ret_answer, 1);
        add_request(ret_answer, failed);
    }
    put_u32(ret_answer, 0, ret_answer->len - 4);
}

static uint32_t number_at(const uint8_t *data)
{
    return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

int reader_run(int fd, void *context)
{
    // Room for one whole input; usually a read brings many small ones at once.
    static uint8_t buffer[4 + REQUEST_MAX_FILE_LEN];
    reader_function *const *read = context;
    AUTO(builder_done) struct builder out = {.max_len = 4 + READER_MAX_ANSWER};
    size_t filled = 0;
    for (;;) {
        size_t got = wire_read_some(fd, buffer + filled, sizeof(buffer) - filled);
        size_t done = 0;
        if (got == 0)
            return 0; // the parent has closed the pool
        filled += got;
        while (filled - done >= 4) {
            size_t len = number_at(buffer + done);
            if (len > REQUEST_MAX_FILE_LEN)
                return 2; // the parent never sends that
            if (filled - done - 4 < len)
                break;
            answer(*read, bytes_of(buffer + done + 4, len), &out);
            // At once: when a parser process dies, the first input without an answer is the one it died of.
            if (!wire_write(fd, builder_bytes(&out)))
                return 0;
            done += 4 + len;
        }
        memmove(buffer, buffer + done, filled - done);
        filled -= done;
    }
}

void reading_free(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        if (reading->requests[i] != NULL)
            request_free(reading->requests[i]);
    }
    free(reading->requests);
    free(reading);
}

bool reader_answer_decode(struct bytes body, struct reading *ret_reading, struct error *err)
{
    size_t count = body.len < 2 ? 0 : (size_t)body.data[0] << 8 | body.data[1];
    struct bytes rest = bytes_slice(body, 2, body.len);
    if (count == 0 || count > READER_MAX_REQUESTS)
        return error_set(err, ERROR_INPUT, 0, "a parser process's result has %zu requests", count);
    AUTO(reading_free) struct reading *reading = memory_new(1, sizeof(*reading));
    reading->requests = memory_new(count, sizeof(struct request *));
    reading->count = count;
    for (size_t i = 0; i < count; i++) {
        size_t len = rest.len < 4 ? SIZE_MAX : number_at(rest.data);
        if (len > rest.len || len > rest.len - 4)
            return error_set(err, ERROR_INPUT, 0, "a parser process's result ends too early");
        if (!csr_decode(bytes_slice(rest, 4, len), &reading->requests[i], err))
            return false;
        rest = bytes_slice(rest, 4 + len, rest.len);
    }
    if (rest.len > 0)
        return error_set(err, ERROR_INPUT, 0, "bytes follow a parser process's result");
    ret_reading->requests = TAKE(reading->requests);
    ret_reading->count = count;
    reading->count = 0;
    return true;
}
