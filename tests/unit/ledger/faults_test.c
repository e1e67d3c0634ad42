/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Histories that no run of coldca writes: a serial that is used again, a certificate that is issued twice, records out of their order or
 * without what they need, checkpoints that were swapped or taken away. Each is found, and said of the record it is.
 */
#include "ledger/proof.h"
#include "ledger_home.h"

#define GOOD 2 /* records before the wrong one: a certificate and its end */

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

/* ---- records ---- */

/** Members that every record has; added to what it says. */
static struct json *with(struct json *record, const char *type, uint64_t seq, const char *time)
{
    json_put_text(record, "type", type);
    json_put_int(record, "seq", (int64_t)seq);
    json_put_text(record, "time", time);
    json_put_text(record, "operator", "ann");
    return record;
}

/** A ledger of one certificate, and a line behind it that is this text; the index is not asked. */
static void lay(struct home *home, struct bytes text)
{
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    if (home->ledger != NULL) {
        (void)home_issue(home, 0, 1);
        home_close(home);
    }
    home_read(home, "ledger.jsonl", &whole);
    size_t len = 0;
    for (int lines = 0; lines < GOOD; len++)
        lines += whole.data[len] == '\n' ? 1 : 0;
    whole.len = len; // without what was laid before
    builder_add_bytes(&whole, text);
    builder_add_u8(&whole, '\n');
    home_write(home, "ledger.jsonl", builder_bytes(&whole));
    home_remove_index(home);
}

static void assert_found(const struct home *home, const char *rule, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    for (size_t i = 0; i < report.findings.count; i++) {
        const struct finding *finding = &report.findings.items[i];
        if (strcmp(finding->rule, rule) == 0 && strstr(finding->text, words) != NULL) {
            assert_int_equal(report.first_bad_seq, GOOD);
            return;
        }
    }
    fail_msg("no %s: %s; but %s", rule, words,
             report.findings.count == 0 ? "nothing" : report.findings.items[0].text);
}

/** Takes the record. */
static void assert_record_found(struct home *home, struct json *record, const char *rule, const char *words)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    json_canonical(record, &text);
    json_free(record);
    lay(home, builder_bytes(&text));
    assert_found(home, rule, words);
}

#define LATER "2999-01-01T00:00:00Z"

static struct json *signing(unsigned number)
{
    return with(home_signing(number), "cert.signing", GOOD, LATER);
}

static struct json *ending(const char *type, int64_t ref)
{
    struct json *record = with(home_issued(0), type, GOOD, LATER);
    json_put_int(record, "ref", ref);
    return record;
}

static struct json *of_serial(const char *type, unsigned number)
{
    struct json *record = with(json_new_object(), type, GOOD, LATER);
    uint8_t serial[32];
    home_serial(number, serial);
    json_put_hex(record, "serial", bytes_of(serial, 20));
    json_put_text(record, "reason", "superseded");
    return record;
}

static void a_serial_is_used_once(void **state)
{
    struct home *home = *state;
    struct json *again = signing(1); // another certificate
    uint8_t serial[32];
    home_serial(0, serial);
    json_put_hex(again, "serial", bytes_of(serial, 20));
    assert_record_found(home, again, "ledger.history", "record 2 uses the serial of record 0 again");
}

static void a_certificate_ends_once_and_only_if_it_was_signed(void **state)
{
    static const char *const types[] = {"cert.issued", "cert.abandoned"};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_record_found(home, ending(types[i], 0), "ledger.history",
                            "refers to record 0, which is not an unfinished cert.signing"); // it is issued
        assert_record_found(home, ending(types[i], 1), "ledger.history",
                            "refers to record 1, which is not an unfinished cert.signing");
        assert_record_found(home, ending(types[i], 2), "ledger.fields",
                            "without the ref of an earlier record");
        assert_record_found(home, ending(types[i], -1), "ledger.fields",
                            "without the ref of an earlier record");
    }
}

static void what_was_not_revoked_is_not_taken_back(void **state)
{
    struct home *home = *state;
    assert_record_found(home, of_serial("cert.unrevoked", 0), "ledger.history",
                        "names a serial that is not revoked");
    struct json *none = of_serial("cert.revoked", 0);
    json_put_text(none, "serial", "x");
    assert_record_found(home, none, "ledger.fields", "without a serial in hex");
}

static void an_unfinished_certificate_is_not_revoked(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *first = signing(1);
    AUTO(json_free) struct json *second = of_serial("cert.revoked", 1);
    json_canonical(first, &text);
    builder_add_u8(&text, '\n');
    json_put_int(second, "seq", GOOD + 1);
    json_canonical(second, &text);
    lay(home, builder_bytes(&text));
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    assert_int_equal(report.findings.count, 1);
    assert_non_null(strstr(report.findings.items[0].text, "names a serial that is not issued or abandoned"));
}

static void records_stand_in_the_order_of_their_numbers_and_times(void **state)
{
    struct home *home = *state;
    const int64_t seqs[] = {GOOD + 1, GOOD - 1, 0};
    for (size_t i = 0; i < ARRAY_LEN(seqs); i++) {
        AUTO(free) char *words = memory_format("its seq is %d, 2 must follow", (int)seqs[i]);
        assert_record_found(home, with(json_new_object(), "test.note", (uint64_t)seqs[i], LATER),
                            "ledger.sequence", words);
        home_refuse_to_open(home, LEDGER_WRITE, "its seq does not follow");
    }
    assert_record_found(home, with(json_new_object(), "test.note", GOOD, "1999-01-01T00:00:00Z"),
                        "ledger.time", "its time is before that of a record before it");
    home_refuse_to_open(home, LEDGER_WRITE, "its time is before that of the record before");
}

static void each_record_has_what_its_type_demands(void **state)
{
    static const struct {
        const char *key, *value, *words;
    } cases[] = {{"csr_sha256", "x", "csr_sha256"},
                 {"csr_sha256", "00", "csr_sha256"},
                 {"spki_sha256", "x", "spki_sha256"},
                 {"policy_sha256", "x", "policy_sha256"},
                 {"not_after", "soon", "not_after is not RFC 3339 in UTC"},
                 {"not_after", "2027-01-15T08:00:00Zjunk", "not_after is not RFC 3339 in UTC"},
                 {"serial", "0", "without a serial in hex"},
                 {"serial", "", "without a serial in hex"},
                 {"tbs", "!", "without its tbs in base64"},
                 {"tbs", "", "without its tbs in base64"},
                 {"time", "now", "no time, or it is not RFC 3339 in UTC with seconds"},
                 {"time", "2027-01-15T08:00:00Zjunk", "no time, or it is not RFC 3339 in UTC with seconds"},
                 {"seq", "2", "no seq, or it is not a number from 0 up"}};
    struct home *home = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *record = signing(1);
        json_put_text(record, cases[i].key, cases[i].value);
        assert_record_found(home, record, "ledger.fields", cases[i].words);
    }
    static const char *const signatures[] = {"", "!", "YQ"};
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        struct json *record = ending("cert.issued", 0);
        json_put_text(record, "signature", signatures[i]);
        assert_record_found(home, record, "ledger.fields", "cert.issued without its signature in base64");
    }
    static const char *const numbers[] = {"type", "operator", "policy"};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct json *record = signing(1);
        AUTO(free)
        char *words =
            memory_format(strcmp(numbers[i], "policy") == 0 ? "the %s's name" : "no %s", numbers[i]);
        json_put_int(record, numbers[i], 7);
        assert_record_found(home, record, "ledger.fields", words);
    }
}

static void a_line_is_a_record_in_its_one_spelling(void **state)
{
    struct home *home = *state;
    lay(home, BYTES_LITERAL("[1]"));
    assert_found(home, "ledger.json", "not a JSON object");
    lay(home, BYTES_LITERAL("{\"seq\":2,"));
    assert_found(home, "ledger.json", "not JSON: ");
    lay(home,
        BYTES_LITERAL("{\"operator\": \"ann\",\"seq\":2,\"time\":\"" LATER "\",\"type\":\"test.note\"}"));
    assert_found(home, "ledger.canonical", "not in canonical form (RFC 8785)");
    lay(home,
        BYTES_LITERAL("{\"seq\":2,\"operator\":\"ann\",\"time\":\"" LATER "\",\"type\":\"test.note\"}"));
    assert_found(home, "ledger.canonical", "not in canonical form (RFC 8785)");
    home_refuse_to_open(home, LEDGER_WRITE, "");
}

static bool fits_never(void *data, struct bytes tbs, const struct ledger_claims *claims,
                       struct findings *ret_findings)
{
    (void)data, (void)tbs, (void)claims, (void)ret_findings;
    return false;
}

static void bytes_that_do_not_fit_are_found_without_a_reason_too(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    const struct ledger_checks checks = {.tbs = fits_never};
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    (void)home_issue(home, 0, 1);
    assert_done(ledger_verify(home->fd, home->vkey, &checks, &report, &err), err);
    assert_int_equal(report.findings.count, 1);
    assert_string_equal(report.findings.items[0].rule, "ledger.tbs");
    assert_int_equal(report.first_bad_seq, 0);
}

/* ---- checkpoints ---- */

/** Two checkpoints, of 2 and 4 records; their notes. */
static void make_notes(struct home *home, struct builder *ret_first, struct builder *ret_second)
{
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    assert_done(ledger_checkpoint_newest(home->ledger, ret_first, &err), err);
    (void)home_issue(home, 1, 1);
    home_checkpoint(home);
    assert_done(ledger_checkpoint_newest(home->ledger, ret_second, &err), err);
    home_close(home);
}

/** Puts these notes in the place of all checkpoints. */
static void put_notes(const struct home *home, struct bytes first, struct bytes second)
{
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    const struct bytes notes[] = {first, second};
    for (size_t i = 0; i < 2 && notes[i].len > 0; i++) {
        builder_add_bytes(&all, notes[i]);
        builder_add_u8(&all, '\n');
    }
    home_write(home, "ledger.checkpoints", builder_bytes(&all));
}

static void assert_note_found(const struct home *home, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    assert_done(ledger_verify(home->fd, home->vkey, NULL, &report, &err), err);
    for (size_t i = 0; i < report.findings.count; i++) {
        if (strstr(report.findings.items[i].text, words) != NULL)
            return;
    }
    fail_msg("lacks \"%s\"; but %s", words,
             report.findings.count == 0 ? "nothing" : report.findings.items[0].text);
}

static void checkpoints_that_were_swapped_forged_or_taken_away_are_found(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    AUTO(builder_done) struct builder forged = BUILDER_INIT;
    make_notes(home, &first, &second);
    home_assert_clean(home, 4);
    put_notes(home, builder_bytes(&second), builder_bytes(&first));
    assert_note_found(home, "checkpoint 2 of ledger.checkpoints is of 2 records, after one of 4");
    builder_add_bytes(&forged, builder_bytes(&second));
    forged.data[forged.len - 5] ^= 1; // of its signature
    put_notes(home, builder_bytes(&first), builder_bytes(&forged));
    assert_note_found(home, "checkpoint 2 of ledger.checkpoints");
    put_notes(home, builder_bytes(&first), BYTES_LITERAL("a letter\n\n\xe2\x80\x94 ann AAAA\n"));
    assert_note_found(home, "checkpoint 2 of ledger.checkpoints: ");
    put_notes(home, builder_bytes(&first), bytes_of(NULL, 0));
    assert_note_found(home, "ledger.checkpoint is not the newest checkpoint of ledger.checkpoints");
    put_notes(home, builder_bytes(&first), builder_bytes(&second));
    home_write(home, "ledger.checkpoint", BYTES_LITERAL("a letter\n"));
    assert_note_found(home, "ledger.checkpoint is not the newest checkpoint of ledger.checkpoints");
    assert_int_equal(unlinkat(home->fd, "ledger.checkpoint", 0), 0);
    assert_note_found(home, "ledger.checkpoint is missing");
    home_write(home, "ledger.checkpoint", builder_bytes(&second));
    home_assert_clean(home, 4);
}

static void records_that_a_checkpoint_was_signed_over_are_missed(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    AUTO(builder_done) struct builder second = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    make_notes(home, &first, &second);
    home_read(home, "ledger.jsonl", &text);
    size_t len = 0;
    for (int lines = 0; lines < 3; len++)
        lines += text.data[len] == '\n' ? 1 : 0;
    home_write(home, "ledger.jsonl", bytes_slice(builder_bytes(&text), 0, len));
    assert_note_found(home, "checkpoint 2 is of 4 records, but ledger.jsonl holds 3");
    home_refuse_to_open(home, LEDGER_WRITE, "");
}

static void witnesses_are_told_apart(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    unsigned char *spki = NULL;
    assert_refused(ledger_cosign_text(home->ledger, 5, &text, &err), err, ERROR_LEDGER,
                   "the ledger has no checkpoint yet that could be cosigned");
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    // The ledger's own key is no witness's.
    assert_refused(ledger_cosign_add(home->ledger, home->vkey, 5, BYTES_LITERAL("x"), &err), err, ERROR_INPUT,
                   "is not the key of a witness (type 0x04)");
    int len = i2d_PUBKEY(home->key, &spki);
    assert_done(ledger_witness_vkey_make("w.example", bytes_of(spki, (size_t)len), &vkey, &err), err);
    OPENSSL_free(spki);
    assert_refused(ledger_cosign_add(home->ledger, builder_text(&vkey), 5, BYTES_LITERAL("x"), &err), err,
                   ERROR_TOKEN, "the witness's signature does not verify with the key of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_serial_is_used_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_certificate_ends_once_and_only_if_it_was_signed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_not_revoked_is_not_taken_back, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unfinished_certificate_is_not_revoked, setup, teardown),
        cmocka_unit_test_setup_teardown(records_stand_in_the_order_of_their_numbers_and_times, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_record_has_what_its_type_demands, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_is_a_record_in_its_one_spelling, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_that_do_not_fit_are_found_without_a_reason_too, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(checkpoints_that_were_swapped_forged_or_taken_away_are_found, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(records_that_a_checkpoint_was_signed_over_are_missed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(witnesses_are_told_apart, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
