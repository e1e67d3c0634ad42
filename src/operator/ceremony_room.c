/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print.h"
#include "cli/report.h"
#include "operator/ceremony.h"
#include "ui/ui.h"

#include <stdio.h>

static void say(void *data, const char *text)
{
    (void)data;
    cli_print(stderr, "%s", text);
}

static bool ask(void *data, const struct room_question *question, struct builder *ret_answer,
                struct error *err)
{
    (void)data;
    return ui_ask_line(question->prompt, ret_answer, err);
}

struct ceremony_room operator_ceremony_room(void)
{
    return (struct ceremony_room){.say = say, .ask = ask};
}

void operator_ceremony_report(const struct ceremony_script *script, const struct ceremony_outcome *outcome,
                              bool wants_json)
{
    AUTO(json_free) struct json *json = json_new_object();
    if (!wants_json) {
        cli_print(stdout, "%s: %u of %u steps done, %u deviations\ntranscript: %s\n", script->id,
                  outcome->steps_done, script->step_count, outcome->deviations, outcome->transcript);
        return;
    }
    json_put_text(json, "ceremony", script->id);
    json_put_int(json, "steps", script->step_count);
    json_put_int(json, "steps_done", outcome->steps_done);
    json_put_int(json, "deviations", outcome->deviations);
    json_put_bool(json, "closed", outcome->is_closed);
    json_put_bool(json, "under_checkpoint", outcome->is_under_checkpoint);
    report_put(json, "transcript", outcome->transcript);
    json_put_hex(json, "transcript_sha256", BYTES(outcome->sha256));
    report_json(json);
}
