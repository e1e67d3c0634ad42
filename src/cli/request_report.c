/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/request_report.h"

#include "base/memory.h"
#include "base/quote.h"
#include "ui/ui.h"

void request_answers_done(struct request_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        enroll_answer_done(&answers->items[i]);
    free(answers->items);
    *answers = (struct request_answers){.items = NULL};
}

size_t request_answers_count(const struct request_answers *answers, enum enroll_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < answers->count; i++)
        count += answers->items[i].state == state ? 1 : 0;
    return count;
}

const char *request_state_name(enum enroll_state state)
{
    return state == ENROLL_MADE ? "made" : state == ENROLL_REFUSED ? "refused" : "there already";
}

static char *reasons_of(const struct enroll_answer *answer)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    for (size_t i = 0; answer->verdict != NULL && i < answer->verdict->findings.count; i++)
        builder_format(&text, "%s%s", i == 0 ? "" : "\n", answer->verdict->findings.items[i].text);
    return builder_take_text(&text);
}

static void add_row(struct ui_table *table, const struct enroll_answer *answer)
{
    AUTO(free) char *file = memory_format("%s.csr", answer->name);
    AUTO(free) char *why = reasons_of(answer);
    const struct request *request = answer->request;
    const char *cells[] = {file, request == NULL ? "" : request->subject_text,
                           request == NULL ? "" : request->key_name, request_state_name(answer->state), why};
    ui_table_row(table, cells, answer->state == ENROLL_REFUSED ? "red" : "green");
}

void request_report(const struct request_answers *answers, const char *folder, const char *csr_folder)
{
    static const char *const headings[] = {"request", "subject", "key", "result", "reasons"};
    struct quoted buffer;
    size_t made = request_answers_count(answers, ENROLL_MADE);
    size_t there = request_answers_count(answers, ENROLL_THERE);
    size_t refused = request_answers_count(answers, ENROLL_REFUSED);
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    for (size_t i = 0; i < answers->count; i++)
        add_row(table, &answers->items[i]);
    ui_table_print(table);
    printf("%zu request%s: %zu made in %s", answers->count, answers->count == 1 ? "" : "s", made,
           quoted_text(csr_folder == NULL ? folder : csr_folder, &buffer));
    if (there > 0)
        printf(", %zu there already", there);
    if (refused > 0)
        printf(", %zu refused by the policy and not written", refused);
    printf("\nNAME.csr goes to the CA; NAME.key is secret and stays with whoever uses the certificate%s%s\n",
           csr_folder == NULL ? "" : ": the keys are in ",
           csr_folder == NULL ? "" : quoted_text(folder, &buffer));
}
