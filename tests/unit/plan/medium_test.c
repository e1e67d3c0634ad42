/* SPDX-License-Identifier: Apache-2.0 */
/* A medium's requests and what its signed list has to say of each: those it does not know, those that differ, those that are gone. */
#include "plan/inputs.h"

#include "base/digest.h"
#include "base/file.h"
#include "small_home.h"

#include "signed_medium.h"

#include <string.h>

static struct bench bench;
static struct small_home small;
static struct approver ann;
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
    approver_make(&ann, "ann", "a");
    small_home_make(&small);
    bench_make(&bench, "");
    bench.home.ledger = small.home.ledger;
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&said);
    bench_remove(&bench);
    small_home_remove(&small);
    approver_done(&ann);
    return 0;
}

static bool collect(struct inputs *ret_inputs, struct error *err)
{
    static char names[][8] = {"other", "own", "others", "two", "ow"};
    char *const policies[] = {names[0], names[1], names[2], names[3], names[4]};
    const struct inputs_media media = {
        .home = &bench.home, .policy = "own", .policies = policies, .policies_count = ARRAY_LEN(policies)};
    AUTO(free) char *path = memory_format("%s/medium", bench.folder.path);
    const char *const paths[] = {path};
    builder_clear(&said);
    return inputs_collect_media(paths, 1, &media, &console, ret_inputs, err);
}

struct wanted {
    const char *source;
    const char *name;
    const char *content; /**< NULL: it has a problem */
    const char *rule;
    const char *problem;
    const char *remedy;
};

static void assert_text(const char *found, const char *wanted)
{
    if (wanted == NULL)
        assert_null(found);
    else if (found == NULL || strcmp(found, wanted) != 0)
        fail_msg("\"%s\" is not \"%s\"", found == NULL ? "" : found, wanted);
}

static void assert_inputs(const struct inputs *inputs, const struct wanted *wanted, size_t count)
{
    assert_int_equal(inputs->count, count);
    for (size_t i = 0; i < count; i++) {
        const struct plan_input *input = &inputs->items[i];
        assert_text(input->source, wanted[i].source);
        assert_text(input->name, wanted[i].name);
        assert_text(input->problem, wanted[i].problem);
        assert_text(input->rule, wanted[i].rule);
        assert_text(input->remedy, wanted[i].remedy);
        assert_int_equal(input->data != NULL, wanted[i].content != NULL);
        assert_int_equal(input->len, wanted[i].content == NULL ? 0 : strlen(wanted[i].content));
        if (wanted[i].content != NULL)
            assert_memory_equal(input->data, wanted[i].content, input->len);
    }
}

static void what_its_list_says_of_each_file(void **state)
{
    static const struct wanted wanted[] = {
        {"requests/1.csr", "1", "one", NULL, NULL, NULL},
        {"requests/abcde/b.csr", "abcde/b", "text", NULL, NULL, NULL}, // as long as a policy's name
        {"requests/changed.csr", "changed", NULL, "medium.manifest",
         "its content is not what the signed requests.sha256 says; bring it again", NULL},
        {"requests/large.csr", "large", NULL, NULL, "larger than 65536 bytes", NULL},
        {"requests/new.csr", "new", NULL, "medium.manifest",
         "it is not in the signed requests.sha256; list it and have the list signed again", NULL},
        {"requests/oth/c.csr", "oth/c", "text", NULL, NULL, NULL}, // as one begins
        {"requests/own/a.csr", "own/a", "two", NULL, NULL, NULL},
        {"requests/0.csr", "0", NULL, "medium.manifest",
         "the medium does not hold it, and its signed list does",
         "find out what became of it, or have the list made and signed again"},
        {"requests/gone.csr", "gone", NULL, "medium.manifest",
         "the medium does not hold it, and its signed list does",
         "find out what became of it, or have the list made and signed again"},
    };
    struct error err = ERROR_INIT;
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    (void)state;
    run(&bench, "cd medium && cd requests && mkdir own other others two ow abcde oth && printf text | tee "
                "0.csr others/d.csr "
                "two/e.csr ow/f.csr abcde/b.csr oth/c.csr && cd .. && printf two >requests/own/a.csr && "
                "printf three >requests/other/b.csr && printf text >requests/read.me && "
                "printf gone >requests/gone.csr && printf before >requests/changed.csr && "
                "head -c 65537 /dev/zero >requests/large.csr && "
                "find requests -type f | sort | xargs sha256sum >requests.sha256 && rm requests/gone.csr "
                "requests/0.csr && "
                "printf after >requests/changed.csr && printf new >requests/new.csr");
    sign_list(&bench, "ed.key");
    if (!collect(&inputs, &err))
        fail_msg("%s", err.text);
    assert_inputs(&inputs, wanted, ARRAY_LEN(wanted));
    assert_string_equal(
        builder_text(&said),
        "1 files in requests do not end in .csr, .req, .p10, .pem or .der and were left alone\n"
        "4 requests in requests are in directories of other policies than own and were left alone: a plan is "
        "of "
        "one policy, make another of them\n");
    run(&bench, "openssl genpkey -algorithm ed25519 -out stranger.key");
    sign_list(&bench, "stranger.key");
    struct inputs none = {.items = NULL};
    assert_false(collect(&none, &err));
    assert_null(none.items);
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** A control may want a list where ca.yaml does not. */
static void a_list_is_required_by_ca_yaml_or_by_the_control(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    struct inputs none = {.items = NULL};
    (void)state;
    run(&bench, "rm medium/requests.sha256");
    if (!collect(&inputs, &err)) // nobody wants one
        fail_msg("%s", err.text);
    assert_int_equal(inputs.count, 1);
    bench.home.config.require_manifest = true;
    assert_false(collect(&none, &err));
    assert_non_null(strstr(err.text, "the medium has no requests.sha256 and ca.yaml requires one"));
    bench.home.config.require_manifest = false;
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE, .requires_manifest = true};
    error_clear(&err);
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    (void)small_home_log(&small, RECORD_CONTROL_SET, control_write(&control));
    assert_false(collect(&none, &err));
    if (strstr(err.text, "require_manifest") == NULL)
        fail_msg("%s", err.text);
}

static void what_is_no_directory_of_requests_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct inputs none = {.items = NULL};
    (void)state;
    run(&bench,
        "rm medium/requests.sha256 && mv medium/requests elsewhere && ln -s ../elsewhere medium/requests");
    assert_false(collect(&none, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    error_clear(&err);
    run(&bench, "rm medium/requests && mkdir medium/requests");
    assert_false(collect(&none, &err));
    assert_string_equal(err.text,
                        "no requests found; a request's name ends in .csr, .req, .p10, .pem or .der");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_its_list_says_of_each_file),
        TEST(a_list_is_required_by_ca_yaml_or_by_the_control),
        TEST(what_is_no_directory_of_requests_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
