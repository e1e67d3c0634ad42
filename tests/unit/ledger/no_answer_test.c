/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which control governs, which chain is set, which policy was used: that a call failed is never taken for there being none, nor for
 * another answer. (What looks up certificates asks again, of a new index: disk_test.)
 */
#include "failing.h"
#include "ledger_home.h"

static int setup(void **state)
{
    static const char *const types[] = {"control.set", "chain.set", "plan.approved", "control.set",
                                        "test.note"};
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2); // 0 to 3
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        (void)home_append(home, types[i], json_new_object()); // 4 to 8
    home_commit(home);
    for (unsigned i = 9; i < 300; i++) // more than a tile of the tree
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/* Each gives the record's number, or what else there is to give; UINT64_MAX: none. */

static bool ask_control(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    bool is_found = false;
    if (!ledger_governing(ledger, "control.set", UINT64_MAX, ret_answer, &is_found, err))
        return false;
    *ret_answer = is_found ? *ret_answer : UINT64_MAX;
    return true;
}

static bool ask_chain(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    bool is_found = false;
    if (!ledger_newest_chain(ledger, ret_answer, &is_found, err))
        return false;
    *ret_answer = is_found ? *ret_answer : UINT64_MAX;
    return true;
}

static bool ask_policy(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    bool is_found = false;
    uint8_t digest[32] = {0}, wanted[32];
    home_digest("policy", 0, wanted);
    if (!ledger_policy_last_used(ledger, "mqtt-device", digest, ret_answer, &is_found, err))
        return false;
    *ret_answer = is_found && memcmp(digest, wanted, 32) == 0 ? *ret_answer : UINT64_MAX;
    return true;
}

static bool ask_record(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    int64_t seq = -1;
    if (!ledger_record(ledger, 6, &record, err))
        return false;
    *ret_answer = json_int(record, "seq", &seq) ? (uint64_t)seq : UINT64_MAX;
    return true;
}

static bool see(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    (void)text, (void)err;
    *(uint64_t *)data = *(uint64_t *)data * 10 + seq;
    return true;
}

/** 1 if it is told that this is not the root. */
static bool ask_compare(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    static const uint8_t root[32];
    enum ledger_difference difference = LEDGER_AGREES;
    if (!ledger_compare(ledger, 100, root, &difference, err))
        return false;
    *ret_answer = difference == LEDGER_IS_ANOTHER ? 1 : 0;
    return true;
}

static bool ask_from(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    *ret_answer = 0;
    return ledger_scan_from(ledger, 297, see, ret_answer, err);
}

static bool see_each(const struct json *record, const struct ledger_entry *entry, void *data)
{
    int64_t seq = -1;
    (void)entry;
    assert_true(json_int(record, "seq", &seq));
    *(uint64_t *)data = *(uint64_t *)data * 10 + (uint64_t)seq;
    return true;
}

static bool ask_each(struct ledger *ledger, uint64_t *ret_answer, struct error *err)
{
    const struct ledger_filter filter = {.status = -1, .type = "control.set", .from_seq = 1, .to_seq = 9};
    *ret_answer = 0;
    return ledger_each(ledger, &filter, see_each, ret_answer, err);
}

static const struct {
    const char *name;
    bool (*ask)(struct ledger *ledger, uint64_t *ret_answer, struct error *err);
    uint64_t answer;
} questions[] = {{"control", ask_control, 7},
                 {"chain", ask_chain, 5},
                 {"policy", ask_policy, 1},
                 {"record", ask_record, 6},
                 {"from", ask_from, 29700 + 2980 + 299},
                 {"each", ask_each, 47},
                 {"compare", ask_compare, 1}};

static void a_call_that_fails_is_told(void **state)
{
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        unsigned at = 1;
        for (bool is_more = true; is_more; at++) {
            struct error err = ERROR_INIT;
            uint64_t answer = UINT64_MAX;
            home_open(home, LEDGER_READ);
            failing_at("", at);
            bool is_done = questions[i].ask(home->ledger, &answer, &err);
            const char *failed = failing_stop();
            is_more = failed != NULL;
            if (is_more ? is_done || err.kind != ERROR_INPUT : !is_done || answer != questions[i].answer)
                fail_msg("%s, %u, %s: %s, %d", questions[i].name, at, is_more ? failed : "none",
                         is_done ? "answered" : err.text, (int)answer);
        }
        assert_in_range(at, 3, 80);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_that_fails_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
