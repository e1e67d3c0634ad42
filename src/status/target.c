/* SPDX-License-Identifier: Apache-2.0 */
#include "status/target.h"

#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/time.h"

#include <string.h>

void revoke_target_done(struct revoke_target *target)
{
    free(target->serial_text);
    free(target->subject);
    free(target->note);
    *target = (struct revoke_target){.serial_len = 0};
}

bool target_is_root(const struct home *home, struct bytes serial)
{
    struct error ignored = ERROR_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    return cert_read(cert_issuer_der(home->issuer), &facts, &ignored) &&
           strcmp(facts.subject_text, facts.issuer_text) == 0 &&
           bytes_equal(bytes_of(facts.serial, facts.serial_len), serial);
}

static bool refuse_release(const struct revoke_target *target, const struct revoked_state *state,
                           struct error *err)
{
    char since[TIME_TEXT_SIZE];
    if (state == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s is not on hold, so there is nothing to release",
                         target->serial_text);
    if (state->is_burned)
        return error_set(err, ERROR_INPUT, 0,
                         "%s was abandoned: nobody can know whether it was signed, so it stays on every CRL",
                         target->serial_text);
    return error_set(
        err, ERROR_INPUT, 0,
        "%s was revoked on %s (%s), and that stays: only a hold can be released (RFC 5280 5.3.1). Was "
        "it an error, then give its holder a new certificate: `coldca sign --reissue`",
        target->serial_text, time_format(state->revoked_at, since), crl_reason_name(state->reason));
}

static bool plan_release(struct revoke_target *target, const struct revoked_state *state,
                         const struct target_wish *wish, struct error *err)
{
    if (state == NULL || !state->is_hold) {
        target->action = REVOKE_NOTHING;
        target->note = memory_text("not on hold");
        return wish->is_of_all || refuse_release(target, state, err);
    }
    target->action = REVOKE_RELEASE;
    target->ref = state->seq;
    return true;
}

static void plan_revocation(struct revoke_target *target, const struct revoked_state *state)
{
    char since[TIME_TEXT_SIZE];
    target->action = REVOKE_REVOKE;
    if (state == NULL)
        return;
    (void)time_format(state->revoked_at, since); // it is used below
    if (state->is_burned) {
        target->note = memory_text("was abandoned, so it is on every CRL by itself; now with a reason");
        return;
    }
    bool is_final = state->is_hold && target->reason != CRL_CERTIFICATE_HOLD;
    if (is_final) {
        target->note = memory_format("on hold since %s; from now on revoked", since);
        return;
    }
    target->action = REVOKE_NOTHING;
    bool is_same = state->reason == target->reason;
    target->note =
        memory_format("already %s since %s%s%s%s", state->is_hold ? "on hold" : "revoked", since,
                      is_same ? "" : "; the reason stays ", is_same ? "" : crl_reason_name(state->reason),
                      is_same || target->reason != CRL_KEY_COMPROMISE
                          ? ""
                          : "; that requests with its key are refused, say with --key FILE");
}

/** What the ledger's records say of a serial; they are read once a run, and only if it can matter. */
static bool find_state(struct status_desk *desk, struct bytes serial, bool *ret_has,
                       struct revoked_state *ret_state, struct error *err)
{
    if (desk->revoked == NULL && !status_desk_read(desk, err))
        return false;
    *ret_has = revoked_find(desk->revoked, serial, ret_state);
    return true;
}

static void take_entry(struct revoke_target *target, struct ledger_entry *entry)
{
    target->subject = entry->subject != NULL ? memory_text(entry->subject) : NULL;
    target->not_after = entry->not_after;
    target->signing_seq = entry->signing_seq;
    target->ref = entry->issued_seq;
    memcpy(target->key_value, entry->key_value, sizeof(target->key_value));
    target->has_key_value = true;
}

static bool check_known(const struct revoke_target *target, bool is_known, const struct target_wish *wish,
                        struct error *err)
{
    if (!is_known && !wish->is_foreign)
        return error_set(
            err, ERROR_INPUT, 0,
            "no certificate with serial %s in the ledger: check it (`coldca cert list`); was it issued "
            "before this ledger was begun, say --foreign",
            target->serial_text);
    if (is_known && wish->is_foreign)
        return error_set(err, ERROR_INPUT, 0, "%s is in the ledger: leave --foreign out",
                         target->serial_text);
    return true;
}

static bool plan_action(struct status_desk *desk, struct bytes serial, enum ledger_status status,
                        const struct target_wish *wish, struct revoke_target *target, struct error *err)
{
    struct revoked_state state;
    bool has_state = false;
    // Of a certificate that was issued and nothing more there is nothing to read. That is the index's word, which targets_recheck() doubts.
    bool may_have_state = !desk->asks_index || wish->is_foreign || status != LEDGER_ISSUED;
    if (may_have_state && !find_state(desk, serial, &has_state, &state, err))
        return false;
    if (!wish->is_foreign && target->ref == UINT64_MAX && !has_state)
        return error_set(err, ERROR_LEDGER, 0,
                         "index.sqlite says that %s was not issued, ledger.jsonl that it is not burned: run "
                         "`coldca ledger index --rebuild`, then this again",
                         target->serial_text);
    if (wish->is_release)
        return plan_release(target, has_state ? &state : NULL, wish, err);
    plan_revocation(target, has_state ? &state : NULL);
    return true;
}

bool target_find(struct status_desk *desk, struct bytes serial, int64_t not_after,
                 const struct target_wish *wish, struct revoke_target *ret_target, struct error *err)
{
    AUTO(revoke_target_done)
    struct revoke_target target = {.serial_len = serial.len,
                                   .reason = wish->reason,
                                   .invalidity_date = wish->invalidity_date,
                                   .not_after = not_after,
                                   .signing_seq = UINT64_MAX,
                                   .ref = UINT64_MAX,
                                   .is_foreign = wish->is_foreign};
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    bool is_known = false;
    if (serial.len == 0 || serial.len > CERT_SERIAL_LEN)
        return error_set(err, ERROR_INPUT, 0, "a serial number has 1 to 20 bytes (RFC 5280 4.1.2.2)");
    memcpy(target.serial, serial.data, serial.len);
    encode_hex(serial, &hex);
    target.serial_text = builder_take_text(&hex);
    if (target_is_root(desk->home, serial))
        return error_set(
            err, ERROR_INPUT, 0,
            "%s is this CA's own certificate: no CRL of its own can take it back (docs/revocation.md, "
            "\"The CA key is lost\")",
            target.serial_text);
    if (!ledger_find_serial(desk->home->ledger, serial, &entry, &is_known, err) ||
        !check_known(&target, is_known, wish, err))
        return false;
    if (is_known)
        take_entry(&target, &entry);
    if (!plan_action(desk, serial, entry.status, wish, &target, err))
        return false;
    *ret_target = target;
    target = (struct revoke_target){.serial_len = 0}; // ret_target owns the texts now
    return true;
}

struct revoke_target target_of_key(const uint8_t key_value[static 32], const struct target_wish *wish,
                                   const char *known)
{
    struct revoke_target target = {.action = known == NULL ? REVOKE_REVOKE : REVOKE_NOTHING,
                                   .reason = wish->reason,
                                   .invalidity_date = wish->invalidity_date,
                                   .not_after = CRL_NO_TIME,
                                   .signing_seq = UINT64_MAX,
                                   .ref = UINT64_MAX,
                                   .has_key_value = true,
                                   .is_key = true};
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    memcpy(target.key_value, key_value, sizeof(target.key_value));
    encode_hex(BYTES(target.key_value), &hex);
    target.serial_text = memory_format("key %s", builder_text(&hex));
    target.note = known == NULL ? NULL : memory_format("already known: %s", known);
    return target;
}

bool target_time(const char *what, const char *text, int64_t *ret_time, struct error *err)
{
    struct quoted buffer;
    AUTO(free) char *midnight = memory_format("%sT00:00:00Z", text);
    return time_parse(text, ret_time) || time_parse(midnight, ret_time) ||
           error_set(err, ERROR_USAGE, 0,
                     "%s is a day, 2026-11-21, or a time in UTC, 2026-11-21T02:48:57Z, not \"%s\"", what,
                     quoted_text(text, &buffer));
}

bool target_check_date(int64_t invalidity_date, struct error *err)
{
    return invalidity_date <= time_now() ||
           error_set(err, ERROR_USAGE, 0,
                     "the invalidity date is when the key was lost, which can't be later than now");
}

bool target_invalidity_date(const char *text, int64_t *ret_time, struct error *err)
{
    return target_time("the invalidity date", text, ret_time, err) && target_check_date(*ret_time, err);
}

bool target_reason(const char *text, enum crl_reason *ret_reason, struct error *err)
{
    struct quoted buffer;
    enum crl_reason reason = CRL_UNSPECIFIED;
    if (!crl_reason_parse(text, &reason))
        return error_set(
            err, ERROR_USAGE, 0,
            "\"%s\" is not a reason of RFC 5280 5.3.1; they are unspecified, keyCompromise, cACompromise, "
            "affiliationChanged, superseded, cessationOfOperation, certificateHold, privilegeWithdrawn "
            "and aACompromise",
            quoted_text(text, &buffer));
    if (reason == CRL_REMOVE_FROM_CRL)
        return error_set(err, ERROR_USAGE, 0,
                         "removeFromCRL is not a reason to revoke, it takes a hold back: that is --release");
    *ret_reason = reason;
    return true;
}
