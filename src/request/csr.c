/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr.h"

#include "base/digest.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "request/algorithm_names.h"
#include "request/csr_form.h"

static bool take_outline(struct request *request, struct csr_outline *ret_outline)
{
    struct bytes der = request->der;
    if (!csr_take_outline(der, ret_outline)) {
        const char *remedy = NULL;
        const char *name = csr_name_of_der(der, &remedy);
        request_problem(request, "request.der", "RFC 2986 4", "%s",
                        name != NULL ? name : "not a certificate request in DER");
        if (remedy != NULL)
            request_remedy(request, remedy);
        return false;
    }
    if (ret_outline->version.len != 1 || ret_outline->version.data[0] != 0)
        request_problem(request, "request.version", "RFC 2986 4.1", "the version is not 0");
    if (ret_outline->trailing > 0)
        request_problem(request, "request.der", "RFC 2986 4", "%zu bytes follow the request",
                        ret_outline->trailing);
    if (!csr_is_exact_der(bytes_slice(der, 0, der.len - ret_outline->trailing)))
        request_problem(request, "request.der", "X.690 10",
                        "the request is BER, not DER: its encoding is not unique");
    return true;
}

/** The OID that names a key's kind best: of the curve for EC keys, else of the algorithm. */
static void name_unknown_key(struct request *request, struct bytes algorithm)
{
    char oid[CSR_MAX_OID_TEXT];
    struct bytes inner;
    struct bytes content;
    if (!der_take(&algorithm, DER_SEQUENCE, &inner) || !der_take(&inner, DER_OID, &content) ||
        !der_oid_text(content, oid, sizeof(oid)))
        return;
    if (strcmp(oid, "1.2.840.10045.2.1") == 0 && der_is_next(inner, DER_OID) &&
        (!der_take(&inner, DER_OID, &content) || !der_oid_text(content, oid, sizeof(oid))))
        return;
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    algorithm_describe(oid, &name);
    (void)snprintf(request->key_name, sizeof(request->key_name), "%.63s",
                   builder_text(&name)); // no known kind has a longer one
}

bool csr_set_key(struct request *request, struct bytes spki, struct public_key_facts *ret_facts)
{
    struct error err = ERROR_INIT;
    char name[32];
    request->spki = spki;
    digest_sha256(spki, request->spki_sha256);
    key_value(spki, request->key_value);
    if (!public_key_read(spki, ret_facts, &err)) {
        request_problem(request, "key.encoding", NULL, "%s", err.text);
        return false;
    }
    request->key_kind = ret_facts->kind;
    request->key_bits = ret_facts->bits;
    request->key_bit_string = ret_facts->bit_string;
    request->modulus = ret_facts->modulus;
    request->exponent = ret_facts->exponent;
    if (ret_facts->kind == KEY_OTHER)
        name_unknown_key(request, ret_facts->algorithm);
    else
        (void)snprintf(request->key_name, sizeof(request->key_name), "%s",
                       key_name(ret_facts->kind, ret_facts->bits, name)); // half as long at most
    // The key is known and proves possession, so that it is still reported whose key it is.
    if (!public_key_is_portable(ret_facts, &err))
        request_problem(request, "key.encoding", "RFC 5480 2.2", "%s", err.text);
    return true;
}

/** Proof of possession (RFC 2986 3): the request verifies with the key it carries. */
static void check_possession(struct request *request, const struct csr_outline *outline,
                             const struct csr_signature *signature, const struct public_key_facts *facts)
{
    AUTO(public_key_free) struct public_key *key = NULL;
    struct error err = ERROR_INIT;
    if (facts->kind == KEY_OTHER) {
        request_problem(request, "request.signature", "RFC 2986 3",
                        "proof of possession can't be checked: keys of the kind %s are not supported",
                        request->key_name);
        return;
    }
    if (!public_key_new(facts, &key, &err)) {
        request_problem(request, "key.encoding", NULL, "%s", err.text);
        return;
    }
    if (request->signature_kind == SIGNATURE_OTHER)
        return; // noted already
    if (!public_key_verify_salted(key, signature->kind, signature->salt_len, outline->info,
                                  outline->signature, &err)) {
        request_problem(request, "request.signature", "RFC 2986 3",
                        "no proof of possession: the request's signature does not verify with its own key");
        return;
    }
    request->has_proof_of_possession = true;
}

struct request *csr_read(struct bytes der)
{
    struct csr_outline outline = {.info = {.data = NULL, .len = 0}};
    struct csr_signature signature;
    struct public_key_facts facts = {.kind = KEY_OTHER};
    if (der.len > REQUEST_MAX_FILE_LEN)
        return request_failed("request.size", "larger than the 65536 bytes a request may have", NULL);
    struct request *request = request_new();
    request->der = request_keep(request, der);
    if (der.len > 0)
        digest_sha256(request->der, request->sha256);
    if (!take_outline(request, &outline))
        return request;
    request->subject = outline.subject;
    csr_read_subject(request, outline.name);
    csr_read_attributes(request, outline.attributes);
    csr_read_signature(outline.algorithm, &signature);
    csr_note_form(request, &outline, &signature);
    request->signature_kind = signature.kind;
    if (signature.kind == SIGNATURE_OTHER) {
        request_problem(request, "request.signature-algorithm", "RFC 2986 4.2",
                        "the request is signed with an algorithm that is not taken: %s", signature.fault);
        request_remedy(request, "sign it with SHA-256, SHA-384 or SHA-512, or with an Ed25519 key");
    }
    if (csr_set_key(request, outline.spki, &facts))
        check_possession(request, &outline, &signature, &facts);
    return request;
}
