/* SPDX-License-Identifier: Apache-2.0 */
/* Which records a filter chooses: each member by itself, on both sides of its bounds, and two of them together; and in which order. */
#include "ledger_home.h"

#define T0 INT64_C(1767225600) /* 2026-01-01T00:00:00Z; record n is of n seconds later */
#define RECORDS 12

#define TYPE(name) "$\"type\":\"" name "\"}"

/** In place of '@', '#' and '$' stand operator, seq and time. */
static const char *const records[RECORDS] = {
    "{\"batch\":\"b1\",@\"policy\":\"p1\",\"sans\":[\"dns:a.example\"],#\"serial\":\"1a\",\"subject\":\"CN="
    "alpha\"," TYPE("cert.signing"),
    "{\"batch\":\"b2\",@\"policy\":\"p2\",\"sans\":[\"ip:10.0.0.1\",\"dns:b.example\"],#\"serial\":\"2b\","
    "\"subject\":"
    "\"CN=beta\"," TYPE("cert.signing"),
    "{@\"ref\":0,#" TYPE("cert.issued"),
    "{@\"ref\":1,#" TYPE("cert.abandoned"),
    "{@#\"serial\":\"1a\"," TYPE("cert.revoked"),
    "{\"batch\":\"b1\",@#" TYPE("test.note"),
    "{@#\"serial\":\"3c\"," TYPE("cert.signing"),
    "{@#\"serial\":\"99\"," TYPE("cert.revoked"), // from before this ledger
    "{@#\"serial\":\"1a\"," TYPE("cert.unrevoked"),
    "{@\"policy\":\"p1\",#\"serial\":\"4d5e\",\"subject\":\"CN=alphabet\"," TYPE("cert.signing"),
    "{@\"ref\":9,#" TYPE("cert.issued"),
    "{@\"ref\":9,#" TYPE("test.note"), // what it refers to is another's matter
};

static void add_record(size_t seq, struct builder *text)
{
    char time[TIME_TEXT_SIZE];
    for (const char *at = records[seq]; *at != '\0'; at++) {
        if (*at == '@')
            builder_add_text(text, "\"operator\":\"ann\",");
        else if (*at == '#')
            builder_format(text, "\"seq\":%zu,", seq);
        else if (*at == '$')
            builder_format(text, "\"time\":\"%s\",", time_format(T0 + (int64_t)seq, time));
        else
            builder_add_u8(text, (uint8_t)*at);
    }
    builder_add_u8(text, '\n');
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_init(home);
    for (size_t i = 0; i < RECORDS; i++)
        add_record(i, &text);
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/** What was visited: "0e " is record 0 with its certificate. */
struct seen {
    struct builder text;
    unsigned stop_after; /**< 0: never */
};

static bool see(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct seen *seen = data;
    int64_t seq = -1;
    assert_true(json_int(record, "seq", &seq));
    assert_true(entry == NULL || entry->signing_seq == (uint64_t)seq);
    builder_format(&seen->text, "%d%s ", (int)seq, entry == NULL ? "" : "e");
    return seen->stop_after == 0 || --seen->stop_after > 0;
}

static const struct {
    struct ledger_filter filter;
    const char *seen;
} cases[] = {
    {{.status = -1}, "0e 1e 2 3 4 5 6e 7 8 9e 10 11 "},
    {{.status = -1, .only_certificates = true}, "0e 1e 6e 9e "},
    {{.status = LEDGER_UNFINISHED}, "6e "},
    {{.status = LEDGER_ISSUED}, "0e 9e "},
    {{.status = LEDGER_ABANDONED}, "1e "},
    {{.status = LEDGER_REVOKED}, ""},
    {{.status = -1, .since = T0}, "0e 1e 2 3 4 5 6e 7 8 9e 10 11 "},
    {{.status = -1, .since = T0 + 10}, "10 11 "},
    {{.status = -1, .since = 1, .until = T0 - 1}, ""},
    {{.status = -1, .until = T0}, "0e "},
    {{.status = -1, .until = 1}, ""},
    {{.status = -1, .since = T0 + 3, .until = T0 + 5}, "3 4 5 "},
    {{.status = -1, .since = T0 + 12}, ""},
    {{.status = -1, .type = "cert.issued"}, "2 10 "},
    {{.status = -1, .type = "cert.issue"}, ""},
    {{.status = -1, .type = ""}, ""},
    {{.status = -1, .batch = "b1"}, "0e 5 "},
    {{.status = -1, .batch = "b"}, ""},
    {{.status = -1, .policy = "p1"}, "0e 9e "},
    {{.status = -1, .policy = "p"}, ""},
    {{.status = -1, .subject = "CN=alpha"}, "0e 9e "},
    {{.status = -1, .subject = "beta"}, "1e "},
    {{.status = -1, .subject = "gamma"}, ""},
    {{.status = -1, .san = "a.example"}, "0e "},
    {{.status = -1, .san = "ip:10.0.0.1"}, "1e "},
    {{.status = -1, .san = "b.example"}, "1e "},
    {{.status = -1, .san = "example"}, ""},
    {{.status = -1, .serial = "1a"}, "0e 2 4 8 "},
    {{.status = -1, .serial = "2b"}, "1e 3 "},
    {{.status = -1, .serial = "3c"}, "6e "},
    {{.status = -1, .serial = "99"}, "7 "},
    {{.status = -1, .serial = "4d5e"}, "9e 10 "},
    {{.status = -1, .serial = "4d"}, ""},
    {{.status = -1, .serial = "00"}, ""},
    {{.status = -1, .serial = "1a", .only_certificates = true}, "0e "},
    {{.status = -1, .serial = "1a", .type = "cert.revoked"}, "4 "},
    {{.status = -1, .serial = "1a", .from_seq = 2, .to_seq = 8}, "2 4 "},
    {{.status = -1, .serial = "1a", .since = T0 + 1}, "2 4 8 "},
    {{.status = LEDGER_ABANDONED, .serial = "1a"}, ""},
    {{.status = -1, .policy = "p1", .subject = "bet"}, "9e "},
    {{.status = LEDGER_ISSUED, .batch = "b1"}, "0e "},
    {{.status = -1, .batch = "b1", .since = T0 + 1}, "5 "},
    {{.status = -1, .from_seq = 11}, "11 "},
    {{.status = -1, .from_seq = 12}, ""},
    {{.status = -1, .to_seq = 1}, "0e "},
    {{.status = -1, .from_seq = 1, .to_seq = 2}, "1e "},
    {{.status = -1, .from_seq = 2, .to_seq = 2}, ""},
    {{.status = -1, .from_seq = 10, .to_seq = 100}, "10 11 "},
};

static void each_filter_chooses_its_own(void **state)
{
    struct home *home = *state;
    for (int mode = 0; mode < 2; mode++) {
        home_open(home, mode == 0 ? LEDGER_READ : LEDGER_WRITE);
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
            struct error err = ERROR_INIT;
            struct seen seen = {.text = BUILDER_INIT};
            assert_done(ledger_each(home->ledger, &cases[i].filter, see, &seen, &err), err);
            if (strcmp(builder_text(&seen.text), cases[i].seen) != 0)
                fail_msg("%zu: \"%s\", not \"%s\"", i, builder_text(&seen.text), cases[i].seen);
            builder_done(&seen.text);
        }
    }
}

static void a_visitor_may_have_enough(void **state)
{
    static const char *const wanted[] = {"0e ", "0e 1e ", "0e 1e 2 "};
    struct home *home = *state;
    home_open(home, LEDGER_READ);
    for (unsigned i = 0; i < ARRAY_LEN(wanted); i++) {
        struct error err = ERROR_INIT;
        struct seen seen = {.text = BUILDER_INIT, .stop_after = i + 1};
        assert_done(ledger_each(home->ledger, &(struct ledger_filter){.status = -1}, see, &seen, &err), err);
        assert_string_equal(builder_text(&seen.text), wanted[i]);
        builder_done(&seen.text);
    }
}

static void a_serial_is_up_to_64_bytes_in_hex(void **state)
{
    static const char words[] = "a serial is written in hex digits, two a byte, at most 64 bytes";
    struct home *home = *state;
    AUTO(free) char *longest = memory_format("%0128d", 0);
    AUTO(free) char *longer = memory_format("%0130d", 0);
    const char *const bad[] = {"", "1", "1a2", "1g", "0x1a", " 1a", longer};
    home_open(home, LEDGER_READ);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error err = ERROR_INIT;
        struct seen seen = {.text = BUILDER_INIT};
        const struct ledger_filter filter = {.status = -1, .serial = bad[i]};
        assert_false(ledger_each(home->ledger, &filter, see, &seen, &err));
        assert_string_equal(err.text, words);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_int_equal(seen.text.len, 0);
    }
    struct error err = ERROR_INIT;
    struct seen seen = {.text = BUILDER_INIT};
    const struct ledger_filter filter = {.status = -1, .serial = longest};
    assert_done(ledger_each(home->ledger, &filter, see, &seen, &err), err);
    assert_int_equal(seen.text.len, 0);
}

/** What is damaged ends it, where it stands, and the next filter is not mixed up with it. */
static void a_damaged_record_ends_it(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct seen seen = {.text = BUILDER_INIT};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_open(home, LEDGER_READ);
    home_read(home, "ledger.jsonl", &text);
    char *place = strstr(builder_text(&text), "\"ref\":1,");
    assert_non_null(place);
    *place = ' ';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    assert_refused(ledger_each(home->ledger, &(struct ledger_filter){.status = -1}, see, &seen, &err), err,
                   ERROR_LEDGER, "record 3 is damaged: ");
    assert_string_equal(builder_text(&seen.text), "0e 1e 2 ");
    builder_clear(&seen.text);
    const struct ledger_filter behind = {.status = -1, .from_seq = 4, .to_seq = 6};
    assert_done(ledger_each(home->ledger, &behind, see, &seen, &err), err);
    assert_string_equal(builder_text(&seen.text), "4 5 ");
    builder_done(&seen.text);
    home_remove_index(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_filter_chooses_its_own, setup, teardown),
        cmocka_unit_test_setup_teardown(a_visitor_may_have_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(a_serial_is_up_to_64_bytes_in_hex, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_record_ends_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
