/* SPDX-License-Identifier: Apache-2.0 */
#include "token/token.h"

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "ui/ui.h"

#include <stdlib.h>

struct token_options {
    struct options options;
    const char *module, *profile, *init_args, *token;
    const char *label, *so_pin_source;
    bool may_erase;
};

#define TOKEN_ROWS(given)                                                                                    \
    {"model", 0, OPTION_TEXT, "NAME", "the token's profile in tokens/ (softhsm2)", &(given)->profile},       \
        {"module", 0, OPTION_TEXT, "PATH", "the PKCS#11 module (the profile's)", &(given)->module},          \
        {"init-args",        0, OPTION_TEXT, "TEXT", "initialisation arguments for C_Initialize",            \
         &(given)->init_args},                                                                               \
    {                                                                                                        \
        "token", 't', OPTION_TEXT, "LABEL|URI", "token (default: the only one present)", &(given)->token     \
    }

static void token_options_done(struct token_options *given)
{
    options_done(&given->options);
}
DEFINE_AUTO_VALUE(struct token_options, token_options_done);

static struct json *info_json(const struct token_info *info)
{
    struct json *json = json_new_object();
    report_put(json, "label", info->label);
    report_put(json, "serial", info->serial);
    report_put(json, "model", info->model);
    report_put(json, "manufacturer", info->manufacturer);
    report_put(json, "slot", info->slot_text);
    json_put_int(json, "slot_id", (int64_t)info->slot_id);
    json_put_bool(json, "initialized", info->is_initialized);
    json_put_bool(json, "user_pin_set", info->user_pin_is_set);
    json_put_bool(json, "pin_pad", info->has_protected_path);
    json_put_bool(json, "pin_count_low", info->pin_count_low);
    json_put_bool(json, "pin_final_try", info->pin_final_try);
    json_put_bool(json, "pin_locked", info->pin_locked);
    return json;
}

static const char *state_of(const struct token_info *info)
{
    return !info->is_initialized    ? "not initialised"
           : info->pin_locked       ? "PIN locked"
           : info->pin_final_try    ? "one PIN try left"
           : info->pin_count_low    ? "few PIN tries left"
           : !info->user_pin_is_set ? "no user PIN"
                                    : "ready";
}

static const struct command_help list_help = {
    .usage = "token list [OPTIONS]",
    .text = "Lists the tokens a PKCS#11 module offers.",
};

static int list(int argc, char **argv, struct error *err)
{
    static const char *const headings[] = {"label", "serial", "model", "manufacturer", "state"};
    struct token_info *infos = NULL;
    size_t count = 0;
    AUTO(token_options_done) struct token_options given = {.module = NULL};
    const struct option_row rows[] = {TOKEN_ROWS(&given)};
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &given.options, err))
        return (int)err->kind;
    if (cli_is_help(&given.options, &list_help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (!signer_choice_make(given.module, given.profile, given.init_args, given.token, &choice, err) ||
        !token_list(&choice.choice, &infos, &count, err))
        return (int)err->kind;
    AUTO(json_free) struct json *array = json_new_array();
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    for (size_t i = 0; i < count; i++) {
        const char *cells[] = {infos[i].label, infos[i].serial, infos[i].model, infos[i].manufacturer,
                               state_of(&infos[i])};
        ui_table_row(table, cells, NULL);
        json_add(array, info_json(&infos[i]));
    }
    free(infos);
    if (given.options.wants_json)
        report_json(array);
    else
        ui_table_print(table);
    return EXIT_DONE;
}

static const struct command_help init_help = {
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

static int init(int argc, char **argv, struct error *err)
{
    AUTO(secret_free) struct secret *so_pin = NULL;
    AUTO(secret_free) struct secret *pin = NULL;
    AUTO(token_options_done) struct token_options given = {.module = NULL};
    const struct option_row rows[] = {
        TOKEN_ROWS(&given),
        {"label", 'l', OPTION_TEXT, "LABEL", "the token's new name (1 to 32 bytes)", &given.label},
        {"so-pin-source", 0, OPTION_SOURCE, "SOURCE",
         "where the security officer's PIN is (like --pin-source)", &given.so_pin_source},
        {"erase", 0, OPTION_FLAG, NULL, "erase the token --token names, with all its keys", &given.may_erase},
    };
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &given.options, err))
        return (int)err->kind;
    if (cli_is_help(&given.options, &init_help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    if (given.label == NULL) {
        (void)error_set(err, ERROR_USAGE, 0, "--label LABEL is needed: the token's new name");
        return (int)err->kind;
    }
    if (!signer_choice_make(given.module, given.profile, given.init_args, given.token, &choice, err) ||
        !get_pin(given.so_pin_source, "so-pin-source", "new security officer PIN", &so_pin, err) ||
        !get_pin(given.options.pin_source, "pin-source", "new user PIN", &pin, err) ||
        !token_initialize(&choice.choice, given.label, so_pin, pin, given.may_erase, err))
        return (int)err->kind;
    if (given.options.wants_json) {
        AUTO(json_free) struct json *json = json_new_object();
        report_put(json, "label", given.label);
        report_json(json);
    } else {
        cli_print(stdout, "token %s is ready. Next: coldca -C DIR init --token %s --subject \"CN=...\"\n",
                  given.label, given.label);
    }
    return EXIT_DONE;
}

int cli_token(int argc, char **argv, struct error *err)
{
    static const struct subcommand table[] = {
        {"list", list, "the tokens a module offers"},
        {"init", init, "initialise a token and set its PIN"},
        {"show", cli_token_show, "one token, its keys and their attributes"},
    };
    return cli_dispatch("token", table, ARRAY_LEN(table), argc, argv, err);
}
