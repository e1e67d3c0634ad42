/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/ui.h"

#include "base/quote.h"
#include "base/time.h"

#include <inttypes.h>
#include <unistd.h>

/** One line on stderr; there is only one stderr, so there is one state. */
static struct {
    bool is_drawn;
    size_t drawn_len;
    int64_t started_ms;
    int64_t drawn_ms;
    size_t started_done;
} line;

void ui_progress_clear(void)
{
    if (!line.is_drawn)
        return;
    // Spaces instead of an escape sequence: that works on a dumb terminal too.
    (void)fprintf(stderr, "\r%*s\r", (int)line.drawn_len, "");
    (void)fflush(stderr);
    line.is_drawn = false;
}

/** "signing 120 of 1000 (12 %), 340/s, 3 s left" */
static void compose(struct builder *text, const char *what, size_t done, size_t total)
{
    int64_t elapsed_ms = line.drawn_ms - line.started_ms;
    size_t since = done - line.started_done;
    quote_guard(text, bytes_of_text(what));
    if (total == 0)
        builder_format(text, " %zu", done);
    else
        builder_format(text, " %zu of %zu (%u %%)", done, total,
                       (unsigned)((double)done * 100.0 / (double)total));
    if (elapsed_ms < 1000 || since == 0)
        return;
    double a_second = (double)since * 1000.0 / (double)elapsed_ms;
    builder_format(text, ", %.0f/s", a_second);
    if (total > done)
        builder_format(text, ", %.0f s left", (double)(total - done) / a_second);
}

void ui_progress(const char *what, size_t done, size_t total)
{
    if (isatty(STDERR_FILENO) != 1)
        return;
    int64_t now = time_monotonic_ms();
    bool is_last = total != 0 && done >= total;
    if (line.started_ms == 0 || done < line.started_done) {
        line.started_ms = now;
        line.started_done = done;
    } else if (!is_last && now - line.drawn_ms < 100) {
        return;
    }
    line.drawn_ms = now;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    compose(&text, what, done, total);
    size_t width = ui_width(stderr);
    size_t len = text.len < width ? text.len : utf8_whole(builder_text(&text), width - 1);
    size_t rest = line.is_drawn && line.drawn_len > len ? line.drawn_len - len : 0;
    (void)fprintf(stderr, "\r%.*s%*s%s", (int)len, builder_text(&text), (int)rest, "", is_last ? "\n" : "");
    (void)fflush(stderr);
    line.is_drawn = !is_last;
    line.drawn_len = len;
    if (is_last)
        line.started_ms = 0;
}
