/* SPDX-License-Identifier: Apache-2.0 */
#include "records/types.h"

#include "base/bytes.h"
#include "records/approved.h"
#include "records/ca.h"
#include "records/ceremony.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"
#include "records/session.h"

#include <string.h>

static bool check_ca_created(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_ca_created record;
    return record_ca_created_read(json, &buffer, &record, err);
}

static bool check_chain_set(const struct json *json, struct error *err)
{
    struct record_chain_set record;
    return record_chain_set_read(json, &record, err);
}

static bool check_abandoned(const struct json *json, struct error *err)
{
    struct record_cert_abandoned record;
    return record_cert_abandoned_read(json, &record, err);
}

static bool check_revoked(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked record;
    return record_cert_revoked_read(json, &buffer, &record, err);
}

static bool check_unrevoked(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_unrevoked record;
    return record_cert_unrevoked_read(json, &buffer, &record, err);
}

static bool check_crl_signing(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing record;
    return record_crl_signing_read(json, &buffer, &record, err);
}

static bool check_crl_issued(const struct json *json, struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_issued record;
    return record_crl_issued_read(json, &buffer, &record, err);
}

static bool check_crl_abandoned(const struct json *json, struct error *err)
{
    struct record_crl_abandoned record;
    return record_crl_abandoned_read(json, &record, err);
}

static bool check_control(const struct json *json, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    if (control_read(json, &control, err))
        return true;
    err->kind = ERROR_LEDGER;
    return false;
}

static bool check_plan_approved(const struct json *json, struct error *err)
{
    struct record_plan_approved record;
    return record_plan_approved_read(json, &record, err);
}

static bool check_policy_approved(const struct json *json, struct error *err)
{
    struct record_policy_approved record;
    return record_policy_approved_read(json, &record, err);
}

static bool check_ceremony(const struct json *json, struct error *err)
{
    AUTO(record_ceremony_done) struct record_ceremony record = {.run = NULL};
    return record_ceremony_read(json, &record, err);
}

/* cert.signing and cert.issued are not here: there are as many as certificates, so the ledger reads them by itself (ledger/record.c)
 * and records/verify.c looks at what was signed. */
static const struct {
    const char *type;
    bool (*check)(const struct json *json, struct error *err);
} types[] = {
    {RECORD_CA_CREATED, check_ca_created},
    {RECORD_CERT_ABANDONED, check_abandoned},
    {RECORD_SESSION_OPENED, record_session_check},
    {RECORD_BATCH_PLANNED, record_planned_check},
    {RECORD_CERT_REVOKED, check_revoked},
    {RECORD_CERT_UNREVOKED, check_unrevoked},
    {RECORD_KEY_REVOKED, record_key_revoked_check},
    {RECORD_CRL_SIGNING, check_crl_signing},
    {RECORD_CRL_ISSUED, check_crl_issued},
    {RECORD_CRL_ABANDONED, check_crl_abandoned},
    {RECORD_REVOCATION_SET, record_revocation_set_check},
    {RECORD_CHAIN_SET, check_chain_set},
    {RECORD_REQUEST_REFUSED, record_refused_check},
    {RECORD_REQUEST_SKIPPED, record_refused_check},
    {RECORD_CONTROL_SET, check_control},
    {RECORD_PLAN_APPROVED, check_plan_approved},
    {RECORD_POLICY_APPROVED, check_policy_approved},
    {RECORD_CEREMONY_STEP, check_ceremony},
};

static bool is_common(const char *key, const struct json *value, void *data)
{
    static const char *const common[] = {"operator", "seq", "time", "type"};
    (void)value;
    for (size_t i = 0; i < ARRAY_LEN(common); i++) {
        if (strcmp(common[i], key) == 0)
            return true;
    }
    *(bool *)data = false;
    return false;
}

/** A record of the members that all have. The vectors of docs/ledger-format.md hold such, from before a type's own were demanded. */
static bool is_bare(const struct json *record)
{
    bool is_bare = true;
    json_each(record, is_common, &is_bare);
    return is_bare;
}

bool record_check(const char *type, const struct json *record, struct error *err)
{
    if (is_bare(record))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].check(record, err) || error_while(err, "reading a %s", type);
    }
    return true;
}
