/* SPDX-License-Identifier: Apache-2.0 */
#include "small_home.h"

#include "base/digest.h"
#include "base/memory.h"
#include "records/crl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void small_home_make(struct small_home *small)
{
    struct error err = ERROR_INIT;
    *small = (struct small_home){.folder = {.path = "", .fd = -1}};
    folder_make(&small->folder);
    approver_make(&small->key, SMALL_HOME_ORIGIN, "the ledger's key");
    small->home.path = small->folder.path; // borrowed
    small->home.fd = small->folder.fd;
    small->home.access = HOME_WRITE;
    small->home.config.origin = small->key.note_key.name;
    small->home.config.ledger_vkey = small->key.vkey;
    if (!ledger_create(small->folder.fd, &err) ||
        !ledger_open(small->folder.fd, small->key.vkey, LEDGER_WRITE, 0, &small->home.ledger, &err))
        fail_msg("%s", err.text);
}

void small_home_remove(struct small_home *small)
{
    ledger_close(small->home.ledger);
    approver_done(&small->key);
    folder_remove(&small->folder);
}

uint64_t small_home_log(struct small_home *small, const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    uint64_t seq = UINT64_MAX;
    if (!ledger_append(small->home.ledger, type, members, &seq, &err) ||
        !ledger_commit(small->home.ledger, &err))
        fail_msg("%s", err.text);
    return seq;
}

uint64_t small_home_sign(struct small_home *small, const char *serial, const char *policy,
                         const char *policy_text)
{
    uint8_t digest[32];
    struct json *json = json_new_object();
    AUTO(free) char *subject = memory_format("CN=%s", serial);
    digest_sha256(bytes_of_text(policy_text), digest);
    json_put_text(json, "policy", policy);
    json_put_hex(json, "policy_sha256", BYTES(digest));
    digest_sha256(bytes_of_text(serial), digest);
    json_put_text(json, "serial", serial);
    json_put_text(json, "subject", subject);
    json_put_text(json, "not_after", "2030-01-01T00:00:00Z");
    json_put_hex(json, "csr_sha256", BYTES(digest));
    json_put_hex(json, "spki_sha256", BYTES(digest));
    json_put_base64(json, "tbs", bytes_of_text(subject));
    return small_home_log(small, "cert.signing", json);
}

void small_home_issue_crl(struct small_home *small, uint64_t number, int64_t this_update, int64_t next_update,
                          struct bytes der)
{
    const struct record_crl_signing signing = {.number = number,
                                               .algorithm = BYTES_LITERAL("\x30\x00"),
                                               .this_update = this_update,
                                               .next_update = next_update,
                                               .size = ledger_size(small->home.ledger),
                                               .extensions = BYTES_LITERAL("\x30\x00"),
                                               .expired_since = CRL_NO_TIME,
                                               .previous = RECORD_CRL_NONE,
                                               .tbs_len = 1,
                                               .batch = "b"};
    struct record_crl_issued issued = {.number = number, .signature = BYTES_LITERAL("signature")};
    issued.ref = small_home_log(small, RECORD_CRL_SIGNING, record_crl_signing_write(&signing));
    digest_sha256(der, issued.sha256);
    (void)small_home_log(small, RECORD_CRL_ISSUED, record_crl_issued_write(&issued));
}
