/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CRL of a plan that was signed is delivered again by the same command, byte for byte, and no key signs for it; one whose signature
 * was never recorded is over.
 */
#include "crl_planned.h"

static int look_at_again(bool is_done, const struct crl_result *result, const struct error *err)
{
    size_t count = 0;
    (void)err;
    if (!is_done || !result->is_again || result->number != 1 || strcmp(result->name, "crl-1") != 0)
        return 1;
    if (strcmp(fake_console_said(), "this plan was carried out before; its CRL 1 is delivered again\n") != 0)
        return 2;
    (void)fake_token_signatures(&count);
    if (count != signatures)
        return 3;
    // Its token, as its parent's, had not been told of the number: it is before the CRL leaves again.
    uint64_t number = 0;
    fake_home_open(&own);
    return signer_remembered_crl(own.signer, &number) && number == 1 ? 0 : 4;
}

static void the_same_command_delivers_it_again(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder der_again = BUILDER_INIT;
    AUTO(builder_done) struct builder pem_again = BUILDER_INIT;
    (void)state;
    run_crl(true, look_at_success);
    AUTO(free) char *types = fake_home_types(&own);
    assert_non_null(strstr(types, "plan.approved crl.signing crl.issued "));
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der, &err));
    assert_true(file_read(AT_FDCWD, pem_path, FILE_MAX_LEN, &pem, &err));
    assert_true(unlink(der_path) == 0 && unlink(pem_path) == 0);
    run_crl(true, look_at_again);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der_again, &err));
    assert_true(file_read(AT_FDCWD, pem_path, FILE_MAX_LEN, &pem_again, &err));
    assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&der_again)));
    assert_true(bytes_equal(builder_bytes(&pem), builder_bytes(&pem_again)));
    AUTO(free) char *after = fake_home_types(&own);
    assert_string_equal(after, types);
}

/** Makes another plan, which is the one from now on. \return the first one */
static struct plan_file plan_second(void)
{
    struct error err = ERROR_INIT;
    struct plan_file first = file;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_int_equal(unlink(plan_path), 0);
    run_crl(false, look_at_success);
    assert_true(file_read(AT_FDCWD, plan_path, FILE_MAX_LEN, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    return first;
}

static int look_at_second(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)err;
    return is_done && !result->is_again && result->number == 2 ? 0 : 1;
}

static int look_at_second_again(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)err;
    return is_done && result->is_again && result->number == 2 ? 0 : 1;
}

/** Two plans were carried out since: each command delivers its own. */
static void the_command_of_an_older_plan_delivers_its_own(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder der_again = BUILDER_INIT;
    (void)state;
    run_crl(true, look_at_success);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der, &err));
    struct plan_file first = plan_second();
    run_crl(true, look_at_second);
    AUTO(free) char *second_path = memory_format("%s/crl/crl-2.der", own.path);
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    AUTO(builder_done) struct builder second_again = BUILDER_INIT;
    assert_true(file_read(AT_FDCWD, second_path, FILE_MAX_LEN, &second, &err));
    assert_int_equal(unlink(second_path), 0);
    run_crl(true, look_at_second_again);
    assert_true(file_read(AT_FDCWD, second_path, FILE_MAX_LEN, &second_again, &err));
    assert_true(bytes_equal(builder_bytes(&second), builder_bytes(&second_again)));
    plan_file_done(&file);
    file = first;
    assert_true(unlink(der_path) == 0 && unlink(pem_path) == 0);
    run_crl(true, look_at_again);
    assert_true(file_read(AT_FDCWD, der_path, FILE_MAX_LEN, &der_again, &err));
    assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&der_again)));
}

static int look_at_failure(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)result;
    return !is_done && err->kind == ERROR_TOKEN ? 0 : 1;
}

static int look_at_end(bool is_done, const struct crl_result *result, const struct error *err)
{
    (void)result;
    return !is_done && err->kind == ERROR_INPUT &&
                   strcmp(err->text,
                          "the plan was carried out before, but a run stopped between logging CRL 1 "
                          "and recording its signature: whether the token signed it nobody knows, "
                          "so its number is never used again; plan it anew, and have it approved") == 0
               ? 0
               : 1;
}

static void one_whose_signature_was_not_recorded_is_over(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    run_crl(true, look_at_failure);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    AUTO(free) char *types = fake_home_types(&own);
    assert_non_null(strstr(types, "crl.signing crl.abandoned "));
    run_crl(true, look_at_end);
    assert_false(file_exists(AT_FDCWD, der_path));
    // Nor is another that was signed since taken for it.
    struct plan_file first = plan_second();
    run_crl(true, look_at_second);
    plan_file_done(&file);
    file = first;
    run_crl(true, look_at_end);
    assert_false(file_exists(AT_FDCWD, der_path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_command_delivers_it_again, begin, end),
        cmocka_unit_test_setup_teardown(the_command_of_an_older_plan_delivers_its_own, begin, end),
        cmocka_unit_test_setup_teardown(one_whose_signature_was_not_recorded_is_over, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
