/* SPDX-License-Identifier: Apache-2.0 */
/* A medium with a signed list of its requests, and a home that knows the signer: an Ed25519 key, "the ed one". */
#ifndef COLDCA_TESTS_SIGNED_MEDIUM_H
#define COLDCA_TESTS_SIGNED_MEDIUM_H

#include "base/memory.h"
#include "folder.h"
#include "plan/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct bench {
    struct folder folder;
    struct home home;
    int medium;      /**< has nothing */
    int full_medium; /**< has a list */
};

/** Runs a line of shell in the bench's folder. */
static inline void run(const struct bench *bench, const char *command)
{
    AUTO(free)
    char *line =
        memory_format("cd %s && { %s; } >log 2>&1 || { cat log >&2; exit 1; }", bench->folder.path, command);
    if (system(line) != 0)
        fail_msg("failed: %s", command);
}

/** Signs the list as it is with a key of the bench's folder: ed.key is the known one. */
static inline void sign_list(const struct bench *bench, const char *key)
{
    AUTO(free)
    char *sign = memory_format("openssl pkeyutl -sign -rawin -inkey %s -in medium/requests.sha256 -out "
                               "medium/requests.sha256.sig",
                               key);
    run(bench, sign);
}

/** \param more  further signers, as ca.yaml has them */
static inline void bench_make(struct bench *bench, const char *more)
{
    struct error err = ERROR_INIT;
    AUTO(free)
    char *config = memory_format("version: 1\norigin: x\ntoken: {profile: softhsm2, uri: 'pkcs11:'}\n"
                                 "ca_key: a\nledger_key: b\nledger_vkey: x+c\nmanifest_signers:\n"
                                 "- {name: the ed one, file: ed.pem}\n%s",
                                 more);
    *bench = (struct bench){.medium = -1};
    folder_make(&bench->folder);
    run(bench, "mkdir -p home empty medium/requests && printf one >medium/requests/1.csr && cd medium && "
               "sha256sum requests/* >requests.sha256");
    run(bench, "openssl genpkey -algorithm ed25519 -out ed.key && openssl pkey -in ed.key -pubout -out "
               "home/ed.pem");
    bench->home.fd = openat(bench->folder.fd, "home", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bench->medium = openat(bench->folder.fd, "empty", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bench->full_medium = openat(bench->folder.fd, "medium", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!home_config_load(bytes_of_text(config), &bench->home.config, &err))
        fail_msg("%s", err.text);
}

static inline void bench_remove(struct bench *bench)
{
    (void)close(bench->home.fd);
    (void)close(bench->medium);
    (void)close(bench->full_medium);
    home_config_done(&bench->home.config);
    folder_remove(&bench->folder);
}

#endif
