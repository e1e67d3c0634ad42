/*
 * One record of ledger.jsonl: is it well formed, and what does it say that the index and the verifier must know?
 * (docs/ledger-format.md, "Records".) Pure: no file, no tree, no index.
 */
#ifndef COLDCA_LEDGER_RECORD_H
#define COLDCA_LEDGER_RECORD_H

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

/** What a record says; text is borrowed from the JSON value it was read from. */
struct record_facts {
    enum record_kind kind;
    uint64_t seq;
    int64_t time;
    const char *type;
    const char *batch;                     /**< may be NULL */
    uint64_t ref;                          /**< RECORD_ISSUED, RECORD_ABANDONED */
    uint8_t serial[RECORD_SERIAL_MAX_LEN]; /**< RECORD_SIGNING, RECORD_REVOKED, RECORD_UNREVOKED */
    size_t serial_len;
    const char *policy, *subject, *source; /**< RECORD_SIGNING from here on; NULL if missing */
    const struct json *sans;
    uint8_t csr_sha256[32], spki_sha256[32], policy_sha256[32]; /**< zero if missing */
    int64_t not_after;                                          /**< 0 if missing */
};

/** Why a line is no record. */
struct record_fault {
    const char *rule; /**< "ledger.json", "ledger.canonical", "ledger.fields"; static */
    char text[256];
};

/** Parses a line (without LF) and checks that it is canonical JSON and an object. The caller frees the record. */
MUST_USE bool record_parse(struct bytes line, struct json **ret_record, struct record_fault *ret_fault);

/** Reads the facts: fields every record has, and those its type needs. Text in ret_facts borrows from record. */
MUST_USE bool record_read(const struct json *record, struct record_facts *ret_facts,
                          struct record_fault *ret_fault);

#endif
