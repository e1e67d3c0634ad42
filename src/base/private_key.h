/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file holds a private key, by its content: a CA's media and inputs must not carry one, and what a file is called says nothing.
 * A short look at untrusted bytes: nothing is decoded further than is needed to tell what it is, nothing is checked, and no part of the
 * key is kept. A key inside of an archive that compresses or encrypts is not seen.
 */
#ifndef COLDCA_BASE_PRIVATE_KEY_H
#define COLDCA_BASE_PRIVATE_KEY_H

#include "base/builder.h"

/**
 * What the bytes hold, for people: "an encrypted private key in PEM", "a private key in DER (PKCS #8)", "a PKCS #12 file". Known are
 * PKCS #8 (RFC 5958), PKCS #1 (RFC 8017 A.1.2), SEC 1 (RFC 5915) and DSA keys in PEM (RFC 7468, also in UTF-16 and anywhere in the file), DER and base64 of
 * it; PKCS #12 (RFC 7292); Java's JKS and JCEKS, PuTTY's and Microsoft's PVK files.
 * \param data  the file, or as much of its front as there is
 * \return a literal; NULL: no private key is seen
 */
const char *private_key_form(struct bytes data);

#endif
