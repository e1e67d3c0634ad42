/* SPDX-License-Identifier: Apache-2.0 */
#include "records/governed.h"

#include "base/canonical.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"
#include "cert/cert.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"
#include "records/session.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/** A plan that people said yes to. */
struct taken_plan {
    uint8_t sha256[32];
    struct plan_header header;
    uint8_t *done; /**< a bit an item: a record carried it out */
};

/** The text of a policy that may be used; the newest of its name counts. */
struct taken_policy {
    char *name;
    uint8_t sha256[32];
};

struct governed {
    char *origin;
    char *vkey;
    bool has_control;
    struct control control;
    struct taken_plan *plans;
    size_t plans_count;
    struct taken_policy *policies;
    size_t policies_count;
    uint64_t emergencies;
};

struct governed *governed_new(const char *origin, const char *vkey)
{
    struct governed *governed = memory_new(1, sizeof(*governed));
    governed->origin = memory_text(origin);
    governed->vkey = memory_text(vkey);
    return governed;
}

void governed_free(struct governed *governed)
{
    for (size_t i = 0; i < governed->plans_count; i++) {
        plan_header_done(&governed->plans[i].header);
        free(governed->plans[i].done);
    }
    for (size_t i = 0; i < governed->policies_count; i++)
        free(governed->policies[i].name);
    if (governed->has_control)
        control_done(&governed->control);
    free(governed->plans);
    free(governed->policies);
    free(governed->origin);
    free(governed->vkey);
    free(governed);
}

const struct control *governed_control(const struct governed *governed)
{
    return governed->has_control ? &governed->control : NULL;
}

uint64_t governed_emergencies(const struct governed *governed)
{
    return governed->emergencies;
}

static bool say(struct findings *findings, const char *rule, const struct error *why)
{
    findings_say(findings, rule, NULL, "%.*s", (int)strcspn(why->text, "\n"), why->text);
    return false;
}

/** The newest plan of this digest: a plan is taken in once, so there is no other. */
static const struct taken_plan *find_plan(const struct governed *governed, const uint8_t sha256[static 32])
{
    for (size_t i = governed->plans_count; i > 0; i--) {
        if (memcmp(governed->plans[i - 1].sha256, sha256, 32) == 0)
            return &governed->plans[i - 1];
    }
    return NULL;
}

/* ---- an act, and the plan it must be of ---- */

/** A record that an act came to. */
struct done {
    enum act act;
    const char *type;
    const struct json *record;
    int64_t time;
};

static bool is_of_plan(const struct governed *governed, const struct done *done, struct error *err)
{
    uint8_t sha256[32];
    uint64_t index = 0;
    size_t count = 0;
    bool is_planned = false;
    struct tree_hash leaf;
    struct tree_hash path[TREE_PROOF_MAX];
    char hex[129];
    if (!record_read_planned(done->record, &is_planned, sha256, &index, path, &count, err))
        return false;
    if (!is_planned)
        return error_set(err, ERROR_LEDGER, 0,
                         "%s needs %u approvals by the control of record %" PRIu64 ", it is of no plan",
                         act_words(done->act), control_needed(&governed->control, done->act),
                         governed->control.seq);
    const struct taken_plan *plan = find_plan(governed, sha256);
    if (plan == NULL)
        return error_set(err, ERROR_LEDGER, 0, "it is of the plan %s, which nobody approved before it",
                         hex_of(BYTES(sha256), hex));
    if (plan->header.act != done->act)
        return error_set(err, ERROR_LEDGER, 0, "it is %s, but its plan was approved for %s",
                         act_words(done->act), act_words(plan->header.act));
    if (plan->header.control != governed->control.seq)
        return error_set(err, ERROR_LEDGER, 0,
                         "its plan was approved under the control of record %" PRIu64 ", not of %" PRIu64,
                         plan->header.control, governed->control.seq);
    if (done->time < plan->header.not_before || done->time > plan->header.not_after)
        return error_set(err, ERROR_LEDGER, 0, "it was done outside its plan's window");
    plan_item_leaf(done->record, done->type, &leaf);
    if (!tree_inclusion_holds(&leaf, index, plan->header.count, path, count, &plan->header.root))
        return error_set(err, ERROR_LEDGER, 0, "it is not what its plan says at place %" PRIu64, index);
    uint8_t bit = (uint8_t)(1U << (index % 8));
    if ((plan->done[index / 8] & bit) != 0)
        return error_set(err, ERROR_LEDGER, 0, "place %" PRIu64 " of its plan was carried out before", index);
    plan->done[index / 8] |= bit;
    return true;
}

/** One person, where the control lets him: said in the record, and counted. */
static bool is_emergency(const struct governed *governed, const struct done *done)
{
    return json_text(done->record, "emergency_reason") != NULL && governed->control.emergency[done->act];
}

static bool check_act(struct governed *governed, const struct done *done, struct findings *findings)
{
    struct error err = ERROR_INIT;
    if (!governed->has_control || control_needed(&governed->control, done->act) == 0)
        return true;
    if (is_emergency(governed, done)) {
        governed->emergencies++;
        return true;
    }
    return is_of_plan(governed, done, &err) || say(findings, "ledger.control", &err);
}

/* ---- the types ---- */

static bool take_control(struct governed *governed, uint64_t seq, const struct done *done,
                         struct findings *findings)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.people_count = 0};
    if (!control_read(done->record, &control, &err))
        return say(findings, "ledger.control", &err);
    uint64_t before = governed->has_control ? governed->control.seq : CONTROL_NONE;
    if (control.previous != before) {
        (void)error_set(&err, ERROR_LEDGER, 0, "its previous is not the control in force");
        return say(findings, "ledger.control", &err);
    }
    if (!check_act(governed, done, findings))
        return false; // what was not allowed governs nothing
    if (governed->has_control)
        control_done(&governed->control);
    governed->control = control;
    governed->control.seq = seq;
    governed->has_control = true;
    control = (struct control){.people_count = 0};
    return true;
}

static bool check_header(const struct governed *governed, const struct plan_header *header, struct error *err)
{
    if (strcmp(header->origin, governed->origin) != 0 || strcmp(header->vkey, governed->vkey) != 0)
        return error_set(err, ERROR_LEDGER, 0, "its plan is of another CA");
    if (!governed->has_control)
        return error_set(err, ERROR_LEDGER, 0, "no control is in force that says who may approve");
    return header->control == governed->control.seq ||
           error_set(err, ERROR_LEDGER, 0,
                     "its plan was made under the control of record %" PRIu64 ", in force is %" PRIu64,
                     header->control, governed->control.seq);
}

static bool check_plan(const struct governed *governed, const struct record_plan_approved *record,
                       const struct plan_header *header, int64_t time, struct error *err)
{
    struct approvals approvals = {.count = 0};
    if (!check_header(governed, header, err))
        return false;
    if (find_plan(governed, record->plan_sha256) != NULL)
        return error_set(err, ERROR_LEDGER, 0, "its plan was approved before: a plan is used once");
    if (time < header->not_before || time > header->not_after)
        return error_set(err, ERROR_LEDGER, 0, "its plan was taken in outside its window");
    for (size_t i = 0; i < json_count(record->approvals); i++) {
        if (!approvals_take(&approvals, bytes_of_text(json_text_at(record->approvals, i)), header,
                            &governed->control, err))
            return false;
    }
    return approvals_suffice(&approvals, header, &governed->control, err);
}

static bool take_plan(struct governed *governed, const struct done *done, struct findings *findings)
{
    struct error err = ERROR_INIT;
    struct record_plan_approved record;
    AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
    if (!record_plan_approved_read(done->record, &record, &err) ||
        !plan_header_read(bytes_of_text(record.header), &header, &err))
        return say(findings, "ledger.approval", &err);
    if (!check_plan(governed, &record, &header, done->time, &err))
        return say(findings, "ledger.approval", &err);
    governed->plans = memory_grow(governed->plans, governed->plans_count + 1, sizeof(*governed->plans));
    struct taken_plan *plan = &governed->plans[governed->plans_count++];
    memcpy(plan->sha256, record.plan_sha256, sizeof(plan->sha256));
    plan->header = header;
    plan->done = memory_new(header.count / 8 + 1, 1);
    header = (struct plan_header){.origin = NULL};
    return true;
}

static struct taken_policy *find_policy(const struct governed *governed, struct bytes name)
{
    for (size_t i = 0; i < governed->policies_count; i++) {
        if (bytes_equal_text(name, governed->policies[i].name))
            return &governed->policies[i];
    }
    return NULL;
}

static bool take_policy(struct governed *governed, const struct done *done, struct findings *findings)
{
    struct error err = ERROR_INIT;
    struct record_policy_approved record;
    if (!record_policy_approved_read(done->record, &record, &err))
        return say(findings, "ledger.policy", &err);
    if (!check_act(governed, done, findings))
        return false;
    struct taken_policy *policy = find_policy(governed, bytes_of_text(record.name));
    if (policy == NULL) {
        governed->policies =
            memory_grow(governed->policies, governed->policies_count + 1, sizeof(*governed->policies));
        policy = &governed->policies[governed->policies_count++];
        policy->name = memory_text(record.name);
    }
    memcpy(policy->sha256, record.sha256, sizeof(policy->sha256));
    return true;
}

static bool check_crl(const struct governed *governed, const struct json *record, struct findings *findings)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_crl_signing crl;
    const struct control *control = &governed->control;
    if (!governed->has_control || !control->has_crl || !record_crl_signing_read(record, &buffer, &crl, &err))
        return true; // what can't be read is said elsewhere
    if (crl.next_update - crl.this_update > control->crl_max_days * TIME_DAY_SECONDS)
        (void)error_set(&err, ERROR_LEDGER, 0,
                        "the CRL is good for longer than the control's crl max_days, %u",
                        control->crl_max_days);
    else if (crl.keep_expired != control->crl_keep_expired)
        (void)error_set(&err, ERROR_LEDGER, 0, "the CRL's keep_expired is not the control's");
    else
        return true;
    return say(findings, "ledger.control", &err);
}

/** What a run of sign, review or batch says of itself. */
static bool check_session(const struct governed *governed, const struct json *record,
                          struct findings *findings)
{
    struct error err = ERROR_INIT;
    const struct control *control = &governed->control;
    const char *command = json_text(record, "command");
    bool is_batch = command != NULL && strcmp(command, "batch") == 0;
    if (!governed->has_control)
        return true;
    if (control->forbids_extractable && json_bool(record, "allow_extractable"))
        (void)error_set(&err, ERROR_LEDGER, 0,
                        "its keys might leave their token (allow_extractable), which the control of record "
                        "%" PRIu64 " does not allow",
                        control->seq);
    else if (control->requires_manifest && is_batch && json_text(record, "manifest_sha256") == NULL)
        (void)error_set(&err, ERROR_LEDGER, 0,
                        "a batch without a signed list of its requests, which the control of record %" PRIu64
                        " requires",
                        control->seq);
    else
        return true;
    return say(findings, "ledger.control", &err);
}

/** Policy and digest as they are spelled in a cert.signing. */
static bool check_policy(const struct governed *governed, struct bytes policy, struct bytes digest,
                         struct findings *findings)
{
    char hex[129];
    struct error err = ERROR_INIT;
    if (!governed->has_control || !governed->control.only_approved_policies)
        return true;
    const struct taken_policy *taken = find_policy(governed, policy);
    if (taken != NULL && bytes_equal_text(digest, hex_of(BYTES(taken->sha256), hex)))
        return true;
    (void)error_set(&err, ERROR_LEDGER, 0, "by the policy %s, %s", quoted(policy, &(struct quoted){0}),
                    taken == NULL ? "which nobody approved" : "of another text than the one approved last");
    return say(findings, "ledger.policy", &err);
}

static bool act_of_certificate(const struct json *record, enum act *ret_act)
{
    struct error ignored = ERROR_INIT; // a TBSCertificate that can't be read is said elsewhere
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    if (!json_base64(record, "tbs", &tbs) || !cert_read_tbs(builder_bytes(&tbs), &facts, &ignored))
        return false;
    *ret_act = facts.is_ca ? ACT_ISSUE_CA : ACT_ISSUE;
    return true;
}

/** The one type of which there are many: parsed only where a quorum wants it. */
static bool take_signing(struct governed *governed, struct done *done, struct bytes text, struct bytes policy,
                         struct bytes digest, struct findings *findings)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = NULL;
    bool is_fine = check_policy(governed, policy, digest, findings);
    if (!governed->has_control || (control_needed(&governed->control, ACT_ISSUE) == 0 &&
                                   control_needed(&governed->control, ACT_ISSUE_CA) == 0))
        return is_fine;
    if (!json_parse(text, &record, &err) || !act_of_certificate(record, &done->act))
        return is_fine;
    done->record = record;
    return check_act(governed, done, findings) && is_fine;
}

enum { POLICY, POLICY_SHA256, TIME, TYPE, FIELDS };

static bool take_other(struct governed *governed, uint64_t seq, struct done *done, struct bytes text,
                       struct findings *findings)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = NULL;
    if (!json_parse(text, &record, &err))
        return say(findings, "ledger.fields", &err);
    done->record = record;
    if (strcmp(done->type, RECORD_PLAN_APPROVED) == 0)
        return take_plan(governed, done, findings);
    if (strcmp(done->type, RECORD_SESSION_OPENED) == 0)
        return check_session(governed, record, findings);
    if (done->act == ACT_CONTROL)
        return take_control(governed, seq, done, findings);
    if (done->act == ACT_POLICY)
        return take_policy(governed, done, findings);
    bool is_fine = check_act(governed, done, findings);
    return (done->act != ACT_CRL || check_crl(governed, record, findings)) && is_fine;
}

bool governed_take(struct governed *governed, uint64_t seq, struct bytes text, struct findings *ret_findings)
{
    static const struct {
        const char *type;
        enum act act;
    } types[] = {
        {RECORD_CONTROL_SET, ACT_CONTROL},   {RECORD_POLICY_APPROVED, ACT_POLICY},
        {RECORD_PLAN_APPROVED, ACT_COUNT},   {RECORD_CERT_REVOKED, ACT_REVOKE},
        {RECORD_CERT_UNREVOKED, ACT_REVOKE}, {RECORD_CRL_SIGNING, ACT_CRL},
        {RECORD_KEY_REVOKED, ACT_REVOKE},    {RECORD_SESSION_OPENED, ACT_COUNT},
    };
    struct canonical_field fields[FIELDS] = {
        {.key = "policy"}, {.key = "policy_sha256"}, {.key = "time"}, {.key = "type"}};
    struct done done = {.act = ACT_COUNT};
    AUTO(builder_done) struct builder policy = BUILDER_INIT;
    AUTO(free) char *when = NULL;
    if (!canonical_read(text, fields, FIELDS))
        return true; // said elsewhere
    struct bytes type = fields[TYPE].value.spelling;
    struct bytes spelled = fields[TIME].value.spelling;
    when = memory_text_of((const char *)spelled.data, spelled.len);
    if (!time_parse(when, &done.time))
        return true; // said elsewhere
    done.type = RECORD_CERT_SIGNING;
    if (bytes_equal_text(type, RECORD_CERT_SIGNING))
        return take_signing(governed, &done, text, canonical_text(&fields[POLICY].value, &policy),
                            fields[POLICY_SHA256].value.spelling, ret_findings);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (!bytes_equal_text(type, types[i].type))
            continue;
        done.type = types[i].type;
        done.act = types[i].act;
        return take_other(governed, seq, &done, text, ret_findings);
    }
    return true;
}
