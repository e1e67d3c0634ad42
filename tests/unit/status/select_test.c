/* SPDX-License-Identifier: Apache-2.0 */
/* Which certificates a revocation is about: by list, by what the ledger says, by key. What is to be done with each is target_test.c's. */
#include "failing.h"
#include "selected.h"
#include "status/list_parse.h"

/* ---- what is asked for ---- */

static void assert_usage(const struct revoke_options *options, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(selection_done) struct selection selection = {.lines = BUILDER_INIT};
    assert_false(selection_read(options, &selection, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_USAGE);
}

static void one_way_is_named_and_one_thing_wanted(void **state)
{
    static const char one_way[] = "say which certificate in one way: --serial, --certificate, --request, "
                                  "--key, --list or --where";
    static const char excluded[] = "--reason, --hold and --release exclude each other";
    static const char of_foreign[] =
        "--foreign goes with --serial, --certificate and --list: the ledger knows nothing else of it";
    const char *serial = "0a";
    struct error err = ERROR_INIT;
    (void)state;
    assert_usage(&(struct revoke_options){.reason = "superseded"}, one_way);
    assert_usage(&(struct revoke_options){.serials = &serial, .serial_count = 1, .where = "policy=p"},
                 one_way);
    assert_usage(&(struct revoke_options){.list = "a", .key = "b"}, one_way);
    assert_usage(&(struct revoke_options){.certificate = "a", .request = "b"}, one_way);
    assert_usage(&(struct revoke_options){.where = "policy=p", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.request = "a", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.key = "a", .is_foreign = true}, of_foreign);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_hold = true, .is_release = true}, excluded);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_hold = true, .reason = "superseded"}, excluded);
    assert_usage(&(struct revoke_options){.where = "a=b", .is_release = true, .reason = "superseded"},
                 excluded);
    struct selection selection = {.lines = BUILDER_INIT};
    AUTO(free) char *gone = memory_format("%s/gone", small.folder.path);
    const struct revoke_options of_files[] = {
        {.list = gone}, {.certificate = gone}, {.request = gone}, {.key = gone}};
    for (size_t i = 0; i < ARRAY_LEN(of_files); i++) {
        error_clear(&err);
        assert_false(selection_read(&of_files[i], &selection, &err));
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_non_null(strstr(err.text, gone));
    }
    assert_true(selection_read(&(struct revoke_options){.where = "a=b", .is_hold = true}, &selection, &err));
    assert_int_equal(selection.wish.reason, CRL_CERTIFICATE_HOLD);
    assert_false(selection.wish.is_release);
    const struct revoke_options full = {
        .where = "a=b", .reason = "keyCompromise", .invalidity_date = "2026-01-02"};
    assert_true(selection_read(&full, &selection, &err));
    assert_int_equal(selection.wish.reason, CRL_KEY_COMPROMISE);
    assert_int_equal(selection.wish.invalidity_date, INT64_C(1767312000));
    assert_true(
        selection_read(&(struct revoke_options){.where = "a=b", .is_release = true}, &selection, &err));
    assert_true(selection.wish.is_release);
    assert_int_equal(selection.wish.invalidity_date, CRL_NO_TIME);
}

/* ---- lists ---- */

/** As the parser process answers to a file. */
static void parse_list(const char *text, struct builder *ret_lines)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    builder_add(&input, "l.csv", sizeof("l.csv"));
    builder_add_text(&input, text);
    list_parse(builder_bytes(&input), &output);
    assert_true(output.len >= sizeof(err));
    memcpy(&err, output.data, sizeof(err));
    assert_int_equal(err.kind, ERROR_NONE);
    builder_add(ret_lines, output.data + sizeof(err), output.len - sizeof(err));
}

static bool from_list(const char *text, struct error *err)
{
    const struct revoke_options options = {.list = "l.csv"};
    AUTO(selection_done) struct selection selection = {.wish = superseded, .lines = BUILDER_INIT};
    parse_list(text, &selection.lines);
    forget_plan();
    error_clear(err);
    return selection_find(&selection, &options, &desk, &plan, err);
}

static void a_list_names_serials_and_bad_lines_are_told(void **state)
{
    struct error err = ERROR_INIT;
    struct given one, two, three;
    (void)state;
    given_issue(&small.home, "CN=1", "p", true, &one), given_issue(&small.home, "CN=2", "p", true, &two),
        given_issue(&small.home, "CN=3", "p", true, &three);
    AUTO(free)
    char *text = memory_format("reason,serial,invalidity_date\n"
                               "keyCompromise,%s,2026-01-02\n"
                               ",%s,\n"
                               ",%s,\n"
                               "lost,%s,\n"
                               ",%s,2999-01-01\n"
                               ",0abc,\n"
                               ",,\n"
                               ",xyz,\n"
                               ",%s,,more\n",
                               one.serial, two.serial, one.serial, three.serial, three.serial, three.serial);
    if (!from_list(text, &err))
        fail_msg("%s", err.text);
    assert_true(plan.is_many);
    assert_int_equal(plan.count, 2);
    assert_string_equal(plan.targets[0].serial_text, one.serial);
    assert_int_equal(plan.targets[0].reason, CRL_KEY_COMPROMISE);
    assert_int_equal(plan.targets[0].invalidity_date, INT64_C(1767312000));
    assert_string_equal(plan.targets[1].serial_text, two.serial);
    assert_int_equal(plan.targets[1].reason, CRL_SUPERSEDED);
    assert_int_equal(plan.targets[1].invalidity_date, CRL_NO_TIME);
    static const char *const problems[] = {
        "l.csv:4: an earlier line has this serial, too",
        "l.csv:5: \"lost\" is not a reason of RFC 5280 5.3.1",
        "l.csv:6: the invalidity date is when the key was lost",
        "l.csv:7: no certificate with serial 0abc in the ledger",
        "l.csv:8: not a serial and what the first line names beside it",
        "l.csv:9: ",
        "l.csv:10: not a serial and what the first line names beside it",
    };
    assert_int_equal(plan.problem_count, ARRAY_LEN(problems));
    for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
        if (strncmp(plan.problems[i], problems[i], strlen(problems[i])) != 0)
            fail_msg("\"%s\" does not begin \"%s\"", plan.problems[i], problems[i]);
    }
}

/** That is no line's fault, so no line is left out for it. */
static void an_index_that_lies_ends_a_list(void **state)
{
    struct error err = ERROR_INIT;
    struct given given, unfinished;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    given_issue(&small.home, "CN=b", "p", false, &unfinished);
    AUTO(free) char *text = memory_format("serial\n%s\n%s\n", given.serial, unfinished.serial);
    assert_false(from_list(text, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "was not issued, ledger.jsonl that it is not burned"));
    assert_int_equal(plan.problem_count, 0);
}

/** By a parser process that was taken over, say: nothing is selected of what it left out. */
static void an_answer_that_is_cut_ends_a_list(void **state)
{
    struct error err = ERROR_INIT;
    struct given given;
    const struct revoke_options options = {.list = "l.csv"};
    AUTO(selection_done) struct selection selection = {.wish = superseded, .lines = BUILDER_INIT};
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    AUTO(free) char *text = memory_format("serial\n%s\n", given.serial);
    parse_list(text, &selection.lines);
    selection.lines.len--;
    assert_false(selection_find(&selection, &options, &desk, &plan, &err));
    assert_int_not_equal(err.kind, ERROR_NONE);
    assert_int_equal(plan.count, 0);
}

/* ---- what the ledger says ---- */

static size_t where(const char *terms)
{
    struct error err = ERROR_INIT;
    const struct revoke_options options = {.where = terms};
    const struct selection selection = {.wish = superseded};
    forget_plan();
    if (!selection_find(&selection, &options, &desk, &plan, &err))
        fail_msg("%s", err.text);
    assert_true(plan.is_many);
    return plan.count;
}

static void assert_where_refused(const char *terms, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(selection_from_where(terms, &superseded, &desk, &plan, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_USAGE);
    assert_int_equal(plan.count, 0);
}

static void certificates_are_found_by_what_the_ledger_says(void **state)
{
    static const char known[] = "--where knows policy, batch, subject, issued-since and issued-before, each "
                                "once; not \"%s\"";
    static const char *const twice[] = {"policy=p,policy",
                                        "batch=p,batch",
                                        "subject=p,subject",
                                        "issued-since=2026-01-01,issued-since",
                                        "issued-before=2026-01-01,issued-before",
                                        "colour"};
    struct given given;
    char now[TIME_TEXT_SIZE];
    (void)state;
    given_issue(&small.home, "CN=a-1", "p", true, &given);
    given_issue(&small.home, "CN=a-2", "q", true, &given);
    given_issue(&small.home, "CN=b-1", "p", true, &given);
    given_issue(&small.home, "CN=b-2", "p", false, &given); // not issued: nothing to revoke
    assert_int_equal(where("policy=p"), 2);
    assert_int_equal(where("policy=q"), 1);
    assert_string_equal(plan.targets[0].subject, "CN=a-2");
    assert_int_equal(where("subject=a-"), 2);
    assert_int_equal(where("subject=a-,policy=p"), 1);
    assert_string_equal(plan.targets[0].subject, "CN=a-1");
    assert_int_equal(where("batch=CN=b-1"), 1);
    assert_int_equal(where("issued-since=2026-01-01"), 3);
    assert_int_equal(where("issued-since=2099-01-01"), 0);
    assert_int_equal(where("issued-before=2099-01-01"), 3);
    // Of before time began there is none, not all.
    assert_int_equal(where("issued-before=1970-01-01T00:00:02Z"), 0);
    assert_int_equal(where("issued-before=1970-01-01T00:00:01Z"), 0);
    assert_int_equal(where("issued-before=1970-01-01"), 0);
    // The second that is named does not count any more.
    (void)time_format(ledger_newest_time(small.home.ledger) + 1, now);
    AUTO(free) char *after = memory_format("issued-before=%s", now);
    assert_int_equal(where(after), 3);
    struct error err = ERROR_INIT;
    struct ledger_entry entry;
    bool is_found = false;
    assert_true(ledger_find_serial(small.home.ledger, bytes_of(plan.targets[0].serial, CERT_SERIAL_LEN),
                                   &entry, &is_found, &err));
    AUTO(free) char *at = memory_format("issued-before=%s", time_format(entry.time, now));
    ledger_entry_done(&entry);
    assert_int_equal(where(at), 0);
    AUTO(free) char *since = memory_format("issued-since=%s", now);
    assert_int_equal(where(since), 3);
    forget_plan();
    for (size_t i = 0; i < ARRAY_LEN(twice); i++) {
        const char *key = strrchr(twice[i], ',') == NULL ? twice[i] : strrchr(twice[i], ',') + 1;
        AUTO(free) char *terms = memory_format("%s=2026-01-01", twice[i]);
        AUTO(free) char *words = memory_format(known, key);
        assert_where_refused(terms, words);
    }
    assert_where_refused("policy=", "--where: \"policy=\" is not a KEY=VALUE");
    assert_where_refused("policy", "--where: \"policy\" is not a KEY=VALUE");
    static const char *const times[] = {"issued-since", "issued-before"};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        AUTO(free) char *terms = memory_format("%s=soon", times[i]);
        AUTO(free)
        char *words = memory_format(
            "%s is a day, 2026-11-21, or a time in UTC, 2026-11-21T02:48:57Z, not \"soon\"", times[i]);
        assert_where_refused(terms, words);
    }
    assert_where_refused("policy=p,", "--where: \"\" is not a KEY=VALUE");
}

/* ---- keys ---- */

static bool by_key(const uint8_t key_value[static 32], struct target_wish wish, struct error *err)
{
    const struct revoke_options options = {.key = "a file"};
    struct selection selection = {.wish = wish};
    memcpy(selection.foreign.key_value, key_value, 32);
    forget_plan();
    error_clear(err);
    return selection_find(&selection, &options, &desk, &plan, err);
}

static void a_lost_key_is_remembered_where_no_certificate_says_it(void **state)
{
    static const struct target_wish lost = {.reason = CRL_KEY_COMPROMISE, .invalidity_date = CRL_NO_TIME};
    static const uint8_t stranger[32] = {1, 2, 3};
    struct error err = ERROR_INIT;
    struct given given, other;
    (void)state;
    given_issue(&small.home, "CN=a", "p", true, &given);
    given_issue(&small.home, "CN=b", "p", true, &other);
    assert_false(by_key(stranger, superseded, &err));
    assert_non_null(strstr(err.text, "no certificate with this key in the ledger"));
    assert_int_equal(err.kind, ERROR_INPUT);
    struct target_wish since = lost;
    since.invalidity_date = INT64_C(1700000000);
    assert_true(by_key(stranger, since, &err));
    assert_int_equal(plan.targets[0].invalidity_date, INT64_C(1700000000));
    assert_true(by_key(stranger, lost, &err));
    assert_int_equal(plan.targets[0].reason, CRL_KEY_COMPROMISE);
    assert_int_equal(plan.targets[0].invalidity_date, CRL_NO_TIME);
    assert_int_equal(plan.targets[0].not_after, CRL_NO_TIME);
    assert_int_equal(plan.targets[0].ref, UINT64_MAX);
    assert_int_equal(plan.targets[0].signing_seq, UINT64_MAX);
    assert_null(plan.targets[0].note);
    assert_int_equal(plan.count, 1);
    assert_true(plan.targets[0].is_key);
    assert_int_equal(plan.targets[0].action, REVOKE_REVOKE);
    assert_memory_equal(plan.targets[0].key_value, stranger, 32);
    assert_true(plan.targets[0].has_key_value);
    // By a key that was not lost its certificates are revoked, or a hold of theirs is released.
    uint64_t held = given_revoke(&small.home, &other, CRL_CERTIFICATE_HOLD, INT64_C(1800000000));
    assert_true(by_key(other.key_value, releasing, &err));
    assert_int_equal(plan.count, 1);
    assert_int_equal(plan.targets[0].action, REVOKE_RELEASE);
    assert_int_equal(plan.targets[0].ref, held);
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.count, 1);
    assert_false(plan.targets[0].is_key);
    assert_string_equal(plan.targets[0].serial_text, given.serial);
    // Revoked for another reason: the key by itself says it.
    (void)given_revoke(&small.home, &given, CRL_SUPERSEDED, INT64_C(1800000000));
    assert_true(desk.scan == NULL || status_desk_read(&desk, &err));
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.count, 1);
    assert_true(plan.targets[0].is_key);
    assert_int_equal(plan.targets[0].action, REVOKE_REVOKE);
    const struct record_key_revoked record = {.reason = CRL_KEY_COMPROMISE,
                                              .key_value = plan.targets[0].serial_text + strlen("key "),
                                              .revoked_at = INT64_C(1800000000),
                                              .invalidity_date = CRL_NO_TIME};
    (void)small_home_log(&small, RECORD_KEY_REVOKED, record_key_revoked_write(&record));
    assert_true(desk.scan == NULL || status_desk_read(&desk, &err));
    assert_true(by_key(given.key_value, lost, &err));
    assert_int_equal(plan.targets[0].action, REVOKE_NOTHING);
    assert_string_equal(plan.targets[0].note,
                        "already known: this key was revoked for keyCompromise on 2027-01-15T08:00:00Z");
}

/** Asks for both certificates of a key in one of the ways that there are. */
static bool ask(unsigned way, const struct given given[2], struct error *err)
{
    static const struct target_wish lost = {.reason = CRL_KEY_COMPROMISE, .invalidity_date = CRL_NO_TIME};
    const char *const serials[] = {given[0].serial, given[1].serial};
    const struct revoke_options where = {.where = "policy=p"}, request = {.request = "a file"};
    const struct revoke_options both = {.serials = serials, .serial_count = 2};
    struct selection selection = {.wish = superseded};
    AUTO(free) char *list = memory_format("serial\n%s\n%s\n", given[0].serial, given[1].serial);
    error_clear(err);
    forget_plan();
    switch (way) {
    case 0:
        return by_key(given->key_value, lost, err);
    case 1:
        return by_key(given->key_value, superseded, err);
    case 2:
        return selection_find(&selection, &where, &desk, &plan, err);
    case 3:
        return from_list(list, err);
    case 4:
        builder_add(&selection.foreign.der, given->key_value, 32);
        bool is_found = selection_find(&selection, &request, &desk, &plan, err);
        selection_done(&selection);
        return is_found;
    default:
        return selection_find(&selection, &both, &desk, &plan, err);
    }
}
#define WAYS 6

static void whichever_call_fails_all_that_is_asked_for_is_found_or_it_is_told(void **state)
{
    static const char *const names[] = {"pread", "sqlite3_"};
    struct given given[2];
    (void)state;
    given_issue_two(&small.home, "CN=a", "p", given);
    for (size_t i = 0; i < 2; i++)
        (void)given_revoke(&small.home, &given[i], CRL_SUPERSEDED, INT64_C(1800000000));
    for (unsigned i = 0; i < WAYS * ARRAY_LEN(names); i++) {
        const unsigned way = i / ARRAY_LEN(names);
        const char *failed = NULL;
        unsigned number = 0;
        do {
            struct error err = ERROR_INIT;
            if (desk.scan != NULL)
                ledger_scan_free(TAKE(desk.scan));
            if (desk.revoked != NULL)
                revoked_free(TAKE(desk.revoked));
            failing_at(names[i % ARRAY_LEN(names)], ++number);
            bool is_done = ask(way, given, &err);
            failed = failing_stop();
            if (!is_done &&
                (failed == NULL || err.kind == ERROR_NONE || strstr(err.text, "no certificate") != NULL))
                fail_msg("%u, %s %u: \"%s\"", way, names[i % ARRAY_LEN(names)], number, err.text);
            if (!is_done || (plan.problem_count > 0 && failed != NULL)) // of a list, the line is told
                continue;
            assert_int_equal(err.kind, ERROR_NONE);
            assert_int_equal(plan.count, way == 0 ? 1 : 2);
            assert_int_equal(plan.targets[0].is_key, way == 0); // it was revoked for another reason
            assert_int_equal(plan.targets[0].action, way == 0 ? REVOKE_REVOKE : REVOKE_NOTHING);
        } while (failed != NULL);
        assert_true(number > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_way_is_named_and_one_thing_wanted, begin, end),
        cmocka_unit_test_setup_teardown(a_list_names_serials_and_bad_lines_are_told, begin, end),
        cmocka_unit_test_setup_teardown(an_index_that_lies_ends_a_list, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_that_is_cut_ends_a_list, begin, end),
        cmocka_unit_test_setup_teardown(certificates_are_found_by_what_the_ledger_says, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_all_that_is_asked_for_is_found_or_it_is_told,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_lost_key_is_remembered_where_no_certificate_says_it, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
