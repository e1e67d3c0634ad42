/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader processes with hostile code planted in them: each attempt is stopped and reported on the one input it came with,
 * and every other input is answered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "csr_maker.h"
#include "request/csr.h"
#include "request/reader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static pid_t tester;
static struct builder sound;

static int setup(void **state)
{
    (void)state;
    tester = getpid();
    EVP_PKEY *key = csr_key("P-256");
    csr_make(&(struct csr_recipe){.key = key}, &sound);
    EVP_PKEY_free(key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    builder_done(&sound);
    return 0;
}

static void try_open(void)
{
    (void)open("/etc/passwd", O_RDONLY); // the test asks what became of it
}

static void try_create(void)
{
    (void)creat("/tmp/coldca-hostile", 0600);
}

static void try_socket(void)
{
    (void)socket(AF_INET, SOCK_STREAM, 0);
}

/** The token: its module must be loaded, or its daemon talked to. */
static void try_module(void)
{
    (void)dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
}

static void try_daemon(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void try_shared_memory(void)
{
    (void)syscall(SYS_shmget, 1, 4096, 0600);
}

static void try_memory_file(void)
{
    (void)memfd_create("hostile", 0);
}

static void try_ring(void)
{
    uint8_t parameters[256] = {0};
    (void)syscall(SYS_io_uring_setup, 1, parameters);
}

static void try_ptrace(void)
{
    (void)ptrace(PTRACE_ATTACH, tester, NULL, NULL);
}

static void try_read_memory(void)
{
    (void)syscall(SYS_process_vm_readv, tester, NULL, 0, NULL, 0, 0);
}

static void try_fork(void)
{
    // The call itself, as fork() would make it, without libc's handlers.
    (void)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void try_exec(void)
{
    char *const arguments[] = {NULL};
    (void)execve("/bin/sh", arguments, arguments);
}

static void try_kill(void)
{
    (void)kill(tester, SIGKILL);
}

/** abort()'s own signal at somebody else. */
static void try_abort_parent(void)
{
    (void)syscall(SYS_tgkill, tester, tester, SIGABRT);
}

static void try_new_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_own_handler(void)
{
    (void)signal(SIGSYS, SIG_IGN);
}

static void try_user(void)
{
    (void)setresuid(0, 0, 0);
}

static void try_crash(void)
{
    *(volatile int *)(uintptr_t)8 = 1;
}

static void try_abort(void)
{
    abort();
}

static void try_exit(void)
{
    _exit(7);
}

static void try_garbage(void)
{
    static const uint8_t garbage[64] = {0, 0, 0, 10, 0, 1, 'g', 'a', 'r', 'b'};
    (void)!write(0, garbage, sizeof(garbage));
}

static void try_oversized(void)
{
    static const uint8_t header[4] = {0xff, 0xff, 0xff, 0xff};
    (void)!write(0, header, sizeof(header));
}

/** Says count times, in one go, that the input was the sound request. */
static void send_forged(int count)
{
    struct builder answers = BUILDER_INIT;
    struct builder message = BUILDER_INIT;
    struct request *request = csr_read(builder_bytes(&sound));
    csr_encode(request, &message);
    for (int i = 0; i < count; i++) {
        builder_add_u32(&answers, (uint32_t)message.len + 6);
        builder_add_u16(&answers, 1);
        builder_add_u32(&answers, (uint32_t)message.len);
        builder_add_bytes(&answers, builder_bytes(&message));
    }
    (void)!write(0, answers.data, answers.len);
    request_free(request);
    builder_done(&message);
    builder_done(&answers);
    for (;;) // so that no true answer follows
        (void)sched_yield();
}

#ifndef COLDCA_SANITIZED
static void try_memory(void)
{
    for (;;)
        memset(memory_new(1, 1024 * 1024), 1, 1024 * 1024);
}
#endif

static void try_hang(void)
{
    for (;;) {
        sigset_t all;
        (void)sigfillset(&all);
        (void)sigprocmask(SIG_BLOCK, &all, NULL);
    }
}

/** Sends an answer that never gets whole, one byte whenever a tenth of a second has passed. */
static void try_drip(void)
{
    static const uint8_t zero[1];
    (void)!write(0, "\0\1\0\0", 4); // the length that is to come
    for (;;) {
        struct timespec start;
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &start); // the sandbox lets nothing wait
        do
            (void)clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - start.tv_sec) * 10 + (now.tv_nsec - start.tv_nsec) / 100000000 < 1);
        (void)!write(0, zero, 1);
    }
}

static const struct attempt {
    const char *name;
    void (*run)(void);
    const char *report; /**< part of the problem's text; "" if it depends on the build */
} attempts[] = {
    {"open a file", try_open, "openat"},
    {"create a file", try_create, "stopped at the system call"},
    {"open a socket", try_socket, "socket"},
    {"ptrace the parent", try_ptrace, "ptrace"},
    {"read the parent's memory", try_read_memory, "process_vm_readv"},
    {"load the token's module", try_module, "openat"},
    {"talk to the token's daemon", try_daemon, "socket"},
    {"attach shared memory", try_shared_memory, "shmget"},
    {"make a file in memory", try_memory_file, "memfd_create"},
    {"make an io_uring", try_ring, "io_uring_setup"},
    {"fork", try_fork, "clone"},
    {"exec", try_exec, "execve"},
    {"kill the parent", try_kill, "kill"},
    {"abort the parent", try_abort_parent, "tgkill"},
    {"make new code", try_new_code, "mmap"},
    {"catch the stop signal", try_own_handler, "rt_sigaction"},
    {"become root", try_user, "setresuid"},
    {"end early", try_exit, "status 7"},
    {"send garbage", try_garbage, "a parser process's result"},
    {"send an answer too long", try_oversized, "longer than any can be"},
    {"crash", try_crash, ""},
    {"abort", try_abort, ""},
#ifndef COLDCA_SANITIZED
    {"use all memory", try_memory, ""},
#endif
};

/** What runs in the readers of these tests: input "!N" is attempt N, "hang" hangs, everything else is a request. */
static void read_hostile(struct bytes input, struct request ***ret_requests, size_t *ret_count)
{
    if (bytes_equal_text(input, "hang"))
        try_hang();
    if (bytes_equal_text(input, "twice"))
        send_forged(2);
    if (bytes_equal(input, BYTES_LITERAL("0\x81other")))
        send_forged(1);
    if (input.len == 2 && input.data[0] == '!')
        attempts[input.data[1]].run();
    if (bytes_equal_text(input, "drip"))
        try_drip();
    csr_read_all(input, ret_requests, ret_count);
}

static struct readers *open_hostile(size_t count, int timeout_ms)
{
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    struct readers_settings settings = {
        .count = count, .read = read_hostile, .timeout_ms = timeout_ms, .inputs_a_life = 1000};
    if (!readers_open_with(&settings, &readers, &err))
        fail_msg("%s", err.text);
    return readers;
}

static void submit(struct readers *readers, uint64_t ticket, struct bytes input)
{
    struct error err = ERROR_INIT;
    if (!readers_submit(readers, ticket, input, &err))
        fail_msg("%s", err.text);
}

static struct reading *next(struct readers *readers)
{
    struct error err = ERROR_INIT;
    struct reading *reading = NULL;
    if (!readers_next(readers, &reading, &err))
        fail_msg("%s", err.text);
    assert_int_equal(reading->count, 1);
    return reading;
}

static void assert_stopped(const struct reading *reading, const struct attempt *attempt)
{
    const struct findings *problems = &reading->requests[0]->problems;
    assert_int_equal(problems->count, 1);
    assert_string_equal(problems->items[0].rule, "request.reader");
    if (strstr(problems->items[0].text, attempt->report) == NULL)
        fail_msg("%s: %s", attempt->name, problems->items[0].text);
    assert_non_null(problems->items[0].remedy);
}

static void each_hostile_act_is_stopped_and_reported_and_the_others_go_on(void **state)
{
    struct readers *readers = open_hostile(2, 60000);
    bool was_answered[ARRAY_LEN(attempts) * 3] = {false};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(was_answered); i++) {
        uint8_t act[2] = {'!', (uint8_t)(i / 3)};
        submit(readers, i, i % 3 == 1 ? BYTES(act) : builder_bytes(&sound));
    }
    while (readers_pending(readers) > 0) {
        struct reading *reading = next(readers);
        assert_true(reading->ticket < ARRAY_LEN(was_answered) && !was_answered[reading->ticket]);
        was_answered[reading->ticket] = true;
        if (reading->ticket % 3 == 1) {
            assert_stopped(reading, &attempts[reading->ticket / 3]);
        } else {
            assert_int_equal(reading->requests[0]->problems.count, 0);
            assert_true(reading->requests[0]->has_proof_of_possession);
        }
        reading_free(reading);
    }
    for (size_t i = 0; i < ARRAY_LEN(was_answered); i++)
        assert_true(was_answered[i]);
    readers_close(readers);
    assert_int_not_equal(access("/tmp/coldca-hostile", F_OK), 0);
}

static void a_reader_that_hangs_is_killed_and_replaced(void **state)
{
    // One reader, so that what is queued behind the hang must go to its successor.
    struct readers *readers = open_hostile(1, 300);
    static const struct attempt hang = {"hang", NULL, "returned nothing within 300 ms"};
    (void)state;
    submit(readers, 0, BYTES_LITERAL("hang"));
    submit(readers, 1, builder_bytes(&sound));
    submit(readers, 2, BYTES_LITERAL("hang"));
    struct reading *first = next(readers);
    assert_int_equal(first->ticket, 0);
    assert_stopped(first, &hang);
    reading_free(first);
    struct reading *second = next(readers);
    assert_int_equal(second->ticket, 1);
    assert_int_equal(second->requests[0]->problems.count, 0);
    reading_free(second);
    struct reading *third = next(readers);
    assert_stopped(third, &hang);
    reading_free(third);
    readers_close(readers);
}

static void a_reader_that_drips_bytes_is_late_all_the_same(void **state)
{
    struct readers *readers = open_hostile(1, 500);
    static const struct attempt drip = {"drip", NULL, "returned nothing within 500 ms"};
    (void)state;
    submit(readers, 0, BYTES_LITERAL("drip"));
    submit(readers, 1, builder_bytes(&sound));
    struct reading *first = next(readers);
    assert_int_equal(first->ticket, 0);
    assert_stopped(first, &drip);
    reading_free(first);
    struct reading *second = next(readers);
    assert_int_equal(second->requests[0]->problems.count, 0);
    reading_free(second);
    readers_close(readers);
}

static void an_answer_nobody_asked_for_is_not_taken_for_the_next_input(void **state)
{
    struct readers *readers = open_hostile(1, 60000);
    (void)state;
    submit(readers, 0, BYTES_LITERAL("twice"));
    struct reading *twice = next(readers);
    assert_string_equal(twice->requests[0]->problems.items[0].rule, "request.reader");
    reading_free(twice);
    submit(readers, 1, BYTES_LITERAL("no request"));
    struct reading *after = next(readers);
    assert_int_equal(after->ticket, 1);
    assert_int_equal(after->requests[0]->problems.count, 1);
    assert_string_equal(after->requests[0]->problems.items[0].rule, "request.pem");
    reading_free(after);
    readers_close(readers);
}

static void an_answer_about_another_request_is_refused(void **state)
{
    struct readers *readers = open_hostile(1, 60000);
    static const struct attempt other = {"other", NULL, "about another request"};
    (void)state;
    submit(readers, 0, BYTES_LITERAL("0\x81other"));
    struct reading *reading = next(readers);
    assert_stopped(reading, &other);
    reading_free(reading);
    readers_close(readers);
}

static void readers_are_renewed_after_their_share(void **state)
{
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    struct readers_settings settings = {
        .count = 2, .read = csr_read_all, .timeout_ms = 60000, .inputs_a_life = 3};
    (void)state;
    assert_true(readers_open_with(&settings, &readers, &err));
    for (uint64_t i = 0; i < 50; i++)
        submit(readers, i, builder_bytes(&sound));
    size_t answered = 0;
    while (readers_pending(readers) > 0) {
        struct reading *reading = next(readers);
        assert_int_equal(reading->requests[0]->problems.count, 0);
        reading_free(reading);
        answered++;
    }
    assert_int_equal(answered, 50);
    readers_close(readers);
}

static void answers_files_with_many_and_with_no_requests(void **state)
{
    struct error err = ERROR_INIT;
    struct readers *readers = NULL;
    struct reading *reading = NULL;
    struct builder many = BUILDER_INIT;
    uint8_t *largest = memory_new(REQUEST_MAX_FILE_LEN + 1, 1);
    (void)state;
    for (int i = 0; i < 1000; i++)
        builder_add_text(&many, "-----BEGIN A-----\nAAAA\n-----END A-----\n");
    memset(largest, 'x', REQUEST_MAX_FILE_LEN + 1);
    assert_true(readers_open(0, &readers, &err));
    assert_true(readers_may_submit(readers));
    assert_int_equal(readers_pending(readers), 0);
    submit(readers, 1, builder_bytes(&many));
    assert_true(readers_next(readers, &reading, &err));
    assert_int_equal(reading->count, 1000);
    reading_free(reading);
    submit(readers, 2, BYTES_LITERAL(""));
    reading = next(readers);
    assert_string_equal(reading->requests[0]->problems.items[0].rule, "request.empty");
    reading_free(reading);
    submit(readers, 3, bytes_of(largest, REQUEST_MAX_FILE_LEN));
    reading = next(readers);
    assert_string_equal(reading->requests[0]->problems.items[0].rule, "request.pem");
    reading_free(reading);
    assert_false(readers_submit(readers, 4, bytes_of(largest, REQUEST_MAX_FILE_LEN + 1), &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    readers_close(readers);
    builder_done(&many);
    free(largest);
}

static void closing_with_answers_outstanding_leaves_no_process(void **state)
{
    struct readers *readers = open_hostile(2, 60000);
    (void)state;
    for (uint64_t i = 0; i < 10; i++)
        submit(readers, i, i == 3 ? BYTES_LITERAL("hang") : builder_bytes(&sound));
    reading_free(next(readers));
    readers_close(readers);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_hostile_act_is_stopped_and_reported_and_the_others_go_on),
        cmocka_unit_test(a_reader_that_hangs_is_killed_and_replaced),
        cmocka_unit_test(a_reader_that_drips_bytes_is_late_all_the_same),
        cmocka_unit_test(an_answer_nobody_asked_for_is_not_taken_for_the_next_input),
        cmocka_unit_test(an_answer_about_another_request_is_refused),
        cmocka_unit_test(readers_are_renewed_after_their_share),
        cmocka_unit_test(answers_files_with_many_and_with_no_requests),
        cmocka_unit_test(closing_with_answers_outstanding_leaves_no_process),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
