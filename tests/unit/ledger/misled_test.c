/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An index that leads to other bytes than a record's: it is made anew, once, and told why in so many words; and records that were damaged
 * behind an open ledger are told as what they are.
 */
#include "ledger/log.h"
#include "ledger_home.h"

#include <dlfcn.h>

static const char *failing_sql; /* a statement with this in it can't be run; NULL: all can */
static unsigned failed;         /* how often */

/** In place of SQLite's, for what is linked with this test. */
int sqlite3_step(sqlite3_stmt *statement)
{
    static __typeof__(&sqlite3_step) next;
    if (next == NULL)
        next = (__typeof__(&sqlite3_step))dlsym(RTLD_NEXT, "sqlite3_step");
    const char *sql = failing_sql == NULL ? NULL : sqlite3_sql(statement); // NULL: one of SQLite's own
    if (sql == NULL || strstr(sql, failing_sql) == NULL)
        return next(statement);
    failed++;
    return SQLITE_CORRUPT;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    failing_sql = NULL;
    failed = 0;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);                                            // 0, 1, and their ends 2, 3
    assert_int_equal(home_append(home, "cert.signing", home_signing(2)), 4); // unfinished
    (void)home_append(home, "test.note", json_new_object()); // at the last one an opening looks
    home_commit(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    failing_sql = NULL;
    home_done(*state);
    free(*state);
    return 0;
}

/* ---- four ways to look something up ---- */

static bool find_serial(struct ledger *ledger, unsigned number, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32];
    bool is_found = false;
    home_serial(number, serial);
    if (!ledger_find_serial(ledger, bytes_of(serial, 20), &entry, &is_found, err))
        return false;
    assert_true(is_found && entry.signing_seq == number);
    return true;
}

static bool find_request(struct ledger *ledger, unsigned number, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t csr[32], policy[32];
    bool is_found = false;
    home_digest("csr", number, csr);
    home_digest("policy", 0, policy);
    if (!ledger_find_request(ledger, csr, "mqtt-device", policy, &entry, &is_found, err))
        return false;
    assert_true(is_found && entry.signing_seq == number);
    return true;
}

static bool find_key(struct ledger *ledger, unsigned number, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t spki[32];
    bool is_found = false;
    home_digest("spki", number, spki);
    if (!ledger_find_key(ledger, spki, "CN=another", &entry, &is_found, err))
        return false;
    assert_true(is_found && entry.signing_seq == number);
    return true;
}

static bool find_unfinished(struct ledger *ledger, unsigned number, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    (void)number;
    if (!ledger_unfinished(ledger, &entries, &count, err))
        return false;
    assert_int_equal(count, 1);
    assert_int_equal(entries[0].signing_seq, 4);
    ledger_entry_done(&entries[0]);
    free(entries);
    return true;
}

typedef bool looking_up(struct ledger *ledger, unsigned number, struct error *err);

static looking_up *const all[] = {find_serial, find_request, find_key, find_unfinished};

/** Asked of an index that was changed so: the answer is right, and this, and no more, is told. */
static void assert_told(struct home *home, const char *sql, looking_up *look_up, const char *told)
{
    for (int mode = 0; mode < 2; mode++) {
        struct error err = ERROR_INIT;
        AUTO(free) char *notice = memory_format("%s: read the ledger's 6 records again", told);
        home_change_index(home, sql);
        home_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE);
        assert_null(ledger_notice(home->ledger));
        assert_done(look_up(home->ledger, 1, &err), err);
        const char *found = ledger_notice(home->ledger);
        if (found == NULL || strcmp(found, notice) != 0)
            fail_msg("%s: %s", sql, found == NULL ? "nothing" : found);
        assert_null(ledger_notice(home->ledger));
        assert_done(look_up(home->ledger, 1, &err), err);
        assert_null(ledger_notice(home->ledger)); // it is whole now
    }
}

static void an_index_that_leads_elsewhere_is_made_anew(void **state)
{
    static const struct {
        const char *change;
        const char *before, *behind; /* of the record's number, in what is told */
    } lies[] = {
        {"UPDATE records SET offset = (SELECT offset FROM records WHERE seq = 0),"
         " len = (SELECT len FROM records WHERE seq = 0)",
         "record", " is damaged: its seq is another"},
        {"UPDATE records SET len = len - 1", "record", " is damaged: not JSON: "},
        {"UPDATE records SET len = 2, offset = offset + len - 2", "record", " is damaged: not JSON: "},
        {"DELETE FROM records", "the ledger has no record", ": it holds 6"},
        {"UPDATE records SET len = 65536", "the ledger has no record", ": it holds 6"},
        {"UPDATE records SET len = 65535", "can't read record", ": No data available"},
        {"UPDATE records SET offset = 1 << 40", "can't read record", ": No data available"},
    };
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        for (size_t j = 0; j < ARRAY_LEN(all); j++) {
            struct error err = ERROR_INIT;
            const int seq = all[j] == find_unfinished ? 4 : i % 2 == 0 ? 1 : 3; // signed, or issued
            AUTO(free) char *sql = memory_format("%s WHERE seq = %d", lies[i].change, seq);
            AUTO(free)
            char *words = memory_format("%s %d%s", lies[i].before, seq, lies[i].behind);
            home_change_index(home, sql);
            home_open(home, LEDGER_READ);
            assert_done(all[j](home->ledger, 1, &err), err);
            const char *found = ledger_notice(home->ledger);
            if (found == NULL || strncmp(found, words, strlen(words)) != 0 ||
                strstr(found, ": read the ledger's 6 records again") == NULL)
                fail_msg("%s: %s", sql, found == NULL ? "nothing" : found);
            assert_null(ledger_notice(home->ledger));
        }
    }
}

static void an_index_that_says_another_thing_is_made_anew(void **state)
{
    static const char of_one[] = "index.sqlite says of record 1 what is not in it";
    static const char of_none[] = "index.sqlite takes for unfinished what was ended";
    struct home *home = *state;
    for (size_t j = 0; j < 3; j++) {
        assert_told(home, "UPDATE certificates SET not_after = 7 WHERE signing_seq = 1", all[j], of_one);
        assert_told(home, "UPDATE certificates SET issued_seq = 2 WHERE signing_seq = 1", all[j], of_one);
        assert_told(home, "UPDATE certificates SET issued_seq = 1 WHERE signing_seq = 1", all[j], of_one);
    }
    assert_told(home, "UPDATE certificates SET status = 0, issued_seq = NULL WHERE signing_seq = 1",
                find_unfinished, of_none);
    assert_told(home, "UPDATE certificates SET subject = 'CN=x' WHERE signing_seq = 4", find_unfinished,
                of_none);
    // One that says of a serial what is another's.
    assert_told(
        home,
        "UPDATE certificates SET serial = (SELECT serial FROM certificates WHERE signing_seq = 1),"
        " serial_key = (SELECT serial_key FROM certificates WHERE signing_seq = 1) WHERE signing_seq = 0;"
        "DELETE FROM certificates WHERE signing_seq = 1; INSERT INTO fresh_keys SELECT serial_key, "
        "signing_seq FROM certificates WHERE signing_seq = 0",
        find_serial, "index.sqlite says of record 0 what is not in it");
}

#define LOOK_UP "ifnull(c.key_value, c.spki) FROM certificates c WHERE" /* as no other statement goes on */

/** It is made anew once; what can't be read then, can't. */
static void a_look_up_that_fails_again_is_told(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_WRITE);
    for (size_t j = 0; j < ARRAY_LEN(all); j++) {
        struct error err = ERROR_INIT;
        failing_sql = LOOK_UP;
        failed = 0;
        assert_false(all[j](home->ledger, 1, &err));
        failing_sql = NULL;
        assert_int_equal(failed, 2);
        assert_int_equal(strncmp(err.text, "index.sqlite can't be read: ", 28), 0);
        const char *notice = ledger_notice(home->ledger);
        assert_non_null(notice);
        assert_int_equal(strncmp(notice, "index.sqlite can't be read: ", 28), 0);
        assert_null(ledger_notice(home->ledger));
        assert_done(all[j](home->ledger, 1, &err), err); // and the next may be answered
    }
}

static bool see(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record, (void)entry;
    ++*(unsigned *)data;
    return true;
}

/** Records of a serial whose certificate can't be looked up are not those of a serial that has none. */
static void a_filter_whose_serial_cannot_be_looked_up_shows_nothing(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    unsigned seen = 0;
    uint8_t serial[32];
    char hex[129];
    home_serial(1, serial);
    const struct ledger_filter filter = {.status = -1, .serial = hex_of(bytes_of(serial, 20), hex)};
    failing_sql = LOOK_UP;
    assert_false(ledger_each(home->ledger, &filter, see, &seen, &err));
    failing_sql = NULL;
    assert_int_equal(strncmp(err.text, "index.sqlite can't be read: ", 28), 0);
    assert_int_equal(seen, 0);
    assert_done(ledger_each(home->ledger, &filter, see, &seen, &err), err);
    assert_int_equal(seen, 2);
}

/* ---- behind an open ledger ---- */

/** A line of this length: '_' stands for what is missing; without one, there are blanks behind it. */
static void fill(const char *line, size_t len, struct builder *ret_text)
{
    const char *gap = strchr(line, '_');
    const char *rest = gap == NULL ? "" : gap + 1;
    builder_add(ret_text, line, gap == NULL ? strlen(line) : (size_t)(gap - line));
    while (ret_text->len + strlen(rest) < len)
        builder_add_u8(ret_text, gap == NULL ? ' ' : 'x');
    builder_add_text(ret_text, rest);
}

static void a_record_that_is_damaged_meanwhile_is_told(void **state)
{
    static const char another[] = "record 1 is damaged: its seq is another";
    static const struct {
        const char *line, *told;
    } cases[] = {{"x", "record 1 is damaged: not JSON: "},
                 {"[]", "record 1 is damaged: not a JSON object"},
                 {"{}", "record 1 is damaged: not in canonical form (RFC 8785)"},
                 {"{\"a\":\"\",\"seq\":0,\"z\":\"_\"}", another},
                 {"{\"a\":\"\",\"seq\":\"1\",\"z\":\"_\"}", another},
                 {"{\"z\":\"_\"}", another}};
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &whole);
    const uint8_t *start = (const uint8_t *)memchr(whole.data, '\n', whole.len) + 1;
    size_t place = (size_t)(start - whole.data);
    size_t len = (size_t)((const uint8_t *)memchr(start, '\n', whole.len - place) - start);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        struct json *record = NULL;
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        AUTO(builder_done) struct builder changed = BUILDER_INIT;
        fill(cases[i].line, len, &line);
        builder_add_bytes(&changed, builder_bytes(&whole));
        memcpy(changed.data + place, line.data, len);
        home_write(home, "ledger.jsonl", builder_bytes(&changed));
        assert_false(ledger_record(home->ledger, 1, &record, &err));
        assert_null(record);
        assert_int_equal(err.kind, ERROR_LEDGER);
        assert_int_equal(err.native, 0);
        if (strncmp(err.text, cases[i].told, strlen(cases[i].told)) != 0)
            fail_msg("%s: %s", cases[i].line, err.text);
    }
    home_write(home, "ledger.jsonl", builder_bytes(&whole));
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *record = NULL;
    assert_done(ledger_record(home->ledger, 1, &record, &err), err);
}

static bool count(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    unsigned *seen = data;
    (void)seq, (void)text, (void)err;
    ++*seen;
    return true;
}

/** Who reads on from a record is not given another one's, or a part of one, under its number. */
static void a_scan_begins_at_its_record_or_not_at_all(void **state)
{
    static const char *const changes[] = {
        "UPDATE records SET (offset, len) = (SELECT offset, len FROM records WHERE seq = 1) WHERE seq = 2",
        "UPDATE records SET offset = offset + 1, len = len - 1 WHERE seq = 2",
        "DELETE FROM records WHERE seq = 2"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct error err = ERROR_INIT;
        unsigned seen = 0;
        home_change_index(home, changes[i]);
        home_open(home, LEDGER_READ);
        assert_refused(ledger_scan_from(home->ledger, 2, count, &seen, &err), err, ERROR_LEDGER,
                       "index.sqlite does not know where record 2 is: run `coldca ledger index --rebuild`");
        assert_int_equal(seen, 0);
        home_remove_index(home);
        home_open(home, LEDGER_WRITE);
        assert_done(ledger_scan_from(home->ledger, 2, count, &seen, &err), err);
        assert_int_equal(seen, 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_scan_begins_at_its_record_or_not_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_leads_elsewhere_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_says_another_thing_is_made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(a_look_up_that_fails_again_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_filter_whose_serial_cannot_be_looked_up_shows_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_record_that_is_damaged_meanwhile_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
