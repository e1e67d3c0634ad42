#include "base/encode.h"
#include "ca/home.h"
#include "cli/cli.h"
#include "cli/report.h"

static const struct command_help help = {
    .usage = "ledger verify [OPTIONS]",
    .text = "Reads the ledger from its first byte, trusting no index: canonical form, sequence, times, every "
            "checkpoint, every\n"
            "certificate against the bytes logged before it was signed. Exit 5 if anything is wrong.",
};

static void print_report(struct ledger_report *report)
{
    char root[129];
    printf("%llu records, %llu void lines, %llu checkpoints\n", (unsigned long long)report->records,
           (unsigned long long)report->voids, (unsigned long long)report->checkpoints);
    printf("%llu certificates issued, %llu unfinished, %llu abandoned, %llu revoked, %llu requests refused, "
           "%llu sessions\n",
           (unsigned long long)report->issued, (unsigned long long)report->unfinished,
           (unsigned long long)report->abandoned, (unsigned long long)report->revoked,
           (unsigned long long)report->refused, (unsigned long long)report->sessions);
    printf("root %s\n", hex_of(BYTES(report->root), root));
    for (size_t i = 0; i < report->findings.count; i++)
        printf("%s: %s\n", report->findings.items[i].rule, report->findings.items[i].text);
    if (report->findings.count == 0 && report->records_past_checkpoint == 0)
        printf("all of it holds, up to the newest checkpoint\n");
    else if (report->findings.count == 0)
        printf("all of it holds; %llu records are newer than the newest checkpoint\n",
               (unsigned long long)report->records_past_checkpoint);
    else
        printf("damaged; the last checkpoint that holds covers %llu records\n",
               (unsigned long long)report->last_good_checkpoint);
}

static void print_json(const struct ledger_report *report)
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
    json_put_int(json, "refused", (int64_t)report->refused);
    json_put_int(json, "sessions", (int64_t)report->sessions);
    json_put_hex(json, "root", BYTES(report->root));
    json_put_int(json, "records_past_checkpoint", (int64_t)report->records_past_checkpoint);
    json_put_int(json, "last_good_checkpoint", (int64_t)report->last_good_checkpoint);
    json_put_int(json, "first_bad_seq", report->first_bad_seq);
    struct json *findings = json_put_array(json, "findings");
    for (size_t i = 0; i < report->findings.count; i++) {
        struct json *entry = json_add_object(findings);
        json_put_text(entry, "rule", report->findings.items[i].rule);
        json_put_text(entry, "text", report->findings.items[i].text);
    }
    report_json(json);
}

int cli_ledger_verify(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(ledger_report_done) struct ledger_report report = {.records = 0};
    AUTO(ca_home_close) struct ca_home *home = NULL;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    AUTO(free) char *path = ca_home_path(options.home);
    // Not opened as a ledger: a damaged one is just what this command must be able to read.
    if (!ca_home_open_files(path, &home, err))
        return (int)err->kind;
    struct ledger_checks checks = ca_ledger_checks(home);
    if (!ledger_verify(home->fd, home->config.ledger_vkey, home->issuer != NULL ? &checks : NULL, &report,
                       err))
        return (int)err->kind;
    if (options.wants_json)
        print_json(&report);
    else
        print_report(&report);
    return report.findings.count == 0 ? EXIT_DONE : (int)ERROR_LEDGER;
}
