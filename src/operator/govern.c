/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/govern.h"
#include "operator/operator.h"

#include "base/memory.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"

#include <inttypes.h>

static void report(const struct govern_options *govern, const struct govern_result *result, bool wants_json)
{
    if (wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        json_put_int(json, "done", (int64_t)result->done);
        if (result->is_planned)
            json_put_hex(json, "plan_sha256", BYTES(result->plan_sha256));
        if (govern->plan_out != NULL)
            report_put(json, "plan", govern->plan_out);
        report_json(json);
    } else if (govern->plan_out != NULL) {
        cli_print(stdout, "%s: to be approved with `coldca approve`\n", govern->plan_out);
        cli_print_plan_digest(result->plan_sha256);
    } else if (result->done == 0) {
        cli_print(stdout, "nothing to do\n");
    } else {
        cli_print(stdout, "%s: %" PRIu64 " recorded\n", act_words(govern->act), result->done);
    }
}

int operator_govern(struct govern_options *govern, struct given *given, const char *valid_for,
                    struct options *options, struct error *err)
{
    struct govern_result result = {.done = 0};
    struct console console = cli_console(options);
    AUTO(free) char *path = home_path(options->home);
    govern->home = path;
    govern->pin_source = options->pin_source;
    if (!given_read(given, &govern->given, err) || !given_duration(valid_for, &govern->valid_for, err) ||
        !govern_run(govern, &console, &result, err))
        return (int)err->kind;
    report(govern, &result, options->wants_json);
    return EXIT_DONE;
}
