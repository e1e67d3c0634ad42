/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "base/memory.h"
#include "sandbox/layers.h"

#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>

#define MORE_MAX 3 /* that a build for tests needs besides */

/* ThreadSanitizer's runtime has a thread of its own. Never in a build that is shipped. */
#ifndef COLDCA_RUNTIME_THREADS
#define COLDCA_RUNTIME_THREADS 0
#endif

/* What a program and the libraries in it open while they live. */
static const struct sandbox_path everyday[] = {
    {"/usr", SANDBOX_READ},
    {"/lib", SANDBOX_READ},
    {"/lib64", SANDBOX_READ},
    {"/etc/ld.so.cache", SANDBOX_READ},
    {"/etc/localtime", SANDBOX_READ},
    {"/etc/nsswitch.conf", SANDBOX_READ},
    {"/etc/passwd", SANDBOX_READ},
    {"/etc/group", SANDBOX_READ},
    {"/etc/ssl/openssl.cnf", SANDBOX_READ},
    {"/etc/pki/tls/openssl.cnf", SANDBOX_READ},
    {"/etc/crypto-policies", SANDBOX_READ},
    {"/sys/devices/system/cpu", SANDBOX_READ},
    {"/proc/self", SANDBOX_READ},
    {"/proc/sys/vm/overcommit_memory", SANDBOX_READ},
    {"/dev/null", SANDBOX_WRITE},
    {"/dev/tty", SANDBOX_WRITE},
    {"/dev/random", SANDBOX_READ},
    {"/dev/urandom", SANDBOX_READ},
};

#ifdef COLDCA_SANITIZED
/**
 * At its very end a sanitizer's runtime reads the list of known leaks, and the program for the names in a report. Never in a
 * build that is shipped.
 */
static size_t add_sanitizers(struct sandbox_path *ret_reach, char **ret_known_leaks)
{
    static const char option[] = "suppressions=";
    const char *options = getenv("LSAN_OPTIONS");
    const char *place = options == NULL ? NULL : strstr(options, option);
    *ret_known_leaks = NULL;
    ret_reach[0] = (struct sandbox_path){"/proc/self/exe", SANDBOX_READ};
    if (place == NULL)
        return 1;
    place += strlen(option);
    *ret_known_leaks = memory_text_of(place, strcspn(place, ":"));
    ret_reach[1] = (struct sandbox_path){*ret_known_leaks, SANDBOX_READ};
    return 2;
}
#endif

/** \return 0 if it is not known */
static size_t count_threads(void)
{
    size_t count = 0;
    AUTO(closedir) DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder))
        count += entry->d_name[0] != '.';
    return count;
}

bool sandbox_confine_signer(const struct sandbox_path *allowed, size_t count, bool may_network,
                            struct error *err)
{
    if (count_threads() > 1 + COLDCA_RUNTIME_THREADS)
        return error_set(err, ERROR_INPUT, 0,
                         "the signer can't be confined while other threads run, so nothing is signed");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer no-new-privileges can't be engaged, so nothing is signed");
    AUTO(free) struct sandbox_path *all = memory_new(ARRAY_LEN(everyday) + count + MORE_MAX, sizeof(*all));
    size_t total = ARRAY_LEN(everyday);
    memcpy(all, everyday, sizeof(everyday));
    for (size_t i = 0; i < count; i++)
        all[total++] = allowed[i];
#ifdef COLDCA_SANITIZED
    AUTO(free) char *known_leaks = NULL;
    total += add_sanitizers(all + total, &known_leaks);
#endif
#ifdef COLDCA_COVERAGE_FOLDER
    all[total++] = (struct sandbox_path){COLDCA_COVERAGE_FOLDER,
                                         SANDBOX_WRITE}; // where gcov's runtime writes at the end
#endif
    return layer_landlock_allow(all, total, may_network, err);
}
