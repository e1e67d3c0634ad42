/* SPDX-License-Identifier: Apache-2.0 */
/* PEM blocks (RFC 7468) among other text, as files of certificates, CRLs and public keys have them. */
#ifndef COLDCA_CERT_PEM_H
#define COLDCA_CERT_PEM_H

#include "base/builder.h"

/**
 * Decodes the first block of this label.
 * \param label     "CERTIFICATE"
 * \param ret_rest  what follows its end line
 * \return false: ERROR_INPUT: no such block, or no base64 in it
 */
MUST_USE bool pem_take(const char *label, struct bytes input, struct builder *ret_der, struct bytes *ret_rest,
                       struct error *err);

#endif
