/* SPDX-License-Identifier: Apache-2.0 */
#include "home/config.h"

#include "base/algorithm.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "media/manifest.h"

#include <stdlib.h>
#include <string.h>

#define POOL_MAX 64
#define CRL_DAYS 30          /* a CRL a month */
#define CRL_OVERLAP_HOURS 72 /* a long weekend to carry the next one out */

/* Mirrors struct home_config as libcyaml wants it: every text a pointer it allocates. */
struct yaml_token {
    char *module;
    char *profile;
    char *uri;
    char *init_args;
    unsigned *sessions;
    char **pool;
    unsigned pool_count;
};

struct yaml_crl {
    unsigned *days;
    unsigned *overlap_hours;
    bool keep_expired;
};

struct yaml_config {
    int version;
    char *origin;
    struct yaml_token token;
    char *ca_key;
    char *ledger_key;
    char *ledger_vkey;
    bool allow_extractable;
    char *operator_name;
    char *hash;
    bool pss;
    struct yaml_crl crl;
    bool require_manifest;
    struct home_manifest_signer *manifest_signers;
    unsigned manifest_signers_count;
};

#define TEXT(key, structure, member)                                                                         \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, structure, member, 1, 4096)
#define OPTIONAL_TEXT(key, structure, member)                                                                \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, structure, member, 1, 4096)

static const cyaml_schema_value_t pool_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 4096),
};

static const cyaml_schema_field_t token_fields[] = {
    OPTIONAL_TEXT("module", struct yaml_token, module),
    OPTIONAL_TEXT("profile", struct yaml_token, profile),
    TEXT("uri", struct yaml_token, uri),
    OPTIONAL_TEXT("init_args", struct yaml_token, init_args),
    CYAML_FIELD_UINT_PTR("sessions", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_token, sessions),
    CYAML_FIELD_SEQUENCE("pool", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_token, pool,
                         &pool_schema, 0, POOL_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t crl_fields[] = {
    CYAML_FIELD_UINT_PTR("days", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_crl, days),
    CYAML_FIELD_UINT_PTR("overlap_hours", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_crl,
                         overlap_hours),
    CYAML_FIELD_BOOL("keep_expired", CYAML_FLAG_OPTIONAL, struct yaml_crl, keep_expired),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t signer_fields[] = {
    TEXT("name", struct home_manifest_signer, name),
    TEXT("file", struct home_manifest_signer, file),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t signer_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct home_manifest_signer, signer_fields),
};

static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_INT("version", CYAML_FLAG_DEFAULT, struct yaml_config, version),
    TEXT("origin", struct yaml_config, origin),
    CYAML_FIELD_MAPPING("token", CYAML_FLAG_DEFAULT, struct yaml_config, token, token_fields),
    TEXT("ca_key", struct yaml_config, ca_key),
    TEXT("ledger_key", struct yaml_config, ledger_key),
    TEXT("ledger_vkey", struct yaml_config, ledger_vkey),
    CYAML_FIELD_BOOL("allow_extractable", CYAML_FLAG_OPTIONAL, struct yaml_config, allow_extractable),
    OPTIONAL_TEXT("operator", struct yaml_config, operator_name),
    OPTIONAL_TEXT("hash", struct yaml_config, hash),
    CYAML_FIELD_BOOL("pss", CYAML_FLAG_OPTIONAL, struct yaml_config, pss),
    CYAML_FIELD_MAPPING("crl", CYAML_FLAG_OPTIONAL, struct yaml_config, crl, crl_fields),
    CYAML_FIELD_BOOL("require_manifest", CYAML_FLAG_OPTIONAL, struct yaml_config, require_manifest),
    CYAML_FIELD_SEQUENCE("manifest_signers", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_config,
                         manifest_signers, &signer_schema, 0, MANIFEST_SIGNERS_MAX),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t config_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_config, config_fields),
};

static bool check(const struct yaml_config *yaml, struct error *err)
{
    enum hash_kind hash = HASH_NONE;
    if (yaml->version != 1)
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: unsupported version %d (expected 1)", yaml->version);
    if (yaml->hash != NULL && !hash_parse(yaml->hash, &hash))
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: hash is sha256, sha384 or sha512");
    if (yaml->token.module == NULL && yaml->token.profile == NULL)
        return error_set(err, ERROR_INPUT, 0,
                         "ca.yaml: token needs module: (a path) or profile: (a name in tokens/)");
    if (yaml->token.sessions != NULL && (*yaml->token.sessions < 1 || *yaml->token.sessions > 1024))
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: token sessions is 1 to 1024");
    if (yaml->crl.days != NULL && (*yaml->crl.days < 1 || *yaml->crl.days > 3650))
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: crl days is 1 to 3650");
    if (yaml->crl.overlap_hours != NULL && *yaml->crl.overlap_hours > 24 * 365)
        return error_set(err, ERROR_INPUT, 0, "ca.yaml: crl overlap_hours is 0 to 8760");
    if (yaml->require_manifest && yaml->manifest_signers_count == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "ca.yaml: require_manifest needs manifest_signers: who may sign one");
    size_t len = strlen(yaml->origin);
    if (strncmp(yaml->ledger_vkey, yaml->origin, len) != 0 || yaml->ledger_vkey[len] != '+')
        return error_set(
            err, ERROR_INPUT, 0,
            "ca.yaml: origin and the name in ledger_vkey (before its first +) are one ledger's name "
            "and must be the same; put the right ca.yaml back from a copy");
    return true;
}

static void copy_signers(const struct yaml_config *yaml, struct home_config *config)
{
    config->manifest_signer_count = yaml->manifest_signers_count;
    config->manifest_signers = memory_new(yaml->manifest_signers_count, sizeof(*config->manifest_signers));
    for (size_t i = 0; i < config->manifest_signer_count; i++) {
        config->manifest_signers[i] =
            (struct home_manifest_signer){.name = memory_text(yaml->manifest_signers[i].name),
                                          .file = memory_text(yaml->manifest_signers[i].file)};
    }
}

static void copy_pool(const struct yaml_token *yaml, struct home_config *config)
{
    config->token.pool_count = yaml->pool_count;
    config->token.pool = memory_new(yaml->pool_count, sizeof(char *));
    for (size_t i = 0; i < config->token.pool_count; i++)
        config->token.pool[i] = memory_text(yaml->pool[i]);
}

bool home_config_load(struct bytes text, struct home_config *ret_config, struct error *err)
{
    void *value = NULL;
    if (!yaml_load(text, "ca.yaml", &config_schema, &value, err))
        return false;
    const struct yaml_config *yaml = value;
    bool is_sound = check(yaml, err);
    if (is_sound) {
        *ret_config = (struct home_config){
            .version = yaml->version,
            .origin = memory_text(yaml->origin),
            .token = {.module = memory_text(yaml->token.module),
                      .profile = memory_text(yaml->token.profile),
                      .uri = memory_text(yaml->token.uri),
                      .init_args = memory_text(yaml->token.init_args),
                      .sessions = yaml->token.sessions == NULL ? 0 : *yaml->token.sessions},
            .ca_key = memory_text(yaml->ca_key),
            .ledger_key = memory_text(yaml->ledger_key),
            .ledger_vkey = memory_text(yaml->ledger_vkey),
            .allow_extractable = yaml->allow_extractable,
            .operator_name = memory_text(yaml->operator_name),
            .hash = memory_text(yaml->hash),
            .pss = yaml->pss,
            .crl = {.days = yaml->crl.days == NULL ? CRL_DAYS : *yaml->crl.days,
                    .overlap_hours =
                        yaml->crl.overlap_hours == NULL ? CRL_OVERLAP_HOURS : *yaml->crl.overlap_hours,
                    .keep_expired = yaml->crl.keep_expired},
            .require_manifest = yaml->require_manifest,
        };
        copy_signers(yaml, ret_config);
        copy_pool(&yaml->token, ret_config);
    }
    yaml_value_free(&config_schema, value);
    return is_sound;
}

void home_config_done(struct home_config *config)
{
    free(config->origin);
    free(config->token.module);
    free(config->token.profile);
    free(config->token.uri);
    free(config->token.init_args);
    for (size_t i = 0; i < config->token.pool_count; i++)
        free(config->token.pool[i]);
    free(config->token.pool);
    free(config->ca_key);
    free(config->ledger_key);
    free(config->ledger_vkey);
    free(config->operator_name);
    free(config->hash);
    for (size_t i = 0; i < config->manifest_signer_count; i++) {
        free(config->manifest_signers[i].name);
        free(config->manifest_signers[i].file);
    }
    free(config->manifest_signers);
    *config = (struct home_config){.version = 0};
}

/** A YAML single-quoted scalar: only the quote itself needs doubling. */
static void add_quoted(struct builder *out, const char *value)
{
    builder_add_text(out, "'");
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\'')
            builder_add_text(out, "'");
        builder_add(out, at, 1);
    }
    builder_add_text(out, "'");
}

static void add_scalar(struct builder *out, const char *key, const char *value)
{
    builder_format(out, "%s: ", key);
    add_quoted(out, value);
    builder_add_text(out, "\n");
}

static void add_signers(struct builder *out, const struct home_config *config)
{
    if (config->manifest_signer_count == 0)
        return;
    builder_add_text(
        out,
        "\n# Whose signature on a medium's requests.sha256 counts: PEM files in the home, an Ed25519 public\n"
        "# key or a certificate. require_manifest refuses a medium without a signed one.\n");
    builder_format(out, "require_manifest: %s\nmanifest_signers:\n",
                   config->require_manifest ? "true" : "false");
    for (size_t i = 0; i < config->manifest_signer_count; i++) {
        builder_add_text(out, "  - name: ");
        add_quoted(out, config->manifest_signers[i].name);
        builder_add_text(out, "\n    file: ");
        add_quoted(out, config->manifest_signers[i].file);
        builder_add_text(out, "\n");
    }
}

static void add_optional(struct builder *out, const char *key, const char *value)
{
    if (value != NULL)
        add_scalar(out, key, value);
}

void home_config_write(const struct home_config *config, struct builder *ret_text)
{
    builder_add_text(ret_text,
                     "# coldca: the configuration of this CA. Written by `coldca init`; edit with care.\n"
                     "# No secret belongs in here: PINs are typed, or named by --pin-source.\n"
                     "version: 1\n\n"
                     "# The ledger's name: first line of every checkpoint. Never change it.\n");
    add_scalar(ret_text, "origin", config->origin);
    builder_add_text(
        ret_text,
        "\n# Which token. uri is RFC 7512; profile names a file in tokens/ that knows the model's limits;\n"
        "# module overrides the profile's path; sessions is how many may sign at once (default: one per "
        "core); pool lists the same key in other tokens of the module, which share the work.\n"
        "token:\n");
    add_optional(ret_text, "  module", config->token.module);
    add_optional(ret_text, "  profile", config->token.profile);
    add_scalar(ret_text, "  uri", config->token.uri);
    add_optional(ret_text, "  init_args", config->token.init_args);
    if (config->token.sessions != 0)
        builder_format(ret_text, "  sessions: %u\n", config->token.sessions);
    if (config->token.pool_count > 0)
        builder_add_text(ret_text, "  pool:\n");
    for (size_t i = 0; i < config->token.pool_count; i++) {
        builder_add_text(ret_text, "    - ");
        add_quoted(ret_text, config->token.pool[i]);
        builder_add_text(ret_text, "\n");
    }
    builder_add_text(ret_text, "\n# The CA key and the ledger key, by CKA_ID. Their public keys must equal "
                               "ca.pem's and ledger_vkey's.\n");
    add_scalar(ret_text, "ca_key", config->ca_key);
    add_scalar(ret_text, "ledger_key", config->ledger_key);
    add_scalar(ret_text, "ledger_vkey", config->ledger_vkey);
    builder_add_text(
        ret_text,
        "\n# true lets a key be used that is marked extractable (set by init --allow-extractable).\n");
    builder_format(ret_text, "allow_extractable: %s\n", config->allow_extractable ? "true" : "false");
    if (config->hash != NULL || config->pss) {
        builder_add_text(ret_text, "\n# How certificates are signed where the policy does not say: hash, and "
                                   "RSASSA-PSS for RSA keys.\n");
        add_optional(ret_text, "hash", config->hash);
        builder_format(ret_text, "pss: %s\n", config->pss ? "true" : "false");
    }
    if (config->crl.days != 0)
        builder_format(
            ret_text,
            "\n# CRLs: how many days from one to the next, and for how many hours more each is good.\n"
            "crl:\n  days: %u\n  overlap_hours: %u\n%s",
            config->crl.days, config->crl.overlap_hours,
            config->crl.keep_expired ? "  keep_expired: true\n" : "");
    add_signers(ret_text, config);
}
