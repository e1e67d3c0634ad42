/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/site.h"

#include "base/memory.h"
#include "base/quote.h"
#include "base/yaml.h"
#include "ceremony/names.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 1024
#define THINGS_MAX 64
#define TEXT(key, flags, structure, member)                                                                  \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), structure, member, 1, TEXT_MAX)
#define LIST(key, member, count_member, schema)                                                              \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct ceremony_site, member,  \
                               count_member, schema, 0, THINGS_MAX)

static const cyaml_schema_field_t token_fields[] = {
    TEXT("token", 0, struct site_token, token),
    TEXT("module", CYAML_FLAG_OPTIONAL, struct site_token, module),
    TEXT("model", CYAML_FLAG_OPTIONAL, struct site_token, model),
    TEXT("label", 0, struct site_token, label),
    TEXT("pin_source", CYAML_FLAG_OPTIONAL, struct site_token, pin_source),
    TEXT("so_pin_source", CYAML_FLAG_OPTIONAL, struct site_token, so_pin_source),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t token_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_token, token_fields)};

static const cyaml_schema_field_t home_fields[] = {
    TEXT("home", 0, struct site_home, home),
    TEXT("path", 0, struct site_home, path),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t home_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_home, home_fields)};

static const cyaml_schema_field_t medium_fields[] = {
    TEXT("medium", 0, struct site_medium, medium),
    TEXT("path", 0, struct site_medium, path),
    CYAML_FIELD_BOOL("directory", CYAML_FLAG_OPTIONAL, struct site_medium, is_directory),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t medium_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_medium, medium_fields)};

static const cyaml_schema_field_t variable_fields[] = {
    TEXT("name", 0, struct site_variable, name),
    TEXT("value", 0, struct site_variable, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t variable_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct site_variable, variable_fields)};

static const cyaml_schema_field_t site_fields[] = {
    LIST("tokens", tokens, token_count, &token_schema),
    LIST("homes", homes, home_count, &home_schema),
    LIST("media", media, medium_count, &medium_schema),
    LIST("environment", environment, environment_count, &variable_schema),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t site_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct ceremony_site, site_fields)};

void ceremony_site_free(struct ceremony_site *site)
{
    yaml_value_free(&site_schema, site);
}

/* ---- what it may say ---- */

/** A child has neither this process's environment nor its descriptors, and a PIN never passes through. */
static bool check_source(const char *file, const char *token, const char *source, struct error *err)
{
    return source == NULL || (strncmp(source, "file:/", 6) == 0) ||
           error_set(err, ERROR_INPUT, 0,
                     "%s: token %s: a PIN source of a site is file: and an absolute path; without one the "
                     "PIN is asked for",
                     file, quoted_text(token, &(struct quoted){0}));
}

static bool check_path(const char *file, const char *what, const char *name, const char *path,
                       struct error *err)
{
    return path[0] == '/' ||
           error_set(err, ERROR_INPUT, 0, "%s: %s %s: the path %s is not absolute", file, what,
                     quoted_text(name, &(struct quoted){0}), quoted_text(path, &(struct quoted){0}));
}

/** What changes which code runs, or what coldca itself does, is not for a vendor's module. */
static bool check_variable(const char *file, const char *name, struct error *err)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    static const char *const refused[] = {"LD_", "COLDCA_", "GCONV_", "OPENSSL_", "MALLOC_", "GLIBC_"};
    bool is_fine = *name != '\0' && strspn(name, letters) == strlen(name) && strcmp(name, "PATH") != 0;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        is_fine &= strncmp(name, refused[i], strlen(refused[i])) != 0;
    return is_fine || error_set(err, ERROR_INPUT, 0,
                                "%s: environment: %s is not given to commands; it is for what a vendor's "
                                "module needs",
                                file, quoted_text(name, &(struct quoted){0}));
}

static bool check(const struct ceremony_site *site, const char *file, struct error *err)
{
    for (unsigned i = 0; i < site->token_count; i++) {
        const struct site_token *token = &site->tokens[i];
        if (!check_source(file, token->token, token->pin_source, err) ||
            !check_source(file, token->token, token->so_pin_source, err) ||
            (token->module != NULL && !check_path(file, "token", token->token, token->module, err)))
            return false;
    }
    for (unsigned i = 0; i < site->home_count; i++) {
        if (!check_path(file, "home", site->homes[i].home, site->homes[i].path, err))
            return false;
    }
    for (unsigned i = 0; i < site->medium_count; i++) {
        if (!check_path(file, "medium", site->media[i].medium, site->media[i].path, err))
            return false;
    }
    for (unsigned i = 0; i < site->environment_count; i++) {
        if (!check_variable(file, site->environment[i].name, err))
            return false;
    }
    return true;
}

bool ceremony_site_read(struct bytes text, const char *name, struct ceremony_site **ret_site,
                        struct error *err)
{
    void *value = NULL;
    if (!yaml_load(text, name, &site_schema, &value, err))
        return false;
    AUTO(ceremony_site_free) struct ceremony_site *site = value;
    if (!check(site, quoted_text(name, &(struct quoted){0}), err))
        return false;
    *ret_site = TAKE(site);
    return true;
}

/* ---- what it says ---- */

const struct site_token *site_token(const struct ceremony_site *site, const char *name)
{
    for (unsigned i = 0; i < site->token_count; i++) {
        if (strcmp(site->tokens[i].token, name) == 0)
            return &site->tokens[i];
    }
    return NULL;
}

const char *site_home_path(const struct ceremony_site *site, const char *name)
{
    for (unsigned i = 0; i < site->home_count; i++) {
        if (strcmp(site->homes[i].home, name) == 0)
            return site->homes[i].path;
    }
    return NULL;
}

const struct site_medium *site_medium(const struct ceremony_site *site, const char *name)
{
    for (unsigned i = 0; i < site->medium_count; i++) {
        if (strcmp(site->media[i].medium, name) == 0)
            return &site->media[i];
    }
    return NULL;
}

const char *site_medium_path(const struct ceremony_site *site, const char *name)
{
    const struct site_medium *medium = site_medium(site, name);
    return medium == NULL ? NULL : medium->path;
}

char *site_place_path(const struct ceremony_site *site, const char *place)
{
    size_t len = 0;
    const char *path = ceremony_place(place, &len);
    if (path == NULL)
        return NULL;
    AUTO(free) char *name = memory_text_of(place, len);
    const char *root = site_medium_path(site, name);
    if (root == NULL)
        root = site_home_path(site, name);
    return root == NULL ? NULL : memory_format("%s/%s", root, path);
}

static bool lacks(const char *what, const char *name, struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "the site says nothing of the %s %s, which the script names", what,
                     name);
}

bool ceremony_site_fits(const struct ceremony_site *site, const struct ceremony_script *script,
                        struct error *err)
{
    for (unsigned i = 0; i < script->home_count; i++) {
        if (site_home_path(site, script->homes[i].home) == NULL)
            return lacks("home", script->homes[i].home, err);
        if (site_token(site, script->homes[i].token) == NULL)
            return lacks("token", script->homes[i].token, err);
    }
    for (unsigned i = 0; i < script->medium_count; i++) {
        if (site_medium_path(site, script->media[i].medium) == NULL)
            return lacks("medium", script->media[i].medium, err);
    }
    for (unsigned i = 0; i < script->step_count; i++) {
        const char *token = ceremony_token(script, &script->steps[i]);
        if (token != NULL && site_token(site, token) == NULL)
            return lacks("token", token, err);
    }
    return true;
}
