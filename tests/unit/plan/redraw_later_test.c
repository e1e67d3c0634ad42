/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An approved plan is drawn again with what it was planned with, and by what is known when it is carried out: keys that got a certificate
 * meanwhile, items that an earlier run has signed, what can't be screened any more.
 */
#include "plan/redraw.h"

#include "base/digest.h"
#include "base/encode.h"
#include "issue/issue.h"

#include "lying.h"
#include "planned.h"

static void judge_with(struct plan *plan, const struct plan_options *options)
{
    struct error err = ERROR_INIT;
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    if (!plan_judge(judge, plan, options, &err))
        fail_msg("%s", err.text);
}

static struct plan *taken(void)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    if (!take(&plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(err.kind, ERROR_NONE);
    return plan;
}

static void use_policy(const char *text)
{
    struct error err = ERROR_INIT;
    write_policy(text);
    policy_free(TAKE(policy));
    if (!policy_load(bytes_of_text(text), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
}

/** RFC 5280 4.1.2.5: a device's, that has no end. */
static void one_without_an_end_may_outlive_its_ca(void **state)
{
    (void)state;
    use_policy("policy: test\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
               "validity: {no_expiry: true, past_issuer: allow}\nkey_usage: [digitalSignature]\n");
    AUTO(plan_free) struct plan *before = fake_plan(policy, 1, 2);
    fake_plan_judge(&own, before, policy, NULL);
    put_to_file(before);
    AUTO(plan_free) struct plan *plan = taken();
    assert_int_equal(plan_count(plan, PLAN_SIGN), 2);
    assert_int_equal(plan->items[0].verdict->template->not_after, TIME_9999_END);
    // One that has an end has its CA's at most.
    struct template *template = before->items[0].verdict->template;
    template->has_no_expiry = false;
    template->not_after = cert_issuer_facts(own.home->issuer)->not_after + 1;
    forge(template, before->items[0].request);
    assert_refused("(lint.past-issuer); make the plan anew, at this CA");
}

/** In its CA's first second a certificate may begin; whether it does is the policy's. */
static void a_certificate_may_be_as_old_as_its_ca(void **state)
{
    int64_t begins = cert_issuer_facts(own.home->issuer)->not_before;
    (void)state;
    template_of(0)->not_before = begins;
    forge(template_of(0), request_of(0));
    assert_forged("it says \"valid ");
    template_of(0)->not_before = begins - 1;
    forge(template_of(0), request_of(0));
    assert_forged("valid earlier than its issuer (lint.before-issuer)");
}

/** With --days and --set it is another certificate than by the policy's own. */
static void a_plan_is_drawn_with_its_own_days_and_variables(void **state)
{
    struct policy_variable site = {.name = "site", .value = "there"};
    const struct plan_options options = {
        .policy = policy, .now = time_now(), .days = 30, .variables = &site, .variables_count = 1};
    AUTO(plan_free) struct plan *before = fake_plan(policy, 5, 3);
    (void)state;
    judge_with(before, &options);
    put_to_file(before);
    AUTO(plan_free) struct plan *plan = taken();
    assert_int_equal(plan_count(plan, PLAN_SIGN), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct template *template = plan->items[i].verdict->template;
        assert_int_equal(template->not_after - template->not_before, 30 * TIME_DAY_SECONDS - 1);
        assert_non_null(strstr(template->sans[0].text, "urn:there"));
    }
}

/* ---- what became known ---- */

static bool put(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                struct bytes proof, struct error *err)
{
    (void)output, (void)group, (void)item, (void)certificate, (void)proof, (void)err;
    return true;
}

static void issue(unsigned device, EVP_PKEY *key)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    struct output output = {.put = put};
    const struct issue_options options = {.command = "sign"};
    AUTO(plan_free) struct plan *plan = plan_new(policy);
    fake_plan_add(plan, "other", device, key);
    fake_plan_judge(&own, plan, policy, NULL);
    if (!issue_plan(own.signer, plan, &output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
}

/** A plan of this key for device-1, and of another one for device-2. */
static void plan_of_key(EVP_PKEY *key)
{
    AUTO(plan_free) struct plan *before = plan_new(policy);
    EVP_PKEY *other = csr_key("P-256");
    fake_plan_add(before, "device-1", 1, key);
    fake_plan_add(before, "device-2", 2, other);
    EVP_PKEY_free(other);
    fake_plan_judge(&own, before, policy, NULL);
    assert_int_equal(plan_count(before, PLAN_SIGN), 2);
    put_to_file(before);
}

static void a_key_that_got_a_certificate_meanwhile_gets_no_second_one(void **state)
{
    (void)state;
    plan_of_key(forgers_key);
    issue(9, forgers_key);
    AUTO(plan_free) struct plan *plan = taken();
    assert_int_equal(plan->items[0].action, PLAN_REFUSE);
    assert_true(findings_has(&plan->items[0].verdict->findings, "key.unique"));
    assert_non_null(strstr(plan->items[0].verdict->findings.items[0].text, "for CN=device-9 has this key"));
    assert_false(plan->items[0].verdict->is_allowed);
    assert_int_equal(plan->items[1].action, PLAN_SIGN);
    assert_int_equal(plan->items[1].verdict->findings.count, 0);
}

/** The same subject's certificate is renewed; a policy may let keys be used twice. */
static void what_its_policy_lets_a_key_have_it_gets(void **state)
{
    (void)state;
    plan_of_key(forgers_key);
    issue(1, forgers_key);
    AUTO(plan_free) struct plan *renewal = taken();
    assert_int_equal(plan_count(renewal, PLAN_SIGN), 2);
    use_policy("policy: test\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256], unique: false}\n"
               "validity: {days: 9}\nkey_usage: [digitalSignature]\n");
    AUTO(plan_free) struct plan *before = plan_new(policy);
    fake_plan_add(before, "device-1", 1, forgers_key);
    fake_plan_add(before, "device-2", 2, forgers_key);
    fake_plan_judge(&own, before, policy, NULL);
    put_to_file(before);
    issue(9, forgers_key);
    AUTO(plan_free) struct plan *plan = taken();
    assert_int_equal(plan_count(plan, PLAN_SIGN), 2);
}

/** What is refused takes nothing away from who comes behind it. */
static void a_refused_item_is_in_nobodys_way(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *weak = csr_rsa_key(2048, 3);
    const struct csr_recipe recipe = {.key = weak};
    struct template *template = template_of(0);
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    free(template->spki);
    template->spki = (uint8_t *)memory_text_of(request->spki.data, request->spki.len);
    template->spki_len = request->spki.len;
    forge(template, request);
    AUTO(plan_free) struct plan *alone = taken();
    assert_int_equal(alone->items[0].action, PLAN_REFUSE);
    assert_false(alone->items[0].verdict->is_allowed);            // nor may a person approve it
    assert_int_equal(alone->items[0].verdict->findings.count, 1); // the key's weakness, and nothing else
    assert_int_equal(alone->items[1].action, PLAN_SIGN);
}

/* ---- an earlier run ---- */

static uint64_t log_record(const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 0;
    if (!ledger_append(own.home->ledger, type, members, &seq, &err) || !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    return seq;
}

static void log_issued(size_t index)
{
    struct record_cert_issued issued = {.ref =
                                            log_record(RECORD_CERT_SIGNING, plan_file_planned(&file, index)),
                                        .signature = BYTES_LITERAL("a signature")};
    (void)log_record(RECORD_CERT_ISSUED, record_cert_issued_write(&issued));
}

static struct plan *taken_up(size_t done_count)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    bool done[] = {done_count > 0, done_count > 1};
    plan_file_seal(&file);
    const struct admitted admitted = {.file = file, .is_taken = true, .done = done};
    if (!plan_of_admitted(own.home, &admitted, redraw, NULL, now, &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

static void what_is_signed_already_is_not_drawn(void **state)
{
    (void)state;
    plan_file_seal(&file);
    log_issued(0);
    AUTO(plan_free) struct plan *plan = taken_up(1);
    assert_int_equal(plan->items[0].action, PLAN_REPEAT);
    assert_false(plan->items[0].is_read);
    assert_true(plan->items[0].verdict->is_allowed);
    assert_memory_equal(plan->items[0].request->sha256, request_of(0)->sha256, 32);
    assert_int_equal(plan->items[1].action, PLAN_SIGN);
    assert_true(plan->items[1].is_read);
    assert_memory_equal(plan->items[1].request->sha256, request_of(1)->sha256, 32);
    log_issued(1);
    json_free(file.evaluated); // nobody needs to know any more
    file.evaluated = NULL;
    AUTO(plan_free) struct plan *whole = taken_up(2);
    assert_int_equal(plan_count(whole, PLAN_REPEAT), 2);
}

/* ---- requests ---- */

/** Of a medium a file may hold several; a plan's item has one. */
static void an_item_is_of_one_request(void **state)
{
    AUTO(builder_done) struct builder both = BUILDER_INIT;
    (void)state;
    for (size_t i = 0; i < 2; i++)
        encode_pem("CERTIFICATE REQUEST", request_of(i)->der, &both);
    struct request twice = {.der = builder_bytes(&both)};
    digest_sha256(twice.der, (uint8_t *)(uintptr_t)twice.sha256);
    forge(template_of(0), &twice);
    assert_refused("an item of the plan is not of one request (plan.request)");
}

/** Nobody takes a parser process's word that a plan's request proves its key. */
static void a_parser_process_that_lies_is_found_out(void **state)
{
    struct error err = ERROR_INIT;
    const struct csr_recipe recipe = {.key = forgers_key, .has_bad_signature = true};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    struct template *template = template_of(0);
    free(template->spki);
    template->spki = (uint8_t *)memory_text_of(request->spki.data, request->spki.len);
    template->spki_len = request->spki.len;
    forge(template, request);
    redraw_close(TAKE(redraw));
    makes_liars = true;
    bool is_open = redraw_open(own.home, &redraw, &err);
    makes_liars = false;
    if (!is_open)
        fail_msg("%s", err.text);
    assert_forged("(request.reader)");
}

/* ---- bytes ---- */

/** Two certificates that a person can't tell apart are two. */
static void bytes_that_read_alike_are_not_the_same(void **state)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    static const uint8_t utf8[] = {0x0c, 8, 'd', 'e', 'v', 'i', 'c', 'e', '-', '1'};
    (void)state;
    builder_add(&tbs, judged->items[0].tbs, judged->items[0].tbs_len);
    uint8_t *place = memmem(tbs.data, tbs.len, utf8, sizeof(utf8));
    assert_non_null(place);
    *place = 0x13; // PrintableString
    forge_bytes(builder_bytes(&tbs), template_of(0), request_of(0));
    assert_forged("its bytes are not those that its policy gives (plan.bytes)");
}

/* ---- warnings ---- */

static void what_could_not_be_looked_at_is_told(void **state)
{
    struct error err = ERROR_INIT;
    EVP_PKEY *key = csr_key("RSA-2048");
    AUTO(plan_free) struct plan *rsa = plan_new(policy);
    (void)state;
    fake_plan_add(rsa, "device-1", 1, key);
    EVP_PKEY_free(key);
    fake_plan_judge(&own, rsa, policy, NULL);
    put_to_file(rsa);
    redraw_close(TAKE(redraw));
    assert_int_equal(setenv("COLDCA_DATA", own.folder.path, 1), 0); // nothing there
    assert_true(redraw_open(own.home, &redraw, &err));
    AUTO(plan_free) struct plan *plan = taken();
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_true(findings_has(&plan->warnings, "screen.debian-weak-keys"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_plan_is_drawn_with_its_own_days_and_variables),
        TEST(one_without_an_end_may_outlive_its_ca),
        TEST(a_certificate_may_be_as_old_as_its_ca),
        TEST(a_key_that_got_a_certificate_meanwhile_gets_no_second_one),
        TEST(what_its_policy_lets_a_key_have_it_gets),
        TEST(a_refused_item_is_in_nobodys_way),
        TEST(what_is_signed_already_is_not_drawn),
        TEST(an_item_is_of_one_request),
        TEST(a_parser_process_that_lies_is_found_out),
        TEST(bytes_that_read_alike_are_not_the_same),
        TEST(what_could_not_be_looked_at_is_told),
    };
    if (!liars_prepare())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
