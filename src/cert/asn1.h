/* SPDX-License-Identifier: Apache-2.0 */
/* Writing DER over a builder: what TBSCertificates and requests are made of. Used inside cert/ only. */
#ifndef COLDCA_CERT_ASN1_H
#define COLDCA_CERT_ASN1_H

#include "base/der.h"

/** Opens a constructed element; its length is written by asn1_close(). \return a mark for asn1_close() */
size_t asn1_open(struct builder *out, uint8_t tag);
void asn1_close(struct builder *out, size_t mark);

/** An OBJECT IDENTIFIER from dotted text. \return false: not an OID */
MUST_USE bool asn1_oid(struct builder *out, const char *dotted);
/** UTCTime through 2049, GeneralizedTime from 2050; always seconds and Z (RFC 5280 4.1.2.5). */
void asn1_time(struct builder *out, int64_t seconds);
/** Whether asn1_time() writes this date as UTCTime. */
bool asn1_is_utc(int64_t seconds);
/** How many bytes asn1_time() appends. */
size_t asn1_time_len(int64_t seconds);
/** GeneralizedTime whatever the year: invalidityDate and expiredCertsOnCRL have no other form (RFC 5280 5.3.2). */
void asn1_generalized_time(struct builder *out, int64_t seconds);
/** A named-bit-list BIT STRING without trailing zero bits (X.690 11.2.2); bit i of bits is bit i of the list. */
void asn1_named_bits(struct builder *out, uint16_t bits);
/** A BIT STRING of whole octets. */
void asn1_bit_string(struct builder *out, struct bytes octets);
void asn1_bool(struct builder *out, bool value);
/** A small non-negative INTEGER. */
void asn1_small(struct builder *out, unsigned value);
/** Reads UTCTime or GeneralizedTime in the forms RFC 5280 4.1.2.5 allows, off the front. */
MUST_USE bool asn1_take_time(struct bytes *cursor, int64_t *ret_seconds);

#endif
