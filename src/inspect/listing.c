/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect/listing.h"

#include "base/memory.h"
#include "records/revocation.h"

#include <search.h>
#include <string.h>

static const char *const names[] = {
    [LISTING_UNFINISHED] = "unfinished", [LISTING_VALID] = "valid", [LISTING_EXPIRED] = "expired",
    [LISTING_REVOKED] = "revoked",       [LISTING_HOLD] = "hold",   [LISTING_BURNED] = "burned",
};

const char *listing_state_name(enum listing_state state)
{
    return names[state];
}

bool listing_state_parse(const char *name, enum listing_state *ret_state, bool *ret_is_any_issued,
                         struct error *err)
{
    *ret_is_any_issued = strcmp(name, "issued") == 0;
    if (*ret_is_any_issued)
        return true;
    if (strcmp(name, "abandoned") == 0)
        name = names[LISTING_BURNED];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_state = (enum listing_state)i;
            return true;
        }
    }
    return error_set(
        err, ERROR_USAGE, 0,
        "--status is valid, expired, revoked, hold, burned or unfinished; issued is valid or expired");
}

struct revocation {
    char *serial;
    char *words;
    bool is_hold;
    int64_t seq;
    bool is_released; /**< by a later record */
};

struct revocations {
    void *tree; /**< tsearch(), by serial */
};

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct revocation *)a)->serial, ((const struct revocation *)b)->serial);
}

static void revocation_free(void *data)
{
    struct revocation *revocation = data;
    free(revocation->serial);
    free(revocation->words);
    free(revocation);
}

void revocations_free(struct revocations *revocations)
{
    tdestroy(revocations->tree, revocation_free);
    free(revocations);
}

/** Records come in their order, so the last one of a serial stays. */
static bool note(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct revocations *revocations = data;
    char time[TIME_TEXT_SIZE];
    struct error ignored = ERROR_INIT;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct record_cert_revoked revoked;
    (void)entry; // of a cert.signing only
    if (json_text(record, "serial") == NULL || !record_cert_revoked_read(record, &buffer, &revoked, &ignored))
        return true;
    struct revocation *revocation = memory_new(1, sizeof(*revocation));
    revocation->serial = memory_text(json_text(record, "serial"));
    revocation->words =
        memory_format("%s, %s", time_format(revoked.revoked_at, time), crl_reason_name(revoked.reason));
    if (!json_int(record, "seq", &revocation->seq))
        revocation->seq = 0; // `ledger verify` says so
    revocation->is_hold = revoked.reason == CRL_CERTIFICATE_HOLD;
    struct revocation **place = tsearch(revocation, &revocations->tree, compare);
    if (place == NULL)
        abort(); // out of memory
    if (*place != revocation) {
        revocation_free(*place);
        *place = revocation;
    }
    return true;
}

static struct revocation *find(const struct revocations *revocations, const char *serial)
{
    const struct revocation wanted = {.serial = (char *)(uintptr_t)serial}; // nobody writes to it
    struct revocation **place = tfind(&wanted, &revocations->tree, compare);
    return place == NULL ? NULL : *place;
}

static bool note_release(const struct json *record, const struct ledger_entry *entry, void *data)
{
    int64_t seq = 0;
    const char *serial = json_text(record, "serial");
    struct revocation *revocation = serial == NULL ? NULL : find(data, serial);
    (void)entry; // of a cert.signing only
    if (revocation != NULL && json_int(record, "seq", &seq) && seq > revocation->seq)
        revocation->is_released = true;
    return true;
}

bool revocations_load(struct ledger *ledger, struct revocations **ret_revocations, struct error *err)
{
    const struct ledger_filter revoked = {.type = RECORD_CERT_REVOKED, .status = -1};
    const struct ledger_filter released = {.type = RECORD_CERT_UNREVOKED, .status = -1};
    AUTO(revocations_free) struct revocations *revocations = memory_new(1, sizeof(*revocations));
    if (!ledger_each(ledger, &revoked, note, revocations, err) ||
        !ledger_each(ledger, &released, note_release, revocations, err))
        return false;
    *ret_revocations = TAKE(revocations);
    return true;
}

bool revocations_has(const struct revocations *revocations, const char *serial)
{
    const struct revocation *revocation = find(revocations, serial);
    return revocation != NULL && !revocation->is_released;
}

const char *revocations_words(const struct revocations *revocations, const char *serial)
{
    const struct revocation *revocation = find(revocations, serial);
    return revocation == NULL ? NULL : revocation->words;
}

enum listing_state listing_state_of(const struct ledger_entry *entry, const struct revocations *revocations,
                                    int64_t now)
{
    const struct revocation *revocation = find(revocations, entry->serial);
    switch (entry->status) {
    case LEDGER_ISSUED:
        return entry->not_after < now ? LISTING_EXPIRED : LISTING_VALID;
    case LEDGER_ABANDONED:
        return LISTING_BURNED;
    case LEDGER_REVOKED:
        return revocation != NULL && revocation->is_hold ? LISTING_HOLD : LISTING_REVOKED;
    case LEDGER_UNFINISHED:
    default:
        return LISTING_UNFINISHED;
    }
}
