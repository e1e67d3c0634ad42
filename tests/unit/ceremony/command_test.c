/* SPDX-License-Identifier: Apache-2.0 */
/* The command of each step, as it is run and as it is printed: the same words. */
#include "ceremony/steps.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct ceremony_script *example(void)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct ceremony_script *script = NULL;
    struct error err = ERROR_INIT;
    if (!file_read(AT_FDCWD, SOURCE_FOLDER "/tests/corpus/ceremony/root", 1 << 20, &text, &err) ||
        !ceremony_script_read(builder_bytes(&text), "root.yaml", &script, &err))
        fail_msg("%s", err.text);
    return script;
}

static void assert_words(const struct ceremony_script *script, unsigned at,
                         const struct step_setting *setting, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(step_command_done) struct step_command command = {.count = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (!step_command(script, &script->steps[at], setting, &command, &err))
        fail_msg("%s", err.text);
    step_command_words(&command, &text);
    assert_string_equal(builder_text(&text), words);
}

static void each_step_has_its_command(void **state)
{
    static const char *const words[] = {
        "",
        "",
        "",
        "coldca token init --label <token root>",
        "coldca -C <home root> init --subject 'C=US,O=Example,CN=Example Root' --policy root --key ec-p384 "
        "--days 7300 --controls <stick>/controls.yaml --token <token root>\n"
        "cp <home root>/ca.pem <stick>/root.pem",
        "coldca token show --token <token root>",
        "coldca token init --label <token issuing>",
        "coldca -C <home issuing> init --csr --subject 'O=Example,CN=Example Issuing' --policy sub-ca "
        "--key "
        "ec-p256 --token <token issuing>\ncp <home issuing>/ca.csr <stick>/issuing.csr",
        "coldca -C <home root> plan --policy sub-ca --out <stick>/issuing.plan <stick>/issuing.csr",
        "",
        "coldca -C <home root> sign --plan <stick>/issuing.plan --approval <stick>/ann.approval --out "
        "<stick>/certs",
        "coldca -C <home issuing> init --certificate <stick>/certs/issuing.pem --chain <home "
        "root>/ca.pem",
        "coldca -C <home root> revoke --serial 01 --reason superseded --yes",
        "coldca -C <home root> crl --out <stick>/crl",
        "coldca -C <home root> policy approve sub-ca --yes",
        "coldca -C <home root> people set <stick>/controls-2.yaml",
        "coldca -C <home root> ledger checkpoint --sign",
        "",
        "",
    };
    const struct step_setting paper = {.site = NULL};
    (void)state;
    AUTO(ceremony_script_free) struct ceremony_script *script = example();
    assert_int_equal(script->step_count, ARRAY_LEN(words));
    for (unsigned i = 0; i < ARRAY_LEN(words); i++)
        assert_words(script, i, &paper, words[i]);
}

static void a_site_and_a_mark_are_put_in(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    const struct bytes text =
        BYTES_LITERAL("tokens: [{token: root, label: T 1, pin_source: 'file:/p', so_pin_source: 'file:/s'}, "
                      "{token: issuing, label: i, module: /m.so, model: kryoptic}]\n"
                      "homes: [{home: root, path: /h}, {home: issuing, path: /i}]\n"
                      "media: [{medium: stick, path: /m}]\n");
    (void)state;
    AUTO(ceremony_script_free) struct ceremony_script *script = example();
    if (!ceremony_site_read(text, "site.yaml", &site, &err))
        fail_msg("%s", err.text);
    const struct step_setting setting = {
        .site = site, .mark = "REHEARSAL", .operator_name = "O'Neil", .approver_keys = "/k"};
    assert_words(script, 3, &setting,
                 "coldca token init --label 'T 1' --so-pin-source file:/s --pin-source file:/p");
    assert_words(script, 7, &setting,
                 "coldca -C /i --operator 'O'\\''Neil' init --csr --subject 'O=Example,CN=REHEARSAL Example "
                 "Issuing' --policy sub-ca --key ec-p256 --token i --module /m.so --model kryoptic\n"
                 "cp /i/ca.csr /m/issuing.csr");
    assert_words(script, 9, &setting,
                 "coldca approve /m/issuing.plan --name ann --key /k/ann.pem --out /m/ann.approval --yes");
}

static void a_site_that_lacks_something_is_refused(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    AUTO(step_command_done) struct step_command command = {.count = 0};
    (void)state;
    AUTO(ceremony_script_free) struct ceremony_script *script = example();
    if (!ceremony_site_read(
            BYTES_LITERAL("tokens: [{token: root, label: l}]\nhomes: [{home: root, path: /h}]\n"),
            "site.yaml", &site, &err))
        fail_msg("%s", err.text);
    const struct step_setting setting = {.site = site};
    assert_false(step_command(script, &script->steps[0], &setting, &command, &err));
    assert_string_equal(err.text, "the site says nothing of the home issuing, which the script names");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_has_its_command),
        cmocka_unit_test(a_site_and_a_mark_are_put_in),
        cmocka_unit_test(a_site_that_lacks_something_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
