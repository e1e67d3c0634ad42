/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"
#include "base/memory.h"
#include "base/quote.h"
#include "request/csr.h"
#include "request/csr_form.h"
#include "request/csr_wire.h"
#include "request/fields.h"

/** A message while it is taken apart. The first fault is kept; after it everything taken is empty. */
struct frame {
    struct bytes rest;
    struct request *request;
    const char *fault;
    bool is_doubtful; /**< something was found that a request without problems can't have */
};

static void fail(struct frame *frame, const char *fault)
{
    if (frame->fault == NULL)
        frame->fault = fault;
}

static struct bytes take_octets(struct frame *frame, size_t len)
{
    if (frame->fault == NULL && len > frame->rest.len)
        fail(frame, "it ends too early");
    if (frame->fault != NULL)
        return bytes_of(NULL, 0);
    struct bytes taken = bytes_of(frame->rest.data, len);
    frame->rest = bytes_of(frame->rest.data + len, frame->rest.len - len);
    return taken;
}

static uint32_t take_number(struct frame *frame, size_t octets)
{
    struct bytes taken = take_octets(frame, octets);
    uint32_t value = 0;
    for (size_t i = 0; i < taken.len; i++)
        value = value << 8 | taken.data[i];
    return value;
}

/** Who counts on looks for a fault at each step. */
static size_t take_count(struct frame *frame, size_t max)
{
    size_t count = take_number(frame, 2);
    if (count > max)
        fail(frame, "a count is out of bounds");
    return count;
}

static bool take_flag(struct frame *frame)
{
    uint32_t value = take_number(frame, 1);
    if (value > 1)
        fail(frame, "a yes or no is neither");
    return value == 1;
}

/** A text of at most max bytes, UTF-8 without NUL, copied; NULL if there is none. */
static const char *take_text(struct frame *frame, size_t max, struct bytes *ret_text)
{
    size_t len = take_number(frame, 2);
    *ret_text = bytes_of(NULL, 0);
    if (frame->fault != NULL || len == CSR_WIRE_NO_TEXT)
        return NULL;
    struct bytes taken = take_octets(frame, len > max ? SIZE_MAX : len);
    if (frame->fault != NULL)
        return NULL;
    if ((taken.len > 0 && memchr(taken.data, '\0', taken.len) != NULL) || !utf8_is_valid(taken)) {
        fail(frame, "a text is not UTF-8 or has a NUL in it");
        return NULL;
    }
    *ret_text = request_keep(frame->request, taken);
    return (const char *)ret_text->data;
}

/** Text that may be shown as it is: what quote.h would change, but for the backslashes of its own escapes. */
static bool is_harmless(struct bytes text)
{
    AUTO(builder_done) struct builder plain = BUILDER_INIT;
    AUTO(builder_done) struct builder quoted_text = BUILDER_INIT;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\\')
            builder_add_u8(&plain, text.data[i]);
    }
    quote_append(&quoted_text, builder_bytes(&plain), 0);
    return bytes_equal(builder_bytes(&plain), builder_bytes(&quoted_text));
}

static char *take_shown(struct frame *frame)
{
    struct bytes text;
    const char *taken = take_text(frame, CSR_WIRE_MAX_TEXT, &text);
    if (taken != NULL && !is_harmless(text))
        fail(frame, "a text of a problem has harmful characters");
    return (char *)(uintptr_t)taken;
}

/** Dotted decimal, as der_oid_text() writes it. */
static const char *take_oid(struct frame *frame)
{
    struct bytes text;
    const char *oid = take_text(frame, CSR_MAX_OID_TEXT - 1, &text);
    bool wants_digit = true;
    bool is_sound = oid != NULL;
    for (size_t i = 0; is_sound && i < text.len; i++) {
        bool is_digit = oid[i] >= '0' && oid[i] <= '9';
        is_sound = is_digit || (oid[i] == '.' && !wants_digit);
        wants_digit = !is_digit;
    }
    if (is_sound && !wants_digit)
        return oid;
    fail(frame, "an object identifier is malformed");
    return "";
}

static struct bytes take_view(struct frame *frame)
{
    size_t offset = take_number(frame, 4);
    size_t len = take_number(frame, 4);
    struct bytes der = frame->request->der;
    if (frame->fault != NULL || (len == 0 && offset == 0))
        return bytes_of(NULL, 0);
    if (len == 0 || offset > der.len || len > der.len - offset) {
        fail(frame, "a part lies outside the request");
        return bytes_of(NULL, 0);
    }
    return bytes_of(der.data + offset, len);
}

static void take_attributes(struct frame *frame)
{
    struct request *request = frame->request;
    size_t count = take_count(frame, CSR_MAX_ATTRIBUTES);
    struct request_attribute *attributes = request_alloc(request, count, sizeof(*attributes));
    uint32_t last_rdn = 0;
    for (size_t i = 0; i < count && frame->fault == NULL; i++) {
        struct request_attribute *attribute = &attributes[i];
        attribute->oid = take_oid(frame);
        const char *field = request_field_of_oid(attribute->oid);
        attribute->field = field != NULL ? field : attribute->oid;
        if (take_text(frame, CSR_MAX_VALUE_LEN, &attribute->value) == NULL)
            fail(frame, "an attribute has no value");
        attribute->tag = (uint8_t)take_number(frame, 1);
        attribute->rdn = take_number(frame, 2);
        // RDNs are counted from 0 and have members.
        if (attribute->rdn != last_rdn && (i == 0 || attribute->rdn != last_rdn + 1))
            fail(frame, "the parts of the subject are out of order");
        last_rdn = attribute->rdn;
        frame->is_doubtful |= attribute->value.len == 0;
    }
    request->attributes = attributes;
    request->attributes_count = count;
    if (frame->fault == NULL)
        csr_describe_subject(request);
}

static void take_sans(struct frame *frame)
{
    struct request *request = frame->request;
    size_t count = take_count(frame, CSR_MAX_SANS);
    struct request_san *sans = request_alloc(request, count, sizeof(*sans));
    for (size_t i = 0; i < count && frame->fault == NULL; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        uint32_t kind = take_number(frame, 1);
        if (kind > SAN_RID) {
            fail(frame, "a SAN is of no kind there is");
            return;
        }
        sans[i].kind = (enum san_kind)kind;
        sans[i].value = take_view(frame);
        if (csr_describe_san(sans[i].kind, sans[i].value, &text) != NULL) {
            frame->is_doubtful = true;
            builder_clear(&text);
        }
        sans[i].text = request_keep_text(request, builder_text(&text));
    }
    request->sans = sans;
    request->sans_count = count;
}

static bool asks_for(const struct request *request, const char *oid)
{
    for (size_t i = 0; i < request->extensions_count; i++) {
        if (strcmp(request->extensions[i].oid, oid) == 0)
            return true;
    }
    return false;
}

static void take_extensions(struct frame *frame)
{
    struct request *request = frame->request;
    size_t count = take_count(frame, CSR_MAX_EXTENSIONS);
    struct request_extension *extensions = request_alloc(request, count, sizeof(*extensions));
    request->extensions = extensions;
    for (size_t i = 0; i < count && frame->fault == NULL; i++) {
        extensions[i].oid = take_oid(frame);
        extensions[i].is_critical = take_flag(frame);
        extensions[i].value = take_view(frame);
        extensions[i].is_der = csr_is_extension_value(extensions[i].value);
        if (asks_for(request, extensions[i].oid))
            fail(frame, "an extension is there twice");
        request->extensions_count = i + 1;
    }
    size_t usages = take_count(frame, CSR_MAX_USAGES);
    const char **oids = request_alloc(request, usages, sizeof(*oids));
    for (size_t i = 0; i < usages && frame->fault == NULL; i++)
        oids[i] = take_oid(frame);
    request->extended_key_usage = oids;
    request->extended_key_usage_count = usages;
    if (request->has_san_extension != asks_for(request, "2.5.29.17") ||
        request->has_key_usage != asks_for(request, "2.5.29.15") ||
        request->has_basic_constraints != asks_for(request, "2.5.29.19") ||
        request->has_extended_key_usage != asks_for(request, "2.5.29.37"))
        fail(frame, "what was read and the extensions do not fit");
}

static void take_scalars(struct frame *frame)
{
    struct request *request = frame->request;
    uint32_t flags = take_number(frame, 2);
    uint32_t kind = take_number(frame, 1);
    uint32_t usage = take_number(frame, 2);
    uint32_t path_len = take_number(frame, 4);
    if ((flags & ~(uint32_t)CSR_ALL_FLAGS) != 0 || kind > SIGNATURE_ED25519 || usage > 0x1ff ||
        path_len > 256) {
        fail(frame, "a number is out of bounds");
        return;
    }
    request->has_san_extension = (flags & CSR_HAS_SAN_EXTENSION) != 0;
    request->has_key_usage = (flags & CSR_HAS_KEY_USAGE) != 0;
    request->has_extended_key_usage = (flags & CSR_HAS_EXTENDED_KEY_USAGE) != 0;
    request->has_basic_constraints = (flags & CSR_HAS_BASIC_CONSTRAINTS) != 0;
    request->asks_for_ca = (flags & CSR_ASKS_FOR_CA) != 0;
    request->has_challenge_password = (flags & CSR_HAS_CHALLENGE_PASSWORD) != 0;
    request->has_proof_of_possession = (flags & CSR_HAS_PROOF_OF_POSSESSION) != 0;
    request->signature_kind = (enum signature_kind)kind;
    request->key_usage = (uint16_t)usage;
    request->path_len = (int)path_len - 1;
}

/** The key's facts are found out again from its bytes: what the certificate will carry must be what was judged. */
static void take_key(struct frame *frame)
{
    struct public_key_facts facts = {.kind = KEY_OTHER};
    struct request *request = frame->request;
    struct bytes spki = take_view(frame);
    if (spki.len == 0) {
        frame->is_doubtful = true;
        return;
    }
    bool is_sound = csr_set_key(request, spki, &facts);
    frame->is_doubtful |= !is_sound || request->problems.count > 0 ||
                          request->signature_kind == SIGNATURE_OTHER ||
                          !signature_fits_key(request->signature_kind, facts.kind);
    findings_done(&request->problems); // the sender's list has these too
}

/** How the request is written, and that it is signed with what the sender says. */
static void look_at_form(struct frame *frame)
{
    struct request *request = frame->request;
    struct csr_outline outline = {.trailing = 0};
    struct csr_signature signature;
    if (!csr_take_outline(request->der, &outline)) {
        frame->is_doubtful = true;
        return;
    }
    csr_read_signature(outline.algorithm, &signature);
    if (signature.kind != request->signature_kind)
        fail(frame, "the request is signed with another algorithm");
    csr_note_form(request, &outline, &signature);
}

static void take_problems(struct frame *frame)
{
    size_t count = take_count(frame, REQUEST_MAX_PROBLEMS);
    for (size_t i = 0; i < count && frame->fault == NULL; i++) {
        struct finding problem = {.rule = take_shown(frame)};
        problem.source = take_shown(frame);
        problem.found = take_shown(frame);
        problem.wanted = take_shown(frame);
        problem.text = take_shown(frame);
        problem.remedy = take_shown(frame);
        if (problem.rule == NULL || problem.text == NULL)
            fail(frame, "a problem has no rule or no text");
        else
            findings_add(&frame->request->problems, &problem);
    }
    frame->is_doubtful |= !frame->request->has_proof_of_possession || frame->request->subject.len == 0;
    if (count == 0 && frame->is_doubtful)
        fail(frame, "it names no problem, but the facts have one");
}

bool csr_decode(struct bytes message, struct request **ret_request, struct error *err)
{
    AUTO(request_free) struct request *request = request_new();
    struct frame frame = {.rest = message, .request = request};
    if (take_number(&frame, 4) != CSR_WIRE_MAGIC)
        fail(&frame, "it is not a request");
    size_t der_len = take_number(&frame, 4);
    if (der_len > REQUEST_MAX_FILE_LEN)
        fail(&frame, "the request is too large");
    struct bytes der = take_octets(&frame, der_len);
    if (der.len > 0) {
        request->der = request_keep(request, der);
        digest_sha256(request->der, request->sha256);
    }
    take_scalars(&frame);
    request->subject = take_view(&frame);
    look_at_form(&frame);
    take_key(&frame);
    take_attributes(&frame);
    take_sans(&frame);
    take_extensions(&frame);
    take_problems(&frame);
    if (frame.rest.len > 0)
        fail(&frame, "bytes follow it");
    if (frame.fault != NULL)
        return error_set(err, ERROR_INPUT, 0, "a parser process's message is malformed: %s", frame.fault);
    *ret_request = TAKE(request);
    return true;
}
