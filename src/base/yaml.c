/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include "base/builder.h"
#include "base/memory.h"
#include "base/quote.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

const cyaml_strval_t yaml_booleans[2] = {{"false", false}, {"true", true}};

/** What libcyaml says of a fault: one line that names it, then a backtrace whose innermost entry comes first. */
struct complaint {
    char what[256];
    char where[256];
    bool has_more_documents;
};

static void PRINTF_LIKE(3, 0) listen(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
    char line[256];
    struct complaint *complaint = context;
    (void)level;
    utf8_vformat(line, sizeof(line), format, arguments); // a longer value is cut
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "Ignoring documents", 18) == 0)
        complaint->has_more_documents = true;
    else if (strncmp(line, "  in ", 5) == 0 && complaint->where[0] == '\0')
        memcpy(complaint->where, line, sizeof(line));
    else if (strncmp(line, "Load: ", 6) == 0 && strcmp(line, "Load: Backtrace:") != 0 &&
             complaint->what[0] == '\0')
        memcpy(complaint->what, line + 6, sizeof(line) - 6);
}

static unsigned long number_after(const char *text, const char *mark)
{
    const char *found = strstr(text, mark);
    return found == NULL ? 0 : strtoul(found + strlen(mark), NULL, 10);
}

struct position {
    unsigned long line;
    unsigned long column;
};

static bool is_key_at(struct bytes text, size_t at, const char *key)
{
    size_t len = strlen(key);
    size_t after = at + len;
    bool starts = at == 0 || strchr(" \t\n{,-\"'?", text.data[at - 1]) != NULL;
    if (!starts || after > text.len || memcmp(text.data + at, key, len) != 0)
        return false;
    while (after < text.len &&
           (text.data[after] == ' ' || text.data[after] == '"' || text.data[after] == '\''))
        after++;
    return after < text.len && text.data[after] == ':';
}

/** libcyaml tells the place of the value before a wrong key: find the key itself, from that line on; the last one if `is_last`. */
static struct position find_key(struct bytes text, const char *key, struct position from, bool is_last)
{
    struct position here = {1, 1};
    struct position found = from;
    for (size_t i = 0; i < text.len; i++) {
        if (here.line >= from.line && is_key_at(text, i, key)) {
            found = here;
            if (!is_last)
                break;
        }
        here.column++;
        if (text.data[i] == '\n')
            here = (struct position){here.line + 1, 1};
    }
    return found;
}

static bool complain(struct bytes text, const char *name, const struct complaint *complaint,
                     cyaml_err_t reason, struct error *err)
{
    struct quoted what;
    const char *key = NULL;
    const char *words = complaint->what;
    struct position place = {number_after(complaint->where, "(line: "),
                             number_after(complaint->where, "column: ")};
    AUTO(builder_done) struct builder message = BUILDER_INIT;
    if (strncmp(words, "Unexpected key: ", 16) == 0) {
        key = words + 16;
        place = find_key(text, key, place, false);
        builder_format(&message, "unknown key \"%s\"", quoted_text(key, &what));
    } else if (strncmp(words, "Mapping field already seen: ", 28) == 0) {
        key = words + 28;
        place = find_key(text, key, place, true);
        builder_format(&message, "the key \"%s\" is there twice", quoted_text(key, &what));
    } else if (strncmp(words, "Missing required mapping field: ", 32) == 0) {
        builder_format(&message, "the key \"%s\" is missing", quoted_text(words + 32, &what));
    } else if (strncmp(words, "Invalid ENUM value: ", 20) == 0) {
        builder_format(&message, "\"%s\" is none of the words that may stand here",
                       quoted_text(words + 20, &what));
    } else if (reason == CYAML_ERR_ALIAS) {
        builder_add_text(&message, "aliases (*name) are not allowed; write the value out");
    } else if (*words != '\0') {
        builder_format(&message, "%s", quoted_text(words, &what));
    } else {
        builder_format(&message, "%s", cyaml_strerror(reason));
    }
    if (message.len > 0 && key == NULL)
        message.data[0] = (uint8_t)tolower(message.data[0]);
    const char *field = strchr(complaint->where, '\'');
    int field_len = field == NULL ? 0 : (int)strcspn(field + 1, "'");
    bool has_field = field != NULL && strstr(complaint->where, "mapping field") != NULL && key == NULL;
    if (place.line == 0)
        return error_set(err, ERROR_INPUT, 0, "%s: %s", name, builder_text(&message));
    if (!has_field)
        return error_set(err, ERROR_INPUT, 0, "%s line %lu, column %lu: %s", name, place.line, place.column,
                         builder_text(&message));
    return error_set(err, ERROR_INPUT, 0, "%s line %lu, column %lu: %.*s: %s", name, place.line, place.column,
                     field_len, field + 1, builder_text(&message));
}

static cyaml_config_t config_for(struct complaint *complaint)
{
    return (cyaml_config_t){
        .log_fn = listen,
        .log_ctx = complaint,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_WARNING,
        .flags = CYAML_CFG_NO_ALIAS,
    };
}

/** What libyaml and libcyaml let pass, and must not. */
static bool check_text(struct bytes text, const char *name, struct error *err)
{
    if (text.len > YAML_MAX_LEN)
        return error_set(err, ERROR_INPUT, 0, "%s is larger than %d bytes", name, YAML_MAX_LEN);
    if (!utf8_is_valid(text))
        return error_set(err, ERROR_INPUT, 0, "%s is not UTF-8 text", name);
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        return error_set(err, ERROR_INPUT, 0, "%s holds a NUL byte", name);
    return true;
}

bool yaml_load(struct bytes text, const char *name, const cyaml_schema_value_t *schema, void **ret_value,
               struct error *err)
{
    struct quoted shown;
    struct complaint complaint = {.has_more_documents = false};
    cyaml_config_t config = config_for(&complaint);
    cyaml_data_t *value = NULL;
    (void)quoted_text(name, &shown);
    if (!check_text(text, shown.text, err))
        return false;
    cyaml_err_t reason = cyaml_load_data(text.len > 0 ? text.data : (const uint8_t *)"", text.len, &config,
                                         schema, &value, NULL);
    if (reason != CYAML_OK)
        return complain(text, shown.text, &complaint, reason, err);
    if (value == NULL)
        return error_set(err, ERROR_INPUT, 0, "%s is empty", shown.text);
    if (complaint.has_more_documents) {
        yaml_value_free(schema, value);
        return error_set(err, ERROR_INPUT, 0, "%s holds a second document (---); one file, one document",
                         shown.text);
    }
    *ret_value = value;
    return true;
}

void yaml_value_free(const cyaml_schema_value_t *schema, void *value)
{
    struct complaint complaint = {.has_more_documents = false};
    cyaml_config_t config = config_for(&complaint);
    (void)cyaml_free(&config, schema, value, 0); // fails for wrong arguments only
}

/* ---- where items stand: libcyaml does not keep it ---- */

struct item_search {
    const char *key;
    unsigned depth;    /**< of mappings and sequences that are open */
    bool is_value;     /**< in the topmost mapping, the next thing is a value */
    bool is_key_found; /**< the value that comes, or that is open, is of the key */
};

/** Takes one event. \return whether an item of the sequence begins with it */
static bool begins_item(struct item_search *search, const yaml_event_t *event)
{
    bool opens = event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT;
    bool closes = event->type == YAML_MAPPING_END_EVENT || event->type == YAML_SEQUENCE_END_EVENT;
    bool is_scalar = event->type == YAML_SCALAR_EVENT;
    if (closes)
        search->depth--;
    bool is_item = search->depth == 2 && search->is_key_found && (opens || is_scalar);
    if (search->depth == 1 && is_scalar && !search->is_value)
        search->is_key_found = strcmp((const char *)event->data.scalar.value, search->key) == 0;
    if (search->depth == 1 && (is_scalar || closes))
        search->is_value = is_scalar && !search->is_value;
    if (opens)
        search->depth++;
    return is_item;
}

size_t yaml_item_lines(struct bytes text, const char *key, unsigned *ret_lines, size_t max)
{
    yaml_parser_t parser;
    struct item_search search = {.key = key};
    size_t count = 0;
    if (yaml_parser_initialize(&parser) != 1)
        return 0;
    yaml_parser_set_input_string(&parser, text.data, text.len);
    for (bool is_over = false; !is_over;) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) != 1)
            break;
        if (begins_item(&search, &event) && count < max)
            ret_lines[count++] = (unsigned)event.start_mark.line + 1;
        is_over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return count;
}
