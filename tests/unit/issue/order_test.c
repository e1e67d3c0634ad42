/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Promise P3, the order of everything the CA key signs: bytes on the disk, token, signature on the disk, delivery; for one thing
 * (issue_logged_one()), for a plan and for several. And what a token that fails, or signs wrongly, or a person who stops, leaves.
 */
#include "fake_home.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/json.h"
#include "base/memory.h"
#include "issue/issue.h"
#include "records/cert.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/** An output that looks whether what it gets is in the ledger already, and as what. */
struct watcher {
    struct output output;
    const struct fake_home *own;
    size_t put;
    size_t flushed;
    size_t early;    /**< put before the ledger held their signature */
    size_t unproved; /**< without a proof */
    size_t fail_at;  /**< put fails at this one; 0: never */
};

static struct fake_home own;
static struct policy *policy;
static struct plan *plan;
static struct issue_result result;
static const struct issue_options options = {.command = "sign"};

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    struct watcher *watcher = (struct watcher *)output;
    uint8_t digest[32];
    char hex[129];
    (void)group;
    assert_non_null(item);
    digest_sha256(certificate, digest);
    watcher->put++;
    watcher->early += fake_home_logged(watcher->own, hex_of(BYTES(digest), hex)) ? 0 : 1;
    watcher->unproved += proof.len == 0 ? 1 : 0;
    return watcher->put != watcher->fail_at || error_set(err, ERROR_INPUT, 0, "the medium is full");
}

static bool flush(struct output *output, size_t group, struct error *err)
{
    (void)group, (void)err;
    ((struct watcher *)output)->flushed++;
    return true;
}

static struct watcher watcher_of(bool wants_proof)
{
    return (struct watcher){.output = {.wants_proof = wants_proof, .put = put, .flush = flush}, .own = &own};
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    result = (struct issue_result){.issued = 0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (plan != NULL)
        plan_free(TAKE(plan));
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static void judge(unsigned first, unsigned count)
{
    plan = fake_plan(policy, first, count);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan_count(plan, PLAN_SIGN), count);
}

/** The same requests in a plan of their own. */
static void ask_again(void)
{
    struct plan *again = fake_plan_again(policy, plan);
    plan_free(plan);
    plan = again;
    fake_plan_judge(&own, plan, policy, NULL);
}

/** Signatures by the CA key since init, which asked for two. */
static size_t asked(void)
{
    size_t unlogged = 0;
    size_t count = fake_token_count(&unlogged);
    assert_int_equal(unlogged, 1); // init's proof of possession; all else was on the disk first
    return count - 2;
}

static void assert_ledger_is_whole(uint64_t unfinished, uint64_t abandoned, uint64_t issued)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report;
    assert_true(ledger_verify(own.home->fd, own.home->config.ledger_vkey, NULL, &report, &err));
    assert_int_equal(report.findings.count, 0);
    assert_int_equal(report.unfinished, unfinished);
    assert_int_equal(report.abandoned, abandoned);
    assert_int_equal(report.issued, issued + 1); // and the root
    assert_int_equal(report.records_past_checkpoint, 0);
}

static void a_certificate_is_logged_signed_logged_delivered(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(true);
    (void)state;
    judge(1, 1);
    if (!issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    AUTO(free) char *types = fake_home_types(&own);
    assert_string_equal(
        types,
        "cert.signing cert.issued ca.created chain.set control.set session.opened cert.signing cert.issued ");
    assert_int_equal(asked(), 1);
    assert_int_equal(watcher.put, 1);
    assert_int_equal(watcher.early, 0);
    assert_int_equal(watcher.unproved, 0);
    assert_true(watcher.flushed > 0);
    assert_int_equal(result.issued, 1);
    assert_int_equal(result.proofs, 1);
    assert_ledger_is_whole(0, 0, 1);
}

static void groups_keep_the_order(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(false);
    (void)state;
    judge(1, 200); // more than one group
    if (!issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(asked(), 200);
    assert_int_equal(watcher.put, 200);
    assert_int_equal(watcher.early, 0);
    assert_true(watcher.flushed > 1);
    assert_int_equal(result.issued, 200);
    assert_int_equal(result.ledger_size, ledger_size(own.home->ledger));
    assert_ledger_is_whole(0, 0, 200);
}

static void what_was_issued_is_delivered_again_without_the_token(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(true);
    (void)state;
    judge(1, 3);
    assert_true(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    ask_again();
    assert_int_equal(plan_count(plan, PLAN_REPEAT), 3);
    assert_true(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(asked(), 3);
    assert_int_equal(watcher.put, 6);
    assert_int_equal(result.issued, 0);
    assert_int_equal(result.repeated, 3);
    assert_ledger_is_whole(0, 0, 3);
}

static void one_that_the_ledger_has_wrong_is_not_delivered_again(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(true);
    uint64_t seq = 0;
    const uint8_t garbage[70] = {0x30, 0x44};
    (void)state;
    judge(1, 1);
    const struct plan_item *item = &plan->items[0];
    const struct record_cert_signing signing = {.tbs = bytes_of(item->tbs, item->tbs_len),
                                                .policy = plan->policy_name,
                                                .policy_sha256 = plan->policy_sha256,
                                                .csr_sha256 = item->request->sha256,
                                                .batch = "test"};
    struct record_cert_issued issued = {.signature = BYTES(garbage)};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    cert_seal(signing.tbs, SIGNATURE_ECDSA_SHA256, issued.signature, &der);
    digest_sha256(builder_bytes(&der), issued.sha256);
    if (!ledger_append(own.home->ledger, RECORD_CERT_SIGNING, record_cert_signing_write(&signing), &seq,
                       &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    issued.ref = seq;
    if (!ledger_append(own.home->ledger, RECORD_CERT_ISSUED, record_cert_issued_write(&issued), NULL, &err) ||
        !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    ask_again();
    assert_int_equal(plan_count(plan, PLAN_REPEAT), 1);
    assert_false(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_int_equal(watcher.put, 0);
}

static void a_token_that_fails_delivers_what_it_signed_and_no_more(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(false);
    (void)state;
    judge(1, 40);
    fake_token_set_fault(FAKE_TOKEN, 11, FAKE_FAILS);
    assert_false(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "CKR_DEVICE_ERROR"));
    assert_non_null(strstr(err.text, "signing for device-"));
    assert_int_equal(result.issued, 10);
    assert_int_equal(watcher.put, 10);
    assert_int_equal(watcher.early, 0);
    // Every serial the token may have signed for, or not, is burned; the run that comes after finds nothing open.
    assert_ledger_is_whole(0, 30, 10);
    assert_true(fake_home_logged(&own, "the run stopped before the signature was recorded"));
}

static void what_does_not_verify_goes_to_nobody(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(true);
    (void)state;
    judge(1, 3);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SIGNS_WRONGLY);
    assert_false(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "do not use this token"));
    assert_int_equal(watcher.put, 0);
    assert_int_equal(result.issued, 0);
    assert_ledger_is_whole(0, 3, 0);
}

static void an_output_that_fails_leaves_all_in_the_ledger(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(false);
    (void)state;
    judge(1, 3);
    watcher.fail_at = 2;
    assert_false(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "the medium is full"));
    assert_non_null(strstr(err.text, "it is in the ledger, run the same command again"));
    assert_ledger_is_whole(0, 0, 3);
}

static void a_person_stops_a_run_between_groups(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(false);
    (void)state;
    judge(1, 200);
    fake_console_stops_after(1);
    assert_false(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    AUTO(free)
    char *words = memory_format("stopped after %zu of 200 requests; run the same command again for the rest",
                                result.issued);
    assert_string_equal(err.text, words);
    assert_true(result.issued > 0 && result.issued < 200);
    assert_int_equal(watcher.put, result.issued);
    assert_int_equal(asked(), result.issued); // what the token was given is finished
    assert_ledger_is_whole(0, 0, result.issued);
}

static void a_refusal_is_logged_before_the_first_signature(void **state)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(true);
    (void)state;
    judge(1, 2);
    plan_item_refuse(&plan->items[0], "test.rule", "not today", NULL);
    plan_seal(plan);
    assert_true(issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err));
    AUTO(free) char *types = fake_home_types(&own);
    assert_string_equal(
        types, "cert.signing cert.issued ca.created chain.set control.set session.opened request.refused "
               "cert.signing cert.issued ");
    assert_true(fake_home_logged(&own, "not today"));
    assert_int_equal(result.refused, 1);
    assert_int_equal(result.issued, 1);
}

/** The disk takes so many more bytes of the ledger, and the run is one that would need more. */
static void a_full_disk(rlim_t room)
{
    struct error err = ERROR_INIT;
    struct watcher watcher = watcher_of(false);
    struct rlimit before;
    struct stat status;
    AUTO(free) char *path = memory_format("%s/ledger.jsonl", own.path);
    judge(1, 200);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit full = {.rlim_cur = (rlim_t)status.st_size + room, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    bool is_done = issue_plan(own.signer, plan, &watcher.output, &options, &fake_console, &result, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_false(is_done);
    assert_true(err.kind == ERROR_INPUT || err.kind == ERROR_LEDGER);
    assert_true(result.issued < 200);
    assert_int_equal(watcher.put, result.issued);
    assert_int_equal(watcher.early, 0);
    assert_true(asked() >= result.issued); // and nothing that was not on the disk
    assert_null(
        strstr(fake_console_said(), "no checkpoint")); // of a ledger that can't be written none is tried
}

static void a_disk_that_is_full_at_once_has_nothing_signed(void **state)
{
    (void)state;
    a_full_disk(100);
    assert_int_equal(asked(), 0);
    assert_int_equal(result.issued, 0);
}

static void a_disk_that_fills_has_nothing_delivered_that_is_not_on_it(void **state)
{
    (void)state;
    a_full_disk((rlim_t)150 * 1024);
}

/* ---- one thing ---- */

static size_t delivered_after;

static bool note_delivery(void *data, const struct logged *logged, struct error *err)
{
    (void)err;
    uint8_t digest[32];
    char hex[129];
    digest_sha256(builder_bytes(&logged->made), digest);
    assert_true(fake_home_logged(data, hex_of(BYTES(digest), hex)));
    delivered_after++;
    return true;
}

static void one_thing_goes_the_same_way(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    judge(1, 1);
    const struct plan_item *item = &plan->items[0];
    struct logged logged = {.kind = &logged_certificate,
                            .name = "one",
                            .tbs = bytes_of(item->tbs, item->tbs_len),
                            .signature_kind = SIGNATURE_ECDSA_SHA256};
    const struct record_cert_signing record = {.tbs = logged.tbs,
                                               .policy = "test",
                                               .policy_sha256 = plan->policy_sha256,
                                               .csr_sha256 = item->request->sha256,
                                               .batch = "test"};
    delivered_after = 0;
    if (!issue_logged_one(own.signer, &logged, record_cert_signing_write(&record), note_delivery, &own,
                          &fake_console, &err))
        fail_msg("%s", err.text);
    assert_int_equal(delivered_after, 1);
    assert_int_equal(asked(), 1);
    assert_int_equal(logged.signing_seq, 5);
    assert_int_equal(logged.issued_seq, 6);
    logged_done(&logged);
}

static bool refuse_delivery(void *data, const struct logged *logged, struct error *err)
{
    (void)data, (void)logged;
    return error_set(err, ERROR_INPUT, 0, "the medium is full");
}

static void one_thing_that_can_not_be_delivered_is_told_and_logged(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    judge(1, 1);
    const struct plan_item *item = &plan->items[0];
    struct logged logged = {.kind = &logged_certificate,
                            .name = "one",
                            .tbs = bytes_of(item->tbs, item->tbs_len),
                            .signature_kind = SIGNATURE_ECDSA_SHA256};
    const struct record_cert_signing record = {.tbs = logged.tbs,
                                               .policy = "test",
                                               .policy_sha256 = plan->policy_sha256,
                                               .csr_sha256 = item->request->sha256,
                                               .batch = "test"};
    assert_false(issue_logged_one(own.signer, &logged, record_cert_signing_write(&record), refuse_delivery,
                                  NULL, &fake_console, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "the medium is full");
    assert_true(logged.is_done); // the ledger has it
    logged_done(&logged);
}

static void one_thing_that_was_not_signed_goes_to_nobody(void **state)
{
    static const enum fake_fault faults[] = {FAKE_FAILS, FAKE_SIGNS_WRONGLY};
    (void)state;
    judge(1, 2);
    delivered_after = 0;
    for (size_t i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        const struct plan_item *item = &plan->items[i];
        struct logged logged = {.kind = &logged_certificate,
                                .name = "one",
                                .tbs = bytes_of(item->tbs, item->tbs_len),
                                .signature_kind = SIGNATURE_ECDSA_SHA256};
        const struct record_cert_signing record = {.tbs = logged.tbs,
                                                   .policy = "test",
                                                   .policy_sha256 = plan->policy_sha256,
                                                   .csr_sha256 = item->request->sha256,
                                                   .batch = "test"};
        fake_token_set_fault(FAKE_TOKEN, 1, faults[i]);
        assert_false(issue_logged_one(own.signer, &logged, record_cert_signing_write(&record), note_delivery,
                                      &own, &fake_console, &err));
        assert_int_equal(err.kind, ERROR_TOKEN);
        assert_int_equal(delivered_after, 0);
        assert_false(logged.is_done);
        logged_done(&logged);
    }
}

/** More than a record may hold (LEDGER_RECORD_MAX_LEN). */
static struct json *write_too_much(const struct logged *logged)
{
    struct json *json = logged_certificate.write_issued(logged);
    AUTO(free) char *text = memory_new(1 << 20, 1);
    memset(text, 'a', (1 << 20) - 1);
    json_put_text(json, "more", text);
    return json;
}

/** It was signed, and that can't be logged: a failing append of the second record. */
static void what_can_not_be_logged_as_signed_goes_to_nobody(void **state)
{
    struct error err = ERROR_INIT;
    struct logged_kind kind = logged_certificate;
    (void)state;
    judge(1, 1);
    kind.write_issued = write_too_much;
    const struct plan_item *item = &plan->items[0];
    struct logged logged = {.kind = &kind,
                            .name = "one",
                            .tbs = bytes_of(item->tbs, item->tbs_len),
                            .signature_kind = SIGNATURE_ECDSA_SHA256};
    const struct record_cert_signing record = {.tbs = logged.tbs,
                                               .policy = "test",
                                               .policy_sha256 = plan->policy_sha256,
                                               .csr_sha256 = item->request->sha256,
                                               .batch = "test"};
    delivered_after = 0;
    assert_false(issue_logged_one(own.signer, &logged, record_cert_signing_write(&record), note_delivery,
                                  &own, &fake_console, &err));
    assert_non_null(strstr(err.text, "logging the signature for one"));
    assert_int_equal(delivered_after, 0);
    assert_int_equal(asked(), 1);
    logged_done(&logged);
}

/* ---- several plans ---- */

struct three {
    unsigned given;
    unsigned finished;
};

static bool next(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last, struct error *err)
{
    struct three *three = data;
    (void)wait_ms, (void)err;
    struct plan *one = fake_plan(policy, 100 * three->given + 1, 2);
    fake_plan_judge(&own, one, policy, NULL);
    *ret_plan = one;
    *ret_is_last = ++three->given == 3;
    return true;
}

static bool finished(void *data, const struct plan *done, struct error *err)
{
    (void)err;
    assert_int_equal(done->count, 2);
    ((struct three *)data)->finished++;
    return true;
}

static void plans_of_one_run_are_noted_as_they_come(void **state)
{
    struct error err = ERROR_INIT;
    struct three three = {.given = 0};
    struct watcher watcher = watcher_of(false);
    const struct issue_source source = {.next = next, .finished = finished, .data = &three, .total = 6};
    const struct issue_options many = {.command = "batch", .batch = "20261121T024857Z-1a2b3c"};
    (void)state;
    if (!issue_each(own.signer, &source, &watcher.output, &many, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(three.finished, 3);
    assert_int_equal(watcher.put, 6);
    assert_int_equal(watcher.early, 0);
    assert_int_equal(asked(), 6);
    AUTO(free) char *types = fake_home_types(&own);
    const char *first = strstr(types, "session.opened batch.planned cert.signing cert.signing ");
    assert_non_null(first);
    assert_ledger_is_whole(0, 0, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_certificate_is_logged_signed_logged_delivered, begin, end),
        cmocka_unit_test_setup_teardown(groups_keep_the_order, begin, end),
        cmocka_unit_test_setup_teardown(what_was_issued_is_delivered_again_without_the_token, begin, end),
        cmocka_unit_test_setup_teardown(one_that_the_ledger_has_wrong_is_not_delivered_again, begin, end),
        cmocka_unit_test_setup_teardown(a_token_that_fails_delivers_what_it_signed_and_no_more, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_verify_goes_to_nobody, begin, end),
        cmocka_unit_test_setup_teardown(an_output_that_fails_leaves_all_in_the_ledger, begin, end),
        cmocka_unit_test_setup_teardown(a_person_stops_a_run_between_groups, begin, end),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full_at_once_has_nothing_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_disk_that_fills_has_nothing_delivered_that_is_not_on_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_refusal_is_logged_before_the_first_signature, begin, end),
        cmocka_unit_test_setup_teardown(one_thing_goes_the_same_way, begin, end),
        cmocka_unit_test_setup_teardown(one_thing_that_can_not_be_delivered_is_told_and_logged, begin, end),
        cmocka_unit_test_setup_teardown(one_thing_that_was_not_signed_goes_to_nobody, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_logged_as_signed_goes_to_nobody, begin, end),
        cmocka_unit_test_setup_teardown(plans_of_one_run_are_noted_as_they_come, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
