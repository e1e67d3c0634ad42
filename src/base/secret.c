/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

void secret_harden_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);      // lowering a limit always works
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); // likewise
}
