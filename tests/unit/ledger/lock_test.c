/* SPDX-License-Identifier: Apache-2.0 */
/* The home's lock: one writer at a time, who is named to whoever comes second, and waited for as long as was said. */
#include "ledger/log.h"
#include "ledger_home.h"

#include <errno.h>
#include <sys/syscall.h>

static int opening_fails; /* with this errno, where the lock is opened; 0: it does not */

/** In place of the C library's, for what is linked with this test. */
int openat(int fd, const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list arguments;
    va_start(arguments, flags);
    if ((flags & O_CREAT) != 0)
        mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (opening_fails != 0 && strcmp(path, LOG_LOCK_NAME) == 0) {
        errno = opening_fails;
        return -1;
    }
    return (int)syscall(SYS_openat, fd, path, flags, mode);
}

static bool writing_fails;

int ftruncate(int fd, off_t len)
{
    if (writing_fails) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_ftruncate, fd, len);
}

static int held = -1;       /* the lock, while a test has it */
static unsigned tries_left; /* of those who wait for it, until it is given back; 0: it is not */
static int asking_fails;    /* with this errno, once; 0: it does not */

/** In place of the C library's: who asks for the lock is seen. */
int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); // or a number, which is as wide
    va_end(arguments);
    if (command == F_OFD_SETLK && tries_left > 0 && --tries_left == 0) {
        close(held);
        held = -1;
    }
    if (command == F_OFD_SETLK && asking_fails != 0) {
        errno = asking_fails;
        asking_fails = 0;
        return -1;
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

static int setup(void **state)
{
    struct home *home = memory_new(1, sizeof(*home));
    opening_fails = 0;
    home_init(home);
    *state = home;
    return 0;
}

static int teardown(void **state)
{
    opening_fails = 0;
    home_done(*state);
    free(*state);
    return 0;
}

static void assert_not_taken(const struct home *home, int wait_ms, enum error_kind kind, const char *text)
{
    struct error err = ERROR_INIT;
    int fd = -7;
    assert_false(lock_take(home->fd, wait_ms, &fd, &err));
    assert_int_equal(err.kind, kind);
    assert_string_equal(err.text, text);
    assert_int_equal(fd, -7);
}

/** Takes the lock; the caller closes. */
static int take(const struct home *home, int wait_ms)
{
    struct error err = ERROR_INIT;
    int fd = -1;
    assert_done(lock_take(home->fd, wait_ms, &fd, &err), err);
    assert_true(fd >= 0);
    return fd;
}

static void who_has_it_is_named_and_gives_it_back(void **state)
{
    struct home *home = *state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *pid = memory_format("%ld\n", (long)getpid());
    AUTO(free)
    char *words = memory_format("the home is in use by process %ld: wait until it has ended, then run this "
                                "again",
                                (long)getpid());
    assert_false(lock_is_held(home->fd)); // it was never taken
    home_write(home, "lock", BYTES_LITERAL("99999999999999999999\n"));
    int fd = take(home, 0);
    home_read(home, "lock", &text);
    assert_string_equal(builder_text(&text), pid); // and nothing of who had it before
    assert_true(lock_is_held(home->fd));
    assert_not_taken(home, 0, ERROR_LEDGER, words);
    assert_true(lock_is_held(home->fd)); // who was refused has not taken it away
    close(fd);
    assert_false(lock_is_held(home->fd));
    close(take(home, 0));
}

static void a_reader_takes_none_and_a_writer_keeps_it(void **state)
{
    struct home *home = *state;
    home_open(home, LEDGER_READ);
    assert_false(lock_is_held(home->fd));
    home_open(home, LEDGER_WRITE);
    assert_true(lock_is_held(home->fd));
    home_close(home);
    assert_false(lock_is_held(home->fd));
}

static void who_did_not_write_his_number_is_another_process(void **state)
{
    static const struct {
        struct bytes text;
        const char *who;
    } cases[] = {{BYTES_LITERAL(""), "another process"},
                 {BYTES_LITERAL("\n"), "another process"},
                 {BYTES_LITERAL("x12\n"), "another process"},
                 {BYTES_LITERAL("12x4"), "process 12"},
                 {BYTES_LITERAL("1"), "process 1"},
                 {BYTES_LITERAL("/12"), "another process"},
                 {BYTES_LITERAL(":12"), "another process"},
                 {BYTES_LITERAL("90"), "process 90"},
                 {BYTES_LITERAL("123456789012345678901234567890"), "process 12345678901234567890123"}};
    struct home *home = *state;
    int fd = take(home, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free)
        char *words = memory_format("the home is in use by %s: wait until it has ended, then run this again",
                                    cases[i].who);
        home_write(home, "lock", cases[i].text); // as somebody who does not know better
        assert_not_taken(home, 0, ERROR_LEDGER, words);
    }
    close(fd);
}

static void it_is_waited_for_as_long_as_was_said(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    int fd = -1;
    held = take(home, 0);
    int64_t begin = time_monotonic_ms();
    assert_false(lock_take(home->fd, 70, &fd, &err));
    assert_in_range(time_monotonic_ms() - begin, 70, 60000);
    assert_true(held >= 0);
    tries_left = 3; // then who has it gives it back
    close(take(home, 60000));
    assert_int_equal(held, -1);
    assert_int_equal(tries_left, 0);
}

static void who_cannot_ask_is_told_why_and_who_was_interrupted_asks_again(void **state)
{
    struct home *home = *state;
    asking_fails = ENOLCK;
    assert_not_taken(home, 0, ERROR_INPUT, "can't lock the file lock: No locks available");
    asking_fails = EINTR;
    close(take(home, 0));
    assert_int_equal(asking_fails, 0);
    held = take(home, 0);
    tries_left = 2;
    asking_fails = EACCES; // POSIX's other word for EAGAIN
    close(take(home, 60000));
}

static void what_is_no_file_is_no_lock(void **state)
{
    struct home *home = *state;
    struct error err = ERROR_INIT;
    int fd = -1;
    assert_int_equal(mkfifoat(home->fd, "lock", 0600), 0);
    assert_not_taken(home, 0, ERROR_INPUT, "lock is not a file; remove it, it is rebuilt");
    assert_int_equal(unlinkat(home->fd, "lock", 0), 0);
    assert_int_equal(symlinkat("elsewhere", home->fd, "lock"), 0);
    assert_refused(lock_take(home->fd, 0, &fd, &err), err, ERROR_INPUT, "can't open the file lock: ");
    assert_int_not_equal(faccessat(home->fd, "elsewhere", F_OK, 0), 0);
    assert_int_equal(unlinkat(home->fd, "lock", 0), 0);
}

static void who_may_not_write_the_home_is_told_why(void **state)
{
    struct home *home = *state;
    static const struct {
        int reason;
        const char *why;
    } cases[] = {{EROFS, "it is mounted read-only"},
                 {EACCES, "this user has no right to"},
                 {EPERM, "this user has no right to"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        int fd = -1;
        AUTO(free)
        char *words = memory_format("the home can't be written (%s), so nothing can be signed or changed in "
                                    "it; commands that only read go on working",
                                    cases[i].why);
        opening_fails = cases[i].reason;
        assert_false(lock_is_held(home->fd));
        assert_not_taken(home, 0, ERROR_INPUT, words);
        assert_false(lock_take(home->fd, 0, &fd, &err));
        assert_int_equal(err.native, cases[i].reason);
        home_open(home, LEDGER_READ); // goes on working
    }
    opening_fails = EIO;
    assert_not_taken(home, 0, ERROR_INPUT, "can't open the file lock: Input/output error");
    opening_fails = 0;
    writing_fails = true; // so nobody could be told who has it
    assert_not_taken(home, 0, ERROR_INPUT, "can't write the file lock: Input/output error");
    writing_fails = false;
    close(take(home, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_has_it_is_named_and_gives_it_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_takes_none_and_a_writer_keeps_it, setup, teardown),
        cmocka_unit_test_setup_teardown(who_did_not_write_his_number_is_another_process, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_waited_for_as_long_as_was_said, setup, teardown),
        cmocka_unit_test_setup_teardown(who_cannot_ask_is_told_why_and_who_was_interrupted_asks_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_no_lock, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_write_the_home_is_told_why, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
