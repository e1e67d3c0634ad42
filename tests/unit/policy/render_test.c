/* SPDX-License-Identifier: Apache-2.0 */
/* Places in a policy's values: what fills them, and what may not stand in a URI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "judge_case.h"

#include "base/memory.h"
#include "policy/rules.h"

#include <stdlib.h>
#include <string.h>

#define LONG_OID "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30"

static const char yaml[] =
    "policy: render\nvariables: [{name: site, match: '.*'}, {name: zone, match: '.*', default: z}, "
    "{name: last, match: '.*', default: l}]\n"
    "subject: [{field: CN, match: '.*'}]\nkey: {allow: [ec-p256]}\nvalidity: {days: 1}\n";

static const struct {
    const char *text;
    bool is_uri;
    const char *wanted; /**< NULL: refused, for these words */
    const char *words;
    enum error_kind kind;
} cases[] = {
    {"", false, "", NULL, 0},
    {"plain}", false, "plain}", NULL, 0},
    {"{site}", false, "a b", NULL, 0},
    {"x{site}{zone}y{last}", false, "xa bzyl", NULL, 0},
    {"{CN}.{cn}.{2.5.4.3}", false, "c/d.c/d.c/d", NULL, 0},
    {"{" LONG_OID "}", false, "long", NULL, 0},
    {"{O}{OU}", false, "firsto-._~9Z", NULL, 0}, // the first of two
    {"{site", false, "{site", NULL, 0},
    {"a{zone}{", false, "az{", NULL, 0},
    {"{}", false, NULL, "the policy makes it of {}, which is not known", ERROR_USAGE},
    {"a{nowhere}", false, NULL, "the policy makes it of {nowhere}, which is not known", ERROR_USAGE},
    {"{zone}{L}", false, NULL, "the policy makes it of {L}, which is not known", ERROR_USAGE},
    // What the operator and the policy say may be anything, what a requester says no part of a URI's structure.
    {"urn:{site}", true, "urn:a b", NULL, 0},
    {"urn:{OU}", true, "urn:o-._~9Z", NULL, 0},
    {"urn:{CN}", true, NULL, "CN \"c/d\" would change the URI; letters, digits and -._~ can stand in one",
     ERROR_INPUT},
    {"urn:{street}", true, NULL,
     "street \".\" would change the URI; letters, digits and -._~ can stand in one", ERROR_INPUT},
    {"urn:{title}", true, NULL,
     "title \"..\" would change the URI; letters, digits and -._~ can stand in one", ERROR_INPUT},
    {"urn:{ST}", true, "urn:...", NULL, 0},
    {"urn:{street}", false, "urn:.", NULL, 0},
    {"urn:{SN}", true, NULL, "SN \"a%2f\" would change the URI; letters, digits and -._~ can stand in one",
     ERROR_INPUT},
};

static void each_place_is_filled_or_says_what_it_lacks(void **state)
{
    static const struct policy_variable given[] = {{"other", "x"}, {"site", "a b"}, {"site", "second"}};
    static const char *const fields[][2] = {{"O", "first"},    {"O", "second"}, {"CN", "c/d"},
                                            {"OU", "o-._~9Z"}, {"street", "."}, {"title", ".."},
                                            {"ST", "..."},     {"SN", "a%2f"},  {LONG_OID, "long"}};
    (void)state;
    const struct policy *policy = case_policy(yaml);
    AUTO(template_free) struct template *template = template_new();
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        template_add_attribute(template, fields[i][0], bytes_of_text(fields[i][1]), 0);
    const struct policy_question question = {.variables = given, .variables_count = ARRAY_LEN(given)};
    const struct judgement judgement = {
        .policy = policy, .rules = policy->rules, .question = &question, .template = template};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        bool is_filled = judge_render(&judgement, cases[i].text, cases[i].is_uri, &text, &err);
        if (is_filled != (cases[i].wanted != NULL))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (is_filled) {
            assert_string_equal(builder_text(&text), cases[i].wanted);
            continue;
        }
        assert_string_equal(err.text, cases[i].words);
        assert_int_equal(err.kind, cases[i].kind);
    }
}

/** What a person reads of a value is cut at 400 characters. */
static void a_long_value_is_cut_where_it_is_shown(void **state)
{
    static const size_t lens[] = {400, 401};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        AUTO(builder_done) struct builder subject = BUILDER_INIT;
        builder_add_text(&subject, "2.5.4.13=");
        for (size_t j = 0; j < lens[i]; j++)
            builder_add_text(&subject, "a");
        const struct verdict *verdict =
            case_judge(&(struct judge_case){.policy = "policy: p\nsubject: [{field: 2.5.4.13, match: '.*'}]\n"
                                                      "key: {allow: [ec-p256]}\nvalidity: {days: 1}\n",
                                            .subject = builder_text(&subject)});
        assert_allowed(verdict);
        assert_string_equal(verdict->decisions[1].field, "subject 2.5.4.13");
        assert_int_equal(strspn(verdict->decisions[1].value, "a"), 400);
        assert_int_equal(strcmp(verdict->decisions[1].value + 400, "") == 0, lens[i] == 400);
        assert_int_equal(strlen(verdict->template->attributes[0].value), lens[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_place_is_filled_or_says_what_it_lacks, case_end),
        cmocka_unit_test_teardown(a_long_value_is_cut_where_it_is_shown, case_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
