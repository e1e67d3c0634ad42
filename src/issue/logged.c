/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/logged.h"

#include "base/digest.h"
#include "records/cert.h"

#include <inttypes.h>
#include <string.h>

void logged_done(struct logged *logged)
{
    builder_done(&logged->signature);
    builder_done(&logged->made);
    builder_done(&logged->proof);
}

bool logged_append(struct signer *signer, struct logged *logged, struct json *fields, struct error *err)
{
    return ledger_append(signer_home(signer)->ledger, logged->kind->signing_type, fields,
                         &logged->signing_seq, err) ||
           error_while(err, "logging what is to be signed for %s", logged->name);
}

bool logged_resume(struct signer *signer, struct logged *logged, uint64_t signing_seq, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    if (!ledger_record(signer_home(signer)->ledger, signing_seq, &record, err))
        return false;
    const char *type = json_text(record, "type");
    logged->signing_seq = signing_seq;
    return (type != NULL && strcmp(type, logged->kind->signing_type) == 0 &&
            json_base64(record, "tbs", &tbs) && bytes_equal(builder_bytes(&tbs), logged->tbs)) ||
           error_set(err, ERROR_LEDGER, 0,
                     "record %" PRIu64 " does not hold the bytes to be signed for %s; run `coldca ledger "
                     "verify`",
                     signing_seq, logged->name);
}

/** What was made by a token that signs wrongly is of no use to anybody. */
static bool check_made(const struct home *home, const struct logged *logged, struct error *err)
{
    struct error why = ERROR_INIT;
    return logged->kind->check(home, logged, &why) ||
           error_set(err, ERROR_TOKEN, 0, "%s; nothing was delivered, do not use this token", why.text);
}

static void seal(struct logged *logged)
{
    if (!logged->kind->is_apart)
        cert_seal(logged->tbs, logged->signature_kind, builder_bytes(&logged->signature), &logged->made);
}

/** For another token's signature. */
static void unseal(struct logged *logged)
{
    builder_clear(&logged->signature);
    builder_clear(&logged->made);
}

static void sign_new(struct signer *signer, struct logged *logged)
{
    size_t token = 0;
    const struct token_message message = {.data = logged->tbs, .digest = logged->digest};
    while (signer_sign(signer, logged->signing_seq, logged->signature_kind, &message, &logged->signature,
                       &token, &logged->err)) {
        seal(logged);
        logged->is_done = check_made(signer_home(signer), logged, &logged->err);
        if (logged->is_done || !signer_drop(signer, token, &logged->err))
            return;
        unseal(logged);
        error_clear(&logged->err);
    }
}

void logged_sign(struct signer *signer, struct logged *logged)
{
    logged->is_begun = true;
    if (logged->tbs.len > 0) {
        sign_new(signer, logged);
        return;
    }
    logged->is_done = logged->kind->check(signer_home(signer), logged, &logged->err);
    if (!logged->is_done)
        logged->err.kind = ERROR_LEDGER; // not the token's fault here: the record is damaged
}

bool logged_append_signature(struct signer *signer, struct logged *logged, struct error *err)
{
    if (!logged->is_done || logged->tbs.len == 0)
        return true;
    return ledger_append(signer_home(signer)->ledger, logged->kind->issued_type,
                         logged->kind->write_issued(logged), &logged->issued_seq, err) ||
           error_while(err, "logging the signature for %s", logged->name);
}

/* ---- certificates ---- */

static struct json *write_cert_issued(const struct logged *logged)
{
    struct record_cert_issued record = {.ref = logged->signing_seq,
                                        .signature = builder_bytes(&logged->signature)};
    digest_sha256(builder_bytes(&logged->made), record.sha256);
    return record_cert_issued_write(&record);
}

static bool check_certificate(const struct home *home, const struct logged *logged, struct error *err)
{
    struct bytes tbs = logged->tbs;
    struct bytes signature;
    struct bytes made = builder_bytes(&logged->made);
    enum signature_kind kind = SIGNATURE_OTHER;
    return (tbs.len > 0 || cert_split(made, &tbs, &kind, &signature, err)) &&
           cert_verify(made, tbs, home->issuer, err);
}

const struct logged_kind logged_certificate = {
    .signing_type = RECORD_CERT_SIGNING,
    .issued_type = RECORD_CERT_ISSUED,
    .write_issued = write_cert_issued,
    .check = check_certificate,
};
