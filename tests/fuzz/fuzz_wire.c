/* SPDX-License-Identifier: Apache-2.0 */
/* What a taken-over reader may send: one message, and a whole answer. What is taken is a request that can be sent on. */
#include "fuzz.h"

#include "base/memory.h"
#include "request/csr.h"
#include "request/reader.h"

static void try_message(struct bytes message)
{
    AUTO(request_free) struct request *request = NULL;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!csr_decode(message, &request, &err))
        return;
    if (request->problems.count == 0 && (!request->has_proof_of_possession || request->key_kind == KEY_OTHER))
        abort();
    csr_encode(request, &again);
    if (!bytes_equal(builder_bytes(&again), message))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(reading_free) struct reading *reading = memory_new(1, sizeof(*reading));
    struct error err = ERROR_INIT;
    if (len > 0 && data[0] == 'c')
        try_message(bytes_of(data, len));
    else if (reader_answer_decode(bytes_of(data, len), reading, &err) && reading->count == 0)
        abort();
    return 0;
}
