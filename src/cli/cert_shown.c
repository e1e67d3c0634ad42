/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cert_shown.h"

#include "cli/print.h"
#include "cli/report.h"

#include <stdlib.h>

void cert_shown_done(struct cert_shown *shown)
{
    ledger_entry_done(&shown->entry);
    builder_done(&shown->der);
    builder_done(&shown->words);
    builder_done(&shown->pem);
    findings_done(&shown->findings);
    free(shown->revoked);
}

static void print(struct cert_shown *shown)
{
    cli_print(stdout, "%s", builder_text(&shown->words));
    if (shown->status == NULL)
        cli_print(stdout, "status: unknown: no home was looked at (-C)\n");
    else if (shown->entry.signing_seq == UINT64_MAX)
        cli_print(stdout, "status: %s (from before this ledger: no record has it)\n", shown->status);
    else
        cli_print(stdout, "status: %s (records %llu and %llu)\n", shown->status,
                  (unsigned long long)shown->entry.signing_seq, (unsigned long long)shown->entry.issued_seq);
    if (shown->state != NULL)
        cli_print(stdout, "now: %s\n", shown->state);
    if (shown->revoked != NULL)
        cli_print(stdout, "revoked: %s\n", shown->revoked);
    for (size_t i = 0; i < shown->findings.count; i++) {
        const struct finding *finding = &shown->findings.items[i];
        cli_print(stdout, "lint: %s%s%s%s\n", finding->text, finding->source == NULL ? "" : " (",
                  finding->source == NULL ? "" : finding->source, finding->source == NULL ? "" : ")");
    }
    printf("%s", builder_text(&shown->pem));
}

static void report(struct cert_shown *shown)
{
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "serial", shown->entry.serial);
    json_put_text(json, "subject", shown->entry.subject);
    json_put_text(json, "status", shown->status);
    json_put_text(json, "state", shown->state);
    json_put_text(json, "revoked", shown->revoked);
    json_put_text(json, "policy", shown->entry.policy);
    if (shown->policy_seq >= 0)
        json_put_int(json, "policy_record", shown->policy_seq);
    json_put_text(json, "words", builder_text(&shown->words));
    json_put_text(json, "pem", builder_text(&shown->pem));
    struct json *lint = json_put_array(json, "lint");
    for (size_t i = 0; i < shown->findings.count; i++)
        json_add_text(lint, shown->findings.items[i].text);
    report_json(json);
}

void cert_shown_report(struct cert_shown *shown, bool wants_json)
{
    if (wants_json)
        report(shown);
    else
        print(shown);
}
