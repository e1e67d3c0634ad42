/* SPDX-License-Identifier: Apache-2.0 */
/* A file as lines: of which kind each is, where it lies and what is in it, however long it is and wherever the reading begins and ends. */
#include "base/memory.h"
#include "ledger/ledger.h"
#include "ledger/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define BLOCK                                                                                                \
    262144 /* what is held at once: text of a void line that is as long, with its LF, is not given */

static int file_of(struct bytes whole)
{
    int fd = memfd_create("lines", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, whole.data, whole.len), (ssize_t)whole.len);
    return fd;
}

/** What is due at this place: the bytes up to an LF, or up to the end. */
static struct line due_at(struct bytes whole, uint64_t offset, uint64_t limit)
{
    struct bytes rest = bytes_slice(whole, (size_t)offset, (size_t)(limit - offset));
    const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.data, '\n', rest.len);
    if (end == NULL)
        return (struct line){.kind = rest.len > 0 ? LINE_TORN : LINE_END, .offset = offset, .end = limit};
    struct line line = {.offset = offset, .text = bytes_slice(rest, 0, (size_t)(end - rest.data))};
    size_t len = line.text.len;
    bool is_void = len > 0 && line.text.data[len - 1] == LINES_CANCEL;
    line.kind = is_void ? LINE_VOID : len > LEDGER_RECORD_MAX_LEN ? LINE_TOO_LONG : LINE_RECORD;
    if (line.kind == LINE_TOO_LONG || (is_void && len >= BLOCK))
        line.text = bytes_of(NULL, 0);
    line.end = offset + len + 1;
    return line;
}

/** Reads from one place up to another, to the end. */
static void assert_lines(struct bytes whole, uint64_t offset, uint64_t limit)
{
    AUTO(close) int fd = file_of(whole);
    AUTO(lines_done) struct lines lines = {.fd = -1};
    uint64_t end = limit > whole.len ? whole.len : limit;
    struct line found = {.kind = LINE_RECORD};
    lines_init(&lines, fd, offset, limit);
    while (found.kind != LINE_END && found.kind != LINE_TORN) {
        struct error err = ERROR_INIT;
        const struct line due = due_at(whole, lines.offset, end);
        assert_true(lines_next(&lines, &found, &err));
        assert_int_equal(found.kind, due.kind);
        assert_int_equal(found.offset, due.offset);
        assert_int_equal(found.end, due.end);
        assert_true(bytes_equal(found.text, due.text));
        if (found.kind == LINE_RECORD) {
            assert_int_equal(found.leaf.len, found.text.len + 1);
            assert_int_equal(found.leaf.data[0], 0);
            assert_true(bytes_equal(bytes_slice(found.leaf, 1, found.leaf.len - 1), due.text));
        }
    }
    struct error err = ERROR_INIT;
    assert_true(lines_next(&lines, &found, &err)); // and again
    assert_true(found.kind == LINE_END || found.kind == LINE_TORN);
}

static void add_line(struct builder *whole, size_t len, bool is_void)
{
    uint8_t *place = builder_reserve(whole, len);
    for (size_t i = 0; i < len; i++)
        place[i] = (uint8_t)('a' + (i + len) % 23);
    if (is_void && len > 0)
        place[len - 1] = LINES_CANCEL;
    builder_add_u8(whole, '\n');
}

static void short_lines_are_told_apart(void **state)
{
    static const char *const files[] = {
        "",       "\n",      "a",       "a\n",   "\n\n",         "a\nb",           "a\n\nb\n",
        "\x18\n", "a\x18\n", "\030a\n", "a\x18", "a\n\x18\nb\n", "a\x18\nb\x18\n", "ab\ncd\nef\ngh",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct bytes whole = bytes_of_text(files[i]);
        assert_lines(whole, 0, UINT64_MAX);
        for (uint64_t from = 0; from <= whole.len; from++) {
            for (uint64_t to = from; to <= whole.len; to++)
                assert_lines(whole, from, to);
        }
    }
}

static void lines_of_every_length_are_told_apart(void **state)
{
    static const size_t lens[] = {0,     1,     65534,         65535,         65536, BLOCK - 2, BLOCK - 1,
                                  BLOCK, 7,     BLOCK + 1,     2 * BLOCK - 2, 65535, 65535,     65535,
                                  65535, 65535, 2 * BLOCK - 1, 2 * BLOCK,     100,   0};
    (void)state;
    for (unsigned way = 0; way < 4; way++) {
        AUTO(builder_done) struct builder whole = BUILDER_INIT;
        for (size_t i = 0; i < way; i++)
            add_line(&whole, i, false);
        for (size_t i = 0; i < ARRAY_LEN(lens); i++)
            add_line(&whole, lens[i], way == 3 || (i + way) % 2 == 1);
        if (way == 1)
            builder_add_text(&whole, "torn");
        struct bytes bytes = builder_bytes(&whole);
        assert_lines(bytes, 0, UINT64_MAX);
        assert_lines(bytes, 0, bytes.len - 1);
        assert_lines(bytes, 65536, bytes.len);
    }
    AUTO(builder_done) struct builder torn = BUILDER_INIT;
    add_line(&torn, 3 * BLOCK, false);
    torn.len--;
    assert_lines(builder_bytes(&torn), 0, UINT64_MAX);
}

/** A line of so many bytes, most of them no one wrote, and another behind it. */
static int huge_file(uint64_t len)
{
    int fd = memfd_create("lines", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\x18\nb\n", 4, (off_t)len - 1), 4);
    return fd;
}

static void a_line_longer_than_any_group_is_never_void(void **state)
{
    static const struct {
        uint64_t len;
        enum line_kind kind;
        bool goes_on;
    } cases[] = {{LINES_LONGEST, LINE_VOID, true},
                 {LINES_LONGEST + 1, LINE_TOO_LONG, true},
                 {LINES_LONGEST + (2 << 20), LINE_TOO_LONG, false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(close) int fd = huge_file(cases[i].len);
        AUTO(lines_done) struct lines lines = {.fd = -1};
        struct line line;
        lines_init(&lines, fd, 0, UINT64_MAX);
        assert_true(lines_next(&lines, &line, &err));
        assert_int_equal(line.kind, cases[i].kind);
        assert_int_equal(line.offset, 0);
        assert_int_equal(line.text.len, 0);
        assert_int_equal(lines.offset, line.end);
        if (cases[i].goes_on)
            assert_int_equal(line.end, cases[i].len + 1);
        else
            assert_in_range(line.end, LINES_LONGEST + 1, LINES_LONGEST + (2 << 20) - 1);
        assert_true(lines_next(&lines, &line, &err));
        assert_int_equal(line.kind, cases[i].goes_on ? LINE_RECORD : LINE_END);
    }
}

static void what_cannot_be_read_is_an_error(void **state)
{
    struct error err = ERROR_INIT;
    struct line line = {.offset = 4711};
    AUTO(lines_done) struct lines lines = {.fd = -1};
    (void)state;
    lines_init(&lines, -1, 0, UINT64_MAX);
    assert_false(lines_next(&lines, &line, &err));
    assert_string_equal(err.text, "can't read ledger.jsonl: Bad file descriptor");
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(line.offset, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_lines_are_told_apart),
        cmocka_unit_test(lines_of_every_length_are_told_apart),
        cmocka_unit_test(a_line_longer_than_any_group_is_never_void),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
