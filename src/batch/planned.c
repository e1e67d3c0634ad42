/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/planned.h"

#include "base/digest.h"
#include "base/memory.h"

#include <string.h>

#define NAMED_MAX 5 /* of what is absent */

void batch_planned_done(struct batch_planned *planned)
{
    if (planned->plan != NULL)
        plan_free(planned->plan);
    planned->plan = NULL;
    admitted_done(&planned->admitted);
}

bool batch_planned_admit(const struct home *home, const struct plan_given *given, int64_t now,
                         struct batch_planned *planned, struct error *err)
{
    const struct plan_header *header = &planned->admitted.file.header;
    return plan_admit(home, given, now, &planned->admitted, err) &&
           (header->policy != NULL ||
            error_set(err, ERROR_INPUT, 0, "it is a plan of %s, not of certificates",
                      act_words(header->act)));
}

/** The whole plan, by the digests of its requests' files. */
struct lookup {
    const struct batch_planned *planned;
    struct plan *whole;
    struct plan_item **by_digest; /**< sorted; items that were taken have no name any more */
};

static int compare_digests(const void *a, const void *b)
{
    const struct plan_item *const *one = a;
    const struct plan_item *const *other = b;
    int order = memcmp((*one)->input_sha256, (*other)->input_sha256, sizeof((*one)->input_sha256));
    return order != 0 ? order : (*one < *other ? -1 : *one > *other); // in the plan's order
}

static void lookup_done(struct lookup *lookup)
{
    free(lookup->by_digest);
    if (lookup->whole != NULL)
        plan_free(lookup->whole);
}
DEFINE_AUTO_VALUE(struct lookup, lookup_done);

static bool open_lookup(const struct home *home, const struct batch_planned *planned, struct redraw *redraw,
                        struct output *output, int64_t now, struct lookup *lookup, struct error *err)
{
    lookup->planned = planned;
    if (!plan_of_admitted(home, &planned->admitted, redraw, output, now, &lookup->whole, err))
        return false;
    lookup->by_digest = memory_new(lookup->whole->count, sizeof(*lookup->by_digest));
    for (size_t i = 0; i < lookup->whole->count; i++)
        lookup->by_digest[i] = &lookup->whole->items[i];
    qsort(lookup->by_digest, lookup->whole->count, sizeof(*lookup->by_digest), compare_digests);
    return true;
}

/** The first of those with this digest. */
static size_t find(const struct lookup *lookup, const uint8_t digest[static 32])
{
    size_t low = 0;
    size_t high = lookup->whole->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(lookup->by_digest[middle]->input_sha256, digest, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/** Whether an item is one of the file an output's name was made of: a file with several requests numbers them. */
static bool is_named_like(const struct plan_item *item, const char *name)
{
    size_t len = strlen(name);
    const char *rest = item->name + (strncmp(item->name, name, len) == 0 ? len : 0);
    return rest != item->name && (*rest == '\0' || (*rest == '-' && rest[1] != '\0' &&
                                                    strspn(rest + 1, "0123456789") == strlen(rest + 1)));
}

static struct plan_item *add(struct plan *plan)
{
    if (plan->count == plan->capacity) {
        plan->capacity = plan->capacity == 0 ? 256 : 2 * plan->capacity;
        plan->items = memory_grow(plan->items, plan->capacity, sizeof(*plan->items));
    }
    struct plan_item *item = &plan->items[plan->count++];
    *item = (struct plan_item){.action = PLAN_REFUSE};
    return item;
}

/** Moves what the plan has for a file to the plan of the medium. \param name  NULL: whatever it is called \return how many */
static size_t take(struct lookup *lookup, const uint8_t digest[static 32], const char *name,
                   struct plan *plan)
{
    size_t count = 0;
    for (size_t i = find(lookup, digest); i < lookup->whole->count; i++) {
        struct plan_item *item = lookup->by_digest[i];
        if (memcmp(item->input_sha256, digest, 32) != 0)
            break;
        if (item->name == NULL || (name != NULL && !is_named_like(item, name)))
            continue;
        *add(plan) = *item;
        *item = (struct plan_item){.action = PLAN_SKIP};
        memcpy(item->input_sha256, digest, 32); // by which it is sorted
        item->verdict = memory_new(1, sizeof(*item->verdict));
        count++;
    }
    return count;
}

/** Why it was not planned, if the plan says: for people, it is not part of what they approved. */
static const char *refused_then(const struct lookup *lookup, const char *source)
{
    const struct json *refused = lookup->planned->admitted.file.refused;
    for (size_t i = 0; refused != NULL && i < json_count(refused); i++) {
        const char *found = json_text(json_at(refused, i), "source");
        if (found != NULL && strcmp(found, source) == 0)
            return json_text(json_at(refused, i), "reasons");
    }
    return NULL;
}

static bool is_in_plan(const struct lookup *lookup, const char *name)
{
    for (size_t i = 0; i < lookup->whole->count; i++) {
        const struct plan_item *item = &lookup->whole->items[i];
        if (item->name != NULL && is_named_like(item, name))
            return true;
    }
    return false;
}

static void refuse(const struct lookup *lookup, struct plan_input *input, struct plan *plan)
{
    AUTO(free) char *text = NULL;
    const char *then = refused_then(lookup, input->source);
    struct plan_item *item = add(plan);
    item->source = TAKE(input->source);
    item->name = TAKE(input->name);
    if (input->problem != NULL) {
        plan_item_refuse(item, input->rule != NULL ? input->rule : "request.input", input->problem,
                         input->remedy);
        return;
    }
    if (is_in_plan(lookup, item->name))
        text = memory_text("it is not the request that was planned: its file changed since");
    else if (then != NULL)
        text = memory_format("the plan does not hold it, it was refused when the plan was made: %s", then);
    else
        text = memory_text("the plan does not hold it");
    plan_item_refuse(item, "plan.request", text,
                     "have a new plan made of it and approved: `coldca plan`, `coldca approve`");
}

static void tell_absent(const struct lookup *lookup, struct batch_planned *planned)
{
    AUTO(builder_done) struct builder names = BUILDER_INIT;
    for (size_t i = 0; i < lookup->whole->count; i++) {
        const struct plan_item *item = &lookup->whole->items[i];
        if (item->name == NULL || item->action != PLAN_SIGN)
            continue;
        if (planned->absent++ < NAMED_MAX)
            builder_format(&names, "%s%s", names.len == 0 ? "" : ", ", item->source);
    }
    if (planned->absent > 0)
        findings_say(&planned->plan->warnings, "plan.absent", NULL,
                     "%zu certificate%s of the plan %s not made, as their requests are not on this medium: "
                     "%s%s",
                     planned->absent, planned->absent == 1 ? "" : "s", planned->absent == 1 ? "is" : "are",
                     builder_text(&names), planned->absent > NAMED_MAX ? ", ..." : "");
}

bool batch_planned_make(const struct home *home, const struct batch_planned_requests *requests,
                        struct redraw *redraw, struct output *output, int64_t now,
                        struct batch_planned *planned, struct error *err)
{
    AUTO(lookup_done) struct lookup lookup = {.whole = NULL};
    if (!open_lookup(home, planned, redraw, output, now, &lookup, err))
        return false;
    struct plan *plan = planned->plan =
        plan_new_of(lookup.whole->policy_name, lookup.whole->policy_sha256, lookup.whole->act);
    plan->admitted = &planned->admitted;
    plan->made_at = now;
    plan->wants_proofs = lookup.whole->wants_proofs;
    memcpy(plan->sha256, lookup.whole->sha256, sizeof(plan->sha256));
    for (size_t i = 0; i < requests->count; i++) {
        struct plan_input input = {.source = NULL};
        uint8_t digest[32];
        if (!requests->input(requests->data, i, &input, err))
            return false;
        digest_sha256(bytes_of(input.data, input.len), digest);
        // By its name first: of two copies each has its own place.
        if (input.problem != NULL ||
            (take(&lookup, digest, input.name, plan) == 0 && take(&lookup, digest, NULL, plan) == 0))
            refuse(&lookup, &input, plan);
        plan_input_done(&input);
    }
    tell_absent(&lookup, planned);
    return true;
}
