/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, CRLs, requests and public keys in files from elsewhere. They are parsed in a process that can do nothing else
 * (sandbox/call.h), before a token's module is loaded and a home is opened.
 * It promises: this process decodes nothing of such a file; of what a parser process says it believes only words for people and which key
 * is in a file. What is to be more than words is verified first with the CA's own key (foreign_is_ours()): the bytes are then this CA's.
 */
#ifndef COLDCA_INSPECT_FOREIGN_H
#define COLDCA_INSPECT_FOREIGN_H

#include "base/finding.h"
#include "cert/crl.h"

#define FOREIGN_FILE_MAX_LEN ((size_t)256 << 20)
#define FOREIGN_ENTRIES_MAX 1000 /* of a CRL, that are shown */

enum foreign_kind {
    FOREIGN_CERTIFICATE, /**< PEM or DER */
    FOREIGN_CRL,         /**< PEM or DER */
    FOREIGN_REQUEST,     /**< PEM or DER; only cut out, whatever it holds */
    FOREIGN_KEY,         /**< a public key, or the one of a certificate or a request; PEM or DER */
};

/** What a file holds. */
struct foreign {
    struct builder der;
    uint8_t key_value[32]; /**< base/key_value.h; of certificates, requests and keys */
    char *issuer;          /**< escaped; of certificates and CRLs */
    char *words; /**< of a CRL or a certificate: the lines of crl_describe(), cert_describe(); NULL: none */
    struct findings findings; /**< of these: crl_lint(), cert_lint() without an issuer */
};
void foreign_done(struct foreign *foreign);
DEFINE_AUTO_VALUE(struct foreign, foreign_done);

/** Reads the bytes of a file. \return false: ERROR_INPUT, what is wrong with them, or with the parser process */
MUST_USE bool foreign_read(enum foreign_kind kind, struct bytes file, struct foreign *ret_foreign,
                           struct error *err);
/** The same of a file by its path, which the message names. */
MUST_USE bool foreign_read_file(enum foreign_kind kind, const char *path, struct foreign *ret_foreign,
                                struct error *err);

/**
 * Whether the CA's key signed this certificate or CRL: then its DER is what this CA made, and may be read here.
 * \return false: ERROR_INPUT: another issuer's, or changed
 */
MUST_USE bool foreign_is_ours(const struct foreign *foreign, const struct cert_issuer *issuer,
                              struct error *err);

/* ---- between the parser process and this one ---- */

/** The front of an answer; the DER follows, then the text. Both sides are one program. */
struct foreign_answer {
    struct error err; /**< ERROR_NONE: the file was read */
    size_t der_len;
    size_t
        text_len; /**< words, a NUL, and a line of rule, source and text, each with a TAB behind it, for each finding */
    uint8_t key_value[32];
    char issuer[512];
};
/** In the parser process. \param input  a byte of enum foreign_kind, then the file \param ret_output  an answer; appends */
void foreign_parse(struct bytes input, struct builder *ret_output);
/**
 * In this process: doubts every length and every text of an answer.
 * \param foreign  empty; on failure the caller's to foreign_done() all the same
 * \return false: ERROR_INPUT, what is wrong with the file, or that the answer is not one
 */
MUST_USE bool foreign_take(struct bytes output, struct foreign *foreign, struct error *err);

#endif
