/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "ceremony/names.h"
#include "ceremony/steps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/** What is being written, and of what. */
struct writing {
    const struct ceremony_script *script;
    const struct ceremony_step *step;
    const struct step_setting *setting;
    struct step_command *command;
};

void step_command_done(struct step_command *command)
{
    for (size_t i = 0; i < command->count; i++)
        free(command->argv[i]);
    free(command->copy_from);
    free(command->copy_to);
    *command = (struct step_command){.count = 0};
}

/** Takes text. */
static void add(struct writing *writing, char *text)
{
    assert(writing->command->count < STEP_ARGUMENTS_MAX); // lists of a script are bounded far below it
    writing->command->argv[writing->command->count++] = text;
}

static void add_text(struct writing *writing, const char *text)
{
    add(writing, memory_text(text));
}

static void add_words(struct writing *writing, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_text(writing, words[i]);
}
#define WORDS(writing, ...)                                                                                  \
    add_words(writing, (const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static char *home_of(const struct writing *writing)
{
    const char *name = step_value(writing->step, FIELD_HOME);
    return writing->setting->site == NULL ? memory_format("<home %s>", name)
                                          : memory_text(site_home_path(writing->setting->site, name));
}

/** Where a place is on this machine. */
static char *where(const struct writing *writing, const char *place)
{
    size_t len = 0;
    const char *path = ceremony_place(place, &len);
    AUTO(free) char *name = memory_text_of(place, len);
    if (writing->setting->site != NULL)
        return site_place_path(writing->setting->site, place);
    return memory_format(ceremony_home(writing->script, name) != NULL ? "<home %s>/%s" : "<%s>/%s", name,
                         path);
}

static void add_option(struct writing *writing, const char *option, const char *value)
{
    if (value != NULL)
        WORDS(writing, option, value);
}

static void add_value(struct writing *writing, const char *option, enum step_field field)
{
    add_option(writing, option, step_value(writing->step, field));
}

static void add_place(struct writing *writing, const char *option, enum step_field field)
{
    const char *place = step_value(writing->step, field);
    if (place == NULL)
        return;
    if (option != NULL)
        add_text(writing, option);
    add(writing, where(writing, place));
}

static void add_token(struct writing *writing, const char *label_option)
{
    const char *name = ceremony_token(writing->script, writing->step);
    if (writing->setting->site == NULL) {
        add_text(writing, label_option);
        add(writing, memory_format("<token %s>", name));
        return;
    }
    const struct site_token *token = site_token(writing->setting->site, name);
    WORDS(writing, label_option, token->label);
    add_option(writing, "--module", token->module);
    add_option(writing, "--model", token->model);
}

static const struct site_token *token_of(const struct writing *writing)
{
    const char *name = ceremony_token(writing->script, writing->step);
    return writing->setting->site == NULL || name == NULL ? NULL : site_token(writing->setting->site, name);
}

static void add_pin_source(struct writing *writing)
{
    const struct site_token *token = token_of(writing);
    if (token != NULL)
        add_option(writing, "--pin-source", token->pin_source);
}

/** "coldca -C HOME COMMAND...", with what every command that works in a home gets. */
static void begin_home(struct writing *writing, const char *const *words, size_t count)
{
    add_text(writing, "-C");
    add(writing, home_of(writing));
    add_pin_source(writing);
    add_option(writing, "--operator", writing->setting->operator_name);
    add_words(writing, words, count);
}
#define IN_HOME(writing, ...)                                                                                \
    begin_home(writing, (const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static void add_set(struct writing *writing)
{
    for (unsigned i = 0; i < writing->step->set_count; i++)
        add_option(writing, "--set", writing->step->set[i]);
}

/** The plan with its approvals. \return false: the step is not of a plan */
static bool add_plan(struct writing *writing)
{
    if (step_value(writing->step, FIELD_PLAN) == NULL)
        return false;
    add_place(writing, "--plan", FIELD_PLAN);
    for (unsigned i = 0; i < writing->step->approval_count; i++) {
        add_text(writing, "--approval");
        add(writing, where(writing, writing->step->approvals[i]));
    }
    return true;
}

/** The subject, in a rehearsal with the mark before its CN, or with an OU if it has none. */
static char *subject_of(const struct writing *writing)
{
    const char *subject = step_value(writing->step, FIELD_SUBJECT);
    const char *mark = writing->setting->mark;
    const char *cn = strncmp(subject, "CN=", 3) == 0 ? subject : strstr(subject, ",CN=");
    if (mark == NULL)
        return memory_text(subject);
    if (cn == NULL)
        return memory_format("OU=%s,%s", mark, subject);
    size_t len = (size_t)(cn - subject) + (*cn == ',' ? 4 : 3);
    return memory_format("%.*s%s %s", (int)len, subject, mark, subject + len);
}

static void write_init(struct writing *writing, bool is_request)
{
    IN_HOME(writing, "init");
    if (is_request)
        add_text(writing, "--csr");
    add_text(writing, "--subject");
    add(writing, subject_of(writing));
    add_value(writing, "--policy", FIELD_POLICY);
    add_set(writing);
    add_value(writing, "--key", FIELD_KEY);
    add_value(writing, "--days", FIELD_DAYS);
    add_place(writing, "--controls", FIELD_CONTROLS);
    add_token(writing, "--token");
    if (step_value(writing->step, FIELD_TO) == NULL)
        return;
    AUTO(free) char *home = home_of(writing);
    writing->command->copy_from = memory_format("%s/%s", home, is_request ? "ca.csr" : "ca.pem");
    writing->command->copy_to = where(writing, step_value(writing->step, FIELD_TO));
}

static void write_token_init(struct writing *writing)
{
    const struct site_token *token = token_of(writing);
    WORDS(writing, "token", "init");
    add_token(writing, "--label");
    if (token != NULL)
        add_option(writing, "--so-pin-source", token->so_pin_source);
    add_pin_source(writing);
}

static void write_keys(struct writing *writing)
{
    WORDS(writing, "token", "show");
    add_token(writing, "--token");
    add_pin_source(writing);
}

static void write_complete(struct writing *writing)
{
    IN_HOME(writing, "init");
    add_place(writing, "--certificate", FIELD_CERTIFICATE);
    add_place(writing, "--chain", FIELD_CHAIN);
}

static void write_sign(struct writing *writing)
{
    IN_HOME(writing, "sign");
    if (!add_plan(writing)) {
        add_value(writing, "--policy", FIELD_POLICY);
        add_set(writing);
        add_value(writing, "--days", FIELD_DAYS);
    }
    add_place(writing, "--out", FIELD_TO);
    if (step_value(writing->step, FIELD_PLAN) == NULL)
        add_place(writing, NULL, FIELD_REQUEST);
}

static void write_plan(struct writing *writing)
{
    IN_HOME(writing, "plan");
    add_value(writing, "--policy", FIELD_POLICY);
    add_set(writing);
    add_value(writing, "--days", FIELD_DAYS);
    add_place(writing, "--out", FIELD_TO);
    add_place(writing, NULL, FIELD_REQUEST);
}

/** In a rehearsal throwaway keys stand for the people; else they do it elsewhere, and there is no command. */
static void write_approve(struct writing *writing)
{
    if (writing->setting->approver_keys == NULL)
        return;
    add_text(writing, "approve");
    add_place(writing, NULL, FIELD_PLAN);
    add_value(writing, "--name", FIELD_PERSON);
    add_text(writing, "--key");
    add(writing,
        memory_format("%s/%s.pem", writing->setting->approver_keys, step_value(writing->step, FIELD_PERSON)));
    add_place(writing, "--out", FIELD_TO);
    add_text(writing, "--yes");
}

static void write_revoke(struct writing *writing)
{
    IN_HOME(writing, "revoke");
    if (add_plan(writing))
        return;
    add_value(writing, "--serial", FIELD_SERIAL);
    add_place(writing, "--certificate", FIELD_CERTIFICATE);
    add_place(writing, "--list", FIELD_FILE);
    add_value(writing, "--reason", FIELD_REASON);
    add_value(writing, "--emergency", FIELD_EMERGENCY);
    add_text(writing, "--yes");
}

static void write_crl(struct writing *writing)
{
    IN_HOME(writing, "crl");
    if (writing->setting->crl_again)
        add_text(writing, "--again");
    else if (!add_plan(writing)) {
        add_value(writing, "--days", FIELD_DAYS);
        add_value(writing, "--emergency", FIELD_EMERGENCY);
    }
    add_place(writing, "--out", FIELD_TO);
}

static void write_policy_approve(struct writing *writing)
{
    const char *policy = step_value(writing->step, FIELD_POLICY);
    IN_HOME(writing, "policy", "approve");
    if (!add_plan(writing))
        WORDS(writing, policy, "--yes");
    if (step_value(writing->step, FIELD_FILE) == NULL)
        return;
    AUTO(free) char *home = home_of(writing);
    writing->command->copy_from = where(writing, step_value(writing->step, FIELD_FILE));
    writing->command->copy_to = memory_format("%s/policies/%s.yaml", home, policy);
    writing->command->copies_first = true;
}

static void write_people(struct writing *writing)
{
    IN_HOME(writing, "people", "set");
    if (!add_plan(writing))
        add_place(writing, NULL, FIELD_FILE);
}

bool step_command(const struct ceremony_script *script, const struct ceremony_step *step,
                  const struct step_setting *setting, struct step_command *ret_command, struct error *err)
{
    AUTO(step_command_done) struct step_command command = {.count = 0};
    struct writing writing = {.script = script, .step = step, .setting = setting, .command = &command};
    if (setting->site != NULL && !ceremony_site_fits(setting->site, script, err))
        return false;
    add_text(&writing, "coldca");
    switch (step->kind) {
    case STEP_TOKEN_INIT:
        write_token_init(&writing);
        break;
    case STEP_ROOT:
        write_init(&writing, false);
        break;
    case STEP_REQUEST:
        write_init(&writing, true);
        break;
    case STEP_KEYS:
        write_keys(&writing);
        break;
    case STEP_COMPLETE:
        write_complete(&writing);
        break;
    case STEP_PLAN:
        write_plan(&writing);
        break;
    case STEP_APPROVE:
        write_approve(&writing);
        break;
    case STEP_SIGN:
        write_sign(&writing);
        break;
    case STEP_REVOKE:
        write_revoke(&writing);
        break;
    case STEP_CRL:
        write_crl(&writing);
        break;
    case STEP_POLICY_APPROVE:
        write_policy_approve(&writing);
        break;
    case STEP_PEOPLE:
        write_people(&writing);
        break;
    case STEP_CHECKPOINT:
        IN_HOME(&writing, "ledger", "checkpoint", "--sign");
        break;
    case STEP_CLOCK:
    case STEP_PROGRAM:
    case STEP_COMPARE:
    case STEP_NOTE:
    case STEP_SEAL:
        break;
    }
    if (command.count == 1) { // no command, only its name
        free(command.argv[0]);
        command.argv[0] = NULL;
        command.count = 0;
    }
    *ret_command = command;
    command = (struct step_command){.count = 0};
    return true;
}

/* ---- as words ---- */

static void add_shell_word(const char *word, struct builder *ret_words)
{
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+";
    bool is_placeholder = word[0] == '<';
    if (*word != '\0' && (is_placeholder || strspn(word, fine) == strlen(word))) {
        builder_add_text(ret_words, word);
        return;
    }
    builder_add_u8(ret_words, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            builder_add_text(ret_words, "'\\''");
        else
            builder_add_u8(ret_words, (uint8_t)*word);
    }
    builder_add_u8(ret_words, '\'');
}

static void add_copy(const struct step_command *command, struct builder *ret_words)
{
    builder_add_text(ret_words, "cp ");
    add_shell_word(command->copy_from, ret_words);
    builder_add_u8(ret_words, ' ');
    add_shell_word(command->copy_to, ret_words);
}

void step_command_words(const struct step_command *command, struct builder *ret_words)
{
    if (command->copies_first) {
        add_copy(command, ret_words);
        builder_add_u8(ret_words, '\n');
    }
    for (size_t i = 0; i < command->count; i++) {
        if (i > 0)
            builder_add_u8(ret_words, ' ');
        add_shell_word(command->argv[i], ret_words);
    }
    if (command->copy_from != NULL && !command->copies_first) {
        builder_add_u8(ret_words, '\n');
        add_copy(command, ret_words);
    }
}
