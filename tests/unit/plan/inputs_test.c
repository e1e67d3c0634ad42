/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are requests, what their answers are called, whose directories of a medium are taken; and an item in JSON, member by member. */
#include "plan/inputs.h"

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "failing.h"
#include "folder.h"
#include "small_home.h"

#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct folder folder;
static struct builder said;
static struct small_home small;

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
    small_home_make(&small);
    return 0;
}

static int end(void **state)
{
    (void)state;
    builder_done(&said);
    folder_remove(&folder);
    small_home_remove(&small);
    return 0;
}

static void write_file(const char *name, struct bytes content)
{
    struct error err = ERROR_INIT;
    if (!file_create(folder.fd, name, 0644, content, &err))
        fail_msg("%s", err.text);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdirat(folder.fd, name, 0755), 0);
}

static void answers_are_called_like_their_requests_where_nothing_else_is(void **state)
{
    static const struct {
        const char *path;
        const char *name; /**< NULL: another one than the path without its ending, and the same each time */
    } cases[] = {
        {"a.csr", "a"},
        {"a.CSR", "a"},
        {"a.req", "a"},
        {"a.p10", "a"},
        {"a.pem", "a"},
        {"a.der", "a"},
        {"a.der.csr", "a.der"},
        {"a.txt", "a.txt"},
        {"a", "a"},
        {"x/y/a.csr", "x/y/a"},
        {"/x//a.csr", "x/a"},
        {"", "request"},
        {"/", "request"},
        {"///", "request"},
        {"chain.csr", "chain"},
        {"a-chain.csr", NULL},
        {"a-Chain.csr", NULL},
        {"-chain.csr", NULL},
        {"a-chain/b.csr", "a-chain/b"},
        {"a.pem/b.csr", NULL},
        {"a.tlog-proof/b.csr", NULL},
        {"a.tlog-proof.csr", "a.tlog-proof"},
        {"report.html/b.csr", NULL},
        {"Report.JSON/b.csr", NULL},
        {"refused.csv/b.csr", NULL},
        {"SHA256SUMS/b.csr", NULL},
        {"checkpoint/b.csr", NULL},
        {"checkpoint.csr", "checkpoint"},
        {"x/checkpoint/b.csr", NULL},
        {"report/b.csr", "report/b"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *name = input_output_name(cases[i].path);
        AUTO(free) char *again = input_output_name(cases[i].path);
        size_t len = strlen(cases[i].path) - 4; // all that have no name end so
        assert_string_equal(name, again);
        if (cases[i].name != NULL)
            assert_string_equal(name, cases[i].name);
        else if (strlen(name) == len && strncmp(name, cases[i].path, len) == 0)
            fail_msg("%s", name);
    }
}

static void a_request_is_known_by_its_ending(void **state)
{
    static const char *const requests[] = {"a.csr", "a.REQ", "a.p10", "a.Pem", "a.der", "x/a.csr"};
    static const char *const others[] = {"csr", ".csr", "a.csr.txt", "a", "", "a.csrx", "acsr"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++)
        assert_true(input_is_request(requests[i]));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(input_is_request(others[i]));
}

static void collect(const struct inputs_media *media, struct inputs *ret_inputs)
{
    struct error err = ERROR_INIT;
    const char *const paths[] = {folder.path};
    if (!inputs_collect_media(paths, 1, media, &console, ret_inputs, &err))
        fail_msg("%s", err.text);
}

static bool has_input(const struct inputs *inputs, const char *source, const char *name, const char *content)
{
    for (size_t i = 0; i < inputs->count; i++) {
        const struct plan_input *input = &inputs->items[i];
        if (strcmp(input->source, source) == 0 && strcmp(input->name, name) == 0)
            return bytes_equal_text(bytes_of(input->data, input->len), content);
    }
    return false;
}

static void a_mediums_requests_are_those_of_the_plans_policy(void **state)
{
    static char own_name[] = "own", other_name[] = "other";
    char *const policies[] = {own_name, other_name};
    const struct inputs_media media = {
        .home = &small.home, .policy = "own", .policies = policies, .policies_count = 2};
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    AUTO(inputs_done) struct inputs all = {.items = NULL};
    (void)state;
    make_folder("requests");
    make_folder("requests/own");
    make_folder("requests/other");
    make_folder("requests/others");
    write_file("requests/a.csr", BYTES_LITERAL("A"));
    write_file("requests/own/b.csr", BYTES_LITERAL("B"));
    write_file("requests/other/c.csr", BYTES_LITERAL("C"));
    write_file("requests/other/d.csr", BYTES_LITERAL("D"));
    write_file("requests/others/e.csr", BYTES_LITERAL("E"));
    write_file("requests/other.csr", BYTES_LITERAL("F"));
    write_file("requests/read.me", BYTES_LITERAL("G"));
    write_file("outside.csr", BYTES_LITERAL("H"));
    collect(&media, &inputs);
    assert_int_equal(inputs.count, 4);
    assert_true(has_input(&inputs, "requests/a.csr", "a", "A"));
    assert_true(has_input(&inputs, "requests/own/b.csr", "own/b", "B"));
    assert_true(has_input(&inputs, "requests/others/e.csr", "others/e", "E"));
    assert_true(has_input(&inputs, "requests/other.csr", "other", "F"));
    assert_non_null(strstr(builder_text(&said), "1 files in requests do not end in .csr"));
    assert_non_null(
        strstr(builder_text(&said), "2 requests in requests are in directories of other policies than own"));
    // Not taken for a medium, it is a directory like any other.
    builder_clear(&said);
    collect(NULL, &all);
    assert_int_equal(all.count, 7);
    assert_null(strstr(builder_text(&said), "other policies"));
}

/** As `coldca batch` has it; plan/manifest.h knows what makes a list good. */
static void a_medium_without_the_list_that_is_required_is_not_read(void **state)
{
    struct error err = ERROR_INIT;
    struct inputs inputs = {.count = 0};
    const struct inputs_media media = {.home = &small.home, .policy = "own", .policies = NULL};
    const char *const paths[] = {folder.path};
    (void)state;
    make_folder("requests");
    write_file("requests/a.csr", BYTES_LITERAL("a"));
    small.home.config.require_manifest = true;
    assert_false(inputs_collect_media(paths, 1, &media, &console, &inputs, &err));
    assert_non_null(strstr(err.text, "the medium has no requests.sha256"));
    assert_int_equal(err.kind, ERROR_INPUT);
    // Named files are no medium, and nobody lists them.
    if (!inputs_collect(paths, 1, &console, &inputs, &err))
        fail_msg("%s", err.text);
    inputs_done(&inputs);
}

static void nothing_is_said_where_nothing_is_left_alone(void **state)
{
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    (void)state;
    write_file("a.csr", BYTES_LITERAL("A"));
    collect(NULL, &inputs);
    assert_int_equal(inputs.count, 1);
    assert_int_equal(said.len, 0);
}

static void what_can_not_be_read_in_a_directory_is_an_input_with_a_problem(void **state)
{
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    AUTO(free) uint8_t *large = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    (void)state;
    write_file("fits.csr", bytes_of(large, REQUEST_MAX_FILE_LEN));
    write_file("large.csr", bytes_of(large, REQUEST_MAX_FILE_LEN + 1));
    assert_int_equal(symlinkat("fits.csr", folder.fd, "link.csr"), 0);
    write_file("odd\n.csr", BYTES_LITERAL("A"));
    collect(NULL, &inputs);
    assert_int_equal(inputs.count, 4);
    for (size_t i = 0; i < inputs.count; i++) {
        const struct plan_input *input = &inputs.items[i];
        bool is_fit = strstr(input->source, "fits") != NULL || strstr(input->source, "odd") != NULL;
        assert_int_equal(input->problem == NULL, is_fit);
        assert_int_equal(input->data != NULL, is_fit);
        assert_null(strchr(input->source, '\n'));
        assert_null(strchr(input->name, '\n'));
    }
}

/** What can't be read is an input with a problem, an error of the whole, or told: nobody's request is left out without a word. */
static void a_call_that_fails_hides_no_request(void **state)
{
    static char own_name[] = "own";
    char *const policies[] = {own_name};
    const struct inputs_media media = {
        .home = &small.home, .policy = "own", .policies = policies, .policies_count = 1};
    const char *const paths[] = {folder.path};
    const char *failed = "";
    (void)state;
    make_folder("requests");
    make_folder("requests/own");
    write_file("requests/a.csr", BYTES_LITERAL("A"));
    write_file("requests/own/b.csr", BYTES_LITERAL("B"));
    write_file("requests/c.csr", BYTES_LITERAL("C"));
    for (unsigned number = 1; failed != NULL; number++) {
        struct error err = ERROR_INIT;
        AUTO(inputs_done) struct inputs inputs = {.items = NULL};
        size_t problems = 0;
        builder_clear(&said);
        failing_at("", number);
        bool is_done = inputs_collect_media(paths, 1, &media, &console, &inputs, &err);
        failed = failing_stop();
        assert_true(is_done ? err.kind == ERROR_NONE : err.kind == ERROR_INPUT || err.kind == ERROR_LEDGER);
        for (size_t i = 0; i < inputs.count; i++) {
            problems += inputs.items[i].problem != NULL ? 1 : 0;
            assert_int_equal(inputs.items[i].problem == NULL, inputs.items[i].data != NULL);
        }
        bool is_whole = has_input(&inputs, "requests/a.csr", "a", "A") &&
                        has_input(&inputs, "requests/own/b.csr", "own/b", "B") &&
                        has_input(&inputs, "requests/c.csr", "c", "C");
        bool is_told =
            strstr(builder_text(&said), "requests that may lie in requests/own were not looked") != NULL;
        if (is_done && !is_whole && problems == 0 && !is_told)
            fail_msg("%s failed: something is not there", failed);
        // A directory's end that can't be read may have had more before it.
        assert_true(!is_whole || !is_told || strcmp(failed, "readdir") == 0);
        assert_true(failed != NULL || (is_done && is_whole && number > 5));
    }
}

static void a_named_file_is_read_up_to_the_limit_and_its_name_is_escaped(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    AUTO(free) uint8_t *large = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    AUTO(free) char *fits = memory_format("%s/fi\nts.csr", folder.path);
    AUTO(free) char *too_large = memory_format("%s/large.csr", folder.path);
    const char *const paths[] = {fits, too_large};
    (void)state;
    write_file("fi\nts.csr", bytes_of(large, REQUEST_MAX_FILE_LEN));
    write_file("large.csr", bytes_of(large, REQUEST_MAX_FILE_LEN + 1));
    assert_true(inputs_collect(paths, 2, &console, &inputs, &err));
    assert_int_equal(err.kind, ERROR_NONE); // the large one is no error of the run
    assert_int_equal(inputs.count, 2);
    assert_null(inputs.items[0].problem);
    assert_int_equal(inputs.items[0].len, REQUEST_MAX_FILE_LEN);
    assert_null(strchr(inputs.items[0].source, '\n'));
    assert_non_null(strstr(inputs.items[0].source, "/fi\\x0ats.csr"));
    assert_non_null(strstr(inputs.items[1].problem, "larger than"));
    assert_string_equal(inputs.items[1].name, "large");
}

static void a_dash_is_what_comes_in(void **state)
{
    struct error err = ERROR_INIT;
    const char *const paths[] = {"-"};
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    (void)state;
    write_file("in", BYTES_LITERAL("a request"));
    int kept = dup(STDIN_FILENO);
    int in = openat(folder.fd, "in", O_RDONLY | O_CLOEXEC);
    assert_true(in >= 0);
    assert_int_equal(dup2(in, STDIN_FILENO), STDIN_FILENO);
    bool is_collected = inputs_collect(paths, 1, &console, &inputs, &err);
    if (kept >= 0)
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    (void)close(kept);
    (void)close(in);
    assert_true(is_collected);
    assert_int_equal(inputs.count, 1);
    assert_true(has_input(&inputs, "stdin", "request", "a request"));
}

/* ---- an item in JSON ---- */

static char *in_json(const struct plan_item *item)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *json = plan_item_json(item);
    json_canonical(json, &text);
    return builder_take_text(&text);
}

static void an_item_in_json_says_all_there_is(void **state)
{
    struct request request = {.subject_text = "CN=x", .key_kind = KEY_EC_P256, .spki = bytes_of("k", 1)};
    struct verdict verdict = {.is_allowed = true};
    struct plan_item item = {
        .source = "a.csr", .name = "a", .request = &request, .verdict = &verdict, .action = PLAN_SIGN};
    (void)state;
    AUTO(free) char *signed_one = in_json(&item);
    assert_string_equal(
        signed_one, "{\"action\":\"sign\",\"csr_sha256\":"
                    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"key\":\"ec-"
                    "p256\",\"name\":\"a\",\"notes\":[],\"reasons\":[],\"request\":\"a.csr\",\"serial\":"
                    "\"0000000000000000000000000000000000000000\",\"spki_sha256\":"
                    "\"0000000000000000000000000000000000000000000000000000000000000000\",\"subject\":\"CN="
                    "x\",\"tbs_sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","
                    "\"verdict\":\"allowed\"}");
    item.action = PLAN_REPEAT;
    item.earlier.serial = "0102";
    AUTO(free) char *repeated = in_json(&item);
    assert_string_equal(
        repeated, "{\"action\":\"repeat\",\"csr_sha256\":"
                  "\"0000000000000000000000000000000000000000000000000000000000000000\",\"key\":\"ec-p256\","
                  "\"name\":\"a\",\"notes\":[],\"reasons\":[],\"request\":\"a.csr\",\"serial\":\"0102\","
                  "\"spki_sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","
                  "\"subject\":\"CN=x\",\"verdict\":\"allowed\"}");
    item.action = PLAN_SKIP;
    item.reason = "later";
    request.spki.len = 0;
    AUTO(free) char *skipped = in_json(&item);
    assert_string_equal(skipped, "{\"action\":\"skipped\",\"csr_sha256\":"
                                 "\"0000000000000000000000000000000000000000000000000000000000000000\","
                                 "\"decision\":\"later\",\"name\":\"a\",\"notes\":[],\"reasons\":[],"
                                 "\"request\":\"a.csr\",\"subject\":\"CN=x\",\"verdict\":\"skipped\"}");
    item.request = NULL;
    item.reason = NULL;
    item.action = PLAN_REFUSE;
    findings_add(&verdict.findings,
                 &(struct finding){
                     .rule = "r", .source = "s", .found = "f", .wanted = "w", .text = "t", .remedy = "m"});
    findings_add(&verdict.notes, &(struct finding){.rule = "note", .source = "s", .text = "noted"});
    AUTO(free) char *refused = in_json(&item);
    assert_string_equal(
        refused,
        "{\"action\":\"refused\",\"name\":\"a\",\"notes\":[{\"rule\":\"note\",\"source\":\"s\",\"text\":"
        "\"noted\"}],\"reasons\":[{\"found\":\"f\",\"remedy\":\"m\",\"rule\":\"r\",\"source\":\"s\",\"text\":"
        "\"t\",\"wanted\":\"w\"}],\"request\":\"a.csr\",\"verdict\":\"refused\"}");
    request.spki.len = 1;
    request.key_kind = KEY_OTHER;
    (void)snprintf(request.key_name, sizeof(request.key_name), "a strange key");
    item.request = &request;
    AUTO(json_free) struct json *json = plan_item_json(&item);
    assert_string_equal(json_text(json, "key"), "a strange key");
    findings_done(&verdict.findings);
    findings_done(&verdict.notes);
}

static void warnings_in_json(void **state)
{
    AUTO(findings_done) struct findings warnings = FINDINGS_INIT;
    AUTO(json_free) struct json *json = json_new_object();
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    findings_say(&warnings, "one", NULL, "first");
    findings_say(&warnings, "two", NULL, "second");
    plan_put_warnings(json, &warnings);
    json_canonical(json, &text);
    assert_string_equal(builder_text(&text), "{\"warnings\":[{\"rule\":\"one\",\"text\":\"first\"},"
                                             "{\"rule\":\"two\",\"text\":\"second\"}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_called_like_their_requests_where_nothing_else_is),
        cmocka_unit_test(a_request_is_known_by_its_ending),
        cmocka_unit_test_setup_teardown(a_mediums_requests_are_those_of_the_plans_policy, begin, end),
        cmocka_unit_test_setup_teardown(a_medium_without_the_list_that_is_required_is_not_read, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_said_where_nothing_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(what_can_not_be_read_in_a_directory_is_an_input_with_a_problem, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_call_that_fails_hides_no_request, begin, end),
        cmocka_unit_test_setup_teardown(a_named_file_is_read_up_to_the_limit_and_its_name_is_escaped, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_dash_is_what_comes_in, begin, end),
        cmocka_unit_test(an_item_in_json_says_all_there_is),
        cmocka_unit_test(warnings_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
