/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/plan_report.h"

#include "base/encode.h"
#include "base/words.h"
#include "cli/print.h"
#include "cli/report.h"
#include "ui/ui.h"

#include <inttypes.h>

static void print_digest(const struct plan_file *file)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    words_hex_groups(BYTES(file->sha256), &text);
    builder_add_text(&text, "\n");
    words_of(BYTES(file->sha256), 8, &text);
    cli_print(stdout, "%s\n", builder_text(&text));
}

bool plan_report(const struct issue_run_options *run, const struct issue_outcome *outcome, bool wants_qr,
                 bool wants_json, struct error *err)
{
    char until[TIME_TEXT_SIZE];
    AUTO(builder_done) struct builder drawing = BUILDER_INIT;
    AUTO(builder_done) struct builder digest = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    const struct plan_file *file = &outcome->file;
    encode_hex(BYTES(file->sha256), &digest);
    if (wants_qr && !ui_qr(builder_bytes(&digest), &drawing, err))
        return false;
    if (wants_json) {
        AUTO(json_free) struct json *json = report_plan_json(outcome->plan);
        words_of(BYTES(file->sha256), SIZE_MAX, &words);
        report_put(json, "plan", run->plan_out);
        json_put_text(json, "plan_sha256", builder_text(&digest));
        json_put_text(json, "words", builder_text(&words));
        json_put_text(json, "not_after", time_format(file->header.not_after, until));
        report_json(json);
        return true;
    }
    report_plan(outcome->plan, true);
    cli_print(stdout, "\n%s: %" PRIu64 " to sign until %s, by as many people as the control asks for\n",
              run->plan_out, file->header.count, time_format(file->header.not_after, until));
    print_digest(file);
    cli_print(stdout, "%s", builder_text(&drawing));
    return true;
}
