/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr_cut.h"

#include "base/encode.h"
#include "request/csr_parts.h"

#include <stdio.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"
#define MAX_LABEL_LEN 64

struct csr_cutter csr_cutter(struct bytes input)
{
    // Editors on Windows put a byte order mark in front.
    if (input.len >= 3 && memcmp(input.data, "\xef\xbb\xbf", 3) == 0)
        input = bytes_slice(input, 3, input.len);
    return (struct csr_cutter){.input = input};
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

bool csr_unpack(struct bytes body, struct builder *ret_der)
{
    AUTO(builder_done) struct builder packed = BUILDER_INIT;
    // RFC 7468 3: parsers may ignore white space; what remains must be exact base64.
    for (size_t i = 0; i < body.len; i++) {
        if (!is_space(body.data[i]))
            builder_add_u8(&packed, body.data[i]);
    }
    return packed.len > 0 && decode_base64(builder_bytes(&packed), ret_der);
}

static bool is_request_label(struct bytes label)
{
    return bytes_equal_text(label, "CERTIFICATE REQUEST") ||
           bytes_equal_text(label, "NEW CERTIFICATE REQUEST");
}

/** Cuts the block that begins at `at`. \return where to look on */
static size_t cut_block(struct bytes input, size_t at, struct csr_piece *ret_piece)
{
    char end[sizeof(PEM_END) + MAX_LABEL_LEN + sizeof(PEM_DASHES)];
    size_t label_at = at + sizeof(PEM_BEGIN) - 1;
    size_t label_end = find(input, label_at, BYTES_LITERAL(PEM_DASHES));
    size_t label_len = label_end - label_at;
    if (label_end == input.len || label_len > MAX_LABEL_LEN ||
        memchr(input.data + label_at, '\n', label_len) != NULL) {
        ret_piece->kind = CSR_PIECE_NO_BEGIN;
        return label_at;
    }
    ret_piece->label = bytes_slice(input, label_at, label_len);
    size_t body = label_end + sizeof(PEM_DASHES) - 1;
    (void)snprintf(end, sizeof(end), PEM_END "%.*s" PEM_DASHES, (int)label_len,
                   (const char *)input.data + label_at); // the label was measured
    size_t body_end = find(input, body, bytes_of_text(end));
    if (body_end == input.len) {
        ret_piece->kind = CSR_PIECE_NO_END;
        return body;
    }
    ret_piece->kind = is_request_label(ret_piece->label) ? CSR_PIECE_BLOCK : CSR_PIECE_LABEL;
    ret_piece->body = bytes_slice(input, body, body_end - body);
    return body_end + strlen(end);
}

/** What an input is that is one piece whatever it holds; CSR_PIECE_BLOCK: it has to be looked through for blocks. */
static enum csr_piece_kind kind_of(struct bytes input)
{
    if (input.len == 0)
        return CSR_PIECE_EMPTY;
    if (input.len > REQUEST_MAX_FILE_LEN)
        return CSR_PIECE_LARGE;
    // The smallest request needs a long length, which no text that starts with "0" looks like.
    if (input.len > 1 && input.data[0] == DER_SEQUENCE && (input.data[1] & 0x80) != 0)
        return CSR_PIECE_DER;
    return find_begin(input, 0) < input.len ? CSR_PIECE_BLOCK : CSR_PIECE_OTHER;
}

bool csr_cut(struct csr_cutter *cutter, struct csr_piece *ret_piece)
{
    if (cutter->is_done)
        return false;
    *ret_piece = (struct csr_piece){.kind = CSR_PIECE_MANY};
    enum csr_piece_kind kind = cutter->count == 0 ? kind_of(cutter->input) : CSR_PIECE_BLOCK;
    if (kind != CSR_PIECE_BLOCK) {
        ret_piece->kind = kind;
        ret_piece->body = cutter->input;
        cutter->is_done = true;
        return true;
    }
    size_t at = find_begin(cutter->input, cutter->at);
    if (at == cutter->input.len)
        return false;
    if (cutter->count++ == CSR_MAX_PEM_BLOCKS)
        cutter->is_done = true;
    else
        cutter->at = cut_block(cutter->input, at, ret_piece);
    return true;
}
