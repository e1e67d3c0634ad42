/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's file, its header and approvals, from a stick: what is taken is what would be written, and its root is that of its items. */
#include "base/json_wire.h"
#include "fuzz.h"
#include "records/approval.h"
#include "records/plan_file.h"
#include "witness/approve.h"

#include <stdlib.h>
#include <string.h>

static void check_header(struct bytes data)
{
    AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!plan_header_read(data, &header, &err))
        return;
    plan_header_write(&header, &again);
    if (!bytes_equal(builder_bytes(&again), data))
        abort();
}

static void check_approval(struct bytes data)
{
    AUTO(approval_done) struct approval approval = {.origin = NULL};
    struct error err = ERROR_INIT;
    if (approval_read(data, &approval, &err) && (approval.origin == NULL || approval.act >= ACT_COUNT))
        abort();
}

static void check_control(struct bytes data)
{
    AUTO(json_free) struct json *json = NULL;
    AUTO(control_done) struct control control = {.people_count = 0};
    struct error err = ERROR_INIT;
    if (json_parse(data, &json, &err) && control_read(json, &control, &err) && !control_check(&control, &err))
        abort();
}

/** As a parser process that was taken over would send it. */
static void check_wire(struct bytes data)
{
    AUTO(json_free) struct json *json = NULL;
    AUTO(json_free) struct json *again = NULL;
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder same = BUILDER_INIT;
    struct error err = ERROR_INIT;
    if (!json_wire_read(data, &json, &err))
        return;
    json_wire_write(json, &message);
    if (!json_wire_read(builder_bytes(&message), &again, &err))
        abort();
    json_canonical(json, &text);
    json_canonical(again, &same);
    if (!bytes_equal(builder_bytes(&text), builder_bytes(&same)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    AUTO(builder_done) struct builder answer = BUILDER_INIT;
    struct error err = ERROR_INIT;
    struct bytes input = bytes_of(data, len);
    check_header(input);
    check_approval(input);
    check_control(input);
    check_wire(input);
    approve_parse(input, &answer);
    if (!plan_file_read(input, &file, &err))
        return 0;
    struct tree_hash root;
    whole_tree_root(file.tree, &root);
    if (memcmp(root.bytes, file.header.root.bytes, sizeof(root.bytes)) != 0 ||
        json_count(file.items) != file.header.count)
        abort();
    for (size_t i = 0; i < file.header.count; i++) {
        AUTO(json_free) struct json *planned = plan_file_planned(&file, i);
        if (json_text(planned, "type") == NULL || json_get(planned, "plan_index") == NULL)
            abort();
    }
    return 0;
}
