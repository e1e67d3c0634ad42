/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_home.h"

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

static bool tbs_fits(void *data, struct bytes tbs, const struct ledger_claims *claims,
                     struct findings *ret_findings)
{
    (void)data;
    if (claims->subject.data != NULL && bytes_equal(tbs, claims->subject))
        return true;
    findings_say(ret_findings, "test.tbs", NULL, "another subject");
    return false;
}

static bool certificate_fits(void *data, struct bytes tbs, struct bytes signature,
                             const uint8_t sha256[static 32], struct findings *ret_findings)
{
    (void)data;
    (void)sha256;
    if (tbs.len > 9 && bytes_equal_text(signature, "a signature"))
        return true;
    findings_say(ret_findings, "test.signature", NULL, "another signature");
    return false;
}

static const struct ledger_checks checks = {.tbs = tbs_fits, .certificate = certificate_fits};

static void verify(struct home *home, struct ledger_report *ret_report)
{
    struct error err = ERROR_INIT;
    assert_done(ledger_verify(home->fd, home->vkey, &checks, ret_report, &err), err);
}

static void a_whole_ledger_is_counted_and_has_no_findings(void **state)
{
    struct home *home = *state;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "session.opened", json_new_object());
    home_commit(home);
    (void)home_issue(home, 0, 1500);
    home_checkpoint(home);
    (void)home_append(home, "request.refused", json_new_object());
    (void)home_append(home, "cert.signing", home_signing(5000));
    home_commit(home);
    home_checkpoint(home);
    (void)home_append(home, "cert.signing", home_signing(5001));
    home_commit(home);
    verify(home, &report);
    if (report.findings.count > 0)
        fail_msg("%s", report.findings.items[0].text);
    assert_int_equal(report.records, 3004);
    assert_int_equal(report.issued, 1500);
    assert_int_equal(report.unfinished, 2);
    assert_int_equal(report.refused, 1);
    assert_int_equal(report.sessions, 1);
    assert_int_equal(report.checkpoints, 2);
    assert_int_equal(report.checkpoint_size, 3003);
    assert_int_equal(report.records_past_checkpoint, 1);
    assert_int_equal(report.first_bad_seq, -1);
    uint8_t root[32];
    ledger_root(home->ledger, root);
    assert_memory_equal(root, report.root, 32);
}

static void a_changed_byte_is_found_with_the_record_and_the_last_good_checkpoint(void **state)
{
    struct home *home = *state;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    (void)home_issue(home, 2, 2);
    home_checkpoint(home);
    home_read(home, "ledger.jsonl", &text);
    char *place = strstr(builder_text(&text), "CN=device-0003");
    assert_non_null(place);
    place[3] = 'D';
    home_write(home, "ledger.jsonl", builder_bytes(&text));
    verify(home, &report);
    assert_true(findings_has(&report.findings, "ledger.root"));
    assert_true(findings_has(&report.findings, "ledger.tbs"));
    assert_int_equal(report.first_bad_seq, 5);
    assert_int_equal(report.last_good_checkpoint, 4);
}

static void an_index_that_says_something_else_is_found(void **state)
{
    struct home *home = *state;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder old = BUILDER_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_close(home);
    home_read(home, "index.sqlite", &old);
    char *place = memmem(old.data, old.len, "CN=device-0001", 14);
    assert_non_null(place);
    place[13] = '7';
    home_write(home, "index.sqlite", builder_bytes(&old));
    verify(home, &report);
    assert_int_equal(report.findings.count, 1);
    assert_true(findings_has(&report.findings, "ledger.index"));
}

static void an_index_that_does_not_find_all_is_found(void **state)
{
    static const char *const losses[] = {"csr_key", "spki_key", "serial_key"};
    static const char *const tables[] = {"fresh_keys", "keys"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(losses) * ARRAY_LEN(tables); i++) {
        const char *table = tables[i % 2];
        AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
        AUTO(free)
        char *moved = memory_format("INSERT OR IGNORE INTO %s SELECT * FROM %s; DELETE FROM %s", table,
                                    tables[1 - i % 2], tables[1 - i % 2]);
        AUTO(free)
        char *lost = memory_format("DELETE FROM %s WHERE signing_seq = 1 AND key ="
                                   " (SELECT %s FROM certificates WHERE signing_seq = 1)",
                                   table, losses[i / 2]);
        home_remove_index(home);
        home_open(home, LEDGER_WRITE);
        (void)home_issue(home, 3 * (unsigned)i, 3);
        home_change_index(home, moved);
        home_assert_clean(home, 6 * (i + 1));
        home_change_index(home, lost);
        verify(home, &report);
        assert_int_equal(report.findings.count, 1);
        assert_non_null(strstr(report.findings.items[0].text, "does not find the certificate of record 1:"));
    }
}

struct seen {
    size_t count;
    uint64_t last;
    size_t stop_after;
};

static bool see(const struct json *record, const struct ledger_entry *entry, void *data)
{
    struct seen *seen = data;
    int64_t seq;
    assert_true(json_int(record, "seq", &seq));
    assert_true(entry == NULL || entry->signing_seq == (uint64_t)seq);
    seen->last = (uint64_t)seq;
    return ++seen->count != seen->stop_after;
}

static size_t count_matches(struct home *home, struct ledger_filter filter)
{
    struct error err = ERROR_INIT;
    struct seen seen = {.count = 0};
    assert_done(ledger_each(home->ledger, &filter, see, &seen, &err), err);
    return seen.count;
}

static void each_filter_chooses_its_records(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 10);
    uint64_t unfinished = home_append(home, "cert.signing", home_signing(11));
    home_commit(home);
    uint8_t serial[32];
    char hex[129], other_hex[129];
    home_serial(11, serial);
    (void)hex_of(bytes_of(serial, 20), other_hex);
    home_serial(3, serial);
    (void)hex_of(bytes_of(serial, 20), hex);
    int64_t now = ledger_newest_time(home->ledger);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1}), 21);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .only_certificates = true}),
                     11);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = LEDGER_ISSUED}), 10);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = LEDGER_UNFINISHED}), 1);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .type = "cert.issued"}), 10);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .policy = "mqtt-device"}), 11);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .from_seq = 5}), 16);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .to_seq = 5}), 5);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .from_seq = 3, .to_seq = 5}),
                     2);
    // A serial's records: signed, issued; later revoked and abandoned.
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .serial = hex}), 2);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .serial = other_hex}), 1);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .subject = "device-000"}), 10);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .san = "device-0004.local"}),
                     1);
    assert_int_equal(
        count_matches(home, (struct ledger_filter){.status = -1, .san = "dns:device-0004.local"}), 1);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .san = "4.local"}), 0);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .batch = "morning"}), 4);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .since = now + 1}), 0);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .until = 1}), 0);
    struct json *abandoned = json_new_object();
    json_put_int(abandoned, "ref", (int64_t)unfinished);
    json_put_text(abandoned, "reason", "the power went");
    struct json *revoked = json_new_object();
    json_put_text(revoked, "serial", hex);
    json_put_text(revoked, "reason", "superseded");
    (void)home_append(home, "cert.abandoned", abandoned);
    (void)home_append(home, "cert.revoked", revoked);
    home_commit(home);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .serial = hex}), 3);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .serial = other_hex}), 2);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = LEDGER_REVOKED, .serial = hex}), 1);
    assert_int_equal(count_matches(home, (struct ledger_filter){.status = -1, .serial = "00112233"}), 0);
    assert_refused(
        ledger_each(home->ledger, &(struct ledger_filter){.status = -1, .serial = "0x1"}, see, NULL, &err),
        err, ERROR_INPUT, "hex");
    assert_refused(
        ledger_each(home->ledger, &(struct ledger_filter){.status = -1, .serial = ""}, see, NULL, &err), err,
        ERROR_INPUT, "hex");
    struct seen seen = {.stop_after = 2};
    assert_done(ledger_each(home->ledger, &(struct ledger_filter){.status = -1}, see, &seen, &err), err);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.last, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_ledger_is_counted_and_has_no_findings, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_found_with_the_record_and_the_last_good_checkpoint,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_says_something_else_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_does_not_find_all_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(each_filter_chooses_its_records, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
