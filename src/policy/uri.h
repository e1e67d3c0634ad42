/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URIs taken apart as RFC 3986 has them, for subjectAltName and name constraints. Strict: what two readers could take for two
 * different hosts is not a URI here. Resolves and normalises nothing. Used inside policy/ only.
 */
#ifndef COLDCA_POLICY_URI_H
#define COLDCA_POLICY_URI_H

#include "base/bytes.h"
#include "base/error.h"

enum uri_host {
    URI_HOST_NONE,    /**< no authority, or an empty one */
    URI_HOST_NAME,    /**< labels of letters, digits, hyphens and underscores */
    URI_HOST_ADDRESS, /**< IPv4, or IPv6 in brackets */
};

struct uri {
    bool has_authority; /**< "//" follows the scheme's colon at once (RFC 3986 3) */
    enum uri_host host_kind;
    struct bytes host; /**< a view into the text, without user, port and brackets; empty if there is none */
};

/**
 * Takes a URI apart. A relative reference, an IRI and a URI with a port above 65535 are none.
 * \param ret_why  set on failure: the rest of a sentence, such as "has no scheme"
 */
MUST_USE bool uri_read(struct bytes text, struct uri *ret_uri, const char **ret_why);

/** Labels of 1 to 63 letters, digits, inner hyphens and underscores, 253 characters at most, and no end in digits only. */
bool uri_host_is_name(struct bytes host);

#endif
