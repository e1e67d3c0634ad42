/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/report.h"
#include "cli/request_report.h"
#include "cli/request_run.h"

#include "base/memory.h"

static const struct command_help help = {
    .usage = "request --policy NAME [OPTIONS]",
    .text =
        "Makes a key and a request that match a policy: NAME.key (mode 0600, secret) and NAME.csr "
        "(for\n"
        "the CA). Needs no token. The finished request is evaluated against the policy; what it would refuse "
        "is not\n"
        "written. Many at once: --list (one id per line, the CN) or --csv (a header row: cn, san, subject, "
        "name and\n"
        "the policy's variables); run it again after an interruption and only what is missing is made.\n"
        "--csr-out puts the requests, and nothing secret, on the medium that goes to the CA.",
    .example = "  coldca request --policy mqtt-server --cn broker.example --san ip:127.0.0.1\n"
               "  coldca request --policy mqtt-device --set domain=iot.example --list ids.txt --out keys \\\n"
               "    --csr-out media/requests",
};

static bool make_all(struct request_run *run, const struct console *console, struct request_answers *answers,
                     struct error *err)
{
    answers->items = memory_new(run->orders.count, sizeof(*answers->items));
    while (answers->count < run->orders.count) {
        const struct enroll_order *order = &run->orders.items[answers->count];
        if (!console->may_go_on(console->data))
            return error_set(err, ERROR_INTERRUPTED, 0, "stopped after %zu of %zu requests; run it again",
                             answers->count, run->orders.count);
        if (!enroll_one(&run->enroll, order, &answers->items[answers->count], err))
            return order->line == 0 ? false : error_while(err, "making the request of line %zu", order->line);
        answers->count++;
        if (run->orders.count > 1)
            console->progress(console->data, "making requests", answers->count, run->orders.count);
    }
    return true;
}

int cli_request(int argc, char **argv, struct error *err)
{
    AUTO(request_run_done) struct request_run run = REQUEST_RUN_INIT;
    AUTO(request_answers_done) struct request_answers answers = {.items = NULL};
    const struct option_row rows[] = {
        {"policy", 'p', OPTION_TEXT, "NAME", "policy to follow", &run.policy_name},
        {"set", 's', OPTION_LIST, "NAME=VALUE", "a variable of the policy", &run.settings},
        {"cn", 0, OPTION_TEXT, "NAME", "common name: the device id, the host", &run.cn},
        {"subject", 0, OPTION_TEXT, "\"C=..,O=..\"", "further subject attributes, most significant first",
         &run.subject},
        {"san", 0, OPTION_LIST, "TYPE:VALUE",
         "subject alternative name: dns:, ip:, uri: or email:", &run.sans},
        {"name", 0, OPTION_TEXT, "NAME", "base name of the files (default: the CN)", &run.name},
        {"key", 0, OPTION_TEXT, "KIND", "ec-p256, ed25519, rsa-3072, ... (default: the policy's first)",
         &run.key_name},
        {"key-file", 0, OPTION_TEXT, "FILE", "use this private key instead of a new one", &run.key_file},
        {"encrypt", 0, OPTION_FLAG, NULL, "encrypt keys with a passphrase, which is asked for",
         &run.wants_encryption},
        {"passphrase-source", 0, OPTION_SOURCE, "SOURCE",
         "where the passphrase is: file:PATH, fd:N or env:NAME", &run.passphrase_source},
        {"list", 0, OPTION_TEXT, "FILE", "many: one id per line", &run.list},
        {"csv", 0, OPTION_TEXT, "FILE", "many: a table with a header row", &run.csv},
        {"out", 'o', OPTION_TEXT, "DIR", "directory for the files (default: the current one)", &run.folder},
        {"csr-out", 0, OPTION_TEXT, "DIR",
         "directory for the requests alone, on the medium: the keys stay in --out", &run.csr_folder},
        {"force", 0, OPTION_FLAG, NULL, "write also what the policy would refuse", &run.is_forced},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &run.options, err))
        return (int)err->kind;
    if (cli_is_help(&run.options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&run.options);
    bool done = request_run_prepare(&run, err) && make_all(&run, &console, &answers, err);
    if (answers.count > 0 && run.options.wants_json) {
        AUTO(json_free)
        struct json *json = request_report_json(&answers, run.policy, run.folder, run.csr_folder);
        report_json(json);
    } else if (answers.count > 0) {
        request_report(&answers, run.folder, run.csr_folder);
    }
    if (!done)
        return (int)err->kind;
    return request_answers_count(&answers, ENROLL_REFUSED) > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
