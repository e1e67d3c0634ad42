/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/quote.h"
#include "ceremony/check.h"
#include "ceremony/paper.h"
#include "cli/ceremony.h"
#include "cli/print.h"
#include "cli/report.h"

#include <fcntl.h>

static const struct command_help help = {
    .usage = "ceremony print SCRIPT [--html FILE] [--site SITE]",
    .text = "Prints the paper of a ceremony: people, what to fill in, each step with its conditions, its "
            "command and room "
            "for initials,\n"
            "an exception sheet. As plain text on stdout; with --html as a page that prints on A4 and Letter "
            "from any "
            "browser.\n"
            "With --site the commands are those of this machine, word for word.",
    .example = "  coldca ceremony print root --html root.html",
};

static void report(const struct ceremony_script *script, struct bytes text, const char *html)
{
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "ceremony", script->id);
    json_put_hex(json, "script_sha256", BYTES(script->sha256));
    json_put_text_bytes(json, "text", text);
    if (html != NULL)
        report_put(json, "html", html);
    report_json(json);
}

int cli_ceremony_print(int argc, char **argv, struct error *err)
{
    const char *html = NULL;
    const char *site_path = NULL;
    AUTO(options_done) struct options options = {.home = NULL};
    AUTO(ceremony_script_free) struct ceremony_script *script = NULL;
    AUTO(ceremony_site_free) struct ceremony_site *site = NULL;
    AUTO(page_free) struct page *page = NULL;
    AUTO(free) char *name = NULL;
    const struct option_row rows[] = {
        {"html", 0, OPTION_TEXT, "FILE", "write the page here; a file that is there is not overwritten",
         &html},
        {"site", 0, OPTION_TEXT, "SITE", "a site's file: the commands as they are on this machine",
         &site_path},
    };
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    struct quoted buffer;
    if (!cli_ceremony_read(&options, "ceremony print", &script, &name, err) ||
        !ceremony_check(script, name, err) || !cli_ceremony_site(site_path, script, &site, err) ||
        !ceremony_paper(script, name, site, &page, err) ||
        (html != NULL && !file_create(AT_FDCWD, html, 0644, page_as_html(page), err)))
        return (int)err->kind;
    struct bytes text = page_as_text(page);
    if (options.wants_json)
        report(script, text, html);
    else if (html == NULL)
        cli_print(stdout, "%.*s", (int)text.len, (const char *)text.data);
    else
        console_notice(&console, "%s: open it in a browser and print it", quoted_text(html, &buffer));
    return EXIT_DONE;
}
