/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "sandbox/layers.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The overflow user, "nobody" on every Linux: owns nothing (Documentation/admin-guide/sysctl/fs.rst). */
#define NOBODY 65534

static bool limit(int resource, rlim_t value, const char *name, struct error *err)
{
    struct rlimit wanted = {.rlim_cur = value, .rlim_max = value};
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && now.rlim_max < value)
        wanted = (struct rlimit){.rlim_cur = now.rlim_max, .rlim_max = now.rlim_max};
    if (setrlimit((__rlimit_resource_t)resource, &wanted) == 0)
        return true;
    return error_errno(err, ERROR_INPUT, errno,
                       "the sandbox layer limits (%s) can't be engaged, so nothing is read", name);
}

bool layer_user(struct error *err)
{
    if (geteuid() == 0 || getuid() == 0) {
        if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) != 0 || getuid() != NOBODY || geteuid() != NOBODY ||
            setuid(0) == 0)
            return error_errno(
                err, ERROR_INPUT, errno,
                "the sandbox layer user can't be engaged, so nothing is read: can't become nobody "
                "(%d); run coldca as an ordinary user, or as root with CAP_SETUID and CAP_SETGID",
                NOBODY);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer no-new-privileges can't be engaged, so nothing is read");
    return true;
}

bool layer_common_limits(struct error *err)
{
    return limit(RLIMIT_CORE, 0, "no core dumps", err) && limit(RLIMIT_FSIZE, 0, "no file writing", err) &&
           limit(RLIMIT_NOFILE, 16, "few descriptors", err);
}

size_t layer_address_space(void)
{
    char line[256];
    AUTO(fclose) FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fgets(line, sizeof(line), file) == NULL)
        return 0;
    return strtoul(line, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE); // its first word: pages of address space
}

/** AddressSanitizer reserves terabytes at start, so a build with it can't limit the address space. */
static bool limit_memory(const struct sandbox_plan *plan, size_t born_bytes, struct error *err)
{
#ifdef COLDCA_SANITIZED
    (void)plan;
    (void)born_bytes;
    (void)err;
    return true;
#else
    size_t most = 0;
    if (born_bytes == 0 || __builtin_add_overflow(born_bytes, plan->memory_bytes, &most))
        return error_set(
            err, ERROR_INPUT, 0,
            "the sandbox layer limits (memory) can't be engaged, so nothing is read: /proc/self/statm is "
            "not readable; mount /proc");
    return limit(RLIMIT_AS, most, "memory", err);
#endif
}

bool layer_child_limits(const struct sandbox_plan *plan, size_t born_bytes, struct error *err)
{
    return limit_memory(plan, born_bytes, err) && limit(RLIMIT_CPU, plan->cpu_seconds, "CPU time", err) &&
           limit(RLIMIT_NPROC, 0, "no processes", err);
}
