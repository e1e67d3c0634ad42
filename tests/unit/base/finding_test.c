/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: all are kept, in order, and own their texts. */
#include "base/bytes.h"
#include "base/finding.h"
#include "base/quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void findings_are_kept_in_order_with_copies_of_their_texts(void **state)
{
    char found[] = "rsa-1024";
    (void)state;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    findings_add(&findings, &(struct finding){.rule = (char[]){"key.allow"},
                                              .found = found,
                                              .text = (char[]){"key: rsa-1024 is not allowed"}});
    findings_say(&findings, "subject.CN", "policy x", "subject CN: \"%s\" does not match", "a");
    memset(found, '?', sizeof(found) - 1);
    assert_int_equal(findings.count, 2);
    assert_string_equal(findings.items[0].rule, "key.allow");
    assert_string_equal(findings.items[0].found, "rsa-1024");
    assert_null(findings.items[0].source);
    assert_null(findings.items[0].remedy);
    assert_string_equal(findings.items[1].source, "policy x");
    assert_string_equal(findings.items[1].text, "subject CN: \"a\" does not match");
}

static void a_rule_is_found_by_its_whole_name(void **state)
{
    (void)state;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    assert_false(findings_has(&findings, "key.allow"));
    findings_say(&findings, "key.allow", NULL, "no");
    assert_true(findings_has(&findings, "key.allow"));
    assert_false(findings_has(&findings, "key"));
    assert_false(findings_has(&findings, "key.allowed"));
    assert_null(findings.items[0].source);
}

static void findings_are_copied_to_the_end(void **state)
{
    (void)state;
    AUTO(findings_done) struct findings all = FINDINGS_INIT;
    findings_say(&all, "a", NULL, "first");
    {
        AUTO(findings_done) struct findings more = FINDINGS_INIT;
        findings_say(&more, "b", "RFC 5280 4.1", "second");
        findings_say(&more, "c", NULL, "third");
        findings_copy(&all, &more);
    }
    assert_int_equal(all.count, 3);
    assert_string_equal(all.items[1].source, "RFC 5280 4.1");
    assert_string_equal(all.items[2].text, "third");
}

static void a_reason_that_is_too_long_is_cut(void **state)
{
    char long_text[3000];
    (void)state;
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    findings_say(&findings, "rule", NULL, "%s", long_text);
    assert_int_equal(strlen(findings.items[0].text), 1023);
}

static void a_reason_is_cut_between_characters(void **state)
{
    char wide[1202] = "x";
    (void)state;
    for (size_t i = 1; i + 3 < sizeof(wide); i += 3)
        memcpy(wide + i, "\xe6\x97\xa5", 4);
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    findings_say(&findings, "a", NULL, "%s", wide);
    assert_true(utf8_is_valid(bytes_of_text(findings.items[0].text)));
    assert_true(strlen(findings.items[0].text) > 1000);
}

static void done_leaves_an_empty_list(void **state)
{
    (void)state;
    struct findings findings = FINDINGS_INIT;
    findings_say(&findings, "a", NULL, "x");
    findings_done(&findings);
    assert_int_equal(findings.count, 0);
    assert_null(findings.items);
    findings_done(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_kept_in_order_with_copies_of_their_texts),
        cmocka_unit_test(a_rule_is_found_by_its_whole_name),
        cmocka_unit_test(findings_are_copied_to_the_end),
        cmocka_unit_test(a_reason_that_is_too_long_is_cut),
        cmocka_unit_test(a_reason_is_cut_between_characters),
        cmocka_unit_test(done_leaves_an_empty_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
