/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets: read as --pin-source names them, never from a file others may read, never told in an error, never inherited. */
#include "base/file.h"
#include "base/memory.h"
#include "base/secret.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof(folder), "/tmp/coldca-secret-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink("pin");
    return chdir("/") != 0 || rmdir(folder) != 0 ? -1 : 0;
}

static void write_pin(const char *text, size_t len, mode_t mode)
{
    struct error err = ERROR_INIT;
    assert_true(file_replace(AT_FDCWD, "pin", 0600, bytes_of(text, len), &err));
    assert_int_equal(chmod("pin", mode), 0);
}

static void assert_reads(const char *source, const char *wanted)
{
    struct error err = ERROR_INIT;
    struct secret *secret = NULL;
    if (!secret_read(source, &secret, &err))
        fail_msg("%s: %s", source, err.text);
    assert_string_equal(secret_text(secret), wanted);
    assert_int_equal(secret_len(secret), strlen(wanted));
    secret_free(secret);
}

static void assert_refused(const char *source, enum error_kind kind, const char *reason)
{
    struct error err = ERROR_INIT;
    struct secret *secret = NULL;
    assert_false(secret_read(source, &secret, &err));
    assert_null(secret);
    assert_int_equal(err.kind, kind);
    assert_non_null(strstr(err.text, reason));
    assert_null(strstr(err.text, "7391"));
}

static void an_environment_variable_is_claimed_before_it_is_read(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(setenv("A_PIN", "7391", 1), 0);
    const char *in_place = getenv("A_PIN");
    assert_true(secret_claim_environment("env:A_PIN", &err));
    assert_null(getenv("A_PIN"));
    assert_int_equal(in_place[0], '\0'); // what /proc/PID/environ shows
    assert_reads("env:A_PIN", "7391");
    assert_reads("env:A_PIN", "7391"); // two tokens of a pool, or a key that asks each time
    secret_forget();
    assert_refused("env:A_PIN", ERROR_INPUT, "holds no PIN");
    assert_true(secret_claim_environment("env:A_PIN", &err)); // not set: nothing to claim
    assert_true(secret_claim_environment("file:pin", &err));
}

static void the_first_line_of_a_file_is_the_secret(void **state)
{
    (void)state;
    write_pin("7391\nmore\n", 10, 0600);
    assert_reads("file:pin", "7391");
    write_pin("7391\r\n", 6, 0400);
    assert_reads("file:pin", "7391");
    write_pin("7391", 4, 0600);
    assert_reads("file:pin", "7391");
    write_pin(" 73 91 \n", 8, 0600);
    assert_reads("file:pin", " 73 91 ");
}

static void a_file_others_may_read_is_refused(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0644, 0666};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        write_pin("7391\n", 5, modes[i]);
        assert_refused("file:pin", ERROR_INPUT, "the PIN file pin is refused: others may read it (mode 06");
        assert_refused("file:pin", ERROR_INPUT, "a container's secret, give it as fd:3 3<FILE");
    }
}

static void a_file_without_a_secret_is_refused(void **state)
{
    char long_text[SECRET_MAX_LEN + 2];
    (void)state;
    assert_refused("file:missing", ERROR_INPUT, "missing");
    write_pin("", 0, 0600);
    assert_refused("file:pin", ERROR_INPUT, "empty");
    write_pin("\n7391", 5, 0600);
    assert_refused("file:pin", ERROR_INPUT, "empty");
    write_pin("73\0"
              "91\n",
              6, 0600);
    assert_refused("file:pin", ERROR_INPUT, "NUL");
    memset(long_text, '7', sizeof(long_text));
    write_pin(long_text, SECRET_MAX_LEN + 1, 0600);
    assert_refused("file:pin", ERROR_INPUT, "longer than 255 bytes");
    assert_refused("file:.", ERROR_INPUT, "can't");
}

static void a_container_secret_is_read_through_a_descriptor(void **state)
{
    (void)state;
    write_pin("7391\n", 5, 0444);
    assert_refused("file:pin", ERROR_INPUT, "(mode 0444); chmod 600 it");
    int fd = open("pin", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    char *source = memory_format("fd:%d", fd);
    assert_reads(source, "7391");
    assert_reads(source, "7391"); // there is no further line: the last one again
    secret_forget();
    assert_refused(source, ERROR_INPUT, "is empty");
    free(source);
    assert_int_equal(close(fd), 0);
}

static void several_variables_are_claimed_at_once(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_int_equal(setenv("A_PIN", "7391", 1), 0);
    assert_int_equal(setenv("SO_PIN", "8402", 1), 0);
    assert_true(secret_claim_environment("env:A_PIN", &err));
    assert_true(secret_claim_environment("env:SO_PIN", &err));
    assert_true(secret_claim_environment("env:A_PIN",
                                         &err)); // --so-pin-source and --pin-source may name one variable
    assert_reads("env:A_PIN", "7391");
    assert_reads("env:SO_PIN", "8402");
    assert_reads("env:A_PIN", "7391");
    secret_forget();
}

/** A pipe that holds text and has no writer any more, as `file:<(COMMAND)` gives it. \return its source */
static char *pipe_source(const char *text, int ret_ends[2])
{
    assert_int_equal(pipe2(ret_ends, O_CLOEXEC), 0);
    assert_int_equal(write(ret_ends[1], text, strlen(text)), (int)strlen(text));
    assert_int_equal(close(ret_ends[1]), 0);
    return memory_format("file:/dev/fd/%d", ret_ends[0]);
}

static void a_pipe_is_opened_beforehand_and_read_as_often_as_wanted(void **state)
{
    int ends[2];
    bool stays_path = true;
    (void)state;
    struct error err = ERROR_INIT;
    char *source = pipe_source("7391\n", ends);
    assert_true(secret_prepare(source, &stays_path, &err));
    assert_false(stays_path);
    assert_true(secret_prepare(source, &stays_path, &err));
    assert_int_equal(close(ends[0]),
                     0); // now its path leads nowhere, as for a process that gave up its files
    assert_reads(source, "7391");
    assert_reads(source, "7391");
    secret_forget();
    free(source);
    source = pipe_source("", ends);
    assert_refused(source, ERROR_INPUT, "is empty");
    assert_refused(source, ERROR_INPUT, "gave no PIN and can't be read again");
    assert_int_equal(close(ends[0]), 0);
    secret_forget();
    free(source);
}

static void a_file_stays_a_path_and_is_looked_at_beforehand(void **state)
{
    bool stays_path = false;
    (void)state;
    struct error err = ERROR_INIT;
    write_pin("7391\n", 5, 0600);
    assert_true(secret_prepare("file:pin", &stays_path, &err));
    assert_true(stays_path);
    write_pin("8402\n", 5, 0600); // a person mends it after a wrong PIN
    assert_reads("file:pin", "8402");
    assert_false(secret_prepare("file:missing", &stays_path, &err));
    assert_true(secret_prepare("env:NOT_SET", &stays_path, &err));
    assert_false(stays_path);
}

static void the_longest_secret_fits(void **state)
{
    char text[SECRET_MAX_LEN + 1] = {0};
    (void)state;
    memset(text, '7', SECRET_MAX_LEN);
    write_pin(text, SECRET_MAX_LEN, 0600);
    assert_reads("file:pin", text);
}

static void a_variable_is_read_and_removed(void **state)
{
    (void)state;
    assert_int_equal(setenv("COLDCA_TEST_PIN", "7391", 1), 0);
    assert_reads("env:COLDCA_TEST_PIN", "7391");
    assert_null(getenv("COLDCA_TEST_PIN"));
    assert_reads("env:COLDCA_TEST_PIN", "7391");
    secret_forget();
    assert_refused("env:COLDCA_TEST_PIN", ERROR_INPUT, "COLDCA_TEST_PIN holds no PIN");
}

static void a_variable_that_is_too_long_is_removed_too(void **state)
{
    char text[SECRET_MAX_LEN + 2] = {0};
    (void)state;
    memset(text, '7', SECRET_MAX_LEN + 1);
    assert_int_equal(setenv("COLDCA_TEST_PIN", text, 1), 0);
    assert_refused("env:COLDCA_TEST_PIN", ERROR_INPUT, "longer");
    assert_null(getenv("COLDCA_TEST_PIN"));
}

static void a_descriptor_is_read_up_to_the_line_end(void **state)
{
    int ends[2];
    char rest[8] = {0};
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "7391\nrest", 9), 9);
    assert_int_equal(close(ends[1]), 0);
    char *source = memory_format("fd:%d", ends[0]);
    assert_reads(source, "7391");
    free(source);
    assert_int_equal(read(ends[0], rest, sizeof(rest)), 4);
    assert_string_equal(rest, "rest");
    assert_int_equal(close(ends[0]), 0);
}

static void a_source_that_is_none_is_not_repeated(void **state)
{
    static const char *const wrong[] = {
        "7391", "", "pin:7391", "fd:", "fd:x7391", "fd:-1", "fd:99999999999", "FILE:7391"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refused(wrong[i], ERROR_USAGE, "a PIN source is file:PATH, fd:N or env:NAME");
    assert_refused("fd:65535", ERROR_INPUT, "can't read");
}

static struct secret *secret_of(const char *text)
{
    struct error err = ERROR_INIT;
    struct secret *secret = NULL;
    assert_true(secret_new(&secret, &err));
    for (; *text != '\0'; text++)
        assert_true(secret_push(secret, *text));
    return secret;
}

static void a_secret_is_edited_and_compared(void **state)
{
    (void)state;
    struct secret *a = secret_of("7391");
    struct secret *b = secret_of("7392");
    assert_false(secret_equal(a, b));
    secret_pop(b);
    assert_false(secret_equal(a, b));
    assert_true(secret_push(b, '1'));
    assert_true(secret_equal(a, b));
    secret_clear(b);
    assert_string_equal(secret_text(b), "");
    secret_pop(b);
    assert_int_equal(secret_len(b), 0);
    while (secret_len(b) < SECRET_MAX_LEN)
        assert_true(secret_push(b, 'x'));
    assert_false(secret_push(b, 'x'));
    secret_free(a);
    secret_free(b);
}

static void a_child_does_not_inherit_a_secret(void **state)
{
    int status = 0;
    (void)state;
    struct secret *secret = secret_of("7391");
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(secret_len(secret) == 0 && *secret_text(secret) == '\0' ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_string_equal(secret_text(secret), "7391");
    secret_free(secret);
}

static void a_hardened_process_leaves_no_core(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        secret_harden_process();
        _exit(prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_of_a_file_is_the_secret),
        cmocka_unit_test(an_environment_variable_is_claimed_before_it_is_read),
        cmocka_unit_test(a_file_others_may_read_is_refused),
        cmocka_unit_test(a_file_without_a_secret_is_refused),
        cmocka_unit_test(a_container_secret_is_read_through_a_descriptor),
        cmocka_unit_test(several_variables_are_claimed_at_once),
        cmocka_unit_test(a_pipe_is_opened_beforehand_and_read_as_often_as_wanted),
        cmocka_unit_test(a_file_stays_a_path_and_is_looked_at_beforehand),
        cmocka_unit_test(the_longest_secret_fits),
        cmocka_unit_test(a_variable_is_read_and_removed),
        cmocka_unit_test(a_variable_that_is_too_long_is_removed_too),
        cmocka_unit_test(a_descriptor_is_read_up_to_the_line_end),
        cmocka_unit_test(a_source_that_is_none_is_not_repeated),
        cmocka_unit_test(a_secret_is_edited_and_compared),
        cmocka_unit_test(a_child_does_not_inherit_a_secret),
        cmocka_unit_test(a_hardened_process_leaves_no_core),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
