/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durability (P3): what ledger_commit() and ledger_checkpoint_add() returned for was synced after its last byte was written, and a disk
 * that can't is told of, after which nothing more is written. Syncs are looked at in place of the C library's.
 */
#include "ledger_home.h"

#include <errno.h>
#include <sys/syscall.h>

#define FILES_MAX 16

static struct {
    ino_t inode;
    off_t len; /* when it was synced last */
} synced[FILES_MAX];
static size_t synced_count;
static ino_t failing; /* this file can't be synced; 0: all can */

static int sync_noted(int fd, long call)
{
    struct stat status;
    size_t i = 0;
    if (fstat(fd, &status) != 0)
        return -1;
    if (status.st_ino == failing) {
        errno = EIO;
        return -1;
    }
    while (i < synced_count && synced[i].inode != status.st_ino)
        i++;
    if (i < FILES_MAX) {
        synced[i].inode = status.st_ino;
        synced[i].len = status.st_size;
        synced_count += i == synced_count ? 1 : 0;
    }
    return (int)syscall(call, fd);
}

int fdatasync(int fd)
{
    return sync_noted(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return sync_noted(fd, SYS_fsync);
}

static struct stat file_of(const struct home *home, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(home->fd, name, &status, 0), 0);
    return status;
}

/** All of the file is on the disk. */
static void assert_synced(const struct home *home, const char *name)
{
    struct stat status = file_of(home, name);
    for (size_t i = 0; i < synced_count; i++) {
        if (synced[i].inode != status.st_ino)
            continue;
        assert_int_equal(synced[i].len, status.st_size);
        return;
    }
    fail_msg("%s was never synced", name);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    failing = 0;
    home_init(home);
    home_open(home, LEDGER_WRITE);
    synced_count = 0;
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    failing = 0;
    home_done(*state);
    free(*state);
    return 0;
}

static void what_was_committed_is_on_the_disk(void **state)
{
    struct home *home = *state;
    for (unsigned i = 0; i < 3; i++) {
        (void)home_append(home, "cert.signing", home_signing(i));
        home_commit(home);
        assert_synced(home, "ledger.jsonl");
    }
    home_checkpoint(home);
    assert_synced(home, "ledger.checkpoints");
    assert_synced(home, "ledger.checkpoint");
    mode_t mask = umask(0);
    (void)umask(mask);
    assert_int_equal(file_of(home, "ledger.checkpoint").st_mode & 07777, 0644 & ~mask); // others may read it
}

static void a_commit_that_cannot_be_durable_is_none_and_the_last(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 1);
    (void)home_append(home, "cert.signing", home_signing(1));
    failing = file_of(home, "ledger.jsonl").st_ino;
    uint64_t durable = ledger_durable_size(home->ledger);
    assert_refused(ledger_commit(home->ledger, &err), err, ERROR_INPUT, "can't make ledger.jsonl durable");
    assert_non_null(strstr(err.text, "what was committed before is safe"));
    assert_int_equal(ledger_durable_size(home->ledger), durable); // so no token is asked (P3)
    failing = 0;
    // What a second sync would say is worth nothing: the kernel has forgotten what it could not write.
    assert_false(ledger_commit(home->ledger, &err));
    assert_false(ledger_append(home->ledger, "test.note", json_new_object(), NULL, &err));
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    assert_false(ledger_checkpoint_text(home->ledger, &text, &err));
    home_open(home, LEDGER_WRITE);
    (void)home_append(home, "test.note", json_new_object());
    home_commit(home);
    home_checkpoint(home);
    home_close(home);
    home_assert_clean(home, 4);
}

static void a_checkpoint_that_cannot_be_durable_is_none(void **state)
{
    static const char *const files[] = {"ledger.checkpoints"};
    struct home *home = *state;
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    uint8_t signature[64];
    (void)home_issue(home, 0, 1);
    assert_done(ledger_checkpoint_text(home->ledger, &text, &err), err);
    home_sign_with(home->key, builder_bytes(&text), signature);
    failing = file_of(home, files[0]).st_ino;
    assert_refused(ledger_checkpoint_add(home->ledger, builder_bytes(&text), BYTES(signature), &err), err,
                   ERROR_INPUT, "can't make ledger.checkpoints durable");
    failing = 0;
    assert_false(ledger_append(home->ledger, "test.note", json_new_object(), NULL, &err));
    home_open(home, LEDGER_WRITE);
    home_checkpoint(home);
    home_close(home);
    home_assert_clean(home, 2);
}

/** What recovery found is not built upon before it is on the disk: the run before may have died between write and sync. */
static void what_an_opening_found_is_synced_before_it_counts(void **state)
{
    static const char *const files[] = {"ledger.jsonl", "ledger.checkpoints"};
    struct home *home = *state;
    struct error err = ERROR_INIT;
    (void)home_issue(home, 0, 1);
    home_checkpoint(home);
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct ledger *ledger = NULL;
        home_close(home);
        home_remove_index(home); // nobody knows what of it was synced
        synced_count = 0;
        home_open(home, LEDGER_WRITE);
        assert_synced(home, files[i]);
        home_close(home);
        home_remove_index(home);
        failing = file_of(home, files[i]).st_ino;
        assert_refused(ledger_open(home->fd, home->vkey, LEDGER_WRITE, 0, &ledger, &err), err, ERROR_INPUT,
                       "can't make the ledger durable");
        failing = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_committed_is_on_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(a_commit_that_cannot_be_durable_is_none_and_the_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_checkpoint_that_cannot_be_durable_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(what_an_opening_found_is_synced_before_it_counts, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
