/* SPDX-License-Identifier: Apache-2.0 */
#include "given.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/key_value.h"
#include "base/openssl_release.h"
#include "cert_maker.h"
#include "records/cert.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t log_record(const struct home *home, const char *type, struct json *record)
{
    struct error err = ERROR_INIT;
    uint64_t seq = UINT64_MAX;
    if (!ledger_append(home->ledger, type, record, &seq, &err) || !ledger_commit(home->ledger, &err))
        fail_msg("%s", err.text);
    return seq;
}

static void issue(const struct home *home, EVP_PKEY *key, const char *subject, const char *policy,
                  bool is_finished, struct given *ret_given)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32] = {3};
    uint8_t request[32];
    char hex[129];
    AUTO(template_free) struct template *template = maker_template(subject, key);
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    maker_add_san(template, SAN_DNS, "a.example", 9);
    *ret_given = (struct given){.issued_seq = UINT64_MAX};
    cert_serial_random(ret_given->bytes);
    (void)snprintf(ret_given->serial, sizeof(ret_given->serial), "%s", hex_of(BYTES(ret_given->bytes), hex));
    key_value(bytes_of(template->spki, template->spki_len), ret_given->key_value);
    if (!cert_tbs(template, home->issuer, ret_given->bytes, SIGNATURE_ECDSA_SHA256, &tbs, &err))
        fail_msg("%s", err.text);
    digest_sha256(BYTES(ret_given->key_value), request); // any will do
    const struct record_cert_signing record = {.tbs = builder_bytes(&tbs),
                                               .policy = policy,
                                               .policy_sha256 = digest,
                                               .csr_sha256 = request,
                                               .batch = subject};
    ret_given->signing_seq = log_record(home, RECORD_CERT_SIGNING, record_cert_signing_write(&record));
    if (!is_finished)
        return;
    struct record_cert_issued issued = {.ref = ret_given->signing_seq,
                                        .signature = BYTES_LITERAL("a signature")};
    ret_given->issued_seq = log_record(home, RECORD_CERT_ISSUED, record_cert_issued_write(&issued));
}

void given_issue(const struct home *home, const char *subject, const char *policy, bool is_finished,
                 struct given *ret_given)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    issue(home, key, subject, policy, is_finished, ret_given);
}

void given_issue_two(const struct home *home, const char *subject, const char *policy,
                     struct given ret_given[2])
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    for (size_t i = 0; i < 2; i++)
        issue(home, key, subject, policy, true, &ret_given[i]);
}

uint64_t given_revoke(const struct home *home, const struct given *given, enum crl_reason reason,
                      int64_t revoked_at)
{
    const struct record_cert_revoked record = {.serial = BYTES(given->bytes),
                                               .reason = reason,
                                               .revoked_at = revoked_at,
                                               .invalidity_date = CRL_NO_TIME,
                                               .not_after = CRL_NO_TIME,
                                               .ref = given->issued_seq};
    return log_record(home, RECORD_CERT_REVOKED, record_cert_revoked_write(&record));
}

void given_release(const struct home *home, const struct given *given, uint64_t ref)
{
    const struct record_cert_unrevoked record = {.serial = BYTES(given->bytes), .ref = ref};
    (void)log_record(home, RECORD_CERT_UNREVOKED, record_cert_unrevoked_write(&record));
}

void given_abandon(const struct home *home, const struct given *given)
{
    const struct record_cert_abandoned record = {
        .ref = given->signing_seq, .serial = given->serial, .reason = "stopped"};
    (void)log_record(home, RECORD_CERT_ABANDONED, record_cert_abandoned_write(&record));
}
