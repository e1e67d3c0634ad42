/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/page.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/html.h"
#include "base/memory.h"
#include "base/quote.h"
#include "batch/report.h"

#include <string.h>

#define ROWS_MAX 2000

static const char style[] =
    "body{font:15px/1.45 sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}"
    "h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.25em .6em;border-bottom:1px solid #ddd}"
    "code{font:13px monospace;overflow-wrap:anywhere}.no{color:#a00}.big td{font-size:1.2em}"
    "svg{width:14em;height:14em}@media print{body{margin:0;max-width:none}}";

void batch_page_done(struct batch_page *page)
{
    builder_done(&page->refused);
    builder_done(&page->others);
}

static void add_escaped(struct builder *html, const char *text)
{
    html_escape(html, bytes_of_text(text));
}

static void add_cell(struct builder *html, const char *text, bool is_code)
{
    builder_add_text(html, is_code ? "<td><code>" : "<td>");
    add_escaped(html, text);
    builder_add_text(html, is_code ? "</code></td>" : "</td>");
}

static void add_reasons(struct builder *html, const struct plan_item *item)
{
    builder_add_text(html, "<td>");
    for (size_t i = 0; i < item->verdict->findings.count; i++) {
        const struct finding *finding = &item->verdict->findings.items[i];
        builder_add_text(html, i > 0 ? "<br>" : "");
        add_escaped(html, finding->text);
        if (finding->remedy != NULL) {
            builder_add_text(html, " <i>");
            add_escaped(html, finding->remedy);
            builder_add_text(html, "</i>");
        }
    }
    builder_add_text(html, "</td>");
}

/** What became of it, and what a person should know of it. */
static void add_status(struct builder *html, const struct plan_item *item, const char *status)
{
    builder_add_text(html, "<td>");
    add_escaped(html, status);
    for (size_t i = 0; i < item->verdict->notes.count; i++) {
        builder_add_text(html, "<br><i>note: ");
        add_escaped(html, item->verdict->notes.items[i].text);
        builder_add_text(html, "</i>");
    }
    builder_add_text(html, "</td>");
}

static void add_serial(struct builder *html, const struct plan_item *item)
{
    char hex[129];
    bool is_new = item->action == PLAN_SIGN;
    add_cell(html, is_new ? hex_of(BYTES(item->serial), hex) : item->earlier.serial, true);
}

void batch_page_row(struct batch_page *page, const struct plan *plan, const struct plan_item *item,
                    const char *status, const uint8_t *sha256)
{
    char hex[129];
    const char *subject = item->request == NULL ? "" : item->request->subject_text;
    bool is_refused = item->action == PLAN_REFUSE;
    struct builder *html = is_refused ? &page->refused : &page->others;
    size_t *count = is_refused ? &page->refused_count : &page->others_count;
    if (++*count > ROWS_MAX)
        return;
    builder_add_text(html, "<tr>");
    add_cell(html, item->source, true);
    add_cell(html, subject, false);
    if (is_refused) {
        add_reasons(html, item);
    } else {
        add_cell(html, plan->policy_name, false);
        add_status(html, item, status);
        AUTO(free) char *answer = sha256 == NULL ? memory_text("") : memory_format("%s.pem", item->name);
        add_cell(html, answer, true);
        add_serial(html, item);
        add_cell(html, sha256 == NULL ? "" : hex_of(bytes_of(sha256, 32), hex), true);
    }
    builder_add_text(html, "</tr>\n");
}

static void add_table(struct builder *html, const char *title, const char *headings,
                      const struct builder *rows, size_t count)
{
    if (count == 0)
        return;
    builder_format(html, "<h2>%s</h2>\n", title);
    if (count > ROWS_MAX)
        builder_format(html, "<p>The first %d of %zu; <code>report.json</code> has them all.</p>\n", ROWS_MAX,
                       count);
    builder_format(html, "<table><tr>%s</tr>\n", headings);
    builder_add_bytes(html, builder_bytes(rows));
    builder_add_text(html, "</table>\n");
}

static void add_count(struct builder *html, size_t count, const char *what)
{
    builder_format(html, "<tr><td>%zu</td><td>%s</td></tr>\n", count, what);
}

static void add_counts(struct builder *html, const struct batch_result *result)
{
    builder_add_text(html, "<table class=\"big\">\n");
    add_count(html, result->requests, "requests on the medium");
    add_count(html, result->issue.issued, "certificates issued by this run");
    if (result->issue.repeated > 0)
        add_count(html, result->issue.repeated, "certificates of earlier runs re-delivered");
    if (result->issue.present > 0)
        add_count(html, result->issue.present, "certificates that were on the medium already");
    add_count(html, result->issue.refused, "refused");
    if (result->missing > 0)
        add_count(html, result->missing, "listed, but not on the medium");
    builder_add_text(html, "</table>\n");
}

static void add_missing(struct builder *html, const struct medium_manifest *manifest)
{
    size_t at = 0;
    size_t count = 0;
    builder_add_text(html, "<p>The list of requests was signed by ");
    add_escaped(html, manifest->signer);
    builder_format(html, "; it has %zu.</p>\n", manifest_count(manifest->list));
    for (const char *path = manifest_next_missing(manifest->list, &at); path != NULL && count < ROWS_MAX;
         path = manifest_next_missing(manifest->list, &at)) {
        AUTO(builder_done) struct builder shown = BUILDER_INIT;
        quote_append(&shown, bytes_of_text(path), 0);
        builder_add_text(html, count++ == 0 ? "<h2>Listed, but not on the medium</h2>\n<p><code>" : "<br>");
        add_escaped(html, builder_text(&shown));
    }
    if (count > 0)
        builder_add_text(html, "</code></p>\n");
}

static bool add_checkpoint(struct builder *html, const struct batch_summary *summary, struct bytes note,
                           struct error *err)
{
    builder_add_text(
        html, "<h2>Checkpoint of the ledger</h2>\n<p>Keep it, or photograph it: with it anyone can tell "
              "later that the history up to here was not changed.</p>\n<pre>");
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_bytes(&text, note);
    add_escaped(html, builder_text(&text));
    builder_add_text(html, "</pre>\n");
    return summary->draw_qr == NULL || summary->draw_qr(note, html, err);
}

bool batch_page_write(const struct batch_page *page, const char *id, const struct batch_summary *summary,
                      struct bytes note, struct builder *ret_html, struct error *err)
{
    char hex[129];
    uint8_t digest[32];
    struct bytes issuer = cert_issuer_der(summary->home->issuer);
    digest_sha256(issuer, digest);
    AUTO(free) char *title = memory_format("coldca batch %s", id);
    html_begin(ret_html, title, style);
    builder_format(ret_html, "<h1>coldca batch %s</h1>\n", id);
    add_counts(ret_html, summary->result);
    builder_add_text(ret_html, "<p>Issued by ");
    add_escaped(ret_html, cert_issuer_facts(summary->home->issuer)->subject_text);
    builder_format(ret_html, ", SHA-256 of its certificate <code>%s</code></p>\n",
                   hex_of(BYTES(digest), hex));
    if (summary->manifest->list != NULL)
        add_missing(ret_html, summary->manifest);
    add_table(ret_html, "Refused", "<th>request<th>subject<th>why", &page->refused, page->refused_count);
    if (!add_checkpoint(ret_html, summary, note, err))
        return false;
    add_table(ret_html, "Certificates",
              "<th>request<th>subject<th>policy<th>status<th>answer<th>serial<th>SHA-256", &page->others,
              page->others_count);
    builder_add_text(ret_html, "</body></html>\n");
    return true;
}
