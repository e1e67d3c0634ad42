/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hex and base64 (RFC 4648 sections 4 and 8). Decoding is strict: no white space, no missing padding, no
 * stray bits, lower or upper case hex.
 */
#ifndef COLDCA_BASE_ENCODE_H
#define COLDCA_BASE_ENCODE_H

#include "base/builder.h"

void encode_hex(struct bytes data, struct builder *ret_text);    /**< lower case */
void encode_base64(struct bytes data, struct builder *ret_text); /**< with padding */

/** \return false, and ret_data untouched, if text is not strict hex */
MUST_USE bool decode_hex(struct bytes text, struct builder *ret_data);
/** \return false, and ret_data untouched, if text is not strict hex of len bytes */
MUST_USE bool decode_hex_exactly(struct bytes text, uint8_t *ret_data, size_t len);
/** \return false, and ret_data untouched, if text is not canonical base64 */
MUST_USE bool decode_base64(struct bytes text, struct builder *ret_data);

/** Hex of at most 64 bytes into a local, NUL-terminated; for messages and fingerprints. */
const char *hex_of(struct bytes data, char text[static 129]);

#define ENCODE_PEM_LINE_LEN 48 /* bytes in a line of 64 */
/** The lines between a PEM block's first and last (RFC 7468); a part that is not the last is a multiple of ENCODE_PEM_LINE_LEN long. */
void encode_pem_lines(struct bytes der, struct builder *ret_text);
/** A PEM block with lines of 64 (RFC 7468). \param label such as "CERTIFICATE" */
void encode_pem(const char *label, struct bytes der, struct builder *ret_text);

#endif
