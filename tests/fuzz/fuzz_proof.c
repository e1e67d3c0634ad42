/* SPDX-License-Identifier: Apache-2.0 */
/* A proof file: none holds that was not signed, and none makes the checker misbehave. */
#include "fuzz.h"
#include "ledger/proof.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char vkey[] = "ca.example/root-2026+2c714f98+AbvRNRw4wBZHiWy7KTn0aSe4vKhS+dUnKs2Fx/zEgi7E";
    static const char note[] = "ca.example/root-2026\n5\nq1uiQNXF9m1XxD/D6UjYe+ylGdTaiwKLbFgv2nu/mbQ=\n\n"
                               "\xe2\x80\x94 ca.example/root-2026 LHFPmGLWoTmoSz/a1gIi7/"
                               "B8UnrSddde4RrlF9c2pQYVId+Yqh/wHI4PY7rj2lqEpp1qCOobLrsa/jeoJTUInPRdig4=\n";
    AUTO(ledger_proof_done) struct ledger_proof found = {.record = NULL};
    struct error err = ERROR_INIT;
    uint64_t old_size;
    uint64_t size;
    // The one checkpoint there is by this key is over words that are not records, and continues only itself.
    if (ledger_proof_verify(bytes_of(data, len), vkey, NULL, NULL, &found, &err))
        abort();
    if (ledger_consistency_verify(bytes_of(data, len), BYTES_LITERAL(note), vkey, &old_size, &size, &err) &&
        (old_size != 5 || size != 5))
        abort();
    return 0;
}
