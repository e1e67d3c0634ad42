/* SPDX-License-Identifier: Apache-2.0 */
/* Name constraints of the chain, kind by kind: what is inside, what is outside, and what no validator could tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "policy/issuer.h"

#include <stdlib.h>

/** One constraint above, one request. */
struct constraint_case {
    enum san_kind kind;
    const char *permitted; /**< or excluded; text, for ip "c0a80000ffff0000" decoded by the test */
    const char *excluded;
    const char *subject; /**< NULL: CN=device */
    const char *san;     /**< NULL: none */
    const char *words;   /**< of the refusal; NULL: allowed */
};

static const char open_policy[] =
    "policy: open\n"
    "subject: [{field: CN, match: '.*', optional: true, max: 2}, {field: O, match: '.*', optional: true},\n"
    "  {field: emailAddress, match: '.*', optional: true}]\n"
    "san: [{type: dns, match: '.*', wildcard: true}, {type: uri, match: '.*'}, {type: email, match: '.*'},\n"
    "  {type: ip, match: '.*'}]\n"
    "key: {allow: [ec-p256]}\nvalidity: {days: 10}\nkey_usage: [digitalSignature]\n"
    "extended_key_usage: [clientAuth]\n";

static void set_name(struct template_name *name, enum san_kind kind, const char *text)
{
    *name = (struct template_name){.kind = kind,
                                   .value = (uint8_t *)(uintptr_t)text,
                                   .value_len = strlen(text),
                                   .text = (char *)(uintptr_t)text};
}

static const struct verdict *judged(const struct constraint_case *given)
{
    static struct template_name names[2];
    static struct policy_name no_names[2];
    static struct policy_constraints constraints;
    const char *sans[] = {given->san, NULL};
    constraints = (struct policy_constraints){.permitted_names = no_names, .excluded_names = no_names};
    struct policy_issuer issuer = {.not_before = CASE_NOW - 86400,
                                   .not_after = CASE_NOW + 400 * INT64_C(86400),
                                   .is_ca = true,
                                   .path_len = -1,
                                   .constraints = &constraints,
                                   .constraints_count = 1};
    if (given->permitted != NULL) {
        set_name(&names[0], given->kind, given->permitted);
        constraints.permitted = &names[0];
        constraints.permitted_count = 1;
    }
    if (given->excluded != NULL) {
        set_name(&names[1], given->kind, given->excluded);
        constraints.excluded = &names[1];
        constraints.excluded_count = 1;
    }
    return case_judge(&(struct judge_case){.policy = open_policy,
                                           .subject = given->subject,
                                           .sans = given->san != NULL ? sans : NULL,
                                           .issuer = &issuer});
}

static void judge_all(const struct constraint_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct verdict *verdict = judged(&cases[i]);
        print_message("%s %s\n", cases[i].san != NULL ? cases[i].san : "(no san)",
                      cases[i].subject != NULL ? cases[i].subject : "");
        if (cases[i].words != NULL)
            assert_refused(verdict, "name_constraints", cases[i].words);
        else
            assert_allowed(verdict);
        assert_int_equal(case_end(NULL), 0);
    }
}

#define JUDGE_ALL(cases) judge_all(cases, ARRAY_LEN(cases))
#define OUTSIDE "is outside the names"
#define AMONG "must not certify"

static void uris_are_held_by_their_host(void **state)
{
    (void)state;
    static const struct constraint_case cases[] = {
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://IOT.example/x", NULL},
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://iot.example:8443", NULL},
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://a.iot.example/", OUTSIDE}, // a host, not a domain
        {SAN_URI, ".iot.example", NULL, NULL, "uri:https://a.b.iot.example/", NULL},
        {SAN_URI, ".iot.example", NULL, NULL, "uri:https://iot.example/", OUTSIDE},
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://evil.example/://iot.example", OUTSIDE},
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://iot.example@evil.example/", OUTSIDE},
        {SAN_URI, NULL, "evil.example", NULL, "uri:https://iot.example@evil.example/", AMONG},
        {SAN_URI, NULL, ".evil.example", NULL, "uri:https://a.evil.example/", AMONG},
        {SAN_URI, NULL, "evil.example", NULL, "uri:https://iot.example/", NULL},
        // RFC 5280 4.2.1.10: what has no host name is rejected under every URI constraint, an excluding one too.
        {SAN_URI, "iot.example", NULL, NULL, "uri:https:/evil.com://iot.example", "no host"},
        {SAN_URI, NULL, "evil.example", NULL, "uri:https:/evil.example://iot.example", "no host"},
        {SAN_URI, NULL, "evil.example", NULL, "uri:urn:acme:x", "no host"},
        {SAN_URI, "iot.example", NULL, NULL, "uri:https://10.0.0.1/", "an address for a host"},
        {SAN_URI, NULL, "evil.example", NULL, "uri:https://[2001:db8::1]/", "an address for a host"},
        {SAN_DNS, NULL, "evil.example", NULL, "uri:urn:acme:x", NULL},  // constraints of another kind
        {SAN_URI, "", NULL, NULL, "uri:https://iot.example/", OUTSIDE}, // an empty one is read narrowly
        {SAN_URI, NULL, "", NULL, "uri:https://iot.example/", AMONG},
    };
    JUDGE_ALL(cases);
}

static void host_names_and_their_wildcards(void **state)
{
    (void)state;
    static const struct constraint_case cases[] = {
        {SAN_DNS, "iot.example", NULL, NULL, "dns:Iot.Example", NULL},
        {SAN_DNS, "iot.example", NULL, NULL, "dns:a.b.iot.example", NULL},
        {SAN_DNS, "iot.example", NULL, NULL, "dns:*.iot.example", NULL},
        {SAN_DNS, "iot.example", NULL, NULL, "dns:xiot.example", OUTSIDE},
        {SAN_DNS, "a.iot.example", NULL, NULL, "dns:*.iot.example", OUTSIDE},
        {SAN_DNS, "", NULL, NULL, "dns:any.example", NULL},
        {SAN_DNS, NULL, "", NULL, "dns:any.example", AMONG},
        {SAN_DNS, ".iot.example", NULL, NULL, "dns:iot.example", OUTSIDE},
        // Go's CVE-2025-61727: the wildcard would serve the excluded name.
        {SAN_DNS, NULL, "secret.iot.example", NULL, "dns:*.iot.example", AMONG},
        {SAN_DNS, NULL, "Secret.IOT.example", NULL, "dns:*.iot.example", AMONG},
        {SAN_DNS, NULL, ".iot.example", NULL, "dns:*.iot.example", AMONG},
        {SAN_DNS, NULL, "a.secret.iot.example", NULL, "dns:*.iot.example", NULL},
        {SAN_DNS, NULL, "secret.iot.example", NULL, "dns:*.other.example", NULL},
        {SAN_DNS, NULL, "secret.iot.example", NULL, "dns:iot.example", NULL},
    };
    JUDGE_ALL(cases);
}

static void the_common_name_counts_where_validators_count_it(void **state)
{
    (void)state;
    static const struct constraint_case cases[] = {
        {SAN_DNS, "iot.example", NULL, "CN=a.evil.example", NULL, "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=*.evil.example", NULL, "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=a_b.evil.example", NULL, "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=10.0.0.1", NULL, "the CN"},
        {SAN_DNS, NULL, "evil.example", "CN=a.Evil.example", NULL, "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=a.evil.example", "uri:https://x.example/", "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=fine.iot.example,CN=a.evil.example", NULL, "the CN"},
        {SAN_DNS, "iot.example", NULL, "CN=a.evil.example", "dns:b.iot.example", NULL}, // the SAN counts
        {SAN_DNS, "iot.example", NULL, "CN=a.iot.example", NULL, NULL},
        {SAN_DNS, "iot.example", NULL, "CN=device", NULL, NULL}, // one word is not a host
        {SAN_DNS, "iot.example", NULL, "CN=Acme Inc. Device", NULL, NULL},
        {SAN_DNS, "iot.example", NULL, "CN=a..example", NULL, NULL},
        {SAN_DNS, "iot.example", NULL, "O=a.evil.example", NULL, NULL},
        {SAN_URI, NULL, "evil.example", "CN=a.evil.example", NULL, NULL},
    };
    JUDGE_ALL(cases);
}

static void a_common_name_that_is_an_address_counts_as_one(void **state)
{
    (void)state;
    static const char ten[] = {10, 0, 0, 0, '\xff', 0, 0, 0};
    static const struct {
        const char *subject, *san, *words;
        bool is_excluded;
    } given[] = {
        {"CN=10.0.0.1", NULL, "which counts where there is no ip name", true},
        {"CN=10.0.0.1", "uri:urn:x", AMONG, true},
        {"CN=11.0.0.1", NULL, OUTSIDE, false},
        {"CN=2001:db8::1", NULL, OUTSIDE, false},
        {"CN=10.0.0.1", NULL, NULL, false},
        {"CN=11.0.0.1", NULL, NULL, true},
        {"CN=10.0.0.1", "dns:a.example", AMONG, true},
        {"CN=11.0.0.1", "ip:10.0.0.2", NULL, false},
        {"CN=device", NULL, NULL, true},
        {"CN=10.0.0.0/8", NULL, NULL, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(given); i++) {
        struct template_name name = {.kind = SAN_IP,
                                     .value = (uint8_t *)(uintptr_t)ten,
                                     .value_len = sizeof(ten),
                                     .text = (char *)(uintptr_t) "10.0.0.0/8"};
        struct policy_constraints constraints = {.permitted = &name, .excluded = &name};
        *(given[i].is_excluded ? &constraints.excluded_count : &constraints.permitted_count) = 1;
        struct policy_issuer issuer = {.not_before = CASE_NOW - 86400,
                                       .not_after = CASE_NOW + 400 * INT64_C(86400),
                                       .is_ca = true,
                                       .path_len = -1,
                                       .constraints = &constraints,
                                       .constraints_count = 1};
        const char *sans[] = {given[i].san, NULL};
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = open_policy,
                                                                        .subject = given[i].subject,
                                                                        .sans = given[i].san ? sans : NULL,
                                                                        .issuer = &issuer});
        print_message("%s %s\n", given[i].subject, given[i].san != NULL ? given[i].san : "");
        if (given[i].words != NULL)
            assert_refused(verdict, "name_constraints", given[i].words);
        else
            assert_allowed(verdict);
        assert_int_equal(case_end(NULL), 0);
    }
}

static void a_common_name_of_one_word_is_noted(void **state)
{
    (void)state;
    static const struct constraint_case word = {SAN_DNS, "iot.example", NULL, "CN=device", NULL, NULL};
    static const struct constraint_case text = {SAN_DNS, "iot.example", NULL, "CN=a device", NULL, NULL};
    static const struct constraint_case named = {SAN_DNS,     "iot.example",       NULL,
                                                 "CN=device", "dns:a.iot.example", NULL};
    static const struct constraint_case inside = {SAN_DNS, "device", NULL, "CN=device", NULL, NULL};
    static const struct constraint_case excluded = {SAN_DNS, NULL, "device", "CN=device", NULL, NULL};
    static const struct constraint_case other = {SAN_DNS, NULL, "other", "CN=device", NULL, NULL};
    assert_true(findings_has(&judged(&excluded)->notes, "name_constraints.cn"));
    assert_false(findings_has(&judged(&inside)->notes, "name_constraints.cn"));
    assert_false(findings_has(&judged(&other)->notes, "name_constraints.cn"));
    const struct verdict *verdict = judged(&word);
    assert_allowed(verdict);
    assert_int_equal(verdict->notes.count, 1);
    assert_true(has_note(
        verdict, "name_constraints.cn",
        "the CN \"device\" is one word; some validators take it for a host outside the issuer's names"));
    assert_false(findings_has(&judged(&text)->notes, "name_constraints.cn"));
    assert_false(findings_has(&judged(&named)->notes, "name_constraints.cn"));
}

static void mailboxes_in_names_and_subject(void **state)
{
    (void)state;
    static const struct constraint_case cases[] = {
        {SAN_EMAIL, "iot.example", NULL, NULL, "email:me@IOT.example", NULL},
        {SAN_EMAIL, "iot.example", NULL, NULL, "email:me@a.iot.example", OUTSIDE},
        {SAN_EMAIL, ".iot.example", NULL, NULL, "email:me@a.iot.example", NULL},
        {SAN_EMAIL, "me@iot.example", NULL, NULL, "email:me@IOT.example", NULL},
        {SAN_EMAIL, "me@iot.example", NULL, NULL, "email:Me@iot.example", OUTSIDE},
        {SAN_EMAIL, NULL, "me@iot.example", NULL, "email:Me@IOT.example", AMONG},
        {SAN_EMAIL, NULL, "me@iot.example", NULL, "email:you@iot.example", NULL},
        {SAN_EMAIL, NULL, "evil.example", NULL, "email:me@evil.example", AMONG},
        {SAN_EMAIL, NULL, "", NULL, "email:me@evil.example", AMONG},
        {SAN_EMAIL, "", NULL, NULL, "email:me@evil.example", OUTSIDE},
        {SAN_EMAIL, NULL, "evil.example", "CN=x,emailAddress=me@evil.example", NULL, AMONG},
        {SAN_EMAIL, "iot.example", NULL, "CN=x,emailAddress=me@evil.example", NULL, OUTSIDE},
        {SAN_EMAIL, "iot.example", NULL, "CN=x,emailAddress=no mailbox", NULL, OUTSIDE},
    };
    JUDGE_ALL(cases);
}

static void kinds_that_coldca_can_not_apply_refuse_everything(void **state)
{
    (void)state;
    static const struct constraint_case cases[] = {
        {SAN_OTHER_NAME, "x", NULL, NULL, NULL, "kind other"},
        {SAN_RID, NULL, "x", NULL, NULL, "kind rid"},
        {SAN_X400, NULL, "x", NULL, NULL, "kind x400"},
        {SAN_EDI, "x", NULL, NULL, NULL, "kind edi"},
    };
    JUDGE_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(uris_are_held_by_their_host, case_end),
        cmocka_unit_test_teardown(host_names_and_their_wildcards, case_end),
        cmocka_unit_test_teardown(the_common_name_counts_where_validators_count_it, case_end),
        cmocka_unit_test_teardown(a_common_name_that_is_an_address_counts_as_one, case_end),
        cmocka_unit_test_teardown(a_common_name_of_one_word_is_noted, case_end),
        cmocka_unit_test_teardown(mailboxes_in_names_and_subject, case_end),
        cmocka_unit_test_teardown(kinds_that_coldca_can_not_apply_refuse_everything, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
