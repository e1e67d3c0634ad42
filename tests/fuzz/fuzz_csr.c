/* SPDX-License-Identifier: Apache-2.0 */
/* One DER request: whatever it is, it is read, crosses to the signer, and comes back as it was. */
#include "fuzz.h"

#include "request/csr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(request_free) struct request *request = csr_read(bytes_of(data, len));
    AUTO(request_free) struct request *copy = NULL;
    AUTO(builder_done) struct builder once = BUILDER_INIT;
    AUTO(builder_done) struct builder twice = BUILDER_INIT;
    struct error err = ERROR_INIT;
    // Nobody has a key to a request that was changed at random; a sound one is a seed or signed by a test.
    if (request->problems.count == 0 && !request->has_proof_of_possession)
        abort();
    csr_encode(request, &once);
    if (!csr_decode(builder_bytes(&once), &copy, &err))
        abort();
    csr_encode(copy, &twice);
    if (!bytes_equal(builder_bytes(&once), builder_bytes(&twice)) ||
        strcmp(copy->subject_text, request->subject_text) != 0 ||
        strcmp(copy->key_name, request->key_name) != 0 || copy->notes.count != request->notes.count)
        abort();
    return 0;
}
