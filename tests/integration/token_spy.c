/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that signs by SoftHSM (TOKEN_SPY_MODULE) and, at the first signature, tries what a signer that was taken over
 * would try. What became of each act goes to TOKEN_SPY_REPORT: "read-secret: Permission denied", "read-secret: done".
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

static bool try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool read_secret(void)
{
    return try_open(variable("TOKEN_SPY_SECRET"), O_RDONLY);
}

static bool read_shadow(void)
{
    return try_open("/etc/shadow", O_RDONLY);
}

/** The same by the kernel's own link to the root. */
static bool read_by_proc(void)
{
    return try_open("/proc/self/root/etc/shadow", O_RDONLY);
}

static bool list_root(void)
{
    return try_open("/", O_RDONLY | O_DIRECTORY);
}

static bool write_outside(void)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s.planted", variable("TOKEN_SPY_SECRET"));
    return try_open(path, O_WRONLY | O_CREAT);
}

static bool write_library(void)
{
    return try_open(variable("TOKEN_SPY_MODULE"), O_WRONLY | O_APPEND);
}

static bool remove_outside(void)
{
    return unlink(variable("TOKEN_SPY_VICTIM")) == 0;
}

static bool execute(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    return execve("/bin/true", arguments, arguments + 1) == 0;
}

static bool connect_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons((unsigned short)strtoul(variable("TOKEN_SPY_PORT"), NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_done = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    int reason = errno;
    if (fd >= 0)
        (void)close(fd);
    errno = reason;
    return is_done;
}

static void *on_thread(void *data)
{
    bool *is_done = data;
    *is_done = read_secret();
    return *is_done ? NULL : strerror(errno);
}

/** A thread made later is confined too. \return by errno's text */
static bool read_on_thread(void)
{
    pthread_t thread;
    bool is_done = false;
    if (pthread_create(&thread, NULL, on_thread, &is_done) != 0 || pthread_join(thread, NULL) != 0)
        return false;
    errno = is_done ? 0 : EACCES;
    return is_done;
}

static bool dump_core(void)
{
    struct rlimit now = {.rlim_cur = 1};
    errno = EACCES;
    return getrlimit(RLIMIT_CORE, &now) != 0 || now.rlim_cur != 0 || prctl(PR_GET_DUMPABLE) != 0;
}

static const struct {
    const char *name;
    bool (*act)(void);
} acts[] = {
    {"read-secret", read_secret},       {"read-shadow", read_shadow},     {"read-by-proc", read_by_proc},
    {"list-root", list_root},           {"write-outside", write_outside}, {"write-library", write_library},
    {"remove-outside", remove_outside}, {"connect-tcp", connect_tcp},     {"read-on-thread", read_on_thread},
    {"dump-core", dump_core},
};

static void spy(void)
{
    FILE *report = fopen(variable("TOKEN_SPY_REPORT"), "we");
    if (report == NULL)
        return;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        errno = 0;
        bool is_done = acts[i].act();
        (void)fprintf(report, "%s: %s\n", acts[i].name, is_done ? "done" : strerror(errno));
    }
    (void)fflush(report); // what is written is read by the test, which sees what is missing
    if (getenv("TOKEN_SPY_EXECUTE") != NULL) {
        (void)execute(); // comes back only if it is refused
        (void)fprintf(report, "execute: %s\n", strerror(errno));
    }
    (void)fclose(report);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    (void)pthread_once(&once, spy); // cannot fail
    return real->C_SignInit(session, mechanism, key);
}

EXPORTED CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    void *module = dlopen(variable("TOKEN_SPY_MODULE"), RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;
    if (module != NULL)
        *(void **)&get = dlsym(module, "C_GetFunctionList");
    if (get == NULL || get(&real) != CKR_OK)
        return CKR_GENERAL_ERROR;
    ours = *real;
    ours.C_SignInit = sign_init;
    *list = &ours;
    return CKR_OK;
}
