/* SPDX-License-Identifier: Apache-2.0 */
#include "status/crl_made.h"

#include "base/der.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <sys/mman.h>

#define PART_LEN ((size_t)1024 * ENCODE_PEM_LINE_LEN)

struct crl_made {
    const struct cert_issuer *issuer;
    enum signature_kind kind;
    int fd; /**< holds the TBSCertList; -1: nobody wants it */
    size_t tbs_len;
    struct crl_stream *stream; /**< while it is written */
    struct digest_stream *sha256;
    struct digest_stream *of_signature; /**< NULL: it is SHA-256, too, or the message is signed */
    uint8_t tbs_sha256[DIGEST_MAX_LEN];
    uint8_t digest_room[DIGEST_MAX_LEN];
    struct bytes digest;
    void *mapping;              /**< NULL: not yet */
    struct builder front, back; /**< around the TBSCertList, once it is signed */
    uint8_t whole_sha256[DIGEST_MAX_LEN];
};

bool crl_made_new(const struct cert_issuer *issuer, enum signature_kind kind, int folder,
                  struct crl_made **ret_made, struct error *err)
{
    AUTO(crl_made_free) struct crl_made *made = memory_new(1, sizeof(*made));
    enum hash_kind hash = signature_hash(kind);
    made->issuer = issuer;
    made->kind = kind;
    made->fd = -1;
    made->stream = crl_stream_new(issuer);
    made->sha256 = digest_stream_new(HASH_SHA256);
    if (hash != HASH_SHA256 && hash != HASH_NONE)
        made->of_signature = digest_stream_new(hash);
    if (folder >= 0 && !file_open_scratch(folder, "crl-scratch.der", &made->fd, err))
        return false;
    *ret_made = TAKE(made);
    return true;
}

void crl_made_free(struct crl_made *made)
{
    if (made->mapping != NULL)
        (void)munmap(made->mapping, made->tbs_len); // fails for what is none
    auto_close(&made->fd);
    auto_crl_stream_free(&made->stream);
    auto_digest_stream_free(&made->sha256);
    auto_digest_stream_free(&made->of_signature);
    builder_done(&made->front);
    builder_done(&made->back);
    free(made);
}

bool crl_made_add(void *data, struct bytes part, struct error *err)
{
    struct crl_made *made = data;
    digest_stream_add(made->sha256, part);
    if (made->of_signature != NULL)
        digest_stream_add(made->of_signature, part);
    made->tbs_len += part.len;
    return crl_stream_add(made->stream, part, err) &&
           (made->fd < 0 || file_write_fd(made->fd, "the CRL that is made", part, err));
}

static bool has_none(const struct findings *findings, enum error_kind kind, struct error *err)
{
    return findings->count == 0 || error_set(err, kind, 0, "the CRL is wrong: %s (%s)",
                                             findings->items[0].text, findings->items[0].source);
}

/** Of all that was added. */
static void end_digests(struct crl_made *made)
{
    struct bytes sha256 = digest_stream_end(made->sha256, made->tbs_sha256);
    if (made->of_signature != NULL)
        made->digest = digest_stream_end(made->of_signature, made->digest_room);
    else if (signature_hash(made->kind) == HASH_SHA256)
        made->digest = sha256;
}

bool crl_made_end(struct crl_made *made, struct error *err)
{
    struct crl crl;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    end_digests(made);
    if (!crl_stream_end(made->stream, &crl, &findings, err) || !has_none(&findings, ERROR_INPUT, err))
        return false;
    if (made->fd < 0)
        return true;
    void *mapping = mmap(NULL, made->tbs_len, PROT_READ, MAP_SHARED, made->fd, 0);
    if (mapping == MAP_FAILED)
        return error_errno(err, ERROR_INPUT, errno, "can't map the CRL that is made");
    made->mapping = mapping;
    return true;
}

size_t crl_made_tbs_len(const struct crl_made *made)
{
    return made->tbs_len;
}

const uint8_t *crl_made_tbs_sha256(const struct crl_made *made)
{
    return made->tbs_sha256;
}

struct bytes crl_made_tbs(const struct crl_made *made)
{
    return bytes_of(made->mapping, made->tbs_len);
}

struct bytes crl_made_digest(const struct crl_made *made)
{
    return made->digest;
}

/* ---- signed ---- */

/** By reads: what is mapped counts as this process's memory. */
static bool read_tbs(const struct crl_made *made, crl_sink *sink, void *data, struct error *err)
{
    AUTO(free) uint8_t *part = memory_new(PART_LEN, 1);
    for (size_t at = 0; at < made->tbs_len;) {
        size_t len = made->tbs_len - at < PART_LEN ? made->tbs_len - at : PART_LEN;
        ssize_t got = pread(made->fd, part, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_errno(err, ERROR_INPUT, got == 0 ? EIO : errno, "can't read the CRL that is made");
        if (!sink(data, bytes_of(part, (size_t)got), err))
            return false;
        at += (size_t)got;
    }
    return true;
}

/** What one reading goes to. */
struct look {
    struct digest_stream *whole, *tbs;
    struct crl_stream *stream;
};

static bool look_at(void *data, struct bytes part, struct error *err)
{
    const struct look *look = data;
    digest_stream_add(look->whole, part);
    digest_stream_add(look->tbs, part);
    return crl_stream_add(look->stream, part, err);
}

/** The message that was signed: for Ed25519 the data. */
static struct bytes message_of(const struct crl_made *made)
{
    return made->digest.len > 0 ? made->digest : crl_made_tbs(made);
}

/** The outer algorithm and the signature as they leave. */
static bool read_back(const struct crl_made *made, struct crl *crl)
{
    struct bytes cursor = builder_bytes(&made->back);
    return der_take_whole(&cursor, DER_SEQUENCE, &crl->outer_algorithm) &&
           der_take_octet_bits(&cursor, &crl->signature) && cursor.len == 0;
}

bool crl_made_check(struct crl_made *made, struct bytes signature, struct error *err)
{
    uint8_t tbs_sha256[DIGEST_MAX_LEN];
    struct crl crl;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    AUTO(digest_stream_free) struct digest_stream *whole = digest_stream_new(HASH_SHA256);
    AUTO(digest_stream_free) struct digest_stream *tbs = digest_stream_new(HASH_SHA256);
    AUTO(crl_stream_free) struct crl_stream *stream = crl_stream_new(made->issuer);
    struct look look = {.whole = whole, .tbs = tbs, .stream = stream};
    builder_clear(&made->front);
    builder_clear(&made->back);
    cert_seal_parts(made->tbs_len, made->kind, signature, &made->front, &made->back);
    digest_stream_add(whole, builder_bytes(&made->front));
    if (!read_tbs(made, look_at, &look, err) || !crl_stream_end(stream, &crl, &findings, err))
        return false;
    digest_stream_add(whole, builder_bytes(&made->back));
    (void)digest_stream_end(whole, made->whole_sha256); // it is in the room
    struct bytes read = digest_stream_end(tbs, tbs_sha256);
    if (!bytes_equal(read, bytes_of(made->tbs_sha256, read.len)) || !read_back(made, &crl))
        return error_set(err, ERROR_TOKEN, 0, "the CRL is wrong: it is not over the bytes that were logged");
    return crl_verify_parts(&crl, message_of(made), made->issuer, err) &&
           has_none(&findings, ERROR_TOKEN, err);
}

size_t crl_made_len(const struct crl_made *made)
{
    return made->front.len + made->tbs_len + made->back.len;
}

const uint8_t *crl_made_sha256(const struct crl_made *made)
{
    return made->whole_sha256;
}

static bool write_der(const struct crl_made *made, crl_sink *sink, void *data, struct error *err)
{
    return sink(data, builder_bytes(&made->front), err) && read_tbs(made, sink, data, err) &&
           sink(data, builder_bytes(&made->back), err);
}

/** DER on its way to lines of PEM. */
struct pem {
    struct builder der; /**< less than a line */
    struct builder text;
    crl_sink *sink;
    void *data;
};

static void pem_done(struct pem *pem)
{
    builder_done(&pem->der);
    builder_done(&pem->text);
}
DEFINE_AUTO_VALUE(struct pem, pem_done);

static bool put_text(struct pem *pem, struct error *err)
{
    bool is_put = pem->sink(pem->data, builder_bytes(&pem->text), err);
    builder_clear(&pem->text);
    return is_put;
}

static bool add_pem(void *data, struct bytes part, struct error *err)
{
    struct pem *pem = data;
    builder_add_bytes(&pem->der, part);
    size_t lines_len = pem->der.len - pem->der.len % ENCODE_PEM_LINE_LEN;
    encode_pem_lines(bytes_of(pem->der.data, lines_len), &pem->text);
    memmove(pem->der.data, pem->der.data + lines_len, pem->der.len - lines_len);
    pem->der.len -= lines_len;
    return put_text(pem, err);
}

bool crl_made_write(const struct crl_made *made, bool is_pem, crl_sink *sink, void *data, struct error *err)
{
    AUTO(pem_done) struct pem pem = {.sink = sink, .data = data};
    if (!is_pem)
        return write_der(made, sink, data, err);
    builder_add_text(&pem.text, "-----BEGIN X509 CRL-----\n");
    if (!write_der(made, add_pem, &pem, err))
        return false;
    encode_pem_lines(builder_bytes(&pem.der), &pem.text);
    builder_add_text(&pem.text, "-----END X509 CRL-----\n");
    return put_text(&pem, err);
}
