/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "ceremony/places.h"
#include "ceremony/world.h"
#include "home/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool run(void *data, const struct step_command *command, world_line *line, void *line_data,
                int *ret_exit, struct error *err)
{
    return child_run(data, command->argv, line, line_data, ret_exit, err);
}

static bool home_has(const struct machine *machine, const char *home, const char *file)
{
    AUTO(free) char *path = memory_format("%s/%s", site_home_path(machine->site, home), file);
    return file_exists(AT_FDCWD, path);
}

/* ---- tokens: whoever loads a module is a child ---- */

struct listing {
    struct builder json;
    struct builder words; /**< the last line of stderr: why it could not be listed */
};

static void keep_line(void *data, bool is_stderr, struct bytes line)
{
    struct listing *listing = data;
    struct builder *kept = is_stderr ? &listing->words : &listing->json;
    if (is_stderr && kept->len > 0)
        return; // the first says what is wrong
    builder_add_bytes(kept, line);
    builder_add_text(kept, is_stderr ? "" : "\n");
}

static bool is_initialised(const struct json *tokens, const char *label)
{
    for (size_t i = 0; i < json_count(tokens); i++) {
        const struct json *token = json_at(tokens, i);
        const char *found = json_text(token, "label");
        if (found != NULL && strcmp(found, label) == 0 && json_bool(token, "initialized"))
            return true;
    }
    return false;
}

static bool look_at_token(const struct machine *machine, const char *name, bool *ret_is, struct error *err)
{
    int code = 0;
    const struct site_token *token = site_token(machine->site, name);
    struct listing listing = {.json = BUILDER_INIT, .words = BUILDER_INIT};
    const char *argv[10] = {"coldca", "token", "list", "--json"};
    size_t count = 4;
    if (token->module != NULL) {
        argv[count++] = "--module";
        argv[count++] = token->module;
    }
    if (token->model != NULL) {
        argv[count++] = "--model";
        argv[count++] = token->model;
    }
    bool is_fine = child_run(machine, (char *const *)(uintptr_t)argv, keep_line, &listing, &code, err);
    AUTO(json_free) struct json *tokens = NULL;
    if (is_fine && code != 0)
        is_fine = error_set(err, ERROR_TOKEN, 0, "can't list tokens: %s", builder_text(&listing.words));
    is_fine = is_fine && json_parse(builder_bytes(&listing.json), &tokens, err);
    if (is_fine)
        *ret_is = is_initialised(tokens, token->label);
    builder_done(&listing.json);
    builder_done(&listing.words);
    return is_fine || error_while(err, "looking for the token %s", name);
}

/** The home on a token; NULL: none of this script is. */
static const char *home_on(const struct ceremony_script *script, const char *token)
{
    for (unsigned i = 0; i < script->home_count; i++) {
        if (strcmp(script->homes[i].token, token) == 0)
            return script->homes[i].home;
    }
    return NULL;
}

/** An empty mount point is a directory like any other, and what is written there stays on this machine. */
static bool look_at_medium(const struct machine *machine, const char *name, bool *ret_is, struct error *err)
{
    struct statx status;
    const struct site_medium *medium = site_medium(machine->site, name);
    *ret_is = statx(AT_FDCWD, medium->path, AT_STATX_SYNC_AS_STAT, STATX_TYPE, &status) == 0 &&
              S_ISDIR(status.stx_mode);
    if (!*ret_is || medium->is_directory)
        return true;
    if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "the kernel does not say whether %s is mounted (Linux 5.8 does)", name);
    *ret_is = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return true;
}

static bool look(void *data, const struct ceremony_script *script, const struct step_need *need, bool *ret_is,
                 struct error *err)
{
    const struct machine *machine = data;
    const char *home = NULL;
    switch (need->fact) {
    case FACT_READY:
        return look_at_token(machine, need->of, ret_is, err);
    case FACT_KEYS:
        home = home_on(script, need->of);
        *ret_is = home != NULL && home_has(machine, home, HOME_CONFIG_FILE);
        return true;
    case FACT_EXISTS:
        *ret_is = home_has(machine, need->of, HOME_CONFIG_FILE);
        return true;
    case FACT_COMPLETE:
        *ret_is = home_has(machine, need->of, HOME_CERTIFICATE_FILE);
        return true;
    case FACT_MOUNTED:
        return look_at_medium(machine, need->of, ret_is, err);
    case FACT_FILE:
        return place_look(machine->site, need->of, ret_is, err);
    case FACT_CLOCK:
    case FACT_PROGRAM:
    case FACT_SEALED:
        break;
    }
    return error_set(err, ERROR_INPUT, 0, "the machine can't know what the room has seen");
}

struct ceremony_world ceremony_machine(struct machine *machine)
{
    return (struct ceremony_world){.run = run, .look = look, .data = machine};
}
