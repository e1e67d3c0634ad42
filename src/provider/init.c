/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

#include "base/quote.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <stdarg.h>
#include <stdio.h>

/* Reasons are error kinds, so that coldca's exit code can be found from an OpenSSL error. */
static const OSSL_ITEM reasons[] = {
    {ERROR_USAGE, (void *)"wrong use"},
    {ERROR_INPUT, (void *)"refused"},
    {ERROR_TOKEN, (void *)"token"},
    {0, NULL},
};

static void raise_text(const struct provider_context *context, uint32_t reason, const char *format, ...)
    PRINTF_LIKE(3, 4);
static void raise_text(const struct provider_context *context, uint32_t reason, const char *format, ...)
{
    va_list args;
    if (context->new_error == NULL || context->set_error_debug == NULL || context->vset_error == NULL)
        return; // a core that takes no errors gets none; the call fails all the same
    context->new_error(context->core);
    context->set_error_debug(context->core, "provider", 0, "coldca");
    va_start(args, format);
    context->vset_error(context->core, reason, format, args);
    va_end(args);
}

int provider_raise(const struct provider_context *context, const struct error *err)
{
    raise_text(context, (uint32_t)err->kind, "%s", err->text);
    return 0;
}

int provider_refuse(const struct provider_context *context, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    utf8_vformat(text, sizeof(text), format, args); // cut if too long: it is a message
    va_end(args);
    raise_text(context, ERROR_INPUT, "%s", text);
    return 0;
}

static const OSSL_PARAM *gettable_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, NULL, 0),
        OSSL_PARAM_DEFN(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)provctx; // the same for all
    return params;
}

static int get_params(void *provctx, OSSL_PARAM params[])
{
    (void)provctx; // the same for all
    OSSL_PARAM *name = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);
    OSSL_PARAM *version = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
    OSSL_PARAM *status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return (name == NULL || OSSL_PARAM_set_utf8_ptr(name, "coldca: keys in PKCS#11 tokens") == 1) &&
           (version == NULL || OSSL_PARAM_set_utf8_ptr(version, COLDCA_VERSION) == 1) &&
           (status == NULL || OSSL_PARAM_set_int(status, 1) == 1);
}

/**
 * Of several providers that have an algorithm libcrypto takes the one it heard of first, and it asks them in the order they were
 * named in: as the first we would get everybody's key generation, TLS's groups and what the PKCS#11 module itself does
 * with libcrypto, and can do none of it. So the first time nothing is said, and nothing is noted ("no cache"), and all
 * others are heard before us. A key that is ours is never missed by it: libcrypto looks for any implementation first,
 * and for the one of the key's own provider after that.
 */
static const OSSL_ALGORITHM *after_others(struct provider_context *context, int operation,
                                          const OSSL_ALGORITHM *ours, int *no_cache)
{
    if (context->is_built_in || atomic_exchange(&context->others_were_asked[operation], true))
        return ours;
    *no_cache = 1;
    return NULL;
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
    struct provider_context *context = provctx;
    *no_cache = 0;
    switch (operation) {
    case OSSL_OP_KEYMGMT:
        return after_others(context, operation, provider_keymgmts, no_cache);
    case OSSL_OP_SIGNATURE:
        return after_others(context, operation, provider_signatures, no_cache);
    case OSSL_OP_STORE:
        return context->is_built_in ? NULL : provider_stores;
    case OSSL_OP_ENCODER:
        return context->is_built_in ? NULL : provider_encoders;
    default:
        return NULL;
    }
}

static const OSSL_ITEM *reason_strings(void *provctx)
{
    (void)provctx; // the same for all
    return reasons;
}

static void teardown(void *provctx)
{
    struct provider_context *context = provctx;
    tokens_forget(context);
    (void)pthread_mutex_destroy(&context->lock); // nobody holds it any more
    free(context->module);
    free(context->init_args);
    free(context);
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))teardown},
    {OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))gettable_params},
    {OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))get_params},
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
    {OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))reason_strings},
    {0, NULL},
};

/** Reads the provider's section of openssl.cnf. */
static int read_configuration(struct provider_context *context, OSSL_FUNC_core_get_params_fn *core_params)
{
    char *module = NULL;
    char *init_args = NULL;
    char *allow = NULL;
    OSSL_PARAM wanted[] = {
        OSSL_PARAM_construct_utf8_ptr("pkcs11-module-path", &module, 0),
        OSSL_PARAM_construct_utf8_ptr("pkcs11-module-init-args", &init_args, 0),
        OSSL_PARAM_construct_utf8_ptr("allow-extractable", &allow, 0),
        OSSL_PARAM_construct_end(),
    };
    if (core_params == NULL || core_params(context->core, wanted) != 1)
        return 0;
    context->module = memory_text(module);
    context->init_args = memory_text(init_args);
    context->allow_extractable = allow != NULL && strcmp(allow, "yes") == 0;
    return 1;
}

static int init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                void **provctx, bool is_built_in)
{
    OSSL_FUNC_core_get_params_fn *core_params = NULL;
    struct provider_context *context = memory_new(1, sizeof(*context));
    context->core = core;
    context->is_built_in = is_built_in;
    (void)pthread_mutex_init(&context->lock, NULL); // default attributes: can't fail on Linux
    for (; in->function_id != 0; in++) {
        if (in->function_id == OSSL_FUNC_CORE_GET_PARAMS)
            core_params = OSSL_FUNC_core_get_params(in);
        else if (in->function_id == OSSL_FUNC_CORE_NEW_ERROR)
            context->new_error = OSSL_FUNC_core_new_error(in);
        else if (in->function_id == OSSL_FUNC_CORE_SET_ERROR_DEBUG)
            context->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
        else if (in->function_id == OSSL_FUNC_CORE_VSET_ERROR)
            context->vset_error = OSSL_FUNC_core_vset_error(in);
        else if (in->function_id == OSSL_FUNC_BIO_WRITE_EX)
            context->write = OSSL_FUNC_BIO_write_ex(in);
    }
    if (!is_built_in && !read_configuration(context, core_params)) {
        teardown(context);
        return 0;
    }
    *out = provider_functions;
    *provctx = context;
    return 1;
}

int provider_init_built_in(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                           void **provctx)
{
    return init(core, in, out, provctx, true);
}

int provider_init_loadable(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                           void **provctx)
{
    return init(core, in, out, provctx, false);
}
