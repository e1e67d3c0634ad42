/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "cert/asn1.h"
#include "cert/crl_parts.h"

#define BACK_MAX_LEN ((size_t)1 << 16) /* of what stands behind the entries: a few extensions */
#define ENTRY_MAX_LEN ((size_t)1 << 12)

struct crl_stream {
    const struct cert_issuer *issuer;
    struct builder head; /**< content of the TBSCertList before the entries */
    struct builder back; /**< behind them */
    struct builder rest; /**< entries, the last of them cut off */
    struct builder buffer;
    size_t back_len; /**< what is to come */
    size_t entries_len, entries_left;
    bool has_begun, has_entries;
    struct crl_entries_lint lint;
    struct findings findings;
};

struct crl_stream *crl_stream_new(const struct cert_issuer *issuer)
{
    struct crl_stream *stream = memory_new(1, sizeof(*stream));
    stream->issuer = issuer;
    return stream;
}

void crl_stream_free(struct crl_stream *stream)
{
    builder_done(&stream->head);
    builder_done(&stream->back);
    builder_done(&stream->rest);
    builder_done(&stream->buffer);
    findings_done(&stream->findings);
    free(stream);
}

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_INPUT, 0, "not a CRL: %s", what);
}

/** Tag and length of an element whose content need not be there. */
static bool take_header(struct bytes *cursor, uint8_t tag, size_t *ret_len)
{
    if (cursor->len < 2 || cursor->data[0] != tag)
        return false;
    size_t octets = cursor->data[1] < 0x80 ? 0 : cursor->data[1] & 0x7fU;
    size_t len = octets == 0 ? cursor->data[1] : 0;
    if (octets > sizeof(len) || cursor->len < 2 + octets)
        return false;
    for (size_t i = 0; i < octets; i++)
        len = len << 8 | cursor->data[2 + i];
    // As it would be written: X.690 10.1 has one form of a length.
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    der_add_header(&again, tag, len);
    if (!bytes_equal(builder_bytes(&again), bytes_slice(*cursor, 0, 2 + octets)))
        return false;
    *cursor = bytes_slice(*cursor, 2 + octets, cursor->len);
    *ret_len = len;
    return true;
}

/** Takes what stands before the entries: version, algorithm, issuer and dates. */
static bool pass_head(struct bytes *body)
{
    struct bytes algorithm;
    struct bytes issuer;
    struct bytes version;
    int64_t time;
    if (der_is_next(*body, DER_INTEGER) && !der_take(body, DER_INTEGER, &version))
        return false;
    if (!der_take(body, DER_SEQUENCE, &algorithm) || !der_take(body, DER_SEQUENCE, &issuer))
        return false;
    do {
        if (!asn1_take_time(body, &time))
            return false;
    } while (der_is_next(*body, DER_UTC_TIME) || der_is_next(*body, DER_GENERALIZED_TIME));
    return true;
}

/** A TBSCertList without the entries, which is read as any other. */
static bool read_around(struct crl_stream *stream, struct crl *ret_crl, struct error *err)
{
    builder_clear(&stream->buffer);
    der_add_header(&stream->buffer, DER_SEQUENCE, stream->head.len + stream->back.len);
    builder_add_bytes(&stream->buffer, builder_bytes(&stream->head));
    builder_add_bytes(&stream->buffer, builder_bytes(&stream->back));
    return crl_read_tbs(builder_bytes(&stream->buffer), ret_crl, err);
}

/** \param part  moved behind what stands before the entries */
static bool begin(struct crl_stream *stream, struct bytes *part, struct error *err)
{
    size_t len;
    struct crl crl;
    struct bytes cursor = *part;
    if (!take_header(&cursor, DER_SEQUENCE, &len))
        return wrong(err, "no exact DER (RFC 5280 5.1.2)");
    struct bytes body = bytes_slice(cursor, 0, len);
    struct bytes head = body;
    if (!pass_head(&body))
        return wrong(err, "its first fields (RFC 5280 5.1.2)");
    head.len -= body.len;
    cursor = bytes_slice(cursor, head.len, cursor.len);
    stream->has_entries = der_is_next(cursor, DER_SEQUENCE);
    struct bytes before = cursor;
    if (stream->has_entries && !take_header(&cursor, DER_SEQUENCE, &stream->entries_len))
        return wrong(err, "revokedCertificates (RFC 5280 5.1.2.6)");
    size_t used = head.len + (before.len - cursor.len);
    if (used > len || stream->entries_len > len - used)
        return wrong(err, "revokedCertificates (RFC 5280 5.1.2.6)");
    stream->entries_left = stream->entries_len;
    stream->back_len = len - used - stream->entries_len;
    stream->has_begun = true;
    builder_add_bytes(&stream->head, head);
    if (!read_around(stream, &crl, err))
        return false;
    stream->lint.this_update = crl.this_update;
    stream->lint.is_v2 = crl.is_v2;
    *part = cursor;
    return true;
}

/** Looks at the entries that are whole; what is left waits for the next part. */
static bool add_entries(struct crl_stream *stream, struct bytes part, struct error *err)
{
    size_t seen = 0;
    if (stream->rest.len == 0)
        seen = crl_lint_entries(&stream->lint, part, &stream->findings);
    struct bytes left = bytes_slice(part, seen, part.len);
    if (stream->rest.len > 0 || left.len > 0) {
        builder_add_bytes(&stream->rest, left);
        seen = crl_lint_entries(&stream->lint, builder_bytes(&stream->rest), &stream->findings);
        memmove(stream->rest.data, stream->rest.data + seen, stream->rest.len - seen);
        stream->rest.len -= seen;
    }
    // What goes on and is not an entry would be gathered up to the end.
    return stream->rest.len <= ENTRY_MAX_LEN || wrong(err, "an entry is damaged (RFC 5280 5.1.2.6)");
}

bool crl_stream_add(void *data, struct bytes part, struct error *err)
{
    struct crl_stream *stream = data;
    if (!stream->has_begun && !begin(stream, &part, err))
        return false;
    struct bytes entries = bytes_slice(part, 0, stream->entries_left);
    stream->entries_left -= entries.len;
    part = bytes_slice(part, entries.len, part.len);
    if (!add_entries(stream, entries, err))
        return false;
    if (part.len > BACK_MAX_LEN - stream->back.len)
        return wrong(err, "crlExtensions (RFC 5280 5.1.2.7)");
    builder_add_bytes(&stream->back, part);
    return true;
}

bool crl_stream_end(struct crl_stream *stream, struct crl *ret_crl, struct findings *ret_findings,
                    struct error *err)
{
    struct crl crl;
    struct crl_facts facts;
    if (!stream->has_begun || stream->entries_left > 0 || stream->back.len != stream->back_len)
        return wrong(err, "no exact DER (RFC 5280 5.1.2)");
    if (!read_around(stream, &crl, err))
        return false;
    if (crl.has_entries)
        return wrong(err, "what stands behind revokedCertificates (RFC 5280 5.1.2.6)");
    crl.has_entries = stream->has_entries;
    crl.entries_len = stream->entries_len;
    if (crl_lint_frame(&crl, stream->issuer, &facts, &stream->findings))
        crl_lint_entries_end(&stream->lint, stream->rest.len == 0, facts.is_delta, &stream->findings);
    findings_copy(ret_findings, &stream->findings);
    *ret_crl = crl;
    return true;
}
