/* SPDX-License-Identifier: Apache-2.0 */
/* A confined signer reaches what it was left and nothing else, and still rules its readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "folder.h"
#include "sandbox/sandbox.h"
#include "sandbox/wire.h"

#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct bench {
    struct folder folder; /**< holds ours/, read/ and outside/, with a file in each */
    char ours[96];
    char read[96];
};

static void touch(const struct folder *folder, const char *path)
{
    int fd = openat(folder->fd, path, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0 && write(fd, "x", 1) == 1);
    (void)close(fd);
}

static int setup(void **state)
{
    struct bench *bench = memory_new(1, sizeof(*bench));
    folder_make(&bench->folder);
    static const char *const folders[] = {"ours", "ours/sub", "read", "outside"};
    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        assert_int_equal(mkdirat(bench->folder.fd, folders[i], 0755), 0);
    touch(&bench->folder, "ours/file");
    touch(&bench->folder, "read/file");
    touch(&bench->folder, "outside/file");
    assert_int_equal(symlinkat("../outside/file", bench->folder.fd, "ours/link"), 0);
    (void)snprintf(bench->ours, sizeof(bench->ours), "%s/ours", bench->folder.path);
    (void)snprintf(bench->read, sizeof(bench->read), "%s/read", bench->folder.path);
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    folder_remove(&bench->folder);
    free(bench);
    return 0;
}

/** Runs act in a process of its own. \return its exit status */
static int apart(int (*act)(const struct bench *bench), const struct bench *bench)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(act(bench));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool confine(const struct bench *bench, struct error *err)
{
    const struct sandbox_path reach[] = {
        {bench->ours, SANDBOX_WRITE},
        {bench->read, SANDBOX_READ},
        {"/nonexistent/folder", SANDBOX_WRITE},
    };
    return sandbox_confine_signer(reach, ARRAY_LEN(reach), false, err);
}

static bool opens(const struct bench *bench, const char *path, int flags)
{
    int fd = openat(bench->folder.fd, path, flags | O_CLOEXEC, 0644);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            (void)fprintf(stderr, "%s\n", #condition);                                                       \
            return 1;                                                                                        \
        }                                                                                                    \
    } while (0)

static int use_what_is_left(const struct bench *bench)
{
    struct error err = ERROR_INIT;
    int at = bench->folder.fd;
    CHECK(confine(bench, &err));
    CHECK(opens(bench, "ours/file", O_RDWR | O_TRUNC));
    CHECK(opens(bench, "ours/sub/new", O_WRONLY | O_CREAT | O_EXCL));
    CHECK(renameat(at, "ours/sub/new", at, "ours/moved") == 0);
    CHECK(mkdirat(at, "ours/folder", 0755) == 0 && unlinkat(at, "ours/folder", AT_REMOVEDIR) == 0);
    CHECK(unlinkat(at, "ours/moved", 0) == 0);
    CHECK(opens(bench, "read/file", O_RDONLY) && opens(bench, "read", O_RDONLY | O_DIRECTORY));
    CHECK(opens(bench, "/usr", O_RDONLY | O_DIRECTORY) && opens(bench, "/dev/null", O_RDWR));
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    return 0;
}

static int use_what_is_not(const struct bench *bench)
{
    char *const arguments[] = {NULL};
    struct error err = ERROR_INIT;
    int at = bench->folder.fd;
    CHECK(opens(bench, "outside/file", O_RDWR) && opens(bench, "ours/link", O_RDONLY));
    CHECK(confine(bench, &err));
    CHECK(!opens(bench, "outside/file", O_RDONLY) && errno == EACCES);
    CHECK(!opens(bench, "ours/link", O_RDONLY) && errno == EACCES);
    CHECK(!opens(bench, "ours/../outside/file", O_RDONLY) && errno == EACCES);
    CHECK(!opens(bench, "/etc/hostname", O_RDONLY) && !opens(bench, "/etc", O_RDONLY | O_DIRECTORY));
    CHECK(!opens(bench, "read/file", O_WRONLY) && errno == EACCES);
    CHECK(!opens(bench, "read/new", O_WRONLY | O_CREAT) && errno == EACCES);
    CHECK(unlinkat(at, "read/file", 0) != 0 && errno == EACCES);
    CHECK(renameat(at, "ours/file", at, "outside/file") != 0);
    CHECK(linkat(at, "outside/file", at, "ours/stolen", 0) != 0);
    CHECK(symlinkat("x", at, "ours/symlink") != 0 && mkfifoat(at, "ours/fifo", 0600) != 0);
    CHECK(execve("/bin/true", arguments, arguments) != 0 && errno == EACCES);
    return 0;
}

static int wait_for_end(int fd, void *context)
{
    char octet = 0;
    (void)context;
    return wire_read(fd, &octet, 1) ? 1 : 0;
}

static int rule_readers(const struct bench *bench)
{
    struct error err = ERROR_INIT;
    struct sandbox *sandbox = NULL;
    struct sandbox_child children[2];
    struct sandbox_end end;
    char octet = 0;
    const struct sandbox_plan plan = {
        .run = wait_for_end, .memory_bytes = (size_t)16 * 1024 * 1024, .cpu_seconds = 10};
    CHECK(sandbox_open(&plan, &sandbox, &err) && sandbox_spawn(sandbox, &children[0], &err));
    CHECK(confine(bench, &err));
    CHECK(sandbox_spawn(sandbox, &children[1], &err));
    CHECK(sandbox_reap(sandbox, children[0].pid, &end, &err) && end.signal == SIGKILL);
    sandbox_close(sandbox);
    CHECK(!wire_read(children[1].fd, &octet, 1)); // nobody holds the other end any more
    return 0;
}

static void *wait_for_mutex(void *data)
{
    (void)pthread_mutex_lock(data); // cannot fail: the mutex is a plain one
    (void)pthread_mutex_unlock(data);
    return NULL;
}

static int have_threads(const struct bench *bench)
{
    struct error err = ERROR_INIT;
    pthread_t thread;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_create(&thread, NULL, wait_for_mutex, &mutex) == 0);
    CHECK(!confine(bench, &err) && strstr(err.text, "threads") != NULL);
    CHECK(pthread_mutex_unlock(&mutex) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}

/** A kernel where a call of Landlock's fails, or does nothing but claim success (error 0). */
static int lack(const struct bench *bench, int call, int error_number, const char *says)
{
    struct error err = ERROR_INIT;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CHECK(filter != NULL && seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error_number), call, 0) == 0 &&
          seccomp_load(filter) == 0);
    seccomp_release(filter);
    CHECK(!confine(bench, &err) && strstr(err.text, says) != NULL && strstr(err.text, "signed") != NULL);
    return 0;
}

static int lack_landlock(const struct bench *bench)
{
    return lack(bench, SCMP_SYS(landlock_create_ruleset), ENOSYS, "enable it");
}

static int lack_rules(const struct bench *bench)
{
    return lack(bench, SCMP_SYS(landlock_add_rule), EINVAL, "can't allow");
}

static int lack_effect(const struct bench *bench)
{
    return lack(bench, SCMP_SYS(landlock_restrict_self), 0, "does not hold");
}

static void what_is_named_is_within_reach(void **state)
{
    assert_int_equal(apart(use_what_is_left, *state), 0);
}

static void all_else_is_out_of_reach(void **state)
{
    assert_int_equal(apart(use_what_is_not, *state), 0);
}

static void readers_made_before_are_still_replaced_and_ended(void **state)
{
    assert_int_equal(apart(rule_readers, *state), 0);
}

static void with_other_threads_it_is_refused(void **state)
{
    assert_int_equal(apart(have_threads, *state), 0);
}

static void a_kernel_that_can_not_or_only_claims_to_is_found_out(void **state)
{
    assert_int_equal(apart(lack_landlock, *state), 0);
    assert_int_equal(apart(lack_rules, *state), 0);
    assert_int_equal(apart(lack_effect, *state), 0);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_named_is_within_reach),
        IN_FOLDER(all_else_is_out_of_reach),
        IN_FOLDER(readers_made_before_are_still_replaced_and_ended),
        IN_FOLDER(with_other_threads_it_is_refused),
        IN_FOLDER(a_kernel_that_can_not_or_only_claims_to_is_found_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
