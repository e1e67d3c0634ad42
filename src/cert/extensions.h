/* SPDX-License-Identifier: Apache-2.0 */
/* The extensions of a certificate, from a template and its issuer. Used inside cert/ only. */
#ifndef COLDCA_CERT_EXTENSIONS_H
#define COLDCA_CERT_EXTENSIONS_H

#include "cert/cert.h"

/** The [3] Extensions of a TBSCertificate (RFC 5280 4.2). ERROR_INPUT names the rule that is broken. */
MUST_USE bool extensions_add(const struct template *template, const struct cert_issuer *issuer,
                             struct bytes key_bit_string, struct builder *out, struct error *err);
/** The SAN extension alone, for a request's extensionRequest. */
MUST_USE bool extensions_add_san(const struct template *template, struct builder *out, struct error *err);

#endif
