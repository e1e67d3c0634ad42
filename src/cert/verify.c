/* SPDX-License-Identifier: Apache-2.0 */
#include "cert/parts.h"

static bool wrong(struct error *err, const char *what)
{
    return error_set(err, ERROR_TOKEN, 0, "the certificate is wrong: %s", what);
}

/** Verifies with the issuer's key, or for a self-signed certificate with its own. */
static bool verify_signature(const struct cert_parts *parts, const struct cert_issuer *issuer,
                             struct error *err)
{
    struct public_key_facts facts;
    struct error reason = ERROR_INIT;
    AUTO(public_key_free) struct public_key *own = NULL;
    if (issuer == NULL &&
        (!public_key_read(parts->spki, &facts, &reason) || !public_key_new(&facts, &own, &reason)))
        return wrong(err, reason.text);
    const struct public_key *key = issuer != NULL ? cert_issuer_key(issuer) : own;
    if (!public_key_verify(key, signature_of_der(parts->algorithm), parts->tbs, parts->signature, &reason))
        return wrong(err, "its signature does not verify with the CA certificate's public key");
    return true;
}

bool cert_verify(struct bytes certificate, struct bytes tbs, const struct cert_issuer *issuer,
                 struct error *err)
{
    struct cert_parts parts;
    struct bytes authority;
    struct error reason = ERROR_INIT;
    if (!parts_read(certificate, &parts, &reason))
        return wrong(err, reason.text);
    if (!bytes_equal(parts.tbs, tbs))
        return wrong(err, "it is not over the bytes that were logged");
    if (!bytes_equal(parts.algorithm, parts.outer_algorithm))
        return wrong(err, "its two signature algorithms differ (RFC 5280 4.1.1.2)");
    if (!bytes_equal(parts.issuer, issuer != NULL ? cert_issuer_subject(issuer) : parts.subject))
        return wrong(err, "its issuer is not the CA's subject byte for byte (RFC 5280 4.1.2.4)");
    if (!parts_authority_key_id(&parts, &authority, &reason))
        return wrong(err, reason.text);
    if (issuer != NULL && !bytes_equal(authority, cert_issuer_key_id(issuer)))
        return wrong(err,
                     "its authorityKeyIdentifier is not the CA's subjectKeyIdentifier (RFC 5280 4.2.1.1)");
    return verify_signature(&parts, issuer, err);
}

bool cert_split(struct bytes certificate, struct bytes *ret_tbs, enum signature_kind *ret_kind,
                struct bytes *ret_signature, struct error *err)
{
    struct cert_parts parts;
    if (!parts_read(certificate, &parts, err))
        return false;
    *ret_tbs = parts.tbs;
    *ret_kind = signature_of_der(parts.outer_algorithm);
    *ret_signature = parts.signature;
    return true;
}
