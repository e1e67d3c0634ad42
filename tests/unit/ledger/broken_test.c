/* SPDX-License-Identifier: Apache-2.0 */
/* A writer that could not write, or whose index lost what it had not committed, answers nothing more: it says why, whatever it is asked. */
#include "failing.h"
#include "folder.h"
#include "ledger/export.h"
#include "ledger/log.h"
#include "ledger/proof.h"
#include "ledger_home.h"

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 2);
    home_checkpoint(home);
    (void)home_append(home, "cert.signing", home_signing(2));
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    home_done(*state);
    free(*state);
    return 0;
}

/* ---- what is asked ---- */

static unsigned seen; /* records that somebody was shown */

static bool see(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    (void)data, (void)seq, (void)text, (void)err;
    seen++;
    return true;
}

static bool see_each(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record, (void)entry, (void)data;
    seen++;
    return true;
}

static bool ask_record(struct ledger *ledger, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    return ledger_record(ledger, 0, &record, err);
}

static bool ask_serial(struct ledger *ledger, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32];
    bool is_found = false;
    home_serial(0, serial);
    return ledger_find_serial(ledger, bytes_of(serial, 20), &entry, &is_found, err);
}

static bool ask_request(struct ledger *ledger, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t csr[32], policy[32];
    bool is_found = false;
    home_digest("csr", 0, csr);
    home_digest("policy", 0, policy);
    return ledger_find_request(ledger, csr, "mqtt-device", policy, &entry, &is_found, err);
}

static bool ask_key(struct ledger *ledger, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t spki[32];
    bool is_found = false;
    home_digest("spki", 0, spki);
    return ledger_find_key(ledger, spki, NULL, &entry, &is_found, err);
}

static bool ask_policy(struct ledger *ledger, struct error *err)
{
    uint8_t digest[32];
    uint64_t seq = 0;
    bool is_found = false;
    return ledger_policy_last_used(ledger, "mqtt-device", digest, &seq, &is_found, err);
}

static bool ask_chain(struct ledger *ledger, struct error *err)
{
    uint64_t seq = 0;
    bool is_found = false;
    return ledger_newest_chain(ledger, &seq, &is_found, err);
}

static bool ask_governing(struct ledger *ledger, struct error *err)
{
    uint64_t seq = 0;
    bool is_found = false;
    return ledger_governing(ledger, "control.set", UINT64_MAX, &seq, &is_found, err);
}

static bool ask_unfinished(struct ledger *ledger, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    bool is_done = ledger_unfinished(ledger, &entries, &count, err);
    free(entries);
    return is_done;
}

static bool ask_parts(struct ledger *ledger, struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    const struct ledger_entry entry = {.signing_seq = 0, .issued_seq = 2};
    return ledger_certificate_parts(ledger, &entry, &tbs, &signature, err);
}

static bool ask_each(struct ledger *ledger, struct error *err)
{
    const struct ledger_filter filter = {.status = -1};
    return ledger_each(ledger, &filter, see_each, NULL, err);
}

static bool ask_scan(struct ledger *ledger, struct error *err)
{
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(ledger);
    return ledger_scan_on(scan, see, NULL, err);
}

static bool ask_scan_from(struct ledger *ledger, struct error *err)
{
    return ledger_scan_from(ledger, 0, see, NULL, err);
}

static bool ask_beside(struct ledger *ledger, struct error *err)
{
    AUTO(ledger_close) struct ledger *reader = NULL;
    return ledger_open_beside(ledger, &reader, err);
}

static bool ask_text(struct ledger *ledger, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    return ledger_checkpoint_text(ledger, &text, err);
}

static bool ask_proof(struct ledger *ledger, struct error *err)
{
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    return ledger_prove(ledger, 0, &proof, err);
}

static bool ask_export(struct ledger *ledger, struct error *err)
{
    struct folder out;
    struct ledger_export result = {.size = 0};
    folder_make(&out);
    bool is_done = ledger_export(ledger, out.fd, &result, err);
    assert_false(file_exists(out.fd, "checkpoint"));
    folder_remove(&out);
    return is_done;
}

static bool append(struct ledger *ledger, struct error *err)
{
    return ledger_append(ledger, "test.note", json_new_object(), NULL, err);
}

static bool commit(struct ledger *ledger, struct error *err)
{
    return ledger_commit(ledger, err);
}

static const struct {
    const char *name;
    bool (*ask)(struct ledger *ledger, struct error *err);
} questions[] = {
    {"record", ask_record},       {"serial", ask_serial},
    {"request", ask_request},     {"key", ask_key},
    {"policy", ask_policy},       {"chain", ask_chain},
    {"governing", ask_governing}, {"parts", ask_parts},
    {"each", ask_each},           {"unfinished", ask_unfinished},
    {"scan", ask_scan},           {"from", ask_scan_from},
    {"beside", ask_beside},       {"text", ask_text},
    {"proof", ask_proof},         {"export", ask_export},
    {"append", append},           {"commit", commit},
};

static void assert_answers_nothing(struct home *home, const char *words)
{
    seen = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        struct error err = ERROR_INIT;
        if (questions[i].ask(home->ledger, &err))
            fail_msg("%s: was answered", questions[i].name);
        if (err.kind != ERROR_INPUT || strstr(err.text, words) == NULL)
            fail_msg("%s: kind %d, %s", questions[i].name, (int)err.kind, err.text);
    }
    assert_int_equal(seen, 0);
}

static void who_could_not_write_answers_nothing(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    failing_at("fdatasync", 1);
    bool is_done = ledger_commit(home->ledger, &err);
    assert_non_null(failing_stop());
    assert_refused(is_done, err, ERROR_INPUT, "can't make ledger.jsonl durable: ");
    assert_answers_nothing(home, "can't make ledger.jsonl durable: ");
    home_open(home, LEDGER_WRITE); // another run
    home_commit(home);
    assert_true(ledger_size(home->ledger) >= 4);
}

static void whose_index_lost_something_answers_nothing(void **state)
{
    struct home *home = *state;
    assert_int_equal(sqlite3_exec(index_database(home->ledger->index), "ROLLBACK", NULL, NULL, NULL),
                     SQLITE_OK); // as SQLite does itself when a disk is full
    assert_answers_nothing(home, "index.sqlite lost what it had not committed");
    home_open(home, LEDGER_WRITE);
    assert_int_equal(ledger_size(home->ledger), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_could_not_write_answers_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(whose_index_lost_something_answers_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
