/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_verify_report.h"

#include "base/encode.h"
#include "base/quote.h"
#include "cli/print.h"
#include "cli/report.h"

#include <string.h>

/** The index is rebuilt on demand, and a transcript lies elsewhere: what is wrong with them leaves the ledger as it is. */
static bool is_ledger_sound(const struct findings *findings)
{
    size_t i = 0;
    while (i < findings->count && (strcmp(findings->items[i].rule, "ledger.index") == 0 ||
                                   strcmp(findings->items[i].rule, "ledger.transcript") == 0))
        i++;
    return i == findings->count;
}

static void print_report(const struct ledger_report *report, const struct cli_memory *memory)
{
    char root[129];
    printf("%llu records, %llu void lines, %llu checkpoints\n", (unsigned long long)report->records,
           (unsigned long long)report->voids, (unsigned long long)report->checkpoints);
    printf("%llu certificates issued, %llu unfinished, %llu abandoned, %llu revoked, %llu requests refused, "
           "%llu sessions\n",
           (unsigned long long)report->issued, (unsigned long long)report->unfinished,
           (unsigned long long)report->abandoned, (unsigned long long)report->revoked,
           (unsigned long long)report->refused, (unsigned long long)report->sessions);
    if (report->crls > 0)
        printf("%llu CRLs rebuilt from the records before them\n", (unsigned long long)report->crls);
    if (report->emergencies > 0)
        printf("%llu acts by one person under the emergency rule: their records have emergency_reason\n",
               (unsigned long long)report->emergencies);
    printf("root %s\n", hex_of(BYTES(report->root), root));
    for (size_t i = 0; i < report->findings.count; i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT; // of a ledger that anyone may have written
        quote_guard(&text, bytes_of_text(report->findings.items[i].text));
        cli_print(stdout, "%s: %s\n", report->findings.items[i].rule, builder_text(&text));
    }
    if (report->findings.count == 0 && report->records_past_checkpoint == 0)
        printf("all of it holds, up to the newest checkpoint\n");
    else if (report->findings.count == 0)
        printf("all of it holds; %llu records are newer than the newest checkpoint\n",
               (unsigned long long)report->records_past_checkpoint);
    else if (is_ledger_sound(&report->findings))
        printf("the ledger itself holds\n");
    else
        printf("damaged; the last checkpoint that holds covers "
               "%llu records: keep this home as it is for "
               "whoever looks into it,\nput the newest copy that verifies in its place; docs/operations.md "
               "says who looks at what\n",
               (unsigned long long)report->last_good_checkpoint);
    cli_memory_print(memory);
}

static void print_json(const struct ledger_report *report, const struct cli_memory *memory,
                       const struct transcript_result *transcript)
{
    AUTO(json_free) struct json *json = json_new_object();
    json_put_bool(json, "ok", report->findings.count == 0);
    json_put_int(json, "records", (int64_t)report->records);
    json_put_int(json, "void_lines", (int64_t)report->voids);
    json_put_int(json, "checkpoints", (int64_t)report->checkpoints);
    json_put_int(json, "issued", (int64_t)report->issued);
    json_put_int(json, "unfinished", (int64_t)report->unfinished);
    json_put_int(json, "abandoned", (int64_t)report->abandoned);
    json_put_int(json, "revoked", (int64_t)report->revoked);
    json_put_int(json, "crls", (int64_t)report->crls);
    json_put_int(json, "emergencies", (int64_t)report->emergencies);
    json_put_int(json, "refused", (int64_t)report->refused);
    json_put_int(json, "sessions", (int64_t)report->sessions);
    json_put_hex(json, "root", BYTES(report->root));
    json_put_int(json, "records_past_checkpoint", (int64_t)report->records_past_checkpoint);
    json_put_int(json, "last_good_checkpoint", (int64_t)report->last_good_checkpoint);
    json_put_int(json, "first_bad_seq", report->first_bad_seq);
    cli_memory_json(memory, json);
    if (transcript != NULL)
        ledger_transcript_json(transcript, json);
    struct json *findings = json_put_array(json, "findings");
    for (size_t i = 0; i < report->findings.count; i++) {
        struct json *entry = json_add_object(findings);
        json_put_text(entry, "rule", report->findings.items[i].rule);
        json_put_text(entry, "text", report->findings.items[i].text);
    }
    report_json(json);
}

void ledger_verify_report(const struct ledger_report *report, const struct cli_memory *memory,
                          const struct transcript_result *transcript, bool wants_json)
{
    if (wants_json) {
        print_json(report, memory, transcript);
        return;
    }
    print_report(report, memory);
    if (transcript != NULL)
        ledger_transcript_print(transcript);
}
