/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads that sign and that deliver: groups come back in their order, a failure ends what follows and nothing that is under way,
 * and closing waits. What a run that died left open is closed by recover.c.
 */
#include "fake_home.h"

#include "base/memory.h"
#include "base/time.h"
#include "issue/delivery.h"
#include "issue/signing.h"
#include "records/cert.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define JOBS 20

static struct fake_home own;
static struct policy *policy;
static struct plan *plan;
static struct issue_group *groups;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    plan = fake_plan(policy, 1, 2 * JOBS);
    fake_plan_judge(&own, plan, policy, NULL);
    groups = memory_new(2, sizeof(*groups));
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        group_clear(&groups[i]);
    free(groups);
    plan_free(plan);
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

/** Fills both groups with what the ledger holds already. */
static void fill(void)
{
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < plan->count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct issue_group *group = &groups[i / JOBS];
        struct logged *job = &group->jobs[group->count++];
        *job = (struct logged){.kind = &logged_certificate,
                               .name = item->source,
                               .tbs = bytes_of(item->tbs, item->tbs_len),
                               .signature_kind = SIGNATURE_ECDSA_SHA256};
        const struct record_cert_signing record = {.tbs = job->tbs,
                                                   .policy = "test",
                                                   .policy_sha256 = plan->policy_sha256,
                                                   .csr_sha256 = item->request->sha256,
                                                   .batch = "test"};
        assert_true(logged_append(own.signer, job, record_cert_signing_write(&record), &err));
    }
    assert_true(ledger_commit(own.home->ledger, &err));
}

static struct issue_group *take(struct signing *signing)
{
    return signing_take(signing, 600000); // which is not waited for: the last signature wakes who waits
}

static void groups_come_back_signed_in_their_order(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    (void)state;
    fill();
    assert_true(signing_open(own.signer, &signing, &err));
    assert_null(signing_take(signing, 600000)); // which is not waited for: none is there
    signing_give(signing, &groups[0]);
    signing_give(signing, &groups[1]);
    assert_int_equal(signing_count(signing), 2);
    assert_ptr_equal(take(signing), &groups[0]);
    assert_ptr_equal(take(signing), &groups[1]);
    assert_int_equal(signing_count(signing), 0);
    assert_false(signing_has_failed(signing));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(group_count_new(&groups[i]), JOBS);
        assert_true(group_all_signed(&groups[i], &err));
        assert_true(groups[i].ended_ms >= groups[i].begun_ms);
        for (size_t j = 0; j < JOBS; j++)
            assert_true(groups[i].jobs[j].is_done && groups[i].jobs[j].made.len > 0);
    }
}

static void a_failure_begins_no_further_signature(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    (void)state;
    fill();
    assert_true(signing_open(own.signer, &signing, &err));
    fake_token_set_fault(FAKE_TOKEN, 6, FAKE_FAILS);
    signing_give(signing, &groups[0]);
    signing_give(signing, &groups[1]);
    assert_null(signing_take(signing, 600000)); // which is not waited for either
    assert_true(signing_has_failed(signing));
    signing_stop(signing);
    assert_ptr_equal(signing_take(signing, 0), &groups[0]);
    assert_ptr_equal(signing_take(signing, 0), &groups[1]);
    assert_false(group_all_signed(&groups[0], &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "signing for device-"));
    size_t done = 0;
    for (size_t i = 0; i < JOBS; i++) {
        done += groups[0].jobs[i].is_done ? 1 : 0;
        assert_false(groups[1].jobs[i].is_begun);
    }
    assert_int_equal(done, 5);
    // What was not signed gets no record.
    uint64_t before = ledger_size(own.home->ledger);
    assert_true(group_log(own.signer, &groups[0], &err));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_int_equal(ledger_size(own.home->ledger), before + 5);
}

static void closing_waits_for_what_is_under_way(void **state)
{
    struct error err = ERROR_INIT;
    struct signing *signing = NULL;
    (void)state;
    fill();
    assert_true(signing_open(own.signer, &signing, &err));
    signing_give(signing, &groups[0]);
    signing_close(signing);
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(groups[0].jobs[i].is_begun, groups[0].jobs[i].is_done);
}

static void proofs_are_made_only_of_what_was_signed_and_wanted(void **state)
{
    struct error err = ERROR_INIT;
    size_t proofs = 0;
    (void)state;
    fill();
    logged_sign(own.signer, &groups[0].jobs[0]);
    assert_true(groups[0].jobs[0].is_done);
    assert_true(group_log(own.signer, &groups[0], &err));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_true(group_prove(own.signer, &groups[0], &proofs, &err));
    assert_int_equal(proofs, 0);
    groups[0].wants_proofs = true;
    if (!group_prove(own.signer, &groups[0], &proofs, &err))
        fail_msg("%s", err.text);
    assert_int_equal(proofs, 1);
    assert_true(groups[0].jobs[0].proof.len > 0);
    assert_int_equal(ledger_checkpoint_size(own.home->ledger), ledger_size(own.home->ledger));
}

/** What the coordinator looks at before it hands a group to the token or to the output: certain, whichever thread is faster. */
static void a_group_is_durable_after_each_commit_and_not_before(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(group_is_durable(own.signer, &groups[0])); // nothing is in it
    fill();
    assert_true(group_is_durable(own.signer, &groups[0]));
    AUTO(plan_free) struct plan *another = fake_plan(policy, 1000, 1);
    fake_plan_judge(&own, another, policy, NULL);
    struct logged *last = &groups[0].jobs[0]; // each of them counts, so the first does
    last->tbs = bytes_of(another->items[0].tbs, another->items[0].tbs_len);
    const struct record_cert_signing record = {.tbs = last->tbs,
                                               .policy = "test",
                                               .policy_sha256 = plan->policy_sha256,
                                               .csr_sha256 = another->items[0].request->sha256,
                                               .batch = "test"};
    assert_true(logged_append(own.signer, last, record_cert_signing_write(&record), &err));
    assert_false(group_is_durable(own.signer, &groups[0]));
    assert_true(group_is_durable(own.signer, &groups[1]));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_true(group_is_durable(own.signer, &groups[0]));
    logged_sign(own.signer, &groups[1].jobs[JOBS - 1]);
    assert_true(group_log(own.signer, &groups[1], &err));
    assert_false(group_is_durable(own.signer, &groups[1]));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_true(group_is_durable(own.signer, &groups[1]));
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static bool check_behind_gate(const struct home *home, const struct logged *logged, struct error *err)
{
    (void)home, (void)logged, (void)err;
    assert_int_equal(pthread_mutex_lock(&gate), 0);
    assert_int_equal(pthread_mutex_unlock(&gate), 0);
    return true;
}

static void who_takes_waits_as_long_as_was_said(void **state)
{
    static const struct logged_kind slow = {.check = check_behind_gate};
    struct error err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    (void)state;
    groups[0].jobs[groups[0].count++] = (struct logged){.kind = &slow, .name = "slow"};
    assert_int_equal(pthread_mutex_lock(&gate), 0);
    assert_true(signing_open(own.signer, &signing, &err));
    signing_give(signing, &groups[0]);
    int64_t before = time_monotonic_ms();
    assert_null(signing_take(signing, 0));
    assert_null(signing_take(signing, 50));
    assert_true(time_monotonic_ms() - before >= 50);
    assert_int_equal(pthread_mutex_unlock(&gate), 0);
    assert_ptr_equal(take(signing), &groups[0]);
}

static void however_many_sessions_there_are_all_is_signed(void **state)
{
    static const unsigned sessions[] = {1, 200};
    (void)state;
    fill();
    for (size_t i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        AUTO(signing_close) struct signing *signing = NULL;
        signer_close(TAKE(own.signer));
        own.home->config.token.sessions = sessions[i];
        assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
        assert_true(signing_open(own.signer, &signing, &err));
        signing_give(signing, &groups[i]);
        assert_ptr_equal(take(signing), &groups[i]);
        assert_true(group_all_signed(&groups[i], &err));
    }
}

/** How long a group took says how many go together. */
static void the_first_job_begins_a_groups_time(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(signing_close) struct signing *signing = NULL;
    (void)state;
    fill();
    groups[0].count = 1;
    int64_t before = time_monotonic_ms();
    assert_true(signing_open(own.signer, &signing, &err));
    signing_give(signing, &groups[0]);
    assert_ptr_equal(take(signing), &groups[0]);
    assert_true(groups[0].begun_ms >= before);
    assert_true(groups[0].ended_ms >= groups[0].begun_ms && groups[0].ended_ms <= time_monotonic_ms());
    groups[0].count = JOBS;
}

static void as_many_go_together_as_a_token_signs_in_a_while(void **state)
{
    static const struct {
        size_t count;
        int64_t ms;
        size_t wanted;
    } cases[] = {{GROUP_LEN_MIN - 1, 9999, 77}, // too few to tell
                 {GROUP_LEN_MIN, 9999, GROUP_LEN_MIN},
                 {40, 0, GROUP_LEN},
                 {40, 99, 40 * GROUP_MS / 100},
                 {40, GROUP_MS - 1, 40},
                 {40, 40 * GROUP_MS / GROUP_LEN_MIN - 1, GROUP_LEN_MIN},
                 {40, 2 * 40 * GROUP_MS / GROUP_LEN_MIN, GROUP_LEN_MIN},
                 {40, 40 * GROUP_MS / GROUP_LEN - 1, GROUP_LEN}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct issue_group *group = &groups[0];
        group->count = cases[i].count;
        for (size_t j = 0; j < group->count; j++)
            group->jobs[j] = (struct logged){.tbs = BYTES_LITERAL("to be signed")};
        group->begun_ms = 1000;
        group->ended_ms = 1000 + cases[i].ms;
        assert_int_equal(group_fitting_len(group, 77), cases[i].wanted);
    }
}

/** A group is a place that is used again: what an earlier one left behind the end is not this one's. */
static void what_lies_behind_a_groups_end_is_left_alone(void **state)
{
    struct error err = ERROR_INIT;
    size_t proofs = 0;
    (void)state;
    fill();
    struct issue_group *group = &groups[0];
    struct logged *behind = &group->jobs[JOBS - 1];
    group->count--;
    group->wants_proofs = true;
    assert_int_equal(group_count_new(group), JOBS - 1);
    AUTO(signing_close) struct signing *signing = NULL;
    assert_true(signing_open(own.signer, &signing, &err));
    signing_give(signing, group);
    assert_ptr_equal(take(signing), group);
    assert_false(behind->is_begun);
    behind->is_begun = true; // and it could not be signed
    assert_true(group_all_signed(group, &err));
    logged_sign(own.signer, behind);
    assert_true(behind->is_done);
    uint64_t before = ledger_size(own.home->ledger);
    assert_true(group_log(own.signer, group, &err));
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_int_equal(ledger_size(own.home->ledger), before + JOBS - 1);
    assert_true(group_prove(own.signer, group, &proofs, &err));
    assert_int_equal(proofs, JOBS - 1);
    assert_int_equal(behind->proof.len, 0);
    group->count++; // so that it is freed
}

static void what_a_dead_run_left_is_closed_once(void **state)
{
    struct error err = ERROR_INIT;
    size_t abandoned = 0;
    size_t left = 0;
    (void)state;
    fill();
    fake_home_close(&own); // the run died here
    fake_home_open(&own);
    assert_true(issue_abandon_unfinished(own.home, "a power cut", NULL, &abandoned, &left, &err));
    assert_int_equal(abandoned, 2 * JOBS);
    assert_true(fake_home_logged(&own, "a power cut"));
    assert_true(issue_abandon_unfinished(own.home, "a power cut", NULL, &abandoned, &left, &err));
    assert_int_equal(abandoned, 0);
}

static void what_is_damaged_in_the_ledger_is_not_the_tokens_fault(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    struct logged *job = &groups[0].jobs[groups[0].count++];
    *job = (struct logged){.kind = &logged_certificate, .name = "old.csr"};
    builder_add_text(&job->made, "no certificate");
    logged_sign(own.signer, job);
    assert_false(group_all_signed(&groups[0], &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "rebuilding the certificate of old.csr from the ledger"));
    assert_int_equal(group_count_new(&groups[0]), 0);
}

/* ---- delivery ---- */

struct receiver {
    struct issue_stream stream;
    size_t delivered[8];
    size_t delivered_count;
    size_t flushed[8];
    size_t flushed_count;
    size_t fail_at; /**< number of the group whose delivery fails; SIZE_MAX: none */
    size_t fail_flush_at;
    bool is_slow; /**< as a medium can be */
};

static bool deliver(struct issue_stream *stream, struct issue_group *group, struct error *err)
{
    struct receiver *receiver = (struct receiver *)stream;
    if (receiver->is_slow)
        (void)poll(NULL, 0, 20);
    if (group->number == receiver->fail_at)
        return error_set(err, ERROR_INPUT, 0, "the medium is full");
    receiver->delivered[receiver->delivered_count++] = group->number;
    return true;
}

static bool flush(struct issue_stream *stream, const struct issue_group *group, struct error *err)
{
    struct receiver *receiver = (struct receiver *)stream;
    if (group->number == receiver->fail_flush_at)
        return error_set(err, ERROR_INPUT, 0, "the medium was pulled");
    receiver->flushed[receiver->flushed_count++] = group->number;
    return true;
}

static struct receiver receiver_of(size_t fail_at, size_t fail_flush_at)
{
    return (struct receiver){
        .stream = {.deliver = deliver, .flush = flush}, .fail_at = fail_at, .fail_flush_at = fail_flush_at};
}

static void groups_are_delivered_and_flushed_in_their_order(void **state)
{
    struct error err = ERROR_INIT;
    struct receiver receiver = receiver_of(SIZE_MAX, SIZE_MAX);
    struct issue_group *six = memory_new(6, sizeof(*six));
    (void)state;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    assert_true(delivery_open(&receiver.stream, 6, &delivery, &err));
    for (size_t i = 0; i < 6; i++)
        assert_true(delivery_give(delivery, &six[i]));
    for (size_t i = 0; i < 6; i++)
        assert_ptr_equal(delivery_take_back(delivery, true), &six[i]);
    assert_null(delivery_take_back(delivery, false));
    assert_true(delivery_finish(delivery, &err));
    assert_int_equal(receiver.delivered_count, 6);
    assert_int_equal(receiver.flushed_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_true(receiver.delivered[i] == i && receiver.flushed[i] == i && six[i].number == i);
    free(six);
}

/** Who closes without finishing waits for what is in hand. */
static void closing_a_delivery_waits_for_its_groups(void **state)
{
    struct error err = ERROR_INIT;
    struct receiver receiver = receiver_of(SIZE_MAX, SIZE_MAX);
    struct issue_group *two = memory_new(2, sizeof(*two));
    struct delivery *delivery = NULL;
    (void)state;
    receiver.is_slow = true;
    assert_true(delivery_open(&receiver.stream, 2, &delivery, &err));
    for (size_t i = 0; i < 2; i++)
        assert_true(delivery_give(delivery, &two[i]));
    delivery_close(delivery);
    assert_int_equal(receiver.delivered_count, 2);
    assert_int_equal(receiver.flushed_count, 2);
    free(two);
}

static void a_delivery_that_fails_takes_no_more(void **state)
{
    struct error err = ERROR_INIT;
    struct receiver receiver = receiver_of(1, SIZE_MAX);
    struct issue_group *six = memory_new(6, sizeof(*six));
    size_t given = 0;
    (void)state;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    assert_true(delivery_open(&receiver.stream, 6, &delivery, &err));
    while (given < 6 && delivery_give(delivery, &six[given]))
        given++;
    assert_true(given < 6); // two before the end of the queue was closed, and one in it
    assert_false(delivery_finish(delivery, &err));
    assert_non_null(strstr(err.text, "the medium is full"));
    assert_int_equal(receiver.delivered_count, 1);
    assert_int_equal(receiver.flushed_count, 1);
    free(six);
}

static void a_flush_that_fails_is_told_first(void **state)
{
    struct error err = ERROR_INIT;
    struct receiver receiver = receiver_of(SIZE_MAX, 0);
    struct issue_group *six = memory_new(6, sizeof(*six));
    size_t given = 0;
    (void)state;
    AUTO(delivery_close) struct delivery *delivery = NULL;
    assert_true(delivery_open(&receiver.stream, 6, &delivery, &err));
    while (given < 6 && delivery_give(delivery, &six[given]))
        given++;
    assert_false(delivery_finish(delivery, &err));
    assert_non_null(strstr(err.text, "the medium was pulled"));
    assert_null(delivery_take_back(delivery, true));
    assert_int_equal(receiver.flushed_count, 0);
    free(six);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_come_back_signed_in_their_order, begin, end),
        cmocka_unit_test_setup_teardown(a_failure_begins_no_further_signature, begin, end),
        cmocka_unit_test_setup_teardown(closing_waits_for_what_is_under_way, begin, end),
        cmocka_unit_test_setup_teardown(proofs_are_made_only_of_what_was_signed_and_wanted, begin, end),
        cmocka_unit_test_setup_teardown(a_group_is_durable_after_each_commit_and_not_before, begin, end),
        cmocka_unit_test_setup_teardown(who_takes_waits_as_long_as_was_said, begin, end),
        cmocka_unit_test_setup_teardown(however_many_sessions_there_are_all_is_signed, begin, end),
        cmocka_unit_test_setup_teardown(the_first_job_begins_a_groups_time, begin, end),
        cmocka_unit_test_setup_teardown(as_many_go_together_as_a_token_signs_in_a_while, begin, end),
        cmocka_unit_test_setup_teardown(what_lies_behind_a_groups_end_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(what_a_dead_run_left_is_closed_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_damaged_in_the_ledger_is_not_the_tokens_fault, begin, end),
        cmocka_unit_test(groups_are_delivered_and_flushed_in_their_order),
        cmocka_unit_test(closing_a_delivery_waits_for_its_groups),
        cmocka_unit_test(a_delivery_that_fails_takes_no_more),
        cmocka_unit_test(a_flush_that_fails_is_told_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
