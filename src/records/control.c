/* SPDX-License-Identifier: Apache-2.0 */
#include "records/control.h"

#include "base/memory.h"
#include "base/quote.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LEN 128

void control_done(struct control *control)
{
    for (size_t i = 0; i < control->people_count; i++) {
        free(control->people[i].name);
        free(control->people[i].role);
        free(control->people[i].key);
    }
    *control = (struct control){.seq = CONTROL_NONE, .previous = CONTROL_NONE};
}

bool control_add_person(struct control *control, const char *name, const char *role, const char *key,
                        struct error *err)
{
    if (control->people_count == CONTROL_PEOPLE_MAX)
        return error_set(err, ERROR_INPUT, 0, "a control names at most %d people", CONTROL_PEOPLE_MAX);
    control->people[control->people_count++] = (struct control_person){
        .name = memory_text(name), .role = memory_text(role), .key = key == NULL ? NULL : memory_text(key)};
    return true;
}

bool control_may_approve(const struct control_person *person)
{
    return person->key != NULL && strcmp(person->role, "auditor") != 0;
}

const struct control_person *control_person(const struct control *control, const char *name)
{
    for (size_t i = 0; i < control->people_count; i++) {
        if (strcmp(control->people[i].name, name) == 0)
            return &control->people[i];
    }
    return NULL;
}

static size_t count_approvers(const struct control *control)
{
    size_t count = 0;
    for (size_t i = 0; i < control->people_count; i++)
        count += control_may_approve(&control->people[i]) ? 1 : 0;
    return count;
}

unsigned control_needed(const struct control *control, enum act act)
{
    unsigned quorum = control->quorum[act];
    return quorum == 1 && count_approvers(control) == 0 ? 0 : quorum;
}

/* ---- whether it can be met ---- */

static bool check_key(const struct control_person *person, struct note_key *ret_key, struct error *err)
{
    struct quoted name;
    if (!note_key_read(person->key, ret_key, err))
        return error_while(err, "reading the key of %s", quoted_text(person->name, &name));
    if (strcmp(ret_key->name, person->name) != 0)
        return error_set(err, ERROR_INPUT, 0, "the key of %s is named %s: a key bears its person's name",
                         quoted_text(person->name, &name), quoted_text(ret_key->name, &(struct quoted){0}));
    return ret_key->type != NOTE_COSIGNATURE ||
           error_set(err, ERROR_INPUT, 0, "the key of %s is a witness's, which cosigns checkpoints only",
                     quoted_text(person->name, &name));
}

static bool check_person(const struct control *control, size_t at, struct note_key *ret_key,
                         struct error *err)
{
    const struct control_person *person = &control->people[at];
    struct quoted name;
    size_t len = strlen(person->name);
    if (len == 0 || len > NAME_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, "a person's name has 1 to %d bytes", NAME_MAX_LEN);
    if (control_person(control, person->name) != person)
        return error_set(err, ERROR_INPUT, 0, "%s is named twice", quoted_text(person->name, &name));
    if (strcmp(person->role, "operator") != 0 && strcmp(person->role, "approver") != 0 &&
        strcmp(person->role, "auditor") != 0)
        return error_set(err, ERROR_INPUT, 0, "the role of %s is operator, approver or auditor",
                         quoted_text(person->name, &name));
    return person->key == NULL || check_key(person, ret_key, err);
}

/** Two names for one key would let one person count twice. */
static bool check_people(const struct control *control, struct note_key *keys, struct error *err)
{
    struct quoted one, other;
    for (size_t i = 0; i < control->people_count; i++) {
        if (!check_person(control, i, &keys[i], err))
            return false;
        for (size_t j = 0; j < i; j++) {
            if (keys[i].pkey != NULL && keys[j].pkey != NULL && EVP_PKEY_eq(keys[i].pkey, keys[j].pkey) == 1)
                return error_set(err, ERROR_INPUT, 0, "%s and %s have the same key",
                                 quoted_text(control->people[j].name, &one),
                                 quoted_text(control->people[i].name, &other));
        }
    }
    return true;
}

static bool check_quorums(const struct control *control, struct error *err)
{
    size_t approvers = count_approvers(control);
    for (size_t i = 0; i < ACT_COUNT; i++) {
        if (control->quorum[i] > CONTROL_QUORUM_MAX)
            return error_set(err, ERROR_INPUT, 0, "the quorum of %s is at most %d", act_name((enum act)i),
                             CONTROL_QUORUM_MAX);
        if (control_needed(control, (enum act)i) > approvers)
            return error_set(err, ERROR_INPUT, 0,
                             "the quorum of %s is %u, but %zu %s a key to approve with: add people "
                             "or lower it",
                             act_name((enum act)i), control->quorum[i], approvers,
                             approvers == 1 ? "person has" : "people have");
        if (control->emergency[i] && i != ACT_REVOKE && i != ACT_CRL)
            return error_set(err, ERROR_INPUT, 0, "emergency can name revoke and crl, not %s",
                             act_name((enum act)i));
    }
    return true;
}

bool control_check(const struct control *control, struct error *err)
{
    struct note_key keys[CONTROL_PEOPLE_MAX] = {0};
    if (control->people_count == 0)
        return error_set(err, ERROR_INPUT, 0, "a control names at least one person");
    if (control->has_crl && (control->crl_max_days < 1 || control->crl_max_days > 3650))
        return error_set(err, ERROR_INPUT, 0, "crl max_days is 1 to 3650");
    bool is_fine = check_people(control, keys, err) && check_quorums(control, err);
    for (size_t i = 0; i < control->people_count; i++)
        note_key_done(&keys[i]);
    return is_fine;
}

/* ---- the record ---- */

struct json *control_write(const struct control *control)
{
    struct json *json = json_new_object();
    if (control->previous != CONTROL_NONE)
        json_put_int(json, "previous", (int64_t)control->previous);
    struct json *people = json_put_array(json, "people");
    for (size_t i = 0; i < control->people_count; i++) {
        struct json *person = json_add_object(people);
        json_put_text(person, "name", control->people[i].name);
        json_put_text(person, "role", control->people[i].role);
        json_put_text(person, "key", control->people[i].key);
    }
    struct json *quorum = json_put_object(json, "quorum");
    struct json *emergency = json_put_array(json, "emergency");
    for (size_t i = 0; i < ACT_COUNT; i++) {
        json_put_int(quorum, act_name((enum act)i), control->quorum[i]);
        if (control->emergency[i])
            json_add_text(emergency, act_name((enum act)i));
    }
    json_put_text(json, "policies", control->only_approved_policies ? "approved" : "any");
    if (control->forbids_extractable)
        json_put_bool(json, "allow_extractable", false);
    if (control->requires_manifest)
        json_put_bool(json, "require_manifest", true);
    if (control->has_crl) {
        struct json *crl = json_put_object(json, "crl");
        json_put_int(crl, "max_days", control->crl_max_days);
        json_put_bool(crl, "keep_expired", control->crl_keep_expired);
    }
    return json;
}

static bool read_people(const struct json *json, struct control *control, struct error *err)
{
    const struct json *people = json_get(json, "people");
    for (size_t i = 0; i < json_count(people); i++) {
        const struct json *person = json_at(people, i);
        const char *name = NULL;
        const char *role = NULL;
        if (!record_text(person, "name", &name, err) || !record_text(person, "role", &role, err) ||
            !control_add_person(control, name, role, json_text(person, "key"), err))
            return error_while(err, "reading people");
    }
    return json_count(people) > 0 || error_set(err, ERROR_LEDGER, 0, "without people, which is a list");
}

static bool read_quorum(const struct json *json, struct control *control, struct error *err)
{
    const struct json *quorum = json_get(json, "quorum");
    const struct json *emergency = json_get(json, "emergency");
    if (quorum == NULL)
        return error_set(err, ERROR_LEDGER, 0, "without quorum, which is an object");
    for (size_t i = 0; i < ACT_COUNT; i++) {
        uint64_t number = 0;
        if (!record_number(quorum, act_name((enum act)i), &number, err))
            return error_while(err, "reading quorum");
        control->quorum[i] = number > CONTROL_QUORUM_MAX ? CONTROL_QUORUM_MAX + 1 : (unsigned)number;
    }
    for (size_t i = 0; i < json_count(emergency); i++) {
        enum act act = ACT_ISSUE;
        const char *name = json_text_at(emergency, i);
        if (name == NULL || !act_parse(name, &act))
            return error_set(err, ERROR_LEDGER, 0, "its emergency names what is not an act");
        control->emergency[act] = true;
    }
    return true;
}

/** Left out, ca.yaml decides. */
static bool read_settings(const struct json *json, struct control *control, struct error *err)
{
    bool may_be_extractable = true;
    if (!record_flag(json, "allow_extractable", true, &may_be_extractable, err) ||
        !record_flag(json, "require_manifest", false, &control->requires_manifest, err))
        return false;
    control->forbids_extractable = !may_be_extractable;
    return true;
}

static bool read_rest(const struct json *json, struct control *control, struct error *err)
{
    const char *policies = NULL;
    const struct json *crl = json_get(json, "crl");
    uint64_t days = 0;
    if (json_get(json, "previous") != NULL && !record_number(json, "previous", &control->previous, err))
        return false;
    if (json_get(json, "seq") != NULL && !record_number(json, "seq", &control->seq, err))
        return false;
    if (!record_text(json, "policies", &policies, err) || !read_settings(json, control, err))
        return false;
    control->only_approved_policies = strcmp(policies, "any") != 0;
    if (control->only_approved_policies && strcmp(policies, "approved") != 0)
        return error_set(err, ERROR_LEDGER, 0, "its policies is neither approved nor any");
    if (crl == NULL)
        return true;
    if (!record_number(crl, "max_days", &days, err))
        return error_while(err, "reading crl");
    control->has_crl = true;
    control->crl_max_days = days > 3650 ? 3651 : (unsigned)days;
    control->crl_keep_expired = json_bool(crl, "keep_expired");
    return true;
}

bool control_read(const struct json *json, struct control *ret_control, struct error *err)
{
    AUTO(control_done)
    struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    if (!read_people(json, &control, err) || !read_quorum(json, &control, err) ||
        !read_rest(json, &control, err) || !control_check(&control, err))
        return false;
    *ret_control = control;
    control = (struct control){.people_count = 0};
    return true;
}
