/* SPDX-License-Identifier: Apache-2.0 */
/* What a person who approves is shown of revocations: words, a line for each fact, whatever the plan's maker wrote into them. */
#include "witness/describe.h"

#include "base/builder.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t serial[] = {0x0a, 0xb1};

static struct json *revoked(enum crl_reason reason, const char *subject)
{
    const struct record_cert_revoked record = {.serial = BYTES(serial),
                                               .reason = reason,
                                               .revoked_at = INT64_C(1800000000),
                                               .invalidity_date = INT64_C(1799990000),
                                               .not_after = INT64_C(1900000000),
                                               .ref = 4,
                                               .subject = subject};
    struct json *json = record_cert_revoked_write(&record);
    json_put_text(json, "type", RECORD_CERT_REVOKED);
    return json;
}

static void shows(struct json *json, bool is_full, const char *wanted)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!describe_item(json, is_full, &text, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&text), wanted);
    json_free(json);
}

static void a_revocation_says_who_why_and_when(void **state)
{
    (void)state;
    shows(revoked(CRL_KEY_COMPROMISE, "CN=device-1"), true,
          "revoke      CN=device-1\nserial      0ab1\nreason      keyCompromise\nrevoked     "
          "2027-01-15T08:00:00Z\ninvalid     2027-01-15T05:13:20Z\nvalid until 2030-03-17T17:46:40Z\n");
    shows(revoked(CRL_KEY_COMPROMISE, "CN=device-1"), false,
          "revoke 0ab1  CN=device-1  keyCompromise  from 2027-01-15T08:00:00Z  invalid since "
          "2027-01-15T05:13:20Z\n");
    shows(revoked(CRL_CERTIFICATE_HOLD, NULL), false,
          "hold 0ab1  a subject that is not known here  certificateHold  from 2027-01-15T08:00:00Z  invalid "
          "since 2027-01-15T05:13:20Z\n");
}

static void a_text_of_two_lines_is_one(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = revoked(CRL_SUPERSEDED, NULL);
    (void)state;
    json_put_text(json, "subject", "CN=a\nreason      superseded\x1b[2J");
    assert_true(describe_item(json, true, &text, &err));
    size_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n' ? 1 : 0;
    assert_int_equal(lines, 6);
    assert_null(strchr(builder_text(&text), 0x1b));
}

static void a_release_names_its_hold(void **state)
{
    const struct record_cert_unrevoked record = {.serial = BYTES(serial), .ref = 12};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct json *json = record_cert_unrevoked_write(&record);
        json_put_text(json, "type", RECORD_CERT_UNREVOKED);
        shows(json, i == 0,
              i == 0 ? "release     0ab1\nhold        of record 12\n"
                     : "release 0ab1  from the hold of record 12\n");
    }
}

static void what_cannot_be_read_is_not_shown(void **state)
{
    static const struct {
        const char *key, *value;
    } wrong[] = {{"reason", "because"}, {"serial", "xyz"}, {"revoked_at", "yesterday"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(json_free) struct json *json = revoked(CRL_SUPERSEDED, "CN=a");
        json_put_text(json, wrong[i].key, wrong[i].value);
        assert_false(describe_item(json, true, &text, &err));
        assert_non_null(strstr(err.text, wrong[i].key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revocation_says_who_why_and_when),
        cmocka_unit_test(a_text_of_two_lines_is_one),
        cmocka_unit_test(a_release_names_its_hold),
        cmocka_unit_test(what_cannot_be_read_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
