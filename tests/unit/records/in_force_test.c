/* SPDX-License-Identifier: Apache-2.0 */
/* What a run asks of the ledger first: which control is in force and what it permits, which plan was taken, which text of a policy counts. */
#include "records/in_force.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/memory.h"
#include "small_home.h"

static struct small_home small;
static struct ledger *ledger;
static struct approver ann, bob;
static struct control control; /* what the next control.set says */

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    small_home_make(&small);
    ledger = small.home.ledger;
    approver_make(&ann, "ann", "a"), approver_make(&bob, "bob", "b");
    control = (struct control){.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    assert_true(control_add_person(&control, "bob", "approver", bob.vkey, &err));
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann), approver_done(&bob);
    control_done(&control);
    small_home_remove(&small);
    return 0;
}

static uint64_t set_control(void)
{
    return small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
}

#define assert_refused(call, err, wanted_kind, words)                                                        \
    do {                                                                                                     \
        error_clear(&(err));                                                                                 \
        assert_false(call);                                                                                  \
        assert_string_equal((err).text, words);                                                              \
        assert_int_equal((err).kind, wanted_kind);                                                           \
    } while (0)

/* ---- controls ---- */

static void the_newest_control_is_in_force(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control first = {.people_count = 0};
    AUTO(control_done) struct control second = {.people_count = 0};
    bool is_set = true;
    (void)state;
    assert_true(control_in_force(ledger, &first, &is_set, &err));
    assert_false(is_set);
    assert_int_equal(first.people_count, 0);
    (void)small_home_log(&small, "note", json_new_object());
    assert_int_equal(set_control(), 1);
    assert_true(control_in_force(ledger, &first, &is_set, &err));
    assert_true(is_set);
    assert_int_equal(first.seq, 1);
    control.quorum[ACT_CRL] = 2;
    assert_int_equal(set_control(), 2);
    assert_true(control_in_force(ledger, &second, &is_set, &err));
    assert_int_equal(second.seq, 2);
    assert_int_equal(second.quorum[ACT_CRL], 2);
}

static void a_control_that_cant_be_read_permits_nothing(void **state)
{
    struct error err = ERROR_INIT;
    struct json *broken = control_write(&control);
    bool is_needed = false;
    (void)state;
    json_put_text(broken, "policies", "some");
    (void)small_home_log(&small, RECORD_CONTROL_SET, broken);
    assert_false(control_permits(ledger, ACT_ISSUE, "ask", &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "while reading the control in force, record 0"));
    assert_false(control_permits_crl(ledger, 1, false, &err));
    assert_false(policy_needs_approval(ledger, &is_needed, &err));
    assert_false(policy_permits(ledger, "p", "p", (const uint8_t[32]){0}, &err));
}

static void an_act_with_a_quorum_needs_its_approvals(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ACT_COUNT; i++)
        assert_true(control_permits(ledger, (enum act)i, "ask", &err));
    for (size_t act = 0; act < ACT_COUNT; act++) {
        memset(control.quorum, 0, sizeof(control.quorum));
        control.quorum[act] = act == ACT_ISSUE ? 2 : 1;
        uint64_t seq = set_control();
        for (size_t i = 0; i < ACT_COUNT; i++) {
            if (i != act)
                assert_true(control_permits(ledger, (enum act)i, "ask", &err));
        }
        AUTO(free)
        char *words = memory_format("%s needs %u approvals by the control in force (record %llu): ask",
                                    act_words((enum act)act), control.quorum[act], (unsigned long long)seq);
        assert_refused(control_permits(ledger, (enum act)act, "ask", &err), err, ERROR_INPUT, words);
    }
}

static void a_crl_is_at_most_as_long_as_the_control_says(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(control_permits_crl(ledger, 999 * TIME_DAY_SECONDS, true, &err)); // no control
    (void)set_control();
    assert_true(control_permits_crl(ledger, 999 * TIME_DAY_SECONDS, true, &err)); // that says nothing
    control.has_crl = true;
    control.crl_max_days = 8;
    (void)set_control();
    assert_true(control_permits_crl(ledger, 8 * TIME_DAY_SECONDS, false, &err));
    assert_refused(control_permits_crl(ledger, 8 * TIME_DAY_SECONDS + 1, false, &err), err, ERROR_INPUT,
                   "the control in force (record 1) lets a CRL be good for 8 days, overlap and all: ca.yaml "
                   "or --days wants more");
    assert_refused(control_permits_crl(ledger, 1, true, &err), err, ERROR_INPUT,
                   "keep_expired in ca.yaml is not that of the control in force (record 1)");
    control.crl_keep_expired = true;
    (void)set_control();
    assert_true(control_permits_crl(ledger, 1, true, &err));
    assert_refused(control_permits_crl(ledger, 1, false, &err), err, ERROR_INPUT,
                   "keep_expired in ca.yaml is not that of the control in force (record 2)");
}

/* ---- plans ---- */

/** plan.approved of a plan that differs by its count. \param ret_sha256  its digest */
static void take_plan(uint64_t count, uint8_t ret_sha256[static 32])
{
    AUTO(json_free) struct json *approvals = json_new_array();
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    const struct plan_header header = {.act = ACT_REVOKE,
                                       .origin = (char *)(uintptr_t)SMALL_HOME_ORIGIN,
                                       .vkey = small.key.vkey,
                                       .count = count};
    plan_header_write(&header, &text);
    json_add_text(approvals, "a note");
    struct record_plan_approved record = {.header = builder_text(&text), .approvals = approvals};
    digest_sha256(builder_bytes(&text), record.plan_sha256);
    memcpy(ret_sha256, record.plan_sha256, 32);
    (void)small_home_log(&small, RECORD_PLAN_APPROVED, record_plan_approved_write(&record));
}

static void a_plan_is_taken_by_its_digest(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t sha256[3][32];
    uint64_t seq = 99;
    bool is_taken = true;
    (void)state;
    assert_true(plan_is_taken(ledger, (const uint8_t[32]){0}, &is_taken, &seq, &err));
    assert_false(is_taken);
    for (unsigned i = 0; i < 3; i++)
        take_plan(i + 1, sha256[i]);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(plan_is_taken(ledger, sha256[i], &is_taken, &seq, &err));
        assert_true(is_taken);
        assert_int_equal(seq, i);
    }
    for (unsigned i = 0; i < 32; i += 31) {
        sha256[1][i] ^= 1;
        assert_true(plan_is_taken(ledger, sha256[1], &is_taken, &seq, &err));
        assert_false(is_taken);
        sha256[1][i] ^= 1;
    }
}

static void a_plan_that_cant_be_read_is_not_passed_over(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t sha256[32];
    uint64_t seq = 0;
    bool is_taken = false;
    (void)state;
    take_plan(1, sha256);
    (void)small_home_log(&small, RECORD_PLAN_APPROVED, json_new_object());
    assert_false(plan_is_taken(ledger, sha256, &is_taken, &seq, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
}

/* ---- policies ---- */

static uint64_t approve(const char *name, const char *text)
{
    struct record_policy_approved record = {.name = name, .text = text};
    digest_sha256(bytes_of_text(text), record.sha256);
    return small_home_log(&small, RECORD_POLICY_APPROVED, record_policy_approved_write(&record));
}

static const uint8_t *digest_of(const char *text)
{
    static uint8_t digest[32];
    digest_sha256(bytes_of_text(text), digest);
    return digest;
}

static void the_newest_text_of_a_policy_is_in_force(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *something = json_new_object();
    struct json *none = something;
    AUTO(json_free) struct json *one = NULL;
    AUTO(json_free) struct json *two = NULL;
    (void)state;
    assert_true(policy_in_force(ledger, "p", &none, &err));
    assert_null(none);
    (void)approve("p", "one");
    (void)approve("q", "else");
    assert_true(policy_in_force(ledger, "p", &one, &err));
    assert_string_equal(json_text(one, "text"), "one");
    (void)approve("p", "two");
    (void)approve("q", "else");
    assert_true(policy_in_force(ledger, "p", &two, &err));
    assert_string_equal(json_text(two, "text"), "two");
    assert_true(policy_in_force(ledger, "pp", &none, &err));
    assert_null(none);
}

static void only_the_approved_text_is_permitted_where_the_control_wants_that(void **state)
{
    struct error err = ERROR_INIT;
    bool is_needed = true;
    (void)state;
    assert_true(policy_needs_approval(ledger, &is_needed, &err));
    assert_false(is_needed);
    assert_true(policy_permits(ledger, "p", "./p.yaml", digest_of("one"), &err));
    (void)set_control();
    assert_true(policy_needs_approval(ledger, &is_needed, &err));
    assert_false(is_needed);
    assert_true(policy_permits(ledger, "p", "./p.yaml", digest_of("one"), &err));
    control.only_approved_policies = true;
    (void)set_control();
    assert_true(policy_needs_approval(ledger, &is_needed, &err));
    assert_true(is_needed);
    assert_refused(policy_permits(ledger, "p", "./p.yaml", digest_of("one"), &err), err, ERROR_INPUT,
                   "the policy p (sha256 7692c3ad3540...) was never approved, and this CA uses approved "
                   "policies only; nothing was signed: read it, then `coldca policy approve ./p.yaml`");
    (void)approve("p", "one");
    (void)approve("q", "two");
    assert_true(policy_permits(ledger, "p", "./p.yaml", digest_of("one"), &err));
    assert_refused(
        policy_permits(ledger, "p", "./p.yaml", digest_of("two"), &err), err, ERROR_INPUT,
        "the policy p (sha256 3fc4ccfe7458...) is not the text that was approved "
        "(7692c3ad3540...), and this CA uses approved policies only; nothing was signed: `coldca "
        "policy diff ./p.yaml` shows what changed, `coldca policy approve ./p.yaml` approves it as "
        "it is now");
    (void)approve("p", "two");
    assert_true(policy_permits(ledger, "p", "./p.yaml", digest_of("two"), &err));
    assert_false(policy_permits(ledger, "p", "./p.yaml", digest_of("one"), &err));
}

static void a_certificate_finds_the_text_it_was_signed_by(void **state)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 99;
    bool is_found = true;
    (void)state;
    assert_true(policy_text_of(ledger, "p", digest_of("one"), 5, &seq, &is_found, &err));
    assert_false(is_found);
    assert_int_equal(approve("p", "one"), 0);
    assert_int_equal(approve("p", "two"), 1);
    assert_int_equal(approve("p", "one"), 2);
    assert_int_equal(approve("q", "one"), 3);
    assert_int_equal(approve("p", "one"), 4);
    static const struct {
        uint64_t signing, wanted;
    } cases[] = {{0, 0}, {1, 0}, {2, 0}, {3, 2}, {4, 2}, {5, 4}, {UINT64_MAX, 4}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_true(policy_text_of(ledger, "p", digest_of("one"), cases[i].signing, &seq, &is_found, &err));
        assert_true(is_found);
        assert_int_equal(seq, cases[i].wanted);
    }
    // The CA's own certificate is older than any text: the oldest after it.
    assert_true(policy_text_of(ledger, "q", digest_of("one"), 1, &seq, &is_found, &err));
    assert_int_equal(seq, 3);
    assert_true(policy_text_of(ledger, "q", digest_of("two"), 9, &seq, &is_found, &err));
    assert_false(is_found);
}

static void a_policy_that_cant_be_read_is_not_passed_over(void **state)
{
    struct error err = ERROR_INIT;
    struct json *json = NULL;
    uint64_t seq = 0;
    bool is_found = false;
    (void)state;
    control.only_approved_policies = true;
    (void)set_control();
    (void)approve("p", "one");
    (void)small_home_log(&small, RECORD_POLICY_APPROVED, json_new_object());
    assert_false(policy_in_force(ledger, "p", &json, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "while reading record 2"));
    assert_false(policy_permits(ledger, "p", "p", digest_of("one"), &err));
    assert_false(policy_text_of(ledger, "p", digest_of("one"), 9, &seq, &is_found, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_control_is_in_force, begin, end),
        cmocka_unit_test_setup_teardown(a_control_that_cant_be_read_permits_nothing, begin, end),
        cmocka_unit_test_setup_teardown(an_act_with_a_quorum_needs_its_approvals, begin, end),
        cmocka_unit_test_setup_teardown(a_crl_is_at_most_as_long_as_the_control_says, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_taken_by_its_digest, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_that_cant_be_read_is_not_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_text_of_a_policy_is_in_force, begin, end),
        cmocka_unit_test_setup_teardown(only_the_approved_text_is_permitted_where_the_control_wants_that,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_finds_the_text_it_was_signed_by, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_cant_be_read_is_not_passed_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
