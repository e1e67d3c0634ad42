/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/script.h"

#include "base/digest.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "ceremony/names.h"
#include "ceremony/steps.h"

/* The YAML of a script, key by key. It is loaded right into struct ceremony_script. */

#define TEXT_MAX 1024
#define TEXT(key, flags, structure, member)                                                                  \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), structure, member, 1, TEXT_MAX)
#define LIST(key, flags, structure, member, count_member, schema, max)                                       \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), structure, member, count_member, schema,   \
                               0, max)

static const cyaml_schema_value_t text_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX)};

static const cyaml_schema_field_t blank_fields[] = {
    TEXT("name", 0, struct ceremony_blank, name),
    TEXT("ask", 0, struct ceremony_blank, ask),
    TEXT("match", CYAML_FLAG_OPTIONAL, struct ceremony_blank, match),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t blank_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ceremony_blank, blank_fields)};

static const cyaml_schema_field_t role_fields[] = {
    TEXT("role", 0, struct ceremony_role, role),
    TEXT("about", CYAML_FLAG_OPTIONAL, struct ceremony_role, about),
    CYAML_FIELD_UINT("count", CYAML_FLAG_OPTIONAL, struct ceremony_role, count),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t role_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ceremony_role, role_fields)};

static const cyaml_schema_field_t home_fields[] = {
    TEXT("home", 0, struct ceremony_home, home),
    TEXT("token", 0, struct ceremony_home, token),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t home_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ceremony_home, home_fields)};

static const cyaml_schema_field_t medium_fields[] = {
    TEXT("medium", 0, struct ceremony_medium, medium),
    TEXT("about", CYAML_FLAG_OPTIONAL, struct ceremony_medium, about),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t medium_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ceremony_medium, medium_fields)};

/** A field of steps that is one text; which kinds of step take it is the table's. */
#define VALUE(word, field)                                                                                   \
    {                                                                                                        \
        .key = (word), .data_offset = offsetof(struct ceremony_step, values) + (field) * sizeof(char *),     \
        .value = {                                                                                           \
            .type = CYAML_STRING,                                                                            \
            .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,                                               \
            .data_size = sizeof(char),                                                                       \
            .string = {.min = 1, .max = TEXT_MAX}                                                            \
        }                                                                                                    \
    }

static const cyaml_schema_field_t step_fields[] = {
    TEXT("step", 0, struct ceremony_step, word),
    TEXT("name", CYAML_FLAG_OPTIONAL, struct ceremony_step, name),
    TEXT("says", CYAML_FLAG_OPTIONAL, struct ceremony_step, says),
    TEXT("fails", CYAML_FLAG_OPTIONAL, struct ceremony_step, fails),
    VALUE("home", FIELD_HOME),
    VALUE("token", FIELD_TOKEN),
    VALUE("file", FIELD_FILE),
    VALUE("sha256", FIELD_SHA256),
    VALUE("subject", FIELD_SUBJECT),
    VALUE("key", FIELD_KEY),
    VALUE("days", FIELD_DAYS),
    VALUE("policy", FIELD_POLICY),
    VALUE("controls", FIELD_CONTROLS),
    VALUE("request", FIELD_REQUEST),
    VALUE("certificate", FIELD_CERTIFICATE),
    VALUE("chain", FIELD_CHAIN),
    VALUE("plan", FIELD_PLAN),
    VALUE("to", FIELD_TO),
    VALUE("person", FIELD_PERSON),
    VALUE("serial", FIELD_SERIAL),
    VALUE("reason", FIELD_REASON),
    VALUE("emergency", FIELD_EMERGENCY),
    VALUE("text", FIELD_TEXT),
    VALUE("ask", FIELD_ASK),
    VALUE("bag", FIELD_BAG),
    LIST("approvals", CYAML_FLAG_OPTIONAL, struct ceremony_step, approvals, approval_count, &text_schema,
         CEREMONY_NAMES_MAX),
    LIST("set", CYAML_FLAG_OPTIONAL, struct ceremony_step, set, set_count, &text_schema, CEREMONY_NAMES_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t step_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct ceremony_step, step_fields)};

static const cyaml_schema_field_t script_fields[] = {
    TEXT("ceremony", 0, struct ceremony_script, id),
    TEXT("title", 0, struct ceremony_script, title),
    TEXT("about", CYAML_FLAG_OPTIONAL, struct ceremony_script, about),
    LIST("blanks", CYAML_FLAG_OPTIONAL, struct ceremony_script, blanks, blank_count, &blank_schema,
         CEREMONY_NAMES_MAX),
    LIST("roles", 0, struct ceremony_script, roles, role_count, &role_schema, CEREMONY_NAMES_MAX),
    TEXT("ledger", CYAML_FLAG_OPTIONAL, struct ceremony_script, ledger),
    LIST("homes", 0, struct ceremony_script, homes, home_count, &home_schema, CEREMONY_NAMES_MAX),
    LIST("media", CYAML_FLAG_OPTIONAL, struct ceremony_script, media, medium_count, &medium_schema,
         CEREMONY_NAMES_MAX),
    LIST("steps", 0, struct ceremony_script, steps, step_count, &step_schema, CEREMONY_STEPS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t script_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct ceremony_script, script_fields)};

void ceremony_script_free(struct ceremony_script *script)
{
    yaml_value_free(&script_schema, script);
}

/** What the file leaves out, and what is not in it by a key. */
static void complete(struct bytes text, struct ceremony_script *script)
{
    unsigned lines[CEREMONY_STEPS_MAX] = {0};
    (void)yaml_item_lines(text, "steps", lines,
                          CEREMONY_STEPS_MAX); // a line that is not found stays 0: "step 3"
    for (unsigned i = 0; i < script->step_count; i++)
        script->steps[i].line = lines[i];
    for (unsigned i = 0; i < script->role_count; i++) {
        if (script->roles[i].count == 0)
            script->roles[i].count = 1;
    }
    if (script->ledger == NULL && script->home_count > 0)
        script->ledger = memory_text(script->homes[0].home);
    digest_sha256(text, script->sha256);
}

bool ceremony_script_read(struct bytes text, const char *name, struct ceremony_script **ret_script,
                          struct error *err)
{
    void *value = NULL;
    if (!yaml_load(text, name, &script_schema, &value, err))
        return false;
    AUTO(ceremony_script_free) struct ceremony_script *script = value;
    complete(text, script);
    if (!script_check(script, name, err))
        return false;
    *ret_script = TAKE(script);
    return true;
}

const struct ceremony_home *ceremony_home(const struct ceremony_script *script, const char *name)
{
    for (unsigned i = 0; i < script->home_count; i++) {
        if (strcmp(script->homes[i].home, name) == 0)
            return &script->homes[i];
    }
    return NULL;
}

const struct ceremony_medium *ceremony_medium(const struct ceremony_script *script, const char *name)
{
    for (unsigned i = 0; i < script->medium_count; i++) {
        if (strcmp(script->media[i].medium, name) == 0)
            return &script->media[i];
    }
    return NULL;
}

const struct ceremony_role *ceremony_role(const struct ceremony_script *script, const char *name)
{
    for (unsigned i = 0; i < script->role_count; i++) {
        if (strcmp(script->roles[i].role, name) == 0)
            return &script->roles[i];
    }
    return NULL;
}

const char *ceremony_says(const struct ceremony_script *script, const struct ceremony_step *step)
{
    if (step->says != NULL)
        return step->says;
    return ceremony_role(script, "second") != NULL ? "second" : script->roles[0].role;
}

const char *ceremony_token(const struct ceremony_script *script, const struct ceremony_step *step)
{
    const char *home = step_value(step, FIELD_HOME);
    if (step_value(step, FIELD_TOKEN) != NULL || home == NULL)
        return step_value(step, FIELD_TOKEN);
    return ceremony_home(script, home)->token;
}

const char *ceremony_place(const char *place, size_t *ret_name_len)
{
    const char *colon = strchr(place, ':');
    if (colon == NULL || colon == place || colon[1] == '\0')
        return NULL;
    *ret_name_len = (size_t)(colon - place);
    return colon + 1;
}
