/* SPDX-License-Identifier: Apache-2.0 */
/* A ceremony's script: what it may say, and that each fault is told with its line, the rule and what to do. */
#include "ceremony/script.h"

#include "base/file.h"
#include "base/memory.h"
#include "ceremony/steps.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                                 \
    "ceremony: root\ntitle: T\nroles: [{role: operator}, {role: second}]\n"                                  \
    "blanks: [{name: bag, ask: 'Bag?', match: '[A-Z]{2}'}]\n"                                                \
    "homes: [{home: root, token: t}]\nmedia: [{medium: stick}]\nsteps:\n"

static void the_whole_script_is_read(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    if (!file_read(AT_FDCWD, SOURCE_FOLDER "/tests/corpus/ceremony/root", 1 << 20, &text, &err) ||
        !ceremony_script_read(builder_bytes(&text), "root.yaml", &script, &err))
        fail_msg("%s", err.text);
    assert_string_equal(script->id, "root");
    assert_string_equal(script->ledger, "root");
    assert_int_equal(script->step_count, 19);
    assert_int_equal(script->roles[0].count, 1);
    assert_int_equal(script->roles[2].count, 2);
    assert_int_equal(script->steps[0].line, 14);
    assert_int_equal(script->steps[10].line, 24);
    assert_int_equal(script->steps[10].kind, STEP_SIGN);
    assert_string_equal(script->steps[10].approvals[0], "stick:ann.approval");
    assert_string_equal(ceremony_says(script, &script->steps[0]), "second");
    assert_string_equal(ceremony_says(script, &script->steps[1]), "witness");
    assert_string_equal(ceremony_token(script, &script->steps[11]), "issuing");
}

static void steps_keep_their_lines(void **state)
{
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    struct error err = ERROR_INIT;
    (void)state;
    const struct bytes text =
        BYTES_LITERAL(HEAD "  - step: clock\n\n  # words\n  -\n    step: note\n    text: >\n"
                           "      steps: [- a]\n      b\n  - {step: note, text: c}\n");
    if (!ceremony_script_read(text, "s.yaml", &script, &err))
        fail_msg("%s", err.text);
    assert_int_equal(script->steps[0].line, 8);
    assert_int_equal(script->steps[1].line, 12);
    assert_int_equal(script->steps[2].line, 16);
}

static void each_fault_is_told_with_its_line(void **state)
{
    static const struct {
        const char *steps, *words;
    } faults[] = {
        {"  - {step: clok}\n", "s.yaml line 8, step 1 (clok): no such kind of step; did you mean clock?"},
        {"  - {step: clock}\n  - {step: root, home: root}\n", "line 9, step 2 (root): subject is missing"},
        {"  - {step: clock, home: root}\n", "this kind of step has no home"},
        {"  - {step: keys, home: other}\n", "other is none of the homes"},
        {"  - {step: keys, home: root, fails: maybe}\n", "fails is retry, go-on or stop"},
        {"  - {step: keys, home: root, says: king}\n", "says: king is none of the roles"},
        {"  - {step: compare, file: 'stick:../x'}\n", "does not leave its medium"},
        {"  - {step: compare, file: 'stick:/x'}\n", "does not leave its medium"},
        {"  - {step: compare, file: 'stick:a//x'}\n", "does not leave its medium"},
        {"  - {step: compare, file: 'stick:a/-x'}\n", "does not leave its medium"},
        {"  - {step: compare, file: '/etc/passwd'}\n", "is not a place"},
        {"  - {step: compare, file: 'disk:a'}\n", "is not a place"},
        {"  - {step: compare, file: 'root:ledger.jsonl'}\n", "of a home, ca.pem, chain.pem and ca.csr"},
        {"  - {step: crl, home: root, to: 'root:ca.pem'}\n", "nothing written"},
        {"  - {step: compare, file: 'stick:a', sha256: '12'}\n", "sha256 has 64 digits"},
        {"  - {step: root, home: root, subject: 'CN=a', days: many}\n", "days is a number"},
        {"  - {step: note, text: 'the {box}'}\n", "{box} is none of its blanks"},
        {"  - {step: revoke, home: root, reason: superseded}\n", "one of serial, certificate and file"},
        {"  - {step: crl, home: root, to: 'stick:c', plan: 'stick:p'}\n", "with its approvals; name them"},
        {"  - {step: crl, home: root, to: 'stick:c', approvals: ['stick:a']}\n", "approvals are of a plan"},
        {"  - {step: clock, approvals: ['stick:a']}\n", "has no approvals"},
        {"  []\n", "steps is empty"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
        AUTO(free) char *text = memory_format("%s%s", HEAD, faults[i].steps);
        if (ceremony_script_read(bytes_of_text(text), "s.yaml", &script, &err))
            fail_msg("taken: %s", faults[i].steps);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, faults[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\"", err.text, faults[i].words);
    }
}

static void names_are_those_of_one_thing(void **state)
{
    static const struct {
        const char *head, *words;
    } faults[] = {
        {"homes: [{home: a, token: t}, {home: a, token: u}]\n", "the home a is there twice"},
        {"homes: [{home: a, token: t}, {home: b, token: t}]\n", "a and b are on one token, t"},
        {"homes: [{home: A, token: t}]\n", "home \"A\": a name has 1 to 32"},
        {"homes: []\n", "homes is empty"},
        {"homes: [{home: a, token: t}]\nledger: b\n", "ledger names b, which is none of its homes"},
        {"homes: [{home: a, token: t}]\nmedia: [{medium: a}]\n", "a is a home and a medium"},
        {"homes: [{home: a, token: t}]\nblanks: [{name: x, ask: q, match: '('}]\n", "match of the blank x"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
        AUTO(free)
        char *text = memory_format("ceremony: x\ntitle: T\nroles: [{role: o}]\n%ssteps: [{step: clock}]\n",
                                   faults[i].head);
        if (ceremony_script_read(bytes_of_text(text), "s.yaml", &script, &err))
            fail_msg("taken: %s", faults[i].head);
        if (strstr(err.text, faults[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\"", err.text, faults[i].words);
    }
}

/** What a child process gets is said by nobody but the site, and nothing that would change which code runs. */
static void a_site_says_only_what_it_may(void **state)
{
    static const struct {
        const char *text, *words;
    } faults[] = {
        {"tokens: [{token: t, label: l, pin_source: 'env:PIN'}]\n", "file: and an absolute path"},
        {"tokens: [{token: t, label: l, so_pin_source: 'fd:3'}]\n", "file: and an absolute path"},
        {"tokens: [{token: t, label: l, module: x.so}]\n", "is not absolute"},
        {"homes: [{home: a, path: a}]\n", "is not absolute"},
        {"environment: [{name: LD_PRELOAD, value: /x.so}]\n", "LD_PRELOAD is not given to commands"},
        {"environment: [{name: PATH, value: /x}]\n", "PATH is not given to commands"},
        {"environment: [{name: 'A=B', value: /x}]\n", "is not given to commands"},
        {"token: t\n", "unknown key \"token\""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
        if (ceremony_site_read(bytes_of_text(faults[i].text), "site.yaml", &site, &err))
            fail_msg("taken: %s", faults[i].text);
        if (strstr(err.text, faults[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\"", err.text, faults[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_script_is_read),         cmocka_unit_test(steps_keep_their_lines),
        cmocka_unit_test(each_fault_is_told_with_its_line), cmocka_unit_test(names_are_those_of_one_thing),
        cmocka_unit_test(a_site_says_only_what_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
