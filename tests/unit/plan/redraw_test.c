/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan's policy, the chain and the request do not give is not signed, whoever wrote the plan and whoever approved it. */
#include "plan/redraw.h"

#include "screen/factors.h"

#include "planned.h"

#include <fcntl.h>
#include <unistd.h>

static void add_san(struct template *template, const char *name)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *san = memory_format("dns:%s", name);
    assert_true(template_parse_san(san, template, &err));
}

/* ---- tests ---- */

static void what_the_policy_gives_comes_back_with_request_and_verdict(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    if (!take(&plan, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(plan->items[i].action, PLAN_SIGN);
        assert_true(plan->items[i].is_read);
        assert_memory_equal(plan->items[i].request->sha256, request_of(i)->sha256, 32);
        assert_int_equal(plan->items[i].request->attributes_count, 1);
        assert_non_null(plan->items[i].verdict->template);
    }
}

static void a_san_that_is_not_asked_for(void **state)
{
    (void)state;
    add_san(template_of(0), "a.example"); // the policy would take it, the request does not have it
    forge(template_of(0), request_of(0));
    assert_forged("subject alt names");
    assert_forged("(plan.bytes)");
}

/** A request of the forger's own, that asks for it. */
static void a_san_outside_the_policy(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(free) char *attribute = csr_extension_request("30{06{551d11}04{30{82{'bank.test'}}}}");
    const struct csr_recipe recipe = {.key = forgers_key, .attributes = attribute};
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    add_san(template_of(0), "bank.test");
    forge(template_of(0), request);
    assert_forged("bank.test");
    assert_forged("(san.");
}

static void another_subject(void **state)
{
    struct template *template = template_of(0);
    (void)state;
    free(template->attributes[0].value);
    template->attributes[0].value = memory_text("admin");
    forge(template, request_of(0));
    assert_forged("it says \"subject     CN=admin\", by its policy it is \"subject     CN=device-1\"");
}

static void a_longer_life(void **state)
{
    (void)state;
    template_of(0)->not_after += 1;
    forge(template_of(0), request_of(0));
    assert_forged("it says \"valid ");
}

static void another_key_usage(void **state)
{
    (void)state;
    template_of(0)->key_usage |= KEY_USAGE_KEY_AGREEMENT;
    forge(template_of(0), request_of(0));
    assert_forged(
        "it says \"key usage              digitalSignature keyAgreement (critical)\", by its policy it is "
        "\"key usage              digitalSignature (critical)\"");
}

static void another_key_than_the_requests(void **state)
{
    struct template *template = template_of(0);
    (void)state;
    free(template->spki);
    template->spki = (uint8_t *)memory_text_of(request_of(1)->spki.data, request_of(1)->spki.len);
    template->spki_len = request_of(1)->spki.len;
    forge(template, request_of(0));
    assert_forged("it says \"key ");
}

/** The plan says that it is of CA certificates; its policy is not. */
static void a_ca_certificate_by_an_end_entity_policy(void **state)
{
    (void)state;
    template_of(0)->is_ca = true;
    template_of(0)->key_usage = KEY_USAGE_KEY_CERT_SIGN;
    template_of(0)->extended_key_usage_count = 0;
    forge(template_of(0), request_of(0));
    file.header.act = ACT_ISSUE_CA;
    struct json *alone = json_new_array();
    json_add(alone, json_clone(json_at(file.items, 0)));
    json_free(file.items);
    file.items = alone;
    assert_forged("CA");
    template_of(0)->extended_key_usage_count = 1;
}

/** The policy takes the name, the request asks for it; the chain above has another opinion. */
static void outside_the_name_constraints(void **state)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(free) char *attribute = csr_extension_request("30{06{551d11}04{30{82{'bank.example'}}}}");
    const struct csr_recipe recipe = {.key = forgers_key, .attributes = attribute};
    struct template_name permitted = {
        .kind = SAN_DNS, .value = (uint8_t *)"acme.example", .value_len = 12, .text = (char *)"acme.example"};
    struct policy_name none = {.attributes = NULL};
    struct policy_constraints constraints = {
        .permitted = &permitted, .permitted_count = 1, .permitted_names = &none};
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    add_san(template_of(0), "bank.example");
    forge(template_of(0), request);
    chain()->constraints = &constraints;
    chain()->constraints_count = 1;
    bool is_taken = take(&plan, &err);
    chain()->constraints = NULL;
    chain()->constraints_count = 0;
    assert_false(is_taken);
    assert_non_null(strstr(err.text, "bank.example"));
    assert_non_null(strstr(err.text, "constraints"));
    assert_non_null(strstr(err.text, "reading item 0 of the plan, device-1"));
}

/** The CA's end came nearer since: a parent's that ends earlier. */
static void beyond_the_end_of_the_chain(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    int64_t end = chain()->not_after;
    (void)state;
    chain()->not_after = now + WEEK;
    bool is_taken = take(&plan, &err);
    chain()->not_after = end;
    assert_false(is_taken);
    assert_non_null(strstr(err.text, "valid longer than its issuer (lint.past-issuer)"));
}

/** As coldca screens any request: the key is refused by what is looked for today. */
static void a_key_that_screening_refuses(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_rsa_key(2048, 3);
    const struct csr_recipe recipe = {.key = key};
    struct template *template = template_of(0);
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    free(template->spki);
    template->spki = (uint8_t *)memory_text_of(request->spki.data, request->spki.len);
    template->spki_len = request->spki.len;
    forge(template, request);
    if (!take(&plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->items[0].action, PLAN_REFUSE);
    plan_item_reasons(&plan->items[0], &reasons);
    assert_non_null(strstr(builder_text(&reasons), "exponent"));
}

/** What is kept of RSA keys can't be read: nobody knows whose key shares a prime with the plan's. */
static void what_can_not_be_screened_is_not_drawn(void **state)
{
    struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    EVP_PKEY *key = csr_key("RSA-2048");
    AUTO(plan_free) struct plan *rsa = plan_new(policy);
    (void)state;
    fake_plan_add(rsa, "device-1", 1, key);
    EVP_PKEY_free(key);
    fake_plan_judge(&own, rsa, policy, NULL);
    assert_int_equal(rsa->items[0].action, PLAN_SIGN);
    put_to_file(rsa);
    (void)unlinkat(own.home->fd, SCREEN_STORE_FILE, 0); // few keys are not written
    assert_int_equal(mkdirat(own.home->fd, SCREEN_STORE_FILE, 0755), 0);
    assert_false(take(&plan, &err));
    assert_null(plan);
    if (strstr(err.text, "screening keys") == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(unlinkat(own.home->fd, SCREEN_STORE_FILE, AT_REMOVEDIR), 0);
    error_clear(&err);
    AUTO(plan_free) struct plan *drawn = NULL;
    if (!take(&drawn, &err))
        fail_msg("%s", err.text);
}

static void one_request_gets_one_certificate(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_free) struct plan *plan = NULL;
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    (void)state;
    struct template *template = template_of(0);
    free(template->spki);
    template->spki = (uint8_t *)memory_text_of(request_of(1)->spki.data, request_of(1)->spki.len);
    template->spki_len = request_of(1)->spki.len;
    free(template->attributes[0].value);
    template->attributes[0].value = memory_text("device-2");
    forge(template, request_of(1));
    if (!take(&plan, &err))
        fail_msg("%s", err.text);
    assert_int_equal(plan->items[0].action, PLAN_SIGN);
    assert_int_equal(plan->items[1].action, PLAN_REFUSE);
    plan_item_reasons(&plan->items[1], &reasons);
    assert_non_null(strstr(builder_text(&reasons), "the same request as device-1.csr"));
}

/** What the ledger is searched by is the certificate's. */
static void a_record_that_says_more_than_the_certificate(void **state)
{
    static const char *const members[] = {"validity_note", "emergency"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        forge(template_of(0), request_of(0));
        json_put_text((struct json *)(uintptr_t)plan_file_record(&file, 0), members[i], "x");
        assert_forged("(plan.record)");
    }
    forge(template_of(0), request_of(0));
    struct json *sans = json_put_array((struct json *)(uintptr_t)plan_file_record(&file, 0), "sans");
    json_add_text(sans, "dns:bank.test");
    assert_forged("(plan.record)");
}

static void a_request_that_is_not_there_or_not_the_records(void **state)
{
    (void)state;
    json_put_null(entry_of(0), "request");
    assert_refused("its request is not in the plan (plan.request); make the plan anew, at this CA");
    json_put_base64(entry_of(0), "request", request_of(1)->der);
    assert_refused("the request beside it is not the one of its csr_sha256 (plan.request)");
    assert_refused("reading item 0 of the plan, device-1");
}

/** A signature that does not verify, a file that is not a request: the policy has nothing to judge. */
static void a_request_that_proves_nothing(void **state)
{
    const struct csr_recipe recipe = {.key = forgers_key, .has_bad_signature = true};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    csr_make(&recipe, &der);
    AUTO(request_free) struct request *request = csr_read(builder_bytes(&der));
    forge(template_of(0), request);
    assert_forged("(request.signature)");
}

static struct json *judged_with(void)
{
    return file.evaluated;
}

static void put_judged(int64_t at, int64_t days)
{
    char text[TIME_TEXT_SIZE];
    json_put_text(judged_with(), "at", time_format(at, text));
    json_put_int(judged_with(), "days", days);
}

/** What nobody approved reaches no further than the command line does. */
static void what_it_was_judged_with_is_bounded(void **state)
{
    static const char words[] = "reading what the plan's requests were evaluated with (plan.evaluated)";
    int64_t at = judged->made_at;
    (void)state;
    put_judged(file.header.not_before + 1, 0);
    assert_refused(words);
    put_judged(file.header.not_before - 2 * TIME_DAY_SECONDS, 0);
    assert_refused("not of the day on which its window begins");
    put_judged(at - 60, 0); // of that day, and another certificate
    assert_forged("it says \"valid ");
    put_judged(at, 9000);
    assert_forged("(validity.max_days)");
    put_judged(at, INT64_C(1) << 33);
    assert_refused("so many days are in no policy");
    put_judged(at, 0);
    int64_t window_end = file.header.not_after;
    file.header.not_after = file.header.not_before + 367 * TIME_DAY_SECONDS;
    assert_refused("its window is longer than a year");
    file.header.not_after = window_end;
    struct json *variable = json_add_object(json_put_array(judged_with(), "set"));
    assert_refused("a variable without name or value");
    json_put_text(variable, "name", "site");
    json_put_text(variable, "value", "9");
    assert_refused("\"9\" does not match [a-z]+");
    json_free(file.evaluated);
    file.evaluated = NULL;
    assert_refused(words);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_the_policy_gives_comes_back_with_request_and_verdict),
        TEST(a_san_that_is_not_asked_for),
        TEST(a_san_outside_the_policy),
        TEST(another_subject),
        TEST(a_longer_life),
        TEST(another_key_usage),
        TEST(another_key_than_the_requests),
        TEST(a_ca_certificate_by_an_end_entity_policy),
        TEST(outside_the_name_constraints),
        TEST(beyond_the_end_of_the_chain),
        TEST(a_key_that_screening_refuses),
        TEST(what_can_not_be_screened_is_not_drawn),
        TEST(one_request_gets_one_certificate),
        TEST(a_record_that_says_more_than_the_certificate),
        TEST(a_request_that_is_not_there_or_not_the_records),
        TEST(a_request_that_proves_nothing),
        TEST(what_it_was_judged_with_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
