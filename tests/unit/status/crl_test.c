/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of `crl`: who is on it, how long it is good, where its files are; what stops it, and that no number is used then. Which number it
 * gets is crl_number_test.c's; the order of record and signature, order_test.c's; who decides, crl_approved_test.c's.
 */
#include "base/digest.h"
#include "base/encode.h"
#include "crl_run.h"

/* ---- what is made ---- */

static void assert_on_list(struct bytes der, const struct given *const *who, size_t count)
{
    struct error err = ERROR_INIT;
    struct crl crl;
    struct crl_read_entry entry;
    assert_true(crl_read(der, &crl, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true(crl_next_entry(&crl.entries, &entry));
        assert_true(bytes_equal(entry.entry.serial, BYTES(who[i]->bytes)));
    }
    assert_int_equal(crl.entries.len, 0);
}

static void who_is_revoked_or_burned_is_on_it_and_its_files_are_alike(void **state)
{
    struct given burned;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    (void)state;
    revoke_one(&given[1]);
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &burned); // the run died there
    begun = ledger_size(home->ledger);
    home_close(home);
    const struct apart *found = sign((struct crl_options){.out = out});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    assert_int_equal(found->out.numbers[ENTRIES], 2);
    assert_int_equal(found->asked, 1);
    assert_types_from(&own, begun, "cert.abandoned session.opened crl.signing crl.issued ");
    assert_checkpointed(&own);
    assert_non_null(strstr(found->said, "1 certificates that an earlier run left unfinished were abandoned"));
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    const char *const folders[] = {crls, out};
    const char *const names[] = {"crl-1.der", "crl-1.pem"};
    for (size_t i = 0; i < 4; i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        read_crl(folders[i / 2], names[i % 2], i == 0 ? &first : &der);
        if (i > 0)
            assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&first)));
    }
    assert_int_equal(first.len, found->out.numbers[LENGTH]);
    const struct given *const who[] = {&given[1], &burned};
    assert_on_list(builder_bytes(&first), who, 2);
    AUTO(free) char *checkpoint = memory_format("%s/checkpoint", out);
    assert_true(file_exists(AT_FDCWD, checkpoint));
    // Its record names its issuer by its certificate.
    char hex[129];
    uint8_t digest[32];
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder issuer_der = BUILDER_INIT;
    struct bytes rest;
    assert_true(file_read(own.folder.fd, "ca/ca.pem", 1 << 16, &pem, &err));
    assert_true(cert_from_file(builder_bytes(&pem), &issuer_der, &rest, &err));
    const struct bytes issuer = builder_bytes(&issuer_der);
    // The next one has the next number, and says which was before.
    AUTO(json_free) struct json *signing = record_at(&own, begun + 2);
    AUTO(json_free) struct json *issued = record_at(&own, begun + 3);
    int64_t number = 0;
    assert_true(json_int(signing, "count", &number) && number == 2);
    assert_true(json_int(signing, "size", &number) && number == (int64_t)begun + 2);
    digest_sha256(issuer, digest);
    assert_string_equal(json_text(signing, "issuer_sha256"), hex_of(BYTES(digest), hex));
    AUTO(json_free) struct json *session = record_at(&own, begun + 1);
    assert_string_equal(json_text(signing, "batch"), json_text(session, "batch"));
    assert_string_equal(json_text(session, "command"), "crl");
    assert_null(json_get(signing, "emergency_reason"));
    assert_true(json_int(issued, "ref", &number) && number == (int64_t)begun + 2);
    found = sign((struct crl_options){.out = out});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
    AUTO(json_free) struct json *second = record_at(&own, begun + 5);
    assert_true(json_int(second, "previous", &number));
    assert_int_equal(number, begun + 3);
}

static void it_is_good_as_long_as_asked_and_some_hours_more(void **state)
{
    (void)state;
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    const uint64_t three = found->out.numbers[SECONDS];
    found = sign((struct crl_options){.days = 4});
    assert_int_equal(found->out.numbers[SECONDS] - three, 86400);
    found = sign((struct crl_options){.days = 0}); // ca.yaml's
    struct home *home = home_of(&own, HOME_LOOK);
    const struct home_config *config = &home->config;
    assert_int_equal(found->out.numbers[SECONDS],
                     config->crl.days * 86400 + config->crl.overlap_hours * 3600);
    assert_int_equal(three, 3 * 86400 + config->crl.overlap_hours * 3600);
    assert_true(config->crl.overlap_hours > 0);
    home_close(home);
}

static void the_newest_is_delivered_again(void **state)
{
    static const char *const files[] = {"ca/crl/crl-1.der", "ca/crl/crl-2.der", "ca/crl/crl-2.pem"};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    (void)state;
    assert_failed(sign((struct crl_options){.again = true}), ERROR_INPUT,
                  "no CRL was issued yet; `coldca crl` signs the first");
    assert_unused();
    assert_done(sign((struct crl_options){.days = 3}));
    revoke_one(&given[1]);
    assert_done(sign((struct crl_options){.days = 3}));
    read_crl(crls, "crl-2.der", &der);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        assert_int_equal(unlinkat(own.folder.fd, files[i], 0), 0);
    begun = size_of(&own);
    const struct apart *found = sign((struct crl_options){.again = true});
    assert_done(found);
    assert_string_equal(found->said, "CRL 2 is delivered again\n");
    assert_int_equal(found->out.numbers[NUMBER], 2);
    assert_int_equal(found->out.numbers[ENTRIES], 1);
    assert_int_equal(found->asked, 0);
    assert_types_from(&own, begun, "");
    read_crl(crls, "crl-2.der", &again);
    assert_true(bytes_equal(builder_bytes(&again), builder_bytes(&der)));
    assert_int_equal(found->out.numbers[LENGTH], again.len);
    assert_false(file_exists(own.folder.fd, files[0]));
    // What came to the ledger since comes under a checkpoint first.
    revoke_one(&given[0]);
    found = sign((struct crl_options){.again = true});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
}

/* ---- what stops it ---- */

static void a_file_of_its_name_stops_it(void **state)
{
    static const char *const endings[] = {"der", "pem"};
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_make_folder(own.folder.fd, "ca/crl", 0755, &err));
    assert_true(file_make_folder(own.folder.fd, "out", 0755, &err));
    for (size_t i = 0; i < 4; i++) {
        AUTO(free) char *name = memory_format("%s/crl-1.%s", i < 2 ? "ca/crl" : "out", endings[i % 2]);
        assert_true(file_create(own.folder.fd, name, 0644, BYTES_LITERAL("x"), &err));
        assert_failed(sign((struct crl_options){.out = out}), i < 2 ? ERROR_LEDGER : ERROR_INPUT,
                      i < 2 ? "crl/crl-1 is there, but no record of its number"
                            : "--out holds another crl-1 already");
        assert_unused();
        assert_int_equal(unlinkat(own.folder.fd, name, 0), 0);
    }
    assert_done(sign((struct crl_options){.out = out}));
}

/** Where it would go is known before anybody logs in. */
static void no_place_for_it_stops_it(void **state)
{
    static const char *const places[] = {"out", "ca/crl"};
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_true(file_create(own.folder.fd, places[i], 0644, BYTES_LITERAL("x"), &err));
        assert_failed(sign((struct crl_options){.out = out}), ERROR_INPUT, places[i]);
        assert_types_from(&own, begun, "");
        assert_int_equal(unlinkat(own.folder.fd, places[i], 0), 0);
    }
}

/** It is signed, and nobody has it yet: who could not put it there is told what does. */
static void what_is_in_the_way_of_one_that_is_delivered_again_is_told(void **state)
{
    static const char *const files[] = {"out/crl-1.der", "out/crl-1.pem", "ca/crl/crl-1.der",
                                        "ca/crl/crl-1.pem"};
    (void)state;
    assert_done(sign((struct crl_options){.out = out}));
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct error err = ERROR_INIT;
        AUTO(free)
        char *words = memory_format("another %s is there already: move it away\nwhile writing crl-1; it is "
                                    "signed and in the ledger: run the same command again, which delivers it",
                                    strrchr(files[i], '/') + 1);
        assert_true(file_replace(own.folder.fd, files[i], 0644, BYTES_LITERAL("x"), &err));
        assert_failed(sign((struct crl_options){.out = out, .again = true}), ERROR_INPUT, words);
        assert_int_equal(unlinkat(own.folder.fd, files[i], 0), 0);
    }
    assert_done(sign((struct crl_options){.out = out, .again = true}));
}

/** It went there with a newer ledger than this, which was put back from a copy. */
static void an_output_that_met_a_newer_ledger_stops_it(void **state)
{
    static const char *const files[] = {"ca/ledger.jsonl", "ca/ledger.checkpoint", "ca/ledger.checkpoints",
                                        "ca/index.sqlite"};
    struct builder kept[ARRAY_LEN(files)] = {BUILDER_INIT};
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        assert_true(file_read(own.folder.fd, files[i], 1 << 20, &kept[i], &err));
    assert_done(sign((struct crl_options){.out = out}));
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_true(file_replace(own.folder.fd, files[i], 0600, builder_bytes(&kept[i]), &err));
        builder_done(&kept[i]);
    }
    assert_failed(sign((struct crl_options){.out = out}), ERROR_LEDGER,
                  "comparing with the checkpoint in the output directory");
    assert_unused();
}

static void what_is_too_long_for_the_token_uses_no_number(void **state)
{
    struct error err = ERROR_INIT;
    struct init_options options = {
        .subject = "CN=Root", .origin = "ca.example/root", .key = "ed25519", .policies = "any"};
    (void)state;
    fake_home_remove(&own);
    fake_token_reset();
    if (!fake_home_init(&own, &options, &err))
        fail_msg("%s", err.text);
    fill();
    fake_token_set_max_message(100);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_TOKEN, "its number was not used");
    assert_unused();
    fake_token_set_max_message(0);
    assert_done(sign((struct crl_options){.days = 3}));
}

static void without_the_token_no_number_is_used(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    const bool was_there = file_exists(AT_FDCWD, crls);
    assert_failed(sign((struct crl_options){.out = out}), ERROR_TOKEN, "");
    assert_types_from(&own, begun, "");
    // Nor is an empty directory left behind.
    assert_false(file_exists(AT_FDCWD, out));
    assert_int_equal(file_exists(AT_FDCWD, crls), was_there);
}

static void a_key_of_another_curve_signs_by_its_own_digest(void **state)
{
    struct error err = ERROR_INIT;
    struct crl crl;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct init_options options = {
        .subject = "CN=Root", .origin = "ca.example/root", .key = "ec-p384", .policies = "any"};
    (void)state;
    fake_home_remove(&own);
    fake_token_reset();
    if (!fake_home_init(&own, &options, &err))
        fail_msg("%s", err.text);
    assert_done(sign((struct crl_options){.days = 3}));
    AUTO(free) char *path = memory_format("%s/crl", own.path);
    read_crl(path, "crl-1.der", &der);
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    assert_true(bytes_equal(crl.outer_algorithm, signature_algorithm_der(SIGNATURE_ECDSA_SHA384)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_revoked_or_burned_is_on_it_and_its_files_are_alike, begin,
                                        end),
        cmocka_unit_test_setup_teardown(it_is_good_as_long_as_asked_and_some_hours_more, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_is_delivered_again, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_another_curve_signs_by_its_own_digest, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_its_name_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(no_place_for_it_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_in_the_way_of_one_that_is_delivered_again_is_told, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_output_that_met_a_newer_ledger_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_long_for_the_token_uses_no_number, begin, end),
        cmocka_unit_test_setup_teardown(without_the_token_no_number_is_used, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
