/* SPDX-License-Identifier: Apache-2.0 */
/* What ca.yaml says of manifests holds, and signatures of every kind are checked by a process that is confined. */
#include "base/digest.h"
#include "base/file.h"
#include "failing.h"

#include "signed_medium.h"

static int setup(void **state)
{
    struct bench *bench = memory_new(1, sizeof(*bench));
    bench_make(bench, "- {name: the ec one, file: ec.pem}\n- {name: the rsa one, file: rsa.pem}\n");
    run(bench, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -keyout ec.key -out "
               "home/ec.pem -subj /CN=ec -days 30 && openssl req -x509 -newkey rsa:2048 -noenc -keyout "
               "rsa.key -out home/rsa.pem -subj /CN=rsa -days 30 && openssl req -x509 -newkey ec -pkeyopt "
               "ec_paramgen_curve:P-256 -noenc -keyout out.key -out out.pem -subj /CN=out -days 30");
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    bench_remove(bench);
    free(bench);
    return 0;
}

static void assert_signed_by(const struct bench *bench, const char *signer)
{
    struct error err = ERROR_INIT;
    AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
    if (!medium_manifest_open(&bench->home, bench->full_medium, &manifest, &err))
        fail_msg("%s: %s", signer, err.text);
    assert_string_equal(manifest.signer, signer);
    assert_int_equal(manifest_count(manifest.list), 1);
    uint8_t digest[32];
    AUTO(builder_done) struct builder list = BUILDER_INIT;
    assert_true(file_read(bench->folder.fd, "medium/requests.sha256", 4096, &list, &err));
    digest_sha256(builder_bytes(&list), digest);
    assert_memory_equal(manifest.sha256, digest, 32); // what the records say of it
    assert_int_equal(manifest_check(manifest.list, "1.csr", BYTES_LITERAL("one")), MANIFEST_MATCHES);
}

static void assert_refused(const struct bench *bench, int medium_fd, const char *says)
{
    struct error err = ERROR_INIT;
    struct medium_manifest manifest = {.list = NULL};
    if (medium_manifest_open(&bench->home, medium_fd, &manifest, &err))
        fail_msg("taken");
    assert_null(manifest.list);
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

#define CMS_SIGN                                                                                             \
    "openssl cms -sign -binary -in medium/requests.sha256 -out medium/requests.sha256.sig -outform DER "

static void every_kind_of_signature_is_checked_in_confinement(void **state)
{
    const struct bench *bench = *state;
    sign_list(bench, "ed.key");
    assert_signed_by(bench, "the ed one");
    run(bench, CMS_SIGN "-signer home/ec.pem -inkey ec.key -md sha384");
    assert_signed_by(bench, "the ec one");
    run(bench, CMS_SIGN "-signer home/rsa.pem -inkey rsa.key");
    assert_signed_by(bench, "the rsa one");
    run(bench, CMS_SIGN "-signer home/rsa.pem -inkey rsa.key -keyopt rsa_padding_mode:pss -md sha512");
    assert_signed_by(bench, "the rsa one");
}

static void a_signature_by_a_stranger_or_of_garbage_is_refused(void **state)
{
    const struct bench *bench = *state;
    run(bench, CMS_SIGN "-signer out.pem -inkey out.key");
    assert_refused(bench, bench->full_medium, "none of the signers");
    run(bench, "printf '0\\200garbage' >medium/requests.sha256.sig");
    assert_refused(bench, bench->full_medium, "neither");
    run(bench, "rm medium/requests.sha256.sig");
    assert_refused(bench, bench->full_medium, "not signed");
}

static void a_good_signature_over_a_bad_list_is_refused(void **state)
{
    const struct bench *bench = *state;
    run(bench,
        "mv medium/requests.sha256 kept && echo nothing >medium/requests.sha256 && openssl pkeyutl -sign "
        "-rawin -inkey ed.key -in medium/requests.sha256 -out medium/requests.sha256.sig");
    assert_refused(bench, bench->full_medium, "line 1");
    run(bench, "mv kept medium/requests.sha256");
}

static void a_medium_without_one_is_refused_where_one_is_required(void **state)
{
    struct bench *bench = *state;
    struct error err = ERROR_INIT;
    AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
    assert_true(medium_manifest_open(&bench->home, bench->medium, &manifest, &err));
    assert_null(manifest.list);
    assert_null(manifest.signer);
    bench->home.config.require_manifest = true;
    assert_refused(bench, bench->medium, "require_manifest");
    bench->home.config.require_manifest = false;
}

static void a_signer_file_that_is_missing_or_none_stops_and_is_named(void **state)
{
    const struct bench *bench = *state;
    sign_list(bench, "ed.key");
    run(bench, "mv home/rsa.pem kept");
    assert_refused(bench, bench->full_medium, "rsa.pem");
    run(bench, "echo nothing >home/rsa.pem");
    assert_refused(bench, bench->full_medium, "the rsa one");
    run(bench, "mv kept home/rsa.pem");
}

/** One call fails, here or in the process that checks: a good list is taken whole or it is told, and one by a stranger never is taken. */
static void a_call_that_fails_makes_no_list_good(void **state)
{
    const struct bench *bench = *state;
    static const char *const keys[] = {"ed.key", "stranger.key"};
    run(bench, "openssl genpkey -algorithm ed25519 -out stranger.key");
    for (size_t i = 0; i < 2; i++) {
        const char *failed = "";
        sign_list(bench, keys[i]);
        for (unsigned number = 1; failed != NULL; number++) {
            struct error err = ERROR_INIT;
            AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
            failing_at("", number);
            bool is_good = medium_manifest_open(&bench->home, bench->full_medium, &manifest, &err);
            failed = failing_stop();
            assert_int_equal(err.kind, is_good ? ERROR_NONE : ERROR_INPUT);
            assert_int_equal(manifest.list != NULL, is_good);
            if (is_good && i == 1)
                fail_msg("%s failed: taken", failed);
            if (is_good) {
                assert_string_equal(manifest.signer, "the ed one");
                assert_int_equal(manifest_count(manifest.list), 1);
            }
            assert_true(failed != NULL || (is_good == (i == 0) && number > 5));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_signature_is_checked_in_confinement),
        cmocka_unit_test(a_signature_by_a_stranger_or_of_garbage_is_refused),
        cmocka_unit_test(a_good_signature_over_a_bad_list_is_refused),
        cmocka_unit_test(a_medium_without_one_is_refused_where_one_is_required),
        cmocka_unit_test(a_call_that_fails_makes_no_list_good),
        cmocka_unit_test(a_signer_file_that_is_missing_or_none_stops_and_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
