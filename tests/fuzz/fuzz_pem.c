/* SPDX-License-Identifier: Apache-2.0 */
/* A file from a medium: cut into requests, each with an answer, all of them fit to be handed over. */
#include "fuzz.h"

#include "request/csr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct request **requests = NULL;
    size_t count = 0;
    csr_read_all(bytes_of(data, len), &requests, &count);
    if (count == 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        AUTO(builder_done) struct builder message = BUILDER_INIT;
        AUTO(request_free) struct request *copy = NULL;
        struct error err = ERROR_INIT;
        csr_encode(requests[i], &message);
        if (!csr_decode(builder_bytes(&message), &copy, &err))
            abort();
        request_free(requests[i]);
    }
    free(requests);
    return 0;
}
