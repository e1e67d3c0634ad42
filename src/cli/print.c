/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print.h"

#include "base/quote.h"
#include "base/words.h"
#include "cli/program.h"
#include "ui/ui.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_A_LINE 8

void cli_print(FILE *stream, const char *format, ...)
{
    AUTO(builder_done) struct builder guarded = BUILDER_INIT;
    AUTO(free) char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        abort(); // out of memory
    quote_guard(&guarded, bytes_of(text, (size_t)len));
    (void)fwrite(builder_text(&guarded), 1, guarded.len, stream); // main() looks at the end
}

void cli_complain(const char *text)
{
    ui_progress_clear();
    cli_print(stderr, "%s: %.*s\n", program_running()->name, (int)strcspn(text, "\n"), text);
    for (const char *line = strchr(text, '\n'); line != NULL; line = strchr(line, '\n')) {
        line++;
        cli_print(stderr, "  %.*s\n", (int)strcspn(line, "\n"), line);
    }
}

void cli_print_plan_digest(const uint8_t sha256[static 32])
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    words_hex_groups(bytes_of(sha256, 32), &text);
    builder_add_text(&text, "\n");
    words_of(bytes_of(sha256, 32), WORDS_A_LINE, &text);
    cli_print(stdout, "%s\n", builder_text(&text));
}
