/* SPDX-License-Identifier: Apache-2.0 */
/* The requester's files: what is made, what stays as it was, and what is never written over. */
#include "enroll/enroll.h"

#include "base/file.h"
#include "base/memory.h"
#include "enroll/key.h"
#include "folder.h"

#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char policy_text[] = "policy: test\n"
                                  "variables: [{name: site, match: '[a-z]+', default: north}]\n"
                                  "subject:\n"
                                  "  - {field: CN, match: 'device-[0-9]+'}\n"
                                  "key: {allow: [ec-p256, ec-p384]}\n"
                                  "validity: {days: 90}\n"
                                  "key_usage: [digitalSignature]\n"
                                  "extended_key_usage: [clientAuth]\n";

static struct folder folder, csr_folder;
static struct policy *policy;
static struct enroll enroll;

static int begin(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    folder_make(&folder);
    folder_make(&csr_folder);
    if (!policy_load(bytes_of_text(policy_text), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
    enroll = (struct enroll){.policy = policy,
                             .key_kind = KEY_OTHER,
                             .folder_fd = folder.fd,
                             .csr_fd = folder.fd,
                             .now = INT64_C(1800000000)};
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    folder_remove(&folder);
    folder_remove(&csr_folder);
    return 0;
}

static bool make(const char *cn, struct enroll_answer *ret_answer, struct error *err)
{
    const struct enroll_order order = {.cn = (char *)(uintptr_t)cn};
    error_clear(err);
    return enroll_one(&enroll, &order, ret_answer, err);
}

static void assert_made(const char *cn, enum enroll_state state, bool has_new_key)
{
    struct error err = ERROR_INIT;
    AUTO(enroll_answer_done) struct enroll_answer answer = {.name = NULL};
    if (!make(cn, &answer, &err))
        fail_msg("%s", err.text);
    assert_int_equal(answer.state, state);
    assert_int_equal(answer.has_new_key, has_new_key);
    assert_string_equal(answer.name, cn);
}

static void assert_fails(const char *cn, enum error_kind kind, const char *words)
{
    struct error err = ERROR_INIT;
    struct enroll_answer answer;
    if (make(cn, &answer, &err))
        fail_msg("made, not \"%s\"", words);
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, kind);
}

static void read_file(int fd, const char *name, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    if (!file_read(fd, name, 1 << 16, ret_text, &err))
        fail_msg("%s", err.text);
}

static unsigned mode_of(const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(folder.fd, name, &status, 0), 0);
    return status.st_mode & 07777;
}

static void put(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    assert_true(file_create(folder.fd, name, 0600, bytes_of_text(text), &err));
}

static EVP_PKEY *read_key(const char *name, const struct secret *passphrase)
{
    struct error err = ERROR_INIT;
    EVP_PKEY *key = NULL;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    read_file(folder.fd, name, &pem);
    if (!enroll_key_read(builder_bytes(&pem), name, passphrase, &key, &err))
        fail_msg("%s", err.text);
    return key;
}

/** Whether a request is by this key, and well signed. */
static void assert_request_of(int fd, const char *name, const EVP_PKEY *key, const char *subject)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    read_file(fd, name, &pem);
    AUTO(BIO_free_all) BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.len);
    AUTO(X509_REQ_free) X509_REQ *csr = PEM_read_bio_X509_REQ(memory, NULL, NULL, NULL);
    assert_non_null(csr);
    assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(csr), key), 1);
    assert_int_equal(X509_REQ_verify(csr, (EVP_PKEY *)(uintptr_t)key), 1);
    AUTO(OPENSSL_free) char *found = X509_NAME_oneline(X509_REQ_get_subject_name(csr), NULL, 0);
    assert_string_equal(found, subject);
}

static void a_key_and_its_request_are_made(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(enroll_answer_done) struct enroll_answer answer = {.name = NULL};
    (void)state;
    assert_true(make("device-1", &answer, &err));
    assert_int_equal(answer.state, ENROLL_MADE);
    assert_true(answer.has_new_key);
    assert_true(answer.verdict->is_allowed);
    assert_string_equal(answer.request->subject_text, "CN=device-1");
    AUTO(EVP_PKEY_free) EVP_PKEY *key = read_key("device-1.key", NULL);
    assert_int_equal(EVP_PKEY_get_bits(key), 256); // the policy's first
    assert_request_of(folder.fd, "device-1.csr", key, "/CN=device-1");
    assert_int_equal(mode_of("device-1.key"), 0600);
    assert_int_equal(mode_of("device-1.csr") & 0600, 0600);
}

static void another_kind_of_key_is_made_if_it_is_asked_for(void **state)
{
    (void)state;
    enroll.key_kind = KEY_EC_P384;
    assert_made("device-1", ENROLL_MADE, true);
    AUTO(EVP_PKEY_free) EVP_PKEY *key = read_key("device-1.key", NULL);
    assert_int_equal(EVP_PKEY_get_bits(key), 384);
}

static void what_the_policy_refuses_is_not_written(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(enroll_answer_done) struct enroll_answer answer = {.name = NULL};
    (void)state;
    assert_true(make("printer", &answer, &err));
    assert_int_equal(answer.state, ENROLL_REFUSED);
    assert_false(answer.has_new_key);
    assert_false(answer.verdict->is_allowed);
    assert_true(findings_has(&answer.verdict->findings, "subject.CN"));
    assert_false(file_exists(folder.fd, "printer.key"));
    assert_false(file_exists(folder.fd, "printer.csr"));
    enroll.may_write_refused = true;
    assert_made("printer", ENROLL_MADE, true);
    assert_true(file_exists(folder.fd, "printer.csr"));
}

static void nothing_is_written_over(void **state)
{
    AUTO(builder_done) struct builder key = BUILDER_INIT;
    AUTO(builder_done) struct builder csr = BUILDER_INIT;
    (void)state;
    put("device-1.csr", "a request");
    assert_fails("device-1", ERROR_INPUT,
                 "device-1.csr already exists, not overwritten; choose another --name or --out");
    put("device-2.key", "a key");
    assert_fails("device-2", ERROR_INPUT,
                 "device-2.key already exists, not overwritten; --key-file makes a request for it");
    read_file(folder.fd, "device-1.csr", &csr);
    read_file(folder.fd, "device-2.key", &key);
    assert_string_equal(builder_text(&csr), "a request");
    assert_string_equal(builder_text(&key), "a key");
    assert_false(file_exists(folder.fd, "device-1.key"));
    assert_false(file_exists(folder.fd, "device-2.csr"));
}

static void a_run_of_many_goes_on_where_it_was_stopped(void **state)
{
    AUTO(builder_done) struct builder before = BUILDER_INIT;
    AUTO(builder_done) struct builder after = BUILDER_INIT;
    (void)state;
    enroll.may_resume = true;
    assert_made("device-1", ENROLL_MADE, true);
    assert_made("device-1", ENROLL_THERE, false);
    // The key was written, the request was not: the key is used.
    read_file(folder.fd, "device-1.key", &before);
    assert_int_equal(unlinkat(folder.fd, "device-1.csr", 0), 0);
    assert_made("device-1", ENROLL_MADE, false);
    read_file(folder.fd, "device-1.key", &after);
    assert_string_equal(builder_text(&before), builder_text(&after));
    AUTO(EVP_PKEY_free) EVP_PKEY *key = read_key("device-1.key", NULL);
    assert_request_of(folder.fd, "device-1.csr", key, "/CN=device-1");
    put("device-2.key", "not a key");
    assert_fails("device-2", ERROR_INPUT,
                 "device-2.key holds no private key in PEM\nwhile using the key an earlier run made");
}

static void a_key_that_is_given_is_used_and_not_written(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(enroll_key_make(KEY_EC_P256, 0, &enroll.key, &err));
    put("device-1.key", "another's");
    assert_made("device-1", ENROLL_MADE, false);
    assert_request_of(folder.fd, "device-1.csr", enroll.key, "/CN=device-1");
    assert_made("device-2", ENROLL_MADE, false);
    assert_false(file_exists(folder.fd, "device-2.key"));
    EVP_PKEY_free(enroll.key);
}

static void keys_stay_away_from_requests_that_go_to_the_ca(void **state)
{
    (void)state;
    enroll.csr_fd = csr_folder.fd;
    assert_made("device-1", ENROLL_MADE, true);
    assert_true(file_exists(folder.fd, "device-1.key"));
    assert_false(file_exists(folder.fd, "device-1.csr"));
    assert_true(file_exists(csr_folder.fd, "device-1.csr"));
    assert_false(file_exists(csr_folder.fd, "device-1.key"));
    assert_fails("device-1", ERROR_INPUT,
                 "device-1.csr already exists, not overwritten; choose another --name or --out");
}

/** A key without its request would be of no use, and in the way of the next try. */
static void a_request_that_cant_be_written_leaves_no_key(void **state)
{
    struct error err = ERROR_INIT;
    struct enroll_answer answer;
    char gone[] = "/tmp/coldca-test-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(gone));
    enroll.csr_fd = open(gone, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(rmdir(gone), 0);
    assert_false(make("device-1", &answer, &err));
    assert_false(file_exists(folder.fd, "device-1.key"));
    assert_int_equal(close(enroll.csr_fd), 0);
}

static void an_order_without_shape_is_refused_alone(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(enroll_order_done) struct enroll_order order = {.name = memory_text("no-cn")};
    AUTO(enroll_answer_done) struct enroll_answer answer = {.name = NULL};
    (void)state;
    assert_false(enroll_one(&enroll, &order, &answer, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    AUTO(free) char *why = memory_text(err.text);
    enroll.may_resume = true;
    error_clear(&err);
    assert_true(enroll_one(&enroll, &order, &answer, &err));
    assert_int_equal(answer.state, ENROLL_REFUSED);
    assert_false(answer.has_new_key);
    assert_null(answer.request);
    assert_int_equal(answer.verdict->findings.count, 1);
    assert_string_equal(answer.verdict->findings.items[0].rule, "request.shape");
    assert_int_equal(strncmp(answer.verdict->findings.items[0].text, why, strcspn(why, "\n")), 0);
    assert_false(file_exists(folder.fd, "no-cn.key"));
    // A variable that the policy does not have is of the whole run, and stops it.
    enroll_order_done(&order);
    order.cn = memory_text("device-1");
    enroll_order_set(&order, "colour", "red");
    assert_false(enroll_one(&enroll, &order, &answer, &err));
    assert_non_null(strstr(err.text, "colour"));
}

static void a_key_is_encrypted_by_the_passphrase(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(secret_free) struct secret *passphrase = NULL;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    (void)state;
    assert_true(secret_new(&passphrase, &err));
    for (const char *at = "correct horse"; *at != '\0'; at++)
        assert_true(secret_push(passphrase, *at));
    enroll.passphrase = passphrase;
    assert_made("device-1", ENROLL_MADE, true);
    read_file(folder.fd, "device-1.key", &pem);
    assert_true(enroll_key_is_encrypted(builder_bytes(&pem)));
    // The next run reads it by the same.
    enroll.may_resume = true;
    assert_int_equal(unlinkat(folder.fd, "device-1.csr", 0), 0);
    assert_made("device-1", ENROLL_MADE, false);
}

static void files_are_named_by_name_cn_or_first_san(void **state)
{
    char *sans[] = {(char *)(uintptr_t) "dns:a.example", (char *)(uintptr_t) "dns:b.example"};
    char plain[] = "plain", empty[] = "", cn[] = "the cn", given[] = "given";
    char *plains[] = {plain};
    const struct {
        struct enroll_order order;
        const char *name;
    } cases[] = {
        {{.name = given, .cn = cn, .sans = sans, .sans_count = 2}, "given"},
        {{.sans = sans, .sans_count = 2}, "a.example"},
        {{.sans = plains, .sans_count = 1}, "plain"},
    };
    struct error err = ERROR_INIT;
    char *none = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *name = NULL;
        assert_true(enroll_name(&cases[i].order, &name, &err));
        assert_string_equal(name, cases[i].name);
    }
    assert_false(
        enroll_name(&(struct enroll_order){.cn = empty, .sans = sans, .sans_count = 2}, &none, &err));
    assert_string_equal(err.text, "the request has no name yet; give --cn, --san or --name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_and_its_request_are_made, begin, end),
        cmocka_unit_test_setup_teardown(another_kind_of_key_is_made_if_it_is_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(what_the_policy_refuses_is_not_written, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_written_over, begin, end),
        cmocka_unit_test_setup_teardown(a_run_of_many_goes_on_where_it_was_stopped, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_is_given_is_used_and_not_written, begin, end),
        cmocka_unit_test_setup_teardown(keys_stay_away_from_requests_that_go_to_the_ca, begin, end),
        cmocka_unit_test_setup_teardown(a_request_that_cant_be_written_leaves_no_key, begin, end),
        cmocka_unit_test_setup_teardown(an_order_without_shape_is_refused_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_key_is_encrypted_by_the_passphrase, begin, end),
        cmocka_unit_test_setup_teardown(files_are_named_by_name_cn_or_first_san, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
