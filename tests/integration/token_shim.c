/* SPDX-License-Identifier: Apache-2.0 */
#include "token_shim.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EXPORTED __attribute__((visibility("default")))

static struct token_shim shim;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST ours;
static long sign_delay_ms;

token_shim_state_fn token_shim_state;
EXPORTED struct token_shim *token_shim_state(void)
{
    return &shim;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    if (shim.token_rv != CKR_OK)
        return shim.token_rv;
    CK_RV rv = real->C_GetTokenInfo(slot, info);
    if (rv != CKR_OK)
        return rv;
    info->flags |= shim.more_flags;
    if (shim.said_sessions != 0)
        info->ulMaxSessionCount = shim.said_sessions;
    return CKR_OK;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *data, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    if (shim.token_rv != CKR_OK)
        return shim.token_rv;
    if (shim.max_sessions != 0 && atomic_load(&shim.sessions) >= shim.max_sessions)
        return CKR_SESSION_COUNT;
    CK_RV rv = real->C_OpenSession(slot, flags, data, notify, session);
    if (rv != CKR_OK)
        return rv;
    unsigned now = atomic_fetch_add(&shim.sessions, 1) + 1;
    unsigned most = atomic_load(&shim.most_sessions);
    while (now > most && !atomic_compare_exchange_weak(&shim.most_sessions, &most, now))
        continue;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE session)
{
    CK_RV rv = real->C_CloseSession(session);
    if (rv == CKR_OK)
        atomic_fetch_sub(&shim.sessions, 1);
    return rv;
}

static CK_RV close_all(CK_SLOT_ID slot)
{
    atomic_store(&shim.sessions, 0); // one token a test
    return real->C_CloseAllSessions(slot);
}

/** One line a login into the file TOKEN_SHIM_LOGINS names, for processes a test can't look into. */
static void note_login(void)
{
    const char *path = getenv("TOKEN_SHIM_LOGINS");
    FILE *file = path == NULL ? NULL : fopen(path, "a");
    if (file == NULL)
        return;
    (void)fputs("login\n", file); // a test that reads the file sees what is missing
    (void)fclose(file);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
    if (user == CKU_CONTEXT_SPECIFIC) {
        atomic_fetch_add(&shim.context_logins, 1);
        return shim.context_login_rv;
    }
    atomic_fetch_add(&shim.logins, 1);
    note_login();
    return shim.login_rv != CKR_OK ? shim.login_rv : real->C_Login(session, user, pin, len);
}

static CK_MECHANISM *late_mechanism; // one thread a test
static CK_OBJECT_HANDLE late_key;

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
    if (shim.no_mechanism != 0 && mechanism->mechanism == shim.no_mechanism)
        return CKR_MECHANISM_INVALID;
    if (!shim.looks_late)
        return real->C_SignInit(session, mechanism, key);
    late_mechanism = mechanism;
    late_key = key;
    return CKR_OK;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len, CK_BYTE *signature,
                  CK_ULONG *signature_len)
{
    unsigned number = atomic_fetch_add(&shim.signatures, 1) + 1;
    if (sign_delay_ms > 0) {
        struct timespec delay = {sign_delay_ms / 1000, sign_delay_ms % 1000 * 1000000};
        (void)nanosleep(&delay, NULL); // the fault that is played here
    }
    if (shim.sign_rv != CKR_OK)
        return shim.sign_rv;
    if (shim.max_data != 0 && len > shim.max_data)
        return CKR_DATA_LEN_RANGE;
    if (shim.asks_each_time && atomic_load(&shim.context_logins) < number)
        return CKR_USER_NOT_LOGGED_IN;
    if (shim.looks_late) {
        CK_RV rv = real->C_SignInit(session, late_mechanism, late_key);
        if (rv != CKR_OK)
            return rv;
    }
    return real->C_Sign(session, data, len, signature, signature_len);
}

/** Takes the OCTET STRING's two or three header octets off. */
static void strip_point(CK_ATTRIBUTE *attribute)
{
    CK_BYTE *value = attribute->pValue;
    CK_ULONG header = attribute->ulValueLen > 130 ? 3 : 2;
    if (value != NULL)
        memmove(value, value + header, attribute->ulValueLen - header);
    attribute->ulValueLen -= header;
}

static CK_RV get_attributes(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes,
                            CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (shim.no_attribute != 0 && attributes[i].type == shim.no_attribute) {
            attributes[i].ulValueLen = CK_UNAVAILABLE_INFORMATION;
            return CKR_ATTRIBUTE_TYPE_INVALID;
        }
    if (shim.has_bare_points && count == 1 && attributes[0].type == CKA_EC_POINT) {
        CK_BYTE room[512];
        CK_ATTRIBUTE whole = {CKA_EC_POINT, room, sizeof(room)};
        CK_RV rv = real->C_GetAttributeValue(session, object, &whole, 1);
        if (rv != CKR_OK)
            return rv;
        strip_point(&whole);
        if (attributes[0].pValue != NULL)
            memcpy(attributes[0].pValue, room, whole.ulValueLen);
        attributes[0].ulValueLen = whole.ulValueLen;
        return CKR_OK;
    }
    CK_RV rv = real->C_GetAttributeValue(session, object, attributes, count);
    if (rv == CKR_OK && shim.asks_each_time && count == 1 && attributes[0].type == CKA_ALWAYS_AUTHENTICATE &&
        attributes[0].pValue != NULL)
        *(CK_BBOOL *)attributes[0].pValue = CK_TRUE;
    return rv;
}

static bool names(const CK_ATTRIBUTE *attributes, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (attributes[i].type == type)
            return true;
    return false;
}

static CK_RV generate(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_half,
                      CK_ULONG public_count, CK_ATTRIBUTE *private_half, CK_ULONG private_count,
                      CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
{
    static CK_BBOOL yes = CK_TRUE;
    atomic_fetch_add(&shim.generations, 1);
    if (shim.takes_verify_for_decrypt &&
        (names(public_half, public_count, CKA_VERIFY) ||
         (names(public_half, public_count, CKA_ENCRYPT) && names(public_half, public_count, CKA_EC_PARAMS))))
        return CKR_GENERAL_ERROR;
    if (shim.no_attribute != 0 && (names(public_half, public_count, shim.no_attribute) ||
                                   names(private_half, private_count, shim.no_attribute)))
        return CKR_ATTRIBUTE_TYPE_INVALID;
    for (CK_ULONG i = 0; shim.ignores_extractable && i < private_count; i++)
        if (private_half[i].type == CKA_EXTRACTABLE)
            private_half[i].pValue = &yes;
    return real->C_GenerateKeyPair(session, mechanism, public_half, public_count, private_half, private_count,
                                   public_key, private_key);
}

static CK_RV get_slots(CK_BBOOL has_token, CK_SLOT_ID *slots, CK_ULONG *count)
{
    if (!shim.has_no_slots)
        return real->C_GetSlotList(has_token, slots, count);
    *count = 0;
    return CKR_OK;
}

EXPORTED CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    const char *path = getenv("TOKEN_SHIM_MODULE");
    const char *delay = getenv("TOKEN_SHIM_SIGN_DELAY_MS");
    void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    CK_C_GetFunctionList get = NULL;
    memcpy(&get, &symbol, sizeof(get)); // ISO C has no cast from an object to a function
    // Once: there are modules that make a new list, with a state of its own, at each call.
    if (get == NULL || (real == NULL && get(&real) != CKR_OK))
        return CKR_GENERAL_ERROR;
    sign_delay_ms = delay == NULL ? 0 : strtol(delay, NULL, 10);
    ours = *real;
    ours.C_GetFunctionList = C_GetFunctionList;
    ours.C_GetSlotList = get_slots;
    ours.C_GetTokenInfo = get_token_info;
    ours.C_OpenSession = open_session;
    ours.C_CloseSession = close_session;
    ours.C_CloseAllSessions = close_all;
    ours.C_Login = login;
    ours.C_SignInit = sign_init;
    ours.C_Sign = sign;
    ours.C_GetAttributeValue = get_attributes;
    ours.C_GenerateKeyPair = generate;
    *list = &ours;
    return CKR_OK;
}
