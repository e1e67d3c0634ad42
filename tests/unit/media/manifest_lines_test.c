/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a signed list, to the last character of each: what is on it is found, what is not is not, and what is no list is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/encode.h"
#include "failing.h"
#include "media/manifest.h"
#include "medium.h"

#include <limits.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FORM "requests.sha256 line 1 is not \"<64 lower-case hex digits>  <name>\""

static struct manifest *parse(const char *text, struct error *ret_why)
{
    struct manifest *manifest = NULL;
    AUTO(builder_done) struct builder copy = BUILDER_INIT;
    builder_add_text(&copy, text);
    error_clear(ret_why);
    bool is_read = manifest_parse(&copy, &manifest, ret_why);
    assert_int_equal(copy.len, 0);
    assert_int_equal(is_read, manifest != NULL);
    assert_int_equal(ret_why->kind, is_read ? ERROR_NONE : ERROR_INPUT);
    return manifest;
}

static void assert_fault(const char *text, const char *fault)
{
    struct error err = ERROR_INIT;
    struct manifest *manifest = parse(text, &err);
    if (manifest != NULL)
        fail_msg("taken: %s", text);
    assert_string_equal(err.text, fault);
}

static void assert_listed(const char *text, const char *name)
{
    struct error err = ERROR_INIT;
    AUTO(manifest_free) struct manifest *manifest = parse(text, &err);
    if (manifest == NULL)
        fail_msg("%s: %s", text, err.text);
    assert_int_equal(manifest_count(manifest), 1);
    assert_true(manifest_see(manifest, name));
}

static void a_digest_is_64_small_hex_digits(void **state)
{
    static const char wrong[] = {'/', ':', '`', 'g', 'A', 'F', ' ', '\xff'};
    static const char good[] = {'0', '9', 'a', 'f'};
    char line[] = DIGEST "  requests/a";
    (void)state;
    for (size_t i = 0; i < 64; i++) {
        for (size_t j = 0; j < ARRAY_LEN(wrong); j++) {
            line[i] = wrong[j];
            assert_fault(line, FORM);
        }
        for (size_t j = 0; j < ARRAY_LEN(good); j++) {
            line[i] = good[j];
            assert_listed(line, "a");
        }
    }
    assert_fault(DIGEST, FORM);
    assert_fault(DIGEST " ", FORM);
    assert_fault(DIGEST "  ", FORM);
    assert_fault(DIGEST "x requests/a", FORM);
    assert_fault(DIGEST " xrequests/a", FORM);
    assert_fault(DIGEST "**requests/a", FORM);
    assert_fault(DIGEST "  a", "requests.sha256 line 1: the name \"a\" is not below requests/");
    assert_listed(DIGEST " *requests/a", "a");
    assert_listed(DIGEST "  ./requests/a\n", "a");
    assert_fault(DIGEST "  ././requests/a",
                 "requests.sha256 line 1: the name \"./requests/a\" is not below requests/");
    assert_fault("SHA256 (requests/a) = " DIGEST,
                 "requests.sha256 line 1 is in the --tag form; leave --tag away");
    assert_fault(
        DIGEST "  requests/a\r\n",
        "requests.sha256 line 1 ends with a carriage return; write lines as sha256sum does on Linux");
    assert_fault(
        "\r", "requests.sha256 line 1 ends with a carriage return; write lines as sha256sum does on Linux");
}

static void names_are_unescaped_where_the_line_says_so(void **state)
{
    (void)state;
    assert_listed("\\" DIGEST "  requests/a\\\\b\\nc\\rd", "a\\b\nc\rd");
    assert_listed("\\" DIGEST "  ./requests/\\n", "\n");
    assert_listed(DIGEST "  requests/a\\n", "a\\n");
    static const char *const wrong[] = {"m", "o", "q", "s", "t", "0", "]", "[", ""};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(free) char *line = memory_format("\\%s  requests/a\\%s\n", DIGEST, wrong[i]);
        assert_fault(line, "requests.sha256 line 1 has an escape in its name that sha256sum does not write");
    }
    assert_fault("\\", FORM);
    assert_fault("\\" DIGEST "  ", FORM);
}

static void a_name_is_one_the_walk_comes_up_with(void **state)
{
    static const char *const good[] = {"...", ".a", "..a", "a.", "a..", "a/.b/..c/d", " "};
    static const char *const wrong[] = {"", ".", "..", "/", "a/", "a//b", "a/./b", "a/../b", "./a", "../a"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        AUTO(free) char *line = memory_format("%s  requests/%s\n", DIGEST, good[i]);
        assert_listed(line, good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO(free) char *line = memory_format("%s  requests/%s\n", DIGEST, wrong[i]);
        AUTO(free)
        char *fault = memory_format(
            "requests.sha256 line 1: the name \"requests/%s\" has an empty part, \".\" or \"..\" in it",
            wrong[i]);
        assert_fault(line, fault);
    }
    AUTO(free) char *just = memory_format("%0*d", PATH_MAX - 1 - (int)strlen("requests/"), 0);
    AUTO(free) char *line = memory_format("%s  requests/%s", DIGEST, just);
    assert_listed(line, just);
    AUTO(free) char *longer = memory_format("%s  requests/%s0", DIGEST, just);
    struct error err = ERROR_INIT;
    assert_null(parse(longer, &err));
    assert_non_null(strstr(err.text, "is longer than a path can be"));
}

/** Of any number of lines, in any order. */
static void each_line_is_found_and_nothing_between(void **state)
{
    (void)state;
    for (int count = 1; count <= 9; count++) {
        struct error err = ERROR_INIT;
        size_t position = 0;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        for (int i = 0; i < count; i++)
            builder_format(&text, DIGEST "  requests/%d\n", 2 * ((i + count / 2) % count));
        AUTO(manifest_free) struct manifest *manifest = parse(builder_text(&text), &err);
        assert_non_null(manifest);
        assert_int_equal(manifest_count(manifest), count);
        for (int i = 0; i < 2 * count + 2; i++) {
            AUTO(free) char *name = memory_format("%d", i);
            bool is_listed = i % 2 == 0 && i < 2 * count;
            assert_int_equal(manifest_check(manifest, name, BYTES_LITERAL("x")),
                             is_listed ? MANIFEST_DIFFERS : MANIFEST_NOT_LISTED);
        }
        assert_false(manifest_see(manifest, ""));
        assert_false(manifest_see(manifest, "~"));
        assert_null(manifest_next_missing(manifest, &position));
        assert_int_equal(position, count);
    }
}

static void what_was_not_seen_is_named_in_order(void **state)
{
    struct error err = ERROR_INIT;
    uint8_t digest[32];
    char hex[129];
    (void)state;
    digest_sha256(BYTES_LITERAL("one"), digest);
    AUTO(free)
    char *text =
        memory_format("%s  requests/d\n%s  requests/a\n%s  requests/c\n%s  requests/b\n%s  requests/e",
                      DIGEST, hex_of(BYTES(digest), hex), DIGEST, DIGEST, DIGEST);
    AUTO(manifest_free) struct manifest *manifest = parse(text, &err);
    assert_non_null(manifest);
    assert_int_equal(manifest_check(manifest, "a", BYTES_LITERAL("one")), MANIFEST_MATCHES);
    assert_int_equal(manifest_check(manifest, "c", BYTES_LITERAL("one")), MANIFEST_DIFFERS);
    assert_true(manifest_see(manifest, "e"));
    size_t position = 0;
    assert_string_equal(manifest_next_missing(manifest, &position), "b");
    assert_string_equal(manifest_next_missing(manifest, &position), "d");
    assert_null(manifest_next_missing(manifest, &position));
    assert_null(manifest_next_missing(manifest, &position));
    assert_string_equal(manifest_answer_text(MANIFEST_DIFFERS),
                        "its content is not what the signed requests.sha256 says; bring it again");
    assert_string_equal(manifest_answer_text(MANIFEST_NOT_LISTED),
                        "it is not in the signed requests.sha256; list it and have the list signed again");
}

static void twins_are_refused_wherever_they_stand(void **state)
{
    static const char *const orders[] = {"aabc", "abac", "abca", "abbc", "cbac", "abcc"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        const char *order = orders[i];
        char twin = 'a';
        while (strchr(order, twin) == strrchr(order, twin))
            twin++;
        AUTO(free)
        char *text = memory_format("%s  requests/%c\n%s  requests/%c\n%s  requests/%c\n%s  requests/%c\n",
                                   DIGEST, order[0], DIGEST, order[1], DIGEST, order[2], DIGEST, order[3]);
        AUTO(free) char *fault = memory_format("requests.sha256 lists \"requests/%c\" twice", twin);
        assert_fault(text, fault);
    }
}

static void what_is_no_list_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct manifest *manifest = NULL;
    (void)state;
    assert_fault("", "requests.sha256 is empty");
    assert_fault(DIGEST "  requests/a\n\n",
                 "requests.sha256 line 2 is not \"<64 lower-case hex digits>  <name>\"");
    assert_fault(DIGEST "  requests/a\n" DIGEST "  b",
                 "requests.sha256 line 2: the name \"b\" is not below requests/");
    for (size_t more = 0; more <= 1; more++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        uint8_t *data = builder_reserve(&text, MANIFEST_MAX_LEN + more);
        assert_non_null(data);
        memset(data, 'x', MANIFEST_MAX_LEN + more);
        text.len = MANIFEST_MAX_LEN + more;
        error_clear(&err);
        assert_false(manifest_parse(&text, &manifest, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, more == 0 ? FORM : "requests.sha256 is larger than 128 MiB");
    }
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_bytes(&text, BYTES_LITERAL(DIGEST "  requests/a\n\0"));
    error_clear(&err);
    assert_false(manifest_parse(&text, &manifest, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "requests.sha256 has a NUL byte in it; leave --zero away");
}

/* ---- the two files ---- */

static void put(const char *name, const char *content)
{
    struct error err = ERROR_INIT;
    assert_true(file_create(folder.fd, name, 0644, bytes_of_text(content), &err));
}

static void assert_not_fetched(const char *why)
{
    struct error err = ERROR_INIT;
    bool is_there = false;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    assert_false(manifest_fetch(folder.fd, &is_there, &text, &signature, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, why);
    assert_false(is_there);
    assert_int_equal(text.len + signature.len, 0);
}

static void half_of_a_list_is_none(void **state)
{
    (void)state;
    put(MANIFEST_NAME, "text");
    assert_not_fetched("the medium's requests.sha256 is not signed (requests.sha256.sig is missing); have it "
                       "signed, or take it off the medium");
    assert_int_equal(renameat(folder.fd, MANIFEST_NAME, folder.fd, MANIFEST_SIGNATURE_NAME), 0);
    assert_not_fetched(
        "the medium holds requests.sha256.sig and not the requests.sha256 it is for; bring the "
        "medium again, whole");
    assert_int_equal(mkdirat(folder.fd, MANIFEST_NAME, 0755), 0);
    assert_not_fetched("requests.sha256 is not a regular file\nwhile reading the medium's manifest");
}

static void what_is_fetched_is_added(void **state)
{
    struct error err = ERROR_INIT;
    bool is_there = true;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    assert_true(manifest_fetch(folder.fd, &is_there, &text, &signature, &err));
    assert_false(is_there);
    put(MANIFEST_NAME, "text");
    put(MANIFEST_SIGNATURE_NAME, "sig");
    for (int i = 0; i < 2; i++) {
        is_there = false;
        assert_true(manifest_fetch(folder.fd, &is_there, &text, &signature, &err));
        assert_true(is_there);
        assert_string_equal(builder_text(&text), i == 0 ? "text" : "texttext");
        assert_string_equal(builder_text(&signature), i == 0 ? "sig" : "sigsig");
    }
}

/** Who can't look may not say that there is no list. */
static void a_medium_that_fails_has_no_list_to_be_left_out(void **state)
{
    (void)state;
    for (int is_empty = 0; is_empty <= 1; is_empty++) {
        const char *failed = "none";
        for (unsigned number = 1; failed != NULL; number++) {
            struct error err = ERROR_INIT;
            bool is_there = true;
            AUTO(builder_done) struct builder text = BUILDER_INIT;
            AUTO(builder_done) struct builder signature = BUILDER_INIT;
            tree_clear(folder.fd);
            if (!is_empty) {
                put(MANIFEST_NAME, "text");
                put(MANIFEST_SIGNATURE_NAME, "sig");
            }
            failing_at("", number);
            bool is_done = manifest_fetch(folder.fd, &is_there, &text, &signature, &err);
            failed = failing_stop();
            assert_int_equal(err.kind, is_done ? ERROR_NONE : ERROR_INPUT);
            assert_true(failed != NULL || is_done);
            if (is_empty)
                assert_int_equal(is_done, failed == NULL);
            if (is_done && !is_empty)
                assert_true(is_there && strcmp(builder_text(&text), "text") == 0 &&
                            strcmp(builder_text(&signature), "sig") == 0);
            assert_true(is_done || text.len + signature.len == 0);
        }
    }
}

static void a_signature_has_its_bound(void **state)
{
    struct error err = ERROR_INIT;
    bool is_there = false;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    (void)state;
    put(MANIFEST_NAME, "text");
    put(MANIFEST_SIGNATURE_NAME, "");
    AUTO(close) int fd = openat(folder.fd, MANIFEST_SIGNATURE_NAME, O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, MANIFEST_SIGNATURE_MAX_LEN), 0);
    assert_true(manifest_fetch(folder.fd, &is_there, &text, &signature, &err));
    assert_int_equal(signature.len, MANIFEST_SIGNATURE_MAX_LEN);
    assert_int_equal(ftruncate(fd, MANIFEST_SIGNATURE_MAX_LEN + 1), 0);
    assert_not_fetched(
        "requests.sha256.sig is larger than the 65536 bytes allowed\nwhile reading the medium's "
        "manifest");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_digest_is_64_small_hex_digits),
        cmocka_unit_test(names_are_unescaped_where_the_line_says_so),
        cmocka_unit_test(a_name_is_one_the_walk_comes_up_with),
        cmocka_unit_test(each_line_is_found_and_nothing_between),
        cmocka_unit_test(what_was_not_seen_is_named_in_order),
        cmocka_unit_test(twins_are_refused_wherever_they_stand),
        cmocka_unit_test(what_is_no_list_is_told),
        IN_FOLDER(half_of_a_list_is_none),
        IN_FOLDER(what_is_fetched_is_added),
        IN_FOLDER(a_medium_that_fails_has_no_list_to_be_left_out),
        IN_FOLDER(a_signature_has_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
