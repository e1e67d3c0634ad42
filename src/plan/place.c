/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/place.h"

#include "base/memory.h"
#include "home/certificate.h"

static void refuse_taken(struct output *output, struct plan_item *item, struct bytes certificate)
{
    if (output == NULL || output->is_taken == NULL || !output->is_taken(output, item->name, certificate))
        return;
    AUTO(free) char *text = memory_format("the output directory holds another %s already", item->name);
    plan_item_refuse(item, "output.exists", text, "name another --out, or move that file away");
}

void place_new(struct output *output, struct plan_item *item)
{
    refuse_taken(output, item, bytes_of(NULL, 0));
}

bool place_earlier(struct ledger *ledger, struct output *output, struct plan_item *item, struct error *err)
{
    AUTO(builder_done) struct builder certificate = BUILDER_INIT;
    if (!home_certificate_remake(ledger, &item->earlier, &certificate, err))
        return false;
    if (output != NULL && output->is_present != NULL &&
        output->is_present(output, item->name, builder_bytes(&certificate)))
        item->action = PLAN_PRESENT;
    else
        refuse_taken(output, item, builder_bytes(&certificate));
    return true;
}
