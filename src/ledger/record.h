/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One record of ledger.jsonl: is it well formed, and what does it say that the index and the verifier must know?
 * (docs/ledger-format.md, "Records".) Pure: no file, no tree, no index.
 */
#ifndef COLDCA_LEDGER_RECORD_H
#define COLDCA_LEDGER_RECORD_H

#include "base/canonical.h"
#include "base/json.h"

#include <stdint.h>

#define RECORD_SERIAL_MAX_LEN 64

enum record_kind {
    RECORD_OTHER,
    RECORD_SIGNING,
    RECORD_ISSUED,
    RECORD_ABANDONED,
    RECORD_REVOKED,
    RECORD_UNREVOKED,
    RECORD_REFUSED,
    RECORD_SESSION,
};

/** What a record says. Values are views into the line it was read from, as they are spelled there; kind CANONICAL_NONE if missing. */
struct record_facts {
    enum record_kind kind;
    uint64_t seq;
    int64_t time;
    struct canonical_value type, batch;
    uint64_t ref;                          /**< RECORD_ISSUED, RECORD_ABANDONED */
    uint8_t serial[RECORD_SERIAL_MAX_LEN]; /**< RECORD_SIGNING, RECORD_REVOKED, RECORD_UNREVOKED */
    size_t serial_len;
    struct canonical_value signature, sha256;            /**< RECORD_ISSUED; not decoded, not checked */
    struct canonical_value tbs, policy, subject, source; /**< RECORD_SIGNING from here on; tbs not decoded */
    struct canonical_value sans, serial_text, spki_text, not_after_text;
    bool has_csr, has_spki, has_policy;                         /**< whether there is such a digest */
    uint8_t csr_sha256[32], spki_sha256[32], policy_sha256[32]; /**< zero if missing */
    int64_t not_after;                                          /**< 0 if missing */
};

/** Why a line is not a record. */
struct record_fault {
    const char *rule; /**< "ledger.json", "ledger.canonical", "ledger.fields"; static */
    char text[256];
};

/** "cert.issued" and the like; "record" of RECORD_OTHER. */
const char *record_kind_name(enum record_kind kind);

/** Checks that a line (without LF) is a JSON object in canonical form, with the fields every record has and those its type needs. */
MUST_USE bool record_read(struct bytes line, struct record_facts *ret_facts, struct record_fault *ret_fault);

/**
 * Which key a cert.signing is about, however its certificate writes it: base/key_value.h, from the tbs. That is spki_sha256, but for
 * points an older coldca took compressed; where tbs is not a TBSCertificate, spki_sha256 is all there is.
 */
void record_key_value(const struct record_facts *facts, uint8_t ret_sha256[static 32]);

/** Checks that a line is a JSON object in canonical form and parses it. The caller frees the record. */
MUST_USE bool record_parse(struct bytes line, struct json **ret_record, struct record_fault *ret_fault);

#endif
