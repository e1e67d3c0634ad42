/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/** A source that gives its secret only once, or only as long as files may be opened: what is kept of it. */
struct kept {
    struct kept *next;
    char *source;
    int fd; /**< opened, not read yet; -1: none */
    struct secret *secret;
};

static struct kept *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // a key may ask from the thread that signs

static void unlock(pthread_mutex_t **held)
{
    (void)pthread_mutex_unlock(*held); // can't fail: it is held
}

#define LOCKED() __attribute__((cleanup(unlock), unused)) pthread_mutex_t *held = hold()

static pthread_mutex_t *hold(void)
{
    (void)pthread_mutex_lock(&lock); // can't fail: not recursive, never destroyed
    return &lock;
}

static struct kept *find_kept(const char *source)
{
    struct kept *kept = all;
    while (kept != NULL && strcmp(kept->source, source) != 0)
        kept = kept->next;
    return kept;
}

static struct kept *keep(const char *source)
{
    struct kept *kept = memory_new(1, sizeof(*kept));
    *kept = (struct kept){.next = all, .source = memory_text(source), .fd = -1};
    all = kept;
    return kept;
}

void secret_forget(void)
{
    LOCKED();
    while (all != NULL) {
        struct kept *kept = all;
        all = kept->next;
        if (kept->fd >= 0)
            (void)close(kept->fd); // only read from
        secret_free(kept->secret);
        free(kept->source);
        free(kept);
    }
}

static void copy(const struct secret *from, struct secret *to)
{
    secret_clear(to);
    for (size_t i = 0; i < secret_len(from); i++)
        (void)secret_push(to, secret_text(from)[i]); // it fitted the first time
}

static bool keep_secret(struct kept *kept, const struct secret *secret, struct error *err)
{
    if (kept->secret == NULL && !secret_new(&kept->secret, err))
        return false;
    copy(secret, kept->secret);
    return true;
}

/** Reads the first line, byte by byte, so that what follows on a shared descriptor stays unread. */
static bool read_line(int fd, const char *source, struct secret *secret, struct error *err)
{
    for (;;) {
        char byte = 0;
        ssize_t got = read(fd, &byte, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, ERROR_INPUT, errno, "can't read the PIN from %s", source);
        if (got == 0 || byte == '\n')
            break;
        if (byte == '\0')
            return error_set(err, ERROR_INPUT, 0, "the PIN in %s has a NUL byte", source);
        if (!secret_push(secret, byte))
            return error_set(err, ERROR_INPUT, 0, "the PIN in %s is longer than %d bytes", source,
                             SECRET_MAX_LEN);
    }
    if (secret_len(secret) > 0 && secret_text(secret)[secret_len(secret) - 1] == '\r')
        secret_pop(secret);
    return secret_len(secret) > 0 || error_set(err, ERROR_INPUT, 0, "the PIN in %s is empty", source);
}

static bool open_file(const char *source, int *ret_fd, bool *ret_is_regular, struct error *err)
{
    struct stat status;
    struct quoted buffer;
    const char *path = source + strlen("file:");
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the PIN file %s", quoted_text(path, &buffer));
    *ret_is_regular = S_ISREG(status.st_mode);
    if (*ret_is_regular && (status.st_mode & 077) != 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the PIN file %s is refused: others may read it (mode %04o); chmod 600 it, or where "
                         "its mode can't be changed, as of a container's secret, give it as fd:3 3<FILE",
                         quoted_text(path, &buffer), (unsigned)status.st_mode & 07777);
    *ret_fd = fd;
    fd = -1;
    return true;
}

bool secret_prepare(const char *source, bool *ret_stays_path, struct error *err)
{
    bool is_regular = false;
    AUTO(close) int fd = -1;
    LOCKED();
    *ret_stays_path = false;
    if (strncmp(source, "file:", 5) != 0 || find_kept(source) != NULL)
        return true;
    if (!open_file(source, &fd, &is_regular, err))
        return false;
    *ret_stays_path = is_regular;
    if (!is_regular) {
        keep(source)->fd = fd;
        fd = -1;
    }
    return true;
}

/** A regular file each time anew; anything else (a pipe, a terminal, a socket) gives its line once. */
static bool read_file(const char *source, struct secret *secret, struct error *err)
{
    bool is_regular = false;
    AUTO(close) int fd = -1;
    struct kept *kept = find_kept(source);
    if (kept == NULL) {
        if (!open_file(source, &fd, &is_regular, err))
            return false;
        if (is_regular)
            return read_line(fd, source, secret, err);
        kept = keep(source);
    } else if (kept->secret != NULL) {
        copy(kept->secret, secret);
        return true;
    } else if (kept->fd < 0) {
        return error_set(err, ERROR_INPUT, 0, "%s gave no PIN and can't be read again", source);
    } else {
        fd = kept->fd;
        kept->fd = -1;
    }
    return read_line(fd, source, secret, err) && keep_secret(kept, secret, err);
}

/** A line each time; the last one again after the end. */
static bool read_descriptor(int fd, const char *source, struct secret *secret, struct error *err)
{
    struct kept *kept = find_kept(source);
    if (read_line(fd, source, secret, err))
        return keep_secret(kept != NULL ? kept : keep(source), secret, err);
    if (kept == NULL || kept->secret == NULL || secret_len(secret) > 0)
        return false;
    error_clear(err);
    copy(kept->secret, secret);
    return true;
}

static bool take_environment(const char *name, struct secret *secret, struct error *err)
{
    char *value = getenv(name);
    struct quoted buffer;
    if (value == NULL || *value == '\0')
        return error_set(err, ERROR_INPUT, 0, "the environment variable %s holds no PIN",
                         quoted_text(name, &buffer));
    bool fits = true;
    size_t len = strlen(value);
    for (size_t i = 0; i < len && fits; i++)
        fits = secret_push(secret, value[i]);
    OPENSSL_cleanse(value, len); // also out of /proc/PID/environ
    if (unsetenv(name) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't remove %s from the environment", name);
    return fits ||
           error_set(err, ERROR_INPUT, 0, "the PIN in env:%s is longer than %d bytes", name, SECRET_MAX_LEN);
}

static bool read_environment(const char *source, struct secret *secret, struct error *err)
{
    const struct kept *kept = find_kept(source);
    if (kept != NULL && kept->secret != NULL) {
        copy(kept->secret, secret);
        return true;
    }
    return take_environment(source + strlen("env:"), secret, err) && keep_secret(keep(source), secret, err);
}

bool secret_claim_environment(const char *source, struct error *err)
{
    AUTO(secret_free) struct secret *secret = NULL;
    LOCKED();
    if (strncmp(source, "env:", 4) != 0 || find_kept(source) != NULL || getenv(source + 4) == NULL)
        return true;
    return secret_new(&secret, err) && read_environment(source, secret, err);
}

static bool parse_descriptor(const char *text, int *ret_fd)
{
    char *end = NULL;
    errno = 0;
    long fd = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || fd < 0 || fd > 65535)
        return false;
    *ret_fd = (int)fd;
    return true;
}

bool secret_read(const char *source, struct secret **ret_secret, struct error *err)
{
    int fd = -1;
    AUTO(secret_free) struct secret *secret = NULL;
    if (!secret_new(&secret, err))
        return false;
    LOCKED();
    bool done;
    if (strncmp(source, "file:", 5) == 0)
        done = read_file(source, secret, err);
    else if (strncmp(source, "env:", 4) == 0)
        done = read_environment(source, secret, err);
    else if (strncmp(source, "fd:", 3) == 0 && parse_descriptor(source + 3, &fd))
        done = read_descriptor(fd, source, secret, err);
    else // the text is not repeated: it may be the PIN itself
        done = error_set(err, ERROR_USAGE, 0, "a PIN source is file:PATH, fd:N or env:NAME");
    if (!done)
        return false;
    *ret_secret = TAKE(secret);
    return true;
}
