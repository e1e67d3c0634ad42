/* SPDX-License-Identifier: Apache-2.0 */
#include "status/recheck.h"

#include "base/memory.h"
#include "records/revoked.h"
#include "status/unlisted.h"

#include <string.h>

#define FEW 16384 /* records: reading them takes milliseconds, hashing a long CRL more */

/** The serials that are looked for, in ascending order. */
struct sought {
    const struct revoke_target **targets;
    size_t count;
    uint64_t from; /**< the first record that may be about one of them */
    bool has_foreign;
    bool has_met; /**< a cert.revoked of one of them: what came of it, all records say */
};

static void sought_done(struct sought *sought)
{
    free(sought->targets);
}
DEFINE_AUTO_VALUE(struct sought, sought_done);

static struct bytes serial_of(const struct revoke_target *target)
{
    return bytes_of(target->serial, target->serial_len);
}

static int compare_bytes(struct bytes a, struct bytes b)
{
    return a.len != b.len ? (a.len < b.len ? -1 : 1) : memcmp(a.data, b.data, a.len);
}

static int compare_targets(const void *a, const void *b)
{
    return compare_bytes(serial_of(*(const struct revoke_target *const *)a),
                         serial_of(*(const struct revoke_target *const *)b));
}

static int compare_serial(const void *key, const void *item)
{
    return compare_bytes(*(const struct bytes *)key, serial_of(*(const struct revoke_target *const *)item));
}

/** Those of which the index alone said that there is nothing yet: what the records said of the others is in their notes. */
static void gather(const struct revoke_plan *plan, struct sought *sought)
{
    sought->targets = memory_new(plan->count, sizeof(const struct revoke_target *));
    sought->from = UINT64_MAX;
    for (size_t i = 0; i < plan->count; i++) {
        const struct revoke_target *target = &plan->targets[i];
        if (target->action != REVOKE_REVOKE || target->is_key || target->note != NULL)
            continue;
        sought->targets[sought->count++] = target;
        sought->has_foreign = sought->has_foreign || target->is_foreign;
        uint64_t from = target->is_foreign ? 0 : target->signing_seq;
        sought->from = from < sought->from ? from : sought->from;
    }
    if (sought->count > 0)
        qsort(sought->targets, sought->count, sizeof(const struct revoke_target *), compare_targets);
}

static bool is_wrong(const struct revoke_target *target, const char *what, struct error *err)
{
    return error_set(err, ERROR_LEDGER, 0,
                     "ledger.jsonl says of %s that it %s, index.sqlite does not: run `coldca ledger index "
                     "--rebuild`, then this again",
                     target->serial_text, what);
}

static bool meet(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    struct sought *sought = data;
    uint8_t room[REVOKED_ABOUT_MAX_LEN] = {0};
    struct bytes serial = bytes_of(room, 0);
    (void)seq; // the serial names it well enough
    enum revoked_about about = revoked_about(text, room, &serial.len);
    if (about == REVOKED_ABOUT_NONE)
        return true;
    const struct revoke_target *const *found = bsearch(&serial, sought->targets, sought->count,
                                                       sizeof(const struct revoke_target *), compare_serial);
    if (found == NULL)
        return true;
    sought->has_met = sought->has_met || about == REVOKED_ABOUT_REVOKED;
    return about != REVOKED_ABOUT_SIGNING || !(*found)->is_foreign ||
           is_wrong(*found, "was signed here", err);
}

/** By all records, from the first on: a hold may have been released. */
static bool ask_all(struct status_desk *desk, const struct sought *sought, struct error *err)
{
    struct revoked_state state;
    if (desk->revoked == NULL && !status_desk_read(desk, err))
        return false;
    for (size_t i = 0; i < sought->count; i++) {
        if (revoked_find(desk->revoked, serial_of(sought->targets[i]), &state))
            return is_wrong(sought->targets[i], "is revoked, on hold or abandoned", err);
    }
    return true;
}

/** Where to begin: later than a cert.signing, if the newest CRL says that nothing before it is about one of them. */
static uint64_t begin_of(const struct status_desk *desk, const struct sought *sought)
{
    struct unlisted certificates[UNLISTED_MAX];
    if (sought->has_foreign || sought->count > UNLISTED_MAX ||
        ledger_size(desk->home->ledger) - sought->from < FEW)
        return sought->from;
    for (size_t i = 0; i < sought->count; i++) {
        const struct revoke_target *target = sought->targets[i];
        certificates[i] = (struct unlisted){.serial = serial_of(target), .not_after = target->not_after};
    }
    uint64_t size = unlisted_up_to(desk->home, certificates, sought->count);
    return size > sought->from ? size : sought->from;
}

bool targets_recheck(struct status_desk *desk, const struct revoke_plan *plan, struct error *err)
{
    AUTO(sought_done) struct sought sought = {.count = 0};
    gather(plan, &sought);
    if (sought.count == 0)
        return true;
    // What was read for one target tells of all, but not what was signed.
    if ((desk->revoked == NULL || sought.has_foreign) &&
        !ledger_scan_from(desk->home->ledger, begin_of(desk, &sought), meet, &sought, err))
        return false;
    return (desk->revoked == NULL && !sought.has_met) || ask_all(desk, &sought, err);
}
