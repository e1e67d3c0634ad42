/* SPDX-License-Identifier: Apache-2.0 */
/* A home on a disk that fails, in whatever call: it is told, or the home that opens is the one that is there. */
#include "home/home.h"

#include "base/memory.h"
#include "failing.h"
#include "fake_home.h"
#include "home/chain.h"
#include "home/policy_use.h"

#include <string.h>

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
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

/** All that a home says of itself, with what the ledger has of its chain and its policies; NULL: it is told. The caller frees. */
static char *said_of(enum home_access access, struct error *err)
{
    AUTO(home_close) struct home *home = NULL;
    AUTO(json_free) struct json *digests = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct home_chain_link *links = NULL;
    struct home_chain_set set;
    size_t count = 0;
    if (!home_open(own.path, access, &fake_console, &home, err) || !home_chain_noted(home, &set, err) ||
        !home_policy_digests(home, &digests, err) || !home_chain_links(home, &links, &count, err))
        return NULL;
    builder_format(&text, "%s, %s, %d records, chain %d %d, %zu links, ", home->config.origin,
                   links[0].subject, (int)ledger_size(home->ledger), set.is_there, (int)set.seq, count);
    json_canonical(digests, &text);
    home_chain_links_free(links, count);
    return builder_take_text(&text);
}

static void what_fails_is_told_or_changes_nothing(void **state)
{
    (void)state;
    for (enum home_access access = HOME_LOOK; access <= HOME_WRITE; access++) {
        struct error err = ERROR_INIT;
        const char *failed = "none";
        unsigned told = 0;
        AUTO(free) char *due = said_of(access, &err);
        if (due == NULL)
            fail_msg("%s", err.text);
        assert_non_null(strstr(due, "ca.example/root, CN=Root, 5 records, "));
        for (unsigned number = 1; failed != NULL; number++) {
            error_clear(&err);
            failing_at("", number);
            AUTO(free) char *said = said_of(access, &err);
            failed = failing_stop();
            if (said == NULL ? err.kind != ERROR_INPUT && err.kind != ERROR_LEDGER : strcmp(said, due) != 0)
                fail_msg("call %u, %s: %s, kind %d: %s", number, failed == NULL ? "none" : failed,
                         said == NULL ? "not opened" : said, err.kind, err.text);
            told += said == NULL;
        }
        assert_true(told >= 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_fails_is_told_or_changes_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
