/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of certificates by itself: what a group is filled with, what of it is delivered and counted, and when a plan is finished. */
#include "issue/certificates.h"

#include "base/memory.h"
#include "fake_home.h"
#include "issue/session.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static struct issue_group *group;
static struct plan *waiting; /* what the source gives; NULL: it has nothing yet */
static bool source_fails;
static unsigned finished;
static unsigned flushed;
static size_t fail_put_at;
static size_t put_count;
static size_t put_number; /* of the group */

static bool next(void *data, unsigned wait_ms, struct plan **ret_plan, bool *ret_is_last, struct error *err)
{
    (void)data;
    assert_int_equal(wait_ms, 5);
    if (source_fails)
        return error_set(err, ERROR_INPUT, 0, "the source is gone");
    *ret_is_last = waiting != NULL;
    *ret_plan = TAKE(waiting);
    return true;
}

static bool finish(void *data, const struct plan *plan, struct error *err)
{
    (void)data;
    assert_non_null(plan);
    return ++finished == 1 || error_set(err, ERROR_INPUT, 0, "it was finished before");
}

static bool put(struct output *output, size_t number, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)item, (void)proof;
    assert_true(certificate.len > 0);
    put_number = number;
    return ++put_count != fail_put_at || error_set(err, ERROR_INPUT, 0, "the medium is full");
}

static bool flush(struct output *output, size_t number, struct error *err)
{
    (void)output;
    put_number = number;
    return ++flushed < 2 || error_set(err, ERROR_INPUT, 0, "the medium was pulled");
}

static const struct issue_source source = {.next = next, .finished = finish, .total = 5};

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    group = memory_new(1, sizeof(*group));
    source_fails = false;
    finished = flushed = 0;
    fail_put_at = put_count = put_number = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    group_clear(group);
    free(group);
    if (waiting != NULL)
        plan_free(TAKE(waiting));
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

/** Issues the first of these, so that it is there to be delivered again. \return the same requests, judged */
static struct plan *plan_of_five(void)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = put};
    const struct issue_options options = {.command = "sign"};
    AUTO(plan_free) struct plan *all = fake_plan(policy, 1, 5);
    fake_plan_judge(&own, all, policy, NULL);
    for (size_t i = 1; i < 5; i++)
        plan_item_refuse(&all->items[i], "test.rule", "not yet", NULL);
    plan_seal(all);
    if (!issue_plan(own.signer, all, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    struct plan *plan = fake_plan_again(policy, all);
    fake_plan_judge(&own, plan, policy, NULL);
    plan_item_refuse(&plan->items[2], "test.rule", "not today", NULL);
    plan->items[3].action = PLAN_SKIP;
    plan_seal(plan);
    put_count = 0;
    assert_int_equal(plan_count(plan, PLAN_REPEAT), 1);
    assert_int_equal(plan_count(plan, PLAN_SIGN), 2);
    return plan;
}

static void must_fill(struct certificates *stream, size_t len)
{
    struct error err = ERROR_INIT;
    group_clear(group);
    if (!stream->stream.fill(&stream->stream, group, len, 5, &err))
        fail_msg("%s", err.text);
}

/** As the coordinator does. */
static void sign_all(void)
{
    struct error err = ERROR_INIT;
    assert_true(ledger_commit(own.home->ledger, &err));
    for (size_t i = 0; i < group->count; i++) {
        logged_sign(own.signer, &group->jobs[i]);
        assert_true(group->jobs[i].is_done);
        assert_int_equal(group->jobs[i].err.kind, ERROR_NONE);
    }
    assert_true(group_log(own.signer, group, &err) && ledger_commit(own.home->ledger, &err));
}

static void must_deliver(struct certificates *stream)
{
    struct error err = ERROR_INIT;
    if (!stream->stream.deliver(&stream->stream, group, &err))
        fail_msg("%s", err.text);
}

static void what_a_group_is_filled_with_is_delivered_and_counted(void **state)
{
    struct output output = {.put = put, .flush = flush};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    waiting = plan_of_five();
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    assert_int_equal(stream.stream.total, 5);
    assert_true(stream.stream.has_more(&stream.stream));
    must_fill(&stream, 2); // the one that was made, and the first to be signed
    assert_int_equal(group->count, 2);
    assert_false(group->ends_plan);
    assert_true(stream.stream.has_more(&stream.stream));
    assert_true(stream.refused == 1 && stream.skipped == 1 && stream.present == 0);
    sign_all();
    group->number = 7;
    must_deliver(&stream);
    assert_int_equal(put_number, 7);
    assert_int_equal(put_count, 2);
    assert_int_equal(group->repeated, 1);
    assert_int_equal(group->issued, 1);
    assert_int_equal(group->dealt_with, 2);
    assert_int_equal(finished, 0);
    must_fill(&stream, 2);
    assert_int_equal(group->count, 1);
    assert_true(group->ends_plan);
    assert_false(stream.stream.has_more(&stream.stream));
    sign_all();
    // What an earlier group left behind this one's end is not its own.
    group->jobs[1] = (struct logged){.is_done = true, .tbs = BYTES_LITERAL("stale")};
    must_deliver(&stream);
    assert_int_equal(put_count, 3);
    assert_int_equal(group->repeated, 0);
    assert_int_equal(group->issued, 1);
    assert_int_equal(group->dealt_with, 3); // with what was refused, and skipped
    assert_int_equal(finished, 1);
    must_fill(&stream, 2); // nothing is left, and the source is not asked again
    assert_true(group_is_empty(group));
    assert_false(stream.stream.has_more(&stream.stream));
}

static void what_was_not_signed_is_neither_put_nor_counted(void **state)
{
    struct output output = {.put = put};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    waiting = plan_of_five();
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    must_fill(&stream, 9);
    assert_int_equal(group->count, 3);
    sign_all();
    group->jobs[1].is_done = false;
    must_deliver(&stream);
    assert_int_equal(put_count, 2);
    assert_int_equal(group->repeated + group->issued, 2);
    assert_int_equal(group->dealt_with, 2 + 2);
}

static void an_output_or_a_source_that_fails_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put, .flush = flush};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    waiting = plan_of_five();
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    source_fails = true;
    assert_false(stream.stream.fill(&stream.stream, group, 9, 5, &err));
    assert_string_equal(err.text, "the source is gone");
    source_fails = false;
    must_fill(&stream, 9);
    sign_all();
    error_clear(&err);
    fail_put_at = 2;
    assert_false(stream.stream.deliver(&stream.stream, group, &err));
    assert_non_null(strstr(err.text, "the medium is full"));
    assert_non_null(strstr(err.text, "delivering the certificate of device-2.csr; it is in the ledger"));
    assert_int_equal(finished, 0);
    must_deliver(&stream);
    error_clear(&err);
    assert_false(stream.stream.deliver(&stream.stream, group, &err)); // the source's word counts
    assert_string_equal(err.text, "it was finished before");
    group->number = 3;
    assert_true(stream.stream.flush(&stream.stream, group, &err));
    assert_int_equal(put_number, 3);
    error_clear(&err);
    assert_false(stream.stream.flush(&stream.stream, group, &err));
    assert_non_null(strstr(err.text, "the medium was pulled"));
    assert_non_null(strstr(err.text, "delivering certificates; they are in the ledger"));
    output.flush = NULL; // what is put is durable at once
    assert_true(stream.stream.flush(&stream.stream, group, &err));
    output.flush = flush;
    group_clear(group);
    assert_true(stream.stream.flush(&stream.stream, group, &err)); // nothing was put
    assert_int_equal(flushed, 2);
}

static void proofs_are_wanted_by_output_and_policy(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct output output = {.put = put, .wants_proof = i % 2 == 1};
        AUTO(certificates_done) struct certificates stream;
        waiting = fake_plan(policy, 10 + i, 1);
        fake_plan_judge(&own, waiting, policy, NULL);
        waiting->wants_proofs = i / 2 == 1;
        certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
        must_fill(&stream, 9);
        assert_int_equal(group->wants_proofs, i == 3);
    }
}

static void a_source_that_has_nothing_yet_is_asked_again(void **state)
{
    struct output output = {.put = put};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    must_fill(&stream, 9);
    assert_true(group_is_empty(group));
    assert_true(stream.stream.has_more(&stream.stream));
    waiting = plan_of_five();
    must_fill(&stream, 9);
    assert_int_equal(group->count, 3);
    assert_false(stream.stream.has_more(&stream.stream));
}

static void what_can_not_be_logged_or_rebuilt_is_not_signed(void **state)
{
    struct output output = {.put = put};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        AUTO(certificates_done) struct certificates stream;
        waiting = plan_of_five();
        for (size_t j = 0; j < waiting->count; j++) {
            struct plan_item *item = &waiting->items[j];
            if (i == 0 && item->action == PLAN_REPEAT)
                item->earlier.signing_seq += 1000; // no such record
            if (i == 1 && item->action == PLAN_SIGN) {
                item->is_planned = true; // by a plan whose bytes are none
                item->tbs_len = 3;
            }
        }
        certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
        group_clear(group);
        assert_false(stream.stream.fill(&stream.stream, group, 9, 5, &err));
        assert_true(err.kind != ERROR_NONE);
        certificates_done(&stream);
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
    }
}

static void what_another_token_signed_bears_no_trace_of_the_first(void **state)
{
    struct error err = ERROR_INIT;
    struct output output = {.put = put};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    waiting = plan_of_five();
    fake_home_close(&own);
    fake_home_open_pool(&own);
    assert_true(signer_open(own.confined, &fake_console, &own.signer, &err));
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    must_fill(&stream, 9);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SIGNS_WRONGLY);
    sign_all();
    for (size_t i = 0; i < group->count; i++) {
        struct error ignored = ERROR_INIT;
        struct bytes tbs, signature;
        enum signature_kind kind = SIGNATURE_OTHER;
        assert_true(cert_split(builder_bytes(&group->jobs[i].made), &tbs, &kind, &signature, &ignored));
        assert_int_equal(group->jobs[i].made.data + group->jobs[i].made.len - signature.data, signature.len);
    }
    assert_int_equal(signer_sessions(own.signer), 4); // one was dropped
}

/* ---- how many go together ---- */

static bool (*fill_certificates)(struct issue_stream *stream, struct issue_group *ret_group, size_t group_len,
                                 unsigned wait_ms, struct error *err);
static size_t lens[16]; /* of the groups that were filled */
static size_t lens_count;

static bool note_len(struct issue_stream *stream, struct issue_group *ret_group, size_t group_len,
                     unsigned wait_ms, struct error *err)
{
    (void)wait_ms;
    if (lens_count < ARRAY_LEN(lens))
        lens[lens_count++] = group_len;
    return fill_certificates(stream, ret_group, group_len, 5, err);
}

static void groups_become_as_long_as_the_token_is_quick(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_counts counts;
    struct output output = {.put = put};
    AUTO(certificates_done) struct certificates stream;
    (void)state;
    waiting = fake_plan(policy, 1, 4 * GROUP_LEN_FIRST);
    fake_plan_judge(&own, waiting, policy, NULL);
    certificates_init(&stream, own.signer, &source, &output, "20261121T024857Z-1a2b3c", true);
    fill_certificates = stream.stream.fill;
    stream.stream.fill = note_len;
    lens_count = 0;
    if (!issue_logged(own.signer, &stream.stream, &fake_console, &counts, &err))
        fail_msg("%s", err.text);
    assert_int_equal(counts.issued, 4 * GROUP_LEN_FIRST);
    assert_int_equal(lens[0], GROUP_LEN_FIRST); // it is not known yet
    assert_true(lens_count > 2);
    assert_int_not_equal(lens[lens_count - 1], GROUP_LEN_FIRST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_group_is_filled_with_is_delivered_and_counted, begin, end),
        cmocka_unit_test_setup_teardown(what_was_not_signed_is_neither_put_nor_counted, begin, end),
        cmocka_unit_test_setup_teardown(an_output_or_a_source_that_fails_is_told, begin, end),
        cmocka_unit_test_setup_teardown(proofs_are_wanted_by_output_and_policy, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_logged_or_rebuilt_is_not_signed, begin, end),
        cmocka_unit_test_setup_teardown(groups_become_as_long_as_the_token_is_quick, begin, end),
        cmocka_unit_test_setup_teardown(what_another_token_signed_bears_no_trace_of_the_first, begin, end),
        cmocka_unit_test_setup_teardown(a_source_that_has_nothing_yet_is_asked_again, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
