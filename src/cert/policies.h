/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the certificate policies of a chain leave to those below it (RFC 5280 6.1): the part of path validation a CA has to know before
 * it issues. Used inside cert/ only.
 */
#ifndef COLDCA_CERT_POLICIES_H
#define COLDCA_CERT_POLICIES_H

#include "cert/parts.h"

/**
 * Works down the chain, the trust anchor left out.
 * \param parts  the issuer first, the root last
 * \param facts  its policies are set
 * \return false: ERROR_INPUT, an extension is damaged
 */
MUST_USE bool policies_of_chain(const struct cert_parts *parts, size_t count, struct policy_issuer *facts,
                                struct error *err);

#endif
