/* SPDX-License-Identifier: Apache-2.0 */
/* Within a run one request, one name of an output and (key.unique) one key are one certificate's. */
#include "plan/seen.h"

#include "base/memory.h"
#include "request/request.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MANY 3000 /* more than the table begins with */

/** A request that is made up: its digest and its key are numbers. */
static struct plan_item item_of(const char *name, unsigned request, unsigned key)
{
    struct plan_item item = {
        .source = memory_format("%s.csr", name), .name = memory_text(name), .action = PLAN_ALLOW};
    item.request = memory_new(1, sizeof(*item.request));
    item.verdict = memory_new(1, sizeof(*item.verdict));
    memcpy(item.request->sha256, &request, sizeof(request));
    memcpy(item.request->key_value, &key, sizeof(key));
    return item;
}

static void item_free(struct plan_item *item)
{
    free(item->source);
    free(item->name);
    free(item->request);
    findings_done(&item->verdict->findings);
    free(item->verdict);
}

/** Notes it. NULL: it is the first; else the rule and the reason of its refusal must be these. */
static void note(struct seen *seen, const char *name, unsigned request, unsigned key, bool checks_key,
                 const char *rule, const char *words)
{
    struct plan_item item = item_of(name, request, key);
    seen_note(seen, &item, checks_key);
    assert_int_equal(item.action, rule == NULL ? PLAN_ALLOW : PLAN_REFUSE);
    assert_int_equal(item.verdict->findings.count, rule == NULL ? 0 : 1);
    if (rule != NULL) {
        assert_string_equal(item.verdict->findings.items[0].rule, rule);
        assert_non_null(strstr(item.verdict->findings.items[0].text, words));
    }
    item_free(&item);
}

static void a_second_request_name_or_key_is_refused_with_the_first_ones_source(void **state)
{
    AUTO(seen_free) struct seen *seen = seen_new();
    (void)state;
    note(seen, "a", 1, 1, true, NULL, NULL);
    note(seen, "b", 1, 2, true, "request.duplicate", "the same request as a.csr");
    note(seen, "A", 3, 3, true, "output.name", "the same name as that of a.csr");
    note(seen, "c", 4, 1, true, "key.unique", "the same key as in a.csr");
    note(seen, "d", 5, 5, true, NULL, NULL);
}

static void a_policy_may_let_keys_be_shared(void **state)
{
    AUTO(seen_free) struct seen *seen = seen_new();
    (void)state;
    note(seen, "a", 1, 1, false, NULL, NULL);
    note(seen, "b", 2, 1, false, NULL, NULL);
    note(seen, "c", 3, 1, true, NULL, NULL); // nobody noted the key before
    note(seen, "d", 4, 1, true, "key.unique", "c.csr");
}

static void a_refused_one_is_told_whose_key_it_has(void **state)
{
    AUTO(seen_free) struct seen *seen = seen_new();
    struct plan_item copied = item_of("copied", 2, 1);
    struct plan_item other = item_of("other", 3, 3);
    (void)state;
    note(seen, "a", 1, 1, true, NULL, NULL);
    seen_look_up_key(seen, &copied);
    assert_int_equal(copied.verdict->findings.count, 1);
    assert_non_null(strstr(copied.verdict->findings.items[0].text, "the same key as in a.csr"));
    seen_look_up_key(seen, &other);
    assert_int_equal(other.verdict->findings.count, 0);
    item_free(&copied);
    item_free(&other);
}

static void nothing_is_forgotten_when_there_are_many(void **state)
{
    AUTO(seen_free) struct seen *seen = seen_new();
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        AUTO(free) char *name = memory_format("r%u", i);
        note(seen, name, i + 1, i + 1, true, NULL, NULL);
    }
    for (unsigned i = 0; i < MANY; i += 97) {
        AUTO(free) char *source = memory_format("r%u.csr", i);
        note(seen, "again", i + 1, MANY + i + 1, true, "request.duplicate", source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_request_name_or_key_is_refused_with_the_first_ones_source),
        cmocka_unit_test(a_policy_may_let_keys_be_shared),
        cmocka_unit_test(a_refused_one_is_told_whose_key_it_has),
        cmocka_unit_test(nothing_is_forgotten_when_there_are_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
