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

static const char *state_name(enum enroll_state state)
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
                           request == NULL ? "" : request->key_name, state_name(answer->state), why};
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

static void put_files(struct json *json, const struct enroll_answer *answer)
{
    AUTO(free) char *csr = memory_format("%s.csr", answer->name);
    AUTO(free) char *key = memory_format("%s.key", answer->name);
    if (answer->state != ENROLL_REFUSED)
        json_put_text(json, "csr_file", csr);
    if (answer->has_new_key)
        json_put_text(json, "key_file", key);
}

static void put_reasons(struct json *json, const struct verdict *verdict)
{
    struct json *reasons = json_put_array(json, "reasons");
    for (size_t i = 0; verdict != NULL && i < verdict->findings.count; i++) {
        const struct finding *finding = &verdict->findings.items[i];
        struct json *reason = json_add_object(reasons);
        json_put_text(reason, "rule", finding->rule);
        json_put_text(reason, "source", finding->source);
        json_put_text(reason, "found", finding->found);
        json_put_text(reason, "wanted", finding->wanted);
        json_put_text(reason, "text", finding->text);
        json_put_text(reason, "remedy", finding->remedy);
    }
}

static void put_request(struct json *json, const struct request *request)
{
    json_put_text(json, "subject", request->subject_text);
    struct json *sans = json_put_array(json, "sans");
    for (size_t i = 0; i < request->sans_count; i++) {
        AUTO(free)
        char *san = memory_format("%s:%s", san_kind_name(request->sans[i].kind), request->sans[i].text);
        json_add_text(sans, san);
    }
    json_put_text(json, "key", request->key_name);
    json_put_hex(json, "spki_sha256", BYTES(request->spki_sha256));
    json_put_hex(json, "csr_sha256", BYTES(request->sha256));
}

struct json *request_report_json(const struct request_answers *answers, const struct policy *policy,
                                 const char *folder, const char *csr_folder)
{
    struct quoted buffer;
    struct json *json = json_new_object();
    json_put_text(json, "policy", policy_name(policy));
    json_put_hex(json, "policy_sha256", bytes_of(policy_sha256(policy), 32));
    json_put_text(json, "folder", quoted_text(folder, &buffer));
    if (csr_folder != NULL)
        json_put_text(json, "csr_folder", quoted_text(csr_folder, &buffer));
    json_put_int(json, "made", (int64_t)request_answers_count(answers, ENROLL_MADE));
    json_put_int(json, "there_already", (int64_t)request_answers_count(answers, ENROLL_THERE));
    json_put_int(json, "refused", (int64_t)request_answers_count(answers, ENROLL_REFUSED));
    struct json *requests = json_put_array(json, "requests");
    for (size_t i = 0; i < answers->count; i++) {
        const struct enroll_answer *answer = &answers->items[i];
        struct json *entry = json_add_object(requests);
        json_put_text(entry, "name", answer->name);
        json_put_text(entry, "result", state_name(answer->state));
        put_files(entry, answer);
        if (answer->request != NULL)
            put_request(entry, answer->request);
        put_reasons(entry, answer->verdict);
    }
    return json;
}
