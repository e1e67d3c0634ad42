/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/operator.h"
#include "token/token.h"

#include "cli/print.h"
#include "cli/report.h"
#include "operator/token_options.h"
#include "signer/signer.h"
#include "ui/ui.h"

static const struct command_help help = {
    .usage = "token init --label LABEL [OPTIONS]",
    .text = "Initialises a token and sets its user PIN. Without --token an uninitialised slot is taken; a "
            "token that is\n"
            "initialised is erased only if it is named and --erase is given.",
    .example = "  coldca token init --label coldca --so-pin-source file:so-pin --pin-source file:pin",
};

/** \param option  that names the source, without dashes */
static bool get_pin(const char *source, const char *option, const char *prompt, struct secret **ret_pin,
                    struct error *err)
{
    if (source == NULL)
        return ui_ask_new_pin(prompt, option, ret_pin, err);
    return secret_read(source, ret_pin, err) || error_while(err, "reading --%s", option);
}

int operator_token_init(int argc, char **argv, struct error *err)
{
    AUTO(secret_free) struct secret *so_pin = NULL;
    AUTO(secret_free) struct secret *pin = NULL;
    const char *label = NULL;
    const char *so_pin_source = NULL;
    bool may_erase = false;
    AUTO(token_options_done) struct token_options given = {.module = NULL};
    const struct option_row rows[] = {
        TOKEN_OPTION_ROWS(&given),
        {"label", 'l', OPTION_TEXT, "LABEL", "the token's new name (1 to 32 bytes)", &label},
        {"so-pin-source", 0, OPTION_SOURCE, "SOURCE",
         "where the security officer's PIN is (like --pin-source)", &so_pin_source},
        {"erase", 0, OPTION_FLAG, NULL, "erase the token --token names, with all its keys", &may_erase},
    };
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &given.options, err))
        return (int)err->kind;
    if (cli_is_help(&given.options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (label == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "--label LABEL is needed: the token's new name");
        return (int)err->kind;
    }
    if (!signer_choice_make(given.module, given.profile, given.init_args, given.token, &choice, err) ||
        !get_pin(so_pin_source, "so-pin-source", "new security officer PIN", &so_pin, err) ||
        !get_pin(given.options.pin_source, "pin-source", "new user PIN", &pin, err) ||
        !token_initialize(&choice.choice, label, so_pin, pin, may_erase, err))
        return (int)err->kind;
    if (given.options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        report_put(json, "label", label);
        report_json(json);
    } else {
        cli_print(stdout, "token %s is ready.", label);
        if (ui_says_next())
            cli_print(stdout, " Next: coldca -C DIR init --token %s --subject \"CN=...\"", label);
        cli_print(stdout, "\n");
    }
    return EXIT_DONE;
}
