/* SPDX-License-Identifier: Apache-2.0 */
/* docs/policy-reference.md says what is true: its examples load, whole ones are clean, no key is left out, its words are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "policy/policy.h"

#include <fcntl.h>

#define FENCE "```yaml\n"

static char *reference;
static char *every_key;

static char *read_text(const char *path)
{
    struct builder text = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!file_read(AT_FDCWD, path, 1024 * 1024, &text, &err))
        fail_msg("%s", err.text);
    return builder_take_text(&text);
}

static int read_files(void **state)
{
    (void)state;
    reference = read_text(SOURCE_FOLDER "/docs/policy-reference.md");
    every_key = read_text(SOURCE_FOLDER "/tests/corpus/policy/every-key.yaml");
    return 0;
}

static int free_files(void **state)
{
    (void)state;
    free(reference);
    free(every_key);
    return 0;
}

static bool has_key(const char *yaml, size_t len, const char *key)
{
    size_t key_len = strlen(key);
    for (const char *at = yaml; at != NULL && at < yaml + len;
         at = memchr(at, '\n', len - (size_t)(at - yaml))) {
        at += *at == '\n' ? 1 : 0;
        if (strncmp(at, key, key_len) == 0 && at[key_len] == ':')
            return true;
    }
    return false;
}

/** A fragment becomes a policy by the lines it lacks. */
static void complete(const char *yaml, size_t len, struct builder *ret_text)
{
    static const char *const lines[][2] = {
        {"policy", "policy: example"},
        {"subject", "subject: [{field: CN, match: '[a-z]+'}]"},
        {"key", "key: {allow: [ec-p256]}"},
        {"validity", "validity: {days: 30}"},
        {"key_usage", "key_usage: [digitalSignature]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (!has_key(yaml, len, lines[i][0]))
            builder_format(ret_text, "%s\n", lines[i][1]);
    }
    builder_add(ret_text, yaml, len);
}

static bool load(struct builder *text, struct policy **ret_policy, struct error *err)
{
    return policy_load(builder_bytes(text), "example.yaml", ret_policy, err);
}

static void every_example_loads(void **state)
{
    size_t count = 0;
    (void)state;
    for (const char *at = strstr(reference, FENCE); at != NULL; at = strstr(at, FENCE)) {
        struct builder text = BUILDER_INIT;
        struct policy *policy = NULL;
        struct findings findings = FINDINGS_INIT;
        struct error err = ERROR_INIT;
        at += strlen(FENCE);
        size_t len = (size_t)(strstr(at, "```") - at);
        complete(at, len, &text);
        if (!load(&text, &policy, &err))
            fail_msg("%s\n%s", err.text, builder_text(&text));
        if (has_key(at, len, "policy"))
            policy_lint(policy, &findings);
        if (findings.count > 0)
            fail_msg("%s", findings.items[0].text);
        findings_done(&findings);
        policy_free(policy);
        builder_done(&text);
        count++;
    }
    assert_true(count >= 10);
}

/** The word at the start of "key:" or after "{" or ", ", if a colon ends it. */
static size_t key_len(const char *at)
{
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
    return at[len] == ':' && at[len + 1] != '/' ? len : 0;
}

static void every_key_is_explained(void **state)
{
    size_t count = 0;
    (void)state;
    for (const char *at = strchr(every_key, '\n') + 1; *at != '\0';) {
        size_t len = key_len(at);
        struct builder wanted = BUILDER_INIT;
        builder_format(&wanted, "`%.*s`", (int)len, at);
        if (len > 0 && strstr(reference, builder_text(&wanted)) == NULL)
            fail_msg("%s is nowhere in docs/policy-reference.md", builder_text(&wanted));
        builder_done(&wanted);
        count += len > 0 ? 1 : 0;
        at += len;
        // To where the next key may start: a line, a map, or after a comma.
        at += strcspn(at, "\n{,");
        at += strspn(at, "\n{, -");
    }
    assert_true(count >= 40);
}

/** Loads a policy with each word between backquotes in the cell of the reference that follows the mark. */
static void accepts_words_after(const char *mark, const char *format_before, const char *format_after)
{
    const char *at = strstr(reference, mark);
    size_t count = 0;
    assert_non_null(at);
    at += strlen(mark);
    const char *end = at + strcspn(at, "|;");
    for (at = strchr(at, '`'); at != NULL && at < end; at = strchr(at + 1, '`')) {
        size_t len = strcspn(++at, "`");
        struct builder word = BUILDER_INIT;
        struct builder text = BUILDER_INIT;
        struct policy *policy = NULL;
        struct error err = ERROR_INIT;
        builder_format(&word, "%s%.*s%s\n", format_before, (int)len, at, format_after);
        complete(builder_text(&word), word.len, &text);
        if (!load(&text, &policy, &err))
            fail_msg("%s\n%s", err.text, builder_text(&text));
        policy_free(policy);
        builder_done(&word);
        builder_done(&text);
        at += len;
        count++;
    }
    assert_true(count >= 4);
}

static void the_words_it_lists_are_accepted(void **state)
{
    (void)state;
    accepts_words_after("| `field` | ", "subject: [{field: ", ", match: a}]");
    accepts_words_after("| `type` | ", "san: [{type: ", "}]");
    accepts_words_after("| `allow` | a list of ", "key: {allow: [", "]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_loads),
        cmocka_unit_test(every_key_is_explained),
        cmocka_unit_test(the_words_it_lists_are_accepted),
    };
    return cmocka_run_group_tests(tests, read_files, free_files);
}
