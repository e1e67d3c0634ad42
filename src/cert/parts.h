/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate taken apart: strict DER, views only. Used inside cert/ only. */
#ifndef COLDCA_CERT_PARTS_H
#define COLDCA_CERT_PARTS_H

#include "cert/cert.h"

struct cert_parts {
    struct bytes tbs;
    struct bytes outer_algorithm; /**< empty when only a TBS was read */
    struct bytes signature;       /**< likewise; content of the BIT STRING */
    bool is_v3;
    struct bytes serial; /**< INTEGER content: two's complement octets */
    struct bytes algorithm;
    struct bytes issuer;  /**< whole Name */
    struct bytes subject; /**< whole Name */
    int64_t not_before;
    int64_t not_after;
    struct bytes spki;       /**< whole SubjectPublicKeyInfo */
    struct bytes extensions; /**< content of the SEQUENCE OF Extension; empty if there are none */
};

/** RFC 5280 4.1. ERROR_INPUT names the part that is wrong. */
MUST_USE bool parts_read(struct bytes certificate, struct cert_parts *ret_parts, struct error *err);
MUST_USE bool parts_read_tbs(struct bytes tbs, struct cert_parts *ret_parts, struct error *err);

struct cert_extension {
    struct bytes oid; /**< content octets */
    bool is_critical;
    struct bytes value;
};
/** Takes the next extension off the front. \return false: none left, or damaged (then *cursor is not empty) */
MUST_USE bool parts_next_extension(struct bytes *cursor, struct cert_extension *ret_extension);
/** Finds id-ce `last` (2.5.29.last). \return false: it is not there */
MUST_USE bool parts_find(const struct cert_parts *parts, uint8_t last, struct cert_extension *ret_extension);

#define PARTS_SEEN_MAX 64

/** OIDs of a list of extensions, one after the other; the first PARTS_SEEN_MAX are remembered. Begins zeroed. */
struct parts_seen {
    struct bytes oids[PARTS_SEEN_MAX];
    size_t count;
};
/** Whether an extension of this OID was there before (RFC 5280 4.2: none is there twice). \param oid  as long as seen is used */
bool parts_is_repeated(struct parts_seen *seen, struct bytes oid);

/** basicConstraints; absent reads as no CA. ERROR_INPUT if it is damaged. \param ret_path_len -1: none */
MUST_USE bool parts_basic_constraints(const struct cert_parts *parts, bool *ret_is_ca, int *ret_path_len,
                                      struct error *err);
/** keyUsage bits; *ret_bits 0 and has false if absent. */
MUST_USE bool parts_key_usage(const struct cert_parts *parts, bool *ret_has, uint16_t *ret_bits,
                              struct error *err);
/** subjectKeyIdentifier; empty if absent. */
MUST_USE bool parts_subject_key_id(const struct cert_parts *parts, struct bytes *ret_id, struct error *err);
/** keyIdentifier of authorityKeyIdentifier; empty if absent. */
MUST_USE bool parts_authority_key_id(const struct cert_parts *parts, struct bytes *ret_id, struct error *err);
/** The same of the extension's value, which a CRL has too. \return false: it is none */
MUST_USE bool parts_read_authority_key_id(struct bytes value, struct bytes *ret_id);

/** Of the issuer's certificate (0) and of its issuing CA chain (1 to cert_issuer_above_count()); lives as long as the issuer. */
const struct cert_parts *issuer_parts(const struct cert_issuer *issuer, size_t index);

#endif
