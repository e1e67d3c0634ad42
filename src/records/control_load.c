/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"
#include "base/yaml.h"
#include "records/control.h"

#include <string.h>

/* The YAML of controls, key by key (docs/controls.md). Mirrors struct control as libcyaml wants it. */

struct yaml_person {
    char *name;
    char *role;
    char *key;
};
struct yaml_crl {
    unsigned max_days;
    bool keep_expired;
};
struct yaml_control {
    struct yaml_person *people;
    unsigned people_count;
    unsigned quorum[ACT_COUNT];
    char **emergency;
    unsigned emergency_count;
    char *policies;
    bool *allow_extractable;
    bool require_manifest;
    struct yaml_crl *crl;
};

#define TEXT_MAX 1024
#define TEXT(key, flags, structure, member)                                                                  \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (flags), structure, member, 1, TEXT_MAX)

static const cyaml_schema_field_t person_fields[] = {
    TEXT("name", 0, struct yaml_person, name),
    TEXT("role", 0, struct yaml_person, role),
    TEXT("key", CYAML_FLAG_OPTIONAL, struct yaml_person, key),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t person_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct yaml_person, person_fields)};

/** quorum is a mapping whose members lie in one array; every act is named, so that none is left to a default. */
struct yaml_quorum {
    unsigned of[ACT_COUNT];
};
#define QUORUM(act, place)                                                                                   \
    {                                                                                                        \
        .key = (act), .data_offset = offsetof(struct yaml_quorum, of) + (place) * sizeof(unsigned),          \
        .value = {                                                                                           \
            .type = CYAML_UINT,                                                                              \
            .flags = CYAML_FLAG_DEFAULT,                                                                     \
            .data_size = sizeof(unsigned)                                                                    \
        }                                                                                                    \
    }
static const cyaml_schema_field_t quorum_fields[] = {
    QUORUM("issue", ACT_ISSUE),
    QUORUM("issue_ca", ACT_ISSUE_CA),
    QUORUM("revoke", ACT_REVOKE),
    QUORUM("crl", ACT_CRL),
    QUORUM("control", ACT_CONTROL),
    QUORUM("policy", ACT_POLICY),
    CYAML_FIELD_END,
};

static const cyaml_schema_value_t act_schema = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX)};

static const cyaml_schema_field_t crl_fields[] = {
    CYAML_FIELD_UINT("max_days", CYAML_FLAG_DEFAULT, struct yaml_crl, max_days),
    CYAML_FIELD_BOOL("keep_expired", CYAML_FLAG_OPTIONAL, struct yaml_crl, keep_expired),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t control_fields[] = {
    CYAML_FIELD_SEQUENCE("people", CYAML_FLAG_POINTER, struct yaml_control, people, &person_schema, 1,
                         CONTROL_PEOPLE_MAX),
    {.key = "quorum",
     .data_offset = offsetof(struct yaml_control, quorum),
     .value = {.type = CYAML_MAPPING,
               .flags = CYAML_FLAG_DEFAULT,
               .data_size = sizeof(struct yaml_quorum),
               .mapping = {.fields = quorum_fields}}},
    CYAML_FIELD_SEQUENCE("emergency", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_control,
                         emergency, &act_schema, 0, ACT_COUNT),
    TEXT("policies", CYAML_FLAG_OPTIONAL, struct yaml_control, policies),
    CYAML_FIELD_BOOL_PTR("allow_extractable", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_control,
                         allow_extractable),
    CYAML_FIELD_BOOL("require_manifest", CYAML_FLAG_OPTIONAL, struct yaml_control, require_manifest),
    CYAML_FIELD_MAPPING_PTR("crl", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_control, crl,
                            crl_fields),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t control_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct yaml_control, control_fields)};

static bool take(const struct yaml_control *yaml, struct control *control, struct error *err)
{
    for (unsigned i = 0; i < yaml->people_count; i++) {
        const struct yaml_person *person = &yaml->people[i];
        if (!control_add_person(control, person->name, person->role, person->key, err))
            return false;
    }
    memcpy(control->quorum, yaml->quorum, sizeof(control->quorum));
    for (unsigned i = 0; i < yaml->emergency_count; i++) {
        enum act act = ACT_ISSUE;
        if (!act_parse(yaml->emergency[i], &act))
            return error_set(err, ERROR_INPUT, 0, "emergency names %s: it can name revoke and crl",
                             quoted_text(yaml->emergency[i], &(struct quoted){0}));
        control->emergency[act] = true;
    }
    // Left out, policies have to be approved: the safe one of the two.
    control->only_approved_policies = yaml->policies == NULL || strcmp(yaml->policies, "any") != 0;
    if (yaml->policies != NULL && control->only_approved_policies && strcmp(yaml->policies, "approved") != 0)
        return error_set(err, ERROR_INPUT, 0, "policies is approved or any");
    control->forbids_extractable = yaml->allow_extractable != NULL && !*yaml->allow_extractable;
    control->requires_manifest = yaml->require_manifest;
    control->has_crl = yaml->crl != NULL;
    if (yaml->crl != NULL) {
        control->crl_max_days = yaml->crl->max_days;
        control->crl_keep_expired = yaml->crl->keep_expired;
    }
    return true;
}

bool control_load(struct bytes text, const char *file, struct control *ret_control, struct error *err)
{
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    void *value = NULL;
    if (!yaml_load(text, file, &control_schema, &value, err))
        return false;
    bool is_fine = take(value, &control, err) && control_check(&control, err);
    yaml_value_free(&control_schema, value);
    if (!is_fine)
        return error_while(err, "reading the controls of %s", quoted_text(file, &(struct quoted){0}));
    *ret_control = control;
    control = (struct control){.people_count = 0};
    return true;
}
