/* SPDX-License-Identifier: Apache-2.0 */
#include "der_faults.h"

#include <stdio.h>

struct plan {
    enum der_fault fault;
    size_t index; /**< of the element it is planted in */
    size_t seen;
};

static bool is_der(struct bytes content)
{
    uint8_t tag = 0;
    struct bytes inner;
    bool is_whole = content.len > 0;
    while (is_whole && content.len > 0)
        is_whole = der_take_any(&content, &tag, &inner, NULL);
    return is_whole;
}

static bool holds_elements(uint8_t tag, struct bytes content)
{
    return ((tag & 0x20) != 0 || tag == DER_OCTET_STRING) && is_der(content);
}

static void damage(enum der_fault fault, uint8_t tag, struct bytes content, struct builder *out)
{
    static const uint8_t null[] = {DER_NULL, 0};
    AUTO(builder_done) struct builder changed = BUILDER_INIT;
    builder_add_bytes(&changed, content);
    switch (fault) {
    case DER_LEFT_OUT:
        return;
    case DER_TWICE:
        der_add(out, tag, content);
        break;
    case DER_EMPTY:
        changed.len = 0;
        break;
    case DER_RETAGGED:
        tag ^= 1;
        break;
    case DER_LONGER:
        builder_add_bytes(&changed, holds_elements(tag, content) ? BYTES(null) : bytes_of(null, 1));
        break;
    case DER_BYTE_LONGER:
        builder_add_bytes(&changed, holds_elements(tag, content) ? bytes_of(null, 1) : bytes_of("\x80", 1));
        break;
    default:
        changed.len -= changed.len > 0 ? 1 : 0;
        break;
    }
    der_add(out, tag, builder_bytes(&changed));
}

static void copy(struct plan *plan, struct bytes elements, struct builder *out)
{
    while (elements.len > 0) {
        uint8_t tag = 0;
        struct bytes content;
        if (!der_take_any(&elements, &tag, &content, NULL))
            return;
        AUTO(builder_done) struct builder inner = BUILDER_INIT;
        bool is_place = plan->seen++ == plan->index;
        if (is_place) {
            damage(plan->fault, tag, content, out);
            continue;
        }
        if (holds_elements(tag, content))
            copy(plan, content, &inner);
        else
            builder_add_bytes(&inner, content);
        der_add(out, tag, builder_bytes(&inner));
    }
}

bool der_fault_plant(struct bytes der, enum der_fault fault, size_t index, struct builder *ret_der)
{
    struct plan plan = {.fault = fault, .index = index};
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    copy(&plan, der, &out);
    builder_add_bytes(ret_der, builder_bytes(&out));
    return !bytes_equal(builder_bytes(&out), der);
}

size_t der_fault_places(struct bytes der)
{
    struct plan plan = {.index = SIZE_MAX};
    AUTO(builder_done) struct builder out = BUILDER_INIT;
    copy(&plan, der, &out);
    return plan.seen;
}

const char *der_fault_text(enum der_fault fault, size_t index)
{
    static const char *const words[] = {"left out", "twice",         "empty",  "retagged",
                                        "longer",   "a byte longer", "shorter"};
    static char text[64];
    (void)snprintf(text, sizeof(text), "element %zu %s", index, words[fault]);
    return text;
}
