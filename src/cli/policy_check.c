/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "policy/policy.h"

static const struct command_help help = {
    .usage = "policy check NAME|FILE...",
    .text = "Lints policies: contradictions, rules that can never apply, dangerous openness. Exit 1 if "
            "anything was found.",
};

static size_t check_one(const struct policy *policy, const char *name, struct json *array, bool wants_json)
{
    AUTO(findings_done) struct findings findings = FINDINGS_INIT;
    policy_lint(policy, &findings);
    for (size_t i = 0; i < findings.count; i++) {
        struct json *entry = json_add_object(array);
        report_put(entry, "policy", name);
        json_put_text(entry, "rule", findings.items[i].rule);
        json_put_text(entry, "text", findings.items[i].text);
        json_put_text(entry, "remedy", findings.items[i].remedy);
        if (!wants_json)
            cli_print(stdout, "%s: %s%s%s\n", name, findings.items[i].text,
                      findings.items[i].remedy == NULL ? "" : "; ",
                      findings.items[i].remedy == NULL ? "" : findings.items[i].remedy);
    }
    if (findings.count == 0 && !wants_json)
        cli_print(stdout, "%s: no findings\n", name);
    return findings.count;
}

int cli_policy_check(int argc, char **argv, struct error *err)
{
    size_t found = 0;
    AUTO(options_done) struct options options = {.home = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count == 0) {
        (void)error_set(err, ERROR_USAGE, 0, "policy check needs names or files");
        return (int)err->kind;
    }
    AUTO(close) int home = cli_policy_home(&options);
    AUTO(json_free) struct json *array = json_new_array();
    for (size_t i = 0; i < options.arguments.count; i++) {
        AUTO(policy_free) struct policy *policy = NULL;
        if (!home_policy_find(home, options.arguments.items[i], &policy, err))
            return (int)err->kind;
        found += check_one(policy, options.arguments.items[i], array, options.wants_json);
    }
    if (options.wants_json)
        report_json(array);
    return found > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
