/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/internal.h"

/* The one name that coldca-provider.so exports; libcrypto looks for it (provider-base(7)). */
__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;

int OSSL_provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
                       void **provctx)
{
    return provider_init_loadable(core, in, out, provctx);
}
