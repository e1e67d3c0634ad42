/* SPDX-License-Identifier: Apache-2.0 */
#include "token/profile.h"

#include "base/yaml.h"

#include <glob.h>
#include <string.h>

#define MAX_MESSAGE_LEAST 512 /* a token that signs less makes no certificates */

/* The file as libcyaml fills it. */
struct yaml_profile {
    char *name;
    char *title;
    bool tested;
    char **modules;
    unsigned modules_count;
    char *init_args;
    unsigned max_sessions;
    unsigned timeout_seconds;
    unsigned max_message;
    bool always_authenticate;
    enum ed25519_form ed25519_params;
    char **keys;
    unsigned keys_count;
    enum usage may_omit;
    char *notes;
    struct profile_file *files;
    unsigned files_count;
    bool network;
    bool *remembers;
    char *hint;
    bool *may_initialise; /**< NULL: left out, which is true */
};

static const cyaml_strval_t ed25519_forms[] = {
    {"either", ED25519_EITHER},
    {"oid", ED25519_OID},
    {"printable", ED25519_PRINTABLE},
};

static const cyaml_strval_t usages[] = {
    {"decrypt", USAGE_DECRYPT},
    {"unwrap", USAGE_UNWRAP},
    {"derive", USAGE_DERIVE},
    {"sign_recover", USAGE_SIGN_RECOVER},
    {"encrypt", USAGE_ENCRYPT},
    {"wrap", USAGE_WRAP},
    {"verify_recover", USAGE_VERIFY_RECOVER},
};

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 1024),
};

#define TEXT_FLAGS CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_STRING_PTR("path", TEXT_FLAGS, struct profile_file, path, 1, 4096),
    CYAML_FIELD_STRING_PTR("variable", TEXT_FLAGS, struct profile_file, variable, 1, 128),
    CYAML_FIELD_STRING_PTR("setting", TEXT_FLAGS, struct profile_file, setting, 1, 128),
    CYAML_FIELD_STRING_PTR("setting_file", TEXT_FLAGS, struct profile_file, setting_file, 1, 128),
    CYAML_FIELD_BOOL("write", CYAML_FLAG_OPTIONAL, struct profile_file, write),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct profile_file, file_fields),
};

static const cyaml_schema_field_t fields[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct yaml_profile, name, 1, 64),
    CYAML_FIELD_STRING_PTR("title", CYAML_FLAG_POINTER, struct yaml_profile, title, 1, 128),
    CYAML_FIELD_BOOL("tested", CYAML_FLAG_DEFAULT, struct yaml_profile, tested),
    CYAML_FIELD_SEQUENCE("modules", CYAML_FLAG_POINTER, struct yaml_profile, modules, &text_schema, 1, 32),
    CYAML_FIELD_STRING_PTR("init_args", TEXT_FLAGS, struct yaml_profile, init_args, 1, 1024),
    CYAML_FIELD_UINT("max_sessions", CYAML_FLAG_OPTIONAL, struct yaml_profile, max_sessions),
    CYAML_FIELD_UINT("timeout_seconds", CYAML_FLAG_OPTIONAL, struct yaml_profile, timeout_seconds),
    CYAML_FIELD_UINT("max_message", CYAML_FLAG_OPTIONAL, struct yaml_profile, max_message),
    CYAML_FIELD_BOOL("always_authenticate", CYAML_FLAG_DEFAULT, struct yaml_profile, always_authenticate),
    CYAML_FIELD_ENUM("ed25519_params", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct yaml_profile,
                     ed25519_params, ed25519_forms, CYAML_ARRAY_LEN(ed25519_forms)),
    CYAML_FIELD_SEQUENCE("keys", CYAML_FLAG_POINTER, struct yaml_profile, keys, &text_schema, 1, 32),
    CYAML_FIELD_FLAGS("may_omit", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, struct yaml_profile, may_omit,
                      usages, CYAML_ARRAY_LEN(usages)),
    CYAML_FIELD_STRING_PTR("notes", TEXT_FLAGS, struct yaml_profile, notes, 1, 4096),
    CYAML_FIELD_SEQUENCE("files", TEXT_FLAGS, struct yaml_profile, files, &file_schema, 1, 64),
    CYAML_FIELD_STRING_PTR("hint", TEXT_FLAGS, struct yaml_profile, hint, 1, 512),
    CYAML_FIELD_BOOL_PTR("may_initialise", TEXT_FLAGS, struct yaml_profile, may_initialise),
    CYAML_FIELD_BOOL("network", CYAML_FLAG_OPTIONAL, struct yaml_profile, network),
    CYAML_FIELD_BOOL_PTR("remembers", TEXT_FLAGS, struct yaml_profile, remembers),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_profile, fields),
};

/** The first path, or match of a pattern in glob(7)'s form, that can be read here; NULL: none. */
static char *find_module(const struct yaml_profile *yaml)
{
    for (unsigned i = 0; i < yaml->modules_count; i++) {
        glob_t found = {.gl_pathc = 0};
        char *path = NULL;
        if (glob(yaml->modules[i], 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc && path == NULL; j++)
                if (access(found.gl_pathv[j], R_OK) == 0)
                    path = memory_text(found.gl_pathv[j]);
        globfree(&found);
        if (path != NULL)
            return path;
    }
    return NULL;
}

static bool read_keys(const struct yaml_profile *yaml, const char *file, struct token_limits *limits,
                      struct error *err)
{
    for (unsigned i = 0; i < yaml->keys_count; i++) {
        enum key_kind kind = KEY_OTHER;
        unsigned bits = 0;
        if (!key_parse(yaml->keys[i], &kind, &bits))
            return error_set(
                err, ERROR_INPUT, 0,
                "%s: keys: \"%s\" is not a key type; there are rsa-2048 and longer, ec-p256, ec-p384, "
                "ec-p521, ed25519",
                file, yaml->keys[i]);
        limits->kinds |= 1U << kind;
        if (kind == KEY_RSA && bits > limits->rsa_max_bits)
            limits->rsa_max_bits = bits;
    }
    return true;
}

static bool check_files(const struct yaml_profile *yaml, const char *file, struct error *err)
{
    for (unsigned i = 0; i < yaml->files_count; i++) {
        const struct profile_file *line = &yaml->files[i];
        bool is_absolute = line->path == NULL || *line->path == '/' || strncmp(line->path, "~/", 2) == 0;
        if ((line->path == NULL) == (line->variable == NULL) || !is_absolute)
            return error_set(err, ERROR_INPUT, 0,
                             "%s: each of files: has either a path that starts with / or ~/, or a variable",
                             file);
        if (line->setting != NULL && line->setting_file != NULL)
            return error_set(err, ERROR_INPUT, 0,
                             "%s: files: a line has setting or setting_file, not both; write two lines",
                             file);
    }
    return true;
}

static bool check(const struct yaml_profile *yaml, const char *file, struct error *err)
{
    for (unsigned i = 0; i < yaml->modules_count; i++)
        if (yaml->modules[i][0] != '/')
            return error_set(err, ERROR_INPUT, 0, "%s: modules: \"%s\" is not a path that starts with /",
                             file, yaml->modules[i]);
    if (yaml->max_sessions > 1024)
        return error_set(err, ERROR_INPUT, 0, "%s: max_sessions is 1 to 1024, or left out", file);
    if (yaml->timeout_seconds > 3600)
        return error_set(err, ERROR_INPUT, 0, "%s: timeout_seconds is 1 to 3600, or left out (%d)", file,
                         PROFILE_TIMEOUT_SECONDS);
    if (yaml->max_message > 0 && yaml->max_message < MAX_MESSAGE_LEAST)
        return error_set(err, ERROR_INPUT, 0,
                         "%s: max_message is at least %d bytes, which a certificate takes, or left out", file,
                         MAX_MESSAGE_LEAST);
    return check_files(yaml, file, err);
}

bool token_profile_load(struct bytes text, const char *file, struct token_profile **ret_profile,
                        struct error *err)
{
    void *value = NULL;
    if (!yaml_load(text, file, &schema, &value, err))
        return false;
    const struct yaml_profile *yaml = value;
    AUTO(token_profile_free) struct token_profile *profile = memory_new(1, sizeof(*profile));
    profile->limits = (struct token_limits){
        .max_sessions = yaml->max_sessions,
        .refuses_always_authenticate = !yaml->always_authenticate,
        .ed25519_params = yaml->ed25519_params,
        .may_omit = yaml->may_omit,
        .max_message = yaml->max_message,
        .forgets_data = yaml->remembers != NULL && !*yaml->remembers,
        .timeout_seconds = yaml->timeout_seconds == 0 ? PROFILE_TIMEOUT_SECONDS : yaml->timeout_seconds};
    bool is_sound = check(yaml, file, err) && read_keys(yaml, file, &profile->limits, err);
    if (is_sound) {
        profile->name = memory_text(yaml->name);
        profile->is_tested = yaml->tested;
        profile->init_args = memory_text(yaml->init_args);
        profile->module = find_module(yaml);
        profile->hint = memory_text(yaml->hint);
        profile->may_initialise = yaml->may_initialise == NULL || *yaml->may_initialise;
        profile->knows_files = yaml->files != NULL;
        profile->needs_network = yaml->network;
        profile_add_files(profile, yaml->files, yaml->files_count);
        *ret_profile = TAKE(profile);
    }
    yaml_value_free(&schema, value);
    return is_sound;
}
