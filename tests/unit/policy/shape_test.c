/* SPDX-License-Identifier: Apache-2.0 */
/* What people type: subjects, names, variables, and the request a policy would allow; and a refusal, all of it, as they read it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

#define DAY INT64_C(86400)

static char *subject_words(const struct template *template)
{
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    for (size_t i = 0; i < template->attributes_count; i++)
        builder_format(&out, "[%u %s %s]", template->attributes[i].rdn, template->attributes[i].field,
                       template->attributes[i].value);
    return builder_take_text(&out);
}

static void subjects_are_typed_in_two_ways(void **state)
{
    static const struct {
        const char *typed;
        const char *wanted; /**< NULL: none, for these words */
        const char *words;
    } cases[] = {
        {"CN=a", "[0 CN a]", NULL},
        {"C=US,O=Acme,CN=a b", "[0 C US][1 O Acme][2 CN a b]", NULL},
        {"/C=US/O=Acme, Inc/CN=a", "[0 C US][1 O Acme, Inc][2 CN a]", NULL},
        {"O=Acme\\, Inc,CN=a", "[0 O Acme, Inc][1 CN a]", NULL},
        {"O=a/b,CN=a", "[0 O a/b][1 CN a]", NULL},
        {"CN=a\\\\b", "[0 CN a\\b]", NULL},
        {"CN=\\c3\\A9", "[0 CN \xc3\xa9]", NULL},
        {"CN=a\\2cb", "[0 CN a,b]", NULL},
        {"CN=a\\2", "[0 CN a2]", NULL},
        {"CN=a\\g2", "[0 CN ag2]", NULL},
        {"CN=a\\", "[0 CN a\\]", NULL},
        {"CN=a=b", "[0 CN a=b]", NULL},
        {"O=x, CN=a", "[0 O x][1 CN a]", NULL},
        {"2.5.4.3=a", "[0 CN a]", NULL},
        {"1.2.3.4=a", "[0 1.2.3.4 a]", NULL},
        {"", NULL, "the subject is empty"},
        {"/", NULL, "the subject is empty"},
        {"CN=a,", NULL, "ends with a \",\""},
        {"/CN=a/", NULL, "ends with a \"/\""},
        {"CN=a,,O=b", NULL, "is not FIELD=VALUE"},
        {"CN", NULL, "is not FIELD=VALUE"},
        {"=a", NULL, "is not FIELD=VALUE"},
        {" =a", NULL, "is not FIELD=VALUE"},
        {"CN=", NULL, "CN is empty"},
        {"XY=a", NULL, "\"XY\" is not a field"},
        {"cn=a", NULL, "\"cn\" is not a field"},
        {"CN=a\\00b", NULL, "NUL character"},
        {"CN=\\ff", NULL, "no UTF-8"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(template_free) struct template *template = template_new();
        bool is_taken = template_parse_subject(cases[i].typed, template, &err);
        if (is_taken != (cases[i].wanted != NULL))
            fail_msg("%s: %s", cases[i].typed, err.text);
        if (!is_taken) {
            assert_int_equal(err.kind, ERROR_USAGE);
            if (strstr(err.text, cases[i].words) == NULL)
                fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
            continue;
        }
        AUTO(free) char *words = subject_words(template);
        assert_string_equal(words, cases[i].wanted);
    }
}

static void names_are_typed_with_their_kind_and_counted_once(void **state)
{
    static const char *const typed[] = {
        "dns:a.example", "DNS:b.example",     "dns:A.example",  "Ip:10.0.0.1",       "ip:10.0.0.1",
        "uri:urn:x",     "email:a@b.example", "ip:2001:db8::1", "email:a@B.example", "dns:*.a.example"};
    static const struct {
        const char *typed;
        const char *words;
    } none[] = {
        {"a.example", "is none of dns:NAME"},
        {"x:a", "is none of dns:NAME"},
        {":a", "is none of dns:NAME"},
        {"", "is none of dns:NAME"},
        {"dns:10.0.0.1", "write ip:10.0.0.1"},
        {"dns:a_b", "a_b"},
        {"ip:a", "is not an IPv4 or IPv6 address"},
        {"ip:10.0.0.1/8", "is not an IPv4 or IPv6 address"},
        {"email:a", "is not a mailbox"},
        {"uri:a", "is not a URI"},
    };
    (void)state;
    struct error err = ERROR_INIT;
    AUTO(template_free) struct template *template = template_new();
    for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
        if (!template_parse_san(typed[i], template, &err))
            fail_msg("%s", err.text);
    }
    static const char *const wanted[] = {"a.example",   "b.example",   "10.0.0.1",   "urn:x",
                                         "a@b.example", "2001:db8::1", "*.a.example"};
    assert_int_equal(template->sans_count, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_string_equal(template->sans[i].text, wanted[i]);
    assert_int_equal(template->sans[2].value_len, 4);
    assert_int_equal(template->sans[5].value_len, 16);
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        error_clear(&err);
        assert_false(template_parse_san(none[i].typed, template, &err));
        assert_int_equal(err.kind, ERROR_USAGE);
        if (strstr(err.text, none[i].words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, none[i].words);
    }
    assert_int_equal(template->sans_count, ARRAY_LEN(wanted));
}

#define REST "key: {allow: [rsa-3072, ec-p256]}\nvalidity: {days: 10}\n"
static const char shaped[] = "policy: shaped\nvariables: [{name: site, match: '[a-z]+'}, {name: zone, match: "
                             "'[a-z]+', default: iot}]\n"
                             "subject: [{field: O, value: Acme, from: policy}, {field: CN, match: '[a-z]+'}, "
                             "{field: OU, match: 'u[0-9]', optional: true},\n"
                             "  {field: L, values: [here]}]\n"
                             "san: [{type: dns, value: '{CN}.{site}.{zone}.example', from: policy}, {type: "
                             "uri, value: 'urn:{L}', from: policy, optional: true},\n"
                             "  {type: dns, match: '.*'}]\n" REST;

static void a_request_for_a_policy_has_what_it_takes_from_requests(void **state)
{
    static const char *const sans[] = {"dns:more.example"};
    const struct policy_variable site = {.name = "site", .value = "berlin"};
    struct error err = ERROR_INIT;
    struct policy_shape shape = {.template = NULL};
    const struct policy_wish wish = {.cn = "a",
                                     .subject = "L=here,OU=u1",
                                     .sans = sans,
                                     .sans_count = 1,
                                     .variables = &site,
                                     .variables_count = 1};
    (void)state;
    if (!policy_shape(case_policy(shaped), &wish, &shape, &err))
        fail_msg("%s", err.text);
    AUTO(free) char *words = subject_words(shape.template);
    assert_string_equal(words, "[0 L here][1 OU u1][2 CN a]");
    assert_int_equal(shape.key_kind, KEY_RSA);
    assert_int_equal(shape.key_bits, 3072);
    assert_int_equal(shape.template->sans_count, 3);
    assert_string_equal(shape.template->sans[0].text, "a.berlin.iot.example");
    assert_string_equal(shape.template->sans[1].text, "urn:here");
    assert_string_equal(shape.template->sans[2].text, "more.example");
    policy_shape_done(&shape);
    assert_null(shape.template);
}

static void what_a_wish_lacks_is_named(void **state)
{
    static const struct policy_variable site = {.name = "site", .value = "berlin"};
    static const struct policy_variable wrong = {.name = "site", .value = "B"};
    static const char *const bad_san[] = {"dns:a b"};
    static const struct {
        struct policy_wish wish;
        const char *words;
    } cases[] = {
        {{.subject = "L=here", .variables = &site, .variables_count = 1},
         "the policy shaped needs subject CN, matching [a-z]+; add --cn NAME"},
        {{.cn = "a", .variables = &site, .variables_count = 1}, "needs subject L; add it to --subject"},
        {{.cn = "a", .subject = "L=here,CN=b", .variables = &site, .variables_count = 1}, "give one of them"},
        {{.cn = "", .subject = "L=here", .variables = &site, .variables_count = 1}, "is empty or no UTF-8"},
        {{.cn = "\xff", .subject = "L=here", .variables = &site, .variables_count = 1},
         "is empty or no UTF-8"},
        {{.cn = "a", .subject = "L", .variables = &site, .variables_count = 1}, "is not FIELD=VALUE"},
        {{.cn = "a", .subject = "L=here"}, "needs --set site=..., matching [a-z]+"},
        {{.cn = "a", .subject = "L=here", .variables = &wrong, .variables_count = 1},
         "--set site: \"B\" does not match"},
        {{.cn = "a",
          .subject = "L=here",
          .variables = &site,
          .variables_count = 1,
          .sans = bad_san,
          .sans_count = 1},
         "a b"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct policy_shape shape = {.template = NULL};
        assert_false(policy_shape(case_policy(shaped), &cases[i].wish, &shape, &err));
        assert_int_equal(err.kind, ERROR_USAGE);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", err.text, cases[i].words);
        assert_null(shape.template);
    }
    // A place that nothing fills: the policy's own, and nobody gives it.
    struct error err = ERROR_INIT;
    struct policy_shape shape = {.template = NULL};
    const struct policy_wish wish = {.cn = "a"};
    assert_false(policy_shape(
        case_policy("policy: open\nsubject: [{field: CN, match: a}, {field: O, match: a, optional: true}]\n"
                    "san: [{type: dns, value: '{O}.example', from: policy}]\n" REST),
        &wish, &shape, &err));
    assert_non_null(strstr(err.text, "the policy open sets a SAN: the policy makes it of {O}, which is not "
                                     "known; give it with --set or in the subject"));
}

static void variables_are_checked_one_by_one(void **state)
{
    static const struct {
        struct policy_variable given[3];
        size_t count;
        const char *words; /**< NULL: sound */
    } cases[] = {
        {{{"site", "a"}}, 1, NULL},
        {{{"zone", "b"}, {"site", "a"}}, 2, NULL},
        {{{"site", "a"}, {"other", "b"}}, 2, "--set other: the policy shaped has no such variable"},
        {{{"site", "A"}}, 1, "--set site: \"A\" does not match [a-z]+"},
        {{{"site", "a"}, {"zone", "B"}}, 2, "--set zone: \"B\" does not match"},
        {{{"site", "a"}, {"site", "a"}}, 2, "--set site is given twice"},
        {{{"zone", "a"}, {"zone", "b"}, {"site", "a"}}, 3, "--set zone is given twice"},
        {{{"zone", "a"}}, 1, "needs --set site=..., matching [a-z]+"},
        {{{NULL, NULL}}, 0, "needs --set site"},
    };
    (void)state;
    const struct policy *policy = case_policy(shaped);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        bool is_sound = policy_check_variables(policy, cases[i].given, cases[i].count, &err);
        if (is_sound != (cases[i].words == NULL) || (!is_sound && strstr(err.text, cases[i].words) == NULL))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(is_sound ? ERROR_USAGE : err.kind, ERROR_USAGE);
    }
    assert_true(policy_declares(policy, "zone") && policy_declares(policy, "site"));
    assert_false(policy_declares(policy, "CN"));
}

#define STRICT                                                                                               \
    "policy: strict\nsubject: [{field: CN, match: '[a-z]+'}, {field: O, values: [a, b]}, {field: OU, "       \
    "match: 'u', values: [v]}]\n"                                                                            \
    "san: [{type: dns, match: '[a-z]+\\.example'}, {type: ip, cidr: [10.0.0.0/8, 11.0.0.0/8], values: "      \
    "[12.0.0.1]}]\n"                                                                                         \
    "key: {allow: [ec-p256, ed25519]}\nvalidity: {days: 10, max_days: 20}\nkey_usage: [digitalSignature]\n"  \
    "extended_key_usage: [clientAuth]\ncopy_extensions: [{oid: 1.2.3, max_len: 2}, {oid: 1.2.4, max_len: "   \
    "9}]\n"

/* 1.2.3 of three octets, 1.2.4 whose value is no DER, 1.2.5 that nothing copies, CA:TRUE. */
#define EXTENSIONS                                                                                           \
    "30{06{2a03}04{0c{'a'}}}30{06{2a04}04{0c05}}30{06{2a05}04{0500}}30{06{551d13}04{30{01{ff}}}}"

static void a_refusal_has_every_reason_with_what_is_wrong_and_what_to_do(void **state)
{
    static const char *const sans[] = {"dns:a.example.org", "dns:*.a.example", "dns:a_b",
                                       "ip:13.0.0.1",       "uri:urn:x",       NULL};
    (void)state;
    const struct verdict *verdict = case_judge(&(struct judge_case){.policy = STRICT,
                                                                    .subject = "CN=A,O=c,OU=w,L=x",
                                                                    .sans = sans,
                                                                    .extensions = EXTENSIONS,
                                                                    .key = "P-384",
                                                                    .days = 21});
    assert_verdict(
        verdict,
        "key.allow (policy strict): key: ec-p384 is not one of ec-p256, ed25519 | found ec-p384 | wanted "
        "ec-p256, ed25519 | make a new key of one of these kinds\n"
        "subject.CN (policy strict): subject CN: \"A\" does not match [a-z]+ | found A | wanted [a-z]+ | -\n"
        "subject.O (policy strict): subject O: \"c\" is not one of a, b | found c | wanted a, b | -\n"
        "subject.OU (policy strict): subject OU: \"w\" is not one of u, v | found w | wanted u, v | -\n"
        "subject.other (policy strict): subject L: \"x\" is not allowed by any rule | found x | wanted - | "
        "leave it out of the request, or add a rule for it\n"
        "san.dns (policy strict): san dns: \"a.example.org\" does not match [a-z]+\\.example | found "
        "a.example.org | wanted [a-z]+\\.example | -\n"
        "san.dns (policy strict): san dns: \"*.a.example\" is a wildcard no rule allows | found *.a.example "
        "| wanted [a-z]+\\.example | -\n"
        "san.dns (RFC 5280 4.2.1.6): san dns: \"a_b\" holds a character that no host name has | found a_b | "
        "wanted - | -\n"
        "san.ip (policy strict): san ip: \"13.0.0.1\" does not match 12.0.0.1, 10.0.0.0/8, 11.0.0.0/8 | "
        "found 13.0.0.1 | wanted 12.0.0.1, 10.0.0.0/8, 11.0.0.0/8 | -\n"
        "san.uri (policy strict): san uri: \"urn:x\" is not allowed by any rule | found urn:x | wanted - | "
        "leave it out of the request, or add a rule for it\n"
        "validity.max_days (policy strict): validity: 21 days are more than the 20 the policy allows | found "
        "- | wanted - | fewer --days\n"
        "ca (RFC 5280 4.2.1.9): basic constraints: it asks to be a CA, which this policy never grants | "
        "found CA:TRUE | wanted - | leave basicConstraints out of the request\n"
        "extension.max_len (policy strict): extension 1.2.3: 3 bytes, 2 are allowed | found 1.2.3 | wanted - "
        "| -\n"
        "extension.der (RFC 5280 4.2): extension 1.2.4: the value is not DER | found 1.2.4 | wanted - | "
        "leave it out of the request\n"
        "extension (RFC 2985 5.4.2): extension 1.2.5: no rule allows a request to bring it | found 1.2.5 | "
        "wanted - | leave it out of the request; the policy may name it in copy_extensions or say "
        "other_extensions: drop\n"
        "set validity: 2025-11-21T01:53:20Z to 2025-12-12T01:53:19Z\n"
        "set key usage: digitalSignature\n"
        "set extended key usage: clientAuth\n"
        "dropped extension: basicConstraints\n");
}

static void the_end_of_the_issuer_is_met_in_three_ways(void **state)
{
    static const char *const ways[] = {"refuse", "clamp", "allow"};
    char root[] = "CN=Root";
    struct policy_issuer issuer = {.subject_text = root,
                                   .not_before = CASE_NOW - 100,
                                   .not_after = CASE_NOW + 5 * DAY,
                                   .is_ca = true,
                                   .path_len = -1};
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        AUTO(free)
        char *policy =
            memory_format("policy: ends\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\n"
                          "validity: {days: 10, backdate_minutes: 60, past_issuer: %s}\n",
                          ways[i]);
        const struct verdict *verdict = case_judge(&(struct judge_case){.policy = policy, .issuer = &issuer});
        AUTO(free) char *words = verdict_text(verdict);
        builder_add_text(&out, words);
    }
    const char *words = builder_text(&out);
    assert_string_equal(
        words,
        "validity.past_issuer (RFC 5280 6.1.3): validity: it would end 2025-12-01T01:51:39Z, past the "
        "issuer's end 2025-11-26T01:53:20Z | found 2025-12-01T01:51:39Z | wanted 2025-11-26T01:53:20Z | "
        "fewer --days, or past_issuer: clamp in the policy\n"
        "taken key: ec-p256\n"
        "taken subject CN: device-1\n"
        "set validity: 2025-11-21T01:51:40Z to 2025-12-01T01:51:39Z\n"
        "set key usage: \n"
        "taken key: ec-p256\n"
        "taken subject CN: device-1\n"
        "set validity: clamped from 2025-12-01T01:51:39Z to the issuer's end 2025-11-26T01:53:20Z\n"
        "set validity: 2025-11-21T01:51:40Z to 2025-11-26T01:53:20Z\n"
        "set key usage: \n"
        "subject 0 2.5.4.3 CN 0c device-1\n"
        "from 2025-11-21T01:51:40Z until 2025-11-26T01:53:20Z; clamped from 2025-12-01T01:51:39Z to the "
        "issuer's end 2025-11-26T01:53:20Z\n"
        "CA 0, path length -1, key usage 0\n"
        "no check 0, hash 0, pss 0\n"
        "taken key: ec-p256\n"
        "taken subject CN: device-1\n"
        "set validity: ends 2025-12-01T01:51:39Z, past the issuer's end 2025-11-26T01:53:20Z, as the policy "
        "allows\n"
        "set validity: 2025-11-21T01:51:40Z to 2025-12-01T01:51:39Z\n"
        "set key usage: \n"
        "subject 0 2.5.4.3 CN 0c device-1\n"
        "from 2025-11-21T01:51:40Z until 2025-12-01T01:51:39Z; ends 2025-12-01T01:51:39Z, past the issuer's "
        "end 2025-11-26T01:53:20Z, as the policy allows\n"
        "CA 0, path length -1, key usage 0\n"
        "no check 0, hash 0, pss 0\n");
    // Exactly its end is no later than its end.
    issuer.not_after = CASE_NOW + 10 * DAY - 1;
    issuer.not_before = CASE_NOW;
    const struct verdict *verdict = case_judge(
        &(struct judge_case){.policy = "policy: ends\nkey: {allow: [ec-p256]}\nsubject: [{field: CN, match: "
                                       "'.*'}]\nvalidity: {days: 10, backdate_minutes: 60}\n",
                             .issuer = &issuer});
    assert_allowed(verdict);
    assert_int_equal(verdict->template->not_before, CASE_NOW); // not before the issuer's beginning
    assert_int_equal(verdict->template->not_after, issuer.not_after);
    assert_null(verdict->template->validity_note);
    issuer.not_after--;
    assert_refused(case_judge(&(struct judge_case){
                       .policy = "policy: ends\nkey: {allow: [ec-p256]}\nsubject: [{field: CN, match: "
                                 "'.*'}]\nvalidity: {days: 10, backdate_minutes: 60}\n",
                       .issuer = &issuer}),
                   "validity.past_issuer", "past the issuer's end");
    issuer.not_after = CASE_NOW;
    assert_refused(case_judge(&(struct judge_case){
                       .policy = "policy: ends\nkey: {allow: [ec-p256]}\nsubject: [{field: CN, match: "
                                 "'.*'}]\nvalidity: {days: 10, past_issuer: clamp}\n",
                       .issuer = &issuer}),
                   "validity.over", "it would be over already");
    issuer.not_after = CASE_NOW - 1;
    assert_refused(case_judge(&(struct judge_case){
                       .policy = "policy: ends\nkey: {allow: [ec-p256]}\nsubject: [{field: CN, match: "
                                 "'.*'}]\nvalidity: {days: 10, past_issuer: allow}\n",
                       .issuer = &issuer}),
                   "validity.issuer_expired", "signs nothing");
}

static void days_are_asked_for_up_to_the_policys_most(void **state)
{
    static const struct {
        const char *validity;
        unsigned days;
        bool is_allowed;
    } cases[] = {{"days: 10", 10, true},
                 {"days: 10", 11, false},
                 {"days: 10, max_days: 20", 20, true},
                 {"days: 10, max_days: 20", 21, false},
                 {"days: 10, max_days: 20", 1, true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free)
        char *policy = memory_format(
            "policy: days\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\nvalidity: {%s}\n",
            cases[i].validity);
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = policy, .days = cases[i].days});
        assert_int_equal(verdict->is_allowed, cases[i].is_allowed);
        if (verdict->is_allowed)
            assert_int_equal(verdict->template->not_after, CASE_NOW + cases[i].days * DAY - 1);
    }
    static const char ten[] =
        "policy: days\nsubject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\nvalidity: {days: 10}\n";
    assert_allowed(case_judge(&(struct judge_case){.policy = ten, .now = TIME_9999_END - 10 * DAY + 1}));
    assert_refused(case_judge(&(struct judge_case){.policy = ten, .now = TIME_9999_END - 10 * DAY + 2}),
                   "validity.days", "past the year 9999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_are_typed_in_two_ways),
        cmocka_unit_test(names_are_typed_with_their_kind_and_counted_once),
        cmocka_unit_test_teardown(a_request_for_a_policy_has_what_it_takes_from_requests, case_end),
        cmocka_unit_test_teardown(what_a_wish_lacks_is_named, case_end),
        cmocka_unit_test_teardown(variables_are_checked_one_by_one, case_end),
        cmocka_unit_test_teardown(a_refusal_has_every_reason_with_what_is_wrong_and_what_to_do, case_end),
        cmocka_unit_test_teardown(the_end_of_the_issuer_is_met_in_three_ways, case_end),
        cmocka_unit_test_teardown(days_are_asked_for_up_to_the_policys_most, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
