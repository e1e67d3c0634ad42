#include "ca/confine.h"

#include "base/memory.h"
#include "sandbox/sandbox.h"

#include <limits.h>
#include <string.h>

/** The paths, and the texts made for them. */
struct reaches {
    struct sandbox_reach *items;
    size_t count;
    char **texts; /**< of those whose text was made here */
    size_t text_count;
};

static void reaches_done(struct reaches *reaches)
{
    free(reaches->items);
    for (size_t i = 0; i < reaches->text_count; i++)
        free(reaches->texts[i]);
    free(reaches->texts);
}
DEFINE_AUTO_VALUE(struct reaches, reaches_done);

static void add(struct reaches *reaches, const char *path, bool may_write)
{
    reaches->items = memory_grow(reaches->items, reaches->count + 1, sizeof(*reaches->items));
    reaches->items[reaches->count++] = (struct sandbox_reach){.path = path, .may_write = may_write};
}

/** Takes over path; for reading. */
static void add_made(struct reaches *reaches, char *path)
{
    reaches->texts = memory_grow(reaches->texts, reaches->text_count + 1, sizeof(*reaches->texts));
    reaches->texts[reaches->text_count++] = path;
    add(reaches, path, false);
}

/** What comes with the program and is read when it is needed: the list of weak keys. */
static void add_data(struct reaches *reaches)
{
    static const char *const kinds[] = {"policies", "screen", "tokens"};
    char *places[CA_DATA_PLACES_MAX];
    size_t count = ca_data_places(places);
    for (size_t i = 0; i < count; i++) {
        AUTO(free) char *place = places[i];
        for (size_t j = 0; j < ARRAY_LEN(kinds); j++)
            add_made(reaches, memory_format("%s/%s", place, kinds[j]));
    }
}

/** The module's own folder: it is often a link, with its libraries beside what it points to. */
static void add_module(struct reaches *reaches, const char *module)
{
    AUTO(free) char *path = module == NULL ? NULL : realpath(module, NULL);
    char *slash = path == NULL ? NULL : strrchr(path, '/');
    if (slash == NULL || slash == path)
        return; // the token says that the module can't be loaded
    *slash = '\0';
    add_made(reaches, TAKE(path));
}

bool ca_confine(struct ca_home *home, const char *written, const char *pin_source,
                const struct ca_console *console, struct error *err)
{
    AUTO(reaches_done) struct reaches reaches = {.count = 0};
    const struct token_file *files = NULL;
    size_t file_count = 0;
    bool may_network = false;
    bool stays_path = false;
    if (!ca_home_find_profile(home, err) ||
        (pin_source != NULL && !secret_prepare(pin_source, &stays_path, err)))
        return false;
    if (home->profile == NULL || !token_profile_files(home->profile, &files, &file_count, &may_network)) {
        ca_notice(
            console,
            "this process is not confined: nothing says which files the token's module needs; name them in "
            "its profile (files: in tokens/NAME.yaml)");
        return true;
    }
    const char *module = home->config.token.module;
    add_module(&reaches, module != NULL ? module : token_profile_module(home->profile));
    add_data(&reaches);
    add(&reaches, home->path, true);
    if (written != NULL)
        add(&reaches, written, true);
    if (stays_path)
        add(&reaches, pin_source + strlen("file:"), false);
    for (size_t i = 0; i < file_count; i++)
        add(&reaches, files[i].path, files[i].may_write);
    return sandbox_confine_signer(reaches.items, reaches.count, may_network, err) ||
           error_while(err, "confining the signer");
}
