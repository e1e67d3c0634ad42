/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that fails one read, whichever: who asked is told, or gets the answer that a sound disk gives. Reads of the ledger's files, and
 * of the index by SQLite.
 */
#include "folder.h"
#include "ledger/export.h"
#include "ledger_home.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#define CERTIFICATES 3
#define RECORDS (2 * CERTIFICATES + 1) /* and one that is unfinished */
#define NEVER 1000000

static unsigned left = NEVER; /* reads until one fails */
static bool is_of_index;      /* those of SQLite are counted; else the ledger's */

static ssize_t read_or_fail(bool is_index, int fd, void *data, size_t len, off_t offset)
{
    if (is_index == is_of_index && left != NEVER && left-- == 0) {
        left = NEVER;
        errno = is_index ? EBADMSG : EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, data, len, offset);
}

/** In place of the C library's, for what is linked with this test. */
ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    return read_or_fail(false, fd, data, len, offset);
}

static ssize_t read_index(int fd, void *data, size_t len, off_t offset)
{
    return read_or_fail(true, fd, data, len, offset);
}

static int set_up_all(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(system->xSetSystemCall(system, i == 0 ? "pread" : "pread64",
                                                (sqlite3_syscall_ptr)(void (*)(void))read_index),
                         SQLITE_OK);
    return 0;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    left = NEVER;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, CERTIFICATES);
    (void)home_append(home, "cert.signing", home_signing(50));
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    left = NEVER;
    home_done(*state);
    free(*state);
    return 0;
}

/* ---- what is asked ---- */

enum answer { FAILED, RIGHT, WRONG };

static enum answer right_if(bool is_right)
{
    return is_right ? RIGHT : WRONG;
}

static enum answer ask_record(struct home *home, struct error *err)
{
    AUTO(json_free) struct json *record = NULL;
    int64_t seq = -1;
    if (!ledger_record(home->ledger, 4, &record, err))
        return FAILED;
    return right_if(json_int(record, "seq", &seq) && seq == 4);
}

static bool count(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    (void)seq, (void)text, (void)err;
    ++*(unsigned *)data;
    return true;
}

static enum answer ask_scan(struct home *home, struct error *err)
{
    unsigned seen = 0;
    AUTO(ledger_scan_free) struct ledger_scan *scan = ledger_scan_new(home->ledger);
    return ledger_scan_on(scan, count, &seen, err) ? right_if(seen == RECORDS) : FAILED;
}

static enum answer ask_scan_from(struct home *home, struct error *err)
{
    unsigned seen = 0;
    return ledger_scan_from(home->ledger, 2, count, &seen, err) ? right_if(seen == RECORDS - 2) : FAILED;
}

static enum answer ask_serial(struct home *home, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t serial[32];
    bool is_found = false;
    home_serial(1, serial);
    if (!ledger_find_serial(home->ledger, bytes_of(serial, 20), &entry, &is_found, err))
        return FAILED;
    return right_if(is_found && entry.issued_seq == 4);
}

static enum answer ask_request(struct home *home, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t csr[32], policy[32];
    bool is_found = false;
    home_digest("csr", 1, csr);
    home_digest("policy", 0, policy);
    if (!ledger_find_request(home->ledger, csr, "mqtt-device", policy, &entry, &is_found, err))
        return FAILED;
    return right_if(is_found && entry.issued_seq == 4);
}

static enum answer ask_key(struct home *home, struct error *err)
{
    AUTO(ledger_entry_done) struct ledger_entry entry = {.serial = NULL};
    uint8_t spki[32];
    bool is_found = false;
    home_digest("spki", 1, spki);
    if (!ledger_find_key(home->ledger, spki, NULL, &entry, &is_found, err))
        return FAILED;
    return right_if(is_found && entry.signing_seq == 1);
}

static enum answer ask_parts(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder tbs = BUILDER_INIT;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    const struct ledger_entry entry = {.signing_seq = 1, .issued_seq = 4};
    if (!ledger_certificate_parts(home->ledger, &entry, &tbs, &signature, err))
        return FAILED;
    return right_if(strcmp(builder_text(&tbs), "CN=device-0001") == 0);
}

static enum answer ask_unfinished(struct home *home, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t found = 0;
    if (!ledger_unfinished(home->ledger, &entries, &found, err))
        return FAILED;
    bool is_right = found == 1 && entries[0].signing_seq == RECORDS - 1;
    for (size_t i = 0; i < found; i++)
        ledger_entry_done(&entries[i]);
    free(entries);
    return right_if(is_right);
}

static bool count_each(const struct json *record, const struct ledger_entry *entry, void *data)
{
    (void)record, (void)entry;
    ++*(unsigned *)data;
    return true;
}

static enum answer ask_each(struct home *home, struct error *err)
{
    unsigned seen = 0;
    uint8_t serial[32];
    char hex[129];
    home_serial(1, serial);
    const struct ledger_filter filter = {.status = -1, .serial = hex_of(bytes_of(serial, 20), hex)};
    return ledger_each(home->ledger, &filter, count_each, &seen, err) ? right_if(seen == 2) : FAILED;
}

static enum answer ask_compare(struct home *home, struct error *err)
{
    uint8_t root[32];
    uint64_t size = 0;
    enum ledger_difference difference = LEDGER_IS_ANOTHER;
    if (!ledger_checkpoint_facts(home->ledger, &size, root, err) ||
        !ledger_compare(home->ledger, size, root, &difference, err))
        return FAILED;
    return right_if(difference == LEDGER_AGREES && size == RECORDS);
}

static enum answer ask_newest(struct home *home, struct error *err)
{
    uint8_t digest[32];
    uint64_t seq = 0;
    bool has_chain = true, has_control = true, is_used = false;
    if (!ledger_newest_chain(home->ledger, &seq, &has_chain, err) ||
        !ledger_governing(home->ledger, "control.set", UINT64_MAX, &seq, &has_control, err) ||
        !ledger_policy_last_used(home->ledger, "mqtt-device", digest, &seq, &is_used, err))
        return FAILED;
    return right_if(!has_chain && !has_control && is_used && seq == RECORDS - 1);
}

static enum answer ask_export(struct home *home, struct error *err)
{
    struct folder out;
    struct ledger_export result = {.size = 0};
    folder_make(&out);
    bool is_done = ledger_export(home->ledger, out.fd, &result, err);
    // What is not whole has no checkpoint that says it is.
    bool is_right = is_done ? result.size == RECORDS && file_exists(out.fd, "checkpoint")
                            : !file_exists(out.fd, "checkpoint");
    folder_remove(&out);
    return is_right && !is_done ? FAILED : right_if(is_right);
}

static enum answer ask_verify(struct home *home, struct error *err)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    if (!ledger_verify(home->fd, home->vkey, NULL, &report, err) || report.findings.count > 0)
        return FAILED; // of a disk that fails it may find what it likes, but not that all is well
    return right_if(report.records == RECORDS && report.checkpoint_size == RECORDS && report.unfinished == 1);
}

static enum answer ask_opening(struct home *home, struct error *err)
{
    struct ledger *again = NULL;
    if (!ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &again, err))
        return FAILED;
    bool is_right = ledger_size(again) == RECORDS && ledger_checkpoint_size(again) == RECORDS;
    ledger_close(again);
    return right_if(is_right);
}

static const struct {
    const char *name;
    enum answer (*ask)(struct home *home, struct error *err);
} questions[] = {
    {"record", ask_record},   {"scan", ask_scan},       {"scan from", ask_scan_from},
    {"serial", ask_serial},   {"request", ask_request}, {"key", ask_key},
    {"parts", ask_parts},     {"each", ask_each},       {"unfinished", ask_unfinished},
    {"compare", ask_compare}, {"newest", ask_newest},   {"export", ask_export},
    {"verify", ask_verify},   {"opening", ask_opening},
};

/** Each question, with each of its reads failing once. */
static unsigned ask_all(struct home *home)
{
    unsigned failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        for (unsigned at = 0;; at++) {
            struct error err = ERROR_INIT;
            left = NEVER;
            home_open(home, LEDGER_READ);
            left = at;
            enum answer answer = questions[i].ask(home, &err);
            bool was_hit = left == NEVER;
            left = NEVER;
            if (answer == WRONG || (!was_hit && answer != RIGHT))
                fail_msg("%s, read %u: wrong (%s)", questions[i].name, at, err.text);
            failed += answer == FAILED ? 1 : 0;
            if (!was_hit)
                break; // it asks for no more
            assert_true(at < 500);
        }
    }
    home_assert_clean(home, RECORDS);
    return failed;
}

static void a_read_of_the_ledger_that_fails_is_no_answer(void **state)
{
    is_of_index = false;
    assert_true(ask_all(*state) > 10);
}

static void a_read_of_the_index_that_fails_is_no_answer(void **state)
{
    is_of_index = true;
    assert_true(ask_all(*state) > 0); // most it makes good by a new index
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_read_of_the_ledger_that_fails_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_of_the_index_that_fails_is_no_answer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
