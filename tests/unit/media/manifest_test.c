/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest is taken as openssl and sha256sum make it, by a signer who was named, and in no other way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/time.h"
#include "folder.h"
#include "media/manifest.h"

#include <sys/stat.h>

#define LEN 100000

struct bench {
    struct folder folder;
    struct manifest_signer device; /**< Ed25519 public key */
    struct manifest_signer person; /**< EC certificate */
    struct manifest_signer other;  /**< EC certificate that signed nothing here */
    struct manifest_signer flying; /**< certificate with an Ed25519 key */
    struct manifest_signer late;   /**< EC certificate that is no longer valid in a year */
    int64_t now;
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

static void read_into(const struct bench *bench, const char *name, struct builder *ret_data)
{
    struct error err = ERROR_INIT;
    builder_done(ret_data);
    if (!file_read(bench->folder.fd, name, 1024 * 1024, ret_data, &err))
        fail_msg("%s", err.text);
}

static void name_signer(const struct bench *bench, const char *name, const char *file,
                        struct manifest_signer *ret_signer)
{
    ret_signer->name = memory_text(name);
    read_into(bench, file, &ret_signer->pem);
}

static int setup(void **state)
{
    struct bench *bench = memory_new(1, sizeof(*bench));
    folder_make(&bench->folder);
    run(bench, "openssl genpkey -algorithm ed25519 -out device.key && "
               "openssl pkey -in device.key -pubout -out device.pem");
    run(bench, "for who in person other late; do openssl req -x509 -newkey ec -pkeyopt "
               "ec_paramgen_curve:P-256 -noenc -keyout $who.key -out $who.pem -subj /CN=$who -days 30 "
               "-addext keyUsage=digitalSignature; done");
    run(bench, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout crl.key -out "
               "crl.pem -subj /CN=crl -days 30 -addext keyUsage=critical,cRLSign");
    run(bench, "openssl req -x509 -key device.key -out flying.pem -subj /CN=flying -days 30");
    run(bench, "mkdir -p requests/line && printf one >requests/1.csr && printf two >requests/line/2.csr && "
               "find requests -type f | sort | xargs sha256sum >requests.sha256");
    bench->now = time_now() + 1;
    name_signer(bench, "device", "device.pem", &bench->device);
    name_signer(bench, "person", "person.pem", &bench->person);
    name_signer(bench, "other", "other.pem", &bench->other);
    name_signer(bench, "flying", "flying.pem", &bench->flying);
    name_signer(bench, "late", "late.pem", &bench->late);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    manifest_signer_done(&bench->device);
    manifest_signer_done(&bench->person);
    manifest_signer_done(&bench->other);
    manifest_signer_done(&bench->flying);
    manifest_signer_done(&bench->late);
    folder_remove(&bench->folder);
    free(bench);
    return 0;
}

/** Whether the signature in requests.sha256.sig is taken by {other, signer}, and as the signer's. */
static bool verifies_at(const struct bench *bench, const struct manifest_signer *signer, int64_t now,
                        struct error *ret_why)
{
    struct manifest_signer signers[] = {bench->other, *signer};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    size_t who = 99;
    read_into(bench, MANIFEST_NAME, &text);
    read_into(bench, MANIFEST_SIGNATURE_NAME, &signature);
    error_clear(ret_why);
    bool is_good =
        manifest_verify(builder_bytes(&text), builder_bytes(&signature), signers, 2, now, &who, ret_why);
    assert_int_equal(who, is_good ? 1 : 99);
    assert_true(is_good || ret_why->kind == ERROR_INPUT);
    return is_good;
}

static void assert_verifies(const struct bench *bench, const struct manifest_signer *signer)
{
    struct error why;
    if (!verifies_at(bench, signer, bench->now, &why))
        fail_msg("%s: %s", signer->name, why.text);
}

static void assert_refused(const struct bench *bench, const struct manifest_signer *signer, const char *says)
{
    struct error why;
    if (verifies_at(bench, signer, bench->now, &why))
        fail_msg("taken from %s", signer->name);
    if (strstr(why.text, says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why.text, says);
}

#define CMS_SIGN "openssl cms -sign -binary -in requests.sha256 -out requests.sha256.sig "

static void an_ed25519_signature_of_a_named_key_is_taken_raw_and_in_base64(void **state)
{
    const struct bench *bench = *state;
    run(bench, "openssl pkeyutl -sign -rawin -inkey device.key -in requests.sha256 -out requests.sha256.sig");
    assert_verifies(bench, &bench->device);
    assert_verifies(bench, &bench->flying);
    run(bench, "base64 -w0 requests.sha256.sig >b && mv b requests.sha256.sig");
    assert_verifies(bench, &bench->device);
    run(bench, "echo >>requests.sha256.sig");
    assert_verifies(bench, &bench->device);
    assert_refused(bench, &bench->person, "none of the signers");
}

static void a_cms_signature_of_a_named_certificate_is_taken_in_der_and_pem(void **state)
{
    const struct bench *bench = *state;
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform DER");
    assert_verifies(bench, &bench->person);
    assert_refused(bench, &bench->late, "none of the signers");
    assert_refused(bench, &bench->device, "none of the signers");
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform PEM -md sha512 -nocerts");
    assert_verifies(bench, &bench->person);
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform DER -noattr -keyid");
    assert_verifies(bench, &bench->person);
}

static void a_changed_byte_of_list_or_signature_is_refused(void **state)
{
    const struct bench *bench = *state;
    static const char *const changes[] = {
        "cp requests.sha256 kept && sed -i 's/1.csr/3.csr/' requests.sha256",
        "cp kept requests.sha256 && printf '\\n' >>requests.sha256",
        "cp kept requests.sha256 && truncate -s -1 requests.sha256",
        "cp kept requests.sha256 && : >requests.sha256",
    };
    run(bench, "openssl pkeyutl -sign -rawin -inkey device.key -in requests.sha256 -out ed.sig");
    run(bench,
        CMS_SIGN "-signer person.pem -inkey person.key -outform DER && mv requests.sha256.sig cms.sig");
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        run(bench, changes[i]);
        run(bench, "cp ed.sig requests.sha256.sig");
        assert_refused(bench, &bench->device, "none of the signers");
        run(bench, "cp cms.sig requests.sha256.sig");
        assert_refused(bench, &bench->person, "none of the signers");
    }
    run(bench,
        "cp kept requests.sha256 && cp ed.sig requests.sha256.sig && printf x | dd "
        "of=requests.sha256.sig bs=1 seek=20 conv=notrunc && cmp ed.sig requests.sha256.sig | grep differ");
    assert_refused(bench, &bench->device, "none of the signers");
    run(bench, "cp ed.sig requests.sha256.sig && printf x >>requests.sha256.sig");
    assert_refused(bench, &bench->device, "neither 64 bytes");
    run(bench, "cp cms.sig requests.sha256.sig && printf x >>requests.sha256.sig");
    assert_refused(bench, &bench->person, "neither 64 bytes");
    run(bench, ": >requests.sha256.sig");
    assert_refused(bench, &bench->person, "neither 64 bytes");
}

static void cms_of_another_form_is_refused_and_says_how_to_sign(void **state)
{
    const struct bench *bench = *state;
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform DER -nodetach");
    assert_refused(bench, &bench->person, "detached");
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform DER -md sha1");
    assert_refused(bench, &bench->person, "-md sha256");
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -signer late.pem -inkey late.key -outform DER");
    assert_refused(bench, &bench->person, "exactly one signer");
    run(bench, CMS_SIGN "-signer person.pem -inkey person.key -outform DER -econtent_type 1.2.3.4");
    assert_refused(bench, &bench->person, "plain data");
    run(bench, "openssl cms -encrypt -binary -in requests.sha256 -outform DER -out requests.sha256.sig "
               "-recip person.pem");
    assert_refused(bench, &bench->person, "no signature");
    run(bench, "openssl crl2pkcs7 -nocrl -certfile person.pem -outform DER -out requests.sha256.sig");
    assert_refused(bench, &bench->person, "");
}

static void a_signer_the_signature_brings_along_does_not_count(void **state)
{
    // Its certificate is inside, and names itself like one that is allowed.
    const struct bench *bench = *state;
    run(bench, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout evil.key -out "
               "evil.pem -subj /CN=person -days 30 -set_serial "
               "0x$(openssl x509 -in person.pem -noout -serial | cut -d= -f2)");
    run(bench, CMS_SIGN "-signer evil.pem -inkey evil.key -outform DER");
    assert_refused(bench, &bench->person, "none of the signers");
}

static void a_certificate_counts_only_while_it_is_valid_and_meant_for_signing(void **state)
{
    struct error why;
    struct bench *bench = *state;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    run(bench, CMS_SIGN "-signer late.pem -inkey late.key -outform DER");
    assert_true(verifies_at(bench, &bench->late, bench->now, &why));
    assert_false(verifies_at(bench, &bench->late, bench->now + 31 * INT64_C(86400), &why));
    assert_non_null(strstr(why.text, "not valid now"));
    assert_false(verifies_at(bench, &bench->late, bench->now - 86400, &why));
    run(bench, CMS_SIGN "-signer crl.pem -inkey crl.key -outform DER");
    read_into(bench, "crl.pem", &pem);
    struct manifest_signer crl = {.name = bench->late.name, .pem = pem};
    assert_refused(bench, &crl, "not for signing");
    run(bench, "openssl pkeyutl -sign -rawin -inkey device.key -in requests.sha256 -out requests.sha256.sig");
    assert_true(verifies_at(bench, &bench->flying, bench->now, &why));
    assert_false(verifies_at(bench, &bench->flying, bench->now + 31 * INT64_C(86400), &why));
}

static void with_nobody_named_no_signature_counts(void **state)
{
    const struct bench *bench = *state;
    struct error err = ERROR_INIT;
    size_t who = 0;
    assert_false(manifest_verify(BYTES_LITERAL("x"), BYTES_LITERAL("y"), NULL, 0, bench->now, &who, &err));
    assert_non_null(strstr(err.text, "manifest_signers"));
}

static void a_signer_is_a_certificate_or_an_ed25519_key(void **state)
{
    const struct bench *bench = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    assert_true(manifest_signer_check(&bench->device, &err));
    assert_true(manifest_signer_check(&bench->person, &err));
    run(bench, "openssl pkey -in person.key -pubout -out ec.pem");
    read_into(bench, "ec.pem", &pem);
    struct manifest_signer signer = {.name = bench->other.name, .pem = pem};
    assert_false(manifest_signer_check(&signer, &err));
    assert_non_null(strstr(err.text, "certificate"));
    read_into(bench, "device.key", &pem);
    signer.pem = pem;
    assert_false(manifest_signer_check(&signer, &err));
}

/* ---- what it lists ---- */

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct manifest *parse(struct bytes text, struct error *ret_why)
{
    struct manifest *manifest = NULL;
    AUTO(builder_done) struct builder copy = BUILDER_INIT;
    builder_add_bytes(&copy, text);
    error_clear(ret_why);
    bool is_read = manifest_parse(&copy, &manifest, ret_why);
    assert_true(is_read == (manifest != NULL));
    return manifest;
}

static void files_match_differ_are_not_listed_or_are_missing(void **state)
{
    const struct bench *bench = *state;
    struct error err = ERROR_INIT;
    size_t position = 0;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    run(bench, "printf three >requests/3.csr; find ./requests -type f | sort | xargs sha256sum -b >list; rm "
               "requests/3.csr");
    read_into(bench, "list", &text);
    AUTO(manifest_free) struct manifest *manifest = parse(builder_bytes(&text), &err);
    if (manifest == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(manifest_count(manifest), 3);
    assert_int_equal(manifest_check(manifest, "1.csr", BYTES_LITERAL("one")), MANIFEST_MATCHES);
    assert_int_equal(manifest_check(manifest, "line/2.csr", BYTES_LITERAL("tw0")), MANIFEST_DIFFERS);
    assert_int_equal(manifest_check(manifest, "4.csr", BYTES_LITERAL("one")), MANIFEST_NOT_LISTED);
    assert_false(manifest_see(manifest, "requests/1.csr"));
    assert_string_equal(manifest_next_missing(manifest, &position), "3.csr");
    assert_null(manifest_next_missing(manifest, &position));
    position = 0;
    assert_true(manifest_see(manifest, "3.csr"));
    assert_null(manifest_next_missing(manifest, &position));
    assert_null(manifest_answer_text(MANIFEST_MATCHES));
    assert_non_null(strstr(manifest_answer_text(MANIFEST_DIFFERS), "content"));
    assert_non_null(strstr(manifest_answer_text(MANIFEST_NOT_LISTED), "not in"));
}

static void names_sha256sum_escapes_are_found_as_they_are_on_the_medium(void **state)
{
    const struct bench *bench = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    run(bench, "mkdir odd odd/requests && cd odd && for name in 'a\\b' '  two  ' \"$(printf 'x\\ny')\" "
               "\"$(printf '\\377')\" '*'; do printf one >requests/\"$name.csr\"; done; "
               "sha256sum requests/* >../list");
    read_into(bench, "list", &text);
    AUTO(manifest_free) struct manifest *manifest = parse(builder_bytes(&text), &err);
    if (manifest == NULL)
        fail_msg("%s", err.text);
    static const char *const names[] = {"a\\b.csr", "  two  .csr", "x\ny.csr", "\xff.csr", "*.csr"};
    assert_int_equal(manifest_count(manifest), ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(manifest_check(manifest, names[i], BYTES_LITERAL("one")), MANIFEST_MATCHES);
}

static void a_list_that_is_not_sha256sums_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } wrong[] = {
        {"", "is empty"},
        {"\n", "line 1"},
        {DIGEST "  requests/a\n" DIGEST "  requests/b\n\n", "line 3"},
        {DIGEST "  requests/a\n" DIGEST "  requests/a\n", "twice"},
        {DIGEST "  requests/a\n" DIGEST " *./requests/a\n", "twice"},
        {DIGEST "  requests/a\r\n", "carriage return"},
        {DIGEST " requests/a\n", "line 1"},
        {DIGEST "\trequests/a\n", "line 1"},
        {"0123  requests/a\n", "line 1"},
        {"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF  requests/a\n", "lower-case"},
        {DIGEST "00  requests/a\n", "line 1"},
        {DIGEST "  \n", "line 1"},
        {"SHA256 (requests/a) = " DIGEST "\n", "--tag"},
        {DIGEST "  a\n", "not below requests/"},
        {DIGEST "  requests\n", "not below requests/"},
        {DIGEST "  /requests/a\n", "not below requests/"},
        {DIGEST "  requests/\n", "empty part"},
        {DIGEST "  requests//a\n", "empty part"},
        {DIGEST "  requests/../a\n", "empty part"},
        {DIGEST "  requests/./a\n", "empty part"},
        {DIGEST "  requests/a/..\n", "empty part"},
        {"\\" DIGEST "  requests/\\t\n", "escape"},
        {"\\" DIGEST "  requests/a\\\n", "escape"},
        {"# a remark\n" DIGEST "  requests/a\n", "line 1"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error err = ERROR_INIT;
        AUTO(manifest_free) struct manifest *manifest = parse(bytes_of_text(wrong[i].text), &err);
        if (manifest != NULL)
            fail_msg("taken: %s", wrong[i].text);
        assert_int_equal(err.kind, ERROR_INPUT);
        if (strstr(err.text, wrong[i].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, wrong[i].says);
    }
    struct error err = ERROR_INIT;
    assert_null(parse(BYTES_LITERAL(DIGEST "  requests/a\0b\n"), &err));
    assert_non_null(strstr(err.text, "NUL"));
}

static void a_foreign_name_in_a_message_is_harmless(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_null(parse(BYTES_LITERAL(DIGEST "  \x1b[2J\n"), &err));
    assert_null(strchr(err.text, '\x1b'));
}

static void a_hundred_thousand_lines_are_looked_up(void **state)
{
    struct error err = ERROR_INIT;
    size_t position = 0;
    char name[64];
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    for (size_t i = 0; i < LEN; i++)
        builder_format(&text, DIGEST "  requests/%zu.csr\n", i * 7 % LEN);
    AUTO(manifest_free) struct manifest *manifest = parse(builder_bytes(&text), &err);
    assert_non_null(manifest);
    assert_int_equal(manifest_count(manifest), LEN);
    for (size_t i = 1; i < LEN; i++) {
        (void)snprintf(name, sizeof(name), "%zu.csr", i);
        if (!manifest_see(manifest, name))
            fail_msg("%s is not found", name);
    }
    assert_string_equal(manifest_next_missing(manifest, &position), "0.csr");
    assert_null(manifest_next_missing(manifest, &position));
}

/* ---- the files on the medium ---- */

static void fetching_tells_no_manifest_from_half_of_one(void **state)
{
    const struct bench *bench = *state;
    struct error err = ERROR_INIT;
    bool is_there = true;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    run(bench, "mkdir medium");
    AUTO(close) int fd = openat(bench->folder.fd, "medium", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(manifest_fetch(fd, &is_there, &text, &signature, &err));
    assert_false(is_there);
    run(bench, "cp requests.sha256 medium");
    assert_false(manifest_fetch(fd, &is_there, &text, &signature, &err));
    assert_non_null(strstr(err.text, "not signed"));
    run(bench, "printf sig >medium/requests.sha256.sig");
    assert_true(manifest_fetch(fd, &is_there, &text, &signature, &err));
    assert_true(is_there);
    assert_true(bytes_equal_text(builder_bytes(&signature), "sig"));
    assert_non_null(strstr(builder_text(&text), "requests/line/2.csr"));
    run(bench, "rm medium/requests.sha256");
    assert_false(manifest_fetch(fd, &is_there, &text, &signature, &err));
    run(bench, "ln -s ../requests.sha256 medium/requests.sha256");
    assert_false(manifest_fetch(fd, &is_there, &text, &signature, &err));
    assert_non_null(strstr(err.text, "symbolic link"));
    run(bench, "rm medium/requests.sha256; mkfifo medium/requests.sha256");
    assert_false(manifest_fetch(fd, &is_there, &text, &signature, &err));
    run(bench, "rm medium/requests.sha256; truncate -s 200M medium/requests.sha256");
    assert_false(manifest_fetch(fd, &is_there, &text, &signature, &err));
    assert_non_null(strstr(err.text, "larger"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ed25519_signature_of_a_named_key_is_taken_raw_and_in_base64),
        cmocka_unit_test(a_cms_signature_of_a_named_certificate_is_taken_in_der_and_pem),
        cmocka_unit_test(a_changed_byte_of_list_or_signature_is_refused),
        cmocka_unit_test(cms_of_another_form_is_refused_and_says_how_to_sign),
        cmocka_unit_test(a_signer_the_signature_brings_along_does_not_count),
        cmocka_unit_test(a_certificate_counts_only_while_it_is_valid_and_meant_for_signing),
        cmocka_unit_test(with_nobody_named_no_signature_counts),
        cmocka_unit_test(a_signer_is_a_certificate_or_an_ed25519_key),
        cmocka_unit_test(files_match_differ_are_not_listed_or_are_missing),
        cmocka_unit_test(names_sha256sum_escapes_are_found_as_they_are_on_the_medium),
        cmocka_unit_test(a_list_that_is_not_sha256sums_is_refused_with_its_line),
        cmocka_unit_test(a_foreign_name_in_a_message_is_harmless),
        cmocka_unit_test(a_hundred_thousand_lines_are_looked_up),
        cmocka_unit_test(fetching_tells_no_manifest_from_half_of_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
