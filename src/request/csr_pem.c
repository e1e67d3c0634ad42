/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/private_key.h"
#include "base/quote.h"
#include "request/csr.h"
#include "request/csr_cut.h"
#include "request/csr_parts.h"

static struct request *read_block(struct bytes body)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    if (!csr_unpack(body, &der))
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

/** What is not a PEM block: DER, or bytes that say nothing. */
static struct request *read_der(struct bytes input, bool is_der)
{
    char text[160];
    const char *form = private_key_form(input);
    if (form == NULL)
        return is_der ? csr_read(input) : csr_refuse_other(input);
    (void)snprintf(text, sizeof(text), "%s, not a certificate request", form);
    return request_failed("request.pem", text, "take the private key off the medium; a CA must never see it");
}

static struct request *read_piece(const struct csr_piece *piece)
{
    switch (piece->kind) {
    case CSR_PIECE_EMPTY:
        return request_failed("request.empty", "the file is empty", NULL);
    case CSR_PIECE_LARGE:
        return request_failed("request.size", "larger than the 65536 bytes a request may have", NULL);
    case CSR_PIECE_DER:
        return read_der(piece->body, true);
    case CSR_PIECE_BLOCK:
        return read_block(piece->body);
    case CSR_PIECE_LABEL:
        return refuse_label(piece->label);
    case CSR_PIECE_NO_BEGIN:
        return request_failed("request.pem", "a PEM block has no proper BEGIN line (RFC 7468 2)", NULL);
    case CSR_PIECE_NO_END:
        return request_failed("request.pem", "a PEM block has no END line: the file was cut short",
                              "copy the file again");
    case CSR_PIECE_MANY:
        return request_failed("request.pem", "more than 1024 PEM blocks in one file",
                              "bring the rest in another file");
    case CSR_PIECE_OTHER:
    default:
        return read_der(piece->body, false);
    }
}

void csr_read_all(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    struct request **found = NULL;
    size_t count = 0;
    struct csr_piece piece;
    struct csr_cutter cutter = csr_cutter(input);
    while (csr_cut(&cutter, &piece)) {
        found = memory_grow(found, count + 1, sizeof(struct request *));
        found[count++] = read_piece(&piece);
    }
    *ret_requests = found;
    *ret_count = count;
}
