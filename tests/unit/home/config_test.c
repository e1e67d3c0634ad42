/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "home/home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool load(const char *text, struct home_config *ret_config, struct error *err)
{
    return home_config_load(bytes_of_text(text), ret_config, err);
}

static void what_is_written_is_read_back(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct home_config config = {
        .version = 1,
        .origin = memory_text("ca.example/root"),
        .token = {.profile = memory_text("softhsm2"),
                  .uri = memory_text("pkcs11:token=it%27s;serial=1"),
                  .sessions = 4},
        .ca_key = memory_text("pkcs11:id=%01"),
        .ledger_key = memory_text("pkcs11:id=%02"),
        .ledger_vkey = memory_text("ca.example/root+1234abcd+AQ=="),
        .allow_extractable = true,
        .hash = memory_text("sha384"),
        .pss = true,
        .require_manifest = true,
        .manifest_signers = memory_new(2, sizeof(struct home_manifest_signer)),
        .manifest_signer_count = 2,
    };
    config.manifest_signers[0] = (struct home_manifest_signer){.name = memory_text("line 3"),
                                                               .file = memory_text("signers/line-3.pem")};
    config.manifest_signers[1] =
        (struct home_manifest_signer){.name = memory_text("it's"), .file = memory_text("b")};
    struct home_config again = {.version = 0};
    (void)state;
    home_config_write(&config, &text);
    if (!load(builder_text(&text), &again, &err))
        fail_msg("%s", err.text);
    assert_string_equal(again.origin, config.origin);
    assert_null(again.token.module);
    assert_string_equal(again.token.profile, "softhsm2");
    assert_string_equal(again.token.uri, config.token.uri);
    assert_int_equal(again.token.sessions, 4);
    assert_string_equal(again.ca_key, config.ca_key);
    assert_string_equal(again.ledger_key, config.ledger_key);
    assert_string_equal(again.ledger_vkey, config.ledger_vkey);
    assert_true(again.allow_extractable && again.pss);
    assert_string_equal(again.hash, "sha384");
    assert_true(again.require_manifest);
    assert_int_equal(again.manifest_signer_count, 2);
    assert_string_equal(again.manifest_signers[0].file, "signers/line-3.pem");
    assert_string_equal(again.manifest_signers[1].name, "it's");
    home_config_done(&config);
    home_config_done(&again);
}

static void a_quote_in_a_text_stays_inside_its_scalar(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct home_config config = {
        .version = 1,
        .origin = memory_text("x"),
        .token = {.module = memory_text("/a'b: c#d"), .uri = memory_text("pkcs11:")},
        .ca_key = memory_text("k"),
        .ledger_key = memory_text("l"),
        .ledger_vkey = memory_text("x+v"),
    };
    struct home_config again = {.version = 0};
    (void)state;
    home_config_write(&config, &text);
    if (!load(builder_text(&text), &again, &err))
        fail_msg("%s", err.text);
    assert_string_equal(again.token.module, "/a'b: c#d");
    home_config_done(&config);
    home_config_done(&again);
}

#define REST "token: {profile: softhsm2, uri: 'pkcs11:token=t'}\nca_key: a\nledger_key: b\nledger_vkey: c\n"

static void a_wrong_configuration_is_refused_by_name(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"", "ca.yaml"},
        {"version: 2\norigin: x\n" REST, "version 2"},
        {"version: 1\norigin: x\nlifetime: 3\n" REST, "lifetime"},
        {"version: one\norigin: x\n" REST, "version"},
        {"version: 1\n" REST, "origin"},
        {"version: 1\norigin: x\nhash: md5\n" REST, "sha256"},
        {"version: 1\norigin: x\ntoken: {uri: 'pkcs11:'}\nca_key: a\nledger_key: b\nledger_vkey: c\n",
         "module"},
        {"version: 1\norigin: [x]\n" REST, "origin"},
        {"version: 1\norigin: x\nrequire_manifest: true\n" REST, "manifest_signers"},
        {"version: 1\norigin: x\nrequire_manifest: true\nmanifest_signers: []\n" REST, "manifest_signers"},
        {"version: 1\norigin: x\nmanifest_signers: [{name: a}]\n" REST, "file"},
        {"version: 1\norigin: x\nmanifest_signers: [{name: a, file: b, key: c}]\n" REST, "key"},
        {"version: 1\norigin: x\n" REST, "one ledger's name"},
        {"\x7f\x45\x4c\x46", "ca.yaml"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        struct home_config config = {.version = 0};
        if (load(wrong[i].text, &config, &err))
            fail_msg("accepted: %s", wrong[i].text);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, wrong[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_quote_in_a_text_stays_inside_its_scalar),
        cmocka_unit_test(a_wrong_configuration_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
