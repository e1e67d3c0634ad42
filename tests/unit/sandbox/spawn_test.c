/* SPDX-License-Identifier: Apache-2.0 */
/* Every layer of confinement is on, and where one can't be put on, nothing runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "sandbox/layers.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/** Echoes octets until the socket closes; 'q' ends it with status 3. */
static int echo(int fd, void *context)
{
    char octet = 0;
    (void)context;
    while (wire_read(fd, &octet, 1)) {
        if (octet == 'q')
            return 3;
        if (!wire_write(fd, bytes_of(&octet, 1)))
            return 1;
    }
    return 0;
}

static const struct sandbox_plan plan = {.run = echo, .memory_bytes = 16 * 1024 * 1024, .cpu_seconds = 30};

static struct sandbox *open_sandbox(void)
{
    struct error err = ERROR_INIT;
    struct sandbox *sandbox = NULL;
    if (!sandbox_open(&plan, &sandbox, &err))
        fail_msg("%s", err.text);
    return sandbox;
}

static struct sandbox_child spawn(struct sandbox *sandbox)
{
    struct error err = ERROR_INIT;
    struct sandbox_child child = {.fd = -1};
    if (!sandbox_spawn(sandbox, &child, &err))
        fail_msg("%s", err.text);
    return child;
}

static void assert_echoes(const struct sandbox_child *child)
{
    char octet = 0;
    assert_true(wire_write(child->fd, BYTES_LITERAL("x")));
    assert_true(wire_read(child->fd, &octet, 1));
    assert_int_equal(octet, 'x');
}

/** The value of a line of /proc/PID/status. */
static void read_status(pid_t pid, const char *field, char value[static 256])
{
    char path[64];
    char line[256];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    value[0] = '\0';
    while (fgets(line, sizeof(line), file) != NULL) {
        size_t len = strlen(field);
        if (strncmp(line, field, len) == 0 && line[len] == ':') {
            const char *start = line + len + 1 + strspn(line + len + 1, " \t");
            (void)snprintf(value, 256, "%.*s", (int)strcspn(start, "\n"), start);
        }
    }
    (void)fclose(file);
}

static void a_child_is_nobody_without_privileges_behind_a_filter(void **state)
{
    char value[256];
    (void)state;
    struct sandbox *sandbox = open_sandbox();
    struct sandbox_child child = spawn(sandbox);
    assert_echoes(&child);
    read_status(child.pid, "NoNewPrivs", value);
    assert_string_equal(value, "1");
    read_status(child.pid, "Seccomp", value);
    assert_string_equal(value, "2");
    read_status(child.pid, "CapEff", value);
    assert_string_equal(value, "0000000000000000");
    if (getuid() == 0) {
        read_status(child.pid, "Uid", value);
        assert_string_equal(value, "65534\t65534\t65534\t65534");
        read_status(child.pid, "Gid", value);
        assert_string_equal(value, "65534\t65534\t65534\t65534");
        read_status(child.pid, "Groups", value);
        assert_string_equal(value, "");
    }
    (void)close(child.fd);
    sandbox_close(sandbox);
}

static void a_child_has_no_descriptor_but_its_socket(void **state)
{
    char path[64];
    size_t count = 0;
    (void)state;
    if (getuid() != 0)
        skip(); // an undumpable process shows its descriptors to root only
    struct sandbox *sandbox = open_sandbox();
    struct sandbox_child before = spawn(sandbox);
    struct sandbox_child child = spawn(sandbox);
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)child.pid);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.')
            continue;
#ifdef COLDCA_SANITIZED
        if (strcmp(entry->d_name, "2") == 0) // for the sanitizer's report
            continue;
#endif
        assert_string_equal(entry->d_name, "0");
        count++;
    }
    (void)closedir(folder);
    assert_int_equal(count, 1);
    (void)close(before.fd);
    (void)close(child.fd);
    sandbox_close(sandbox);
}

/** The hard limit in /proc/PID/limits, which everybody may read. */
static unsigned long long read_limit(pid_t pid, const char *name)
{
    char path[64];
    char line[256];
    char value[32] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, name, strlen(name)) == 0)
            assert_int_equal(sscanf(line + 26, "%*s %31s", value), 1);
    }
    (void)fclose(file);
    return strcmp(value, "unlimited") == 0 ? ULLONG_MAX : strtoull(value, NULL, 10);
}

static void a_child_has_limits(void **state)
{
    (void)state;
    struct sandbox *sandbox = open_sandbox();
    struct sandbox_child child = spawn(sandbox);
    assert_int_equal(read_limit(child.pid, "Max core file size"), 0);
    assert_int_equal(read_limit(child.pid, "Max file size"), 0);
    assert_int_equal(read_limit(child.pid, "Max processes"), 0);
    assert_int_equal(read_limit(child.pid, "Max open files"), 16);
    assert_int_equal(read_limit(child.pid, "Max cpu time"), 30);
#ifndef COLDCA_SANITIZED
    assert_true(read_limit(child.pid, "Max address space") < 1024ULL * 1024 * 1024);
#endif
    (void)close(child.fd);
    sandbox_close(sandbox);
}

static void the_end_of_a_child_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct sandbox_end end;
    char text[128];
    char octet = 0;
    (void)state;
    struct sandbox *sandbox = open_sandbox();
    struct sandbox_child ended = spawn(sandbox);
    struct sandbox_child living = spawn(sandbox);
    assert_true(wire_write(ended.fd, BYTES_LITERAL("q")));
    assert_false(wire_read(ended.fd, &octet, 1)); // it has ended
    assert_true(sandbox_reap(sandbox, ended.pid, &end, &err));
    assert_string_equal(sandbox_describe_end(&end, text), "it ended with status 3");
    assert_true(sandbox_reap(sandbox, living.pid, &end, &err));
    assert_string_equal(sandbox_describe_end(&end, text), "it was killed by signal 9 (SIGKILL)");
    assert_false(sandbox_reap(sandbox, living.pid, &end, &err)); // it is nobody's child any more
    assert_int_equal(err.kind, ERROR_INPUT);
    char stopped[128];
    (void)snprintf(stopped, sizeof(stopped), "it was stopped at the system call ptrace (%d)",
                   SCMP_SYS(ptrace));
    assert_string_equal(sandbox_describe_end(&(struct sandbox_end){.system_call = SCMP_SYS(ptrace)}, text),
                        stopped);
    (void)close(ended.fd);
    (void)close(living.fd);
    sandbox_close(sandbox);
}

static void closing_ends_every_child(void **state)
{
    char octet = 0;
    (void)state;
    struct sandbox *sandbox = open_sandbox();
    struct sandbox_child children[] = {spawn(sandbox), spawn(sandbox)};
    sandbox_close(sandbox);
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        assert_false(wire_read(children[i].fd, &octet, 1));
        (void)close(children[i].fd);
    }
}

static void the_programs_signal_handlers_and_terminal_are_not_the_childrens(void **state)
{
    char value[256];
    (void)state;
    (void)signal(SIGINT, SIG_IGN);
    struct sandbox *sandbox = open_sandbox();
    (void)signal(SIGINT, SIG_DFL);
    struct sandbox_child child = spawn(sandbox);
    read_status(child.pid, "SigIgn", value);
    assert_int_equal(strtoull(value, NULL, 16) & (1ULL << (SIGINT - 1)), 0);
    read_status(child.pid, "NSsid", value);
    assert_int_not_equal(strtol(value, NULL, 10), getsid(0));
    (void)close(child.fd);
    sandbox_close(sandbox);
}

/** Where system_call, or prctl() with this option, does nothing but claim success if error_number is 0. */
static int add_fault(scmp_filter_ctx filter, int system_call, int error_number)
{
    struct scmp_arg_cmp is_seccomp = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = PR_SET_SECCOMP, .datum_b = 0};
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error_number), system_call, 0);
    if (failed == 0 && system_call == SCMP_SYS(seccomp))
        failed = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint16_t)error_number), SCMP_SYS(prctl), 1,
                                        &is_seccomp);
    return failed;
}

/** In a process of its own where one system call fails: tries to start a child. \return 0 if that failed naming the layer */
static int start_without(int system_call, int error_number, const char *layer)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        struct sandbox *sandbox = NULL;
        struct sandbox_child child;
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        if (filter == NULL || add_fault(filter, system_call, error_number) != 0 || seccomp_load(filter) != 0)
            _exit(10);
        if (sandbox_open(&plan, &sandbox, &err) && sandbox_spawn(sandbox, &child, &err))
            _exit(11);
        if (strstr(err.text, layer) == NULL || strstr(err.text, "nothing is read") == NULL) {
            (void)fprintf(stderr, "%s\n", err.text);
            _exit(12);
        }
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_layer_that_cant_be_engaged_stops_everything(void **state)
{
    (void)state;
    assert_int_equal(start_without(SCMP_SYS(landlock_create_ruleset), ENOSYS, "Landlock"), 0);
    assert_int_equal(start_without(SCMP_SYS(landlock_create_ruleset), EOPNOTSUPP, "Landlock"), 0);
    assert_int_equal(start_without(SCMP_SYS(landlock_restrict_self), EPERM, "Landlock"), 0);
    assert_int_equal(start_without(SCMP_SYS(close_range), ENOSYS, "descriptors"), 0);
    assert_int_equal(start_without(SCMP_SYS(prlimit64), EPERM, "limits"), 0);
    if (getuid() == 0) {
        assert_int_equal(start_without(SCMP_SYS(setgroups), EPERM, "user"), 0);
        assert_int_equal(start_without(SCMP_SYS(setresuid), EPERM, "user"), 0);
    }
}

static void a_filter_that_cant_be_engaged_stops_everything(void **state)
{
    (void)state;
    assert_int_equal(start_without(SCMP_SYS(seccomp), EINVAL, "seccomp"), 0);
    assert_int_equal(start_without(SCMP_SYS(rt_sigaction), EINVAL, "seccomp"), 0);
}

static void a_kernel_that_only_claims_to_confine_is_found_out(void **state)
{
    (void)state;
    assert_int_equal(start_without(SCMP_SYS(seccomp), 0, "does not hold"), 0);
    assert_int_equal(start_without(SCMP_SYS(landlock_restrict_self), 0, "does not hold"), 0);
    if (getuid() == 0)
        assert_int_equal(start_without(SCMP_SYS(setresuid), 0, "user"), 0);
}

#define NOBODY 65534

/**
 * In a process of its own, below a root that only root can open: puts Landlock on, as an ordinary user or as root, on a kernel
 * that does or that only claims to. \return 0 if it held, 1 if it says that it does not or can't be tried out
 */
static int engage_below_closed_root(bool is_root, bool is_claim)
{
    char folder[] = "/tmp/coldca-closed-XXXXXX"; // mode 0700
    assert_non_null(mkdtemp(folder));
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = ERROR_INIT;
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        bool is_ready = filter != NULL && chroot(folder) == 0 && chdir("/") == 0;
        if (is_ready && !is_root)
            is_ready = setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0;
        if (is_ready && is_claim)
            is_ready =
                seccomp_rule_add(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(landlock_restrict_self), 0) == 0 &&
                seccomp_load(filter) == 0;
        if (!is_ready)
            _exit(10);
        _exit(layer_landlock(&err) ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(rmdir(folder), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_closed_root_is_not_taken_for_confinement(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip(); // who is not root gets into no other root
    assert_int_equal(engage_below_closed_root(true, false), 0);
    assert_int_equal(engage_below_closed_root(true, true), 1);
    assert_int_equal(engage_below_closed_root(false, false), 1);
    assert_int_equal(engage_below_closed_root(false, true), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_nobody_without_privileges_behind_a_filter),
        cmocka_unit_test(a_child_has_no_descriptor_but_its_socket),
        cmocka_unit_test(a_child_has_limits),
        cmocka_unit_test(the_end_of_a_child_is_told),
        cmocka_unit_test(closing_ends_every_child),
        cmocka_unit_test(the_programs_signal_handlers_and_terminal_are_not_the_childrens),
        cmocka_unit_test(a_layer_that_cant_be_engaged_stops_everything),
        cmocka_unit_test(a_filter_that_cant_be_engaged_stops_everything),
        cmocka_unit_test(a_kernel_that_only_claims_to_confine_is_found_out),
        cmocka_unit_test(a_closed_root_is_not_taken_for_confinement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
