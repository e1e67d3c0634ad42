/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/init_report.h"

#include "base/encode.h"
#include "base/memory.h"
#include "cli/print.h"
#include "cli/report.h"
#include "ui/ui.h"

static struct json *result_json(const struct init_result *result)
{
    char not_after[TIME_TEXT_SIZE];
    struct json *json = json_new_object();
    report_put(json, "home", result->path);
    json_put_text(json, "origin", result->origin);
    json_put_text(json, "ledger_vkey", result->vkey);
    json_put_text(json, "ca_key", result->ca_key);
    json_put_text(json, "ledger_key", result->ledger_key);
    if (result->csr_path != NULL)
        report_put(json, "csr", result->csr_path);
    if (result->csr_path == NULL) {
        json_put_text(json, "subject", result->subject);
        json_put_hex(json, "certificate_sha256", BYTES(result->certificate_sha256));
        json_put_text(json, "not_after", time_format(result->not_after, not_after));
    }
    return json;
}

static void print_result(const struct init_result *result)
{
    char digest[129];
    char not_after[TIME_TEXT_SIZE];
    cli_print(stdout, "%-14s %s\n", "home", result->path);
    cli_print(stdout, "%-14s %s\n", "CA key", result->ca_key);
    cli_print(stdout, "%-14s %s\n", "ledger key", result->ledger_key);
    cli_print(stdout, "%-14s %s\n", "ledger vkey", result->vkey);
    if (result->csr_path != NULL) {
        cli_print(stdout, "%-14s %s\n", "request", result->csr_path);
        if (ui_says_next())
            cli_print(
                stdout,
                "\nbring it to the parent CA, then: coldca -C %s init --certificate FILE [--chain FILE]\n",
                result->path);
        return;
    }
    cli_print(stdout, "%-14s %s\n", "subject", result->subject);
    cli_print(stdout, "%-14s %s\n", "valid until", time_format(result->not_after, not_after));
    cli_print(stdout, "%-14s %s\n", "SHA-256", hex_of(BYTES(result->certificate_sha256), digest));
    cli_print(stdout, "\nkeep the vkey where an auditor finds it: it is what checks the ledger.");
    if (ui_says_next())
        cli_print(stdout, " Next: coldca -C %s policy list", result->path);
    cli_print(stdout, "\n");
}

void init_report(const struct init_result *result, bool wants_json)
{
    if (!wants_json) {
        print_result(result);
        return;
    }
    AUTO(json_free) struct json *json = result_json(result);
    report_json(json);
}
