/* SPDX-License-Identifier: Apache-2.0 */
/* What others ask of a ledger: how it compares with what they remember, which record governs, all records in their order. */
#include "ledger/proof.h"
#include "ledger_home.h"

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/* ---- compared ---- */

static void assert_difference(struct home *home, uint64_t size, const uint8_t root[static 32],
                              enum ledger_difference wanted)
{
    struct error err = ERROR_INIT;
    enum ledger_difference found = LEDGER_AGREES;
    assert_done(ledger_compare(home->ledger, size, root, &found, &err), err);
    assert_int_equal(found, wanted);
}

static void each_way_to_differ_from_what_is_remembered_has_its_name(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t roots[3][32], other[32] = {1}, newest[32];
    uint64_t size = 0;
    assert_false(ledger_checkpoint_facts(home->ledger, &size, newest, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    for (unsigned i = 0; i < 3; i++) {
        (void)home_issue(home, i, 1);
        ledger_root(home->ledger, roots[i]);
        if (i < 2)
            home_checkpoint(home);
    }
    assert_done(ledger_checkpoint_facts(home->ledger, &size, newest, &err), err);
    assert_int_equal(size, 4);
    assert_memory_equal(newest, roots[1], 32);
    assert_difference(home, 2, roots[0], LEDGER_AGREES);
    assert_difference(home, 4, roots[1], LEDGER_AGREES);
    assert_difference(home, 4, roots[0], LEDGER_IS_ANOTHER);
    assert_difference(home, 2, other, LEDGER_IS_ANOTHER);
    assert_difference(home, 6, roots[2], LEDGER_LOST_CHECKPOINTS);
    assert_difference(home, 6, other, LEDGER_IS_ANOTHER);
    assert_difference(home, 7, roots[2], LEDGER_IS_SHORTER);
    // A note says the same without its signature being looked at.
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(free) char *origin = NULL;
    assert_done(ledger_checkpoint_newest(home->ledger, &note, &err), err);
    size = 0;
    memset(newest, 0, sizeof(newest));
    assert_done(ledger_note_says(builder_bytes(&note), &origin, &size, newest, &err), err);
    assert_string_equal(origin, HOME_ORIGIN);
    assert_int_equal(size, 4);
    assert_memory_equal(newest, roots[1], 32);
    assert_false(ledger_note_says(BYTES_LITERAL("a letter"), &origin, &size, newest, &err));
}

/* ---- which counts ---- */

static void the_newest_record_that_governs_is_found_before_any_number(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint64_t seq = 99;
    bool is_found = true;
    assert_done(ledger_governing(home->ledger, "control.set", UINT64_MAX, &seq, &is_found, &err), err);
    assert_false(is_found);
    static const char *const types[] = {"test.note", "control.set", "policy.approved", "control.set",
                                        "test.note"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        (void)home_append(home, types[i], json_new_object());
    home_commit(home);
    static const struct {
        const char *type;
        uint64_t before;
        bool is_found;
        uint64_t seq;
    } cases[] = {{"control.set", UINT64_MAX, true, 3},
                 {"control.set", 4, true, 3},
                 {"control.set", 3, true, 1},
                 {"control.set", 1, false, 0},
                 {"policy.approved", UINT64_MAX, true, 2},
                 {"policy.approved", 2, false, 0},
                 {"plan.approved", UINT64_MAX, false, 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_done(ledger_governing(home->ledger, cases[i].type, cases[i].before, &seq, &is_found, &err),
                    err);
        assert_int_equal(is_found, cases[i].is_found);
        if (is_found)
            assert_int_equal(seq, cases[i].seq);
    }
}

static void the_newest_chain_is_found(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint64_t seq = 99;
    bool is_found = true;
    assert_done(ledger_newest_chain(home->ledger, &seq, &is_found, &err), err);
    assert_false(is_found);
    static const char *const types[] = {"chain.set", "test.note", "chain.set", "test.note"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        (void)home_append(home, types[i], json_new_object());
    home_commit(home);
    assert_done(ledger_newest_chain(home->ledger, &seq, &is_found, &err), err);
    assert_true(is_found);
    assert_int_equal(seq, 2);
}

static void a_policy_is_known_by_the_digest_it_had_last(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    uint8_t digest[32], wanted[32];
    uint64_t seq = 99;
    bool is_found = true;
    assert_done(ledger_policy_last_used(home->ledger, "mqtt-device", digest, &seq, &is_found, &err), err);
    assert_false(is_found);
    (void)home_append(home, "cert.signing", home_signing(0));
    struct json *changed = home_signing(1);
    home_digest("policy", 1, wanted);
    json_put_hex(changed, "policy_sha256", BYTES(wanted));
    (void)home_append(home, "cert.signing", changed);
    struct json *other = home_signing(2);
    json_put_text(other, "policy", "another");
    (void)home_append(home, "cert.signing", other);
    home_commit(home);
    assert_done(ledger_policy_last_used(home->ledger, "mqtt-device", digest, &seq, &is_found, &err), err);
    assert_true(is_found);
    assert_int_equal(seq, 1);
    assert_memory_equal(digest, wanted, 32);
    assert_done(ledger_policy_last_used(home->ledger, "mqtt", digest, &seq, &is_found, &err), err);
    assert_false(is_found);
}

/* ---- all of them ---- */

/** Which were visited. */
struct visited {
    uint64_t first, count;
    uint64_t stop; /**< the visit of this one fails; UINT64_MAX: none */
};

static bool visit(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    struct visited *visited = data;
    char wanted[40];
    if (visited->count == 0)
        visited->first = seq;
    assert_int_equal(seq, visited->first + visited->count);
    visited->count++;
    (void)snprintf(wanted, sizeof(wanted), "\"seq\":%u,", (unsigned)seq);
    assert_non_null(memmem(text.data, text.len, wanted, strlen(wanted)));
    return seq != visited->stop || error_set(err, ERROR_INTERRUPTED, 0, "enough");
}

static void assert_visited(const struct visited *visited, uint64_t first, uint64_t count)
{
    assert_int_equal(visited->count, count);
    if (count > 0)
        assert_int_equal(visited->first, first);
}

static void a_scan_goes_on_where_it_was(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    struct visited visited = {.stop = UINT64_MAX};
    assert_done(ledger_scan_on(scan, visit, &visited, &err), err);
    assert_visited(&visited, 0, 0);
    (void)home_issue(home, 0, 2);
    assert_done(ledger_scan_on(scan, visit, &visited, &err), err);
    assert_visited(&visited, 0, 4);
    (void)home_append(home, "test.note", json_new_object());
    assert_done(ledger_scan_on(scan, visit, &visited, &err), err); // is not committed yet
    assert_visited(&visited, 0, 4);
    home_commit(home);
    visited = (struct visited){.stop = UINT64_MAX};
    assert_done(ledger_scan_on(scan, visit, &visited, &err), err);
    assert_visited(&visited, 4, 1);
    visited.stop = 5;
    (void)home_issue(home, 5, 2);
    assert_false(ledger_scan_on(scan, visit, &visited, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    assert_visited(&visited, 4, 2);
}

static void a_scan_of_more_than_a_tile_sees_all(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    struct visited visited = {.stop = UINT64_MAX};
    (void)home_issue(home, 0, 300);
    assert_done(ledger_scan_on(scan, visit, &visited, &err), err);
    assert_visited(&visited, 0, 600);
}

static void a_scan_finds_what_was_changed(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct visited visited = {.stop = UINT64_MAX};
    (void)home_issue(home, 0, 2);
    home_read(home, "ledger.jsonl", &text);
    char *place = strstr(builder_text(&text), "CN=device-0001");
    assert_non_null(place);
    place[3] = 'D';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    assert_refused(ledger_scan_on(scan, visit, &visited, &err), err, ERROR_LEDGER,
                   "ledger.jsonl is not what this CA's checkpoints are of");
}

static void a_scan_may_begin_at_any_record(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 3);
    for (uint64_t from = 0; from < 6; from++) {
        struct visited visited = {.stop = UINT64_MAX};
        assert_done(ledger_scan_from(home->ledger, from, visit, &visited, &err), err);
        assert_visited(&visited, from, 6 - from);
    }
    struct visited visited = {.stop = 4};
    assert_false(ledger_scan_from(home->ledger, 2, visit, &visited, &err));
    assert_int_equal(err.kind, ERROR_INTERRUPTED);
    assert_visited(&visited, 2, 3);
    error_clear(&err);
    assert_refused(ledger_scan_from(home->ledger, 6, visit, &visited, &err), err, ERROR_LEDGER,
                   "index.sqlite does not know where record 6 is");
}

/** What was torn is between two records: they are visited, with their numbers, and the root is the ledger's. */
static void void_lines_are_passed_over(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 1);
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"ba\x18\n\x18\n"));
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 1, 1);
    home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"ba\x18\n"));
    home_open(home, LEDGER_WRITE);
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    struct visited all = {.stop = UINT64_MAX};
    assert_done(ledger_scan_on(scan, visit, &all, &err), err);
    assert_visited(&all, 0, 4);
    for (uint64_t from = 0; from < 4; from++) {
        struct visited visited = {.stop = UINT64_MAX};
        assert_done(ledger_scan_from(home->ledger, from, visit, &visited, &err), err);
        assert_visited(&visited, from, 4 - from);
    }
    home_close(home);
    home_assert_clean(home, 4);
}

static bool count_each(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record, (void)entry;
    ++*(uint64_t *)data;
    return true;
}

static void a_range_of_records_is_from_one_to_below_another(void **state)
{
    struct home *home = *state;
    (void)home_issue(home, 0, 2);
    for (uint64_t from = 0; from < 6; from++) {
        for (uint64_t to = 0; to < 6; to++) {
            struct error err = ERROR_INIT;
            uint64_t seen = 0;
            const struct ledger_filter filter = {.status = -1, .from_seq = from, .to_seq = to};
            const uint64_t end = to == 0 || to > 4 ? 4 : to; // 0: all
            assert_done(ledger_each(home->ledger, &filter, count_each, &seen, &err), err);
            assert_int_equal(seen, from < end ? end - from : 0);
        }
    }
}

static void a_record_past_the_end_is_none(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct json *record = NULL;
    (void)home_issue(home, 0, 1);
    assert_done(ledger_record(home->ledger, 1, &record, &err), err);
    assert_string_equal(json_text(record, "type"), "cert.issued");
    json_free(TAKE(record));
    assert_false(ledger_record(home->ledger, 2, &record, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_null(record);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_way_to_differ_from_what_is_remembered_has_its_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_newest_record_that_governs_is_found_before_any_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_newest_chain_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_policy_is_known_by_the_digest_it_had_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_goes_on_where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_of_more_than_a_tile_sees_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_finds_what_was_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_scan_may_begin_at_any_record, setup, teardown),
        cmocka_unit_test_setup_teardown(void_lines_are_passed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(a_range_of_records_is_from_one_to_below_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_past_the_end_is_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
