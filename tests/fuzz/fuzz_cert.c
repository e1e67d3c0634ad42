/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates from files: parts, facts, lint and the words of `cert show`, as an issuer and as anything else. */
#include "fuzz.h"

#include "cert/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = ERROR_INIT;
    struct bytes input = bytes_of(data, size);
    struct bytes rest;
    struct bytes tbs;
    struct bytes signature;
    enum signature_kind kind;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(cert_facts_done) struct cert_facts facts = {.serial_len = 0};
    AUTO(cert_facts_done) struct cert_facts tbs_facts = {.serial_len = 0};
    AUTO(cert_issuer_free) struct cert_issuer *issuer = NULL;
    AUTO(findings_done) struct findings found = {.items = NULL};
    if (cert_from_file(input, &der, &rest, &err))
        input = builder_bytes(&der);
    error_clear(&err);
    if (!cert_split(input, &tbs, &kind, &signature, &err))
        error_clear(&err);
    else if (!cert_read_tbs(tbs, &tbs_facts, &err))
        error_clear(&err);
    if (!cert_read(input, &facts, &err))
        error_clear(&err);
    if (!cert_describe(input, &text, &err))
        error_clear(&err);
    if (!cert_issuer_read(input, &input, 1, &issuer, &err))
        error_clear(&err);
    cert_lint(input, issuer, &found);
    return 0;
}
