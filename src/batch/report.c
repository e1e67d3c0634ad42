/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/report.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/memory.h"
#include "base/quote.h"
#include "batch/medium.h"
#include "batch/page.h"
#include "media/stream.h"

#include <string.h>

/** The certificate of an item of the plan that is being carried out. */
struct made {
    const struct plan_item *item;
    uint8_t sha256[32];
};

struct batch_report {
    int folder_fd;
    const char *id;
    struct media_stream *json;
    struct media_stream *refused;
    struct media_stream *sums;
    struct batch_page page;
    struct made *made;
    size_t made_count;
    size_t made_capacity;
    bool has_rows;
    struct findings warnings; /**< of all plans */
};

bool batch_report_open(int folder_fd, const char *id, struct batch_report **ret_report, struct error *err)
{
    AUTO(batch_report_free) struct batch_report *report = memory_new(1, sizeof(*report));
    report->folder_fd = folder_fd;
    report->id = id;
    if (!media_stream_open(folder_fd, "report.json", &report->json, err) ||
        !media_stream_open(folder_fd, "refused.csv", &report->refused, err) ||
        !media_stream_open(folder_fd, MEDIUM_SUMS, &report->sums, err))
        return false;
    media_stream_add_text(report->json, "{\"batch\":\"");
    media_stream_add_text(report->json, id); // letters, digits and "-"
    media_stream_add_text(report->json, "\",\n\"requests\":[");
    media_stream_add_text(report->refused, "request,sha256,rule,reason,remedy\r\n");
    *ret_report = TAKE(report);
    return true;
}

void batch_report_clear(int folder_fd)
{
    static const char *const names[] = {"report.json", "refused.csv", MEDIUM_SUMS};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        media_stream_clear(folder_fd, names[i]);
}

void batch_report_free(struct batch_report *report)
{
    struct media_stream *const streams[] = {report->json, report->refused, report->sums};
    findings_done(&report->warnings);
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        if (streams[i] != NULL)
            media_stream_free(streams[i]);
    }
    batch_page_done(&report->page);
    free(report->made);
    free(report);
}

static void add_sum(struct batch_report *report, const uint8_t sha256[static 32], const char *file)
{
    char hex[129];
    media_stream_add_text(report->sums, hex_of(bytes_of(sha256, 32), hex));
    media_stream_add_text(report->sums, "  ");
    media_stream_add_text(report->sums, file); // of media_distinct_name(): nothing sha256sum would escape
    media_stream_add_text(report->sums, "\n");
}

void batch_report_file(struct batch_report *report, const char *file, struct bytes content)
{
    uint8_t digest[32];
    digest_sha256(content, digest);
    add_sum(report, digest, file);
}

void batch_report_certificate(struct batch_report *report, const struct plan_item *item,
                              struct bytes certificate)
{
    if (report->made_count == report->made_capacity) {
        report->made_capacity = report->made_capacity == 0 ? 256 : 2 * report->made_capacity;
        report->made = memory_grow(report->made, report->made_capacity, sizeof(*report->made));
    }
    report->made[report->made_count].item = item;
    digest_sha256(certificate, report->made[report->made_count++].sha256);
}

/* ---- rows ---- */

/** RFC 4180; what a spreadsheet would take for a formula starts with an apostrophe. */
static void add_cell(struct builder *row, const char *text, char end)
{
    const char *shown = text == NULL ? "" : text;
    builder_add_u8(row, '"');
    if (*shown != '\0' && strchr("=+-@\t\r", *shown) != NULL)
        builder_add_u8(row, '\'');
    for (const char *at = shown; *at != '\0'; at++) {
        if (*at == '"')
            builder_add_u8(row, '"');
        builder_add_u8(row, (uint8_t)*at);
    }
    builder_add_u8(row, '"');
    builder_add_u8(row, (uint8_t)end);
    if (end == '\r')
        builder_add_u8(row, '\n');
}

static void add_refused(struct batch_report *report, const struct plan_item *item)
{
    char hex[129];
    const struct findings *findings = &item->verdict->findings;
    for (size_t i = 0; i < findings->count; i++) {
        AUTO(builder_done) struct builder row = BUILDER_INIT;
        add_cell(&row, item->source, ',');
        add_cell(&row, item->request != NULL ? hex_of(BYTES(item->input_sha256), hex) : "", ',');
        add_cell(&row, findings->items[i].rule, ',');
        add_cell(&row, findings->items[i].text, ',');
        add_cell(&row, findings->items[i].remedy, '\r');
        media_stream_add(report->refused, builder_bytes(&row));
    }
}

/** What became of it; the plan was carried out. Programs read these words in report.json: they do not change. */
static const char *status_of(const struct plan_item *item)
{
    switch (item->action) {
    case PLAN_SIGN:
        return "issued";
    case PLAN_REPEAT:
        return "handed out again";
    case PLAN_PRESENT:
        return "on the medium already";
    case PLAN_REFUSE:
    case PLAN_SKIP:
    case PLAN_ALLOW:
    default:
        return plan_action_name(item->action);
    }
}

static void add_row(struct batch_report *report, const struct plan *plan, const struct plan_item *item,
                    const struct made *made)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *row = plan_item_json(item);
    json_put_text(row, "policy", plan->policy_name);
    json_put_text(row, "status", status_of(item));
    if (made != NULL) {
        AUTO(free) char *file = memory_format("%s.pem", item->name);
        json_put_text(row, "certificate", file);
        json_put_hex(row, "certificate_sha256", BYTES(made->sha256));
    }
    json_canonical(row, &text);
    media_stream_add_text(report->json, report->has_rows ? ",\n" : "\n");
    media_stream_add(report->json, builder_bytes(&text));
    report->has_rows = true;
    const char *shown = item->action == PLAN_REPEAT ? "re-delivered" : status_of(item);
    batch_page_row(&report->page, plan, item, shown, made == NULL ? NULL : made->sha256);
    if (item->action == PLAN_REFUSE)
        add_refused(report, item);
}

void batch_report_plan(struct batch_report *report, const struct plan *plan)
{
    size_t next = 0; // made and the plan's items are in one order
    for (size_t i = 0; i < plan->count; i++) {
        bool is_made = next < report->made_count && report->made[next].item == &plan->items[i];
        add_row(report, plan, &plan->items[i], is_made ? &report->made[next] : NULL);
        next += is_made;
    }
    report->made_count = 0;
    findings_copy(&report->warnings, &plan->warnings);
}

struct findings *batch_report_warnings(struct batch_report *report)
{
    return &report->warnings;
}

/* ---- the end ---- */

static bool commit(struct batch_report *report, struct media_stream **stream, const char *name,
                   struct error *err)
{
    uint8_t digest[32];
    if (!media_stream_commit(*stream, digest, err))
        return false;
    media_stream_free(TAKE(*stream));
    add_sum(report, digest, name);
    return true;
}

static void put_manifest(struct json *ends, const struct medium_manifest *manifest)
{
    struct json *entry = json_put_object(ends, "manifest");
    json_put_text(entry, "signer", manifest->signer);
    json_put_int(entry, "listed", (int64_t)manifest_count(manifest->list));
    struct json *missing = json_put_array(entry, "missing");
    size_t at = 0;
    for (const char *path = manifest_next_missing(manifest->list, &at); path != NULL;
         path = manifest_next_missing(manifest->list, &at)) {
        AUTO(builder_done) struct builder shown = BUILDER_INIT;
        builder_add_text(&shown, MANIFEST_FOLDER);
        quote_append(&shown, bytes_of_text(path), 0);
        json_add_text(missing, builder_text(&shown));
    }
}

static void end_json(struct batch_report *report, const struct batch_summary *summary)
{
    uint8_t digest[32];
    const struct issue_result *issue = &summary->result->issue;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *ends = json_new_object();
    digest_sha256(cert_issuer_der(summary->home->issuer), digest);
    json_put_hex(ends, "issuer_sha256", BYTES(digest));
    json_put_int(ends, "total", (int64_t)summary->result->requests);
    json_put_int(ends, "issued", (int64_t)issue->issued);
    json_put_int(ends, "repeated", (int64_t)issue->repeated);
    json_put_int(ends, "present", (int64_t)issue->present);
    json_put_int(ends, "refused", (int64_t)issue->refused);
    json_put_int(ends, "ledger_size", (int64_t)issue->ledger_size);
    plan_put_warnings(ends, &report->warnings);
    if (summary->manifest->list != NULL)
        put_manifest(ends, summary->manifest);
    json_canonical(ends, &text);
    media_stream_add_text(report->json, "\n],\n");
    // Without its opening brace the object goes on where the rows ended.
    media_stream_add(report->json, bytes_slice(builder_bytes(&text), 1, text.len - 1));
    media_stream_add_text(report->json, "\n");
}

bool batch_report_finish(struct batch_report *report, const struct batch_summary *summary, struct error *err)
{
    uint8_t digest[32];
    AUTO(builder_done) struct builder note = BUILDER_INIT;
    AUTO(builder_done) struct builder page = BUILDER_INIT;
    if (!ledger_checkpoint_newest(summary->home->ledger, &note, err) ||
        !batch_page_write(&report->page, report->id, summary, builder_bytes(&note), &page, err))
        return false;
    end_json(report, summary);
    if (!commit(report, &report->refused, "refused.csv", err) ||
        !media_deliver_over(report->folder_fd, "report.html", builder_bytes(&page), err) ||
        !directory_put_checkpoint(summary->directory, err) ||
        !commit(report, &report->json, "report.json", err))
        return false;
    batch_report_file(report, "report.html", builder_bytes(&page));
    batch_report_file(report, "checkpoint", builder_bytes(&note));
    bool is_fine = media_stream_commit(report->sums, digest, err);
    media_stream_free(TAKE(report->sums));
    return is_fine;
}
