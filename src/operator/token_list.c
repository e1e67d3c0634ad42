/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/operator.h"
#include "token/token.h"

#include "cli/report.h"
#include "operator/token_options.h"
#include "signer/signer.h"
#include "ui/ui.h"

#include <stdlib.h>

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

static const struct command_help help = {
    .usage = "token list [OPTIONS]",
    .text = "Lists the tokens a PKCS#11 module offers.",
};

int operator_token_list(int argc, char **argv, struct error *err)
{
    static const char *const headings[] = {"label", "serial", "model", "manufacturer", "state"};
    struct token_info *infos = NULL;
    size_t count = 0;
    AUTO(token_options_done) struct token_options given = {.module = NULL};
    const struct option_row rows[] = {TOKEN_OPTION_ROWS(&given)};
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &given.options, err))
        return (int)err->kind;
    if (cli_is_help(&given.options, &help, rows, ARRAY_LEN(rows)))
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
