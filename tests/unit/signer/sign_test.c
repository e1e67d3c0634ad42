/* SPDX-License-Identifier: Apache-2.0 */
/* Promise P3 at its last gate: the CA key is not used for what the ledger does not hold on the disk. */
#include "fake_home.h"

#include "base/json.h"
#include "base/memory.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

static uint64_t append(const char *words)
{
    struct error err = ERROR_INIT;
    uint64_t seq = UINT64_MAX;
    struct json *fields = json_new_object();
    json_put_text(fields, "words", words);
    assert_true(ledger_append(own.home->ledger, "test.signing", fields, &seq, &err));
    return seq;
}

static bool sign(uint64_t seq)
{
    struct error err = ERROR_INIT;
    size_t token = 0;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    const struct token_message message = {.data = BYTES_LITERAL("words")};
    return signer_sign(own.signer, seq, SIGNATURE_ECDSA_SHA256, &message, &signature, &token, &err);
}

/** How a child that signs for this record ends: its signal, or 0. */
static int end_of_signing(uint64_t seq)
{
    int status = 0;
    const struct rlimit none = {0, 0}; // no core file
    pid_t child = fork();
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &none);
        _exit(sign(seq) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void a_record_that_is_not_on_the_disk_is_not_signed(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    uint64_t seq = append("one");
    assert_int_equal(end_of_signing(seq), SIGABRT);
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_int_equal(end_of_signing(seq), 0);
}

static void a_record_that_will_never_be_is_not_signed(void **state)
{
    (void)state;
    assert_int_equal(end_of_signing(ledger_size(own.home->ledger)), SIGABRT);
    assert_int_equal(end_of_signing(UINT64_MAX), SIGABRT);
}

/** init's signer has no pool yet. */
static void without_a_pool_the_same_holds(void **state)
{
    struct error err = ERROR_INIT;
    struct token *token = NULL;
    struct signer_parts parts = {.token = NULL};
    const struct token_choice choice = {.label = FAKE_TOKEN};
    (void)state;
    assert_true(token_open(&choice, &token, &err));
    parts.token = token;
    assert_true(token_key_find(token, own.home->config.ca_key, bytes_of(NULL, 0), &parts.ca_key, &err));
    assert_true(
        token_key_find(token, own.home->config.ledger_key, bytes_of(NULL, 0), &parts.ledger_key, &err));
    signer_close(own.signer);
    own.signer = signer_of_parts(own.confined, &parts);
    assert_int_equal(signer_sessions(own.signer), 1);
    assert_false(signer_drop(own.signer, 0, &err));
    signer_report_dropped(own.signer, &fake_console);
    uint64_t seq = append("one");
    assert_int_equal(end_of_signing(seq), SIGABRT);
    assert_true(ledger_commit(own.home->ledger, &err));
    assert_int_equal(end_of_signing(seq), 0);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_int_equal(end_of_signing(seq), 1); // it is told
}

static void a_checkpoint_is_signed_by_the_ledger_key(void **state)
{
    struct error err = ERROR_INIT;
    size_t before = 0;
    size_t after = 0;
    (void)state;
    (void)append("one");
    assert_true(ledger_commit(own.home->ledger, &err));
    (void)fake_token_signatures(&before);
    assert_true(signer_checkpoint(own.signer, &err));
    const struct fake_signature *signatures = fake_token_signatures(&after);
    assert_int_equal(after, before + 1);
    assert_true(signatures[before].is_of_ledger_key);
    assert_int_equal(ledger_checkpoint_size(own.home->ledger), ledger_size(own.home->ledger));
}

static void a_proof_that_the_key_is_held_says_so_when_it_fails(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    assert_true(
        signer_prove_key(own.signer, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("info"), &signature, &err));
    assert_true(signature.len > 0);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_false(
        signer_prove_key(own.signer, SIGNATURE_ECDSA_SHA256, BYTES_LITERAL("info"), &signature, &err));
    assert_int_equal(err.kind, ERROR_TOKEN);
    assert_non_null(strstr(err.text, "proving that the CA key is held"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_that_is_not_on_the_disk_is_not_signed, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_will_never_be_is_not_signed, begin, end),
        cmocka_unit_test_setup_teardown(without_a_pool_the_same_holds, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_is_signed_by_the_ledger_key, begin, end),
        cmocka_unit_test_setup_teardown(a_proof_that_the_key_is_held_says_so_when_it_fails, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
