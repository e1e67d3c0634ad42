/* SPDX-License-Identifier: Apache-2.0 */
#include "token/internal.h"

#include "base/quote.h"

#include <dlfcn.h>
#include <openssl/err.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct module *registry;

/** The loader's own words, which name the file. */
static const char *loader_words(void)
{
    const char *words = dlerror();
    return words == NULL ? "unknown reason" : words;
}

/** By the library's own symbol: what a list names may be another library's of the same name. */
static CK_C_GetFunctionList find_get_list(const struct module *module)
{
    CK_C_GetFunctionList get_list = NULL;
    void *symbol = dlsym(module->library, "C_GetFunctionList");
    memcpy(&get_list, &symbol, sizeof(get_list)); // ISO C has no cast from an object to a function
    return get_list;
}

/**
 * Loads the library and its function list. libp11 loads it again by itself; that it was looked at here first gives a message
 * instead of libp11's line on stderr. Nearly all modules have one list; see share_list().
 */
static bool load_library(struct module *module, struct error *err)
{
    // NODELETE: modules leave threads and exit handlers behind, which must not run into unmapped code.
    module->library = dlopen(module->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (module->library == NULL)
        return error_set(
            err, ERROR_TOKEN, 0,
            "the PKCS#11 module can't be loaded: %s; check the path (token.module in ca.yaml, --module)",
            quoted_text(loader_words(), &(struct quoted){0}));
    CK_C_GetFunctionList get_list = find_get_list(module);
    if (get_list == NULL)
        return error_set(
            err, ERROR_TOKEN, 0,
            "%s is a library but not a PKCS#11 module: it has no C_GetFunctionList; name the token's module",
            quoted_text(module->path, &(struct quoted){0}));
    CK_RV rv = get_list(&module->calls);
    if (rv != CKR_OK || module->calls == NULL)
        return error_rv(err, rv == CKR_OK ? CKR_GENERAL_ERROR : rv, "getting the function list of module %s",
                        quoted_text(module->path, &(struct quoted){0}));
    return true;
}

/**
 * p11-kit's client and proxy make a new function list, with a state of its own, at each C_GetFunctionList: what libp11 has
 * initialised is not what we have, and slots, sessions and logins would be two sets. Then libp11's list is ours as well.
 *
 * libp11 has no function that tells it. It is the first thing in a context's private part in every libp11 with an opaque context
 * (0.4.0 and later), and is taken only where the module is seen to make lists; elsewhere our own is known to be the same.
 */
static bool share_list(struct module *module, struct error *err)
{
    CK_FUNCTION_LIST *again = NULL;
    CK_FUNCTION_LIST *shared = NULL;
    CK_RV rv = find_get_list(module)(&again);
    if (rv != CKR_OK || again == NULL || again == module->calls)
        return true; // one list for all
    memcpy(&shared, module->libp11->_private, sizeof(shared));
    if (shared == NULL || shared == module->calls || shared->version.major < 2 || shared->version.major > 3)
        return error_set(
            err, ERROR_TOKEN, 0,
            "%s makes a new function list at each call and libp11 does not tell its own; name the "
            "token's module itself",
            quoted_text(module->path, &(struct quoted){0}));
    module->calls = shared;
    return true;
}

static bool load_libp11(struct module *module, const char *init_args, struct error *err)
{
    module->libp11 = PKCS11_CTX_new();
    if (module->libp11 == NULL)
        return error_openssl(err, ERROR_TOKEN, "libp11 can't be started");
    if (init_args != NULL)
        PKCS11_CTX_init_args(module->libp11, init_args);
    WATCHED(module, "starting the module");
    (void)ERR_set_mark();
    CK_RV rv = rv_of_libp11(PKCS11_CTX_load(module->libp11, module->path) == 0);
    if (rv != CKR_OK) {
        PKCS11_CTX_free(module->libp11);
        module->libp11 = NULL;
        return error_rv(err, rv, "starting module %s", quoted_text(module->path, &(struct quoted){0}));
    }
    return share_list(module, err);
}

static void module_free(struct module *module)
{
    WATCHED(module, "closing the module");
    while (module->slots != NULL) {
        struct slots *slots = module->slots;
        module->slots = slots->older;
        if (slots->items != NULL)
            PKCS11_release_all_slots(module->libp11, slots->items, slots->count);
        free(slots);
    }
    if (module->libp11 != NULL) {
        PKCS11_CTX_unload(module->libp11);
        PKCS11_CTX_free(module->libp11);
    }
    if (module->library != NULL)
        (void)dlclose(module->library); // nothing can be done about a library that stays
    (void)pthread_mutex_destroy(&module->lock);
    free(module->path);
    free(module);
}
DEFINE_AUTO(struct module *, module_free);

bool module_open(const char *path, const char *init_args, unsigned timeout_seconds,
                 struct module **ret_module, struct error *err)
{
    LOCKED(&registry_lock);
    for (struct module *known = registry; known != NULL; known = known->next)
        if (strcmp(known->path, path) == 0) {
            known->users++;
            *ret_module = known;
            return true;
        }
    AUTO(module_free) struct module *module = memory_new(1, sizeof(*module));
    (void)pthread_mutex_init(&module->lock, NULL); // default attributes: can't fail on Linux
    module->path = memory_text(path);
    module->timeout_seconds = timeout_seconds;
    if (registry == NULL)
        watch_start();
    if (!load_library(module, err) || !load_libp11(module, init_args, err)) {
        if (registry == NULL)
            watch_stop();
        return false;
    }
    module->users = 1;
    module->next = registry;
    registry = module;
    *ret_module = TAKE(module);
    return true;
}

void module_close(struct module *module)
{
    LOCKED(&registry_lock);
    if (--module->users > 0)
        return;
    struct module **place = &registry;
    while (*place != module)
        place = &(*place)->next;
    *place = module->next;
    module_free(module);
    if (registry == NULL)
        watch_stop();
}

/*
 * The older answers are kept until the module is closed: releasing one closes all sessions this process has on its
 * slots, and PKCS11_update_slots(), which is made for this, reads past the list in libp11 0.4.12.
 */
bool module_refresh(struct module *module, struct error *err)
{
    WATCHED(module, "listing the slots");
    AUTO(free) struct slots *slots = memory_new(1, sizeof(*slots));
    CK_ULONG count = 0;
    CK_RV rv = module->calls->C_GetSlotList(CK_FALSE, NULL, &count);
    // libp11 calls it a failure, without a reason, that there is no slot: no reader is plugged in, or no daemon runs.
    if (rv == CKR_OK && count > 0) {
        (void)ERR_set_mark();
        rv = rv_of_libp11(PKCS11_enumerate_slots(module->libp11, &slots->items, &slots->count) == 0);
    }
    if (rv != CKR_OK)
        return error_rv(err, rv, "listing the slots of %s", quoted_text(module->path, &(struct quoted){0}));
    slots->older = module->slots;
    module->slots = TAKE(slots);
    return true;
}

PKCS11_SLOT *module_slot(struct module *module, CK_SLOT_ID slot_id)
{
    for (unsigned i = 0; module->slots != NULL && i < module->slots->count; i++)
        if (PKCS11_get_slotid_from_slot(&module->slots->items[i]) == slot_id)
            return &module->slots->items[i];
    return NULL;
}
