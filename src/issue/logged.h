/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thing that the CA key signs (a certificate, a CRL, a group of OCSP responses) on its way through the ledger: its bytes are
 * logged, then signed, the result is checked, then the signature is logged. The order of these steps, and the commits between them,
 * are issue_logged()'s (pipeline.h), the one place of promise P3.
 *
 * A kind says how its record types are called and how a finished thing is checked. It neither signs nor commits.
 */
#ifndef COLDCA_ISSUE_LOGGED_H
#define COLDCA_ISSUE_LOGGED_H

#include "signer/signer.h"

struct logged;

struct logged_kind {
    const char *signing_type; /**< "cert.signing" */
    const char *issued_type;  /**< "cert.issued" */
    /** Fields of the record that holds the signature; the finished thing was checked. */
    struct json *(*write_issued)(const struct logged *logged);
    /**
     * The last look before anything leaves, in software, with the CA certificate's public key.
     * \return false: ERROR_TOKEN; another token of the pool may be asked
     */
    bool (*check)(const struct home *home, const struct logged *logged, struct error *err);
    /** It may be too long for memory: made stays empty, and who made tbs puts the finished thing together. */
    bool is_apart;
};
/** cert.signing, cert.issued; checked by cert_verify(). Of a home without an issuer it is the root itself. */
extern const struct logged_kind logged_certificate;

struct logged {
    const struct logged_kind *kind;
    const char *name; /**< for messages: the request's file; borrowed */
    const void *item; /**< its maker's */
    struct bytes
        tbs; /**< to be signed; borrowed. Empty: made holds what an earlier run signed, which is only checked again */
    struct bytes
        digest; /**< of tbs, with signature_kind's hash, if its maker knows it: no token has to read tbs; borrowed */
    enum signature_kind signature_kind;
    uint64_t signing_seq;
    uint64_t issued_seq; /**< once the signature is in the ledger */
    struct builder signature;
    struct builder made;  /**< the finished thing: TBS, algorithm, signature (RFC 5280 4.1) */
    struct builder proof; /**< C2SP tlog-proof; empty: none is wanted */
    bool is_begun;        /**< a token was asked, or will be presently */
    bool is_done;         /**< signed and checked */
    struct error err;     /**< why not */
};
void logged_done(struct logged *logged); /**< frees what it made */

/** Appends the record that holds the bytes. The caller commits before it lets logged_sign() have it. \param fields  taken */
MUST_USE bool logged_append(struct signer *signer, struct logged *logged, struct json *fields,
                            struct error *err);
/**
 * Takes up the record of an earlier run, which was stopped before a signature was recorded, instead of a new one: the token may have signed
 * these bytes, and signs the same ones. \return false: ERROR_LEDGER, it holds others
 */
MUST_USE bool logged_resume(struct signer *signer, struct logged *logged, uint64_t signing_seq,
                            struct error *err);
/** Asks the token, seals and checks; or checks what an earlier run signed. Its outcome is in logged. Many threads at one time. */
void logged_sign(struct signer *signer, struct logged *logged);
/** Appends the record that holds the signature, if there is a new one. The caller commits before anyone gets what was made. */
MUST_USE bool logged_append_signature(struct signer *signer, struct logged *logged, struct error *err);

#endif
