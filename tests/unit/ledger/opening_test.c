/* SPDX-License-Identifier: Apache-2.0 */
/* A writer's opening on a disk that is full, or does not sync, or does not answer: nothing that was there is given up or let pass. */
#include "failing.h"
#include "ledger_home.h"

#include <errno.h>
#include <sys/syscall.h>

#define CERTIFICATES 3
#define RECORDS (2 * CERTIFICATES + 2) /* and one that is revoked, one that is unfinished */
#define NEVER 1000000

static unsigned space = NEVER; /* writes of SQLite's until the disk is full */

static ssize_t write_index(int fd, const void *data, size_t len, off_t offset)
{
    if (space == 0) {
        errno = ENOSPC;
        return -1;
    }
    space -= space == NEVER ? 0 : 1;
    return syscall(SYS_pwrite64, fd, data, len, offset);
}

static int set_up_all(void **state)
{
    static const char *const calls[] = {"pwrite", "pwrite64"};
    (void)state;
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        assert_int_equal(
            system->xSetSystemCall(system, calls[i], (sqlite3_syscall_ptr)(void (*)(void))write_index),
            SQLITE_OK);
    return 0;
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    space = NEVER;
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
    space = NEVER;
    home_done(*state);
    free(*state);
    return 0;
}

/** What the kernel could not write it has forgotten: a second sync says nothing of it, so none is made. */
static void a_sync_that_fails_is_not_made_good_by_another(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder records = BUILDER_INIT;
    AUTO(builder_done) struct builder notes = BUILDER_INIT;
    unsigned number = 0;
    home_read(home, "ledger.jsonl", &records);
    home_read(home, "ledger.checkpoints", &notes);
    for (bool is_more = true; is_more;) {
        struct error err = ERROR_INIT;
        home_write(home, "ledger.jsonl", builder_bytes(&records));
        home_write(home, "ledger.checkpoints", builder_bytes(&notes));
        home_add_to(home, "ledger.jsonl", BYTES_LITERAL("{\"batch\":"));
        home_add_to(home, "ledger.checkpoints", BYTES_LITERAL(HOME_ORIGIN "\n7\n"));
        failing_at("fdatasync", ++number);
        bool is_open = ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &home->ledger, &err);
        is_more = failing_stop() != NULL;
        if (is_open == is_more)
            fail_msg("sync %u: %s", number, is_open ? "open" : err.text);
        assert_true(is_open || strstr(err.text, " durable: Input/output error") != NULL);
    }
    assert_int_equal(number, 4); // of the two files, and of the void line that closes a note
    home_close(home);
    home_assert_clean(home, RECORDS);
}

/** What is refused on a disk that answers is not let pass on one that doesn't. */
static void a_swapped_checkpoint_is_refused_whatever_fails(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder older = BUILDER_INIT;
    home_read(home, "ledger.checkpoint", &older);
    for (size_t i = 0; i < 2; i++) { // so that it is not even the one before
        home_open(home, LEDGER_WRITE);
        (void)home_append(home, "test.note", json_new_object());
        home_commit(home);
        home_checkpoint(home);
    }
    home_close(home);
    home_write(home, "ledger.checkpoint", builder_bytes(&older));
    for (int mode = 0; mode < 2; mode++) {
        unsigned number = 0;
        for (bool is_more = true; is_more;) {
            struct error err = ERROR_INIT;
            struct ledger *ledger = NULL;
            failing_at("", ++number);
            bool is_open =
                ledger_open(home->fd, home->vkey, mode == 0 ? LEDGER_READ : LEDGER_WRITE, 0, &ledger, &err);
            const char *failed = failing_stop();
            is_more = failed != NULL;
            if (is_open)
                fail_msg("mode %d, call %u, %s: open", mode, number, is_more ? failed : "none");
            assert_true(is_more || strstr(err.text, "one of the two was swapped") != NULL);
        }
        assert_in_range(number, 20, 500);
    }
}

/** A new index would not fit either: a writer keeps the old one, and goes on in it when there is space again. */
static void an_index_that_cannot_grow_is_not_given_up(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder behind = BUILDER_INIT;
    unsigned refused = 0;
    home_read(home, "index.sqlite", &behind);
    home_open(home, LEDGER_WRITE);
    (void)home_issue(home, 60, 1);
    home_close(home);
    for (bool is_full = true; is_full; refused++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder now = BUILDER_INIT;
        home_remove_index(home);
        home_write(home, "index.sqlite", builder_bytes(&behind));
        space = refused;
        is_full = !ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &home->ledger, &err);
        space = NEVER;
        if (!is_full)
            break;
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_int_equal(err.native, SQLITE_FULL);
        assert_string_equal(err.text, "index.sqlite can't grow, the disk is full: free some space, then run "
                                      "the command again");
        home_read(home, "index.sqlite", &now);
        assert_true(bytes_equal(builder_bytes(&now), builder_bytes(&behind)));
    }
    assert_in_range(refused, 3, 200);
    assert_string_equal(ledger_notice(home->ledger),
                        "index.sqlite knew 8 of the ledger's 10 records, after a crash or from another day: "
                        "read the others");
    home_close(home);
    home_assert_clean(home, RECORDS + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sync_that_fails_is_not_made_good_by_another, setup, teardown),
        cmocka_unit_test_setup_teardown(a_swapped_checkpoint_is_refused_whatever_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(an_index_that_cannot_grow_is_not_given_up, setup, teardown),
    };
    return cmocka_run_group_tests(tests, set_up_all, NULL);
}
