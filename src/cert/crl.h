/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRLs as bytes (RFC 5280 5): entries and a frame -> TBSCertList -> (signature comes from elsewhere, cert_seal()) -> CRL; and read again.
 * Knows neither tokens nor files nor the ledger; who is on a CRL is records/revoked.h's.
 */
#ifndef COLDCA_CERT_CRL_H
#define COLDCA_CERT_CRL_H

#include "cert/cert.h"

#define CRL_NO_TIME INT64_MIN
#define CRL_NUMBER_MAX_LEN 20 /* octets (RFC 5280 5.2.3) */

/** CRLReason (RFC 5280 5.3.1); 7 is unused. */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_CERTIFICATE_HOLD = 6,
    CRL_REMOVE_FROM_CRL = 8,
    CRL_PRIVILEGE_WITHDRAWN = 9,
    CRL_AA_COMPROMISE = 10,
};
/** "keyCompromise"; NULL of a number that is none. */
const char *crl_reason_name(unsigned reason);
/** As RFC 5280 5.3.1 names them, upper or lower case. \return false: it names none */
MUST_USE bool crl_reason_parse(const char *name, enum crl_reason *ret_reason);

/** One revoked certificate. */
struct crl_entry {
    struct bytes serial; /**< magnitude; borrowed */
    int64_t revoked_at;
    unsigned reason;         /**< enum crl_reason; 0: no extension (RFC 5280 5.3.1) */
    int64_t invalidity_date; /**< CRL_NO_TIME: none */
};
/** Appends the DER of an entry of revokedCertificates. */
void crl_entry_add(const struct crl_entry *entry, struct builder *out);
/** How many bytes crl_entry_add() appends. */
size_t crl_entry_len(const struct crl_entry *entry);

/** What a CRL has beside its entries. */
struct crl_frame {
    const struct cert_issuer *issuer;
    enum signature_kind kind;
    uint64_t number;
    int64_t this_update;
    int64_t next_update;
    int64_t expired_since; /**< expiredCertsOnCRL (X.509 9.5.2.8); CRL_NO_TIME: expired entries leave it */
};
/** The DER of Extensions: authorityKeyIdentifier, cRLNumber, and what the frame asks for. */
void crl_extensions(const struct crl_frame *frame, struct builder *ret_extensions);
/**
 * Builds the bytes the CA key is to sign (RFC 5280 5.1.2).
 * \param entries  DER of all entries, one after another; empty: the field is absent
 * \return false: ERROR_INPUT, naming the rule
 */
MUST_USE bool crl_tbs(const struct crl_frame *frame, struct bytes entries, struct builder *ret_tbs,
                      struct error *err);

/** Takes the next part of what may be too long for memory. \return false: it can't */
typedef bool crl_sink(void *data, struct bytes part, struct error *err);
/** A sink for what is not: appends to a builder, which is its data. */
bool crl_sink_builder(void *data, struct bytes part, struct error *err);
/**
 * What stands before the entries of a TBSCertList, with the headers around them, and what stands behind; appends.
 * \param entries_len  of all entries; 0: the field is absent
 */
MUST_USE bool crl_tbs_parts(const struct crl_frame *frame, size_t entries_len, struct builder *ret_front,
                            struct builder *ret_back, struct error *err);
/** How many entries with a reason a CRL of this issuer has room for; about, and rather fewer. \param max_len  of the TBS, in bytes */
size_t crl_capacity(const struct cert_issuer *issuer, enum signature_kind kind, size_t max_len);

/** A CRL taken apart: strict DER, views only. */
struct crl {
    struct bytes tbs;
    struct bytes outer_algorithm;
    struct bytes signature;
    bool is_v2;
    struct bytes algorithm;
    struct bytes issuer; /**< whole Name */
    int64_t this_update;
    int64_t next_update;  /**< CRL_NO_TIME: none */
    bool has_long_date;   /**< one that should be UTCTime is GeneralizedTime (RFC 5280 5.1.2.4) */
    bool has_entries;     /**< revokedCertificates is there */
    size_t entries_len;   /**< of its content */
    struct bytes entries; /**< empty, whatever their length, of a CRL that came in parts */
    bool has_extensions;
    struct bytes extensions; /**< content of the SEQUENCE OF Extension */
};
/** Reads a TBSCertList; what is outside of it is empty, its outer algorithm the inner one. ERROR_INPUT as below. */
MUST_USE bool crl_read_tbs(struct bytes tbs, struct crl *ret_crl, struct error *err);
/** Reads a CertificateList. ERROR_INPUT names the part that is wrong. */
MUST_USE bool crl_read(struct bytes der, struct crl *ret_crl, struct error *err);
/** DER from a DER or PEM ("X509 CRL") file. */
MUST_USE bool crl_from_file(struct bytes input, struct builder *ret_der, struct error *err);

/** An entry that was read. */
struct crl_read_entry {
    struct crl_entry entry;
    bool has_reason;
    struct bytes extensions; /**< content of crlEntryExtensions; empty: none */
    struct bytes whole;
};
/** Takes the next entry off the front of crl->entries. \return false: none left, or damaged (then *cursor is not empty) */
MUST_USE bool crl_next_entry(struct bytes *cursor, struct crl_read_entry *ret_entry);

/** What its extensions say. */
struct crl_facts {
    bool has_number;
    struct bytes number; /**< magnitude */
    struct bytes key_id; /**< keyIdentifier of authorityKeyIdentifier; empty: none */
    bool is_delta, is_partial, has_expired_since;
    int64_t expired_since;
};
MUST_USE bool crl_facts(const struct crl *crl, struct crl_facts *ret_facts, struct error *err);
/** A CRLNumber as a number; false if it is larger than 64 bits. */
MUST_USE bool crl_number(struct bytes magnitude, uint64_t *ret_number);

/**
 * The last look before anything leaves, as cert_verify(): TBS bytes are the ones given, algorithms equal, issuer byte-equal, the
 * signature holds with the issuer's key.
 * \param tbs  empty: any
 * \return false: ERROR_TOKEN, saying which check failed
 */
MUST_USE bool crl_verify(struct bytes der, struct bytes tbs, const struct cert_issuer *issuer,
                         struct error *err);

/** The rules of RFC 5280 5 as findings, over a CRL. issuer may be NULL. */
void crl_lint(struct bytes der, const struct cert_issuer *issuer, struct findings *ret_findings);

/* ---- a CRL that is too long for memory ---- */

/**
 * A TBSCertList that comes in parts, linted on the way. It must begin in the first part up to its entries, as revoked_draw() gives it; the
 * rest may be cut anywhere.
 */
struct crl_stream;
/** \param issuer  borrowed */
struct crl_stream *crl_stream_new(const struct cert_issuer *issuer);
void crl_stream_free(struct crl_stream *stream);
DEFINE_AUTO(struct crl_stream *, crl_stream_free);
/** A crl_sink. ERROR_INPUT: it is not a TBSCertList */
bool crl_stream_add(void *stream, struct bytes part, struct error *err);
/**
 * After the last part.
 * \param ret_crl  all but its entries; views, as long as the stream. Its outer algorithm is the inner one
 * \return false: ERROR_INPUT, it is not a whole TBSCertList
 */
MUST_USE bool crl_stream_end(struct crl_stream *stream, struct crl *ret_crl, struct findings *ret_findings,
                             struct error *err);
/**
 * crl_verify() of what came in parts.
 * \param crl     of crl_stream_end(), with the outer algorithm and the signature
 * \param message  what was signed: its digest, or for Ed25519 its data
 */
MUST_USE bool crl_verify_parts(const struct crl *crl, struct bytes message, const struct cert_issuer *issuer,
                               struct error *err);

/** The lines of `crl show`; escaped; appends. \param entries_max  how many entries are listed */
MUST_USE bool crl_describe(struct bytes der, size_t entries_max, struct builder *ret_text, struct error *err);

#endif
