/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/request_report.h"

#include "base/memory.h"
#include "base/quote.h"

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
        json_put_text(entry, "result", request_state_name(answer->state));
        put_files(entry, answer);
        if (answer->request != NULL)
            put_request(entry, answer->request);
        put_reasons(entry, answer->verdict);
    }
    return json;
}
