/* SPDX-License-Identifier: Apache-2.0 */
#include "request/csr.h"
#include "request/csr_parts.h"
#include "request/csr_wire.h"

#include <assert.h>

static void add_text(struct builder *out, const char *text)
{
    if (text == NULL) {
        builder_add_u16(out, CSR_WIRE_NO_TEXT);
        return;
    }
    size_t len = strlen(text);
    assert(len < CSR_WIRE_NO_TEXT);
    builder_add_u16(out, (uint16_t)len);
    builder_add(out, text, len);
}

static void add_value(struct builder *out, struct bytes value)
{
    assert(value.len < CSR_WIRE_NO_TEXT);
    builder_add_u16(out, (uint16_t)value.len);
    builder_add_bytes(out, value);
}

/** A part of the CSR, as the place where it stands in it. */
static void add_view(struct builder *out, const struct request *request, struct bytes view)
{
    size_t offset = view.len == 0 ? 0 : (size_t)(view.data - request->der.data);
    assert(offset <= request->der.len && view.len <= request->der.len - offset);
    builder_add_u32(out, (uint32_t)offset);
    builder_add_u32(out, (uint32_t)view.len);
}

static uint16_t flags_of(const struct request *request)
{
    unsigned flags = 0;
    flags |= request->has_san_extension ? CSR_HAS_SAN_EXTENSION : 0U;
    flags |= request->has_key_usage ? CSR_HAS_KEY_USAGE : 0U;
    flags |= request->has_extended_key_usage ? CSR_HAS_EXTENDED_KEY_USAGE : 0U;
    flags |= request->has_basic_constraints ? CSR_HAS_BASIC_CONSTRAINTS : 0U;
    flags |= request->asks_for_ca ? CSR_ASKS_FOR_CA : 0U;
    flags |= request->has_challenge_password ? CSR_HAS_CHALLENGE_PASSWORD : 0U;
    flags |= request->has_proof_of_possession ? CSR_HAS_PROOF_OF_POSSESSION : 0U;
    return (uint16_t)flags;
}

static void add_names(struct builder *out, const struct request *request)
{
    builder_add_u16(out, (uint16_t)request->attributes_count);
    for (size_t i = 0; i < request->attributes_count; i++) {
        const struct request_attribute *attribute = &request->attributes[i];
        add_text(out, attribute->oid);
        add_value(out, attribute->value);
        builder_add_u8(out, attribute->tag);
        builder_add_u16(out, (uint16_t)attribute->rdn);
    }
    builder_add_u16(out, (uint16_t)request->sans_count);
    for (size_t i = 0; i < request->sans_count; i++) {
        builder_add_u8(out, (uint8_t)request->sans[i].kind);
        add_view(out, request, request->sans[i].value);
    }
}

static void add_extensions(struct builder *out, const struct request *request)
{
    builder_add_u16(out, (uint16_t)request->extensions_count);
    for (size_t i = 0; i < request->extensions_count; i++) {
        const struct request_extension *extension = &request->extensions[i];
        add_text(out, extension->oid);
        builder_add_u8(out, extension->is_critical ? 1 : 0);
        add_view(out, request, extension->value);
    }
    builder_add_u16(out, (uint16_t)request->extended_key_usage_count);
    for (size_t i = 0; i < request->extended_key_usage_count; i++)
        add_text(out, request->extended_key_usage[i]);
}

static void add_problems(struct builder *out, const struct request *request)
{
    builder_add_u16(out, (uint16_t)request->problems.count);
    for (size_t i = 0; i < request->problems.count; i++) {
        const struct finding *problem = &request->problems.items[i];
        add_text(out, problem->rule);
        add_text(out, problem->source);
        add_text(out, problem->found);
        add_text(out, problem->wanted);
        add_text(out, problem->text);
        add_text(out, problem->remedy);
    }
}

void csr_encode(const struct request *request, struct builder *ret_message)
{
    builder_add_u32(ret_message, CSR_WIRE_MAGIC);
    builder_add_u32(ret_message, (uint32_t)request->der.len);
    builder_add_bytes(ret_message, request->der);
    builder_add_u16(ret_message, flags_of(request));
    builder_add_u8(ret_message, (uint8_t)request->signature_kind);
    builder_add_u16(ret_message, request->key_usage);
    builder_add_u32(ret_message, (uint32_t)(request->path_len + 1));
    add_view(ret_message, request, request->subject);
    add_view(ret_message, request, request->spki);
    add_names(ret_message, request);
    add_extensions(ret_message, request);
    add_problems(ret_message, request);
}
