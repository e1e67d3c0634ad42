/* SPDX-License-Identifier: Apache-2.0 */
/* Whose signature a list has: of many signers the one it is, at the bounds of time and form, and nobody's when a call of OpenSSL's fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "media/manifest.h"

#include <errno.h>

#define NOBODY                                                                                               \
    "the signature of the medium's requests.sha256 is by none of the signers ca.yaml names "                 \
    "(manifest_signers), or the list was changed after it was signed"
#define NONE                                                                                                 \
    "the signature requests.sha256.sig is neither 64 bytes of Ed25519 (raw or base64) nor CMS (DER or PEM)"
#define NOT_VALID "the manifest is signed by s0, whose certificate is not valid now; name a valid one"
#define BEGIN INT64_C(1893456000) /* 2030-01-01, what the certificates begin with */
#define END INT64_C(1924991999)   /* 2030-12-31 23:59:59 */

static struct folder folder;

static void run(const char *command)
{
    AUTO(free)
    char *line =
        memory_format("cd %s && { %s; } >log 2>&1 || { cat log >&2; exit 1; }", folder.path, command);
    if (system(line) != 0)
        fail_msg("failed: %s", command);
}

static int setup(void **state)
{
    (void)state;
    folder_make(&folder);
    run("for i in 0 1 2; do openssl genpkey -algorithm ed25519 -out ed$i.key && openssl pkey -in ed$i.key "
        "-pubout -out ed$i.pem; done");
    run("printf "
        "'[ca]\\ndefault_ca=a\\n[a]\\nnew_certs_dir=.\\ndatabase=db\\nserial=serial\\ndefault_md=sha256\\n"
        "policy=p\\nunique_subject=no\\n[p]\\ncommonName=supplied\\n[sign]\\nkeyUsage=digitalSignature\\n["
        "bind]\\n"
        "keyUsage=nonRepudiation\\n[seal]\\nkeyUsage=keyCertSign,cRLSign,keyAgreement\\n[any]"
        "\\nbasicConstraints="
        "CA:FALSE\\n' >cnf; : >db; echo 01 >serial");
    run("openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out ec.key; for i in sign bind seal "
        "any; "
        "do openssl req -new -key ec.key -subj /CN=$i -out csr && openssl ca -batch -notext -config cnf "
        "-selfsign "
        "-keyfile ec.key -in csr -out $i.pem -extensions $i -startdate 20300101000000Z -enddate "
        "20301231235959Z; done");
    run("openssl req -new -key ed0.key -subj /CN=flying -out csr && openssl ca -batch -notext -config cnf "
        "-md null "
        "-selfsign -keyfile ed0.key -in csr -out flying.pem -extensions sign -startdate 20300101000000Z "
        "-enddate "
        "20301231235959Z");
    run("printf list >text; for i in 0 1 2; do openssl pkeyutl -sign -rawin -inkey ed$i.key -in text -out "
        "ed$i.sig; "
        "done; for i in sign bind seal any; do openssl cms -sign -binary -in text -outform DER -signer "
        "$i.pem -inkey "
        "ec.key -out $i.sig; done");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    folder_remove(&folder);
    return 0;
}

static void read_into(const char *name, struct builder *ret_data)
{
    struct error err = ERROR_INIT;
    if (!file_read(folder.fd, name, 1 << 20, ret_data, &err))
        fail_msg("%s", err.text);
}

#define SIGNERS_MAX 4

/** From which call on one fails, of those with this front of a name; NULL: none does. */
static const char *failing_names;
static unsigned failing_number;
static const char *failed;

/** Whose the signature over the text is, of signers in these files, parted by blanks. \return -1: nobody's */
static int who_signed(struct bytes text, struct bytes signature, const char *files, int64_t now,
                      struct error *ret_why)
{
    struct manifest_signer signers[SIGNERS_MAX] = {{.name = NULL}};
    size_t count = 0;
    size_t who = 99;
    AUTO(free) char *list = memory_text(files);
    for (char *file = strtok(list, " "); file != NULL; file = strtok(NULL, " ")) {
        signers[count].name = memory_format("s%zu", count);
        read_into(file, &signers[count++].pem);
    }
    error_clear(ret_why);
    if (failing_names != NULL)
        failing_at(failing_names, failing_number);
    bool is_good = manifest_verify(text, signature, signers, count, now, &who, ret_why);
    failed = failing_names == NULL ? NULL : failing_stop();
    for (size_t i = 0; i < count; i++)
        manifest_signer_done(&signers[i]);
    assert_int_equal(ret_why->kind, is_good ? ERROR_NONE : ERROR_INPUT);
    assert_true(is_good ? who < count : who == 99);
    return is_good ? (int)who : -1;
}

static int who_signed_list(const char *signature_file, const char *files, int64_t now, struct error *ret_why)
{
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    read_into(signature_file, &signature);
    return who_signed(BYTES_LITERAL("list"), builder_bytes(&signature), files, now, ret_why);
}

static void of_many_signers_it_is_the_one(void **state)
{
    static const struct {
        const char *signature;
        const char *signers;
        int who;
    } cases[] = {
        {"ed0.sig", "ed0.pem ed1.pem ed2.pem", 0},
        {"ed1.sig", "ed0.pem ed1.pem ed2.pem", 1},
        {"ed2.sig", "ed0.pem ed1.pem ed2.pem", 2},
        {"ed2.sig", "sign.pem ed1.pem ed2.pem ed2.pem", 2},
        {"ed2.sig", "ed0.pem sign.pem ed1.pem", -1},
        {"sign.sig", "sign.pem bind.pem any.pem", 0},
        {"any.sig", "ed0.pem sign.pem any.pem", 2},
        {"bind.sig", "sign.pem ed1.pem any.pem", -1},
        {"ed0.sig", "flying.pem", 0},
        {"ed0.sig", "sign.pem flying.pem ed0.pem", 1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        int who = who_signed_list(cases[i].signature, cases[i].signers, BEGIN + 1, &err);
        if (who != cases[i].who)
            fail_msg("%s by %s: %d, %s", cases[i].signature, cases[i].signers, who, err.text);
        if (who < 0)
            assert_string_equal(err.text, NOBODY);
    }
}

static void a_certificate_counts_in_its_time_and_for_its_use(void **state)
{
    static const char *const signed_by[][2] = {{"sign.sig", "sign.pem"},
                                               {"bind.sig", "bind.pem"},
                                               {"any.sig", "any.pem"},
                                               {"ed0.sig", "flying.pem"}};
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signed_by); i++) {
        assert_int_equal(who_signed_list(signed_by[i][0], signed_by[i][1], BEGIN, &err), 0);
        assert_int_equal(who_signed_list(signed_by[i][0], signed_by[i][1], END - 1, &err), 0);
        assert_int_equal(who_signed_list(signed_by[i][0], signed_by[i][1], BEGIN - 1, &err), -1);
        assert_string_equal(err.text, NOT_VALID);
        assert_int_equal(who_signed_list(signed_by[i][0], signed_by[i][1], END + 1, &err), -1);
        assert_string_equal(err.text, NOT_VALID);
    }
    assert_int_equal(who_signed_list("seal.sig", "seal.pem", BEGIN + 1, &err), -1);
    assert_string_equal(
        err.text,
        "the manifest is signed by s0, whose certificate is not for signing (key usage); name another");
}

/** A time that is none is not one that has come, or has not passed. */
static void a_certificate_without_a_sound_time_does_not_count(void **state)
{
    (void)state;
    for (int which = 0; which <= 1; which++) {
        struct error err;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        run("openssl x509 -in sign.pem -outform DER -out der");
        read_into("der", &der);
        const char *time = which == 0 ? "300101000000Z" : "301231235959Z";
        uint8_t *at = memmem(der.data, der.len, time, strlen(time));
        assert_non_null(at);
        at[12] = 'X';
        (void)unlinkat(folder.fd, "odd.der", 0);
        assert_true(file_create(folder.fd, "odd.der", 0644, builder_bytes(&der), &(struct error)ERROR_INIT));
        run("{ echo -----BEGIN CERTIFICATE-----; base64 odd.der; echo -----END CERTIFICATE-----; } >odd.pem");
        assert_int_equal(who_signed_list("sign.sig", "odd.pem", BEGIN + 1, &err), -1);
        assert_string_equal(err.text, NOT_VALID);
    }
}

static void ed25519_is_64_bytes_or_a_line_of_them(void **state)
{
    AUTO(builder_done) struct builder raw = BUILDER_INIT;
    AUTO(builder_done) struct builder base64 = BUILDER_INIT;
    (void)state;
    read_into("ed0.sig", &raw);
    run("base64 -w0 ed0.sig >b64");
    read_into("b64", &base64);
    assert_int_equal(base64.len, 88);
    const char *line = builder_text(&base64);
    const struct {
        char *text; /**< ours */
        const char *why;
    } cases[] = {
        {memory_text(line), NULL},
        {memory_format("%s\n", line), NULL},
        {memory_format("%s\r\n", line), NULL},
        {memory_format("%s\n\r\n\n", line), NULL},
        {memory_format("%s ", line), NONE},
        {memory_format("%s\nx", line), NONE},
        {memory_format("\n%s", line), NONE},
        {memory_format("%.87s", line), NONE},
        {memory_format("%.87s\n", line), NONE},
        {memory_format("%.86sA=", line), NONE}, // 65 bytes
        {memory_format("!%s", line + 1), NONE},
        {memory_text("\n"), NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err;
        int who = who_signed(BYTES_LITERAL("list"), bytes_of_text(cases[i].text), "ed0.pem", 0, &err);
        if (who != (cases[i].why == NULL ? 0 : -1) || (who < 0 && strcmp(err.text, cases[i].why) != 0))
            fail_msg("%s: %d, %s", cases[i].text, who, err.text);
        free(cases[i].text);
    }
    for (size_t i = 0; i < 64; i++) {
        struct error err;
        raw.data[i] ^= 1;
        assert_int_equal(who_signed(BYTES_LITERAL("list"), builder_bytes(&raw), "ed0.pem", 0, &err), -1);
        assert_string_equal(err.text, NOBODY);
        raw.data[i] ^= 1;
    }
    struct error err;
    assert_int_equal(who_signed(BYTES_LITERAL("list"), bytes_of(raw.data, 63), "ed0.pem", 0, &err), -1);
    assert_string_equal(err.text, NONE);
}

static void cms_is_taken_in_no_other_form(void **state)
{
    static const struct {
        const char *how;
        const char *fault; /**< NULL: it is taken */
    } cases[] = {
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -md sha384 -outform DER", NULL},
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -md sha512 -outform PEM", NULL},
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -md sha224 -outform DER",
         "uses a digest that is not SHA-256, SHA-384 or SHA-512; sign with -md sha256"},
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -nodetach -outform DER",
         "holds its own copy of the content; sign detached (without -nodetach)"},
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -econtent_type 1.2.3.4 -outform DER",
         "is over something that is not plain data"},
        {"openssl cms -sign -binary -signer sign.pem -inkey ec.key -signer any.pem -inkey ec.key -outform "
         "DER",
         "is not by exactly one signer"},
        {"openssl cms -encrypt -binary -outform DER -recip sign.pem", "is CMS, but no signature"},
    };
    struct error err;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *command = memory_format("%s -in text -out form.sig", cases[i].how);
        run(command);
        int who = who_signed_list("form.sig", "ed0.pem sign.pem", BEGIN + 1, &err);
        if (cases[i].fault == NULL) {
            assert_int_equal(who, 1);
            continue;
        }
        AUTO(free) char *text = memory_format("the signature requests.sha256.sig %s", cases[i].fault);
        assert_int_equal(who, -1);
        assert_string_equal(err.text, text);
    }
    run("{ cat sign.sig; printf x; } >form.sig");
    assert_int_equal(who_signed_list("form.sig", "sign.pem", BEGIN + 1, &err), -1);
    assert_string_equal(err.text, NONE);
    assert_int_equal(who_signed(BYTES_LITERAL("list"), BYTES_LITERAL(""), "sign.pem", BEGIN, &err), -1);
    assert_string_equal(err.text, NONE);
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    read_into("sign.sig", &signature);
    assert_int_equal(who_signed(BYTES_LITERAL("lisT"), builder_bytes(&signature), "sign.pem", BEGIN, &err),
                     -1);
    assert_string_equal(err.text, NOBODY);
}

static void a_signer_that_is_none_is_told(void **state)
{
    struct error err;
    (void)state;
    run("openssl pkey -in ec.key -pubout -out ec.pem; printf x >none.pem; cp ed0.key private.pem; : "
        ">empty.pem");
    static const char *const none[] = {"none.pem", "private.pem", "empty.pem"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        assert_int_equal(who_signed_list("ed0.sig", none[i], BEGIN, &err), -1);
        assert_string_equal(err.text,
                            "the manifest signer s0 is neither a PEM certificate nor a PEM public key");
        assert_int_equal(who_signed_list("sign.sig", none[i], BEGIN, &err), -1);
        assert_string_equal(err.text,
                            "the manifest signer s0 is neither a PEM certificate nor a PEM public key");
    }
    assert_int_equal(who_signed_list("ed0.sig", "ed1.pem ec.pem ed0.pem", BEGIN, &err), -1);
    assert_string_equal(err.text,
                        "the manifest signer s1 is a public key that is not Ed25519; name a certificate "
                        "for signatures in CMS");
    assert_int_equal(who_signed_list("ed0.sig", "", BEGIN, &err), -1);
    assert_string_equal(err.text,
                        "the medium's manifest is signed, but ca.yaml names nobody whose signature counts "
                        "(manifest_signers); name them, or take the manifest off the medium");
}

static void what_is_too_large_is_not_looked_at(void **state)
{
    struct error err;
    AUTO(builder_done) struct builder large = BUILDER_INIT;
    (void)state;
    while (large.len <= MANIFEST_SIGNATURE_MAX_LEN)
        builder_add_u8(&large, 'x');
    struct bytes just = bytes_of(large.data, MANIFEST_SIGNATURE_MAX_LEN);
    assert_int_equal(who_signed(BYTES_LITERAL("list"), just, "ed0.pem", 0, &err), -1);
    assert_string_equal(err.text, NONE);
    assert_int_equal(who_signed(BYTES_LITERAL("list"), builder_bytes(&large), "ed0.pem", 0, &err), -1);
    assert_string_equal(err.text, "the medium's manifest or its signature is too large");
    assert_int_equal(err.native, EFBIG);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t *data = builder_reserve(&text, MANIFEST_MAX_LEN + 1);
    assert_non_null(data);
    memset(data, 'x', MANIFEST_MAX_LEN + 1);
    assert_int_equal(who_signed(bytes_of(data, MANIFEST_MAX_LEN + 1), just, "ed0.pem", 0, &err), -1);
    assert_string_equal(err.text, "the medium's manifest or its signature is too large");
    assert_int_equal(who_signed(bytes_of(data, MANIFEST_MAX_LEN), just, "ed0.pem", 0, &err), -1);
    assert_string_equal(err.text, NONE);
}

/** Whatever OpenSSL can't do: nobody's signature becomes somebody's, and a wrong list is never a right one. */
static void what_fails_makes_no_signature_good(void **state)
{
    static const char *const signed_by[][2] = {
        {"ed1.sig", "ed0.pem ed1.pem"}, {"ed0.sig", "sign.pem flying.pem"}, {"any.sig", "sign.pem any.pem"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(signed_by); i++) {
        AUTO(builder_done) struct builder signature = BUILDER_INIT;
        unsigned refused = 0;
        read_into(signed_by[i][0], &signature);
        failed = "none";
        for (failing_number = 1; failed != NULL; failing_number++) {
            struct error err;
            failing_names = "";
            int who =
                who_signed(BYTES_LITERAL("list"), builder_bytes(&signature), signed_by[i][1], BEGIN, &err);
            refused += who < 0;
            assert_true(who != 0 && (failed != NULL || who == 1));
            const char *kept = failed;
            assert_int_equal(
                who_signed(BYTES_LITERAL("lisT"), builder_bytes(&signature), signed_by[i][1], BEGIN, &err),
                -1);
            failed = kept;
        }
        failing_names = NULL;
        assert_true(refused >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_signers_it_is_the_one),
        cmocka_unit_test(a_certificate_counts_in_its_time_and_for_its_use),
        cmocka_unit_test(a_certificate_without_a_sound_time_does_not_count),
        cmocka_unit_test(ed25519_is_64_bytes_or_a_line_of_them),
        cmocka_unit_test(cms_is_taken_in_no_other_form),
        cmocka_unit_test(a_signer_that_is_none_is_told),
        cmocka_unit_test(what_is_too_large_is_not_looked_at),
        cmocka_unit_test(what_fails_makes_no_signature_good),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
