/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"
#include "cli/print.h"
#include "cli/report.h"
#include "home/home.h"
#include "operator/operator.h"
#include "signer/signer.h"
#include "ui/ui.h"

#include <stdlib.h>

static const struct command_help help = {
    .usage = "token show [OPTIONS]",
    .text = "Shows a token's keys and what the token says of them. Private keys show only after the PIN.",
};

static const char *answer(enum token_answer given)
{
    return given == TOKEN_YES ? "yes" : given == TOKEN_NO ? "no" : "unknown";
}

static void add_key(struct ui_table *table, struct json *array, const struct token_key_info *key)
{
    char kind[32];
    char id[129];
    const struct token_key_attributes *attributes = &key->attributes;
    const char *cells[] = {key->label != NULL ? key->label : "",  hex_of(bytes_of(key->id, key->id_len), id),
                           key_title(key->kind, key->bits, kind), key->has_private ? "yes" : "no",
                           answer(attributes->is_sensitive),      answer(attributes->is_extractable),
                           answer(attributes->may_sign)};
    ui_table_row(table, cells, attributes->is_extractable == TOKEN_YES ? "red" : NULL);
    struct json *entry = json_add_object(array);
    report_put(entry, "label", cells[0]);
    json_put_text(entry, "id", cells[1]);
    json_put_text(entry, "uri", key->uri);
    json_put_text(entry, "kind", key_name(key->kind, key->bits, kind));
    json_put_bool(entry, "has_private", key->has_private);
    json_put_bool(entry, "has_public", key->has_public);
    json_put_text(entry, "private", answer(attributes->is_private));
    json_put_text(entry, "sensitive", cells[4]);
    json_put_text(entry, "always_sensitive", answer(attributes->is_always_sensitive));
    json_put_text(entry, "extractable", cells[5]);
    json_put_text(entry, "never_extractable", answer(attributes->is_never_extractable));
    json_put_text(entry, "local", answer(attributes->is_local));
    json_put_text(entry, "sign", cells[6]);
    json_put_text(entry, "decrypt", answer(attributes->may_decrypt));
    json_put_text(entry, "unwrap", answer(attributes->may_unwrap));
    json_put_text(entry, "derive", answer(attributes->may_derive));
}

static bool show_keys(struct token *token, bool wants_json, struct error *err)
{
    static const char *const headings[] = {"key",       "id",          "kind", "private half",
                                           "sensitive", "extractable", "signs"};
    struct token_key_info *keys = NULL;
    size_t count = 0;
    AUTO(builder_done) struct builder uri = BUILDER_INIT;
    if (!token_key_list(token, &keys, &count, err))
        return false;
    token_uri(token, &uri);
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    AUTO(json_free) struct json *json = json_new_object();
    json_put_text(json, "token", builder_text(&uri));
    json_put_bool(json, "remembers", token_remembers(token));
    struct json *array = json_put_array(json, "keys");
    for (size_t i = 0; i < count; i++) {
        add_key(table, array, &keys[i]);
        token_key_info_done(&keys[i]);
    }
    free(keys);
    if (wants_json) {
        report_json(json);
        return true;
    }
    cli_print(stdout, "%s\n", builder_text(&uri));
    ui_table_print(table);
    if (!token_remembers(token))
        printf("this token keeps no data (remembers: false in its profile): it can't remember a ledger, so "
               "an old "
               "copy of a whole home is not found by it\n");
    return true;
}

int operator_token_show(int argc, char **argv, struct error *err)
{
    const char *module = NULL;
    const char *profile = NULL;
    const char *init_args = NULL;
    const char *name = NULL;
    AUTO(options_done) struct options options = {.home = NULL};
    const struct option_row rows[] = {
        {"model", 0, OPTION_TEXT, "NAME", "the token's profile in tokens/ (softhsm2)", &profile},
        {"module", 0, OPTION_TEXT, "PATH", "the PKCS#11 module (the profile's)", &module},
        {"init-args", 0, OPTION_TEXT, "TEXT", "initialisation arguments for C_Initialize", &init_args},
        {"token", 't', OPTION_TEXT, "LABEL|URI", "token (default: the only one present)", &name},
    };
    AUTO(signer_choice_done) struct signer_choice choice = {.profile = NULL};
    AUTO(token_close) struct token *token = NULL;
    if (!options_parse(argc, argv, rows, ARRAY_LEN(rows), &options, err))
        return (int)err->kind;
    if (cli_is_help(&options, &help, rows, ARRAY_LEN(rows)))
        return EXIT_DONE;
    struct console console = cli_console(&options);
    if (!signer_choice_make(module, profile, init_args, name, &choice, err) ||
        !token_open(&choice.choice, &token, err) || !signer_token_login(token, &console, err) ||
        !show_keys(token, options.wants_json, err))
        return (int)err->kind;
    return EXIT_DONE;
}
