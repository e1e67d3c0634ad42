/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/shared.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "base/thread.h"
#include "screen/factors.h"

#define CHUNK_LEN 16384 /* records between two times the store may write */
#define TRIES 3
#define SHARED_RUN (UINT64_C(1) << 63) /* labels from here on are the run's own */

/** A key of an earlier plan of this run. */
struct run_key {
    char *name; /**< of its request */
    struct builder exponent;
};

struct shared {
    const struct home *home;   /**< NULL: nothing is kept */
    struct screen_store *seen; /**< by the ledger; NULL: not opened yet */
    struct screen_store *run;  /**< by this run's plans */
    struct run_key *keys;      /**< of the run, by label */
    size_t keys_count;
    bool
        is_current; /**< all is in `seen` that the ledger had when the run began; what came since is in `run` */
    bool has_told; /**< that the store could not be written */
};

struct shared *shared_new(const struct home *home)
{
    struct shared *shared = memory_new(1, sizeof(*shared));
    shared->home = home;
    shared->run = screen_store_new();
    return shared;
}

void shared_free(struct shared *shared)
{
    if (shared->seen != NULL)
        screen_store_close(shared->seen);
    screen_store_close(shared->run);
    for (size_t i = 0; i < shared->keys_count; i++) {
        free(shared->keys[i].name);
        builder_done(&shared->keys[i].exponent);
    }
    free(shared->keys);
    free(shared);
}

/* ---- what the ledger has seen ---- */

/** The RSA key of a cert.signing or ca.created record. \return false: it has none; facts point into buffer */
static bool key_of_record(const struct json *record, struct builder *buffer,
                          struct public_key_facts *ret_facts)
{
    struct bytes spki;
    struct bytes tbs;
    struct bytes ignored;
    enum signature_kind kind = SIGNATURE_OTHER;
    struct error err = ERROR_INIT; // a record that can't be read is ledger verify's to tell
    if (json_base64(record, "tbs", buffer))
        tbs = builder_bytes(buffer);
    else if (!json_base64(record, "certificate", buffer) ||
             !cert_split(builder_bytes(buffer), &tbs, &kind, &ignored, &err))
        return false;
    return cert_tbs_spki(tbs, &spki, &err) && public_key_read(spki, ret_facts, &err) &&
           ret_facts->kind == KEY_RSA;
}

static bool add_record(const struct json *record, const struct ledger_entry *entry, void *data)
{
    int64_t seq = 0;
    struct public_key_facts facts;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    (void)entry;
    if (json_int(record, "seq", &seq) && key_of_record(record, &buffer, &facts))
        screen_store_add(data, (uint64_t)seq, facts.modulus);
    return true;
}

static bool hash_record(struct ledger *ledger, uint64_t seq, uint8_t ret_sha256[static 32], struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!ledger_record(ledger, seq, &record, err))
        return false;
    json_canonical(record, &text);
    digest_sha256(builder_bytes(&text), ret_sha256);
    return true;
}

static bool fits_ledger(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    uint8_t own[32];
    struct error err = ERROR_INIT; // what is not in the ledger doesn't fit it
    struct ledger *ledger = data;
    return seq < ledger_size(ledger) && hash_record(ledger, seq, own, &err) &&
           memcmp(own, sha256, sizeof(own)) == 0;
}

/** Opens the store and reads the ledger's records that are not in it. */
static bool catch_up(struct shared *shared, struct ledger *ledger, struct error *err)
{
    static const char *const types[] = {"ca.created", "cert.signing"};
    const struct home *home = shared->home;
    uint8_t sha256[32];
    if (shared->seen == NULL &&
        !screen_store_open(home->fd, home->access != HOME_LOOK, fits_ledger, ledger, &shared->seen, err))
        return false;
    uint64_t size = ledger_size(ledger);
    for (uint64_t next = screen_store_next(shared->seen); next < size;
         next = screen_store_next(shared->seen)) {
        uint64_t end = next + CHUNK_LEN < size ? next + CHUNK_LEN : size;
        for (size_t i = 0; i < ARRAY_LEN(types); i++) {
            struct ledger_filter filter = {.from_seq = next, .to_seq = end, .type = types[i], .status = -1};
            if (!ledger_each(ledger, &filter, add_record, shared->seen, err))
                return false;
        }
        if (!hash_record(ledger, end - 1, sha256, err) || !screen_store_cover(shared->seen, end, sha256, err))
            return false;
    }
    return true;
}

/* ---- the plan's keys ---- */

struct key {
    struct plan_item *item;
    struct public_key_facts facts; /**< point into the item's request */
};

/** The RSA keys of requests that prove possession: nobody can bring another's modulus to have it refused. */
static struct key *list_keys(struct plan *plan, size_t *ret_count)
{
    size_t count = 0;
    struct error err = ERROR_INIT;
    struct key *keys = memory_new(plan->count, sizeof(*keys));
    for (size_t i = 0; i < plan->count; i++) {
        const struct request *request = plan->items[i].request;
        if (request != NULL && request->has_proof_of_possession &&
            public_key_read(request->spki, &keys[count].facts, &err) && keys[count].facts.kind == KEY_RSA)
            keys[count++].item = &plan->items[i];
    }
    *ret_count = count;
    return keys;
}

/** \param ret_record  what the facts point into, with buffer; the caller frees, also on failure */
static bool read_key(struct ledger *ledger, uint64_t seq, struct json **ret_record, struct builder *buffer,
                     struct public_key_facts *ret_facts, struct error *err)
{
    return ledger_record(ledger, seq, ret_record, err) &&
           (key_of_record(*ret_record, buffer, ret_facts) ||
            error_set(err, ERROR_LEDGER, 0, "record %llu has no RSA key", (unsigned long long)seq));
}

/** Whether the ledger's record has what the store says: a key that shares with this modulus, or is it. */
static bool is_true(struct ledger *ledger, uint64_t label, struct bytes modulus, bool is_same)
{
    struct screen_share shares[2];
    struct public_key_facts facts;
    struct error err = ERROR_INIT; // a record that can't be read bears nothing out
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    if (label == SCREEN_NONE || label >= SHARED_RUN)
        return true;
    if (!read_key(ledger, label, &record, &buffer, &facts, &err))
        return false;
    if (is_same)
        return bytes_equal(facts.modulus, modulus);
    const struct bytes both[] = {modulus, facts.modulus};
    return screen_shared(NULL, 0, both, 2, NULL, 1, shares, &err) && shares[0].count == 1;
}

/** \param ledger  may be NULL: keys of the run alone are borne out by none */
static bool all_true(struct ledger *ledger, const struct bytes *moduli, size_t count,
                     const struct screen_share *shares)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_true(ledger, shares[i].label, moduli[i], false) ||
            !is_true(ledger, shares[i].same, moduli[i], true))
            return false;
    }
    return true;
}

static bool bring_up_to_date(struct shared *shared, struct ledger *ledger, struct error *err)
{
    shared->is_current = shared->is_current || catch_up(shared, ledger, err);
    return shared->is_current || error_while(err, "reading the ledger's RSA keys");
}

static bool compare(struct shared *shared, struct ledger *ledger, const struct bytes *moduli, size_t count,
                    struct screen_share *ret_shares, struct error *err)
{
    bool has_ledger = ledger != NULL;
    for (int tries = 1;; tries++) {
        if (has_ledger && !bring_up_to_date(shared, ledger, err))
            return false;
        struct screen_store *const stores[] = {has_ledger ? shared->seen : shared->run, shared->run};
        bool is_done = screen_shared(stores, has_ledger ? 2 : 1, moduli, count, thread_each, thread_cores(),
                                     ret_shares, err);
        if (is_done && all_true(ledger, moduli, count, ret_shares))
            return true;
        if (tries == TRIES)
            return is_done ? error_set(err, ERROR_LEDGER, 0,
                                       "%s is inconsistent with the ledger; remove it and run again",
                                       SCREEN_STORE_FILE)
                           : error_while(err, "comparing RSA keys");
        // What did not fit was dropped, and is read from the ledger now.
        error_clear(err);
        shared->is_current = false;
        if (is_done)
            screen_store_forget(shared->seen);
    }
}

/* ---- reasons ---- */

/** Whose key a record of the ledger has, and what to do about it. */
static bool describe_record(struct ledger *ledger, uint64_t seq, char **ret_whose, char **ret_remedy,
                            struct error *err)
{
    bool is_found = false;
    AUTO(json_free) struct json *record = NULL;
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    if (!ledger_record(ledger, seq, &record, err))
        return false;
    if (!json_hex(record, "serial", &serial)) {
        *ret_whose = memory_text("this CA's own key");
        *ret_remedy = memory_text("make a new key; everybody can compute the CA's own, so replace the CA");
        return true;
    }
    if (!ledger_find_serial(ledger, builder_bytes(&serial), &entry, &is_found, err))
        return false;
    const char *hex = json_text(record, "serial");
    const char *subject = json_text(record, "subject");
    *ret_whose = memory_format("certificate %s for %s", hex, subject != NULL ? subject : "(no subject)");
    if (is_found && entry.status == LEDGER_REVOKED)
        *ret_remedy = memory_format("make a new key; certificate %s is revoked already", hex);
    else
        *ret_remedy =
            memory_format("revoke certificate %s, make new keys for both, and find out what made them", hex);
    return true;
}

static void refuse(struct plan_item *item, const char *found, const char *text, const char *remedy)
{
    findings_add(&item->verdict->findings, &(struct finding){.rule = (char *)(uintptr_t) "key.shared-factor",
                                                             .source = (char *)(uintptr_t) "CA/B BR 6.1.1.3",
                                                             .found = (char *)(uintptr_t)found,
                                                             .text = (char *)(uintptr_t)text,
                                                             .remedy = (char *)(uintptr_t)remedy});
    item->verdict->is_allowed = false;
    item->action = PLAN_REFUSE;
}

static bool refuse_sharing(const struct shared *shared, struct ledger *ledger, const struct key *keys,
                           const struct key *key, const struct screen_share *share, struct error *err)
{
    AUTO(free) char *whose = NULL;
    AUTO(free) char *remedy = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    bool is_record = share->label != SCREEN_NONE && share->label < SHARED_RUN;
    if (is_record && !describe_record(ledger, share->label, &whose, &remedy, err))
        return false;
    if (!is_record)
        whose = memory_text(share->other != SIZE_MAX ? keys[share->other].item->source
                                                     : shared->keys[share->label - SHARED_RUN].name);
    builder_format(&text, "key: it shares a prime factor with %s", whose);
    if (share->count > 1)
        builder_format(&text, " and %s%zu more", share->count == SCREEN_COUNT_MAX ? "at least " : "",
                       share->count - 1);
    builder_add_text(&text, ": everybody can compute the private keys");
    refuse(key->item, whose, builder_text(&text),
           remedy != NULL ? remedy : "make new keys for both, and find out what made them");
    return true;
}

/** One modulus with two exponents: whoever has one private key has the other. */
static bool refuse_twin(const struct shared *shared, struct ledger *ledger, const struct key *keys,
                        const struct key *key, const struct screen_share *share, struct error *err)
{
    AUTO(free) char *whose = NULL;
    AUTO(free) char *remedy = NULL;
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder buffer = BUILDER_INIT;
    struct public_key_facts facts = keys[share->first].facts;
    const char *name = keys[share->first].item->source;
    bool is_record = share->same != SCREEN_NONE && share->same < SHARED_RUN;
    if (share->same != SCREEN_NONE && !is_record) {
        const struct run_key *earlier = &shared->keys[share->same - SHARED_RUN];
        facts.exponent = builder_bytes(&earlier->exponent);
        name = earlier->name;
    }
    if (is_record && !read_key(ledger, share->same, &record, &buffer, &facts, err))
        return false;
    if (bytes_equal(facts.exponent, key->facts.exponent))
        return true;
    if (is_record && !describe_record(ledger, share->same, &whose, &remedy, err))
        return false;
    if (!is_record)
        whose = memory_text(name);
    AUTO(free)
    char *text = memory_format("key: it has the modulus of %s with another exponent, so each can compute the "
                               "other's private key",
                               whose);
    refuse(key->item, whose, text, remedy != NULL ? remedy : "make a new key for each");
    return true;
}

static void remember_key(struct shared *shared, const char *name, const struct public_key_facts *facts)
{
    screen_store_add(shared->run, SHARED_RUN + shared->keys_count, facts->modulus);
    shared->keys = memory_grow(shared->keys, shared->keys_count + 1, sizeof(*shared->keys));
    struct run_key *key = &shared->keys[shared->keys_count++];
    *key = (struct run_key){.name = memory_text(name)};
    builder_add_bytes(&key->exponent, facts->exponent);
}

/** Remembers the plan's keys for the run's later plans; the ledger may not have them yet. */
static void remember(struct shared *shared, const struct key *keys, size_t count,
                     const struct screen_share *shares)
{
    for (size_t i = 0; i < count; i++) {
        if (shares[i].same == SCREEN_NONE && shares[i].first == i)
            remember_key(shared, keys[i].item->source, &keys[i].facts);
    }
}

void shared_note(struct shared *shared, struct plan *plan)
{
    size_t count = 0;
    AUTO(free) struct key *keys = list_keys(plan, &count);
    for (size_t i = 0; i < count; i++)
        remember_key(shared, keys[i].item->source, &keys[i].facts);
}

/** Says what a person should know of the store, once. */
static void tell(struct shared *shared, struct plan *plan)
{
    if (shared->seen == NULL)
        return;
    if (screen_store_dropped(shared->seen))
        findings_say(&plan->warnings, "screen.store", NULL,
                     "%s did not fit the ledger; RSA keys were read from the ledger again",
                     SCREEN_STORE_FILE);
    if (screen_store_trouble(shared->seen) != NULL && !shared->has_told) {
        findings_say(&plan->warnings, "screen.store", NULL,
                     "RSA keys have to be read again in the next run: %s",
                     screen_store_trouble(shared->seen));
        shared->has_told = true;
    }
}

bool shared_refuse(struct shared *shared, struct ledger *ledger, struct plan *plan, struct error *err)
{
    size_t count = 0;
    AUTO(free) struct key *keys = list_keys(plan, &count);
    AUTO(free) struct bytes *moduli = memory_new(count, sizeof(*moduli));
    AUTO(free) struct screen_share *shares = memory_new(count, sizeof(*shares));
    if (count == 0)
        return true; // who brings no RSA key does not wait for those of the ledger to be read
    for (size_t i = 0; i < count; i++)
        moduli[i] = keys[i].facts.modulus;
    if (!compare(shared, ledger, moduli, count, shares, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if ((shares[i].count > 0 && !refuse_sharing(shared, ledger, keys, &keys[i], &shares[i], err)) ||
            !refuse_twin(shared, ledger, keys, &keys[i], &shares[i], err))
            return error_while(err, "reading whose key shares a factor with that of %s",
                               keys[i].item->source);
    }
    remember(shared, keys, count, shares);
    tell(shared, plan);
    return true;
}
