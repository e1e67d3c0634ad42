/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command gets of a ceremony's process: its arguments, /dev/null, two pipes, and an environment that names what is in it. The program
 * that is run is this test itself, as "child": /proc/self/exe.
 */
#include "ceremony/world.h"

#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

struct heard {
    struct builder out, error_out;
    size_t lines;
};

static void hear(void *data, bool is_stderr, struct bytes line)
{
    struct heard *heard = data;
    struct builder *place = is_stderr ? &heard->error_out : &heard->out;
    builder_add_bytes(place, line);
    builder_add_u8(place, '\n');
    heard->lines++;
}

static int run(const struct machine *machine, const char *what, struct heard *heard)
{
    int code = 0;
    struct error err = ERROR_INIT;
    const char *argv[] = {"coldca", "child", what, NULL};
    if (!child_run(machine, (char *const *)(uintptr_t)argv, hear, heard, &code, &err))
        fail_msg("%s", err.text);
    return code;
}

static void heard_done(struct heard *heard)
{
    builder_done(&heard->out);
    builder_done(&heard->error_out);
}

static void the_environment_is_what_is_named(void **state)
{
    struct site_variable variables[] = {{.name = memory_text("VENDOR_CONF"), .value = memory_text("/v")}};
    const struct ceremony_site site = {.environment = variables, .environment_count = 1};
    const struct machine machine = {.site = &site};
    struct heard heard = {.lines = 0};
    (void)state;
    assert_int_equal(setenv("A_PIN", "1234", 1), 0);
    assert_int_equal(setenv("LD_PRELOAD_OF_A_TEST", "x", 1), 0);
    assert_int_equal(setenv("COLDCA_DATA", "/data", 1), 0);
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    assert_int_equal(run(&machine, "environment", &heard), 0);
    const char *text = builder_text(&heard.out);
    assert_null(strstr(text, "1234"));
    assert_null(strstr(text, "LD_PRELOAD"));
    assert_non_null(strstr(text, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
    assert_non_null(strstr(text, "COLDCA_DATA=/data\n"));
    assert_non_null(strstr(text, "TZ=UTC\n"));
    assert_non_null(strstr(text, "VENDOR_CONF=/v\n"));
    heard_done(&heard);
    free(variables[0].name);
    free(variables[0].value);
}

static void no_descriptor_is_handed_on(void **state)
{
    const struct machine machine = {.site = NULL};
    struct heard heard = {.lines = 0};
    int open_to_all = open("/dev/null", O_RDONLY); // not close-on-exec
    (void)state;
    assert_true(open_to_all >= 3);
    assert_int_equal(run(&machine, "descriptors", &heard), 0);
    assert_string_equal(builder_text(&heard.out), "0 1 2\nstdin is empty\n");
    (void)close(open_to_all);
    heard_done(&heard);
}

static void both_streams_come_line_by_line(void **state)
{
    const struct machine machine = {.site = NULL};
    struct heard heard = {.lines = 0};
    (void)state;
    assert_int_equal(run(&machine, "speak", &heard), 3);
    assert_string_equal(builder_text(&heard.out), "one\n\nlast without end\n");
    assert_string_equal(builder_text(&heard.error_out), "fault\n");
    assert_int_equal(heard.lines, 4);
    heard_done(&heard);
}

static void a_killed_command_is_said_to_be(void **state)
{
    const struct machine machine = {.site = NULL};
    struct heard heard = {.lines = 0};
    (void)state;
    assert_int_equal(run(&machine, "die", &heard), WORLD_KILLED);
    heard_done(&heard);
}

/** A vendor's daemon that keeps the pipe open must not keep the ceremony. */
static void what_a_command_leaves_running_is_not_waited_for(void **state)
{
    const struct machine machine = {.site = NULL};
    struct heard heard = {.lines = 0};
    (void)state;
    assert_int_equal(run(&machine, "leave", &heard), 0);
    pid_t left = (pid_t)strtol(builder_text(&heard.out), NULL, 10);
    assert_true(left > 1);
    assert_int_equal(kill(left, SIGKILL), 0);
    heard_done(&heard);
}

static void a_detached_command_has_no_terminal_of_ours(void **state)
{
    const struct machine machine = {.site = NULL, .is_detached = true};
    struct heard heard = {.lines = 0};
    (void)state;
    AUTO(free) char *ours = memory_format("%d\n", (int)getsid(0));
    assert_int_equal(run(&machine, "session", &heard), 0);
    assert_string_not_equal(builder_text(&heard.out), ours);
    heard_done(&heard);
}

/* ---- the child ---- */

static void print_descriptors(void)
{
    char byte = 0;
    for (int fd = 0; fd < 64; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            printf("%s%d", fd == 0 ? "" : " ", fd);
    }
    printf("\n%s\n", read(STDIN_FILENO, &byte, 1) == 0 ? "stdin is empty" : "stdin has something");
}

static void leave_a_daemon(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            (void)pause();
    }
    printf("%d\n", (int)pid);
}

static int be_child(const char *what)
{
    if (strcmp(what, "environment") == 0) {
        for (char **at = environ; *at != NULL; at++)
            puts(*at);
    } else if (strcmp(what, "descriptors") == 0) {
        print_descriptors();
    } else if (strcmp(what, "speak") == 0) {
        fputs("one\n\nlast without end", stdout);
        fputs("fault\n", stderr);
        return 3;
    } else if (strcmp(what, "die") == 0) {
        (void)raise(SIGKILL);
    } else if (strcmp(what, "leave") == 0) {
        leave_a_daemon();
    } else {
        printf("%d\n", (int)getsid(0));
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_is_what_is_named),
        cmocka_unit_test(no_descriptor_is_handed_on),
        cmocka_unit_test(both_streams_come_line_by_line),
        cmocka_unit_test(a_killed_command_is_said_to_be),
        cmocka_unit_test(what_a_command_leaves_running_is_not_waited_for),
        cmocka_unit_test(a_detached_command_has_no_terminal_of_ours),
    };
    if (argc == 3)
        return be_child(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
