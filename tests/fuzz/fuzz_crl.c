/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs from files: parts, entries, facts, lint and the words of `crl show`; verified with a key that did not make them. */
#include "fuzz.h"

#include "cert/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    struct bytes input = bytes_of(data, size);
    struct crl crl;
    struct crl_facts facts;
    struct crl_read_entry entry;
    uint64_t number;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(findings_done) struct findings found = FINDINGS_INIT;
    if (crl_from_file(input, &der, &err))
        input = builder_bytes(&der);
    error_clear(&err);
    if (!crl_read(input, &crl, &err)) {
        error_clear(&err);
    } else {
        if (!crl_facts(&crl, &facts, &err))
            error_clear(&err);
        else if (facts.has_number && !crl_number(facts.number, &number))
            number = 0; // larger than 64 bits, which `crl show` says
        while (crl_next_entry(&crl.entries, &entry)) {
            AUTO(builder_done) struct builder again = BUILDER_INIT;
            crl_entry_add(&entry.entry, &again);
        }
    }
    if (!crl_describe(input, 3, &text, &err))
        error_clear(&err);
    crl_lint(input, NULL, &found);
    return 0;
}
