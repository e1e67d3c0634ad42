#include "request/csr.h"

#include "base/digest.h"
#include "base/key_value.h"
#include "base/memory.h"
#include "request/csr_parts.h"

/** The outer parts of a CertificationRequest (RFC 2986 4.2), views into its DER. */
struct csr_outline {
    struct bytes info;       /**< the whole CertificationRequestInfo: what is signed */
    struct bytes subject;    /**< the whole Name */
    struct bytes spki;       /**< the whole SubjectPublicKeyInfo */
    struct bytes attributes; /**< content of [0] */
    struct bytes algorithm;  /**< the whole AlgorithmIdentifier of the signature */
    struct bytes signature;
};

static bool take_info(struct request *request, struct bytes info, struct csr_outline *ret_outline)
{
    struct bytes inner;
    struct bytes version;
    if (!der_take(&info, DER_SEQUENCE, &inner) || !der_take(&inner, DER_INTEGER, &version) ||
        !der_take_whole(&inner, DER_SEQUENCE, &ret_outline->subject) ||
        !der_take_whole(&inner, DER_SEQUENCE, &ret_outline->spki))
        return false;
    if (version.len != 1 || version.data[0] != 0)
        request_problem(request, "request.version", "RFC 2986 4.1", "the version is not 0");
    if (inner.len == 0) {
        request_problem(request, "request.attributes", "RFC 2986 4.1",
                        "the attributes field is missing; it has to be there even if it is empty");
        return true;
    }
    return der_take(&inner, DER_CONTEXT_CONSTRUCTED_0, &ret_outline->attributes) && inner.len == 0;
}

static bool take_outline(struct request *request, struct csr_outline *ret_outline)
{
    struct bytes outer = request->der;
    struct bytes parts;
    if (!der_take(&outer, DER_SEQUENCE, &parts) ||
        !der_take_whole(&parts, DER_SEQUENCE, &ret_outline->info) ||
        !der_take_whole(&parts, DER_SEQUENCE, &ret_outline->algorithm) ||
        !der_take_octet_bits(&parts, &ret_outline->signature) || parts.len > 0 ||
        !take_info(request, ret_outline->info, ret_outline)) {
        request_problem(request, "request.der", "RFC 2986 4", "not a certificate request in DER");
        return false;
    }
    if (outer.len > 0)
        request_problem(request, "request.der", "RFC 2986 4", "%zu bytes follow the request", outer.len);
    if (!csr_is_exact_der(bytes_slice(request->der, 0, request->der.len - outer.len)))
        request_problem(request, "request.der", "X.690 10",
                        "the request is BER, not DER: its encoding is not unique");
    return true;
}

static void read_subject(struct request *request, struct bytes subject)
{
    struct bytes cursor = subject;
    struct bytes name;
    if (!der_take(&cursor, DER_SEQUENCE, &name))
        return; // it was taken with this tag before
    request->subject = subject;
    csr_read_subject(request, name);
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
    (void)snprintf(request->key_name, sizeof(request->key_name), "%.63s",
                   oid); // no known kind has a longer one
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
    // The key is known and proves possession, so that it is still told whose key it is.
    if (!public_key_is_portable(ret_facts, &err))
        request_problem(request, "key.encoding", "RFC 5480 2.2", "%s", err.text);
    return true;
}

/** Names what signs with a hash that is broken, or says the OID. */
static void refuse_signature_algorithm(struct request *request, struct bytes algorithm)
{
    static const struct {
        const char *oid;
        const char *name;
    } known[] = {
        {"1.2.840.113549.1.1.2", "RSA with MD2, which is broken"},
        {"1.2.840.113549.1.1.4", "RSA with MD5, which is broken"},
        {"1.2.840.113549.1.1.5", "RSA with SHA-1, which is broken"},
        {"1.2.840.10045.4.1", "ECDSA with SHA-1, which is broken"},
        {"1.2.840.10040.4.3", "DSA with SHA-1, which is broken"},
        {"1.2.840.113549.1.1.10",
         "RSASSA-PSS with parameters other than SHA-2, MGF1 with the same hash and a salt as long"},
        {"1.2.840.113549.1.1.11", "RSA with SHA-256, but without the NULL parameters that RFC 4055 5 wants"},
    };
    char oid[CSR_MAX_OID_TEXT] = "malformed";
    struct bytes inner;
    struct bytes content;
    const char *name = NULL;
    if (der_take(&algorithm, DER_SEQUENCE, &inner) && der_take(&inner, DER_OID, &content) &&
        !der_oid_text(content, oid, sizeof(oid)))
        (void)snprintf(oid, sizeof(oid), "malformed"); // fits
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcmp(oid, known[i].oid) == 0)
            name = known[i].name;
    }
    request_problem(request, "request.signature-algorithm", "RFC 2986 4.2",
                    "the request is signed with the algorithm %s%s%s", oid, name == NULL ? "" : ": ",
                    name == NULL ? "" : name);
}

/** Proof of possession (RFC 2986 3): the request verifies with the key it carries. */
static void check_possession(struct request *request, const struct csr_outline *outline,
                             const struct public_key_facts *facts)
{
    AUTO(public_key_free) struct public_key *key = NULL;
    struct error err = ERROR_INIT;
    if (facts->kind == KEY_OTHER) {
        request_problem(request, "request.signature", "RFC 2986 3",
                        "proof of possession can't be checked: coldca knows no keys of the kind %s",
                        request->key_name);
        return;
    }
    if (!public_key_new(facts, &key, &err)) {
        request_problem(request, "key.encoding", NULL, "%s", err.text);
        return;
    }
    if (request->signature_kind == SIGNATURE_OTHER)
        return; // noted already
    if (!public_key_verify(key, request->signature_kind, outline->info, outline->signature, &err)) {
        request_problem(request, "request.signature", "RFC 2986 3",
                        "no proof of possession: the request's signature does not verify with its own key");
        return;
    }
    request->has_proof_of_possession = true;
}

struct request *csr_read(struct bytes der)
{
    struct csr_outline outline = {.info = {.data = NULL, .len = 0}};
    struct public_key_facts facts = {.kind = KEY_OTHER};
    if (der.len > REQUEST_MAX_FILE_LEN)
        return request_failed("request.size", "larger than the 65536 bytes a request may have", NULL);
    struct request *request = request_new();
    request->der = request_keep(request, der);
    if (der.len > 0)
        digest_sha256(request->der, request->sha256);
    if (!take_outline(request, &outline))
        return request;
    read_subject(request, outline.subject);
    csr_read_attributes(request, outline.attributes);
    request->signature_kind = signature_of_der(outline.algorithm);
    if (request->signature_kind == SIGNATURE_OTHER)
        refuse_signature_algorithm(request, outline.algorithm);
    if (csr_set_key(request, outline.spki, &facts))
        check_possession(request, &outline, &facts);
    return request;
}
