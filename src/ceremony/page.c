/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/page_parts.h"

#include "base/html.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/words.h"
#include "ceremony/wrap.h"

#include <stdio.h>
#include <string.h>

#define INDENT 18 /* where a field's value begins */
#define BLANK "________________________________________________________"
#define WORDS_PER_LINE 6
#define WORDS_PER_SHEET_LINE 16

static const char style[] =
    "body{font:10.5pt/1.4 sans-serif;margin:1.5em auto;max-width:50em;padding:0 1em;color:#000}"
    ".sheet{width:100%;border-collapse:collapse}.sheet>thead td{font-size:7pt;line-height:1.3;color:#333;"
    "padding:0 0 3mm}.sheet>thead div{border-bottom:.5pt solid "
    "#000;padding-bottom:1mm}.sheet>tbody>tr>td{padding:0}"
    "h1{font-size:17pt;margin:.2em 0}h2{font-size:13pt;margin:1.4em 0 .4em;break-after:avoid}"
    "h3{font-size:11pt;margin:0 0 .3em;break-after:avoid}h3 span{font-weight:normal;margin-right:1em}"
    "p{margin:.4em 0}.warning{font-weight:bold;border-left:3pt solid #000;padding-left:2mm}"
    "section{border:.75pt solid #000;padding:2.5mm 3mm;margin:3mm 0;break-inside:avoid}"
    "dl{margin:.3em 0;display:grid;grid-template-columns:10.5em 1fr;column-gap:1em;row-gap:.15em}"
    "dt{color:#333}dd{margin:0;overflow-wrap:anywhere}code{font:9pt/1.35 monospace}"
    "dd.words,dd.typed{white-space:pre-line}dd.blank{border-bottom:.5pt solid #000;min-height:6.5mm}"
    "pre{font:7.6pt/1.35 monospace;margin:.4em 0;padding-left:2mm;border-left:.5pt solid "
    "#888;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".tick{display:flex;gap:6mm;align-items:flex-end;margin:3mm 0 0}.tick i{display:inline-block;width:4.5mm;"
    "height:4.5mm;border:1pt solid #000;margin-right:2mm;vertical-align:-1mm}.tick "
    "b{font-weight:normal;flex:1;"
    "border-bottom:.5pt solid #000;min-width:20mm;height:8mm}.tick span{white-space:nowrap}p.tick{margin:1mm "
    "0}p.tick span{white-space:normal}"
    ".grid{table-layout:fixed;break-inside:avoid;border-collapse:collapse;width:100%;margin:.5em 0}.grid "
    "th,.grid td{border:.5pt solid "
    "#000;padding:"
    "1mm 2mm;text-align:left;vertical-align:top}.grid td:empty{height:8mm}.grid tr{break-inside:avoid}"
    "svg{width:52mm;height:52mm}.mark{font-size:9pt;font-weight:bold;letter-spacing:.2em}.next{break-before:"
    "page}"
    "@page{margin:13mm 15mm 17mm;@bottom-right{content:\"page \" counter(page) \" of \" "
    "counter(pages);font:8pt "
    "sans-serif}}@media print{body{margin:0;padding:0;max-width:none}}";

/* ---- which line comes from where ---- */

static size_t lines_of(const struct builder *builder, size_t *counted)
{
    size_t lines = 0;
    for (; *counted < builder->len; ++*counted)
        lines += builder->data[*counted] == '\n';
    return lines;
}

void page_from(struct page *page, uint64_t seq)
{
    page->text_lines += lines_of(&page->text, &page->text_counted);
    page->html_lines += lines_of(&page->html, &page->html_counted);
    page->stretches = memory_grow(page->stretches, page->stretch_count + 1, sizeof(page->stretches[0]));
    page->stretches[page->stretch_count++] =
        (struct stretch){.seq = page->seq, .text_lines = page->text_lines, .html_lines = page->html_lines};
    page->seq = seq;
}

uint64_t page_record_of(const struct page *page, bool is_html, size_t line)
{
    for (size_t i = 0; i < page->stretch_count; i++) {
        const struct stretch *stretch = &page->stretches[i];
        if (line <= (is_html ? stretch->html_lines : stretch->text_lines))
            return stretch->seq;
    }
    return page->seq;
}

/* ---- words ---- */

void page_add_html(struct page *page, const char *text)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_guard(&guarded, bytes_of_text(text));
    html_escape(&page->html, builder_bytes(&guarded));
}

void page_close_open(struct page *page)
{
    if (page->open == OPEN_FIELDS)
        builder_add_text(&page->html, "</dl>\n");
    page->open = OPEN_NOTHING;
}

/* ---- the frame ---- */

static void add_sheet_head(struct page *page, const struct page_frame *frame)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    words_of(bytes_of(frame->sha256, 32), WORDS_PER_SHEET_LINE, &words);
    builder_add_text(&page->html, "<table class=\"sheet\" role=\"presentation\"><thead><tr><td><div>");
    if (frame->mark != NULL) {
        builder_add_text(&page->html, "<span class=\"mark\">");
        page_add_html(page, frame->mark);
        builder_add_text(&page->html, "</span> ");
    }
    page_add_html(page, frame->title);
    builder_add_text(&page->html, " &middot; ");
    page_add_html(page, frame->what);
    builder_add_text(&page->html, ", SHA-256 in words:<br>");
    for (const char *at = builder_text(&words); *at != '\0'; at++) {
        if (*at == '\n')
            builder_add_text(&page->html, "<br>");
        else
            builder_add_u8(&page->html, (uint8_t)*at);
    }
    builder_add_text(&page->html, "</div></td></tr></thead><tbody><tr><td>\n<h1>");
    page_add_html(page, frame->title);
    builder_add_text(&page->html, "</h1>\n");
}

struct page *page_new(const struct page_frame *frame)
{
    struct page *page = memory_new(1, sizeof(*page));
    page->seq = frame->seq;
    html_begin(&page->html, frame->title, style);
    add_sheet_head(page, frame);
    if (frame->mark != NULL)
        wrap_text(&page->text, 0, 0, frame->mark);
    wrap_text(&page->text, 0, 0, frame->title);
    for (size_t i = 0; i < WRAP_COLUMNS; i++)
        builder_add_u8(&page->text, '=');
    builder_add_text(&page->text, "\n\n");
    if (frame->mark != NULL)
        page_warning(page, "%s: none of what is made here is for use.", frame->mark);
    return page;
}

void page_free(struct page *page)
{
    builder_done(&page->text);
    builder_done(&page->html);
    free(page->stretches);
    free(page->table);
    free(page);
}

static void end(struct page *page)
{
    if (page->is_done)
        return;
    page_close_open(page);
    builder_add_text(&page->html, "</td></tr></tbody></table>\n</body></html>\n");
    page_from(page, PAGE_NO_RECORD);
    page->is_done = true;
}

struct bytes page_as_text(struct page *page)
{
    end(page);
    return builder_bytes(&page->text);
}

struct bytes page_as_html(struct page *page)
{
    end(page);
    return builder_bytes(&page->html);
}

/* ---- parts ---- */

static void add_element(struct page *page, const char *begin, const char *text, const char *end_tag)
{
    builder_add_text(&page->html, begin);
    page_add_html(page, text);
    builder_format(&page->html, "%s\n", end_tag);
}

void page_heading(struct page *page, const char *text)
{
    page_close_open(page);
    add_element(page, "<h2>", text, "</h2>");
    builder_add_u8(&page->text, '\n');
    wrap_text(&page->text, 0, 0, text);
    for (size_t i = 0; i < wrap_columns_of(bytes_of_text(text)); i++)
        builder_add_u8(&page->text, '-');
    builder_add_u8(&page->text, '\n');
}

static void PRINTF_LIKE(4, 0) add_paragraph(struct page *page, const char *begin, const char *lead,
                                            const char *format, va_list arguments)
{
    AUTO(free) char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort(); // as memory.h does
    page_close_open(page);
    add_element(page, begin, text, "</p>");
    builder_add_text(&page->text, lead);
    wrap_text(&page->text, strlen(lead), strlen(lead), text);
}

void page_text(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_paragraph(page, "<p>", "", format, arguments);
    va_end(arguments);
}

void page_warning(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add_paragraph(page, "<p class=\"warning\">", "!! ", format, arguments);
    va_end(arguments);
}

static const char *const plain[] = {"<dd>", "</dd>"};
static const char *const code[] = {"<dd><code>", "</code></dd>"};
static const char *const typed[] = {"<dd class=\"typed\"><code>", "</code></dd>"};
static const char *const spoken[] = {"<dd class=\"words\">", "</dd>"};

static void add_field(struct page *page, const char *label, const char *value, const char *const tags[2])
{
    if (value == NULL)
        return;
    bool is_blank = value[0] == '\0';
    if (page->open != OPEN_FIELDS)
        builder_add_text(&page->html, "<dl>\n");
    page->open = OPEN_FIELDS;
    add_element(page, "<dt>", label, "</dt>");
    if (is_blank)
        builder_add_text(&page->html, "<dd class=\"blank\"></dd>\n");
    else
        add_element(page, tags[0], value, tags[1]);
    wrap_pad(&page->text, 0, 2);
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_guard(&shown, bytes_of_text(label));
    builder_add_bytes(&page->text, builder_bytes(&shown));
    size_t at = 2 + wrap_columns_of(builder_bytes(&shown));
    if (at >= INDENT) {
        builder_add_u8(&page->text, '\n');
        at = 0;
    }
    (tags == typed ? wrap_command : wrap_text)(&page->text, at, INDENT, is_blank ? BLANK : value);
}

void page_field(struct page *page, const char *label, const char *value)
{
    add_field(page, label, value, plain);
}

void page_code(struct page *page, const char *label, const char *value)
{
    add_field(page, label, value, code);
}

void page_command(struct page *page, const char *label, const char *command)
{
    add_field(page, label, command, typed);
}

void page_digest(struct page *page, const char *label, const uint8_t sha256[static 32])
{
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    words_hex_groups(bytes_of(sha256, 32), &hex);
    words_of(bytes_of(sha256, 32), WORDS_PER_LINE, &words);
    page_code(page, label, builder_text(&hex));
    add_field(page, "  in words", builder_text(&words), spoken);
}

void page_lines(struct page *page, struct bytes text)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    quote_guard(&guarded, text);
    page_close_open(page);
    builder_add_text(&page->html, "<pre>");
    html_escape(&page->html, builder_bytes(&guarded));
    builder_add_text(&page->html, "</pre>\n");
    for (const char *line = builder_text(&guarded); *line != '\0';) {
        size_t len = strcspn(line, "\n");
        builder_format(&page->text, "  | %.*s\n", (int)len, line);
        line += len + (line[len] == '\n');
    }
}

void page_drawing(struct page *page, struct bytes svg)
{
    page_close_open(page);
    builder_add_bytes(&page->html, svg);
    if (svg.len > 0 && svg.data[svg.len - 1] != '\n')
        builder_add_u8(&page->html, '\n');
}

void page_break(struct page *page)
{
    page_close_open(page);
    builder_add_text(&page->html, "<div class=\"next\"></div>\n");
    builder_add_text(&page->text, "\n");
}

void page_step(struct page *page, size_t number, size_t count, const char *heading)
{
    page_close_open(page);
    AUTO(free)
    char *place =
        count == 0 ? memory_format("Step %zu", number) : memory_format("Step %zu of %zu", number, count);
    AUTO(free) char *line = memory_format("%s: %s", place, heading);
    builder_format(&page->html, "<section><h3><span>%s</span>", place);
    add_element(page, "", heading, "</h3>");
    builder_add_u8(&page->text, '\n');
    for (size_t i = 0; i < WRAP_COLUMNS; i++)
        builder_add_u8(&page->text, '-');
    builder_add_u8(&page->text, '\n');
    wrap_text(&page->text, 0, 0, line);
}

void page_step_end(struct page *page)
{
    page_close_open(page);
    builder_add_text(&page->html, "</section>\n");
}

void page_tick(struct page *page, const char *who)
{
    page_close_open(page);
    builder_add_text(&page->html,
                     "<div class=\"tick\"><span><i></i>done</span> <span>UTC</span><b></b> <span>");
    page_add_html(page, who);
    builder_add_text(&page->html, ", initials</span><b></b></div>\n");
    AUTO(free) char *line = memory_format("%s, initials ________", who);
    builder_add_text(&page->text, "\n  [ ] done        ____:____ UTC        ");
    wrap_text(&page->text, 39, 39, line);
}

void page_check(struct page *page, const char *text)
{
    page_close_open(page);
    add_element(page, "<p class=\"tick\"><span><i></i>", text, "</span></p>");
    builder_add_text(&page->text, "  [ ] ");
    wrap_text(&page->text, 6, 6, text);
}
