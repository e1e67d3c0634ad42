/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into coldca: the calls that change a file system, or open something, counted, made to fail, to end the process, or
 * written down. Only in the process it was loaded into; what that forks (readers in their sandbox) is left alone.
 *
 *   FAULT_MODE   count   passes everything; at the end writes how many calls there were into FAULT_LOG
 *                fail    the call number FAULT_AT fails with FAULT_ERRNO
 *                stuck   that call and all after it fail
 *                kill    the process ends by SIGKILL before that call
 *                torn    as kill, but a write has put the first half of its bytes into the file before
 *                trace   passes everything; FAULT_LOG gets each change in order, with the bytes written (see replay.py)
 *   FAULT_BELOW  only calls on files below this folder count; without it all do
 *   FAULT_READS  set: opening by openat2(), as media are read, counts too
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum mode { OFF, COUNT, FAIL, STUCK, KILL, TORN, TRACE };

static enum mode mode;
static long fault_at;
static int fault_errno;
static const char *below;
static bool counts_reads;
static int log_fd = -1;
static atomic_long calls;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

/** The shim's own lines go past the shim. */
static void put(const char *data, size_t len)
{
    while (len > 0) {
        long written = syscall(SYS_write, log_fd, data, len);
        if (written <= 0)
            abort(); // a log with holes would prove nothing
        data += written;
        len -= (size_t)written;
    }
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[2 * PATH_MAX + 64];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (log_fd >= 0 && len > 0)
        put(line, (size_t)len);
}

static void in_child(void)
{
    mode = OFF;
}

__attribute__((constructor)) static void begin(void)
{
    static const char *const names[] = {"", "count", "fail", "stuck", "kill", "torn", "trace"};
    const char *name = getenv("FAULT_MODE");
    const char *at = getenv("FAULT_AT");
    const char *number = getenv("FAULT_ERRNO");
    const char *log = getenv("FAULT_LOG");
    for (int i = 1; name != NULL && i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (strcmp(name, names[i]) == 0)
            mode = (enum mode)i;
    }
    fault_at = at == NULL ? 0 : strtol(at, NULL, 10);
    fault_errno = number == NULL ? EIO : (int)strtol(number, NULL, 10);
    below = getenv("FAULT_BELOW");
    counts_reads = getenv("FAULT_READS") != NULL;
    if (log != NULL) {
        int low = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        log_fd = fcntl(low, F_DUPFD_CLOEXEC, 200); // out of the way of what the program counts on
        (void)syscall(SYS_close, low);
    }
    (void)unsetenv("LD_PRELOAD"); // for programs it starts
    (void)pthread_atfork(NULL, NULL, in_child);
}

__attribute__((destructor)) static void end(void)
{
    if (mode == COUNT)
        say("%ld\n", atomic_load(&calls));
}

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}
#define NEXT(name) ((__typeof__(&name))next(#name))

/* ---- names ---- */

static void path_of_fd(int fd, char *ret_path)
{
    char link[64];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, ret_path, PATH_MAX - 1);
    ret_path[len < 0 ? 0 : len] = '\0';
}

/** The whole name of what need not be there, without links in its folders. */
static void path_of(int dirfd, const char *path, char *ret_path)
{
    char folder[2 * PATH_MAX] = "";
    char real[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    if (*path != '/' && dirfd == AT_FDCWD) {
        if (getcwd(folder, PATH_MAX) == NULL)
            abort();
    } else if (*path != '/') {
        path_of_fd(dirfd, folder);
    }
    size_t len = strlen(folder);
    (void)snprintf(folder + len, sizeof(folder) - len, "/%.*s", slash == NULL ? 0 : (int)(slash - path),
                   path);
    if (realpath(folder, real) == NULL)
        (void)snprintf(real, sizeof(real), "?");
    (void)snprintf(ret_path, PATH_MAX, "%.2000s/%.2000s", real, base);
}

static bool is_below(const char *path)
{
    size_t len = strlen(below);
    return strncmp(path, below, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* ---- the fault ---- */

enum verdict { PASS, REFUSE, HALF };

/** \param path   the name, or NULL: it is told by fd */
static enum verdict judge(const char *what, int fd, const char *path)
{
    char whole[PATH_MAX];
    int kept = errno;
    if (mode == OFF || mode == TRACE)
        return PASS;
    if (path != NULL)
        path_of(fd, path, whole);
    else
        path_of_fd(fd, whole);
    errno = kept;
    if (below != NULL && !is_below(whole))
        return PASS;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (mode == COUNT || number < fault_at || (mode != STUCK && number > fault_at))
        return PASS;
    if (number == fault_at)
        say("%ld %s %s\n", number, what, whole);
    if (mode == KILL)
        (void)kill(getpid(), SIGKILL);
    if (mode == TORN)
        return HALF;
    errno = fault_errno;
    return REFUSE;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    abort();
}

/** For calls that can't be done by halves. */
static bool refused(const char *what, int fd, const char *path)
{
    enum verdict verdict = judge(what, fd, path);
    if (verdict == HALF)
        die();
    return verdict == REFUSE;
}

/* ---- what changed ---- */

static bool begin_change(void)
{
    if (mode == TRACE)
        (void)pthread_mutex_lock(&order);
    return mode == TRACE;
}

static void end_change(void)
{
    if (mode == TRACE)
        (void)pthread_mutex_unlock(&order);
}

static void trace_bytes(int fd, const void *data, ssize_t len, off_t offset)
{
    struct stat status;
    if (len <= 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    if (offset < 0)
        offset = lseek(fd, 0, SEEK_CUR) - len; // after an append, too, it stands behind what was written
    say("write\t%lu\t%lld\t%zd\n", (unsigned long)status.st_ino, (long long)offset, len);
    put(data, (size_t)len);
}

static void trace_name(const char *what, int dirfd, const char *path, bool with_inode)
{
    struct stat status = {.st_ino = 0};
    char whole[PATH_MAX];
    path_of(dirfd, path, whole);
    if (with_inode && fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        abort(); // it was made a moment ago
    say("%s\t%s\t%lu\n", what, whole, (unsigned long)status.st_ino);
}

static void trace_names(const char *what, int from_fd, const char *from, int to_fd, const char *to)
{
    char old[PATH_MAX];
    char new[PATH_MAX];
    path_of(from_fd, from, old);
    path_of(to_fd, to, new);
    say("%s\t%s\t%s\n", what, old, new);
}

static void trace_fd(const char *what, int fd)
{
    struct stat status;
    char whole[PATH_MAX];
    path_of_fd(fd, whole);
    if (fstat(fd, &status) == 0)
        say("%s%s\t%s\t%lu\n", what, S_ISDIR(status.st_mode) ? "-folder" : "", whole,
            (unsigned long)status.st_ino);
}

/** For other shims in the process: what they note stands in the trace at its time. One word. */
void fault_note(const char *word);
void fault_note(const char *word)
{
    if (begin_change())
        say("note\t%s\n", word);
    end_change();
}

/* ---- the calls ---- */

typedef int open_fn(int dirfd, const char *path, int flags, ...);

static int open_with(open_fn *real, int dirfd, const char *path, int flags, mode_t permissions)
{
    struct stat status;
    if (refused(flags & O_CREAT ? "create" : "open", dirfd, path))
        return -1;
    bool is_traced = begin_change();
    bool was_there = is_traced && fstatat(dirfd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    int fd = real(dirfd, path, flags, permissions);
    int kept = errno;
    if (is_traced && fd >= 0 && (flags & O_CREAT) != 0 && !was_there)
        trace_name("create", dirfd, path, true);
    if (is_traced && fd >= 0 && (flags & O_TRUNC) != 0 && was_there)
        say("truncate\t%lu\t0\n", (unsigned long)status.st_ino);
    end_change();
    errno = kept;
    return fd;
}

static mode_t permissions_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPENAT(name)                                                                                         \
    int name(int dirfd, const char *path, int flags, ...)                                                    \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        mode_t permissions = permissions_of(flags, arguments);                                               \
        va_end(arguments);                                                                                   \
        return open_with(NEXT(openat), dirfd, path, flags, permissions);                                     \
    }
#define OPEN(name)                                                                                           \
    int name(const char *path, int flags, ...)                                                               \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        va_start(arguments, flags);                                                                          \
        mode_t permissions = permissions_of(flags, arguments);                                               \
        va_end(arguments);                                                                                   \
        return open_with(NEXT(openat), AT_FDCWD, path, flags, permissions);                                  \
    }
OPENAT(openat)
OPENAT(openat64)
OPEN(open)
OPEN(open64)

int __openat_2(int dirfd, const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags)
{
    return open_with(NEXT(openat), dirfd, path, flags, 0);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_with(NEXT(openat), AT_FDCWD, path, flags, 0);
}

/** openat2() has no function of its own. */
long syscall(long number, ...)
{
    long (*real)(long, ...) = NEXT(syscall);
    long given[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        given[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_openat2 && counts_reads && refused("open", (int)given[0], (const char *)given[1]))
        return -1;
    return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) = NEXT(write);
    enum verdict verdict = judge("write", fd, NULL);
    if (verdict == REFUSE)
        return -1;
    if (verdict == HALF) {
        if (real(fd, data, len / 2) < 0)
            abort();
        die();
    }
    bool is_traced = begin_change();
    ssize_t done = real(fd, data, len);
    int kept = errno;
    if (is_traced)
        trace_bytes(fd, data, done, -1);
    end_change();
    errno = kept;
    return done;
}

static ssize_t pwrite_with(int fd, const void *data, size_t len, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = NEXT(pwrite);
    enum verdict verdict = judge("pwrite", fd, NULL);
    if (verdict == REFUSE)
        return -1;
    if (verdict == HALF) {
        if (real(fd, data, len / 2, offset) < 0)
            abort();
        die();
    }
    bool is_traced = begin_change();
    ssize_t done = real(fd, data, len, offset);
    int kept = errno;
    if (is_traced)
        trace_bytes(fd, data, done, offset);
    end_change();
    errno = kept;
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    return pwrite_with(fd, data, len, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
{
    return pwrite_with(fd, data, len, offset);
}

static int truncate_with(int fd, off_t len)
{
    struct stat status;
    if (refused("ftruncate", fd, NULL))
        return -1;
    bool is_traced = begin_change();
    int result = NEXT(ftruncate)(fd, len);
    int kept = errno;
    if (is_traced && result == 0 && fstat(fd, &status) == 0)
        say("truncate\t%lu\t%lld\n", (unsigned long)status.st_ino, (long long)len);
    end_change();
    errno = kept;
    return result;
}

int ftruncate(int fd, off_t len)
{
    return truncate_with(fd, len);
}

int ftruncate64(int fd, off_t len)
{
    return truncate_with(fd, len);
}

#define SYNC(name, traced)                                                                                   \
    int name(int fd)                                                                                         \
    {                                                                                                        \
        if (refused(#name, fd, NULL))                                                                        \
            return -1;                                                                                       \
        bool is_traced = begin_change();                                                                     \
        int result = NEXT(name)(fd);                                                                         \
        int kept = errno;                                                                                    \
        if (is_traced && result == 0)                                                                        \
            trace_fd(traced, fd);                                                                            \
        end_change();                                                                                        \
        errno = kept;                                                                                        \
        return result;                                                                                       \
    }
SYNC(fsync, "sync")
SYNC(fdatasync, "sync")
SYNC(syncfs, "syncfs")

static int move(const char *what, int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    if (refused(what, to_fd, to))
        return -1;
    bool is_traced = begin_change();
    int result = strcmp(what, "link") == 0 ? NEXT(linkat)(from_fd, from, to_fd, to, (int)flags)
                 : flags == 0              ? NEXT(renameat)(from_fd, from, to_fd, to)
                                           : NEXT(renameat2)(from_fd, from, to_fd, to, flags);
    int kept = errno;
    if (is_traced && result == 0)
        trace_names(what, from_fd, from, to_fd, to);
    end_change();
    errno = kept;
    return result;
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return move("rename", from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return move("rename", from_fd, from, to_fd, to, 0);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return move("link", from_fd, from, to_fd, to, (unsigned)flags);
}

int unlinkat(int dirfd, const char *path, int flags)
{
    if (refused("unlink", dirfd, path))
        return -1;
    bool is_traced = begin_change();
    int result = NEXT(unlinkat)(dirfd, path, flags);
    int kept = errno;
    if (is_traced && result == 0)
        trace_name("unlink", dirfd, path, false);
    end_change();
    errno = kept;
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int mkdirat(int dirfd, const char *path, mode_t permissions)
{
    if (refused("mkdir", dirfd, path))
        return -1;
    bool is_traced = begin_change();
    int result = NEXT(mkdirat)(dirfd, path, permissions);
    int kept = errno;
    if (is_traced && result == 0)
        trace_name("folder", dirfd, path, true);
    end_change();
    errno = kept;
    return result;
}
