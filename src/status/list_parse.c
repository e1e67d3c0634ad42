/* SPDX-License-Identifier: Apache-2.0 */
#include "status/list_parse.h"

#include "base/csv.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/quote.h"
#include "home/certificate.h"
#include "sandbox/call.h"
#include "status/target.h"

#include <fcntl.h>
#include <string.h>

#define FILE_MAX_LEN ((size_t)64 << 20)
/* A serial of one digit pair and its LF become a line and, at worst, a problem. */
#define OUTPUT_MAX_LEN(file_len)                                                                             \
    (sizeof(struct error) + (file_len) / 2 * (sizeof(struct list_line) + sizeof(struct error)))

/* ---- in the parser process ---- */

enum column { SERIAL, REASON, INVALIDITY_DATE, COLUMNS };

static const char *const names[COLUMNS] = {"serial", "reason", "invalidity_date"};

struct list {
    const char *file;
    int place[COLUMNS]; /**< -1: there is no such column */
};

static bool read_header(const struct csv_row *row, struct list *list, struct error *err)
{
    for (size_t i = 0; i < COLUMNS; i++)
        list->place[i] = -1;
    for (size_t i = 0; i < row->count; i++) {
        size_t column = 0;
        while (column < COLUMNS && strcmp(names[column], row->cells[i]) != 0)
            column++;
        if (column == COLUMNS || list->place[column] >= 0)
            return error_set(
                err, ERROR_INPUT, 0,
                "%s: its first line names the columns, each once: serial, and if wanted reason and "
                "invalidity_date",
                list->file);
        list->place[column] = (int)i;
    }
    return list->place[SERIAL] >= 0 ||
           error_set(err, ERROR_INPUT, 0, "%s: no column is named serial", list->file);
}

/** NULL: an empty cell, or no such column. */
static const char *cell(const struct list *list, const struct csv_row *row, enum column column)
{
    int place = list->place[column];
    return place < 0 || (size_t)place >= row->count || row->cells[place][0] == '\0' ? NULL
                                                                                    : row->cells[place];
}

static bool read_row(const struct list *list, const struct csv_row *row, struct list_line *line,
                     struct error *err)
{
    AUTO(builder_done) struct builder serial = BUILDER_INIT;
    enum crl_reason reason = CRL_UNSPECIFIED;
    const char *reason_name = cell(list, row, REASON);
    const char *date = cell(list, row, INVALIDITY_DATE);
    if (row->count > COLUMNS || cell(list, row, SERIAL) == NULL)
        return error_set(err, ERROR_INPUT, 0, "not a serial and what the first line names beside it");
    if (!home_serial_parse(cell(list, row, SERIAL), &serial, err) ||
        (reason_name != NULL && !target_reason(reason_name, &reason, err)) ||
        (date != NULL && !target_time("the invalidity date", date, &line->invalidity_date, err)))
        return false;
    if (serial.len > sizeof(line->serial))
        return error_set(err, ERROR_INPUT, 0, "a serial number has 1 to 20 bytes (RFC 5280 4.1.2.2)");
    line->reason = (uint8_t)reason;
    line->has_reason = reason_name != NULL ? 1 : 0;
    line->serial_len = (uint8_t)serial.len;
    memcpy(line->serial, serial.data, serial.len);
    return true;
}

static void add_line(const struct list *list, const struct csv_row *row, struct builder *output)
{
    struct list_line line;
    struct error why = ERROR_INIT;
    memset(&line, 0, sizeof(line)); // all of its bytes leave this process
    line.number = row->line;
    line.invalidity_date = CRL_NO_TIME;
    line.problem_len = read_row(list, row, &line, &why) ? 0 : (uint32_t)strcspn(why.text, "\n");
    builder_add(output, &line, sizeof(line));
    builder_add(output, why.text, line.problem_len);
}

static bool parse(const char *name, struct bytes file, struct builder *output, struct error *err)
{
    struct list list = {.file = name};
    struct csv_reader reader = {.rest = file, .file = name};
    AUTO(csv_row_done) struct csv_row header = {.count = 0};
    bool is_end = false;
    if (!csv_next(&reader, &header, &is_end, err) || !read_header(&header, &list, err))
        return false;
    for (;;) {
        AUTO(csv_row_done) struct csv_row row = {.count = 0};
        if (!csv_next(&reader, &row, &is_end, err))
            return false;
        if (is_end)
            return true;
        add_line(&list, &row, output);
    }
}

void list_parse(struct bytes input, struct builder *ret_output)
{
    static struct error err; // all of its bytes leave this process
    const uint8_t *end = input.len == 0 ? NULL : memchr(input.data, '\0', input.len);
    size_t before = ret_output->len;
    memset(&err, 0, sizeof(err));
    builder_add(ret_output, &err, sizeof(err));
    if (end == NULL)
        (void)error_set(&err, ERROR_INPUT, 0, "a list without its name");
    else if (parse((const char *)input.data, bytes_slice(input, (size_t)(end - input.data) + 1, input.len),
                   ret_output, &err))
        return;
    if (!ret_output->has_failed) {
        ret_output->len = before;
        builder_add(ret_output, &err, sizeof(err));
    }
}

/* ---- in the program ---- */

static bool is_wrong(struct error *err)
{
    return error_set(err, ERROR_INPUT, 0, "the process that read it gave an answer that is none");
}

/** Words for people: nothing in it moves a cursor. */
static bool is_words(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return false;
    }
    return utf8_is_valid(text);
}

bool list_next(struct bytes *lines, struct list_line *ret_line, struct bytes *ret_problem, bool *ret_is_end,
               struct error *err)
{
    struct list_line line;
    *ret_is_end = lines->len == 0;
    if (*ret_is_end)
        return true;
    if (lines->len < sizeof(line))
        return is_wrong(err);
    memcpy(&line, lines->data, sizeof(line));
    struct bytes rest = bytes_slice(*lines, sizeof(line), lines->len);
    struct bytes problem = bytes_slice(rest, 0, line.problem_len);
    bool has_serial = line.serial_len > 0 && line.serial_len <= sizeof(line.serial);
    if (problem.len != line.problem_len || problem.len > sizeof(err->text) || !is_words(problem) ||
        (problem.len == 0 &&
         (!has_serial || crl_reason_name(line.reason) == NULL || line.reason == CRL_REMOVE_FROM_CRL)))
        return is_wrong(err);
    *lines = bytes_slice(rest, problem.len, rest.len);
    *ret_line = line;
    *ret_problem = problem;
    return true;
}

bool list_take(struct bytes output, struct builder *ret_lines, struct error *err)
{
    struct error answer;
    if (output.len < sizeof(answer))
        return is_wrong(err);
    memcpy(&answer, output.data, sizeof(answer));
    answer.text[sizeof(answer.text) - 1] = '\0';
    if (answer.kind != ERROR_NONE)
        return is_words(bytes_of_text(answer.text)) ? error_set(err, ERROR_INPUT, 0, "%s", answer.text)
                                                    : is_wrong(err);
    builder_add_bytes(ret_lines, bytes_slice(output, sizeof(answer), output.len));
    return true;
}

bool list_read(const char *path, struct builder *ret_lines, uint8_t ret_sha256[static 32], struct error *err)
{
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    AUTO(builder_done) struct builder input = BUILDER_INIT;
    AUTO(builder_done) struct builder output = BUILDER_INIT;
    struct quoted buffer;
    const char *name = quoted_text(path, &buffer);
    if (!file_read(AT_FDCWD, path, FILE_MAX_LEN, &file, err))
        return false;
    const struct sandbox_call call = {.run = list_parse, .max_output_len = OUTPUT_MAX_LEN(file.len)};
    digest_sha256(builder_bytes(&file), ret_sha256);
    builder_add(&input, name, strlen(name) + 1);
    builder_add_bytes(&input, builder_bytes(&file));
    return sandbox_call(&call, builder_bytes(&input), &output, err) &&
           list_take(builder_bytes(&output), ret_lines, err);
}
