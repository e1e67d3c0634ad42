/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes: a value that is parsed has a canonical form, and that form parses to itself (the ledger's hashes rest on it). */
#include "fuzz.h"

#include "base/json.h"

#include <assert.h>

static void canonical(struct bytes text, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *json = NULL;
    if (json_parse(text, &json, &err))
        json_canonical(json, ret_text);
    else
        assert(err.kind == ERROR_INPUT && json == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(builder_done) struct builder once = BUILDER_INIT;
    AUTO(builder_done) struct builder twice = BUILDER_INIT;
    canonical(bytes_of(data, len), &once);
    if (once.len > 0) {
        canonical(builder_bytes(&once), &twice);
        assert(bytes_equal(builder_bytes(&once), builder_bytes(&twice)));
    }
    return 0;
}
