/* SPDX-License-Identifier: Apache-2.0 */
/* What a request has already counts to the second and the byte: its certificate, its key's, and how much a record holds. */
#include "plan/judge.h"

#include "base/digest.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "fake_home.h"
#include "issue/issue.h"
#include "request/csr.h"

#include <openssl/core_names.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static EVP_PKEY *key;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    key = csr_key("P-256");
    return 0;
}

static int end(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

static void judge_plan(const struct home *home, struct plan *plan, const struct plan_options *options)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(home);
    if (!plan_judge(judge, plan, options, &err))
        fail_msg("%s", err.text);
    assert_int_equal(err.kind, ERROR_NONE);
}

static void issue(struct plan *plan)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = put};
    const struct issue_options options = {.command = "sign"};
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

static struct plan *plan_of_device(unsigned device, EVP_PKEY *of_key)
{
    struct plan *plan = plan_new(policy);
    fake_plan_add(plan, "a", device, of_key);
    return plan;
}

/** The first item's request in a plan of its own; it is the new one's from then on. */
static struct plan *ask_again(struct plan *plan)
{
    struct plan *again = plan_new(policy);
    again->items = memory_new(1, sizeof(*again->items));
    again->count = 1;
    again->items[0] = (struct plan_item){
        .source = memory_text("a.csr"), .name = memory_text("a"), .request = TAKE(plan->items[0].request)};
    return again;
}

/** What a request that has a certificate of `had` days gets `later` seconds after, asked with `asked` days. */
static enum plan_action asked_again(unsigned had, unsigned asked, int64_t later)
{
    EVP_PKEY *of_key = csr_key("P-256");
    AUTO(plan_free) struct plan *plan = plan_of_device(1, of_key);
    struct plan_options options = {.policy = policy, .days = had, .now = time_now()};
    EVP_PKEY_free(of_key);
    judge_plan(own.home, plan, &options);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    issue(plan);
    AUTO(plan_free) struct plan *again = ask_again(plan);
    options.days = asked;
    options.now += later;
    judge_plan(own.home, again, &options);
    assert_int_equal(again->items[0].tbs == NULL, again->items[0].action == PLAN_REPEAT);
    assert_int_equal(again->items[0].earlier.serial != NULL, again->items[0].action == PLAN_REPEAT);
    return again->items[0].action;
}

static void days_that_are_asked_for_are_those_it_has(void **state)
{
    (void)state;
    assert_int_equal(asked_again(30, 30, 0), PLAN_REPEAT);
    assert_int_equal(asked_again(30, 30, 60), PLAN_REPEAT); // as long, and not to the same second
    assert_int_equal(asked_again(30, 31, 0), PLAN_SIGN);
    assert_int_equal(asked_again(30, 29, TIME_DAY_SECONDS),
                     PLAN_REPEAT); // to the same second, and not as long
    assert_int_equal(asked_again(30, 29, 0), PLAN_SIGN);
    assert_int_equal(asked_again(30, 0, 0), PLAN_REPEAT); // nobody asked for days
}

static void it_is_given_again_to_its_last_second(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *probe = plan_of_device(1, key);
    const struct plan_options options = {.policy = policy, .days = 30, .now = time_now()};
    judge_plan(own.home, probe, &options);
    int64_t life = probe->items[0].verdict->template->not_after - options.now;
    assert_int_equal(asked_again(30, 0, life), PLAN_REPEAT);
    assert_int_equal(asked_again(30, 0, life + 1), PLAN_SIGN);
}

/* ---- where it goes ---- */

static struct builder looked; /* what an output was asked for */

static bool look(struct output *output, const char *name, struct bytes certificate)
{
    (void)output;
    builder_clear(&looked);
    builder_add_text(&looked, name);
    builder_add_bytes(&looked, certificate);
    return false;
}

/** An output is asked about a new certificate by its name, and about an earlier one by its bytes as well; one that has no answers is not asked. */
static void an_output_is_asked_about_these_very_bytes(void **state)
{
    struct error err = ERROR_INIT;
    struct output asks[] = {
        {.is_taken = look}, {.is_present = look}, {.is_taken = look, .is_present = look}, {0}};
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        EVP_PKEY *of_key = csr_key("P-256");
        const struct plan_options options = {.policy = policy, .now = time_now(), .output = &asks[i]};
        AUTO(plan_free) struct plan *plan = plan_of_device(1, of_key);
        EVP_PKEY_free(of_key);
        builder_clear(&looked);
        judge_plan(own.home, plan, &options);
        assert_int_equal(plan->items[0].action, PLAN_SIGN);
        assert_true(bytes_equal_text(builder_bytes(&looked), asks[i].is_taken != NULL ? "a" : ""));
        issue(plan);
        AUTO(plan_free) struct plan *again = ask_again(plan);
        builder_clear(&looked);
        judge_plan(own.home, again, &options);
        assert_int_equal(again->items[0].action, PLAN_REPEAT);
        builder_clear(&wanted);
        AUTO(judge_free) struct judge *judge = judge_new(own.home);
        builder_add_text(&wanted, "a");
        assert_true(judge_remake(judge, &again->items[0].earlier, &wanted, &err));
        if (i < 3)
            assert_true(wanted.len > 100 && bytes_equal(builder_bytes(&looked), builder_bytes(&wanted)));
        else
            assert_int_equal(looked.len, 0);
    }
    builder_done(&looked);
}

/* ---- keys ---- */

static unsigned asked_count;

static bool is_taken(struct output *output, const char *name, struct bytes certificate)
{
    (void)output, (void)name, (void)certificate;
    asked_count++;
    return true;
}

static void a_known_key_is_refused_before_its_place_is_looked_at(void **state)
{
    struct output output = {.is_taken = is_taken};
    (void)state;
    AUTO(plan_free) struct plan *first = plan_of_device(1, key);
    const struct plan_options options = {.policy = policy, .now = time_now(), .output = &output};
    fake_plan_judge(&own, first, policy, NULL);
    issue(first);
    AUTO(plan_free) struct plan *plan = plan_of_device(2, key);
    EVP_PKEY *other = csr_key("P-256");
    fake_plan_add(plan, "b", 3, other);
    EVP_PKEY_free(other);
    asked_count = 0;
    judge_plan(own.home, plan, &options);
    for (size_t i = 0; i < 2; i++) {
        const struct findings *findings = &plan->items[i].verdict->findings;
        assert_int_equal(plan->items[i].action, PLAN_REFUSE);
        assert_null(plan->items[i].tbs);
        assert_int_equal(findings->count, 1);
        assert_string_equal(findings->items[0].rule, i == 0 ? "key.unique" : "output.exists");
    }
    assert_int_equal(asked_count, 1);
    assert_non_null(
        strstr(plan->items[0].verdict->findings.items[0].text, " for CN=device-1 has this key (key.unique)"));
    assert_string_equal(plan->items[0].verdict->findings.items[0].remedy,
                        "make a new key, or revoke that certificate: `coldca revoke --serial`");
    assert_string_equal(plan->items[1].verdict->findings.items[0].text,
                        "the output directory holds another b already");
    assert_string_equal(plan->items[1].verdict->findings.items[0].remedy,
                        "name another --out, or move that file away");
}

/** That a key is copied matters more than how it is written; of the same subject, too. */
static void a_copied_key_of_the_ledgers_is_told_however_it_is_written(void **state)
{
    (void)state;
    AUTO(plan_free) struct plan *first = plan_of_device(1, key);
    fake_plan_judge(&own, first, policy, NULL);
    issue(first);
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    AUTO(plan_free) struct plan *plan = plan_of_device(1, key);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_REFUSE);
    assert_true(findings_has(&plan->items[0].verdict->findings, "key.encoding"));
    assert_true(findings_has(&plan->items[0].verdict->findings, "key.unique"));
    // Without a home nobody knows.
    AUTO(plan_free) struct plan *alone = ask_again(plan);
    const struct plan_options options = {.policy = policy, .now = time_now()};
    judge_plan(NULL, alone, &options);
    assert_true(findings_has(&alone->items[0].verdict->findings, "key.encoding"));
    assert_false(findings_has(&alone->items[0].verdict->findings, "key.unique"));
}

/* ---- a CA that awaits its certificate ---- */

static void a_ca_without_its_certificate_judges_by_policy_and_ledger(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *first = plan_of_device(1, key);
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(readers_close) struct readers *readers = NULL;
    const struct plan_options options = {.policy = policy, .now = time_now()};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    const struct csr_recipe recipe = {.key = key, .subject = "30{31{30{06{550403}0c{'device-1'}}}}"};
    (void)state;
    struct home bare = *own.home;
    bare.issuer = NULL;
    judge_plan(&bare, first, &options);
    assert_int_equal(first->items[0].action, PLAN_ALLOW);
    assert_null(first->items[0].tbs);
    AUTO(judge_free) struct judge *judge = judge_new(&bare);
    csr_make(&recipe, &der);
    struct plan_input input = {.source = memory_text("a.csr"), .name = memory_text("a")};
    input.data = builder_take(&der, &input.len);
    bool is_made =
        readers_open(1, &readers, &err) && plan_make(judge, readers, &input, 1, &options, NULL, &plan, &err);
    plan_input_done(&input);
    if (!is_made)
        fail_msg("%s", err.text);
    assert_true(findings_has(&plan->warnings, "check.no-issuer"));
    assert_non_null(
        strstr(plan->warnings.items[0].text, "while this CA awaits its parent's certificate these were not"));
}

/* ---- how much a record holds ---- */

#define RECORD_TBS 24576

/** A request of so many names of 60 octets, and one of so many. */
static struct plan *plan_of_names(const struct policy *open, unsigned count, unsigned last)
{
    struct plan *plan = plan_new(open);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    builder_add_text(&text, "30{06{551d11}04{30{");
    for (unsigned i = 0; i < count; i++)
        builder_format(&text, "82{'a%04u.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example'}", i);
    builder_format(&text, "82{'%.*s.example'}", (int)last,
                   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
    builder_add_text(&text, "}}}");
    AUTO(free) char *attribute = csr_extension_request(builder_text(&text));
    const struct csr_recipe recipe = {
        .key = key, .subject = "30{31{30{06{550403}0c{'someone'}}}}", .attributes = attribute};
    csr_make(&recipe, &der);
    plan->items = memory_new(1, sizeof(*plan->items));
    plan->count = 1;
    plan->items[0] = (struct plan_item){
        .source = memory_text("a.csr"), .name = memory_text("a"), .request = csr_read(builder_bytes(&der))};
    return plan;
}

static void a_certificate_of_just_so_many_bytes_fits(void **state)
{
    struct error err = ERROR_INIT;
    struct policy *open = NULL;
    size_t longest = 0;
    unsigned refused = 0;
    (void)state;
    assert_true(policy_load(BYTES_LITERAL("policy: leaf\nsubject: [{field: CN, match: '.*'}]\n"
                                          "san: [{type: dns, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                                          "validity: {days: 9}\nkey_usage: [digitalSignature]\n"),
                            "leaf.yaml", &open, &err));
    const struct plan_options options = {.policy = open, .now = time_now()};
    for (unsigned last = 1; last <= 63; last++) {
        AUTO(plan_free) struct plan *plan = plan_of_names(open, 391, last);
        judge_plan(own.home, plan, &options);
        const struct plan_item *item = &plan->items[0];
        if (item->action == PLAN_SIGN && item->tbs_len > longest)
            longest = item->tbs_len;
        if (item->action == PLAN_SIGN)
            continue;
        const struct finding *finding = &item->verdict->findings.items[0];
        assert_string_equal(finding->rule, "template.size");
        assert_string_equal(finding->remedy, "ask for fewer names");
        if (refused++ == 0)
            assert_string_equal(finding->text,
                                "the certificate would have 24577 bytes, its subject 10; a ledger record "
                                "holds 24576 and 4096");
    }
    assert_int_equal(longest, RECORD_TBS);
    assert_true(refused > 0);
    policy_free(open);
}

/** Its name, its key and its request are still to be had. */
static void a_refused_request_is_in_nobodys_way(void **state)
{
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    EVP_PKEY *other = csr_key("P-384");
    (void)state;
    fake_plan_add(plan, "a", 1, other);
    EVP_PKEY_free(other);
    fake_plan_add(plan, "a", 1, key);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_int_equal(plan->items[0].action, PLAN_REFUSE);
    assert_int_equal(plan->items[0].verdict->findings.count, 1);
    assert_int_equal(plan->items[1].action, PLAN_SIGN);
}

/** A run's judge has a handle of its own, of the ledger as it was then: who writes is in another thread. */
static void a_judge_beside_the_writer_looks_at_the_ledger_as_it_was(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *beside = judge_new(own.home);
    AUTO(plan_free) struct plan *first = plan_of_device(1, key);
    const struct plan_options options = {.policy = policy, .now = time_now()};
    (void)state;
    assert_true(judge_look_beside(beside, &err));
    fake_plan_judge(&own, first, policy, NULL);
    issue(first);
    AUTO(plan_free) struct plan *again = plan_of_device(2, key);
    assert_true(plan_judge(beside, again, &options, &err));
    assert_int_equal(again->items[0].action, PLAN_SIGN);
    AUTO(plan_free) struct plan *later = ask_again(again);
    judge_plan(own.home, later, &options);
    assert_int_equal(later->items[0].action, PLAN_REFUSE);
}

static void what_is_no_certificate_can_not_be_made_again(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    const struct ledger_entry entry = {.signing_seq = 100000, .issued_seq = 100001};
    (void)state;
    assert_false(judge_remake(judge, &entry, &der, &err));
    assert_int_not_equal(err.kind, ERROR_NONE);
}

static void what_is_not_signed_has_the_digest_of_nothing(void **state)
{
    uint8_t nothing[32];
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    EVP_PKEY *other = csr_key("P-384");
    (void)state;
    digest_sha256(bytes_of(NULL, 0), nothing);
    fake_plan_add(plan, "a", 1, other);
    EVP_PKEY_free(other);
    fake_plan_add(plan, "b", 2, key);
    fake_plan_judge(&own, plan, policy, NULL);
    assert_memory_equal(plan->items[0].tbs_sha256, nothing, 32);
    assert_memory_not_equal(plan->items[1].tbs_sha256, nothing, 32);
    // Serials are drawn for each.
    AUTO(plan_free) struct plan *two = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, two, policy, NULL);
    assert_int_equal(plan_count(two, PLAN_SIGN), 2);
    assert_memory_not_equal(two->items[0].serial, two->items[1].serial, CERT_SERIAL_LEN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(days_that_are_asked_for_are_those_it_has),
        TEST(it_is_given_again_to_its_last_second),
        TEST(an_output_is_asked_about_these_very_bytes),
        TEST(a_known_key_is_refused_before_its_place_is_looked_at),
        TEST(a_copied_key_of_the_ledgers_is_told_however_it_is_written),
        TEST(a_ca_without_its_certificate_judges_by_policy_and_ledger),
        TEST(a_certificate_of_just_so_many_bytes_fits),
        TEST(a_refused_request_is_in_nobodys_way),
        TEST(a_judge_beside_the_writer_looks_at_the_ledger_as_it_was),
        TEST(what_is_no_certificate_can_not_be_made_again),
        TEST(what_is_not_signed_has_the_digest_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
