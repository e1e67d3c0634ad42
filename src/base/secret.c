#include "base/secret.h"

#include "base/memory.h"
#include "base/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct secret {
    size_t len;
    char text[SECRET_MAX_LEN + 1];
};

bool secret_new(struct secret **ret_secret, struct error *err)
{
    // A page of its own: mlock and madvise work on whole pages.
    void *page =
        mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return error_errno(err, ERROR_INPUT, errno, "no memory for a secret");
    if (mlock(page, sizeof(struct secret)) != 0) {
        int reason = errno;
        (void)munmap(page, sizeof(struct secret)); // nothing secret in it yet
        return error_errno(err, ERROR_INPUT, reason, "can't lock memory for a secret (raise ulimit -l)");
    }
    if (madvise(page, sizeof(struct secret), MADV_DONTDUMP) != 0 ||
        madvise(page, sizeof(struct secret), MADV_WIPEONFORK) != 0) {
        int reason = errno;
        (void)munmap(page, sizeof(struct secret)); // likewise
        return error_errno(err, ERROR_INPUT, reason, "can't keep a secret out of dumps and children");
    }
    *ret_secret = page;
    return true;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    OPENSSL_cleanse(secret, sizeof(*secret));
    (void)munmap(secret, sizeof(*secret)); // fails only for a wrong address, which would be a bug here
}

const char *secret_text(const struct secret *secret)
{
    return secret->text;
}

size_t secret_len(const struct secret *secret)
{
    return secret->len;
}

bool secret_push(struct secret *secret, char byte)
{
    if (secret->len == SECRET_MAX_LEN)
        return false;
    secret->text[secret->len++] = byte;
    secret->text[secret->len] = '\0';
    return true;
}

void secret_pop(struct secret *secret)
{
    if (secret->len > 0)
        secret->text[--secret->len] = '\0';
}

void secret_clear(struct secret *secret)
{
    OPENSSL_cleanse(secret, sizeof(*secret));
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && CRYPTO_memcmp(a->text, b->text, a->len) == 0;
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
    if (secret->len > 0 && secret->text[secret->len - 1] == '\r')
        secret_pop(secret);
    return secret->len > 0 || error_set(err, ERROR_INPUT, 0, "the PIN in %s is empty", source);
}

static bool read_file(const char *source, const char *path, struct secret *secret, struct error *err)
{
    struct stat status;
    AUTO(close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the PIN file %s", path);
    if (S_ISREG(status.st_mode) && (status.st_mode & 077) != 0)
        return error_set(err, ERROR_INPUT, 0, "others may read the PIN file %s (mode %03o); chmod 600 it",
                         path, (unsigned)status.st_mode & 0777);
    return read_line(fd, source, secret, err);
}

/** What secret_claim_environment() took, until it is read. */
static struct {
    struct secret *secret;
    const char *name;
} claimed;

static bool take_environment(const char *name, struct secret *secret, struct error *err)
{
    char *value = getenv(name);
    if (value == NULL || *value == '\0')
        return error_set(err, ERROR_INPUT, 0, "the environment variable %s holds no PIN", name);
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

bool secret_claim_environment(const char *source, struct error *err)
{
    AUTO(secret_free) struct secret *secret = NULL;
    if (strncmp(source, "env:", 4) != 0 || getenv(source + 4) == NULL)
        return true;
    if (!secret_new(&secret, err) || !take_environment(source + 4, secret, err))
        return false;
    secret_free(claimed.secret);
    claimed.secret = TAKE(secret);
    claimed.name = source + 4;
    return true;
}

static bool read_environment(const char *name, struct secret *secret, struct error *err)
{
    if (claimed.secret == NULL || strcmp(claimed.name, name) != 0)
        return take_environment(name, secret, err);
    for (size_t i = 0; i < secret_len(claimed.secret); i++)
        (void)secret_push(secret, secret_text(claimed.secret)[i]); // it fitted the first time
    secret_free(claimed.secret);
    claimed.secret = NULL;
    return true;
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
    bool done;
    if (strncmp(source, "file:", 5) == 0)
        done = read_file(source, source + 5, secret, err);
    else if (strncmp(source, "env:", 4) == 0)
        done = read_environment(source + 4, secret, err);
    else if (strncmp(source, "fd:", 3) == 0 && parse_descriptor(source + 3, &fd))
        done = read_line(fd, source, secret, err);
    else // the text is not repeated: it may be the PIN itself
        done = error_set(err, ERROR_USAGE, 0, "a PIN source is file:PATH, fd:N or env:NAME");
    if (!done)
        return false;
    *ret_secret = TAKE(secret);
    return true;
}

void secret_harden_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);      // lowering a limit always works
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // likewise
}
