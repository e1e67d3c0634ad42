/* SPDX-License-Identifier: Apache-2.0 */
#include "failing.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

// Declares its functions about PEM only behind openssl/pem.h.
#include <openssl/cms.h>

#define LACKED_MAX 4

static struct shared {
    atomic_long left;     /* calls until one fails; below 1: none will */
    atomic_bool is_armed; /* calls count */
    atomic_bool has_failed;
    bool opens_zero;
    int number;            /* what errno becomes */
    atomic_bool is_sqlite; /* what failed was SQLite's, and nothing of it was called since */
    enum failing_databases databases;
    struct lacked {
        const char *name; /* NULL: no more */
        int number;
        int calls;
    } lacked[LACKED_MAX];
    char names[32];
    char failed[32];
} * shared; /* with the children */

static bool is_ours(void *caller)
{
    Dl_info found;
    if (dladdr(caller, &found) == 0 || found.dli_fname == NULL)
        return true;
    const char *name = strrchr(found.dli_fname, '/');
    name = name == NULL ? found.dli_fname : name + 1;
    // Rooms are shared libraries where scripts/mutants builds them.
    return strncmp(name, "libcoldca_", 10) == 0 || strstr(name, ".so") == NULL;
}

/** Whether calls about this database count; NULL: about none. */
static bool is_meant(sqlite3 *db)
{
    if (shared == NULL || shared->databases == FAILING_ALL)
        return true;
    const char *file = db == NULL ? NULL : sqlite3_db_filename(db, "main");
    bool is_stored = file != NULL && *file != '\0';
    return db != NULL && is_stored == (shared->databases == FAILING_STORED);
}

/** Whether all calls of this name fail; errno is set then. */
static bool is_lacked(const char *name)
{
    for (size_t i = 0; i < LACKED_MAX && shared->lacked[i].name != NULL; i++) {
        if (strcmp(shared->lacked[i].name, name) != 0)
            continue;
        struct lacked *lacked = &shared->lacked[i];
        lacked->calls++;
        errno = lacked->number == 0 ? lacked->calls : lacked->number;
        return true;
    }
    return false;
}

/** Whether calls of this name count. */
static bool is_asked(const char *name)
{
    static const char *const digests[] = {"EVP_DigestInit_ex", "EVP_DigestUpdate", "EVP_DigestFinal_ex"};
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        if (strcmp(name, digests[i]) == 0)
            return strcmp(name, shared->names) == 0;
    }
    return strncmp(name, shared->names, strlen(shared->names)) == 0;
}

/** Whether this call is the one that fails. */
static bool fails(const char *name, sqlite3 *db, void *caller)
{
    if (shared == NULL || !is_meant(db) || !atomic_load(&shared->is_armed))
        return false;
    int kept = errno;
    bool counts = is_ours(caller);
    errno = kept;
    if (counts && is_lacked(name))
        return true;
    if (!is_asked(name))
        return false;
    bool is_sqlite = strncmp(name, "sqlite3_", 8) == 0;
    if (counts && is_sqlite)
        atomic_store(&shared->is_sqlite, false);
    if (!counts || atomic_fetch_sub(&shared->left, 1) != 1)
        return false;
    (void)snprintf(shared->failed, sizeof(shared->failed), "%s", name);
    atomic_store(&shared->has_failed, true);
    atomic_store(&shared->is_sqlite, is_sqlite);
    if (shared->opens_zero) {
        (void)close(STDIN_FILENO); // whoever tests this puts it back
        return false;
    }
    errno = shared->number;
    return true;
}

void failing_at(const char *names, unsigned number)
{
    if (shared == NULL) {
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED)
            abort();
    }
    (void)snprintf(shared->names, sizeof(shared->names), "%s", names);
    shared->number = EIO;
    shared->databases = FAILING_ALL;
    shared->opens_zero = false;
    memset(shared->lacked, 0, sizeof(shared->lacked));
    atomic_store(&shared->has_failed, false);
    atomic_store(&shared->is_sqlite, false);
    atomic_store(&shared->left, (long)number);
    atomic_store(&shared->is_armed, true);
}

void failing_as(int number)
{
    shared->number = number;
}

void failing_opens_zero(void)
{
    shared->opens_zero = true;
}

void failing_lacks(const char *name, int number)
{
    size_t i = 0;
    while (i < LACKED_MAX && shared->lacked[i].name != NULL)
        i++;
    if (i == LACKED_MAX)
        abort();
    shared->lacked[i] = (struct lacked){.name = name, .number = number};
}

void failing_in(enum failing_databases databases)
{
    shared->databases = databases;
}

const char *failing_stop(void)
{
    atomic_store(&shared->is_armed, false);
    return atomic_load(&shared->has_failed) ? shared->failed : NULL;
}

static void *next_of(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* A function of the libraries', in its place: FAILING(what it gives, its name, what it gives when it fails, its parameters, their names),
 * and FAILING_IN(the database it is about, ...). */
#define FAILING(type, name, failed, parameters, arguments)                                                   \
    FAILING_IN(NULL, type, name, failed, parameters, arguments)
#define FAILING_IN(db, type, name, failed, parameters, arguments)                                            \
    type name parameters                                                                                     \
    {                                                                                                        \
        static __typeof__(&name) next;                                                                       \
        if (fails(#name, db, __builtin_return_address(0)))                                                   \
            return failed;                                                                                   \
        if (next == NULL)                                                                                    \
            next = (__typeof__(&name))next_of(#name);                                                        \
        return next arguments;                                                                               \
    }

/* ---- the C library's ---- */

FAILING(ssize_t, read, -1, (int fd, void *data, size_t len), (fd, data, len))
FAILING(ssize_t, pread, -1, (int fd, void *data, size_t len, off_t offset), (fd, data, len, offset))
FAILING(ssize_t, write, -1, (int fd, const void *data, size_t len), (fd, data, len))
FAILING(ssize_t, pwrite, -1, (int fd, const void *data, size_t len, off_t offset), (fd, data, len, offset))
FAILING(int, fsync, -1, (int fd), (fd))
FAILING(int, fdatasync, -1, (int fd), (fd))
FAILING(int, syncfs, -1, (int fd), (fd))
FAILING(int, fstat, -1, (int fd, struct stat *ret_stat), (fd, ret_stat))
FAILING(int, fstatat, -1, (int fd, const char *restrict path, struct stat *restrict ret_stat, int flags),
        (fd, path, ret_stat, flags))
FAILING(int, ftruncate, -1, (int fd, off_t len), (fd, len))
FAILING(off_t, lseek, -1, (int fd, off_t offset, int whence), (fd, offset, whence))
FAILING(int, mkdirat, -1, (int fd, const char *path, mode_t mode), (fd, path, mode))
FAILING(int, renameat, -1, (int from, const char *old, int to, const char *path), (from, old, to, path))
FAILING(int, renameat2, -1, (int from, const char *old, int to, const char *path, unsigned flags),
        (from, old, to, path, flags))
FAILING(int, linkat, -1, (int from, const char *old, int to, const char *path, int flags),
        (from, old, to, path, flags))
FAILING(int, unlinkat, -1, (int fd, const char *path, int flags), (fd, path, flags))
FAILING(int, faccessat, -1, (int fd, const char *path, int mode, int flags), (fd, path, mode, flags))
FAILING(void *, mmap, MAP_FAILED, (void *at, size_t len, int protection, int flags, int fd, off_t offset),
        (at, len, protection, flags, fd, offset))
FAILING(DIR *, fdopendir, NULL, (int fd), (fd))
FAILING(struct dirent *, readdir, NULL, (DIR * folder), (folder))
FAILING(int, socketpair, -1, (int domain, int type, int protocol, int ret_fds[2]),
        (domain, type, protocol, ret_fds))
FAILING(ssize_t, sendmsg, -1, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
FAILING(ssize_t, recvmsg, -1, (int fd, struct msghdr *message, int flags), (fd, message, flags))
FAILING(pid_t, fork, -1, (void), ())

/** What fails makes no thread; pthread functions tell by what they return. */
int pthread_create(pthread_t *ret_thread, const pthread_attr_t *restrict attributes, void *(*run)(void *),
                   void *restrict data)
{
    static __typeof__(&pthread_create) next;
    if (fails("pthread_create", NULL, __builtin_return_address(0)))
        return EAGAIN;
    if (next == NULL)
        next = (__typeof__(&pthread_create))next_of("pthread_create");
    return next(ret_thread, attributes, run, data);
}

/** A clock that went back, before 1970; only where it is named: what is drawn says when, and is another then. */
time_t time(time_t *ret_time)
{
    static __typeof__(&time) next;
    if (shared != NULL && strcmp(shared->names, "time") == 0 &&
        fails("time", NULL, __builtin_return_address(0)))
        return -1;
    if (next == NULL)
        next = (__typeof__(&time))next_of("time");
    return next(ret_time);
}

/* Those with an argument more when they make a file. */
#define MODE(flags, last)                                                                                    \
    mode_t mode = 0;                                                                                         \
    va_list arguments;                                                                                       \
    va_start(arguments, last);                                                                               \
    if (((flags) & (O_CREAT | __O_TMPFILE)) != 0)                                                            \
        mode = va_arg(arguments, mode_t);                                                                    \
    va_end(arguments)

int open(const char *path, int flags, ...)
{
    MODE(flags, flags);
    if (fails("open", NULL, __builtin_return_address(0)))
        return -1;
    return ((__typeof__(&open))next_of("open"))(path, flags, mode);
}

int openat(int fd, const char *path, int flags, ...)
{
    MODE(flags, flags);
    if (fails("openat", NULL, __builtin_return_address(0)))
        return -1;
    return ((__typeof__(&openat))next_of("openat"))(fd, path, flags, mode);
}

/** Locks, and flags of files; the argument is a pointer or a number, and as wide. */
int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (fails("fcntl", NULL, __builtin_return_address(0)))
        return -1;
    return ((__typeof__(&fcntl))next_of("fcntl"))(fd, command, argument);
}

/** What has no function of its own goes through; openat2(2) fails as one that has. */
long syscall(long number, ...)
{
    static __typeof__(&syscall) next;
    long rest[6];
    va_list arguments;
    va_start(arguments, number);
    for (size_t i = 0; i < 6; i++)
        rest[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number == SYS_openat2 && fails("openat2", NULL, __builtin_return_address(0)))
        return -1;
    if (next == NULL)
        next = (__typeof__(&syscall))next_of("syscall");
    return next(number, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]);
}

/* ---- SQLite's ---- */

FAILING(int, sqlite3_open_v2, SQLITE_IOERR, (const char *path, sqlite3 **ret_db, int flags, const char *vfs),
        (path, ret_db, flags, vfs))
FAILING_IN(db, int, sqlite3_prepare_v3, SQLITE_IOERR,
           (sqlite3 * db, const char *sql, int len, unsigned flags, sqlite3_stmt **ret_statement,
            const char **ret_rest),
           (db, sql, len, flags, ret_statement, ret_rest))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_step, SQLITE_IOERR, (sqlite3_stmt * statement),
           (statement))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_bind_blob, SQLITE_NOMEM,
           (sqlite3_stmt * statement, int at, const void *data, int len, void (*done)(void *)),
           (statement, at, data, len, done))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_bind_text, SQLITE_NOMEM,
           (sqlite3_stmt * statement, int at, const char *data, int len, void (*done)(void *)),
           (statement, at, data, len, done))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_bind_int, SQLITE_NOMEM,
           (sqlite3_stmt * statement, int at, int value), (statement, at, value))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_bind_int64, SQLITE_NOMEM,
           (sqlite3_stmt * statement, int at, sqlite3_int64 value), (statement, at, value))
FAILING_IN(sqlite3_db_handle(statement), int, sqlite3_bind_null, SQLITE_NOMEM,
           (sqlite3_stmt * statement, int at), (statement, at))
FAILING(int, sqlite3_busy_timeout, SQLITE_ERROR, (sqlite3 * db, int milliseconds), (db, milliseconds))
FAILING(sqlite3_backup *, sqlite3_backup_init, NULL,
        (sqlite3 * to, const char *to_name, sqlite3 *from, const char *from_name),
        (to, to_name, from, from_name))
FAILING(int, sqlite3_backup_step, SQLITE_IOERR, (sqlite3_backup * backup, int pages), (backup, pages))
FAILING_IN(db, int, sqlite3_exec, SQLITE_IOERR,
           (sqlite3 * db, const char *sql, int (*each)(void *, int, char **, char **), void *data,
            char **ret_message),
           (db, sql, each, data, ret_message))

/** Who asks why a call failed is told so, as SQLite would tell. */
int sqlite3_extended_errcode(sqlite3 *db)
{
    static __typeof__(&sqlite3_extended_errcode) next;
    if (shared != NULL && atomic_load(&shared->is_sqlite))
        return SQLITE_IOERR_READ;
    if (next == NULL)
        next = (__typeof__(&sqlite3_extended_errcode))next_of("sqlite3_extended_errcode");
    return next(db);
}

/* ---- OpenSSL's ---- */

FAILING(EVP_MD_CTX *, EVP_MD_CTX_new, NULL, (void), ())
FAILING(int, EVP_DigestSignInit_ex, 0,
        (EVP_MD_CTX * context, EVP_PKEY_CTX **ret_context, const char *digest, OSSL_LIB_CTX *library,
         const char *properties, EVP_PKEY *key, const OSSL_PARAM *parameters),
        (context, ret_context, digest, library, properties, key, parameters))
FAILING(int, EVP_DigestSign, 0,
        (EVP_MD_CTX * context, unsigned char *ret_signature, size_t *ret_len, const unsigned char *data,
         size_t len),
        (context, ret_signature, ret_len, data, len))
FAILING(int, EVP_DigestVerifyInit_ex, 0,
        (EVP_MD_CTX * context, EVP_PKEY_CTX **ret_context, const char *digest, OSSL_LIB_CTX *library,
         const char *properties, EVP_PKEY *key, const OSSL_PARAM *parameters),
        (context, ret_context, digest, library, properties, key, parameters))
FAILING(int, EVP_DigestVerify, -1,
        (EVP_MD_CTX * context, const unsigned char *signature, size_t signature_len,
         const unsigned char *data, size_t len),
        (context, signature, signature_len, data, len))
FAILING(EVP_PKEY *, EVP_PKEY_new_raw_public_key_ex, NULL,
        (OSSL_LIB_CTX * library, const char *type, const char *properties, const unsigned char *key,
         size_t len),
        (library, type, properties, key, len))
FAILING(int, EVP_PKEY_get_group_name, 0, (const EVP_PKEY *key, char *ret_name, size_t size, size_t *ret_len),
        (key, ret_name, size, ret_len))
FAILING(BIO *, BIO_new_mem_buf, NULL, (const void *data, int len), (data, len))
FAILING(EVP_PKEY *, d2i_PUBKEY, NULL, (EVP_PKEY * *ret_key, const unsigned char **at, long len),
        (ret_key, at, len))
FAILING(int, i2d_PUBKEY, -1, (const EVP_PKEY *key, unsigned char **ret_der), (key, ret_der))
FAILING(X509 *, d2i_X509, NULL, (X509 * *ret_certificate, const unsigned char **at, long len),
        (ret_certificate, at, len))
FAILING(X509 *, PEM_read_bio_X509, NULL,
        (BIO * bio, X509 **ret_certificate, pem_password_cb *ask, void *data),
        (bio, ret_certificate, ask, data))
FAILING(EVP_PKEY *, PEM_read_bio_PrivateKey, NULL,
        (BIO * bio, EVP_PKEY **ret_key, pem_password_cb *ask, void *data), (bio, ret_key, ask, data))
FAILING(EVP_PKEY *, PEM_read_bio_PUBKEY, NULL,
        (BIO * bio, EVP_PKEY **ret_key, pem_password_cb *ask, void *data), (bio, ret_key, ask, data))
FAILING(EVP_PKEY *, X509_get_pubkey, NULL, (X509 * certificate), (certificate))
FAILING(CMS_ContentInfo *, PEM_read_bio_CMS, NULL,
        (BIO * bio, CMS_ContentInfo **ret_cms, pem_password_cb *ask, void *data), (bio, ret_cms, ask, data))
FAILING(CMS_ContentInfo *, d2i_CMS_ContentInfo, NULL,
        (CMS_ContentInfo * *ret_cms, const unsigned char **at, long len), (ret_cms, at, len))
FAILING(int, CMS_verify, 0,
        (CMS_ContentInfo * cms, STACK_OF(X509) * certificates, X509_STORE *store, BIO *content, BIO *out,
         unsigned flags),
        (cms, certificates, store, content, out, flags))
FAILING(int, EVP_DigestVerifyInit, 0,
        (EVP_MD_CTX * context, EVP_PKEY_CTX **ret_context, const EVP_MD *digest, ENGINE *engine,
         EVP_PKEY *key),
        (context, ret_context, digest, engine, key))
FAILING(int, EVP_DigestInit_ex, 0, (EVP_MD_CTX * context, const EVP_MD *digest, ENGINE *engine),
        (context, digest, engine))
FAILING(int, EVP_DigestUpdate, 0, (EVP_MD_CTX * context, const void *data, size_t len), (context, data, len))
FAILING(int, EVP_DigestFinal_ex, 0, (EVP_MD_CTX * context, unsigned char *ret_digest, unsigned *ret_len),
        (context, ret_digest, ret_len))
