/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/inputs.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/quote.h"
#include "plan/manifest.h"
#include "records/in_force.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define INPUTS_MAX 1000000

static const char *const endings[] = {".csr", ".req", ".p10", ".pem", ".der"};

void inputs_done(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        plan_input_done(&inputs->items[i]);
    free(inputs->items);
    *inputs = (struct inputs){.items = NULL};
}

static size_t ending_len(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (len > ending && strcasecmp(name + len - ending, endings[i]) == 0)
            return ending;
    }
    return 0;
}

bool input_is_request(const char *name)
{
    return ending_len(name) > 0;
}

static bool ends_with(const struct builder *text, const char *ending)
{
    size_t len = strlen(ending);
    return text->len >= len && memcmp(text->data + text->len - len, ending, len) == 0;
}

/**
 * Whether files of answers would meet at this name: b-chain.pem is the chain of b and the certificate of a request b-chain, and a
 * directory of answers may neither be called like a certificate nor like a batch's report.
 */
static bool is_taken(const char *part, bool is_folder)
{
    static const char *const reports[] = {"report.html", "report.json", "refused.csv", "sha256sums",
                                          "checkpoint"};
    AUTO(builder_done) struct builder safe = BUILDER_INIT;
    AUTO(builder_done) struct builder folded = BUILDER_INIT;
    media_safe_name(part, &safe);
    media_fold_name(builder_text(&safe), &folded);
    for (size_t i = 0; is_folder && i < ARRAY_LEN(reports); i++) {
        if (strcmp(builder_text(&folded), reports[i]) == 0)
            return true;
    }
    return is_folder ? ends_with(&folded, ".pem") || ends_with(&folded, ".tlog-proof")
                     : ends_with(&folded, "-chain");
}

char *input_output_name(const char *path)
{
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    size_t len = strlen(path) - ending_len(path);
    AUTO(free) char *rest = memory_text_of(path, len);
    char *state = NULL;
    for (char *part = strtok_r(rest, "/", &state); part != NULL;) {
        char *next = strtok_r(NULL, "/", &state);
        if (name.len > 0)
            builder_add_text(&name, "/");
        media_distinct_name(part, is_taken(part, next != NULL), &name);
        part = next;
    }
    if (name.len == 0)
        builder_add_text(&name, "request");
    return builder_take_text(&name);
}

static struct plan_input *add(struct inputs *inputs)
{
    inputs->items = memory_grow(inputs->items, inputs->count + 1, sizeof(*inputs->items));
    struct plan_input *input = &inputs->items[inputs->count++];
    *input = (struct plan_input){.source = NULL};
    return input;
}

static char *escaped(const char *text)
{
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    quote_append(&shown, bytes_of_text(text), 0);
    return builder_take_text(&shown);
}

/** Whether a path's first directory is named like a policy that is not the plan's. media may be NULL */
static bool is_of_another_policy(const struct inputs_media *media, const char *path)
{
    size_t len = strcspn(path, "/");
    if (media == NULL || path[len] == '\0' ||
        (strlen(media->policy) == len && memcmp(media->policy, path, len) == 0))
        return false;
    for (size_t i = 0; i < media->policies_count; i++) {
        if (strlen(media->policies[i]) == len && memcmp(media->policies[i], path, len) == 0)
            return true;
    }
    return false;
}

/** What the medium's list has against a file as it was read; NULL: nothing. list may be NULL */
static const char *listed_problem(struct manifest *list, const struct media_item *item,
                                  const struct plan_input *input)
{
    return list == NULL
               ? NULL
               : manifest_answer_text(manifest_check(list, item->path, bytes_of(input->data, input->len)));
}

/** A file that is there is not missing, whatever becomes of it. list may be NULL */
static void see(struct manifest *list, const char *path)
{
    if (list != NULL)
        (void)manifest_see(list, path);
}

/** \param list  NULL: there is none */
static void add_walked(int fd, const char *shown, const struct media_item *item, struct manifest *list,
                       struct inputs *inputs)
{
    struct error reason = ERROR_INIT;
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    struct plan_input *input = add(inputs);
    input->source = memory_format("%s/%s", shown, item->shown);
    input->name = input_output_name(item->path);
    if (item->problem != NULL)
        input->problem = memory_text(item->problem);
    else if (!media_read(fd, item->path, REQUEST_MAX_FILE_LEN, &data, &reason))
        input->problem = escaped(reason.text);
    else
        input->data = builder_take(&data, &input->len);
    const char *listed = input->problem != NULL ? NULL : listed_problem(list, item, input);
    if (input->problem != NULL) {
        see(list, item->path);
    } else if (listed != NULL) {
        input->rule = "medium.manifest";
        input->problem = memory_text(listed);
        free(TAKE(input->data));
        input->len = 0;
    }
}

#define UNREAD_NAMED_MAX 10 /* a medium can be made of nothing else */

void inputs_tell_unread(const struct media_walk *walk, const char *shown, const struct console *console)
{
    size_t count = 0;
    for (size_t i = 0; i < walk->count; i++) {
        const struct media_item *item = &walk->items[i];
        if (!item->is_unread || input_is_request(item->path))
            continue; // one that is named like a request is one, with a problem
        if (++count <= UNREAD_NAMED_MAX)
            console_notice(console, "requests that may lie in %s/%s were not looked for: %s", shown,
                           item->shown, item->problem);
    }
    if (count > UNREAD_NAMED_MAX)
        console_notice(console, "nor in %zu more directories of %s that can't be looked through",
                       count - UNREAD_NAMED_MAX, shown);
}

/** \param media  NULL: the directory is none \param list  of the medium; NULL: there is none */
static bool add_walk(const char *shown, int fd, const struct inputs_media *media, struct manifest *list,
                     const struct console *console, struct inputs *inputs, struct error *err)
{
    size_t ignored = 0;
    size_t others = 0;
    AUTO(media_walk_done) struct media_walk walk = {.items = NULL};
    if (!media_walk(fd, REQUEST_MAX_FILE_LEN, INPUTS_MAX, &walk, err))
        return error_while(err, "looking through %s", shown);
    for (size_t i = 0; i < walk.count; i++) {
        bool is_request = input_is_request(walk.items[i].path);
        if (is_request && !is_of_another_policy(media, walk.items[i].path)) {
            add_walked(fd, shown, &walk.items[i], list, inputs);
            continue;
        }
        if (is_request)
            others++;
        else if (!walk.items[i].is_unread)
            ignored++;
        see(list, walk.items[i].path);
    }
    inputs_tell_unread(&walk, shown, console);
    if (ignored > 0)
        console_notice(console,
                       "%zu files in %s do not end in .csr, .req, .p10, .pem or .der and were left alone",
                       ignored, shown);
    if (others > 0)
        console_notice(console,
                       "%zu requests in %s are in directories of other policies than %s and were left alone: "
                       "a plan is of one policy, make another of them",
                       others, shown, media->policy);
    return true;
}

/** What was signed for and is not there: somebody took it away. list may be NULL */
static void add_missing(const struct manifest *list, struct inputs *inputs)
{
    size_t at = 0;
    const char *path = NULL;
    while (list != NULL && (path = manifest_next_missing(list, &at)) != NULL) {
        AUTO(free) char *shown = escaped(path);
        struct plan_input *input = add(inputs);
        input->source = memory_format(MANIFEST_FOLDER "%s", shown);
        input->name = input_output_name(path);
        input->rule = "medium.manifest";
        input->problem = memory_text("the medium does not hold it, and its signed list does");
        input->remedy = "find out what became of it, or have the list made and signed again";
    }
}

/** As a batch takes it: with its signed list, by what ca.yaml and the control say of lists. */
static bool add_medium(int fd, const struct inputs_media *media, const struct console *console,
                       struct inputs *inputs, struct error *err)
{
    AUTO(close) int requests_fd = -1;
    AUTO(medium_manifest_done) struct medium_manifest manifest = {.list = NULL};
    if (!control_permits_manifest(media->home->ledger, media->home->config.require_manifest, err) ||
        !medium_manifest_open(media->home, fd, &manifest, err) ||
        !media_open_folder(fd, "requests", false, &requests_fd, err) ||
        !add_walk("requests", requests_fd, media, manifest.list, console, inputs, err))
        return false;
    add_missing(manifest.list, inputs);
    return true;
}

static bool add_folder(const char *path, int fd, const struct inputs_media *media,
                       const struct console *console, struct inputs *inputs, struct error *err)
{
    AUTO(free) char *shown = escaped(path);
    return media != NULL && file_exists(fd, "requests")
               ? add_medium(fd, media, console, inputs, err)
               : add_walk(shown, fd, NULL, NULL, console, inputs, err);
}

static bool add_descriptor(int fd, const char *path, const char *name, struct inputs *inputs,
                           struct error *err)
{
    AUTO(free) char *shown = escaped(path);
    AUTO(builder_done) struct builder data = BUILDER_INIT;
    struct plan_input *input = add(inputs);
    input->source = TAKE(shown);
    input->name = input_output_name(name);
    if (file_read_fd(fd, input->source, REQUEST_MAX_FILE_LEN, &data, err))
        input->data = builder_take(&data, &input->len);
    else if (err->native == EFBIG)
        input->problem =
            memory_format("larger than %d bytes; a request is a few kilobytes", REQUEST_MAX_FILE_LEN);
    else
        return false;
    error_clear(err);
    return true;
}

static bool add_path(const char *path, const struct inputs_media *media, const struct console *console,
                     struct inputs *inputs, struct error *err)
{
    struct stat status;
    struct quoted buffer;
    if (strcmp(path, "-") == 0)
        return add_descriptor(STDIN_FILENO, "stdin", "request", inputs, err);
    AUTO(close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_errno(err, ERROR_INPUT, errno, "can't open the request %s", quoted_text(path, &buffer));
    if (S_ISDIR(status.st_mode))
        return add_folder(path, fd, media, console, inputs, err);
    if (!S_ISREG(status.st_mode))
        return error_set(err, ERROR_INPUT, 0, "%s is neither a file nor a directory",
                         quoted_text(path, &buffer));
    return add_descriptor(fd, path, file_name_of(path), inputs, err);
}

bool inputs_collect_media(const char *const *paths, size_t count, const struct inputs_media *media,
                          const struct console *console, struct inputs *ret_inputs, struct error *err)
{
    AUTO(inputs_done) struct inputs inputs = {.items = NULL};
    for (size_t i = 0; i < count; i++) {
        if (!add_path(paths[i], media, console, &inputs, err))
            return false;
    }
    if (inputs.count == 0)
        return error_set(err, ERROR_INPUT, 0,
                         "no requests found; a request's name ends in .csr, .req, .p10, .pem or .der");
    *ret_inputs = inputs;
    inputs = (struct inputs){.items = NULL}; // ret_inputs owns them now
    return true;
}

bool inputs_collect(const char *const *paths, size_t count, const struct console *console,
                    struct inputs *ret_inputs, struct error *err)
{
    return inputs_collect_media(paths, count, NULL, console, ret_inputs, err);
}
