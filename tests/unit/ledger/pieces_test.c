/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that gives what is read in pieces, and a signal now and then: what is read is whole all the same. */
#include "ledger_home.h"

#include <errno.h>
#include <sys/syscall.h>

static size_t piece;          /* bytes a read gives at most; 0: all that is asked for */
static unsigned interrupting; /* each so-manyth read is interrupted; 0: none */
static unsigned reads;
static off_t broken_from = -1; /* what lies here, and behind it, can't be read; -1: all can */

/** In place of the C library's, for what is linked with this test. */
ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    if (interrupting != 0 && ++reads % interrupting == 0) {
        errno = EINTR;
        return -1;
    }
    if (broken_from >= 0 && offset + (off_t)len > broken_from) {
        errno = EIO;
        return -1;
    }
    ssize_t got = syscall(SYS_pread64, fd, data, piece != 0 && len > piece ? piece : len, offset);
    if (got >= 0)
        errno = EINTR; // says nothing of a read that did not fail
    return got;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    piece = 0;
    interrupting = 0;
    broken_from = -1;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 0, 3);
    home_checkpoint(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    piece = 0;
    interrupting = 0;
    broken_from = -1;
    home_done(*state);
    free(*state);
    return 0;
}

static bool add(void *data, uint64_t seq, struct bytes text, struct error *err)
{
    (void)seq, (void)err;
    builder_add_bytes(data, text);
    builder_add_u8(data, '\n');
    return true;
}

static void scan(struct home *home, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(ledger_scan_free) struct ledger_scan *all = ledger_scan_new(home->ledger);
    assert_done(ledger_scan_on(all, add, ret_text, &err), err);
    assert_done(ledger_scan_from(home->ledger, 3, add, ret_text, &err), err);
}

static void records(struct home *home, struct builder *ret_text)
{
    for (uint64_t seq = 0; seq < ledger_size(home->ledger); seq++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *record = NULL;
        assert_done(ledger_record(home->ledger, seq, &record, &err), err);
        json_canonical(record, ret_text);
        builder_add_u8(ret_text, '\n');
    }
}

static void what_comes_in_pieces_is_whole(void **state)
{
    static const size_t pieces[] = {1, 2, 100, 350, 100000};
    struct home *home = *state;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_read(home, "ledger.jsonl", &whole);
    size_t len = whole.len;
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        for (interrupting = 0; interrupting < 4; interrupting += interrupting == 0 ? 2 : 1) {
            AUTO(builder_done) struct builder scanned = BUILDER_INIT;
            AUTO(builder_done) struct builder read = BUILDER_INIT;
            piece = pieces[i];
            scan(home, &scanned);
            records(home, &read);
            assert_true(bytes_equal(bytes_slice(builder_bytes(&scanned), 0, len), builder_bytes(&whole)));
            assert_true(bytes_equal(builder_bytes(&read), builder_bytes(&whole)));
            struct bytes rest = bytes_slice(builder_bytes(&scanned), len, scanned.len);
            assert_true(bytes_equal(rest, bytes_slice(builder_bytes(&whole), len - rest.len, len)));
            assert_int_equal(memcmp(rest.data, "{\"", 2), 0);
        }
    }
}

static void a_record_that_ends_too_early_is_none(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    struct json *record = NULL;
    struct stat status;
    assert_int_equal(fstatat(home->fd, "ledger.jsonl", &status, 0), 0);
    AUTO(close) int fd = openat(home->fd, "ledger.jsonl", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, status.st_size - 2), 0); // its LF and one byte
    assert_false(ledger_record(home->ledger, 5, &record, &err));
    assert_string_equal(err.text, "can't read record 5: No data available");
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_null(record);
}

/* ---- a disk that gives the beginning of a file, and no more ---- */

static bool ask_scan(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(ledger_scan_free) struct ledger_scan *all = ledger_scan_new(home->ledger);
    return ledger_scan_on(all, add, &text, err);
}

static bool ask_scan_from(struct home *home, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    return ledger_scan_from(home->ledger, 2, add, &text, err);
}

static bool ask_unfinished(struct home *home, struct error *err)
{
    struct ledger_entry *entries = NULL;
    size_t count = 0;
    return ledger_unfinished(home->ledger, &entries, &count, err);
}

static bool ask_verify(struct home *home, struct error *err)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    return ledger_verify(home->fd, home->vkey, NULL, &report, err);
}

static bool ask_tree(struct home *home, struct error *err)
{
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    return ledger_verify_scope(home->fd, home->vkey, &(struct ledger_scope){.only_tree = true}, &report, err);
}

static bool open_to_write(struct home *home, struct error *err)
{
    home_close(home);
    return ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &home->ledger, err);
}

static bool open_anew(struct home *home, struct error *err)
{
    home_close(home);
    home_remove_index(home);
    return ledger_open(home->fd, home->vkey, LEDGER_READ, 0, &home->ledger, err);
}

static void what_can_be_read_in_part_is_not_taken_for_all(void **state)
{
    static const off_t places[] = {0, 262143, 262144, 300000};
    static const struct {
        const char *name;
        bool (*ask)(struct home *home, struct error *err);
    } questions[] = {{"scan", ask_scan},     {"scan from", ask_scan_from}, {"unfinished", ask_unfinished},
                     {"verify", ask_verify}, {"tree", ask_tree},           {"write", open_to_write},
                     {"anew", open_anew}};
    struct home *home = *state;
    (void)home_append(home, "cert.signing", home_signing(7)); // after which all is read
    for (unsigned i = 0; i < 4000; i++)
        (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        for (size_t j = 0; j < ARRAY_LEN(questions); j++) {
            struct error err = ERROR_INIT;
            home_open(home, LEDGER_READ);
            broken_from = places[i];
            bool is_done = questions[j].ask(home, &err);
            broken_from = -1;
            if (is_done || err.kind != ERROR_INPUT || strstr(err.text, "Input/output error") == NULL)
                fail_msg("%s, %d: %s", questions[j].name, (int)places[i], is_done ? "done" : err.text);
        }
    }
    home_close(home);
    home_assert_clean(home, 6 + 1 + 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_in_pieces_is_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_can_be_read_in_part_is_not_taken_for_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_that_ends_too_early_is_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
