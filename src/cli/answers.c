#include "cli/answers.h"

#include "base/encode.h"
#include "base/memory.h"

#include <stdio.h>

void answers_begin(struct answers *answers, const struct plan *plan)
{
    *answers = (struct answers){.plan = plan, .pems = memory_new(plan->count, sizeof(*answers->pems))};
}

void answers_done(struct answers *answers)
{
    for (size_t i = 0; answers->pems != NULL && i < answers->plan->count; i++)
        builder_done(&answers->pems[i]);
    free(answers->pems);
}

bool answers_keep(void *data, size_t group, const struct plan_item *item, struct bytes certificate,
                  struct bytes proof, struct error *err)
{
    (void)group, (void)proof, (void)err;
    struct answers *answers = data;
    encode_pem("CERTIFICATE", certificate, &answers->pems[item - answers->plan->items]);
    return true;
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

void answers_print(const struct answers *answers)
{
    for (size_t i = 0; i < answers->plan->count; i++) {
        if (answers->pems[i].len > 0)
            fputs(builder_text(&answers->pems[i]), stdout); // main() checks stdout at the end
        if (answers->plan->items[i].action == PLAN_REFUSE)
            say_refused(answers->plan, &answers->plan->items[i]);
    }
}

void answers_put(const struct answers *answers, struct json *report)
{
    struct json *certificates = json_put_array(report, "certificates");
    for (size_t i = 0; i < answers->plan->count; i++) {
        if (answers->pems[i].len == 0)
            continue;
        struct json *certificate = json_add_object(certificates);
        json_put_text(certificate, "request", answers->plan->items[i].source);
        json_put_text(certificate, "pem", builder_text(&answers->pems[i]));
    }
}
