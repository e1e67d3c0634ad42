/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "base/yaml.h"
#include "ceremony/check.h"
#include "ceremony/places.h"
#include "ceremony/rehearsal_parts.h"
#include "ceremony/run.h"
#include "ceremony/stand_in.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void say(const struct rehearsal_making *making, const char *format, ...) PRINTF_LIKE(2, 3);

static void say(const struct rehearsal_making *making, const char *format, ...)
{
    char words[500];
    va_list arguments;
    if (making->say == NULL)
        return;
    va_start(arguments, format);
    utf8_vformat(words, sizeof(words), format, arguments);
    va_end(arguments);
    making->say(making->say_data, words);
}

/* ---- commands besides the steps ---- */

static bool run(const struct rehearsal_making *making, const char *what, const char *const *argv,
                struct error *err)
{
    return stand_in_run(making, argv, NULL, err) || error_while(err, "%s", what);
}

/* ---- tokens and homes ---- */

static bool make_token(const struct rehearsal_making *making, const char *name, struct error *err)
{
    const struct site_token *token = site_token(making->rehearsal->site, name);
    const char *const argv[] = {"coldca",
                                "token",
                                "init",
                                "--label",
                                token->label,
                                "--so-pin-source",
                                token->so_pin_source,
                                "--pin-source",
                                token->pin_source,
                                NULL};
    AUTO(free) char *what = memory_format("initialising a throwaway token for %s", name);
    say(making, "made up for the rehearsal: the token %s, initialised\n", name);
    return run(making, what, argv, err);
}

static bool make_tokens(const struct rehearsal_making *making, struct error *err)
{
    for (unsigned i = 0; i < making->rehearsal->site->token_count; i++) {
        const char *name = making->rehearsal->site->tokens[i].token;
        if (ceremony_begins_with(making->script, FACT_READY, name) && !make_token(making, name, err))
            return false;
    }
    return true;
}

/** The policies of the real home, by which will be decided on the day: they lie there before init, which approves what it finds. */
static bool copy_policies(const struct rehearsal_making *making, const char *home, struct error *err)
{
    const char *real = making->real == NULL ? NULL : site_home_path(making->real, home);
    AUTO(free) char *folder = real == NULL ? NULL : memory_format("%s/policies", real);
    AUTO(closedir) DIR *entries = folder == NULL ? NULL : opendir(folder);
    const char *place = site_home_path(making->rehearsal->site, home);
    AUTO(free) char *policies = memory_format("%s/policies", place);
    if (entries == NULL)
        return true; // that home is made in the ceremony, or begins without policies of its own
    if (!file_make_folder(AT_FDCWD, place, 0700, err) || !file_make_folder(AT_FDCWD, policies, 0755, err))
        return error_while(err, "copying the policies of %s", real);
    for (struct dirent *entry = NULL; (entry = readdir(entries)) != NULL;) {
        size_t len = strlen(entry->d_name);
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        if (entry->d_name[0] == '.' || len <= strlen(".yaml") ||
            strcmp(entry->d_name + len - 5, ".yaml") != 0)
            continue;
        AUTO(free) char *name = memory_text_of(entry->d_name, len - strlen(".yaml"));
        if (!file_read(dirfd(entries), entry->d_name, YAML_MAX_LEN, &text, err) ||
            !place_put_policy(making->rehearsal->site, home, name, builder_bytes(&text), err))
            return error_while(err, "copying the policies of %s", real);
    }
    say(making, "brought along from the real home %s: its policies\n", home);
    return true;
}

static bool make_home(const struct rehearsal_making *making, const struct ceremony_home *home,
                      bool is_complete, struct error *err)
{
    const struct site_token *token = site_token(making->rehearsal->site, home->token);
    AUTO(free)
    char *subject = memory_format("O=%s,CN=%s stand-in for %s", CEREMONY_MARK, CEREMONY_MARK, home->home);
    AUTO(free) char *what = memory_format("making a throwaway home for %s", home->home);
    AUTO(free) char *controls = NULL;
    if (!stand_in_controls(making, home->home, &controls, err))
        return error_while(err, "%s", what);
    const char *argv[14] = {"coldca",
                            "-C",
                            site_home_path(making->rehearsal->site, home->home),
                            "--pin-source",
                            token->pin_source,
                            "init",
                            "--token",
                            token->label,
                            "--subject",
                            subject};
    size_t count = 10;
    if (!is_complete)
        argv[count++] = "--csr";
    if (controls != NULL) {
        argv[count++] = "--controls";
        argv[count++] = controls;
    }
    say(making, "made up for the rehearsal: the home %s, %s\n", home->home,
        is_complete ? "a root of its own" : "which awaits its parent");
    return copy_policies(making, home->home, err) && run(making, what, argv, err);
}

static bool make_homes(const struct rehearsal_making *making, struct error *err)
{
    for (unsigned i = 0; i < making->script->home_count; i++) {
        const struct ceremony_home *home = &making->script->homes[i];
        bool is_complete = ceremony_begins_with(making->script, FACT_COMPLETE, home->home);
        if (ceremony_begins_with(making->script, FACT_EXISTS, home->home) &&
            !make_home(making, home, is_complete, err))
            return false;
    }
    return true;
}

/* ---- files that are brought along ---- */

static bool copy_one(void *data, const char *place, struct bytes content, struct error *err)
{
    const struct rehearsal_making *making = data;
    AUTO(builder_done) struct builder other = BUILDER_INIT;
    if (!stand_in_is_controls(making->script, place))
        return place_write(making->rehearsal->site, place, content, err);
    return stand_in_rekey(making, content, &other, err) &&
           place_write(making->rehearsal->site, place, builder_bytes(&other), err);
}

/** A file that the real media have, or else what can stand in for it. */
static bool bring(const struct rehearsal_making *making, const char *place, struct error *err)
{
    size_t count = 0;
    bool is_there = false;
    bool is_made = false;
    if (making->real != NULL && !place_look(making->real, place, &is_there, err))
        return false;
    if (!is_there && !stand_in_file(making, place, &is_made, err))
        return error_while(err, "making up %s", place);
    if (is_made)
        return true;
    if (!is_there)
        return error_set(
            err, ERROR_INPUT, 0,
            "this script needs %s, which a rehearsal can't make up: give --site SITE, whose media have it",
            place);
    say(making, "brought along from the real medium: %s\n", place);
    return place_each(making->real, place, SIZE_MAX, copy_one, (void *)(uintptr_t)making, &count, err);
}

static bool is_of_home(const struct ceremony_script *script, const char *place)
{
    size_t len = 0;
    (void)ceremony_place(place, &len); // a place: the script was read
    AUTO(free) char *name = memory_text_of(place, len);
    return ceremony_home(script, name) != NULL;
}

static bool bring_for(const struct rehearsal_making *making, const struct ceremony_step *step,
                      struct error *err)
{
    struct step_need needs[STEP_NEEDS_MAX];
    size_t count = step_needs(making->script, step, needs);
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        if (needs[i].fact != FACT_FILE || !needs[i].is || is_of_home(making->script, needs[i].of) ||
            !ceremony_begins_with(making->script, FACT_FILE, needs[i].of))
            continue;
        if (!place_look(making->rehearsal->site, needs[i].of, &is_there, err) ||
            (!is_there && !bring(making, needs[i].of, err)))
            return false;
    }
    return true;
}

bool rehearsal_begin(const struct rehearsal_making *making, struct error *err)
{
    if (!make_tokens(making, err) || !stand_in_people(making, err) || !make_homes(making, err) ||
        !stand_in_parents(making, err))
        return false;
    for (unsigned i = 0; i < making->script->step_count; i++) {
        if (!bring_for(making, &making->script->steps[i], err))
            return false;
    }
    return true;
}
