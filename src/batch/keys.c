/* SPDX-License-Identifier: Apache-2.0 */
#include "batch/keys.h"

#include "base/memory.h"
#include "base/private_key.h"
#include "plan/inputs.h"

#include <string.h>

#define FILES_MAX 100000 /* some minutes on a slow medium; one with more does not carry requests */

void batch_keys_done(struct batch_keys *keys)
{
    media_keys_done(&keys->found);
    *keys = (struct batch_keys){.told = 0};
}

static int compare_item(const void *path, const void *item)
{
    return strcmp(path, ((const struct media_item *)item)->path);
}

/** Whether the run reads it as a request. */
static bool will_be_read(const struct medium *medium, const char *path)
{
    const struct media_walk *walk = &medium->walk;
    const struct media_item *item =
        walk->count == 0 ? NULL : bsearch(path, walk->items, walk->count, sizeof(*walk->items), compare_item);
    return item != NULL && item->problem == NULL && input_is_request(path);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/** Whether coldca gave the file its name: an answer of a batch. There may be hundreds of thousands. \param path  below issued/ */
static bool is_answer(const char *path)
{
    static const char *const names[] = {".pem", ".tlog-proof"};
    static const char *const reports[] = {"report.html", "report.json", "refused.csv", "checkpoint",
                                          MEDIUM_SUMS};
    const char *slash = strchr(path, '/');
    AUTO(free) char *batch = slash == NULL ? NULL : memory_text_of(path, (size_t)(slash - path));
    if (batch == NULL || !medium_is_batch(batch))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (ends_with(slash, names[i]))
            return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        if (strcmp(slash + 1, reports[i]) == 0)
            return true;
    }
    return false;
}

struct look {
    const struct medium *medium;
    const struct console *console;
};

static bool is_left_out(void *data, const char *path)
{
    const struct look *look = data;
    static const char requests[] = "requests/";
    static const char issued[] = "issued/";
    if (strncmp(path, requests, sizeof(requests) - 1) == 0)
        return will_be_read(look->medium, path + sizeof(requests) - 1);
    return strncmp(path, issued, sizeof(issued) - 1) == 0 && is_answer(path + sizeof(issued) - 1);
}

static bool may_go_on(void *data)
{
    return console_may_go_on(((const struct look *)data)->console);
}

void batch_keys_look(struct batch_keys *keys, const struct medium *medium, const struct console *console)
{
    struct look look = {.medium = medium, .console = console};
    const struct media_keys_search search = {
        .max_files = FILES_MAX, .is_left_out = is_left_out, .may_go_on = may_go_on, .data = &look};
    media_find_keys(medium->fd, &search, &keys->found);
    if (keys->found.is_cut && console_may_go_on(console))
        console_notice(console, "only %d files of the medium were searched for private keys; it holds more",
                       FILES_MAX);
    batch_keys_tell(keys, console);
}

void batch_keys_see(struct batch_keys *keys, const char *path, struct bytes content)
{
    const char *form = private_key_form(content);
    if (form == NULL)
        return;
    AUTO(free) char *whole = memory_format("requests/%s", path);
    media_keys_add(&keys->found, whole, form);
}

/** "requests/a.key (a private key in PEM), b.p12 (a PKCS #12 file) and 3 more", those before `from` left out. */
static void add_names(const struct media_keys *found, size_t from, struct builder *text)
{
    size_t named = found->count < MEDIA_KEYS_NAMED ? found->count : MEDIA_KEYS_NAMED;
    for (size_t i = from; i < named; i++)
        builder_format(text, "%s%s (%s)", i == from ? "" : ", ", found->items[i].shown, found->items[i].form);
    size_t first = from < named ? named : from;
    if (found->count > first)
        builder_format(text, from < named ? " and %zu more" : "%zu more", found->count - first);
}

static void describe(const struct media_keys *found, size_t from, struct builder *text)
{
    builder_format(text, "private keys on the medium: ");
    add_names(found, from, text);
    builder_add_text(text, "; remove them from it, and replace any key that others may have read "
                           "(`coldca request --csr-out` keeps keys off the medium)");
}

void batch_keys_tell(struct batch_keys *keys, const struct console *console)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (keys->found.count == keys->told)
        return;
    describe(&keys->found, keys->told, &text);
    console_notice(console, "%s", builder_text(&text));
    keys->told = keys->found.count;
}

void batch_keys_warn(const struct batch_keys *keys, struct findings *warnings)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (keys->found.count == 0)
        return;
    describe(&keys->found, 0, &text);
    findings_say(warnings, "medium.private-key", NULL, "%s", builder_text(&text));
}
