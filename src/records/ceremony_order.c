/* SPDX-License-Identifier: Apache-2.0 */
#include "records/ceremony_order.h"

#include "base/memory.h"
#include "base/quote.h"
#include "records/revoked.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct run {
    char *name;
    uint8_t script_sha256[32];
    uint64_t next; /**< number of the next event */
    bool is_closed;
};

struct ceremony_order {
    struct run *runs;
    size_t count;
};

struct ceremony_order *ceremony_order_new(void)
{
    return memory_new(1, sizeof(struct ceremony_order));
}

void ceremony_order_free(struct ceremony_order *order)
{
    for (size_t i = 0; i < order->count; i++)
        free(order->runs[i].name);
    free(order->runs);
    free(order);
}

static struct run *run_of(struct ceremony_order *order, const struct record_ceremony *event)
{
    for (size_t i = order->count; i-- > 0;) {
        if (strcmp(order->runs[i].name, event->run) == 0)
            return &order->runs[i];
    }
    order->runs = memory_grow(order->runs, order->count + 1, sizeof(*order->runs));
    struct run *run = &order->runs[order->count++];
    *run = (struct run){.name = memory_text(event->run)};
    memcpy(run->script_sha256, event->script_sha256, sizeof(run->script_sha256));
    return run;
}

static bool say(struct findings *findings, const struct record_ceremony *event, const char *words)
{
    findings_say(findings, "ledger.ceremony", NULL, "event %" PRIu64 " of the ceremony %s: %s", event->number,
                 quoted_text(event->run, &(struct quoted){0}), words);
    return false;
}

static bool follows(struct run *run, const struct record_ceremony *event, struct findings *findings)
{
    uint64_t expected = run->next;
    bool was_closed = run->is_closed;
    run->next = event->number + 1; // so that one gap is said once
    run->is_closed |= event->event == CEREMONY_CLOSED;
    if (was_closed)
        return say(findings, event, "it follows the event that closed the ceremony");
    if (event->number != expected)
        return say(findings, event,
                   event->number > expected ? "events before it are missing"
                                            : "there is one of this number already");
    if ((event->event == CEREMONY_BEGUN) != (event->number == 0))
        return say(findings, event, "a ceremony begins with the event begun, and with no other");
    return memcmp(run->script_sha256, event->script_sha256, sizeof(run->script_sha256)) == 0 ||
           say(findings, event, "it is by another script than the events before it");
}

bool ceremony_order_take(struct ceremony_order *order, struct bytes text, struct findings *ret_findings)
{
    struct error ignored = ERROR_INIT; // one that is wrong by itself is said by its type's check
    AUTO(json_free) struct json *json = NULL;
    AUTO(record_ceremony_done) struct record_ceremony event = {.run = NULL};
    if (!revoked_is_type(text, RECORD_CEREMONY_STEP) || !json_parse(text, &json, &ignored) ||
        !record_ceremony_read(json, &event, &ignored))
        return true;
    return follows(run_of(order, &event), &event, ret_findings);
}
