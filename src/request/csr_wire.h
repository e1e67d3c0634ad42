/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message a reader hands back, one a request. Integers are big-endian; a text is a u16 length and UTF-8 without NUL
 * (0xffff: there is none); a view is a u32 offset and a u32 length into the DER.
 *
 *   u32 magic "csr1"
 *   u32 length, DER of the CSR (0: nothing was read)
 *   u16 flags (enum csr_flag)   u8 signature kind   u16 key usage   u32 path length + 1 (0: none)
 *   view subject   view SubjectPublicKeyInfo
 *   u16 count, subject attributes: text OID, text value, u8 tag, u16 RDN
 *   u16 count, SANs: u8 kind, view value
 *   u16 count, extensions: text OID, u8 critical, view value
 *   u16 count, extended key usages: text OID
 *   u16 count, problems: text rule, source, found, wanted, text, remedy
 *
 * What the receiver can find out by itself is not in it: hashes, the key's kind and numbers, and every text that is shown
 * to people about the subject and the SANs. So a reader that is taken over can't show one name and pass on another.
 */
#ifndef COLDCA_REQUEST_CSR_WIRE_H
#define COLDCA_REQUEST_CSR_WIRE_H

#define CSR_WIRE_MAGIC 0x63737231U
#define CSR_WIRE_NO_TEXT 0xffffU
#define CSR_WIRE_MAX_TEXT 1024 /**< of a problem's texts */

enum csr_flag {
    CSR_HAS_SAN_EXTENSION = 1 << 0,
    CSR_HAS_KEY_USAGE = 1 << 1,
    CSR_HAS_EXTENDED_KEY_USAGE = 1 << 2,
    CSR_HAS_BASIC_CONSTRAINTS = 1 << 3,
    CSR_ASKS_FOR_CA = 1 << 4,
    CSR_HAS_CHALLENGE_PASSWORD = 1 << 5,
    CSR_HAS_PROOF_OF_POSSESSION = 1 << 6,
    CSR_ALL_FLAGS = (1 << 7) - 1,
};

#endif
