/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* nftw() */
#include "ceremony/rehearsal.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "ceremony/check.h"
#include "ceremony/rehearsal_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_OPEN_MAX 32

void rehearsal_done(struct rehearsal *rehearsal)
{
    free(rehearsal->folder);
    free(rehearsal->evidence);
    free(rehearsal->approver_keys);
    if (rehearsal->site != NULL)
        ceremony_site_free(rehearsal->site);
    *rehearsal = (struct rehearsal){.folder = NULL};
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path); // what stays is of no use to anybody
    return 0;
}

void rehearsal_remove(const struct rehearsal *rehearsal)
{
    if (rehearsal->folder != NULL)
        (void)nftw(rehearsal->folder, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- its directory ---- */

static bool make_folder(const char *wanted, char **ret_folder, struct error *err)
{
    const char *place = getenv("TMPDIR");
    AUTO(free)
    char *folder = wanted != NULL
                       ? memory_text(wanted)
                       : memory_format("%s/coldca-rehearsal-XXXXXX", place == NULL ? "/tmp" : place);
    bool is_made = wanted != NULL ? mkdir(folder, 0700) == 0 : mkdtemp(folder) != NULL;
    if (!is_made && wanted != NULL && errno == EEXIST)
        return error_set(err, ERROR_INPUT, EEXIST,
                         "%s exists already: a rehearsal is kept in a new directory, name another",
                         quoted_text(folder, &(struct quoted){0}));
    if (!is_made)
        return error_errno(err, ERROR_INPUT, errno, "can't make the directory %s for the rehearsal",
                           quoted_text(folder, &(struct quoted){0}));
    *ret_folder = realpath(folder, NULL);
    return *ret_folder != NULL || error_errno(err, ERROR_INPUT, errno, "can't find %s again", folder);
}

static bool make_folders(const struct rehearsal *rehearsal, const struct ceremony_script *script,
                         struct error *err)
{
    static const char *const names[] = {"tokens", "homes", "media", "people"};
    AUTO(close) int folder = -1;
    if (!file_open_folder(AT_FDCWD, rehearsal->folder, &folder, err))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!file_make_folder(folder, names[i], 0700, err))
            return false;
    }
    for (unsigned i = 0; i < script->medium_count; i++) {
        AUTO(free) char *name = memory_format("media/%s", script->media[i].medium);
        if (!file_make_folder(folder, name, 0700, err))
            return false;
    }
    return true;
}

/* ---- PINs, tokens, the site ---- */

static bool write_in(const struct rehearsal *rehearsal, const char *name, struct bytes data,
                     struct error *err)
{
    AUTO(close) int folder = -1;
    return file_open_folder(AT_FDCWD, rehearsal->folder, &folder, err) &&
           file_create(folder, name, 0600, data, err);
}

static bool make_pin(const struct rehearsal *rehearsal, const char *name, struct error *err)
{
    uint32_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
        return error_errno(err, ERROR_INPUT, errno, "can't draw a PIN");
    AUTO(free) char *digits = memory_format("%08u\n", number % 100000000); // of a throwaway token
    return write_in(rehearsal, name, bytes_of_text(digits), err);
}

static bool make_softhsm(const struct rehearsal *rehearsal, struct error *err)
{
    AUTO(free)
    char *text =
        memory_format("directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n",
                      rehearsal->folder);
    return write_in(rehearsal, "softhsm2.conf", bytes_of_text(text), err) &&
           make_pin(rehearsal, "pin", err) && make_pin(rehearsal, "so-pin", err);
}

static bool is_named_before(const struct ceremony_script *script, unsigned at, const char *token)
{
    for (unsigned i = 0; i < at; i++) {
        const char *other = ceremony_token(script, &script->steps[i]);
        if (other != NULL && strcmp(other, token) == 0)
            return true;
    }
    return false;
}

static void write_token(const char *token, const char *folder, struct builder *text)
{
    builder_format(text,
                   "  - {token: %s, label: 'REHEARSAL %s', pin_source: 'file:%s/pin', so_pin_source: "
                   "'file:%s/so-pin'}\n",
                   token, token, folder, folder);
}

/** As a file, so that people can look at it, and read back by the one reader of sites. */
static bool make_site(struct rehearsal *rehearsal, const struct ceremony_script *script, struct error *err)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "# The site of a rehearsal: throwaway tokens, homes and media.\ntokens:\n");
    for (unsigned i = 0; i < script->home_count; i++)
        write_token(script->homes[i].token, rehearsal->folder, &text);
    for (unsigned i = 0; i < script->step_count; i++) {
        const char *token = ceremony_token(script, &script->steps[i]);
        bool is_of_home = token == NULL || is_named_before(script, i, token);
        for (unsigned k = 0; k < script->home_count && !is_of_home; k++)
            is_of_home = strcmp(script->homes[k].token, token) == 0;
        if (!is_of_home)
            write_token(token, rehearsal->folder, &text);
    }
    builder_add_text(&text, "homes:\n");
    for (unsigned i = 0; i < script->home_count; i++)
        builder_format(&text, "  - {home: %s, path: '%s/homes/%s'}\n", script->homes[i].home,
                       rehearsal->folder, script->homes[i].home);
    builder_add_text(&text, script->medium_count > 0 ? "media:\n" : "");
    for (unsigned i = 0; i < script->medium_count; i++)
        builder_format(&text, "  - {medium: %s, path: '%s/media/%s', directory: true}\n",
                       script->media[i].medium, rehearsal->folder, script->media[i].medium);
    builder_format(&text, "environment:\n  - {name: SOFTHSM2_CONF, value: '%s/softhsm2.conf'}\n",
                   rehearsal->folder);
    return write_in(rehearsal, "site.yaml", builder_bytes(&text), err) &&
           ceremony_site_read(builder_bytes(&text), "the rehearsal's site.yaml", &rehearsal->site, err);
}

bool rehearsal_make(const struct ceremony_script *script, const struct ceremony_site *real,
                    const char *folder, void (*say)(void *data, const char *text), void *say_data,
                    struct rehearsal *ret_rehearsal, struct error *err)
{
    struct rehearsal rehearsal = {.folder = NULL};
    if (!make_folder(folder, &rehearsal.folder, err))
        return false;
    rehearsal.evidence = memory_format("%s/evidence", rehearsal.folder);
    rehearsal.approver_keys = memory_format("%s/people", rehearsal.folder);
    if (strpbrk(rehearsal.folder, "'\n") == NULL && make_folders(&rehearsal, script, err) &&
        make_softhsm(&rehearsal, err) && make_site(&rehearsal, script, err)) {
        rehearsal.machine = (struct machine){.site = rehearsal.site, .is_detached = true};
        const struct rehearsal_making making = {
            .rehearsal = &rehearsal, .script = script, .real = real, .say = say, .say_data = say_data};
        if (rehearsal_begin(&making, err)) {
            *ret_rehearsal = rehearsal;
            return true;
        }
    } else if (err->kind == ERROR_NONE) {
        (void)error_set(err, ERROR_INPUT, 0,
                        "a rehearsal's directory has no quotes or line ends in its name");
    }
    rehearsal_remove(&rehearsal);
    rehearsal_done(&rehearsal);
    return false;
}
