/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "ceremony/places.h"
#include "ceremony/stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SHAPE                                                                                                \
    "mqtt-device" /* a ready policy that any name and an Ed25519 key fit: only the key of the request is wanted */
#define EMERGENCY_QUORUM 2 /* an emergency rule is of use only where one person is not enough */

static const char *person_of(const struct ceremony_script *script, unsigned at)
{
    const struct ceremony_step *step = &script->steps[at];
    return step->kind == STEP_APPROVE ? step_value(step, FIELD_PERSON) : NULL;
}

/** The person a step is the first of in the script to approve something; NULL: it is not. */
static const char *new_person(const struct ceremony_script *script, unsigned at)
{
    const char *person = person_of(script, at);
    for (unsigned i = 0; person != NULL && i < at; i++) {
        const char *other = person_of(script, i);
        if (other != NULL && strcmp(other, person) == 0)
            return NULL;
    }
    return person;
}

/* ---- keys ---- */

static bool make_key(const struct rehearsal_making *making, const char *person, struct error *err)
{
    const char *folder = making->rehearsal->approver_keys;
    const char *const argv[] = {
        "coldca", "request", "--policy", SHAPE,  "--set", "domain=rehearsal.example", "--cn", person,
        "--key",  "ed25519", "--out",    folder, NULL};
    AUTO(free) char *key = memory_format("%s/%s.key", folder, person);
    AUTO(free) char *wanted = memory_format("%s/%s.pem", folder, person);
    if (!stand_in_run(making, argv, NULL, err))
        return error_while(err, "making a throwaway key for %s", person);
    return rename(key, wanted) == 0 ||
           error_errno(err, ERROR_INPUT, errno, "can't name the key of %s", person);
}

static bool has_key(const struct rehearsal_making *making, const char *person)
{
    AUTO(free) char *key = memory_format("%s/%s.pem", making->rehearsal->approver_keys, person);
    return file_exists(AT_FDCWD, key);
}

bool stand_in_people(const struct rehearsal_making *making, struct error *err)
{
    for (unsigned i = 0; i < making->script->step_count; i++) {
        const char *person = new_person(making->script, i);
        if (person != NULL && !make_key(making, person, err))
            return false;
    }
    return true;
}

/** The verifier key, as controls name it; the caller frees. */
static bool read_vkey(const struct rehearsal_making *making, const char *person, char **ret_vkey,
                      struct error *err)
{
    AUTO(builder_done) struct builder said = BUILDER_INIT;
    AUTO(free) char *key = memory_format("%s/%s.pem", making->rehearsal->approver_keys, person);
    const char *const argv[] = {"coldca", "approve", "--vkey", "--name", person, "--key", key, NULL};
    if (!stand_in_run(making, argv, &said, err))
        return error_while(err, "reading the throwaway key of %s", person);
    *ret_vkey = memory_text_of(builder_text(&said), strcspn(builder_text(&said), "\n"));
    return true;
}

/* ---- controls ---- */

struct quorum {
    unsigned issue, revoke, crl, control, policy;
    bool has_emergency;
};

static void raise(unsigned *quorum, unsigned approvals)
{
    *quorum = approvals > *quorum ? approvals : *quorum;
}

static struct quorum quorum_of(const struct ceremony_script *script, const char *home)
{
    struct quorum quorum = {.issue = 0};
    for (unsigned i = 0; i < script->step_count; i++) {
        const struct ceremony_step *step = &script->steps[i];
        const char *of = step_value(step, FIELD_HOME);
        if (of == NULL || strcmp(of, home) != 0)
            continue;
        bool is_emergency = step_value(step, FIELD_EMERGENCY) != NULL;
        unsigned count = is_emergency ? EMERGENCY_QUORUM : step->approval_count;
        quorum.has_emergency |= is_emergency;
        if (step->kind == STEP_SIGN)
            raise(&quorum.issue, count);
        else if (step->kind == STEP_REVOKE)
            raise(&quorum.revoke, count);
        else if (step->kind == STEP_CRL)
            raise(&quorum.crl, count);
        else if (step->kind == STEP_PEOPLE)
            raise(&quorum.control, count);
        else if (step->kind == STEP_POLICY_APPROVE)
            raise(&quorum.policy, count);
    }
    return quorum;
}

static bool add_person(const struct rehearsal_making *making, const char *person, struct builder *text,
                       struct error *err)
{
    AUTO(free) char *vkey = NULL;
    if (!read_vkey(making, person, &vkey, err))
        return false;
    builder_format(text, "  - {name: %s, role: approver, key: '%s'}\n", person, vkey);
    return true;
}

/** All who approve; two nobodies where an emergency has nobody to do without. */
static bool add_people(const struct rehearsal_making *making, struct builder *text, struct error *err)
{
    static const char *const nobodies[EMERGENCY_QUORUM] = {"rehearsal-1", "rehearsal-2"};
    size_t count = 0;
    for (unsigned i = 0; i < making->script->step_count; i++) {
        const char *person = new_person(making->script, i);
        if (person != NULL && !add_person(making, person, text, err))
            return false;
        count += person != NULL;
    }
    for (size_t i = 0; count < EMERGENCY_QUORUM; i++, count++) {
        if (!has_key(making, nobodies[i]) && !make_key(making, nobodies[i], err))
            return false;
        if (!add_person(making, nobodies[i], text, err))
            return false;
    }
    return true;
}

static bool write_controls(const struct rehearsal_making *making, const struct quorum *quorum,
                           struct builder *text, struct error *err)
{
    builder_add_text(text, "# Made up for a rehearsal: throwaway keys.\npeople:\n");
    if (!add_people(making, text, err))
        return false;
    builder_format(text,
                   "quorum: {issue: %u, issue_ca: %u, revoke: %u, crl: %u, control: %u, policy: %u}\n"
                   "policies: any\n",
                   quorum->issue, quorum->issue, quorum->revoke, quorum->crl, quorum->control,
                   quorum->policy);
    builder_add_text(text, quorum->has_emergency ? "emergency: [revoke, crl]\n" : "");
    return true;
}

bool stand_in_controls(const struct rehearsal_making *making, const char *home, char **ret_path,
                       struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct quorum quorum = quorum_of(making->script, home);
    if (quorum.issue + quorum.revoke + quorum.crl + quorum.control + quorum.policy == 0)
        return true;
    AUTO(free) char *path = memory_format("%s/%s-controls.yaml", making->rehearsal->folder, home);
    if (!write_controls(making, &quorum, &text, err) ||
        !file_create(AT_FDCWD, path, 0600, builder_bytes(&text), err))
        return false;
    *ret_path = TAKE(path);
    return true;
}

bool stand_in_controls_file(const struct rehearsal_making *making, const struct ceremony_step *step,
                            const char *place, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct quorum quorum = quorum_of(making->script, step_value(step, FIELD_HOME));
    return write_controls(making, &quorum, &text, err) &&
           place_write(making->rehearsal->site, place, builder_bytes(&text), err);
}

/* ---- real controls, with other keys ---- */

bool stand_in_is_controls(const struct ceremony_script *script, const char *place)
{
    for (unsigned i = 0; i < script->step_count; i++) {
        const struct ceremony_step *step = &script->steps[i];
        const char *controls =
            step->kind == STEP_PEOPLE ? step_value(step, FIELD_FILE) : step_value(step, FIELD_CONTROLS);
        if (controls != NULL && strcmp(controls, place) == 0)
            return true;
    }
    return false;
}

/** Where a verifier key of this person is: its name and "+", as a word of its own. NULL: nowhere */
static const char *find_vkey(const char *text, const char *person)
{
    size_t len = strlen(person);
    for (const char *at = strstr(text, person); at != NULL; at = strstr(at + 1, person)) {
        if (at[len] == '+' && (at == text || strchr(" '\":", at[-1]) != NULL))
            return at;
    }
    return NULL;
}

bool stand_in_rekey(const struct rehearsal_making *making, struct bytes controls,
                    struct builder *ret_controls, struct error *err)
{
    AUTO(free)
    char *text = memory_text_of(controls.data == NULL ? (const uint8_t *)"" : controls.data, controls.len);
    for (unsigned i = 0; i < making->script->step_count; i++) {
        const char *person = new_person(making->script, i);
        const char *at = person == NULL ? NULL : find_vkey(text, person);
        AUTO(free) char *vkey = NULL;
        if (at == NULL)
            continue;
        if (!read_vkey(making, person, &vkey, err))
            return false;
        const char *rest = at + strcspn(at, " '\",}\n\r");
        char *other = memory_format("%.*s%s%s", (int)(at - text), text, vkey, rest);
        free(text);
        text = other;
    }
    builder_add_text(ret_controls, text);
    return true;
}
