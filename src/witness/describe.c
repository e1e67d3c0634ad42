/* SPDX-License-Identifier: Apache-2.0 */
#include "witness/describe.h"

#include "base/encode.h"
#include "base/quote.h"
#include "base/time.h"
#include "cert/cert.h"
#include "records/approved.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"

#include <inttypes.h>
#include <string.h>

#define LABEL_WIDTH 12

/** Text of a plan is anybody's: it is escaped already, or made so, and never more than one line. */
static void add_guarded(struct builder *text, const char *value)
{
    if (strchr(value, '\n') != NULL)
        quote_append(text, bytes_of_text(value), 0);
    else
        quote_guard(text, bytes_of_text(value));
}

static void add_line(struct builder *text, const char *label, const char *value)
{
    builder_format(text, "%-*s", LABEL_WIDTH, label);
    add_guarded(text, value);
    builder_add_u8(text, '\n');
}

static void add_time(struct builder *text, const char *label, int64_t time)
{
    char buffer[TIME_TEXT_SIZE];
    if (time != CRL_NO_TIME)
        add_line(text, label, time_format(time, buffer));
}

/** Another word in a line. */
static void add_word(struct builder *text, const char *value)
{
    builder_add_text(text, "  ");
    add_guarded(text, value);
}

static void add_word_time(struct builder *text, const char *words, int64_t time)
{
    char buffer[TIME_TEXT_SIZE];
    if (time != CRL_NO_TIME)
        builder_format(text, "  %s %s", words, time_format(time, buffer));
}

/* ---- certificates: from the bytes ---- */

static bool describe_certificate(const struct json *record, bool is_full, struct builder *ret_text,
                                 struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    char hex[129];
    char until[TIME_TEXT_SIZE];
    enum signature_kind kind = SIGNATURE_OTHER;
    if (!record_bytes(record, "tbs", &tbs, err) || !cert_tbs_signature_kind(builder_bytes(&tbs), &kind, err))
        return false;
    cert_seal(builder_bytes(&tbs), kind, bytes_of(NULL, 0), &der);
    if (is_full)
        return cert_describe(builder_bytes(&der), ret_text, err);
    if (!cert_read_tbs(builder_bytes(&tbs), &facts, err))
        return false;
    builder_format(ret_text, "%s  %s  %s  %s  until %s%s\n",
                   hex_of(bytes_of(facts.serial, facts.serial_len), hex), facts.subject_text,
                   *facts.sans_text == '\0' ? "-" : facts.sans_text, facts.key_text,
                   time_format(facts.not_after, until), facts.is_ca ? "  A CA CERTIFICATE" : "");
    return true;
}

/* ---- revocations ---- */

static bool describe_revoked(const struct json *record, bool is_full, struct builder *ret_text,
                             struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    struct record_cert_revoked revoked;
    if (!record_cert_revoked_read(record, &buffer, &revoked, err))
        return false;
    encode_hex(revoked.serial, &serial);
    const char *what = revoked.is_hold ? "hold" : "revoke";
    const char *subject = revoked.subject != NULL ? revoked.subject : "a subject that is not known here";
    if (!is_full) {
        builder_format(ret_text, "%s %s", what, builder_text(&serial));
        add_word(ret_text, subject);
        add_word(ret_text, crl_reason_name(revoked.reason));
        add_word_time(ret_text, "from", revoked.revoked_at);
        add_word_time(ret_text, "invalid since", revoked.invalidity_date);
        builder_add_u8(ret_text, '\n');
        return true;
    }
    add_line(ret_text, what, subject);
    add_line(ret_text, "serial", builder_text(&serial));
    add_line(ret_text, "reason", crl_reason_name(revoked.reason));
    add_time(ret_text, "revoked", revoked.revoked_at);
    add_time(ret_text, "invalid", revoked.invalidity_date);
    add_time(ret_text, "valid until", revoked.not_after);
    if (revoked.is_foreign)
        add_line(ret_text, "issued", "before this ledger: it has nothing to compare that with");
    return true;
}

static bool describe_unrevoked(const struct json *record, bool is_full, struct builder *ret_text,
                               struct error *err)
{
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_unrevoked released;
    if (!record_cert_unrevoked_read(record, &buffer, &released, err))
        return false;
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    encode_hex(released.serial, &serial);
    if (is_full) {
        add_line(ret_text, "release", builder_text(&serial));
        if (released.ref != RECORD_NO_SEQ)
            builder_format(ret_text, "hold        of record %" PRIu64 "\n", released.ref);
        return true;
    }
    builder_format(ret_text, "release %s", builder_text(&serial));
    if (released.ref != RECORD_NO_SEQ)
        builder_format(ret_text, "  from the hold of record %" PRIu64, released.ref);
    builder_add_u8(ret_text, '\n');
    return true;
}

static bool describe_key(const struct json *record, bool is_full, struct builder *ret_text, struct error *err)
{
    int64_t invalid = CRL_NO_TIME;
    if (!record_key_revoked_check(record, err) ||
        !record_time(record, "invalidity_date", CRL_NO_TIME, &invalid, err))
        return false;
    builder_format(ret_text, "%skey %s  %s  from %s", is_full ? "revoke      " : "revoke ",
                   json_text(record, "key_value"), json_text(record, "reason"),
                   json_text(record, "revoked_at"));
    add_word_time(ret_text, "invalid since", invalid);
    builder_add_text(ret_text, "; no certificate of this ledger has it, requests with it are refused\n");
    return true;
}

/* ---- CRLs, policies, controls ---- */

static bool describe_crl(const struct json *record, struct builder *ret_text, struct error *err)
{
    uint64_t number = 0;
    uint64_t count = 0;
    int64_t this_update = 0;
    int64_t next_update = 0;
    bool keeps = false;
    uint8_t digest[32];
    char from[TIME_TEXT_SIZE], until[TIME_TEXT_SIZE], hex[129];
    if (!record_number(record, "number", &number, err) || !record_number(record, "count", &count, err) ||
        !record_time_needed(record, "this_update", &this_update, err) ||
        !record_time_needed(record, "next_update", &next_update, err) ||
        !record_flag(record, "keep_expired", false, &keeps, err) ||
        !record_digest(record, "tbs_sha256", digest, err))
        return false;
    builder_format(ret_text,
                   "CRL         number %" PRIu64 ", %" PRIu64 " revoked\n"
                   "good        %s to %s%s\nSHA-256     %s (of what is signed)\n",
                   number, count, time_format(this_update, from), time_format(next_update, until),
                   keeps ? ", with certificates that have ended" : "", hex_of(BYTES(digest), hex));
    return true;
}

static bool describe_policy(const struct json *record, struct builder *ret_text, struct error *err)
{
    struct record_policy_approved policy;
    char hex[129];
    if (!record_policy_approved_read(record, &policy, err))
        return false;
    add_line(ret_text, "policy", policy.name);
    builder_format(ret_text, "SHA-256     %s\n", hex_of(BYTES(policy.sha256), hex));
    quote_guard(ret_text, bytes_of_text(policy.text));
    return true;
}

static bool describe_control(const struct json *record, struct builder *ret_text, struct error *err)
{
    AUTO(control_done) struct control control = {.people_count = 0};
    if (!control_read(record, &control, err))
        return false;
    for (size_t i = 0; i < control.people_count; i++) {
        const struct control_person *person = &control.people[i];
        builder_format(ret_text, "%-*s", LABEL_WIDTH, i == 0 ? "people" : "");
        add_guarded(ret_text, person->name);
        builder_format(ret_text, ", %s", person->role);
        add_word(ret_text, person->key != NULL ? person->key : "without a key");
        builder_add_u8(ret_text, '\n');
    }
    for (size_t i = 0; i < ACT_COUNT; i++) {
        unsigned needed = control_needed(&control, (enum act)i);
        builder_format(ret_text, "%-*s%s: ", LABEL_WIDTH, i == 0 ? "quorum" : "", act_words((enum act)i));
        if (needed == 0)
            builder_add_text(ret_text, "whoever can log in\n");
        else
            builder_format(ret_text, "%u%s\n", needed,
                           control.emergency[i] ? ", or one person in an emergency" : "");
    }
    add_line(ret_text, "policies", control.only_approved_policies ? "approved ones only" : "any");
    if (control.forbids_extractable)
        add_line(ret_text, "keys", "only such as can't leave their token, whatever ca.yaml says");
    if (control.requires_manifest)
        add_line(ret_text, "media", "only with a signed list of their requests, whatever ca.yaml says");
    if (control.has_crl)
        builder_format(ret_text, "CRLs        good for at most %u days, certificates that have ended %s\n",
                       control.crl_max_days, control.crl_keep_expired ? "stay on it" : "leave it");
    return true;
}

bool describe_item(const struct json *record, bool is_full, struct builder *ret_text, struct error *err)
{
    const char *type = json_text(record, "type");
    if (strcmp(type, RECORD_CERT_SIGNING) == 0)
        return describe_certificate(record, is_full, ret_text, err);
    if (strcmp(type, RECORD_CERT_REVOKED) == 0)
        return describe_revoked(record, is_full, ret_text, err);
    if (strcmp(type, RECORD_CERT_UNREVOKED) == 0)
        return describe_unrevoked(record, is_full, ret_text, err);
    if (strcmp(type, RECORD_KEY_REVOKED) == 0)
        return describe_key(record, is_full, ret_text, err);
    if (strcmp(type, RECORD_CRL_SIGNING) == 0)
        return describe_crl(record, ret_text, err);
    if (strcmp(type, RECORD_POLICY_APPROVED) == 0)
        return describe_policy(record, ret_text, err);
    return describe_control(record, ret_text, err);
}
