/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "base/memory.h"
#include "base/private_key.h"
#include "base/quote.h"
#include "request/csr.h"
#include "request/csr_parts.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"
#define MAX_LABEL_LEN 64

/** The requests found so far. */
struct collection {
    struct request **items;
    size_t count;
};

static void collect(struct collection *collection, struct request *request)
{
    collection->items = memory_grow(collection->items, collection->count + 1, sizeof(struct request *));
    collection->items[collection->count++] = request;
}

/** Where needle begins in hay at or after from; hay.len if nowhere. */
static size_t find(struct bytes hay, size_t from, struct bytes needle)
{
    struct bytes rest = bytes_slice(hay, from, hay.len);
    const uint8_t *found = rest.len == 0 ? NULL : memmem(rest.data, rest.len, needle.data, needle.len);
    return found == NULL ? hay.len : (size_t)(found - hay.data);
}

/** The next BEGIN that stands at the start of a line. */
static size_t find_begin(struct bytes input, size_t from)
{
    for (size_t at = find(input, from, BYTES_LITERAL(PEM_BEGIN)); at < input.len;
         at = find(input, at + 1, BYTES_LITERAL(PEM_BEGIN))) {
        if (at == 0 || input.data[at - 1] == '\n' || input.data[at - 1] == '\r')
            return at;
    }
    return input.len;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct request *decode_block(struct bytes text)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    // RFC 7468 3: parsers may ignore white space; what remains must be exact base64.
    for (size_t i = 0; i < text.len; i++) {
        if (!is_space(text.data[i]))
            builder_add_u8(&packed, text.data[i]);
    }
    if (packed.len == 0 || !decode_base64(builder_bytes(&packed), &der))
        return request_failed("request.pem", "the PEM block is not exact base64 (RFC 7468 3)",
                              "have the request exported again");
    return csr_read(builder_bytes(&der));
}

static struct request *refuse_label(struct bytes label)
{
    char text[320];
    bool is_private = memmem(label.data, label.len, "PRIVATE KEY", 11) != NULL;
    (void)snprintf(text, sizeof(text), "a PEM block \"%s\" is %s, not a certificate request",
                   quoted(label, &(struct quoted){.text = ""}),
                   is_private ? "a private key" : "something else");
    return request_failed("request.pem", text,
                          is_private ? "take the private key off the medium; a CA must never see it"
                                     : "bring a block CERTIFICATE REQUEST");
}

/** What is no PEM block: DER, or bytes that say nothing. */
static struct request *read_der(struct bytes input, bool is_der)
{
    char text[160];
    const char *form = private_key_form(input);
    if (form == NULL)
        return is_der ? csr_read(input) : csr_refuse_other(input);
    (void)snprintf(text, sizeof(text), "%s, not a certificate request", form);
    return request_failed("request.pem", text, "take the private key off the medium; a CA must never see it");
}

static bool is_request_label(struct bytes label)
{
    return bytes_equal_text(label, "CERTIFICATE REQUEST") ||
           bytes_equal_text(label, "NEW CERTIFICATE REQUEST");
}

/** Reads the block that begins at `at`. \return where to look on */
static size_t read_block(struct bytes input, size_t at, struct collection *collection)
{
    char end[sizeof(PEM_END) + MAX_LABEL_LEN + sizeof(PEM_DASHES)];
    size_t label_at = at + sizeof(PEM_BEGIN) - 1;
    size_t label_end = find(input, label_at, BYTES_LITERAL(PEM_DASHES));
    size_t label_len = label_end - label_at;
    if (label_end == input.len || label_len > MAX_LABEL_LEN ||
        memchr(input.data + label_at, '\n', label_len) != NULL) {
        collect(collection,
                request_failed("request.pem", "a PEM block has no proper BEGIN line (RFC 7468 2)", NULL));
        return label_at;
    }
    struct bytes label = bytes_slice(input, label_at, label_len);
    size_t body = label_end + sizeof(PEM_DASHES) - 1;
    (void)snprintf(end, sizeof(end), PEM_END "%.*s" PEM_DASHES, (int)label_len,
                   (const char *)input.data + label_at);
    size_t body_end = find(input, body, bytes_of_text(end));
    if (body_end == input.len) {
        collect(collection,
                request_failed("request.pem", "a PEM block has no END line: the file was cut short",
                               "copy the file again"));
        return body;
    }
    collect(collection, is_request_label(label) ? decode_block(bytes_slice(input, body, body_end - body))
                                                : refuse_label(label));
    return body_end + strlen(end);
}

void csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    struct collection found = {.items = NULL};
    // Editors on Windows put a byte order mark in front.
    if (input.len >= 3 && memcmp(input.data, "\xef\xbb\xbf", 3) == 0)
        input = bytes_slice(input, 3, input.len);
    if (input.len == 0) {
        collect(&found, request_failed("request.empty", "the file is empty", NULL));
    } else if (input.len > REQUEST_MAX_FILE_LEN) {
        collect(&found,
                request_failed("request.size", "larger than the 65536 bytes a request may have", NULL));
    } else if (input.len > 1 && input.data[0] == DER_SEQUENCE && (input.data[1] & 0x80) != 0) {
        // The smallest request needs a long length, which no text that starts with "0" looks like.
        collect(&found, read_der(input, true));
    } else {
        for (size_t at = find_begin(input, 0); at < input.len; at = find_begin(input, at)) {
            if (found.count == CSR_MAX_PEM_BLOCKS) {
                collect(&found, request_failed("request.pem", "more than 1024 PEM blocks in one file",
                                               "bring the rest in another file"));
                break;
            }
            at = read_block(input, at, &found);
        }
    }
    if (found.count == 0)
        collect(&found, read_der(input, false));
    *ret_requests = found.items;
    *ret_count = found.count;
}
