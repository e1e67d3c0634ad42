/* SPDX-License-Identifier: Apache-2.0 */
/* All that the parser process of `revoke`, `crl` and `cert` does with a file: its kind is the first byte. */
#include "fuzz.h"

#include "inspect/foreign.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct foreign_answer answer;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    foreign_parse(bytes_of(data, size), &output);
    memcpy(&answer, output.data, sizeof(answer));
    if (output.len != sizeof(answer) + answer.der_len + answer.text_len)
        abort(); // the other side would take it for an attack
    return 0;
}
