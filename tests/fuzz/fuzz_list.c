/* SPDX-License-Identifier: Apache-2.0 */
/* All that the parser process of `revoke --list` does with a file; what it answers is what the program takes. */
#include "fuzz.h"

#include "status/list_parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    struct error err = ERROR_INIT;
    struct list_line line;
    struct bytes problem;
    bool is_end = false;
    builder_add(&input, "list", sizeof("list"));
    builder_add(&input, data, size);
    list_parse(builder_bytes(&input), &output);
    memcpy(&err, output.data, sizeof(err));
    struct bytes lines = bytes_slice(builder_bytes(&output), sizeof(err), output.len);
    if (err.kind != ERROR_NONE && lines.len > 0)
        abort(); // half a list is none
    while (!is_end) {
        if (!list_next(&lines, &line, &problem, &is_end, &err))
            abort(); // the other side would take it for an attack
    }
    return 0;
}
