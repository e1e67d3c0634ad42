/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include "base/encode.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "policy/policy.h"

static const struct command_help help = {
    .usage = "policy show NAME",
    .text = "Shows a policy in words, rule by rule. With --json also the file's own text.",
};

int cli_policy_show(int argc, char **argv, struct error *err)
{
    char digest[129];
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(policy_free) struct policy *policy = NULL;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(free) char *file = NULL;
    if (!options_parse(argc, argv, NULL, 0, &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, NULL, 0))
        return EXIT_DONE;
    if (options.arguments.count != 1) {
        (void)error_set(err, ERROR_USAGE, 0, "policy show needs one name; `coldca policy list` shows them");
        return (int)err->kind;
    }
    AUTO(close) int home = cli_policy_home(&options);
    if (!home_policy_read(home, options.arguments.items[0], &text, &file, err) ||
        !policy_load(builder_bytes(&text), file, &policy, err))
        return (int)err->kind;
    policy_describe(policy, &words);
    if (options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_text(json, "policy", policy_name(policy));
        json_put_hex(json, "sha256", bytes_of(policy_sha256(policy), 32));
        json_put_text(json, "words", builder_text(&words));
        json_put_text(json, "yaml", builder_text(&text));
        report_json(json);
    } else {
        cli_print(stdout, "%s\nsha256 %s\n", builder_text(&words),
                  hex_of(bytes_of(policy_sha256(policy), 32), digest));
    }
    return EXIT_DONE;
}
