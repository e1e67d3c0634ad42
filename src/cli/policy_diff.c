/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/report.h"
#include "inspect/policies.h"

static const struct command_help help = {
    .usage = "policy diff NAME|FILE",
    .text = "Shows what changed in a policy since its text was approved, line by line as diff -u does. "
            "Exit 1 if anything did.",
};

struct json *cli_policy_change_json(const struct policy_change *change)
{
    struct builder diff = BUILDER_INIT;
    struct json *json = json_new_object();
    json_put_text(json, "policy", policy_name(change->policy));
    json_put_hex(json, "sha256", bytes_of(policy_sha256(change->policy), 32));
    json_put_text(json, "approved_sha256",
                  change->approved != NULL ? json_text(change->approved, "sha256") : NULL);
    if (change->approved != NULL)
        json_put_int(json, "approved", change->approved_seq);
    builder_add_bytes(&diff, builder_bytes(&change->diff));
    json_put_text(json, "diff", builder_text(&diff));
    builder_done(&diff);
    return json;
}

static void print(struct policy_change *change, const struct console *console)
{
    struct quoted room;
    if (change->approved == NULL)
        console_notice(console, "the policy %s was never approved: all of it is new",
                       quoted_text(policy_name(change->policy), &room));
    cli_print(stdout, "%s", builder_text(&change->diff));
}

int cli_policy_diff(int argc, char **argv, struct error *err)
{
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(home_close) struct home *home = NULL;
    AUTO(policy_change_done) struct policy_change change = {.policy = NULL};
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "policy diff needs one policy; `coldca policy list` shows them");
        return (int)err->kind;
    }
    struct console console = cli_console(&options);
    AUTO(free) char *path = home_path(options.home);
    if (!home_open(path, HOME_LOOK, &console, &home, err) ||
        !policy_change_read(home, options.arguments.items[0], &change, err))
        return (int)err->kind;
    if (options.wants_json) {
        AUTO(json_free) struct json *json = cli_policy_change_json(&change);
        report_json(json);
    } else {
        print(&change, &console);
    }
    return change.diff.len > 0 ? EXIT_SOME_REFUSED : EXIT_DONE;
}
