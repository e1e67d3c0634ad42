#include "base/bytes.h"
#include "base/memory.h"
#include "sandbox/layers.h"

#include <dirent.h>
#include <errno.h>
#include <sys/prctl.h>

/* What a program and the libraries in it open while they live. */
static const struct sandbox_reach everyday[] = {
    {"/usr", false},
    {"/lib", false},
    {"/lib64", false},
    {"/etc/ld.so.cache", false},
    {"/etc/localtime", false},
    {"/etc/nsswitch.conf", false},
    {"/etc/passwd", false},
    {"/etc/group", false},
    {"/etc/ssl/openssl.cnf", false},
    {"/etc/pki/tls/openssl.cnf", false},
    {"/etc/crypto-policies", false},
    {"/sys/devices/system/cpu", false},
    {"/proc/self", false},
    {"/proc/sys/vm/overcommit_memory", false},
    {"/dev/null", true},
    {"/dev/tty", true},
    {"/dev/random", false},
    {"/dev/urandom", false},
};

/** \return 0 if it can't be told */
static size_t count_threads(void)
{
    size_t count = 0;
    AUTO(closedir) DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *entry = folder == NULL ? NULL : readdir(folder); entry != NULL;
         entry = readdir(folder))
        count += entry->d_name[0] != '.';
    return count;
}

bool sandbox_confine_signer(const struct sandbox_reach *reach, size_t count, bool may_network,
                            struct error *err)
{
    if (count_threads() > 1)
        return error_set(err, ERROR_INPUT, 0,
                         "the signer can't be confined while other threads run, so nothing is signed");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return error_errno(err, ERROR_INPUT, errno,
                           "the sandbox layer no-new-privileges can't be engaged, so nothing is signed");
    AUTO(free) struct sandbox_reach *all = memory_new(ARRAY_LEN(everyday) + count, sizeof(*all));
    memcpy(all, everyday, sizeof(everyday));
    if (count > 0)
        memcpy(all + ARRAY_LEN(everyday), reach, count * sizeof(*reach));
    return layer_landlock_reach(all, ARRAY_LEN(everyday) + count, may_network, err);
}
