/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CRL while it is made. It may be longer than memory, so its TBSCertList lies in a file without a name, is hashed and linted on the way
 * there, and signed by its digest; what leaves is read from that file. A key that signs the message itself (Ed25519) gets a mapping of it.
 */
#ifndef COLDCA_STATUS_CRL_MADE_H
#define COLDCA_STATUS_CRL_MADE_H

#include "cert/crl.h"

struct crl_made;
/** \param issuer  borrowed \param folder  where the file is made; -1: none, it is only hashed and linted */
MUST_USE bool crl_made_new(const struct cert_issuer *issuer, enum signature_kind kind, int folder,
                           struct crl_made **ret_made, struct error *err);
void crl_made_free(struct crl_made *made);
DEFINE_AUTO(struct crl_made *, crl_made_free);

/** A crl_sink: the TBSCertList, as revoked_draw() gives it. */
bool crl_made_add(void *made, struct bytes part, struct error *err);
/** After its last part. \return false: ERROR_INPUT, what is wrong with it; nothing may be signed */
MUST_USE bool crl_made_end(struct crl_made *made, struct error *err);

/* ---- what was made; borrowed ---- */
size_t crl_made_tbs_len(const struct crl_made *made);
const uint8_t *crl_made_tbs_sha256(const struct crl_made *made);
/** A view of the file: no byte of it is in memory before it is looked at. */
struct bytes crl_made_tbs(const struct crl_made *made);
/** With the hash of the signature; empty for one that signs the message. */
struct bytes crl_made_digest(const struct crl_made *made);

/* ---- signed ---- */
/**
 * The last look before it leaves: reads the file once more, demands that it is what was hashed, verifies the signature, lints.
 * \return false: ERROR_TOKEN, saying which check failed; ERROR_INPUT: it can't be read
 */
MUST_USE bool crl_made_check(struct crl_made *made, struct bytes signature, struct error *err);
size_t crl_made_len(const struct crl_made *made); /**< of the whole CRL's DER */
const uint8_t *crl_made_sha256(const struct crl_made *made);
/** All of it, in parts. \param is_pem  as PEM, and not as DER */
MUST_USE bool crl_made_write(const struct crl_made *made, bool is_pem, crl_sink *sink, void *data,
                             struct error *err);

#endif
