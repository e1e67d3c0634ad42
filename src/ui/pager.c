/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/pager.h"

#include "base/quote.h"
#include "ui/fit.h"
#include "ui/terminal.h"
#include "ui/ui.h"

#include <strings.h>

#define PAGE_MIN 4 /* lines, on however small a terminal */

/** \param ret_goes_on  false: the person has seen enough */
static bool ask(size_t lines_left, size_t columns, bool *ret_goes_on, struct error *err)
{
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder prompt = BUILDER_INIT;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    builder_format(&words, "-- %zu more lines: Enter shows them, q goes to the question", lines_left);
    fit_start(&prompt, builder_bytes(&words), columns > 2 ? columns - 2 : 0); // ui_ask_line() adds ": "
    if (!ui_ask_line(builder_text(&prompt), &line, err))
        return false;
    *ret_goes_on = strcasecmp(builder_text(&line), "q") != 0;
    return true;
}

bool pager_show(struct bytes text, size_t reserve, struct error *err)
{
    AUTO(builder_done) struct builder escaped = BUILDER_INIT;
    bool goes_on = true;
    quote_guard(&escaped, text);
    struct bytes left = builder_bytes(&escaped);
    while (goes_on && left.len > 0) {
        // Looked up each time: a person who sees too little makes the window larger.
        struct terminal_size size = terminal_size();
        size_t page = size.rows > PAGE_MIN + reserve ? size.rows - reserve : PAGE_MIN;
        size_t shown = fit_prefix(left, size.columns, page);
        terminal_say(bytes_slice(left, 0, shown));
        left = bytes_slice(left, shown, left.len);
        if (left.len > 0 && !ask(fit_lines(left, size.columns), size.columns, &goes_on, err))
            return false;
    }
    return true;
}
