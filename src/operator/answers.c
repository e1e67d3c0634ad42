/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/answers.h"

#include "base/encode.h"
#include "base/memory.h"

#include <stdio.h>

struct answer {
    const struct plan_item *item; /**< of the plan that is carried out */
    struct builder pem;
};

static bool keep(struct output *output, size_t group, const struct plan_item *item, struct bytes certificate,
                 struct bytes proof, struct error *err)
{
    (void)group, (void)proof, (void)err;
    struct answers *answers = (struct answers *)output;
    answers->items = memory_grow(answers->items, answers->count + 1, sizeof(*answers->items));
    struct answer *answer = &answers->items[answers->count++];
    *answer = (struct answer){.item = item};
    encode_pem("CERTIFICATE", certificate, &answer->pem);
    return true;
}

struct answers answers_none(void)
{
    return (struct answers){.output = {.put = keep}};
}

void answers_done(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        builder_done(&answers->items[i].pem);
    free(answers->items);
}

/** NULL: it got no certificate */
static const char *find(const struct answers *answers, const struct plan_item *item)
{
    for (size_t i = 0; i < answers->count; i++) {
        if (answers->items[i].item == item)
            return builder_text(&answers->items[i].pem);
    }
    return NULL;
}

static void say_refused(const struct plan *plan, const struct plan_item *item)
{
    fprintf(stderr, "coldca: %s is refused by the policy %s\n", item->source, plan->policy_name);
    for (size_t i = 0; i < item->verdict->findings.count; i++) {
        const struct finding *finding = &item->verdict->findings.items[i];
        fprintf(stderr, "  %s\n", finding->text);
        if (finding->remedy != NULL)
            fprintf(stderr, "    to do: %s\n", finding->remedy);
    }
}

void answers_print(const struct answers *answers, const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        const char *pem = find(answers, &plan->items[i]);
        if (pem != NULL)
            fputs(pem, stdout); // main() checks stdout at the end
        if (plan->items[i].action == PLAN_REFUSE)
            say_refused(plan, &plan->items[i]);
    }
}

void answers_put(const struct answers *answers, const struct plan *plan, struct json *report)
{
    struct json *certificates = json_put_array(report, "certificates");
    for (size_t i = 0; i < plan->count; i++) {
        const char *pem = find(answers, &plan->items[i]);
        if (pem == NULL)
            continue;
        struct json *certificate = json_add_object(certificates);
        json_put_text(certificate, "request", plan->items[i].source);
        json_put_text(certificate, "pem", pem);
    }
}
