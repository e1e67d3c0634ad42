/* SPDX-License-Identifier: Apache-2.0 */
/* The ready policies meet the requests that strangers bring: what each takes and refuses as it is shipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <stdlib.h>

/** Judges under policies/NAME.yaml; given->policy is the name. */
static const struct verdict *judged(struct judge_case given)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *path = memory_format("%s/policies/%s.yaml", SOURCE_FOLDER, given.policy);
    if (!file_read(AT_FDCWD, path, 65536, &text, &err))
        fail_msg("%s", err.text);
    given.policy = builder_text(&text);
    return case_judge(&given);
}

/* As certreq writes it on a Windows server: key usages and extensions that no CA copies. */
#define CERTREQ                                                                                              \
    "30{06{551d0f}0101ff04{030204f0}}"                                           /* four key usages */       \
    "30{06{551d25}04{30{06{2b06010505070301}}}}"                                 /* serverAuth */            \
    "30{06{2a864886f70d01090f}04{30{30{06{2a864886f70d0302}02020080}}}}"         /* S/MIME capabilities */   \
    "30{06{2b060104018237150a}04{30{30{06{2b06010505070301}}}}}"                 /* application policies */  \
    "30{06{2b0601040182371402}04{1e{0057006500620053006500720076006500720021}}}" /* template name */         \
    "30{06{551d0e}04{0414 000102030405060708090a0b0c0d0e0f10111213}}"

static void tls_server_takes_what_certreq_writes_and_says_what_it_leaves_out(void **state)
{
    (void)state;
    const struct verdict *verdict =
        judged((struct judge_case){.policy = "tls-server",
                                   .subject = "C=US,ST=WA,L=Redmond,O=Contoso,OU=IT,CN=iis.corp.example",
                                   .sans = (const char *const[]){"dns:iis.corp.example", NULL},
                                   .extensions = CERTREQ,
                                   .key = "RSA-2048"});
    assert_allowed(verdict);
    assert_int_equal(verdict->template->extensions_count, 0);
    assert_int_equal(verdict->template->key_usage, KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT);
    assert_true(has_note(verdict, "extension.dropped", "S/MIME capabilities"));
    assert_true(has_note(verdict, "extension.dropped", "Microsoft application policies"));
    assert_true(has_note(verdict, "extension.dropped", "Microsoft certificate template name"));
    assert_true(has_note(verdict, "key_usage.dropped", "nonRepudiation, dataEncipherment"));
    // To be a CA is nothing that is left out.
    assert_refused(judged((struct judge_case){.policy = "tls-server",
                                              .subject = "CN=a.example",
                                              .extensions = "30{06{551d13}0101ff04{30{0101ff}}}"}),
                   "ca", "asks to be a CA");
}

static void servers_get_key_encipherment_for_rsa_keys_only(void **state)
{
    static const char *const policies[] = {"tls-server", "mqtt-server"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        struct judge_case given = {.policy = policies[i], .subject = "CN=a.example", .key = "RSA-2048"};
        const struct verdict *verdict = judged(given);
        assert_allowed(verdict);
        assert_int_equal(verdict->template->key_usage,
                         KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT);
        given.key = "P-256";
        verdict = judged(given);
        assert_allowed(verdict);
        assert_int_equal(verdict->template->key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
    }
}

static void the_cn_of_a_server_may_be_what_its_names_may_be(void **state)
{
    static const struct {
        const char *policy;
        const char *subject;
        const char *sans; /**< NULL: refused */
    } cases[] = {
        {"tls-server", "CN=*.iot.example", "dns:*.iot.example"},
        {"tls-server", "CN=www.iot.example", "dns:www.iot.example"},
        {"tls-server", "CN=10.3.0.11", "ip:10.3.0.11"},
        {"tls-server", "CN=fd00::5", "ip:fd00::5"},
        {"tls-server", "CN=::1", "ip:::1"},
        {"tls-server", "CN=203.0.113.9", NULL},
        {"tls-server", "CN=2001:db8::1", NULL},
        {"tls-server", "CN=*", NULL},
        {"tls-server", "CN=w*.iot.example", NULL},
        {"tls-server", "CN=*.*.iot.example", NULL},
        {"mqtt-server", "CN=10.3.0.11", "ip:10.3.0.11"},
        {"mqtt-server", "CN=fd00::5", "ip:fd00::5"},
        {"mqtt-server", "CN=broker.example", "dns:broker.example"},
        {"mqtt-server", "CN=*.iot.example", NULL},
        {"mqtt-server", "CN=203.0.113.9", NULL},
        {"mqtt-server", "CN=1.2.3.4.5", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct verdict *verdict =
            judged((struct judge_case){.policy = cases[i].policy, .subject = cases[i].subject});
        if (verdict->is_allowed != (cases[i].sans != NULL))
            fail_msg("%s, %s: %s", cases[i].policy, cases[i].subject,
                     verdict->is_allowed ? "allowed" : verdict->findings.items[0].text);
        if (cases[i].sans != NULL)
            assert_string_equal(sans_of(verdict), cases[i].sans);
    }
    const struct verdict *verdict = judged(
        (struct judge_case){.policy = "tls-server",
                            .subject = "CN=*.iot.example",
                            .sans = (const char *const[]){"dns:*.iot.example", "dns:iot.example", NULL}});
    assert_allowed(verdict);
    assert_string_equal(sans_of(verdict), "dns:*.iot.example,dns:iot.example");
}

static void blanks_at_either_end_of_a_value_are_refused(void **state)
{
    static const char *const policies[] = {"tls-client", "sub-ca", "ocsp-signer", "root"};
    static const char *const bad[] = {" Ada", "Ada ", " ", "\u00a0Ada", "Ada\u3000"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
        assert_allowed(
            judged((struct judge_case){.policy = policies[i], .subject = "O=A  B,CN=Ada Lovelace"}));
        assert_allowed(judged((struct judge_case){.policy = policies[i], .subject = "O=B,CN=A"}));
        for (size_t j = 0; j < ARRAY_LEN(bad); j++) {
            AUTO(free) char *cn = memory_format("CN=%s", bad[j]);
            AUTO(free) char *o = memory_format("O=%s,CN=A", bad[j]);
            assert_refused(judged((struct judge_case){.policy = policies[i], .subject = cn}), "subject.CN",
                           "does not match");
            assert_refused(judged((struct judge_case){.policy = policies[i], .subject = o}), "subject.O",
                           "does not match");
        }
    }
}

#define MODULE "30{06{551d11}04{30{a0{06{2b06010505070804}a0{30{06{2b0601040183b203}04{'SN1'}}}}}}}"

static void idevid_takes_the_serial_numbers_of_network_equipment(void **state)
{
    static const struct {
        const char *subject;
        bool is_allowed;
    } cases[] = {
        {"O=Acme,serialNumber=PID:C9300-24T SN:FCW1234A5B6", true},
        {"O=Acme,serialNumber=PID:ISR4331/K9= SN:FDO2101", true},
        {"O=Acme,serialNumber=SN-0001", true},
        {"O=Acme,serialNumber=PID:X SN:Y ", false},
        {"O=Acme,serialNumber= PID:X SN:Y", false},
        {"O=Acme,serialNumber=a_b", false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct verdict *verdict = judged(
            (struct judge_case){.policy = "idevid", .subject = cases[i].subject, .extensions = MODULE});
        if (verdict->is_allowed != cases[i].is_allowed)
            fail_msg("%s: %s", cases[i].subject,
                     verdict->is_allowed ? "allowed" : verdict->findings.items[0].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tls_server_takes_what_certreq_writes_and_says_what_it_leaves_out, case_end),
        cmocka_unit_test_teardown(servers_get_key_encipherment_for_rsa_keys_only, case_end),
        cmocka_unit_test_teardown(the_cn_of_a_server_may_be_what_its_names_may_be, case_end),
        cmocka_unit_test_teardown(blanks_at_either_end_of_a_value_are_refused, case_end),
        cmocka_unit_test_teardown(idevid_takes_the_serial_numbers_of_network_equipment, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
