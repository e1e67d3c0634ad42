/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include "base/file.h"
#include "base/memory.h"
#include "cli/interrupt.h"
#include "cli/print.h"
#include "home/files.h"
#include "ui/ui.h"

#include <fcntl.h>
#include <stdio.h>

static bool may_go_on(void *data)
{
    (void)data;
    return !interrupt_is_wanted();
}

static bool ask_pin(void *data, const char *token_words, bool has_protected_path, struct secret **ret_pin,
                    struct error *err)
{
    const struct options *options = data;
    AUTO(free) char *prompt = memory_format("PIN of %s", token_words);
    if (options->pin_source != NULL)
        return secret_read(options->pin_source, ret_pin, err) || error_while(err, "reading --pin-source");
    if (has_protected_path) {
        cli_print(stderr, "enter the PIN of %s on its PIN pad\n", token_words);
        *ret_pin = NULL;
        return true;
    }
    return ui_ask_pin(prompt, "pin-source", ret_pin, err);
}

static bool confirm(void *data, const char *question, bool *ret_yes, struct error *err)
{
    (void)data;
    return ui_confirm(question, ret_yes, err);
}

static void progress(void *data, const char *what, size_t done, size_t total)
{
    (void)data;
    ui_progress(what, done, total);
}

static void notice(void *data, const char *text)
{
    (void)data;
    cli_complain(text);
}

struct console cli_console(struct options *options)
{
    interrupt_at_safe_places();
    return (struct console){
        .confirm = ui_has_terminal() ? confirm : NULL,
        .operator_name = options->operator_name,
        .pin = ask_pin,
        .progress = progress,
        .notice = notice,
        .may_go_on = may_go_on,
        .data = options,
    };
}

bool cli_has_home(const struct options *options, const char *path)
{
    AUTO(free) char *config = memory_format("%s/" HOME_CONFIG_FILE, path);
    return options->home != NULL || file_exists(AT_FDCWD, config);
}

bool cli_is_help(const struct options *options, const struct command_help *help,
                 const struct option_row *rows, size_t count)
{
    if (options->wants_help)
        options_help(help, rows, count);
    return options->wants_help;
}
