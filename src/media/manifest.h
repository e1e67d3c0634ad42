/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed list of what is on a medium: `requests.sha256`, as `sha256sum` writes it, and `requests.sha256.sig`, a
 * signature over its bytes by somebody ca.yaml names. It tells the signer's side that a request is one the other side
 * wrote, whole, and that none was left out; it says nothing about whether a request may be signed (policies do).
 *
 * The order is the point: manifest_fetch() the bytes, manifest_verify() them (a pure function over foreign bytes, to be
 * called where a fault in it can do no harm), and only then manifest_parse(). Then each file is put to manifest_check()
 * as it is read, and manifest_next_missing() names what was listed and never seen. Nothing here opens a request.
 *
 * Signatures taken:
 * - Ed25519 (RFC 8032) over the file: 64 bytes raw (`openssl pkeyutl -sign -rawin`), or base64 of them in one line;
 *   the signer is a PEM public key, or a certificate with such a key.
 * - CMS SignedData (RFC 5652), detached, DER or PEM (`openssl cms -sign -binary`); SHA-2 only; the signer is exactly
 *   one of the named certificates, never one the signature brings along.
 */
#ifndef COLDCA_MEDIA_MANIFEST_H
#define COLDCA_MEDIA_MANIFEST_H

#include "base/builder.h"

#define MANIFEST_NAME "requests.sha256"
#define MANIFEST_SIGNATURE_NAME "requests.sha256.sig"
/** What the names in it begin with: it is made, and `sha256sum -c` run, in the medium's own directory. */
#define MANIFEST_FOLDER "requests/"

#define MANIFEST_MAX_LEN (128U * 1024 * 1024) /* bytes; a million requests */
#define MANIFEST_SIGNATURE_MAX_LEN (64U * 1024)
#define MANIFEST_SIGNERS_MAX 64

/** Somebody whose signature is taken. */
struct manifest_signer {
    char *name;         /**< for messages and the report */
    struct builder pem; /**< PUBLIC KEY (Ed25519) or CERTIFICATE */
};
void manifest_signer_done(struct manifest_signer *signer);

/**
 * Whether pem is something manifest_verify() can use: an Ed25519 public key or a certificate.
 * \return false: ERROR_INPUT says why
 */
MUST_USE bool manifest_signer_check(const struct manifest_signer *signer, struct error *err);

/**
 * Reads both files from a medium, safely (media.h).
 * \param root_fd       the medium's directory
 * \param ret_is_there  whether there is a manifest at all; false leaves the builders alone
 * \return false: ERROR_INPUT; the manifest is there without a signature, too large, or can't be read
 */
MUST_USE bool manifest_fetch(int root_fd, bool *ret_is_there, struct builder *ret_text,
                             struct builder *ret_signature, struct error *err);

/**
 * Whether one of the signers signed the text. Opens no file and reads no clock.
 * \param now         a certificate is taken only while it is valid; seconds since 1970
 * \param ret_signer  index of the one whose signature it is
 * \return false: ERROR_INPUT; the signature is none, does not verify, or is by nobody in the list
 */
MUST_USE bool manifest_verify(struct bytes text, struct bytes signature,
                              const struct manifest_signer *signers, size_t signer_count, int64_t now,
                              size_t *ret_signer, struct error *err);

struct manifest;

/**
 * Takes a manifest apart. Memory: the text and 12 bytes a line.
 * \param text  taken over and emptied, on failure too
 * \return false: ERROR_INPUT with the line's number: not as sha256sum writes it, a name outside MANIFEST_FOLDER, a name
 *         listed twice, no line at all
 */
MUST_USE bool manifest_parse(struct builder *text, struct manifest **ret_manifest, struct error *err);
void manifest_free(struct manifest *manifest);
DEFINE_AUTO(struct manifest *, manifest_free);

size_t manifest_count(const struct manifest *manifest);

enum manifest_answer {
    MANIFEST_MATCHES,    /**< listed with this content */
    MANIFEST_DIFFERS,    /**< listed with another content */
    MANIFEST_NOT_LISTED, /**< the medium holds more than was signed for */
};
/**
 * Compares a file with its line. It counts as seen, whatever the answer.
 * \param path  relative to MANIFEST_FOLDER, raw bytes as on the medium (struct media_item): "line-1/0001.csr"
 * \param data  all that was read of the file
 */
enum manifest_answer manifest_check(struct manifest *manifest, const char *path, struct bytes data);
/** The same for a file that is there and can't be read: it is not missing. \return whether it is listed */
bool manifest_see(struct manifest *manifest, const char *path);
/** What the report says of an answer, with the remedy; NULL for MANIFEST_MATCHES. */
const char *manifest_answer_text(enum manifest_answer answer);

/**
 * Names what is listed and was not seen, in order of bytes.
 * \param position  0 at first; moved on
 * \return a raw path below MANIFEST_FOLDER, to be quoted; borrowed; NULL at the end
 */
const char *manifest_next_missing(const struct manifest *manifest, size_t *position);

#endif
