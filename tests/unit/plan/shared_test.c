/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys of a run and of the ledger: whoever shares a prime with one is refused and told whose it is, whatever became meanwhile of what the
 * home keeps of them.
 */
#include "plan/screen.h"

#include "base/digest.h"
#include "base/encode.h"
#include "cert_maker.h"
#include "csr_maker.h"
#include "failing.h"
#include "records/cert.h"
#include "records/revocation.h"
#include "screen/factors.h"

#include "rsa_plans.h"

#include <sys/stat.h>

#define MANY 260 /* RSA keys: enough for what is kept to be written */

static int64_t now;

/** A judge of a run: looks into the ledger beside who writes. */
static struct judge *judge_of_run(void)
{
    struct error err = ERROR_INIT;
    struct judge *judge = judge_new(own.home);
    now = time_now();
    assert_true(judge_look_beside(judge, &err));
    return judge;
}

static void judge_plan(struct judge *judge, struct plan *plan)
{
    struct error err = ERROR_INIT;
    const struct plan_options options = {.policy = policy, .now = now};
    if (!plan_judge(judge, plan, &options, &err))
        fail_msg("%s", err.text);
}

/** "certificate 01..." of an item that is signed; the caller frees. */
static char *certificate_of(const struct plan *plan, size_t index)
{
    char hex[129];
    return memory_format("certificate %s for %s", hex_of(BYTES(plan->items[index].serial), hex),
                         plan->items[index].request->subject_text);
}

static void assert_finding(const struct plan *plan, size_t index, const char *found, const char *text,
                           const char *remedy)
{
    const struct finding *finding = shared_finding(plan, index);
    assert_string_equal(finding->found, found);
    assert_string_equal(finding->text, text);
    assert_string_equal(finding->remedy, remedy);
    assert_false(plan->items[index].verdict->is_allowed);
    assert_null(plan->items[index].tbs);
}

#define SHARES(whose) "key: it shares a prime factor with " whose ": everybody can compute the private keys"
#define TWIN(whose)                                                                                          \
    "key: it has the modulus of " whose " with another exponent, so each can compute the other's private "   \
    "key"

/* ---- a run ---- */

static void who_is_met_in_a_plan_is_named_whole(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *plan = plan_of(1, 0, 1);
    add(plan, 2, 1, 2, 65537);
    add(plan, 3, 3, 0, 65537);
    add(plan, 4, 3, 0, 65539);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_finding(plan, 0, "device-2.csr", SHARES("device-2.csr and 1 more"),
                   "make new keys for both, and find out what made them");
    assert_finding(plan, 1, "device-1.csr", SHARES("device-1.csr"),
                   "make new keys for both, and find out what made them");
    assert_string_equal(shared_finding(plan, 2)->found, "device-1.csr");
    const struct findings *twin = &plan->items[3].verdict->findings;
    assert_string_equal(twin->items[twin->count - 1].text, TWIN("device-3.csr"));
    assert_string_equal(twin->items[twin->count - 1].remedy, "make a new key for each");
}

/** The other one is a request of this run, and a certificate to the next. */
static void what_a_run_has_met_is_named_by_its_request_and_in_the_next_run_by_its_certificate(void **state)
{
    AUTO(judge_free) struct judge *judge = judge_of_run();
    AUTO(plan_free) struct plan *first = plan_of(1, 0, 1);
    AUTO(plan_free) struct plan *sharing = plan_new(policy);
    AUTO(plan_free) struct plan *twin = plan_new(policy);
    AUTO(plan_free) struct plan *again = plan_new(policy);
    AUTO(plan_free) struct plan *twin_again = plan_new(policy);
    (void)state;
    judge_plan(judge, first);
    assert_int_equal(first->items[0].action, PLAN_SIGN);
    EVP_PKEY *curve = csr_key("P-256");
    fake_plan_add(sharing, "device-9", 9, curve);
    EVP_PKEY_free(curve);
    add(sharing, 2, 1, 2, 65537);
    judge_plan(judge, sharing);
    assert_int_equal(sharing->items[0].action, PLAN_SIGN);
    assert_finding(sharing, 1, "device-1.csr", SHARES("device-1.csr"),
                   "make new keys for both, and find out what made them");
    add(twin, 3, 0, 1, 65539);
    judge_plan(judge, twin);
    const struct findings *findings = &twin->items[0].verdict->findings;
    assert_string_equal(findings->items[findings->count - 1].text, TWIN("device-1.csr"));

    issue(first);
    AUTO(judge_free) struct judge *next_run = judge_of_run();
    AUTO(free) char *whose = certificate_of(first, 0);
    AUTO(free) char *words = memory_format(SHARES("%s"), whose);
    AUTO(free)
    char *remedy = memory_format("revoke %.*s, make new keys for both, and find out what made them",
                                 (int)(strlen("certificate ") + 2 * CERT_SERIAL_LEN), whose);
    add(again, 5, 1, 3, 65537);
    judge_plan(next_run, again);
    assert_finding(again, 0, whose, words, remedy);
    add(twin_again, 6, 0, 1, 65539);
    judge_plan(next_run, twin_again);
    findings = &twin_again->items[0].verdict->findings;
    AUTO(free) char *twin_words = memory_format(TWIN("%s"), whose);
    assert_string_equal(findings->items[findings->count - 1].text, twin_words);
    assert_string_equal(findings->items[findings->count - 1].found, whose);
}

/** Without a ledger a run knows its own requests. */
static void plans_without_a_home_are_compared_as_well(void **state)
{
    struct error err = ERROR_INIT;
    const struct plan_options options = {.policy = policy, .now = time_now()};
    AUTO(judge_free) struct judge *judge = judge_new(NULL);
    AUTO(plan_free) struct plan *first = plan_of(1, 0, 1);
    AUTO(plan_free) struct plan *other = plan_of(2, 2, 3);
    AUTO(plan_free) struct plan *second = plan_of(3, 1, 2);
    (void)state;
    assert_true(plan_judge(judge, first, &options, &err) && plan_judge(judge, other, &options, &err));
    assert_int_equal(first->items[0].action, PLAN_ALLOW);
    assert_int_equal(other->items[0].action, PLAN_ALLOW);
    assert_true(plan_judge(judge, second, &options, &err));
    assert_string_equal(shared_finding(second, 0)->text, SHARES("device-1.csr and 1 more"));
}

/* ---- the ledger ---- */

static void log_record(const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    if (!ledger_append(own.home->ledger, type, members, NULL, &err))
        fail_msg("%s", err.text);
}

static void commit(void)
{
    struct error err = ERROR_INIT;
    if (!ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
}

/** MANY certificates for keys that share nothing with anybody's, but for the last one: primes 0 and 1. */
static void log_many(void)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32] = {3};
    AUTO(EVP_PKEY_free) EVP_PKEY *key = bad_rsa_key(primes[0], primes[1], 65537);
    AUTO(template_free) struct template *template = maker_template("CN=old", key);
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    mpz_t modulus;
    mpz_init(modulus);
    mpz_mul(modulus, primes[0], primes[1]);
    bad_octets(modulus, &octets);
    mpz_clear(modulus);
    uint8_t *place = memmem(template->spki, template->spki_len, octets.data, octets.len);
    assert_non_null(place);
    for (unsigned i = 0; i < MANY; i++) {
        uint8_t serial[CERT_SERIAL_LEN];
        AUTO(builder_done) struct builder tbs = BUILDER_INIT;
        for (size_t at = 1; i + 1 < MANY && at + 32 < octets.len; at += 32)
            digest_sha256_parts((const struct bytes[]){BYTES_LITERAL("key"),
                                                       bytes_of((const uint8_t *)&i, sizeof(i)),
                                                       bytes_of((const uint8_t *)&at, sizeof(at))},
                                3, place + at);
        if (i + 1 == MANY)
            memcpy(place, octets.data, octets.len);
        cert_serial_random(serial);
        if (!cert_tbs(template, own.home->issuer, serial, SIGNATURE_ECDSA_SHA256, &tbs, &err))
            fail_msg("%s", err.text);
        const struct record_cert_signing record = {
            .tbs = builder_bytes(&tbs), .policy = "test", .policy_sha256 = digest, .csr_sha256 = digest};
        log_record(RECORD_CERT_SIGNING, record_cert_signing_write(&record));
    }
    commit();
}

static size_t store_len(void)
{
    struct stat facts;
    return fstatat(own.home->fd, SCREEN_STORE_FILE, &facts, 0) == 0 ? (size_t)facts.st_size : 0;
}

static bool has_store_warning(const struct plan *plan)
{
    return findings_has(&plan->warnings, "screen.store");
}

/** Whom nothing is held against, and who shares with the ledger's last key: in a plan of a new run. \param warns  of the store */
static void assert_told(bool warns)
{
    AUTO(plan_free) struct plan *plan = plan_of(2, 1, 2);
    fake_plan_judge(&own, plan, policy, NULL);
    if (strstr(shared_finding(plan, 0)->text, "shares a prime factor with certificate ") == NULL ||
        strstr(shared_finding(plan, 0)->text, "for CN=old: everybody") == NULL)
        fail_msg("%s", shared_finding(plan, 0)->text);
    if (has_store_warning(plan) != warns)
        fail_msg("%s", warns ? "not warned" : plan->warnings.items[0].text);
}

static void what_is_kept_serves_the_next_run(void **state)
{
    (void)state;
    log_many();
    assert_told(false);
    size_t len = store_len();
    assert_true(len > (size_t)MANY * 256);
    assert_told(false);
    assert_int_equal(store_len(), len);
    // Who may only look writes nothing, and sees as much.
    assert_int_equal(unlinkat(own.home->fd, SCREEN_STORE_FILE, 0), 0);
    own.home->access = HOME_LOOK;
    assert_told(false);
    own.home->access = HOME_WRITE;
    assert_int_equal(store_len(), 0);
}

static void who_brings_no_rsa_key_waits_for_none(void **state)
{
    (void)state;
    log_many();
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    AUTO(EVP_PKEY_free) EVP_PKEY *curve = csr_key("P-256");
    fake_plan_add(plan, "device-1", 1, curve);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_int_equal(store_len(), 0); // the ledger's were not read
    assert_told(false);
    assert_true(store_len() > 0);
}

/** Part of what is kept changes, at this place of the file. */
static void damage(off_t place)
{
    uint8_t octet = 0;
    int fd = openat(own.home->fd, SCREEN_STORE_FILE, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &octet, 1, place), 1);
    octet ^= 1;
    assert_int_equal(pwrite(fd, &octet, 1, place), 1);
    assert_int_equal(close(fd), 0);
}

static void what_is_kept_and_damaged_is_read_from_the_ledger_again(void **state)
{
    (void)state;
    log_many();
    assert_told(false);
    off_t len = (off_t)store_len();
    const off_t places[] = {8, len / 3, len - 9}; // the header, the product, a modulus
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        damage(places[i]);
        assert_told(true);
        assert_int_equal(store_len(), len);
        assert_told(false);
    }
}

static bool all_fits(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    (void)data, (void)seq, (void)sha256;
    return true;
}

/** A store that covers all, and has nobody's key: of another ledger, of one that was longer, or of none. */
static void write_empty_store(uint64_t size, const uint8_t sha256[static 32])
{
    struct error err = ERROR_INIT;
    AUTO(screen_store_close) struct screen_store *store = NULL;
    assert_true(screening_forget(own.home->fd, &err));
    if (!screen_store_open(own.home->fd, true, all_fits, NULL, &store, &err))
        fail_msg("%s", err.text);
    for (uint32_t i = 0; i < MANY; i++) {
        uint8_t other[64] = {0x80};
        digest_sha256(bytes_of((const uint8_t *)&i, sizeof(i)), other + 32);
        screen_store_add(store, 1, BYTES(other));
    }
    assert_true(screen_store_cover(store, size, sha256, &err));
    assert_true(store_len() > 0);
}

static void what_is_kept_of_another_ledger_is_not_believed(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t last[32];
    static const uint8_t none[32];
    AUTO(json_free) struct json *record = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    log_many();
    uint64_t size = ledger_size(own.home->ledger);
    assert_true(ledger_record(own.home->ledger, size - 1, &record, &err));
    json_canonical(record, &text);
    digest_sha256(builder_bytes(&text), last);
    const struct {
        uint64_t size;
        const uint8_t *sha256;
    } stores[] = {{size, none}, {size + 1, none}, {size + 1, last}, {size - 1, last}, {1, none}};
    for (size_t i = 0; i < ARRAY_LEN(stores); i++) {
        write_empty_store(stores[i].size, stores[i].sha256);
        assert_told(true);
    }
}

/** What can't be written has to be read again each time; a run says so once. */
static void what_can_not_be_kept_is_told_once(void **state)
{
    (void)state;
    log_many();
    AUTO(judge_free) struct judge *judge = judge_of_run();
    AUTO(plan_free) struct plan *first = plan_of(2, 1, 2);
    AUTO(plan_free) struct plan *second = plan_of(3, 2, 3);
    AUTO(plan_free) struct plan *third = plan_of(4, 2, 3);
    failing_at("ftruncate", 1);
    judge_plan(judge, first);
    assert_non_null(failing_stop());
    assert_words(shared_finding(first, 0)->text, "for CN=old");
    assert_true(has_store_warning(first));
    assert_words(first->warnings.items[first->warnings.count - 1].text,
                 "RSA keys have to be read again in the next run: can't write index.rsa");
    judge_plan(judge, second);
    assert_false(has_store_warning(second));
    judge_plan(judge, third);
    assert_false(has_store_warning(third));
    assert_int_equal(store_len(), 0);
}

/** That there is no list of weak keys concerns RSA keys, and who looks for them; a run says so once. */
static void a_list_that_is_not_there_is_told_once(void **state)
{
    struct error err = ERROR_INIT;
    const char rule[] = "screen.debian-weak-keys";
    struct policy *open = load("screen: {debian_weak_keys: false}\n");
    (void)state;
    assert_int_equal(setenv("COLDCA_DATA", own.folder.path, 1), 0); // nothing there
    AUTO(judge_free) struct judge *judge = judge_of_run();
    AUTO(plan_free) struct plan *curve = fake_plan(policy, 1, 1);
    AUTO(plan_free) struct plan *careless = plan_new(open);
    AUTO(plan_free) struct plan *first = plan_of(2, 0, 1);
    AUTO(plan_free) struct plan *second = plan_of(3, 2, 3);
    const struct plan_options options = {.policy = open, .now = now};
    add(careless, 4, 2, 3, 65537);
    judge_plan(judge, curve);
    assert_int_equal(curve->warnings.count, 0);
    assert_true(plan_judge(judge, careless, &options, &err));
    assert_int_equal(careless->warnings.count, 0);
    judge_plan(judge, first);
    assert_int_equal(first->warnings.count, 1);
    assert_string_equal(first->warnings.items[0].rule, rule);
    assert_words(first->warnings.items[0].text, "scripts/debian-weak-keys makes one");
    judge_plan(judge, second);
    assert_int_equal(second->warnings.count, 0);
    policy_free(open);
}

static void what_can_not_be_forgotten_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(screening_forget(own.home->fd, &err));
    assert_int_equal(mkdirat(own.home->fd, SCREEN_STORE_FILE, 0755), 0);
    assert_false(screening_forget(own.home->fd, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_words(err.text, "can't remove index.rsa");
}

/** A record of the CA's own key has no serial. */
static void the_cas_own_key_is_named_as_such(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = bad_rsa_key(primes[0], primes[1], 65537);
    AUTO(template_free) struct template *template = maker_ca_template("CN=Root", key);
    struct json *created = json_new_object();
    (void)state;
    maker_certificate(template, NULL, key, SIGNATURE_RSA_SHA256, &der);
    json_put_base64(created, "certificate", builder_bytes(&der));
    log_record("ca.created", created);
    commit();
    AUTO(plan_free) struct plan *plan = plan_of(2, 1, 2);
    AUTO(plan_free) struct plan *twin = plan_new(policy);
    add(twin, 3, 0, 1, 65539);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_finding(plan, 0, "this CA's own key", SHARES("this CA's own key"),
                   "make a new key; everybody can compute the CA's own, so replace the CA");
    fake_plan_judge(&own, twin, policy, NULL);
    const struct findings *findings = &twin->items[0].verdict->findings;
    assert_string_equal(findings->items[findings->count - 1].text, TWIN("this CA's own key"));
}

/** The same key again, with the same exponent, is no twin; the policy may let it be used twice. */
static void the_same_key_shares_nothing_with_itself(void **state)
{
    (void)state;
    issue_first(NULL);
    AUTO(plan_free) struct plan *renewal = plan_of(2, 0, 1);
    AUTO(plan_free) struct plan *twin = plan_new(policy);
    add(twin, 1, 0, 1, 65539);
    fake_plan_judge(&own, renewal, policy, NULL);
    assert_int_equal(renewal->items[0].action, PLAN_SIGN);
    fake_plan_judge(&own, twin, policy, NULL);
    assert_int_equal(twin->items[0].action, PLAN_REFUSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(who_is_met_in_a_plan_is_named_whole),
        TEST(what_a_run_has_met_is_named_by_its_request_and_in_the_next_run_by_its_certificate),
        TEST(plans_without_a_home_are_compared_as_well),
        TEST(what_is_kept_serves_the_next_run),
        TEST(who_brings_no_rsa_key_waits_for_none),
        TEST(what_is_kept_and_damaged_is_read_from_the_ledger_again),
        TEST(what_is_kept_of_another_ledger_is_not_believed),
        TEST(what_can_not_be_kept_is_told_once),
        TEST(a_list_that_is_not_there_is_told_once),
        TEST(what_can_not_be_forgotten_is_told),
        TEST(the_cas_own_key_is_named_as_such),
        TEST(the_same_key_shares_nothing_with_itself),
    };
    return cmocka_run_group_tests(tests, make_primes, forget_primes);
}
