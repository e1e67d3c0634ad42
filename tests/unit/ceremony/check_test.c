/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a script's order is possible: what can't happen is told with its line, and with the step that would make it possible. */
#include "ceremony/check.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                                 \
    "ceremony: x\ntitle: T\nroles: [{role: o}]\nhomes: [{home: root, token: r}, {home: sub, token: s}]\n"    \
    "media: [{medium: stick}]\nsteps:\n  - {step: clock}\n  - {step: program}\n"

static bool check(const char *head, const char *steps, struct error *err)
{
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(free) char *text = memory_format("%s%s", head, steps);
    if (!ceremony_script_read(bytes_of_text(text), "s.yaml", &script, err))
        fail_msg("%s", err->text);
    return ceremony_check(script, "s.yaml", err);
}

static void the_example_is_possible(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    if (!file_read(AT_FDCWD, SOURCE_FOLDER "/tests/corpus/ceremony/root", 1 << 20, &text, &err) ||
        !ceremony_script_read(builder_bytes(&text), "root.yaml", &script, &err) ||
        !ceremony_check(script, "root.yaml", &err))
        fail_msg("%s", err.text);
}

#define ROOT "  - {step: root, home: root, subject: 'CN=R'}\n"
#define REQUEST "  - {step: request, home: sub, subject: 'CN=S', to: 'stick:s.csr'}\n"
#define SIGN "  - {step: sign, home: root, policy: sub-ca, request: 'stick:s.csr', to: 'stick:out'}\n"
#define COMPLETE "  - {step: complete, home: sub, certificate: 'stick:out/s.pem', chain: 'root:ca.pem'}\n"
#define CRL(home) "  - {step: crl, home: " home ", to: 'stick:crl'}\n"

static void what_can_happen_is_taken(void **state)
{
    static const char *const orders[] = {
        ROOT CRL("root"),
        "  - {step: token-init, token: r}\n" ROOT,
        ROOT REQUEST SIGN COMPLETE CRL("sub"),
        REQUEST ROOT SIGN COMPLETE,
        CRL("root"),                                          // the root was made before
        COMPLETE,                                             // the request too
        SIGN,                                                 // and brought along
        "  - {step: seal, token: s, bag: '1'}\n" CRL("root"), // another token
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct error err = ERROR_INIT;
        if (!check(HEAD, orders[i], &err))
            fail_msg("%zu: %s", i, err.text);
    }
}

static void what_cant_happen_is_told_with_the_remedy(void **state)
{
    static const struct {
        const char *steps, *words;
    } orders[] = {
        {CRL("root") ROOT, "s.yaml line 9, step 3 (crl): it can't happen here: the token r holds no keys of "
                           "a home; step 4 (root, "
                           "line 10) makes it so: put it before this one"},
        {ROOT ROOT,
         "step 4 (root): it can't happen here: the token r holds the keys of a home; step 3 (root, "
         "line 9) has made it otherwise"},
        {ROOT SIGN REQUEST COMPLETE, "stick:s.csr is not there; step 5 (request, line 11) makes it so"},
        {ROOT REQUEST COMPLETE SIGN, "stick:out/s.pem is not there; step 6 (sign, line 12) makes it so"},
        {REQUEST SIGN COMPLETE ROOT, "the token r holds no keys"},
        {ROOT REQUEST CRL("sub") SIGN COMPLETE, "the home sub has no certificate yet; step 7 (complete"},
        {ROOT "  - {step: token-init, token: r}\n", "the token r is not initialised; step 4 (token-init"},
        {"  - {step: seal, token: r, bag: '1'}\n" CRL("root"),
         "the token r is in its bag; step 3 (seal, line 9) has made it otherwise"},
        {REQUEST REQUEST, "the token s holds the keys of a home"},
        {COMPLETE COMPLETE, "the home sub has its certificate"},
        {"  - {step: approve, plan: 'stick:p', person: ann, to: 'stick:a'}\n"
         "  - {step: plan, home: root, policy: p, request: 'stick:r', to: 'stick:p'}\n",
         "stick:p is not there; step 4 (plan"},
        {"  - {step: crl, home: root, plan: 'stick:p', approvals: ['stick:a'], to: 'stick:crl'}\n"
         "  - {step: approve, plan: 'stick:p', person: ann, to: 'stick:a'}\n",
         "stick:a is not there; step 4 (approve"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct error err = ERROR_INIT;
        if (check(HEAD, orders[i].steps, &err))
            fail_msg("taken: %s", orders[i].steps);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, orders[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\"", err.text, orders[i].words);
    }
}

static void nothing_signs_before_clock_and_program(void **state)
{
    struct error err = ERROR_INIT;
    const char *head = "ceremony: x\ntitle: T\nroles: [{role: o}]\nhomes: [{home: root, token: r}]\n"
                       "media: [{medium: stick}]\nsteps:\n";
    (void)state;
    assert_false(check(head, CRL("root"), &err));
    assert_non_null(strstr(err.text, "the clock is not confirmed yet; add {step: clock} before it"));
    error_clear(&err);
    assert_false(check(head, "  - {step: clock}\n" CRL("root") "  - {step: program}\n", &err));
    assert_non_null(strstr(err.text, "the program was not shown yet; step 3 (program, line 9) makes it so"));
}

static void the_records_end_in_a_whole_home(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(check("ledger: sub\n" HEAD, ROOT REQUEST, &err));
    assert_non_null(strstr(err.text, "the home sub, whose ledger keeps the ceremony's records"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_possible),
        cmocka_unit_test(what_can_happen_is_taken),
        cmocka_unit_test(what_cant_happen_is_told_with_the_remedy),
        cmocka_unit_test(nothing_signs_before_clock_and_program),
        cmocka_unit_test(the_records_end_in_a_whole_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
