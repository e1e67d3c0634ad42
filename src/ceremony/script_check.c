/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "base/similar.h"
#include "ceremony/names.h"
#include "ceremony/steps.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE_MAX 32
#define NAME_RULE "a name has 1 to 32 lower-case letters, digits and \"-\", and begins with a letter"

struct checking {
    struct ceremony_script *script;
    const char *file; /**< escaped */
    struct error *err;
};

/* ---- names ---- */

static bool check_name(const struct checking *checking, const char *what, const char *name)
{
    return name_is_fine(name) || error_set(checking->err, ERROR_INPUT, 0, "%s: %s \"%s\": " NAME_RULE,
                                           checking->file, what, quoted_text(name, &(struct quoted){0}));
}

static bool is_there_twice(const struct checking *checking, const char *what, const char *name)
{
    (void)error_set(checking->err, ERROR_INPUT, 0, "%s: the %s %s is there twice", checking->file, what,
                    name);
    return false;
}

static bool check_homes(const struct checking *checking)
{
    const struct ceremony_script *script = checking->script;
    for (unsigned i = 0; i < script->home_count; i++) {
        const struct ceremony_home *home = &script->homes[i];
        if (!check_name(checking, "home", home->home) || !check_name(checking, "token", home->token))
            return false;
        if (ceremony_home(script, home->home) != home)
            return is_there_twice(checking, "home", home->home);
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(script->homes[j].token, home->token) == 0)
                return error_set(
                    checking->err, ERROR_INPUT, 0,
                    "%s: the homes %s and %s are on one token, %s; in a ceremony each has its own",
                    checking->file, script->homes[j].home, home->home, home->token);
        }
    }
    if (script->home_count == 0)
        return error_set(checking->err, ERROR_INPUT, 0,
                         "%s: homes is empty; a ceremony's records are kept by a home", checking->file);
    return ceremony_home(script, script->ledger) != NULL ||
           error_set(checking->err, ERROR_INPUT, 0, "%s: ledger names %s, which is none of its homes",
                     checking->file, quoted_text(script->ledger, &(struct quoted){0}));
}

static bool check_media(const struct checking *checking)
{
    const struct ceremony_script *script = checking->script;
    for (unsigned i = 0; i < script->medium_count; i++) {
        const struct ceremony_medium *medium = &script->media[i];
        if (!check_name(checking, "medium", medium->medium))
            return false;
        if (ceremony_medium(script, medium->medium) != medium)
            return is_there_twice(checking, "medium", medium->medium);
        if (ceremony_home(script, medium->medium) != NULL)
            return error_set(checking->err, ERROR_INPUT, 0,
                             "%s: %s is a home and a medium; places name either, so choose another name",
                             checking->file, medium->medium);
    }
    return true;
}

static bool check_roles(const struct checking *checking)
{
    const struct ceremony_script *script = checking->script;
    unsigned people = 0;
    for (unsigned i = 0; i < script->role_count; i++) {
        const struct ceremony_role *role = &script->roles[i];
        if (!check_name(checking, "role", role->role))
            return false;
        if (ceremony_role(script, role->role) != role)
            return is_there_twice(checking, "role", role->role);
        if (role->count > PEOPLE_MAX || (people += role->count) > PEOPLE_MAX)
            return error_set(checking->err, ERROR_INPUT, 0, "%s: the roles are of more than %d people",
                             checking->file, PEOPLE_MAX);
    }
    return script->role_count > 0 || error_set(checking->err, ERROR_INPUT, 0,
                                               "%s: roles is empty; somebody has to say yes", checking->file);
}

static bool check_blank(const struct checking *checking, const struct ceremony_blank *blank)
{
    regex_t expression;
    if (!check_name(checking, "blank", blank->name))
        return false;
    if (blank->match == NULL)
        return true;
    if (regcomp(&expression, blank->match, REG_EXTENDED | REG_NOSUB) != 0)
        return error_set(checking->err, ERROR_INPUT, 0,
                         "%s: match of the blank %s is not an extended regular expression (POSIX)",
                         checking->file, blank->name);
    regfree(&expression);
    return true;
}

static bool check_blanks(const struct checking *checking)
{
    const struct ceremony_script *script = checking->script;
    for (unsigned i = 0; i < script->blank_count; i++) {
        if (!check_blank(checking, &script->blanks[i]))
            return false;
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(script->blanks[j].name, script->blanks[i].name) == 0)
                return is_there_twice(checking, "blank", script->blanks[i].name);
        }
    }
    return true;
}

/* ---- steps ---- */

static bool complain_of_kind(const struct checking *checking, const struct ceremony_step *step)
{
    AUTO(builder_done) struct builder question = BUILDER_INIT;
    struct similar similar = {.word = step->word};
    for (int i = 0; i < STEP_KIND_COUNT; i++)
        similar_offer(&similar, step_row((enum step_kind)i)->word);
    similar_ask(&similar, "", &question);
    return step_fault(checking->script, step, checking->file, checking->err, "no such kind of step%s",
                      builder_text(&question));
}

static bool check_fields(const struct checking *checking, const struct ceremony_step *step)
{
    const struct step_row *row = step_row(step->kind);
    for (int i = 0; i < STEP_FIELD_COUNT; i++) {
        bool is_there = step->values[i] != NULL;
        const char *field = step_field_name((enum step_field)i);
        if (!is_there && (row->needed >> i & 1) != 0)
            return step_fault(checking->script, step, checking->file, checking->err, "%s is missing", field);
        if (is_there && ((row->needed | row->optional) >> i & 1) == 0)
            return step_fault(checking->script, step, checking->file, checking->err,
                              "this kind of step has no %s", field);
    }
    if (step->approval_count > 0 && !row->takes_approvals)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "this kind of step has no approvals");
    if (step->set_count > 0 && !row->takes_set)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "this kind of step has no set");
    if (step->approval_count > 0 && step_value(step, FIELD_PLAN) == NULL)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "approvals are of a plan; name it");
    return true;
}

/** Only these of a home are named in a script: what others need, and no key, record or configuration. */
static bool is_home_file(const char *path)
{
    static const char *const files[] = {"ca.pem", "chain.pem", "ca.csr"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (strcmp(files[i], path) == 0)
            return true;
    }
    return false;
}

static bool check_place(const struct checking *checking, const struct ceremony_step *step, const char *field,
                        const char *place, bool is_made)
{
    struct quoted shown;
    size_t len = 0;
    const char *path = ceremony_place(place, &len);
    (void)quoted_text(place, &shown);
    AUTO(free) char *name = memory_text_of(place, path == NULL ? 0 : len);
    bool is_medium = path != NULL && ceremony_medium(checking->script, name) != NULL;
    bool is_home = path != NULL && ceremony_home(checking->script, name) != NULL;
    if (!is_medium && !is_home)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "%s: \"%s\" is not a place, which is MEDIUM:PATH of a medium of this script, or "
                          "HOME:ca.pem",
                          field, shown.text);
    if (is_home && (is_made || !is_home_file(path)))
        return step_fault(
            checking->script, step, checking->file, checking->err,
            "%s: \"%s\": of a home, ca.pem, chain.pem and ca.csr can be read, and nothing written", field,
            shown.text);
    return path_stays(path) ||
           step_fault(checking->script, step, checking->file, checking->err,
                      "%s: \"%s\": a path has parts of letters, digits, \".\", \"_\" and \"-\", and does not "
                      "leave its medium",
                      field, shown.text);
}

static bool check_places(const struct checking *checking, const struct ceremony_step *step)
{
    for (int i = 0; i < STEP_FIELD_COUNT; i++) {
        enum step_field field = (enum step_field)i;
        const char *place = step_value(step, field);
        if (place != NULL && step_field_is_place(field) &&
            !check_place(checking, step, step_field_name(field), place, field == FIELD_TO))
            return false;
    }
    for (unsigned i = 0; i < step->approval_count; i++) {
        if (!check_place(checking, step, "approvals", step->approvals[i], false))
            return false;
    }
    return true;
}

/** Blanks that a text names must be there; what is in "{" and "}" and is not a name is left alone. */
static bool check_blanks_of(const struct checking *checking, const struct ceremony_step *step,
                            const char *text)
{
    for (const char *open = text == NULL ? NULL : strchr(text, '{'); open != NULL;
         open = strchr(open + 1, '{')) {
        size_t len = strcspn(open + 1, "}");
        AUTO(free) char *name = memory_text_of(open + 1, len);
        bool is_found = open[1 + len] == '\0' || !name_is_fine(name);
        for (unsigned i = 0; i < checking->script->blank_count; i++)
            is_found |= strcmp(checking->script->blanks[i].name, name) == 0;
        if (!is_found)
            return step_fault(checking->script, step, checking->file, checking->err,
                              "{%s} is none of its blanks", name);
    }
    return true;
}

static bool check_values(const struct checking *checking, const struct ceremony_step *step)
{
    static const char *const ways[] = {"retry", "go-on", "stop"};
    const char *days = step_value(step, FIELD_DAYS);
    const char *sha256 = step_value(step, FIELD_SHA256);
    const char *home = step_value(step, FIELD_HOME);
    const char *token = step_value(step, FIELD_TOKEN);
    bool is_known = step->fails == NULL;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        is_known |= step->fails != NULL && strcmp(ways[i], step->fails) == 0;
    if (!is_known)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "fails is retry, go-on or stop");
    if (step->says != NULL && ceremony_role(checking->script, step->says) == NULL)
        return step_fault(checking->script, step, checking->file, checking->err,
                          "says: %s is none of the roles", quoted_text(step->says, &(struct quoted){0}));
    if (home != NULL && ceremony_home(checking->script, home) == NULL)
        return step_fault(checking->script, step, checking->file, checking->err, "%s is none of the homes",
                          quoted_text(home, &(struct quoted){0}));
    if (token != NULL && !name_is_fine(token))
        return step_fault(checking->script, step, checking->file, checking->err, "token: " NAME_RULE);
    if (days != NULL && (strspn(days, "0123456789") != strlen(days) || strlen(days) > 5))
        return step_fault(checking->script, step, checking->file, checking->err,
                          "days is a number of at most five digits");
    return sha256 == NULL || (strspn(sha256, "0123456789abcdef") == 64 && strlen(sha256) == 64) ||
           step_fault(checking->script, step, checking->file, checking->err,
                      "sha256 has 64 digits of lower-case hex");
}

static bool check_step(const struct checking *checking, struct ceremony_step *step)
{
    if (!step_kind_parse(step->word, &step->kind))
        return complain_of_kind(checking, step);
    if (!check_fields(checking, step) || !check_values(checking, step) || !check_places(checking, step))
        return false;
    return check_blanks_of(checking, step, step->name) &&
           check_blanks_of(checking, step, step_value(step, FIELD_TEXT)) &&
           check_blanks_of(checking, step, step_value(step, FIELD_BAG)) &&
           step_rules(checking->script, step, checking->file, checking->err);
}

bool script_check(struct ceremony_script *script, const char *name, struct error *err)
{
    struct quoted shown;
    const struct checking checking = {.script = script, .file = quoted_text(name, &shown), .err = err};
    if (!check_name(&checking, "ceremony", script->id) || !check_homes(&checking) ||
        !check_media(&checking) || !check_roles(&checking) || !check_blanks(&checking))
        return false;
    for (unsigned i = 0; i < script->step_count; i++) {
        if (!check_step(&checking, &script->steps[i]))
            return false;
    }
    return script->step_count > 0 || error_set(err, ERROR_INPUT, 0, "%s: steps is empty", shown.text);
}
