/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/operator.h"
#include "status/policies.h"

#include "cli/policy.h"
#include "cli/print.h"
#include "cli/report.h"
#include "operator/govern.h"

static const struct command_help help = {
    .usage = "policy approve NAME|FILE [--yes] [OPTIONS]\n"
             "       coldca policy approve NAME... --plan-out PLAN\n"
             "       coldca policy approve --plan PLAN --approval FILE...",
    .text = "Records in the ledger that a policy may be used as it is now, with its whole text. Shows what "
            "changed since it was\napproved last, or all of a new one, and asks. Where several people "
            "approve policies it takes a plan.",
    .example = "  coldca -C ca policy diff mqtt-device\n  coldca -C ca policy approve mqtt-device",
};

struct questions {
    const struct console *console;
    bool is_yes;
};

static bool ask(void *data, const struct policy_change *change, struct error *err)
{
    const struct questions *questions = data;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    bool is_yes = questions->is_yes;
    if (!is_yes && questions->console->confirm == NULL)
        return error_set(err, ERROR_USAGE, 0, "there is no terminal to ask at: a script says --yes");
    if (change->approved == NULL)
        policy_describe(change->policy, &words);
    else
        builder_add_bytes(&words, builder_bytes(&change->diff));
    cli_print(stderr, "%s", builder_text(&words));
    if (!is_yes && !questions->console->confirm(questions->console->data, "approve it?", &is_yes, err))
        return false;
    return is_yes || error_set(err, ERROR_INTERRUPTED, 0, "nothing was approved");
}

int operator_policy_approve(int argc, char **argv, struct error *err)
{
    struct questions questions = {.is_yes = false};
    uint64_t seq = 0;
    const char *valid_for = "7d";
    AUTO(given_done) struct given given = {.plan = NULL};
    struct govern_options govern = {.command = "policy approve", .act = ACT_POLICY};
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(policy_change_done) struct policy_change change = {.policy = NULL};
    const struct option_row rows[] = {
        {"yes", 'y', OPTION_FLAG, NULL, "do not ask", &questions.is_yes},
        PLANNED_ROWS(&given, &govern.plan_out, &valid_for),
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    const struct plan_given *none = NULL;
    if (given.plan == NULL && !given_read(&given, &none, err)) // approvals of nothing
        return (int)err->kind;
    govern.policies = options.arguments.items;
    govern.policies_count = options.arguments.count;
    if (options.arguments.count > 0 ? govern.plan_out != NULL && given.plan == NULL : given.plan != NULL)
        return operator_govern(&govern, &given, valid_for, &options, err);
    if (options.arguments.count != 1 || given.plan != NULL) {
        (void)error_set(err, ERROR_USAGE, 0,
                        "policy approve needs one policy; `coldca policy list` shows them");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    questions.console = &console;
    const struct policy_approve_options approve = {.home = path,
                                                   .policy = options.arguments.items[0],
                                                   .pin_source = options.pin_source,
                                                   .decide = ask,
                                                   .data = &questions};
    if (!policy_approve(&approve, &console, &change, &seq, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = cli_policy_change_json(&change);
        json_put_int(json, "record", (int64_t)seq);
        report_json(json);
    } else {
        cli_print(stdout, "the policy %s %s (record %llu)\n", policy_name(change.policy),
                  change.diff.len > 0 ? "is approved" : "was approved as it is", (unsigned long long)seq);
    }
    return EXIT_DONE;
}
