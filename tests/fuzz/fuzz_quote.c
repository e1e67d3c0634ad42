/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: what is quoted is valid UTF-8 without a control character, and the terminal's guard leaves it alone. */
#include "fuzz.h"

#include "base/quote.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct quoted buffer;
    AUTO(builder_done) struct builder harmless = BUILDER_INIT;
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_append(&harmless, bytes_of(data, len), 0);
    assert(utf8_is_valid(builder_bytes(&harmless)));
    for (size_t i = 0; i < harmless.len; i++)
        assert(harmless.data[i] >= 0x20 && harmless.data[i] != 0x7f);
    quote_guard(&guarded, builder_bytes(&harmless));
    assert(bytes_equal(builder_bytes(&guarded), builder_bytes(&harmless)));
    assert(strlen(quoted(bytes_of(data, len), &buffer)) < sizeof(buffer.text));
    return 0;
}
