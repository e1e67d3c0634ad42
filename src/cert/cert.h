/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates as bytes: template -> TBSCertificate -> (signature comes from elsewhere) -> certificate; accessors and a linter.
 * It promises: exact DER, the issuer's name byte for byte, nothing that the template does not say (P2).
 * It does not: know tokens, files or the clock.
 */
#ifndef COLDCA_CERT_CERT_H
#define COLDCA_CERT_CERT_H

#include "base/builder.h"
#include "base/public_key.h"
#include "policy/issuer.h"

#define CERT_SERIAL_LEN 20

/** An issuer: its certificate, and what is needed of it to issue. */
struct cert_issuer;

/**
 * Reads the CA's certificate and the chain above it.
 * \param certificate  DER; must be v3, a CA with keyCertSign; copied
 * \param chain        DER certificates, the issuer's parent first, root last; may be empty
 * \return false: ERROR_INPUT, naming what an issuer needs and this one lacks (RFC section)
 */
MUST_USE bool cert_issuer_read(struct bytes certificate, const struct bytes *chain, size_t chain_count,
                               struct cert_issuer **ret_issuer, struct error *err);
void cert_issuer_free(struct cert_issuer *issuer);
DEFINE_AUTO(struct cert_issuer *, cert_issuer_free);

const struct policy_issuer *cert_issuer_facts(const struct cert_issuer *issuer);
struct bytes cert_issuer_der(const struct cert_issuer *issuer);
/** The issuing CA chain as they were given: parent first, root last. */
size_t cert_issuer_above_count(const struct cert_issuer *issuer);
struct bytes cert_issuer_above(const struct cert_issuer *issuer, size_t index);
struct bytes cert_issuer_subject(const struct cert_issuer *issuer); /**< DER of the Name, byte for byte */
struct bytes cert_issuer_key_id(const struct cert_issuer *issuer);  /**< its SKI; empty if it has none */
struct bytes cert_issuer_spki(const struct cert_issuer *issuer);
const struct public_key *cert_issuer_key(const struct cert_issuer *issuer);

/** A random serial: 20 bytes, first one 0x01..0x7f, so positive, never zero, 20 octets (RFC 5280 4.1.2.2). */
void cert_serial_random(uint8_t ret_serial[static CERT_SERIAL_LEN]);

/**
 * Builds the bytes the CA key is to sign (RFC 5280 4.1.2). Does not sign and does not read the clock.
 * \param issuer     NULL: self-issued (a root); issuer name, AKI and key are then the template's own
 * \param serial     first byte 0x01..0x7f
 * \param signature  the algorithm that will be used; written inside
 * \return false: ERROR_INPUT if the template can't be a certificate; err names the rule
 */
MUST_USE bool cert_tbs(const struct template *template, const struct cert_issuer *issuer,
                       const uint8_t serial[static CERT_SERIAL_LEN], enum signature_kind signature,
                       struct builder *ret_tbs, struct error *err);

/** TBS + signature -> certificate (RFC 5280 4.1.1). The signature is in X.509 form (ECDSA: DER). */
void cert_seal(struct bytes tbs, enum signature_kind kind, struct bytes signature, struct builder *ret_der);
/** What then stands before the TBS, and behind it; appends. */
void cert_seal_parts(size_t tbs_len, enum signature_kind kind, struct bytes signature,
                     struct builder *ret_front, struct builder *ret_back);

/**
 * The last look before anything leaves: parses the certificate again, demands that TBS bytes are the ones given, inner and
 * outer AlgorithmIdentifier equal, issuer byte-equal, and verifies the signature in software with the issuer's key.
 * \param issuer  NULL: self-signed, verified with its own key
 * \return false: ERROR_TOKEN (a token that signs wrongly), saying which check failed
 */
MUST_USE bool cert_verify(struct bytes certificate, struct bytes tbs, const struct cert_issuer *issuer,
                          struct error *err);

/** What people and the ledger's index want to know of a certificate or a TBSCertificate. */
struct cert_facts {
    uint8_t serial[CERT_SERIAL_LEN];
    size_t serial_len; /**< without a leading zero octet */
    int64_t not_before;
    int64_t not_after;
    char *subject_text; /**< escaped */
    char *issuer_text;
    char *sans_text; /**< "DNS:a,IP:1.2.3.4,URI:x"; "" if none; escaped */
    char *key_text;  /**< key_name() form */
    uint8_t spki_sha256[32];
    bool is_ca;
};
void cert_facts_done(struct cert_facts *facts);
DEFINE_AUTO_VALUE(struct cert_facts, cert_facts_done);

/** Reads a Certificate. ERROR_INPUT if it is not one. */
MUST_USE bool cert_read(struct bytes certificate, struct cert_facts *ret_facts, struct error *err);
/** Reads a TBSCertificate. */
MUST_USE bool cert_read_tbs(struct bytes tbs, struct cert_facts *ret_facts, struct error *err);
/** The SubjectPublicKeyInfo of a TBSCertificate, whole; a view into it. ERROR_INPUT if it is not one (RFC 5280 4.1.2.7). */
MUST_USE bool cert_tbs_spki(struct bytes tbs, struct bytes *ret_spki, struct error *err);
/** How a TBSCertificate says it is signed (RFC 5280 4.1.2.3). ERROR_INPUT if it is not one, or by no algorithm that coldca uses. */
MUST_USE bool cert_tbs_signature_kind(struct bytes tbs, enum signature_kind *ret_kind, struct error *err);
/** The parts of a Certificate; views into it. ERROR_INPUT if it is not exact DER of three parts. */
MUST_USE bool cert_split(struct bytes certificate, struct bytes *ret_tbs, enum signature_kind *ret_kind,
                         struct bytes *ret_signature, struct error *err);
/** DER from a DER or PEM ("CERTIFICATE") file; the first of several; rest, if not NULL, gets what follows it. */
MUST_USE bool cert_from_file(struct bytes input, struct builder *ret_der, struct bytes *ret_rest,
                             struct error *err);

/** x509-rules as findings, over finished certificate bytes (or a TBS sealed with an empty signature). issuer may be NULL. */
void cert_lint(struct bytes certificate, const struct cert_issuer *issuer, struct findings *ret_findings);

/** A CSR's bytes to sign (RFC 2986 4.1): subject and SANs of the template, its spki. */
MUST_USE bool cert_request_info(const struct template *template, struct builder *ret_info, struct error *err);

/** Human form of a certificate, the lines `cert show` and `review` print; escaped; appends. */
MUST_USE bool cert_describe(struct bytes certificate, struct builder *ret_text, struct error *err);

#endif
