/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/parts.h"

#include "base/memory.h"
#include "sandbox/sandbox.h"

#include <limits.h>
#include <string.h>

/** The paths, and the texts made for them. */
struct allowed_paths {
    struct sandbox_path *items;
    size_t count;
    char **texts; /**< of those whose text was made here */
    size_t text_count;
};

static void allowed_paths_done(struct allowed_paths *allowed)
{
    free(allowed->items);
    for (size_t i = 0; i < allowed->text_count; i++)
        free(allowed->texts[i]);
    free(allowed->texts);
}
DEFINE_AUTO_VALUE(struct allowed_paths, allowed_paths_done);

static void add(struct allowed_paths *allowed, const char *path, enum sandbox_right right)
{
    allowed->items = memory_grow(allowed->items, allowed->count + 1, sizeof(*allowed->items));
    allowed->items[allowed->count++] = (struct sandbox_path){.path = path, .right = right};
}

/** Takes over path; for reading. */
static void add_made(struct allowed_paths *allowed, char *path)
{
    allowed->texts = memory_grow(allowed->texts, allowed->text_count + 1, sizeof(*allowed->texts));
    allowed->texts[allowed->text_count++] = path;
    add(allowed, path, SANDBOX_READ);
}

/** What comes with the program and is read when it is needed: the list of weak keys. */
static void add_data(struct allowed_paths *allowed)
{
    static const char *const kinds[] = {"policies", "screen", "tokens"};
    char *places[HOME_DATA_PLACES_MAX];
    size_t count = home_data_places(places);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *place = places[i];
        for (size_t j = 0; j < ARRAY_LEN(kinds); j++)
            add_made(allowed, memory_format("%s/%s", place, kinds[j]));
    }
}

/** The module's own directory: it is often a link, with its libraries beside what it points to. */
static void add_module(struct allowed_paths *allowed, const char *module)
{
    AUTO(free) char *path = module == NULL ? NULL : realpath(module, NULL);
    char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (slash == NULL)
        return;    // the token says that the module can't be loaded
    *slash = '\0'; // of one in the root directory nothing is left, and nothing allowed
    add_made(allowed, TAKE(path));
}

void confined_free(struct confined *confined)
{
    if (confined->profile != NULL)
        token_profile_free(confined->profile);
    free(confined);
}

void confined_set_profile(struct confined *confined, struct token_profile *profile)
{
    confined->profile = profile;
}

struct confined *signer_declare_unconfined(struct home *home, const char *reason)
{
    struct confined *confined = memory_new(1, sizeof(*confined));
    confined->home = home;
    confined->reason = reason;
    return confined;
}

bool confined_find_profile(struct confined *confined, struct error *err)
{
    const struct home_config *config = &confined->home->config;
    const char *name = config->token.profile;
    if (name == NULL && config->token.module == NULL)
        name = SIGNER_DEFAULT_PROFILE;
    return name == NULL || confined->profile != NULL || signer_profile_find(name, &confined->profile, err);
}

/** What this process needs from now on. */
static void add_all(struct allowed_paths *allowed, const struct confined *confined,
                    const struct confine_written *written, const char *pin_path)
{
    const char *module = confined->home->config.token.module;
    add_module(allowed, module != NULL ? module : token_profile_module(confined->profile));
    add_data(allowed);
    add(allowed, confined->home->path, SANDBOX_WRITE);
    if (written->path != NULL)
        add(allowed, written->path, SANDBOX_WRITE);
    if (written->parent != NULL)
        add(allowed, written->parent, SANDBOX_REMOVE_FOLDERS);
    if (pin_path != NULL)
        add(allowed, pin_path, SANDBOX_READ);
}

bool signer_confine(struct home *home, const struct confine_written *written, const char *pin_source,
                    const struct console *console, struct confined **ret_confined, struct error *err)
{
    AUTO(allowed_paths_done) struct allowed_paths allowed = {.count = 0};
    AUTO(confined_free) struct confined *confined = signer_declare_unconfined(home, NULL);
    const struct token_file *files = NULL;
    size_t file_count = 0;
    bool may_network = false;
    bool stays_path = false;
    static const struct confine_written none = {.path = NULL};
    if (!confined_find_profile(confined, err) ||
        (pin_source != NULL && !secret_prepare(pin_source, &stays_path, err)))
        return false;
    if (confined->profile == NULL ||
        !token_profile_files(confined->profile, &files, &file_count, &may_network)) {
        confined->reason = "nothing says which files the token's module needs";
        console_notice(
            console,
            "this process is not confined: %s; name them in its profile (files: in tokens/NAME.yaml)",
            confined->reason);
    } else {
        add_all(&allowed, confined, written != NULL ? written : &none,
                stays_path ? pin_source + strlen("file:") : NULL);
        for (size_t i = 0; i < file_count; i++)
            add(&allowed, files[i].path, files[i].may_write ? SANDBOX_WRITE : SANDBOX_READ);
        if (!sandbox_confine_signer(allowed.items, allowed.count, may_network, err))
            return error_while(err, "confining the signer");
    }
    *ret_confined = TAKE(confined);
    return true;
}
