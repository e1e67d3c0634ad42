/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that hands everything to SoftHSM and misbehaves where it is told to: a token's YAML names it. Settings are words,
 * from C_Initialize's init_args (the YAML's), then from the environment's TOKEN_FAULT, which win:
 *
 *   call=NAME        C_Initialize, C_InitToken, C_GetTokenInfo, C_OpenSession, C_Login, C_FindObjectsInit, C_SignInit, C_GenerateKeyPair
 *                    or C_Sign (the default)
 *   at=K             the K-th of these calls of the process misbehaves, counted from 1; 0, the default: none
 *   of=N             of C_Sign, those of N bytes only count: 32 are the digests that an EC key signs, and no checkpoint by the ledger's key
 *   fault=NAME       how, see faults[]
 *   rv=NUMBER        for fault=rv
 *   latency_ms=N     each C_Sign takes so much longer, as in a slow token
 *   log=FILE         a line for each C_Sign: its input in hex, then "good", "bad" or "none" for what was answered; "calls NAME N" at the end
 *   gate=FIFO        for fault=gate
 *   module=PATH      what is behind it, instead of SoftHSM where Debian puts it
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))
#define SIGNATURE_MAX 1024

enum fault { NONE, RV, SESSION, RESET, REMOVED, WRONG, OTHER_KEY, GARBAGE, SHORT, HANG, GATE, LOCKED };
static const char *const faults[] = {
    [NONE] = "none",
    [RV] = "rv",                         // the call fails with a number
    [SESSION] = "session-lost",          // its session is gone
    [RESET] = "reset",                   // all sessions of the process are gone, and the login
    [REMOVED] = "removed",               // this call and all after it: no device
    [WRONG] = "wrong-signature",         // one bit of it
    [OTHER_KEY] = "other-key-signature", // sound, by a key of the same kind
    [GARBAGE] = "garbage",               // of the right length
    [SHORT] = "short",                   // a sound signature without its last byte
    [HANG] = "hang",                     // never comes back
    [GATE] = "gate", // waits for a byte from the gate, then goes on; the log says when it begins and ends
    [LOCKED] = "pin-locked", // says so, and the token's flags say so from then on
};

static struct {
    char call[32];
    long at;
    unsigned long of;
    enum fault fault;
    unsigned long rv;
    long latency_ms;
    char module[512];
} set = {.call = "C_Sign"};

static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static atomic_long calls;
static atomic_bool is_removed, is_locked;
static CK_SLOT_ID slot_in_use;
static int log_fd = -1;
static int gate_fd = -1;
/* SoftHSM frees sessions that other threads are using: a reset waits for them, and they for it. */
static pthread_rwlock_t sessions_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t other_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- settings ---- */

static void use_word(const char *name, const char *value)
{
    if (strcmp(name, "call") == 0)
        (void)snprintf(set.call, sizeof(set.call), "%s", value);
    else if (strcmp(name, "at") == 0)
        set.at = strtol(value, NULL, 10);
    else if (strcmp(name, "of") == 0)
        set.of = strtoul(value, NULL, 10);
    else if (strcmp(name, "rv") == 0)
        set.rv = strtoul(value, NULL, 0);
    else if (strcmp(name, "latency_ms") == 0)
        set.latency_ms = strtol(value, NULL, 10);
    else if (strcmp(name, "module") == 0)
        (void)snprintf(set.module, sizeof(set.module), "%s", value);
    else if (strcmp(name, "log") == 0 && log_fd < 0)
        log_fd = open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    else if (strcmp(name, "gate") == 0 && gate_fd < 0)
        gate_fd = open(value, O_RDWR | O_CLOEXEC);
    for (size_t i = 0; strcmp(name, "fault") == 0 && i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (strcmp(faults[i], value) == 0)
            set.fault = (enum fault)i;
    }
}

static void use_words(const char *text)
{
    char copy[2048];
    char *rest = NULL;
    (void)snprintf(copy, sizeof(copy), "%s", text == NULL ? "" : text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        if (value == NULL)
            continue;
        *value = '\0';
        use_word(word, value + 1);
    }
}

static void say(const char *line)
{
    size_t len = strlen(line);
    if (log_fd >= 0 && write(log_fd, line, len) != (ssize_t)len)
        abort(); // a log with holes would prove nothing
}

/* ---- the fault ---- */

static void wait_ms(long milliseconds)
{
    struct timespec rest = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&rest, &rest) != 0)
        continue;
}

static void wait_at_gate(const char *call)
{
    char line[64];
    char byte;
    (void)snprintf(line, sizeof(line), "%s begins\n", call);
    say(line);
    while (read(gate_fd, &byte, 1) != 1) {
        if (errno != EINTR)
            abort(); // no gate would prove nothing
    }
    (void)snprintf(line, sizeof(line), "%s ends\n", call);
    say(line);
}

/** Whether this call is the one; with *ret_rv set to what it fails with, or CKR_OK: it has to go on and spoil the result. */
static bool is_due(const char *call, CK_SESSION_HANDLE session, CK_RV *ret_rv)
{
    *ret_rv = CKR_OK;
    if (atomic_load(&is_removed)) {
        *ret_rv = CKR_DEVICE_REMOVED;
        return true;
    }
    if (strcmp(call, set.call) != 0 || atomic_fetch_add(&calls, 1) + 1 != set.at)
        return false;
    switch (set.fault) {
    case RV:
        *ret_rv = set.rv;
        break;
    case SESSION:
        if (session != CK_INVALID_HANDLE)
            (void)real->C_CloseSession(session);
        *ret_rv = CKR_SESSION_HANDLE_INVALID;
        break;
    case RESET:
        (void)pthread_rwlock_wrlock(&sessions_lock);
        (void)real->C_CloseAllSessions(slot_in_use);
        (void)pthread_rwlock_unlock(&sessions_lock);
        *ret_rv = CKR_SESSION_HANDLE_INVALID;
        break;
    case REMOVED:
        atomic_store(&is_removed, true);
        *ret_rv = CKR_DEVICE_REMOVED;
        break;
    case LOCKED:
        atomic_store(&is_locked, true);
        *ret_rv = CKR_PIN_LOCKED;
        break;
    case GATE:
        wait_at_gate(call);
        break;
    case HANG:
        for (;;)
            (void)pause();
    default:
        break;
    }
    return true;
}

/** Signs the same with a key made for this, of the kind of the other one. */
static CK_RV sign_with_other_key(CK_BYTE *data, CK_ULONG len, CK_BYTE *signature, CK_ULONG *signature_len)
{
    static const CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const CK_BYTE ed25519[] = "\x13\x0c"
                                     "edwards25519";
    bool is_edwards = len != 32 && len != 48 && len != 64; // those are digests
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE public_half[] = {{CKA_EC_PARAMS, (void *)(size_t)(is_edwards ? ed25519 : p256),
                                   is_edwards ? sizeof(ed25519) - 1 : sizeof(p256)}};
    CK_ATTRIBUTE private_half[] = {{CKA_SIGN, &yes, sizeof(yes)}};
    CK_MECHANISM make = {is_edwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM mechanism = {is_edwards ? CKM_EDDSA : CKM_ECDSA, NULL, 0};
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE public_key, private_key;
    (void)pthread_mutex_lock(&other_lock);
    CK_RV rv = real->C_OpenSession(slot_in_use, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
    if (rv == CKR_OK)
        rv = real->C_GenerateKeyPair(session, &make, public_half, 1, private_half, 1, &public_key,
                                     &private_key);
    if (rv == CKR_OK)
        rv = real->C_SignInit(session, &mechanism, private_key);
    if (rv == CKR_OK)
        rv = real->C_Sign(session, data, len, signature, signature_len);
    (void)real->C_CloseSession(session); // with it go its keys
    (void)pthread_mutex_unlock(&other_lock);
    return rv;
}

static CK_RV spoil(CK_BYTE *data, CK_ULONG len, CK_BYTE *signature, CK_ULONG *signature_len)
{
    switch (set.fault) {
    case WRONG:
        signature[*signature_len / 2] ^= 1;
        return CKR_OK;
    case GARBAGE:
        for (CK_ULONG i = 0; i < *signature_len; i++)
            signature[i] = (CK_BYTE)(i * 151 + 17);
        return CKR_OK;
    case SHORT:
        --*signature_len;
        return CKR_OK;
    case OTHER_KEY:
        return sign_with_other_key(data, len, signature, signature_len);
    default:
        return CKR_OK;
    }
}

/* ---- the calls ---- */

static CK_RV initialize(void *arguments)
{
    CK_RV rv;
    CK_C_INITIALIZE_ARGS plain = {.flags = CKF_OS_LOCKING_OK};
    if (arguments != NULL) {
        plain = *(CK_C_INITIALIZE_ARGS *)arguments;
        use_words(plain.pReserved);
        plain.pReserved = NULL; // SoftHSM takes none
    }
    use_words(getenv("TOKEN_FAULT"));
    return is_due("C_Initialize", CK_INVALID_HANDLE, &rv) && rv != CKR_OK ? rv : real->C_Initialize(&plain);
}

static CK_RV finalize(void *reserved)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "calls %s %ld\n", set.call, atomic_load(&calls));
    say(line);
    return real->C_Finalize(reserved);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV rv;
    if (is_due("C_GetTokenInfo", CK_INVALID_HANDLE, &rv) && rv != CKR_OK)
        return rv == CKR_DEVICE_REMOVED ? CKR_TOKEN_NOT_PRESENT : rv;
    rv = real->C_GetTokenInfo(slot, info);
    if (rv == CKR_OK && atomic_load(&is_locked))
        info->flags |= CKF_USER_PIN_LOCKED;
    return rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *data, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    CK_RV rv;
    slot_in_use = slot;
    if (is_due("C_OpenSession", CK_INVALID_HANDLE, &rv) && rv != CKR_OK)
        return rv;
    return real->C_OpenSession(slot, flags, data, notify, session);
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    (void)pthread_rwlock_rdlock(&sessions_lock);
    CK_RV rv = real->C_CloseSession(session);
    (void)pthread_rwlock_unlock(&sessions_lock);
    return rv;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
    CK_RV rv;
    return is_due("C_Login", session, &rv) && rv != CKR_OK ? rv : real->C_Login(session, user, pin, len);
}

static CK_RV init_token(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG len, CK_UTF8CHAR *label)
{
    CK_RV rv;
    return is_due("C_InitToken", CK_INVALID_HANDLE, &rv) && rv != CKR_OK
               ? rv
               : real->C_InitToken(slot, pin, len, label);
}

static CK_RV generate_key_pair(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
                               CK_ULONG public_count, CK_ATTRIBUTE *private_half, CK_ULONG private_count,
                               CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    CK_RV rv;
    return is_due("C_GenerateKeyPair", session, &rv) && rv != CKR_OK
               ? rv
               : real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half,
                                         private_count, public_key, private_key);
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_RV rv;
    return is_due("C_FindObjectsInit", session, &rv) && rv != CKR_OK
               ? rv
               : real->C_FindObjectsInit(session, template, count);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    CK_RV rv;
    if (is_due("C_SignInit", session, &rv) && rv != CKR_OK)
        return rv;
    (void)pthread_rwlock_rdlock(&sessions_lock);
    rv = real->C_SignInit(session, mechanism, key);
    (void)pthread_rwlock_unlock(&sessions_lock);
    return rv;
}

static void log_sign(const CK_BYTE *data, CK_ULONG len, const char *result)
{
    char line[2 * SIGNATURE_MAX + 16];
    size_t at = 0;
    for (CK_ULONG i = 0; i < len && i < SIGNATURE_MAX; i++)
        at += (size_t)snprintf(line + at, sizeof(line) - at, "%02x", data[i]);
    (void)snprintf(line + at, sizeof(line) - at, " %s\n", result);
    say(line);
}

/** Into the trace of fault_shim.c, if that is there. */
static void note_sign(const CK_BYTE *data, CK_ULONG len)
{
    char word[2 * 64 + 1] = "";
    void (*note)(const char *) = NULL;
    void *symbol = dlsym(RTLD_DEFAULT, "fault_note");
    memcpy(&note, &symbol, sizeof(note)); // ISO C has no cast from an object to a function
    for (CK_ULONG i = 0; i < len && i < 64; i++)
        (void)snprintf(word + 2 * i, 3, "%02x", data[i]);
    if (note != NULL)
        note(word);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
                  CK_ULONG *signature_len)
{
    CK_RV rv = CKR_OK;
    bool due = (set.of == 0 || len == set.of) && is_due("C_Sign", session, &rv);
    note_sign(data, len);
    if (set.latency_ms > 0)
        wait_ms(set.latency_ms);
    if (rv == CKR_OK) {
        (void)pthread_rwlock_rdlock(&sessions_lock);
        rv = real->C_Sign(session, data, len, signature, signature_len);
        (void)pthread_rwlock_unlock(&sessions_lock);
    }
    if (rv == CKR_OK && due)
        rv = spoil(data, len, signature, signature_len);
    log_sign(data, len, rv != CKR_OK ? "none" : due ? "bad" : "good");
    return rv;
}

/* ---- the module ---- */

static void *open_real(void)
{
    static const char *const places[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                         "/usr/lib/*/softhsm/libsofthsm2.so"};
    use_words(getenv("TOKEN_FAULT")); // for its module
    if (set.module[0] != '\0')
        return dlopen(set.module, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        glob_t found = {.gl_pathc = 0};
        void *library = NULL;
        if (glob(places[i], 0, NULL, &found) == 0)
            library = dlopen(found.gl_pathv[0], RTLD_NOW | RTLD_LOCAL);
        globfree(&found);
        if (library != NULL)
            return library;
    }
    return NULL;
}

CK_RV EXPORTED C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    CK_C_GetFunctionList get = NULL;
    if (real == NULL) {
        void *library = open_real();
        void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
        memcpy(&get, &symbol, sizeof(get)); // ISO C has no cast from an object to a function
        if (get == NULL || get(&real) != CKR_OK)
            return CKR_GENERAL_ERROR;
        ours = *real;
        ours.C_GetFunctionList = C_GetFunctionList;
        ours.C_Initialize = initialize;
        ours.C_Finalize = finalize;
        ours.C_GetTokenInfo = get_token_info;
        ours.C_OpenSession = open_session;
        ours.C_CloseSession = close_session;
        ours.C_Login = login;
        ours.C_InitToken = init_token;
        ours.C_GenerateKeyPair = generate_key_pair;
        ours.C_FindObjectsInit = find_objects_init;
        ours.C_SignInit = sign_init;
        ours.C_Sign = sign;
    }
    *list = &ours;
    return CKR_OK;
}
