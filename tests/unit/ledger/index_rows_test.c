/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.sqlite, row by row: one that another build of this version wrote is read as its own, so what stands in it may change only with
 * INDEX_VERSION. The same rows come from reading on and from making it at once.
 */
#include "ledger_home.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

/* The last has a tbs, so that its key is by its value: SHA-256 of 3003020105. */
static const char lines[] =
    "{\"batch\":\"b1\",\"csr_sha256\":\"" A64
    "\",\"not_after\":\"2030-01-01T00:00:00Z\",\"operator\":\"ann\","
    "\"policy\":\"p1\",\"policy_sha256\":\"" C64 "\",\"sans\":[\"dns:a.example\",7,\"uri:\\\"\"],\"seq\":0,"
    "\"serial\":\"1a2b\",\"source\":\"a.csr\",\"spki_sha256\":\"" B64 "\",\"subject\":\"CN=\\\\\\\"\","
    "\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"cert.signing\"}\n"
    "{\"operator\":\"ann\",\"ref\":0,\"seq\":1,\"time\":\"2026-01-01T00:00:01Z\",\"type\":\"cert.issued\"}\n"
    "{\"operator\":\"ann\",\"seq\":2,\"serial\":\"3c\",\"time\":\"2026-01-01T00:00:02Z\",\"type\":\"cert."
    "signing\"}\n"
    "{\"operator\":\"ann\",\"ref\":2,\"seq\":3,\"time\":\"2026-01-01T00:00:03Z\",\"type\":\"cert.abandoned\"}"
    "\n"
    "{\"operator\":\"ann\",\"seq\":4,\"serial\":\"1a2b\",\"time\":\"2026-01-01T00:00:04Z\",\"type\":\"cert."
    "revoked\"}\n"
    "{\"batch\":\"b\\\\2\",\"operator\":\"ann\",\"seq\":5,\"time\":\"2026-01-01T00:00:05Z\",\"type\":\"test."
    "note\"}\n"
    "{\"operator\":\"ann\",\"seq\":6,\"serial\":\"4d\",\"spki_sha256\":\"" B64
    "\",\"tbs\":\"MBACAQEwADAAMAAwADADAgEF\","
    "\"time\":\"2026-01-01T00:00:06Z\",\"type\":\"cert.signing\"}\n";

static const struct {
    const char *sql, *rows;
} tables[] = {
    {"SELECT version, size, offset, notes_offset, newest_time, notes_last, notes_previous FROM state",
     "5 7 1135 0 1767225606 NULL NULL\n"},
    {"SELECT seq, offset, len, time, type, quote(batch) FROM records ORDER BY seq",
     "0 0 473 1767225600 cert.signing 'b1'\n1 474 85 1767225601 cert.issued NULL\n"
     "2 560 92 1767225602 cert.signing NULL\n3 653 88 1767225603 cert.abandoned NULL\n"
     "4 742 94 1767225604 cert.revoked NULL\n5 837 90 1767225605 test.note 'b\\2'\n"
     "6 928 206 1767225606 cert.signing NULL\n"},
    {"SELECT signing_seq, issued_seq, status, hex(serial), quote(policy), quote(subject), quote(source), "
     "time,"
     " not_after, replace(sans, char(10), '|') FROM certificates ORDER BY signing_seq",
     "0 1 3 1A2B 'p1' 'CN=\\\"' 'a.csr' 1767225600 1893456000 |dns:a.example|uri:\"|\n"
     "2 NULL 2 3C NULL NULL NULL 1767225602 0 |\n"
     "6 NULL 0 4D NULL NULL NULL 1767225606 0 |\n"},
    {"SELECT signing_seq, lower(hex(csr)), lower(hex(spki)), lower(hex(policy_sha256)), lower(hex(key_value))"
     " FROM certificates ORDER BY signing_seq",
     "0 " A64 " " B64 " " C64 " \n2 " ZERO " " ZERO " " ZERO " \n6 " ZERO " " B64 " " ZERO
     " 417c7763c4e320a6b747b3cb0c6d22f93741b29a32b48594b8eb4c144fe6d729\n"},
    // The first 8 bytes of a digest, and of that of a serial, as a number.
    {"SELECT signing_seq, csr_key, spki_key, serial_key FROM certificates ORDER BY signing_seq",
     "0 -6148914691236517206 -4919131752989213765 8914183156330151540\n2 0 0 -2684924933961742357\n"
     "6 0 4718777779966124198 644702527692556039\n"},
    {"SELECT key, signing_seq FROM keys UNION SELECT key, signing_seq FROM fresh_keys ORDER BY 1, 2",
     "-6148914691236517206 0\n-4919131752989213765 0\n-2684924933961742357 2\n0 2\n0 6\n"
     "644702527692556039 6\n4718777779966124198 6\n8914183156330151540 0\n"},
    {"SELECT id, length(hashes) FROM tiles", "0 224\n"},
    // Without the first three all is found as well, among millions too slowly.
    {"SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name",
     "chains\ngoverning\nunfinished\ncertificates\nfresh_keys\nkeys\nrecords\nstate\ntiles\n"},
};

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

static int add_row(void *data, int count, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < count; i++)
        builder_format(data, "%s%s", i == 0 ? "" : " ", values[i] == NULL ? "NULL" : values[i]);
    builder_add_u8(data, '\n');
    return 0;
}

static void assert_rows(const struct home *home)
{
    AUTO(free) char *place = memory_format("%s/index.sqlite", home->path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place, &db), SQLITE_OK);
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        AUTO(builder_done) struct builder rows = BUILDER_INIT;
        if (sqlite3_exec(db, tables[i].sql, add_row, &rows, NULL) != SQLITE_OK)
            fail_msg("%s: %s", tables[i].sql, sqlite3_errmsg(db));
        assert_string_equal(builder_text(&rows), tables[i].rows);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void an_index_that_is_made_at_once_has_these_rows(void **state)
{
    struct home *home = *state;
    home_write(home, "ledger.jsonl", bytes_of_text(lines));
    home_open(home, LEDGER_WRITE);
    home_close(home);
    assert_rows(home);
}

static void an_index_that_reads_on_has_the_same(void **state)
{
    struct home *home = *state;
    for (const char *end = lines; *end != '\0';) {
        end = strchr(end, '\n') + 1;
        home_write(home, "ledger.jsonl", bytes_of((const uint8_t *)lines, (size_t)(end - lines)));
        home_open(home, LEDGER_WRITE);
        home_close(home);
    }
    assert_rows(home);
}

/** One from before there was an index of chains has it made by who writes next. */
static void an_index_of_chains_is_made_where_it_lacks(void **state)
{
    struct home *home = *state;
    home_write(home, "ledger.jsonl", bytes_of_text(lines));
    home_open(home, LEDGER_WRITE);
    home_change_index(home, "DROP INDEX chains");
    home_open(home, LEDGER_WRITE);
    assert_null(ledger_notice(home->ledger));
    home_close(home);
    assert_rows(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_index_that_is_made_at_once_has_these_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_of_chains_is_made_where_it_lacks, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_reads_on_has_the_same, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
