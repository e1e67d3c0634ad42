/* SPDX-License-Identifier: Apache-2.0 */
/* From what an operator names to a plan: files, directories, names of answers; what is missing is told before anything is read. */
#include "plan/planning.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/openssl_release.h"
#include "csr_maker.h"
#include "folder.h"
#include "plan/inputs.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct folder folder;
static struct builder said;

static void hear(void *data, const char *text)
{
    (void)data;
    builder_format(&said, "%s\n", text);
}

static const struct console console = {.notice = hear};

static int begin(void **state)
{
    (void)state;
    folder_make(&folder);
    return setenv("COLDCA_DATA", SOURCE_FOLDER, 1);
}

static int end(void **state)
{
    (void)state;
    builder_done(&said);
    folder_remove(&folder);
    return 0;
}

static void write_file(const char *name, struct bytes content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder.fd, name, 0644, content, &err))
        fail_msg("%s", err.text);
}

static void write_request(const char *name, const char *subject)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    const struct csr_recipe recipe = {.key = key, .subject = subject};
    csr_make(&recipe, &der);
    encode_pem("CERTIFICATE REQUEST", builder_bytes(&der), &pem);
    write_file(name, builder_bytes(&pem));
}

static void names_of_answers_come_from_the_requests_path(void **state)
{
    static const struct {
        const char *path;
        const char *name;
    } cases[] = {
        {"a.csr", "a"}, {"line-3/b.PEM", "line-3/b"}, {".csr", ".csr"}, {"/", "request"}, {"c.txt", "c.txt"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *name = input_output_name(cases[i].path);
        if (cases[i].path[0] == '.')
            assert_string_not_equal(name, ""); // some safe name
        else
            assert_string_equal(name, cases[i].name);
    }
    AUTO(free) char *chain = input_output_name("b-chain.csr");
    assert_string_not_equal(chain, "b-chain"); // b's chain is called that
    assert_true(input_is_request("x.P10") && input_is_request("x.req") && !input_is_request("x.txt"));
    assert_false(input_is_request(".csr"));
}

static void a_directory_is_walked_and_what_is_no_request_left_alone(void **state)
{
    struct error err = ERROR_INIT;
    const char *const paths[] = {folder.path};
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    (void)state;
    write_file("a.csr", BYTES_LITERAL("one"));
    write_file("readme.txt", BYTES_LITERAL("no request"));
    assert_int_equal(symlinkat("a.csr", folder.fd, "b.csr"), 0);
    assert_int_equal(mkdirat(folder.fd, "sub", 0755), 0);
    write_file("sub/c.der", BYTES_LITERAL("two"));
    if (!inputs_collect(paths, 1, &console, &inputs, &err))
        fail_msg("%s", err.text);
    assert_int_equal(inputs.count, 3);
    size_t read = 0;
    for (size_t i = 0; i < inputs.count; i++) {
        read += inputs.items[i].data != NULL ? 1 : 0;
        assert_true((inputs.items[i].data == NULL) == (inputs.items[i].problem != NULL));
    }
    assert_int_equal(read, 2);
    assert_non_null(strstr(builder_text(&said), "1 files in "));
}

static void what_can_not_be_opened_is_told_before_anything_else(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    AUTO(free) char *missing = memory_format("%s/missing.csr", folder.path);
    const char *const gone[] = {missing};
    const char *const empty[] = {folder.path};
    const char *const device[] = {"/dev/null"};
    (void)state;
    assert_false(inputs_collect(gone, 1, &console, &inputs, &err));
    assert_non_null(strstr(err.text, "can't open the request"));
    error_clear(&err);
    assert_false(inputs_collect(empty, 1, &console, &inputs, &err));
    assert_non_null(strstr(err.text, "no requests found"));
    error_clear(&err);
    assert_false(inputs_collect(device, 1, &console, &inputs, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
}

static void a_file_that_is_too_large_is_a_refused_request(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    AUTO(free) char *path = memory_format("%s/large.csr", folder.path);
    AUTO(free) uint8_t *large = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    const char *const paths[] = {path};
    (void)state;
    write_file("large.csr", bytes_of(large, REQUEST_MAX_FILE_LEN + 1));
    assert_true(inputs_collect(paths, 1, &console, &inputs, &err));
    assert_non_null(strstr(inputs.items[0].problem, "larger than"));
}

static void a_plan_without_a_home_says_what_was_not_looked_at(void **state)
{
    struct error err = ERROR_INIT;
    const char *const paths[] = {folder.path};
    const struct planning_options options = {.policy = "tls-client", .paths = paths, .paths_count = 1};
    AUTO(planning_close) struct planning *planning = NULL;
    AUTO(plan_free) struct plan *plan = NULL;
    (void)state;
    write_request("a.csr", "30{31{30{06{550403}0c{'someone'}}}}");
    write_request("b.csr", "30{31{30{06{550407}0c{'a town, no name'}}}}");
    write_file("c.csr", BYTES_LITERAL("no request"));
    if (!planning_open(&options, NULL, &console, &planning, &err) ||
        !planning_plan(planning, NULL, &console, &plan, &err))
        fail_msg("%s", err.text);
    assert_string_equal(policy_name(planning_policy(planning)), "tls-client");
    assert_int_equal(plan->count, 3);
    assert_int_equal(plan_count(plan, PLAN_ALLOW), 1);
    assert_int_equal(plan_count(plan, PLAN_REFUSE), 2);
    assert_non_null(strstr(builder_text(&said), "without a CA (-C) these were not checked"));
}

static void what_is_not_named_is_asked_for(void **state)
{
    struct error err = ERROR_INIT;
    const char *const paths[] = {folder.path};
    struct planning_options options = {.paths = paths, .paths_count = 1};
    struct planning *planning = NULL;
    (void)state;
    assert_false(planning_open(&options, NULL, &console, &planning, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "--policy NAME is needed"));
    options = (struct planning_options){.policy = "tls-client"};
    assert_false(planning_open(&options, NULL, &console, &planning, &err));
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_non_null(strstr(err.text, "name the requests"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_of_answers_come_from_the_requests_path, begin, end),
        cmocka_unit_test_setup_teardown(a_directory_is_walked_and_what_is_no_request_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_opened_is_told_before_anything_else, begin, end),
        cmocka_unit_test_setup_teardown(a_file_that_is_too_large_is_a_refused_request, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_without_a_home_says_what_was_not_looked_at, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_named_is_asked_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
