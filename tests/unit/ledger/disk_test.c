/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call fails, whichever: who asked is told, or gets the answer that is given when none does. Calls of coldca's, and reads of the index
 * by SQLite itself.
 */
#include "failing.h"
#include "folder.h"
#include "ledger/export.h"
#include "ledger/proof.h"
#include "ledger_home.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/syscall.h>

#define CERTIFICATES 3
#define RECORDS (2 * CERTIFICATES + 2) /* and one that is revoked, one that is unfinished */
#define NEVER 1000000

static unsigned left = NEVER; /* reads of SQLite's until one fails */

static ssize_t read_index(int fd, void *data, size_t len, off_t offset)
{
    if (left != NEVER && left-- == 0) {
        left = NEVER;
        errno = EBADMSG; // a file system's checksum
        return -1;
    }
    return syscall(SYS_pread64, fd, data, len, offset);
}

static int set_up_all(void **state)
{
    static const struct {
        const char *name;
        sqlite3_syscall_ptr call;
    } calls[] = {{"pread", (sqlite3_syscall_ptr)(void (*)(void))read_index},
                 {"pread64", (sqlite3_syscall_ptr)(void (*)(void))read_index}};
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        assert_int_equal(system->xSetSystemCall(system, calls[i].name, calls[i].call), SQLITE_OK);
    return 0;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    left = NEVER;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, CERTIFICATES);
    (void)home_append(home, "cert.revoked", home_of_serial(0));
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

static enum answer ask_filter(struct home *home, struct error *err)
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

static struct folder out; /* for one export */

static enum answer ask_export(struct home *home, struct error *err)
{
    struct ledger_export result = {.size = 0};
    return ledger_export(home->ledger, out.fd, &result, err) ? right_if(result.size == RECORDS) : FAILED;
}

/** What is not whole has no checkpoint that says it is. */
static bool is_honest_export(void)
{
    struct stat tile;
    return !file_exists(out.fd, "checkpoint") ||
           (fstatat(out.fd, "tile/0/000.p/8", &tile, 0) == 0 && tile.st_size == (off_t)RECORDS * 32 &&
            file_exists(out.fd, "tile/entries/000.p/8"));
}

/** Says the revoked certificate is not known if nobody found it. */
static bool is_known(void *data, uint64_t seq, struct bytes text, const struct ledger_entry *certificate,
                     struct findings *ret_findings)
{
    static const char spelled[] = "cert.revoked";
    (void)data, (void)seq;
    if (certificate != NULL || memmem(text.data, text.len, spelled, sizeof(spelled) - 1) == NULL)
        return true;
    findings_say(ret_findings, "test.known", NULL, "revoked, and not known");
    return false;
}

static enum answer ask_verify(struct home *home, struct error *err)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    const struct ledger_checks checks = {.in_order = is_known};
    if (!ledger_verify(home->fd, home->vkey, &checks, &report, err))
        return FAILED;
    // What can't be read may be a fault of the index or of a checkpoint, but no record's.
    for (size_t i = 0; i < report.findings.count; i++) {
        const struct finding *finding = &report.findings.items[i];
        if (strcmp(finding->rule, "ledger.index") != 0 && strcmp(finding->rule, "ledger.checkpoint") != 0)
            fail_msg("%s: %s", finding->rule, finding->text);
    }
    if (report.findings.count > 0)
        return error_set(err, ERROR_LEDGER, 0, "%s", report.findings.items[0].text) ? WRONG : FAILED;
    return right_if(report.records == RECORDS && report.checkpoint_size == RECORDS && report.unfinished == 1);
}

static enum answer ask_proof(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder proof = BUILDER_INIT;
    AUTO(builder_done) struct builder grown = BUILDER_INIT;
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(ledger_proof_done) struct ledger_proof read = {.record = NULL};
    uint64_t old_size = 0, size = 0;
    if (!ledger_checkpoint_newest(home->ledger, &note, err) || !ledger_prove(home->ledger, 4, &proof, err) ||
        !ledger_proof_verify(builder_bytes(&proof), home->vkey, NULL, NULL, &read, err) ||
        !ledger_prove_consistency(home->ledger, RECORDS, bytes_of(NULL, 0), &grown, err) ||
        !ledger_consistency_verify(builder_bytes(&grown), builder_bytes(&note), home->vkey, &old_size, &size,
                                   err))
        return FAILED;
    return right_if(read.seq == 4 && read.checkpoint_size == RECORDS && old_size == RECORDS &&
                    size == RECORDS);
}

static enum answer ask_meeting(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    bool is_ours = false;
    if (!ledger_checkpoint_newest(home->ledger, &note, err) ||
        !ledger_checkpoint_meet(home->ledger, builder_bytes(&note), &is_ours, err))
        return FAILED;
    return right_if(is_ours);
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
    {"parts", ask_parts},     {"each", ask_filter},     {"unfinished", ask_unfinished},
    {"compare", ask_compare}, {"newest", ask_newest},   {"export", ask_export},
    {"verify", ask_verify},   {"opening", ask_opening}, {"proof", ask_proof},
    {"meeting", ask_meeting},
};

/** Asks a question with one call of such a name that fails; NULL: a read of SQLite's. \return whether there was one */
static bool ask(struct home *home, size_t question, const char *names, unsigned at, unsigned *failed)
{
    struct error err = ERROR_INIT;
    home_close(home);
    size_t descriptors = home_count_descriptors();
    home_open(home, LEDGER_READ);
    folder_make(&out);
    if (names == NULL)
        left = at;
    else
        failing_at(names, at + 1);
    enum answer answer = questions[question].ask(home, &err);
    const char *call = names == NULL ? "read" : failing_stop();
    bool was_hit = names == NULL ? left == NEVER : call != NULL;
    left = NEVER;
    // A signature that OpenSSL finds wrong may be a forged one, of which nothing follows.
    if (questions[question].ask == ask_meeting && was_hit && strcmp(call, "EVP_DigestVerify") == 0)
        answer = RIGHT;
    if (answer == WRONG || (!was_hit && answer != RIGHT))
        fail_msg("%s, %u, %s: wrong (%s)", questions[question].name, at, was_hit ? call : "none", err.text);
    // What a signature could not be checked of is refused as one that does not verify is.
    bool may_be_ledgers =
        questions[question].ask == ask_verify || (call != NULL && strncmp(call, "EVP_", 4) == 0);
    if (answer == FAILED && err.kind != ERROR_INPUT && !(may_be_ledgers && err.kind == ERROR_LEDGER))
        fail_msg("%s, %u, %s: kind %d, \"%s\"", questions[question].name, at, call, (int)err.kind, err.text);
    // What was looked up all the same was asked of a new index, which is told.
    bool is_look_up = questions[question].ask == ask_serial || questions[question].ask == ask_request ||
                      questions[question].ask == ask_key || questions[question].ask == ask_unfinished;
    if (is_look_up && was_hit && answer == RIGHT && ledger_notice(home->ledger) == NULL)
        fail_msg("%s, %u, %s: nobody was told", questions[question].name, at, call);
    assert_true(is_honest_export());
    folder_remove(&out);
    home_close(home);
    assert_int_equal(home_count_descriptors(), descriptors);
    *failed += answer == FAILED ? 1 : 0;
    return was_hit;
}

/** A question, with each of its calls failing once. */
static unsigned fail_each(struct home *home, size_t question, const char *names)
{
    unsigned failed = 0;
    unsigned at = 0;
    while (ask(home, question, names, at, &failed))
        assert_true(at++ < 500);
    return failed;
}

static void a_call_that_fails_is_no_answer(void **state)
{
    // Not EVP_MD_CTX_new(): that a thread begins with, which ends the process where there is no memory.
    static const char *const of_threads[] = {"sqlite3_", "open", "f", "p", "mmap", "EVP_Digest"};
    unsigned failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        bool is_threaded = questions[i].ask == ask_verify;
        for (size_t j = 0; is_threaded && j < ARRAY_LEN(of_threads); j++)
            failed += fail_each(*state, i, of_threads[j]);
        failed += is_threaded ? 0 : fail_each(*state, i, "");
    }
    assert_in_range(failed, 100, 5000);
    home_assert_clean(*state, RECORDS);
}

static void a_read_of_the_index_that_fails_is_no_answer(void **state)
{
    unsigned failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++)
        failed += fail_each(*state, i, NULL);
    assert_true(failed > 0); // most it makes good by a new index
    home_assert_clean(*state, RECORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_that_fails_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_read_of_the_index_that_fails_is_no_answer, setup, teardown),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
