/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that the ledger knows to be compromised, and the requests with one: each is refused, and no other. */
#include "plan/compromised.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/openssl_release.h"
#include "csr_maker.h"
#include "policy/template.h"
#include "records/revocation.h"
#include "request/request.h"
#include "small_home.h"

static struct small_home small;

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    return 0;
}

static int end(void **state)
{
    (void)state;
    small_home_remove(&small);
    return 0;
}

/** A key's value of which the last byte is its number. */
static const uint8_t *value_of(unsigned number)
{
    static uint8_t value[32];
    memset(value, 0xab, sizeof(value));
    value[31] = (uint8_t)number;
    return value;
}

static void log_revocation(const char *type, const char *serial, const char *reason, struct bytes key_value)
{
    struct json *json = json_new_object();
    json_put_text(json, "serial", serial);
    json_put_text(json, "reason", reason);
    json_put_hex(json, "key_value", key_value);
    if (serial == NULL)
        json_put_text(json, "revoked_at", "2026-01-02T00:00:00Z");
    (void)small_home_log(&small, type, json);
}

static struct compromised_keys *load(void)
{
    struct error err = ERROR_INIT;
    struct compromised_keys *keys = NULL;
    if (!compromised_keys_load(small.home.ledger, &keys, &err))
        fail_msg("%s", err.text);
    return keys;
}

static void only_keys_that_are_in_other_hands_are_known(void **state)
{
    (void)state;
    AUTO(compromised_keys_free) struct compromised_keys *none = load();
    assert_null(compromised_keys_find(none, value_of(1)));
    log_revocation(RECORD_CERT_REVOKED, "0a", "keyCompromise", bytes_of(value_of(1), 32));
    log_revocation(RECORD_CERT_REVOKED, "0b", "superseded", bytes_of(value_of(2), 32));
    log_revocation(RECORD_KEY_REVOKED, NULL, "keyCompromise", bytes_of(value_of(3), 32));
    log_revocation(RECORD_CERT_REVOKED, "0f", "keyCompromise", bytes_of(value_of(6), 32));
    log_revocation(RECORD_CERT_REVOKED, "0c", "keyCompromise", bytes_of(value_of(4), 31));
    log_revocation(RECORD_CERT_UNREVOKED, "0d", "keyCompromise", bytes_of(value_of(5), 32));
    struct json *unknown = json_new_object(); // foreign: nobody knows its key
    json_put_text(unknown, "serial", "0e");
    json_put_text(unknown, "reason", "keyCompromise");
    (void)small_home_log(&small, RECORD_CERT_REVOKED, unknown);
    AUTO(compromised_keys_free) struct compromised_keys *keys = load();
    assert_string_equal(compromised_keys_find(keys, value_of(1)),
                        "certificate 0a with this key was revoked for keyCompromise");
    assert_null(compromised_keys_find(keys, value_of(2)));
    assert_string_equal(compromised_keys_find(keys, value_of(3)),
                        "this key was revoked for keyCompromise on 2026-01-02T00:00:00Z");
    assert_null(compromised_keys_find(keys, value_of(4)));
    assert_null(compromised_keys_find(keys, value_of(0))); // as the short one would be, filled up
    assert_non_null(compromised_keys_find(keys, value_of(6)));
    assert_null(compromised_keys_find(keys, value_of(5)));
}

static void each_of_many_is_found(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        AUTO(free) char *serial = memory_format("%02x", i);
        log_revocation(RECORD_CERT_REVOKED, serial, "keyCompromise", bytes_of(value_of(7 * i % 41), 32));
    }
    AUTO(compromised_keys_free) struct compromised_keys *keys = load();
    for (unsigned i = 0; i < 40; i++) {
        AUTO(free)
        char *words = memory_format("certificate %02x with this key was revoked for keyCompromise", i);
        assert_string_equal(compromised_keys_find(keys, value_of(7 * i % 41)), words);
    }
    assert_null(compromised_keys_find(keys, value_of(7 * 40 % 41)));
}

static struct plan *plan_of(const unsigned *numbers, size_t count)
{
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    assert_true(len > 0);
    builder_add(&spki, der, (size_t)len);
    OPENSSL_free(der);
    struct plan *plan = plan_new_of("test", (const uint8_t[32]){0}, ACT_ISSUE);
    plan->items = memory_new(count + 1, sizeof(*plan->items));
    for (; plan->count < count; plan->count++) {
        struct plan_item *item = &plan->items[plan->count];
        struct error err = ERROR_INIT;
        struct request *request = NULL;
        assert_true(request_remember(value_of(0), "CN=a", builder_bytes(&spki), &request, &err));
        *item = (struct plan_item){.source = memory_text("a.csr"),
                                   .name = memory_text("a"),
                                   .request = request,
                                   .verdict = memory_new(1, sizeof(*item->verdict)),
                                   .action = PLAN_ALLOW};
        item->verdict->is_allowed = true;
        memcpy(item->request->key_value, value_of(numbers[plan->count]), 32);
    }
    // One that could not be read has no key.
    plan->items[plan->count++] = (struct plan_item){.source = memory_text("b.csr"),
                                                    .name = memory_text("b"),
                                                    .verdict = memory_new(1, sizeof(struct verdict)),
                                                    .action = PLAN_REFUSE};
    return plan;
}

static void a_request_with_such_a_key_is_refused(void **state)
{
    static const unsigned numbers[] = {1, 9, 1, 2};
    struct error err = ERROR_INIT;
    struct compromised_keys *keys = NULL;
    AUTO(plan_free) struct plan *plan = plan_of(numbers, ARRAY_LEN(numbers));
    AUTO(plan_free) struct plan *later = plan_of(numbers, ARRAY_LEN(numbers));
    AUTO(builder_done) struct builder reasons = BUILDER_INIT;
    (void)state;
    assert_true(compromised_refuse(NULL, &keys, plan, &err));
    assert_null(keys);
    assert_int_equal(plan_count(plan, PLAN_REFUSE), 1);
    log_revocation(RECORD_CERT_REVOKED, "0a", "keyCompromise", bytes_of(value_of(1), 32));
    assert_true(compromised_refuse(small.home.ledger, &keys, plan, &err));
    assert_int_equal(plan->items[0].action, PLAN_REFUSE);
    assert_int_equal(plan->items[1].action, PLAN_ALLOW);
    assert_int_equal(plan->items[2].action, PLAN_REFUSE);
    assert_int_equal(plan->items[3].action, PLAN_ALLOW);
    assert_false(plan->items[0].verdict->is_allowed);
    assert_true(findings_has(&plan->items[0].verdict->findings, "key.compromised"));
    plan_item_reasons(&plan->items[0], &reasons);
    assert_non_null(
        strstr(builder_text(&reasons), "key: certificate 0a with this key was revoked for keyCompromise"));
    // Read once a run.
    log_revocation(RECORD_CERT_REVOKED, "0b", "keyCompromise", bytes_of(value_of(2), 32));
    assert_true(compromised_refuse(small.home.ledger, &keys, later, &err));
    assert_int_equal(later->items[0].action, PLAN_REFUSE);
    assert_int_equal(later->items[3].action, PLAN_ALLOW);
    compromised_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_keys_that_are_in_other_hands_are_known, begin, end),
        cmocka_unit_test_setup_teardown(each_of_many_is_found, begin, end),
        cmocka_unit_test_setup_teardown(a_request_with_such_a_key_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
