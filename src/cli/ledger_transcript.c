/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ledger_transcript.h"

#include "base/file.h"
#include "base/quote.h"
#include "cli/print.h"
#include "ui/ui.h"

#include <fcntl.h>
#include <string.h>

#define TRANSCRIPT_MAX_LEN (64u * 1024 * 1024)

bool ledger_check_transcript(struct home *home, const char *path, struct ledger_report *report,
                             struct transcript_result *ret_result, struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(transcript_runs_free) struct transcript_runs *runs = transcript_runs_new();
    struct error damage = ERROR_INIT;
    struct quoted buffer;
    if (!file_read(AT_FDCWD, path, TRANSCRIPT_MAX_LEN, &file, err))
        return false;
    if (!ledger_open(home->fd, home->config.ledger_vkey, LEDGER_READ, 0, &home->ledger, &damage) ||
        !transcript_runs_read(runs, home->ledger, &damage)) {
        findings_say(&report->findings, "ledger.transcript", NULL, "%s was not compared: %.*s",
                     quoted_text(path, &buffer), (int)strcspn(damage.text, "\n"), damage.text);
        return true;
    }
    transcript_runs_compare(runs, builder_bytes(&file), quoted_text(path, &buffer), ui_qr_svg, ret_result);
    findings_copy(&report->findings, &ret_result->findings);
    return true;
}

void ledger_transcript_print(const struct transcript_result *transcript)
{
    if (transcript->run == NULL || transcript->findings.count > 0)
        return; // what is wrong with it is among the findings
    cli_print(stdout, "the transcript is of the ceremony %s, records %llu to %llu: ", transcript->run,
              (unsigned long long)transcript->first_seq, (unsigned long long)transcript->last_seq);
    if (transcript->drawn_by == NULL)
        cli_print(stdout, "each of its %zu lines is as they say\n", transcript->lines);
    else
        cli_print(stdout,
                  "its SHA-256 is the recorded one; its lines were drawn by %s, in a form that this version "
                  "does not draw\n",
                  transcript->drawn_by);
}

void ledger_transcript_json(const struct transcript_result *transcript, struct json *json)
{
    struct json *object = json_put_object(json, "transcript");
    json_put_bool(object, "ok", transcript->findings.count == 0);
    json_put_text(object, "ceremony", transcript->run);
    if (transcript->run == NULL)
        return;
    json_put_int(object, "first_record", (int64_t)transcript->first_seq);
    json_put_int(object, "last_record", (int64_t)transcript->last_seq);
    json_put_int(object, "lines", (int64_t)transcript->lines);
    json_put_text(object, "drawn_by", transcript->drawn_by);
}
