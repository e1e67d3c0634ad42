/* SPDX-License-Identifier: Apache-2.0 */
/* What ca.yaml says of manifests holds, and signatures of every kind are checked by a process that is confined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "folder.h"
#include "plan/manifest.h"

struct bench {
    struct folder folder;
    struct home home;
    int medium;
    int full_medium; /**< has a list */
};

/** Runs a line of shell in the bench's folder. */
static void run(const struct bench *bench, const char *command)
{
    AUTO(free)
    char *line =
        memory_format("cd %s && { %s; } >log 2>&1 || { cat log >&2; exit 1; }", bench->folder.path, command);
    if (system(line) != 0)
        fail_msg("failed: %s", command);
}

static int setup(void **state)
{
    struct bench *bench = memory_new(1, sizeof(*bench));
    folder_make(&bench->folder);
    run(bench, "mkdir -p home empty medium/requests && printf one >medium/requests/1.csr && cd medium && "
               "sha256sum requests/* >requests.sha256");
    run(bench, "openssl genpkey -algorithm ed25519 -out ed.key && openssl pkey -in ed.key -pubout -out "
               "home/ed.pem");
    run(bench, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -keyout ec.key -out "
               "home/ec.pem -subj /CN=ec -days 30 && openssl req -x509 -newkey rsa:2048 -noenc -keyout "
               "rsa.key -out home/rsa.pem -subj /CN=rsa -days 30 && openssl req -x509 -newkey ec -pkeyopt "
               "ec_paramgen_curve:P-256 -noenc -keyout out.key -out out.pem -subj /CN=out -days 30");
    bench->home.fd = openat(bench->folder.fd, "home", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bench->medium = openat(bench->folder.fd, "empty", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bench->full_medium = openat(bench->folder.fd, "medium", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct error err = ERROR_INIT;
    if (!home_config_load(
            BYTES_LITERAL("version: 1\norigin: x\ntoken: {profile: softhsm2, uri: 'pkcs11:'}\n"
                          "ca_key: a\nledger_key: b\nledger_vkey: x+c\nmanifest_signers:\n"
                          "- {name: the ed one, file: ed.pem}\n- {name: the ec one, file: ec.pem}\n"
                          "- {name: the rsa one, file: rsa.pem}\n"),
            &bench->home.config, &err))
        fail_msg("%s", err.text);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    (void)close(bench->home.fd);
    (void)close(bench->medium);
    (void)close(bench->full_medium);
    home_config_done(&bench->home.config);
    folder_remove(&bench->folder);
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
    run(bench, "openssl pkeyutl -sign -rawin -inkey ed.key -in medium/requests.sha256 -out "
               "medium/requests.sha256.sig");
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
    run(bench, "openssl pkeyutl -sign -rawin -inkey ed.key -in medium/requests.sha256 -out "
               "medium/requests.sha256.sig && mv home/rsa.pem kept");
    assert_refused(bench, bench->full_medium, "rsa.pem");
    run(bench, "echo nothing >home/rsa.pem");
    assert_refused(bench, bench->full_medium, "the rsa one");
    run(bench, "mv kept home/rsa.pem");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_signature_is_checked_in_confinement),
        cmocka_unit_test(a_signature_by_a_stranger_or_of_garbage_is_refused),
        cmocka_unit_test(a_good_signature_over_a_bad_list_is_refused),
        cmocka_unit_test(a_medium_without_one_is_refused_where_one_is_required),
        cmocka_unit_test(a_signer_file_that_is_missing_or_none_stops_and_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
