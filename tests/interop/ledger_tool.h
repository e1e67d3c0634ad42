/* SPDX-License-Identifier: Apache-2.0 */
/* What a test CA in software lends to the tool that makes and checks ledgers for other programs. */
#ifndef COLDCA_TESTS_LEDGER_TOOL_H
#define COLDCA_TESTS_LEDGER_TOOL_H

#include "base/openssl_release.h"
#include "base/public_key.h"
#include "ledger/ledger.h"

struct tool_issuer {
    EVP_PKEY *key;
    struct public_key *checker; /**< the key as coldca verifies with it; only when checking */
    X509 *certificate;
    uint8_t *tbs; /**< of a certificate with serial and name to be filled in */
    size_t tbs_len, serial_at, name_at;
    char spki_sha256[65];
};

/** A new P-256 CA. */
void tool_issuer_make(struct tool_issuer *ret_issuer);
/** The CA of ca.pem, to check with. */
MUST_USE bool tool_issuer_read(const char *path, struct tool_issuer *ret_issuer);
void tool_issuer_write(const struct tool_issuer *issuer, const char *path);

/** Fields of the number-th cert.signing. */
struct json *tool_signing(struct tool_issuer *issuer, unsigned number);
/** Fields of the cert.issued that follows it. */
struct json *tool_issued(struct tool_issuer *issuer, unsigned number, uint64_t ref);

/** Checks; whoever uses them puts a struct tool_issuer in data. */
extern const struct ledger_checks tool_checks;

#endif
