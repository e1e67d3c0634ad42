/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A strict reader of DER (X.690): definite, minimal lengths; low tag numbers (below 31), which is all that certificates
 * and requests use. A cursor is a view that shrinks from the front; nothing is allocated and nothing recurses.
 */
#ifndef COLDCA_BASE_DER_H
#define COLDCA_BASE_DER_H

#include "base/builder.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_UNIVERSAL_STRING = 0x1c,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT_0 = 0x80,             /**< primitive [0]; [n] is DER_CONTEXT_0 + n */
    DER_CONTEXT_CONSTRUCTED_0 = 0xa0, /**< constructed [0] */
};

/** Takes one element off the front. \param ret_whole tag, length and content; may be NULL \return false: not DER; cursor untouched */
MUST_USE bool der_take_any(struct bytes *cursor, uint8_t *ret_tag, struct bytes *ret_content,
                           struct bytes *ret_whole);
/** Takes an element that must have this tag. */
MUST_USE bool der_take(struct bytes *cursor, uint8_t tag, struct bytes *ret_content);
/** The same, giving the whole element (with tag and length). */
MUST_USE bool der_take_whole(struct bytes *cursor, uint8_t tag, struct bytes *ret_whole);
/** Whether the next element has this tag. */
bool der_is_next(struct bytes cursor, uint8_t tag);
/** A BIT STRING without unused bits; the content after the count octet. */
MUST_USE bool der_take_octet_bits(struct bytes *cursor, struct bytes *ret_bits);
/** A non-negative INTEGER, minimal; magnitude without the leading zero octet (empty never: zero is one 0x00 octet). */
MUST_USE bool der_take_unsigned(struct bytes *cursor, struct bytes *ret_magnitude);
/** BOOLEAN content: exactly 0x00 or 0xff. */
MUST_USE bool der_bool(struct bytes content, bool *ret_value);
/** Dotted text of an OID's content octets into buffer; false if it is not minimal, or longer than buffer. */
MUST_USE bool der_oid_text(struct bytes content, char *buffer, size_t room_len);

/** Writes tag and length; the caller appends exactly len content bytes. */
void der_add_header(struct builder *out, uint8_t tag, size_t len);
/** Writes a whole element. */
void der_add(struct builder *out, uint8_t tag, struct bytes content);
/** Writes an INTEGER from an unsigned big-endian magnitude: leading zeros cut, a zero octet put before a set top bit. */
void der_add_unsigned(struct builder *out, struct bytes magnitude);
/** PKCS#11's r || s (equal halves) as minimal DER ECDSA-Sig-Value (RFC 3279 2.2.3). */
void der_add_ecdsa_signature(struct builder *out, struct bytes r_and_s);

#endif
