/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file that may hold a private key: nothing is read beyond them, and whatever is put into a PEM block of that name is found. */
#include "fuzz.h"

#include "base/encode.h"
#include "base/private_key.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    const char *form = private_key_form(bytes_of(data, len));
    assert(form == NULL || strlen(form) > 0);
    if (len < 12) // 16 characters of base64
        return 0;
    encode_pem("PRIVATE KEY", bytes_of(data, len), &pem);
    assert(private_key_form(builder_bytes(&pem)) != NULL);
    return 0;
}
