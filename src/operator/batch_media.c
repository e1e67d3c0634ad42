/* SPDX-License-Identifier: Apache-2.0 */
#include "operator/batch_media.h"

#include "base/memory.h"
#include "cli/report.h"
#include "media/list.h"
#include "ui/ui.h"

#include <string.h>

static void print_list(const struct media_list *list)
{
    static const char *const headings[] = {"number", "mounted at", "label",   "device",
                                           "model",  "size",       "requests"};
    AUTO(ui_table_free) struct ui_table *table = ui_table_new(headings, ARRAY_LEN(headings), stdout);
    for (size_t i = 0; i < list->count; i++) {
        const struct media_mount *mount = &list->items[i];
        AUTO(free) char *number = memory_format("%zu", i + 1);
        AUTO(free) char *size = memory_format("%.1f GB", (double)mount->size_bytes / 1e9);
        const char *requests = mount->is_read_only   ? "read-only: no results can be written"
                               : mount->has_requests ? "yes"
                                                     : "no requests/";
        const char *cells[] = {number,
                               mount->shown,
                               mount->label == NULL ? "" : mount->label,
                               mount->device,
                               mount->model == NULL ? "" : mount->model,
                               size,
                               requests};
        ui_table_row(table, cells, NULL);
    }
    if (list->count > 0)
        ui_table_print(table);
}

static void print_json(const struct media_list *list)
{
    AUTO(json_free) struct json *json = json_new_object();
    struct json *media = json_put_array(json, "media");
    for (size_t i = 0; i < list->count; i++) {
        const struct media_mount *mount = &list->items[i];
        struct json *entry = json_add_object(media);
        json_put_text(entry, "path", mount->shown);
        json_put_text(entry, "label", mount->label);
        json_put_text(entry, "device", mount->device);
        json_put_text(entry, "model", mount->model);
        json_put_text(entry, "file_system", mount->file_system);
        json_put_int(entry, "size_bytes", (int64_t)mount->size_bytes);
        json_put_bool(entry, "read_only", mount->is_read_only);
        json_put_bool(entry, "requests", mount->has_requests);
    }
    report_json(json);
}

static bool choose(const struct media_list *list, char **ret_medium, struct error *err)
{
    for (;;) {
        AUTO(builder_done) struct builder line = BUILDER_INIT;
        if (!ui_ask_line("number of the medium to sign (empty: none)", &line, err))
            return false;
        const char *text = builder_text(&line);
        if (*text == '\0')
            return true;
        size_t number =
            strspn(text, "0123456789") == strlen(text) && strlen(text) < 6 ? strtoul(text, NULL, 10) : 0;
        if (number < 1 || number > list->count)
            continue;
        *ret_medium = memory_text(list->items[number - 1].path);
        return true;
    }
}

static bool refuse_no_medium(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0,
                     "no removable medium is mounted: plug it in, mount it, and run this again, or name the "
                     "directory: coldca batch DIRECTORY");
}

bool batch_media_offer(bool wants_json, char **ret_medium, struct error *err)
{
    AUTO(media_list_done) struct media_list list = {.items = NULL};
    if (!media_list(&list, err))
        return false;
    if (wants_json) {
        print_json(&list);
        return list.count > 0 || refuse_no_medium(err);
    }
    print_list(&list);
    if (list.count == 0)
        return refuse_no_medium(err);
    if (!ui_has_terminal())
        return error_set(err, ERROR_USAGE, 0,
                         "say which medium: coldca batch DIRECTORY, where it is mounted");
    return choose(&list, ret_medium, err) &&
           (*ret_medium != NULL ||
            error_set(err, ERROR_INPUT, 0, "no medium was chosen, so nothing was done"));
}
