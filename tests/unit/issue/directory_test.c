/* SPDX-License-Identifier: Apache-2.0 */
/* A directory as output: what lies there after a run, what is never replaced, and whose checkpoint is met. */
#include "issue/directory.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "fake_home.h"
#include "ledger/proof.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct fake_home own;
static struct policy *policy;
static char out[96];
static unsigned told;

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    fake_home_open(&own);
    policy = fake_policy("");
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    told = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    policy_free(policy);
    fake_home_remove(&own);
    return 0;
}

static bool has(const char *name)
{
    AUTO(free) char *path = memory_format("%s/%s", out, name);
    return file_exists(AT_FDCWD, path);
}

static char *content(const char *name)
{
    struct error err = ERROR_INIT;
    struct builder data = BUILDER_INIT;
    AUTO(free) char *path = memory_format("%s/%s", out, name);
    if (!file_read(AT_FDCWD, path, 1 << 20, &data, &err))
        fail_msg("%s", err.text);
    return builder_take_text(&data);
}

static void put_file(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/%s", out, name);
    assert_true(file_create(AT_FDCWD, path, 0644, bytes_of_text(text), &err));
}

static unsigned certificates_in(const char *pem)
{
    unsigned count = 0;
    for (const char *at = pem; (at = strstr(at, "-----BEGIN CERTIFICATE-----")) != NULL; at++)
        count++;
    return count;
}

static void tell(void *data, const char *file, struct bytes bytes)
{
    (void)data;
    assert_true(strlen(file) > 0 && bytes.len > 0);
    told++;
}

/** Opens the directory and signs what is asked. \param plan  judged here */
static bool issue(struct plan *plan, enum directory_format format, bool with_chain,
                  struct issue_result *ret_result, struct error *err)
{
    const struct issue_options options = {.command = "sign"};
    AUTO(directory_close) struct directory directory = {.fd = -1};
    if (!directory_open(own.home, out, &directory, err) || !directory_meet_checkpoint(&directory, err))
        return false;
    directory.format = format;
    directory.with_chain = with_chain;
    directory.output.wants_proof = true;
    directory.delivered = tell;
    fake_plan_judge(&own, plan, policy, &directory.output);
    return issue_plan(own.signer, plan, &directory.output, &options, &fake_console, ret_result, err) &&
           directory_put_checkpoint(&directory, err);
}

static void a_certificate_its_chain_its_proof_and_the_checkpoint(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 2);
    if (!issue(plan, DIRECTORY_PEM, true, &result, &err))
        fail_msg("%s", err.text);
    AUTO(free) char *pem = content("device-1.pem");
    AUTO(free) char *chain = content("device-1-chain.pem");
    AUTO(free) char *checkpoint = content("checkpoint");
    assert_int_equal(certificates_in(pem), 1);
    assert_int_equal(certificates_in(chain), 2);
    assert_memory_equal(chain, pem, strlen(pem));
    assert_true(has("device-1.tlog-proof") && has("device-2.tlog-proof") && has("device-2.pem"));
    assert_memory_equal(checkpoint, "ca.example/root\n", 16);
    assert_int_equal(told, 6);
}

/** What lies there as a certificate's proof, verified as anybody does. */
static void assert_proof_holds(const char *name)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(ledger_proof_done) struct ledger_proof facts = {.record = NULL};
    AUTO(free) char *proof_file = memory_format("%s.tlog-proof", name);
    AUTO(free) char *der_file = memory_format("%s.der", name);
    AUTO(free) char *path = memory_format("%s/%s", out, der_file);
    AUTO(free) char *proof = content(proof_file);
    assert_true(file_read(AT_FDCWD, path, 1 << 20, &der, &err));
    digest_sha256(builder_bytes(&der), digest);
    if (!ledger_proof_verify(bytes_of_text(proof), own.home->config.ledger_vkey, digest, NULL, &facts, &err))
        fail_msg("%s: %s", name, err.text);
}

static void proofs_hold_for_their_certificates_however_often_they_are_made(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 3);
    assert_true(issue(plan, DIRECTORY_DER, false, &result, &err));
    for (size_t i = 0; i < plan->count; i++)
        assert_proof_holds(plan->items[i].name);
    // One that is gone is made anew, of the record of the run before.
    AUTO(free) char *gone = memory_format("%s/device-2.tlog-proof", out);
    assert_int_equal(unlink(gone), 0);
    AUTO(plan_free) struct plan *second = fake_plan_again(policy, plan);
    assert_true(issue(second, DIRECTORY_DER, false, &result, &err));
    assert_int_equal(result.repeated, 3);
    for (size_t i = 0; i < second->count; i++)
        assert_proof_holds(second->items[i].name);
}

static void a_chain_has_all_that_is_above(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    (void)state;
    encode_pem("CERTIFICATE", BYTES_LITERAL("the root's"), &own.home->chain_pem); // as if ours were not one
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    assert_true(issue(plan, DIRECTORY_PEM, true, &result, &err));
    AUTO(free) char *chain = content("device-1-chain.pem");
    assert_int_equal(certificates_in(chain), 3);
    encode_pem("CERTIFICATE", cert_issuer_der(own.home->issuer), &pem);
    builder_add_bytes(&pem, builder_bytes(&own.home->chain_pem));
    assert_string_equal(chain + strlen(chain) - pem.len, builder_text(&pem));
}

static void somebodys_proof_is_in_nobodys_way_where_none_is_wanted(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    const struct issue_options options = {.command = "sign"};
    (void)state;
    AUTO(directory_close) struct directory directory = {.fd = -1};
    assert_true(directory_open(own.home, out, &directory, &err));
    put_file("device-1.tlog-proof", "somebody's\n");
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    fake_plan_judge(&own, plan, policy, &directory.output);
    if (!issue_plan(own.signer, plan, &directory.output, &options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.issued, 1);
    assert_true(has("device-1.pem"));
    AUTO(free) char *still = content("device-1.tlog-proof");
    assert_string_equal(still, "somebody's\n");
}

static void der_is_bytes(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    assert_true(issue(plan, DIRECTORY_DER, false, &result, &err));
    AUTO(free) char *der = content("device-1.der");
    assert_int_equal((unsigned char)der[0], 0x30);
    assert_false(has("device-1.pem") || has("device-1-chain.pem"));
}

static void the_same_run_again_changes_nothing(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    assert_true(issue(plan, DIRECTORY_PEM, false, &result, &err));
    AUTO(free) char *pem = content("device-1.pem");
    AUTO(free) char *proof = content("device-1.tlog-proof");
    AUTO(plan_free) struct plan *second = fake_plan_again(policy, plan);
    if (!issue(second, DIRECTORY_PEM, false, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.repeated, 1);
    assert_int_equal(result.issued, 0);
    AUTO(free) char *pem_now = content("device-1.pem");
    AUTO(free) char *proof_now = content("device-1.tlog-proof");
    assert_string_equal(pem, pem_now);
    assert_string_equal(proof, proof_now); // made under an earlier checkpoint, and it holds
}

static void another_file_of_that_name_is_never_replaced(void **state)
{
    static const char *const names[] = {"device-1.pem", "device-1.tlog-proof"};
    (void)state;
    assert_int_equal(mkdir(out, 0755), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        struct issue_result result;
        AUTO(free) char *path = memory_format("%s/%s", out, names[i]);
        put_file(names[i], "somebody's\n");
        AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
        if (!issue(plan, DIRECTORY_PEM, false, &result, &err))
            fail_msg("%s", err.text);
        assert_int_equal(result.issued, 0);
        assert_int_equal(result.refused, 1);
        assert_true(findings_has(&plan->items[0].verdict->findings, "output.exists"));
        AUTO(free) char *still = content(names[i]);
        assert_string_equal(still, "somebody's\n");
        assert_int_equal(unlink(path), 0);
    }
}

static void an_empty_file_of_that_name_is_never_replaced_either(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    assert_int_equal(mkdir(out, 0755), 0);
    put_file("device-1.der", "");
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    assert_true(issue(plan, DIRECTORY_DER, false, &result, &err));
    assert_int_equal(result.refused, 1);
    AUTO(free) char *still = content("device-1.der");
    assert_string_equal(still, "");
}

/** What is put between judging and delivery stays as well. */
static void a_file_that_came_meanwhile_stays(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    const struct issue_options options = {.command = "sign"};
    (void)state;
    AUTO(directory_close) struct directory directory = {.fd = -1};
    assert_true(directory_open(own.home, out, &directory, &err));
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    fake_plan_judge(&own, plan, policy, &directory.output);
    put_file("device-1.pem", "somebody's\n");
    assert_false(issue_plan(own.signer, plan, &directory.output, &options, &fake_console, &result, &err));
    assert_non_null(strstr(err.text, "device-1.pem"));
    AUTO(free) char *still = content("device-1.pem");
    assert_string_equal(still, "somebody's\n");
    assert_true(fake_home_logged(&own, "cert.issued"));
}

/** Where a certificate is, all that belongs to it is. */
static void a_certificate_whose_proof_can_not_be_put_is_not_put_either(void **state)
{
    static const char *const names[] = {"device-0.tlog-proof", "device-1-chain.pem"};
    const struct issue_options options = {.command = "sign"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct error err = ERROR_INIT;
        struct issue_result result;
        AUTO(free) char *certificate = memory_format("device-%u.pem", i);
        AUTO(directory_close) struct directory directory = {.fd = -1};
        assert_true(directory_open(own.home, out, &directory, &err));
        directory.output.wants_proof = true;
        directory.with_chain = true;
        AUTO(plan_free) struct plan *plan = fake_plan(policy, i, 1);
        fake_plan_judge(&own, plan, policy, &directory.output);
        put_file(names[i], "somebody's\n");
        assert_false(issue_plan(own.signer, plan, &directory.output, &options, &fake_console, &result, &err));
        assert_non_null(strstr(err.text, names[i]));
        assert_int_equal(result.issued, 0);
        assert_false(has(certificate));
    }
}

static void a_later_checkpoint_than_the_ledgers_is_a_rollback(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    AUTO(free) char *ledger = memory_format("cp -a %s %s.old", own.path, own.path);
    AUTO(free) char *back = memory_format("rm -r %s && mv %s.old %s", own.path, own.path, own.path);
    fake_home_close(&own);
    assert_int_equal(system(ledger), 0); // NOLINT(cert-env33-c): paths of this test's own
    fake_home_open(&own);
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    assert_true(issue(plan, DIRECTORY_PEM, false, &result, &err));
    fake_home_close(&own);
    assert_int_equal(system(back), 0); // NOLINT(cert-env33-c): likewise
    fake_token_forget();               // else the token finds it first: unit.signer.memory
    fake_home_open(&own);
    AUTO(plan_free) struct plan *second = fake_plan(policy, 2, 1);
    assert_false(issue(second, DIRECTORY_PEM, false, &result, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "comparing with the checkpoint in the output directory"));
}

static void a_checkpoint_that_is_none_is_no_evidence(void **state)
{
    struct error err = ERROR_INIT;
    struct issue_result result;
    (void)state;
    assert_int_equal(mkdir(out, 0755), 0);
    put_file("checkpoint", "somebody's\n");
    AUTO(plan_free) struct plan *plan = fake_plan(policy, 1, 1);
    if (!issue(plan, DIRECTORY_PEM, false, &result, &err))
        fail_msg("%s", err.text);
    assert_int_equal(result.issued, 1);
}

static void a_directory_that_is_closed_is_closed(void **state)
{
    struct error err = ERROR_INIT;
    struct directory directory = {.fd = -1};
    (void)state;
    assert_true(directory_open(own.home, out, &directory, &err));
    int fd = directory.fd;
    assert_true(fcntl(fd, F_GETFD) >= 0);
    directory_close(&directory);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(directory.fd, -1);
    assert_false(file_exists(AT_FDCWD, out)); // it was made, and nothing came into it
    directory_close(&directory);              // once more, as a run that fails does
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_certificate_its_chain_its_proof_and_the_checkpoint, begin, end),
        cmocka_unit_test_setup_teardown(der_is_bytes, begin, end),
        cmocka_unit_test_setup_teardown(proofs_hold_for_their_certificates_however_often_they_are_made, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_chain_has_all_that_is_above, begin, end),
        cmocka_unit_test_setup_teardown(somebodys_proof_is_in_nobodys_way_where_none_is_wanted, begin, end),
        cmocka_unit_test_setup_teardown(the_same_run_again_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(another_file_of_that_name_is_never_replaced, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_file_of_that_name_is_never_replaced_either, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_came_meanwhile_stays, begin, end),
        cmocka_unit_test_setup_teardown(a_certificate_whose_proof_can_not_be_put_is_not_put_either, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_later_checkpoint_than_the_ledgers_is_a_rollback, begin, end),
        cmocka_unit_test_setup_teardown(a_checkpoint_that_is_none_is_no_evidence, begin, end),
        cmocka_unit_test_setup_teardown(a_directory_that_is_closed_is_closed, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
