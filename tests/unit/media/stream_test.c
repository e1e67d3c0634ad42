/* SPDX-License-Identifier: Apache-2.0 */
/* A report written bit by bit: under its name it is whole, or what was there; its digest is that of all that was added. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/digest.h"
#include "failing.h"
#include "media/stream.h"
#include "medium.h"

static struct media_stream *opened(const char *name)
{
    struct error err = ERROR_INIT;
    struct media_stream *stream = NULL;
    if (!media_stream_open(folder.fd, name, &stream, &err))
        fail_msg("%s", err.text);
    return stream;
}

/** Writes so many bytes in pieces. */
static void assert_written(size_t len, size_t piece)
{
    uint8_t wanted[32];
    uint8_t digest[32];
    struct error err = ERROR_INIT;
    struct media_stream *stream = opened("report");
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    AUTO(builder_done) struct builder there = BUILDER_INIT;
    for (size_t i = 0; i < len; i++)
        builder_add_u8(&all, (uint8_t)('a' + i / 1000 % 26));
    for (size_t at = 0; at < len; at += piece)
        media_stream_add(stream, bytes_slice(builder_bytes(&all), at, piece < len - at ? piece : len - at));
    digest_sha256(builder_bytes(&all), wanted);
    if (!media_stream_commit(stream, digest, &err))
        fail_msg("%s", err.text);
    media_stream_free(stream);
    assert_memory_equal(digest, wanted, 32);
    assert_true(file_read(folder.fd, "report", 1 << 20, &there, &err));
    assert_true(bytes_equal(builder_bytes(&there), builder_bytes(&all)));
}

static void all_that_was_added_is_there_once_and_in_order(void **state)
{
    (void)state;
    assert_written(0, 1);
    assert_written(1, 1);
    assert_written(65535, 65535);
    assert_written(65536, 65536);
    assert_written(300000, 7001);
    assert_written(300000, 300000);
}

static void what_is_long_is_written_as_it_comes(void **state)
{
    struct stat status;
    (void)state;
    AUTO(media_stream_free) struct media_stream *stream = opened("report");
    AUTO(free) uint8_t *data = memory_new(65536, 1);
    media_stream_add(stream, bytes_of(data, 65535));
    assert_int_equal(fstatat(folder.fd, ".coldca-report.part", &status, 0), 0);
    assert_int_equal(status.st_size, 0);
    media_stream_add(stream, bytes_of(data, 1));
    assert_int_equal(fstatat(folder.fd, ".coldca-report.part", &status, 0), 0);
    assert_int_equal(status.st_size, 65536);
}

static void it_is_in_its_place_when_it_is_whole(void **state)
{
    uint8_t digest[32];
    struct stat status;
    struct error err = ERROR_INIT;
    (void)state;
    mode_t mask = umask(0);
    assert_true(file_create(folder.fd, "report", 0644, BYTES_LITERAL("old"), &err));
    assert_true(file_create(folder.fd, ".coldca-report.part", 0644, BYTES_LITERAL("rest"), &err));
    struct media_stream *stream = opened("report");
    (void)umask(mask);
    media_stream_add_text(stream, "n");
    media_stream_add_text(stream, "ew");
    assert_tree(folder.fd, ".coldca-report.part: \nreport: old\n");
    assert_true(media_stream_commit(stream, digest, &err));
    assert_tree(folder.fd, "report: new\n");
    assert_int_equal(fstatat(folder.fd, "report", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    media_stream_free(stream);
    assert_tree(folder.fd, "report: new\n");
    // One that is given up leaves the old one, and nothing else.
    stream = opened("report");
    media_stream_add_text(stream, "newer");
    media_stream_free(stream);
    assert_tree(folder.fd, "report: new\n");
}

static void nothing_that_was_there_is_written_into(void **state)
{
    uint8_t digest[32];
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_create(folder.fd, "precious", 0644, BYTES_LITERAL("old"), &err));
    assert_int_equal(symlinkat("precious", folder.fd, "report"), 0);
    for (int is_link = 0; is_link <= 1; is_link++) {
        assert_int_equal(is_link ? symlinkat("precious", folder.fd, ".coldca-report.part")
                                 : linkat(folder.fd, "precious", folder.fd, ".coldca-report.part", 0),
                         0);
        struct media_stream *stream = opened("report");
        media_stream_add_text(stream, "new");
        assert_true(media_stream_commit(stream, digest, &err));
        media_stream_free(stream);
        assert_tree(folder.fd, "precious: old\nreport: new\n");
    }
}

static void a_rest_is_cleared_away_and_nothing_else(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    media_stream_clear(folder.fd, "report"); // there is none
    assert_true(file_create(folder.fd, "report", 0644, BYTES_LITERAL("old"), &err));
    assert_true(file_create(folder.fd, ".coldca-report.part", 0644, BYTES_LITERAL("rest"), &err));
    assert_true(file_create(folder.fd, ".coldca-other.part", 0644, BYTES_LITERAL("rest"), &err));
    media_stream_clear(folder.fd, "report");
    assert_tree(folder.fd, ".coldca-other.part: rest\nreport: old\n");
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const names[] = {"", ".", "..", "a/b", "/a", "a/", "CON", "a\n", "a:b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct error err = ERROR_INIT;
        struct media_stream *stream = NULL;
        AUTO(free) char *text = memory_format("%s is not a name for a report", names[i]);
        if (media_stream_open(folder.fd, names[i], &stream, &err))
            fail_msg("%s is a name", names[i]);
        assert_null(stream);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, text);
    }
    assert_tree(folder.fd, "");
}

/** The first fault is what is told, though writing goes on, and nothing takes the old one's place. */
static void a_fault_on_the_way_is_told_at_the_end(void **state)
{
    uint8_t digest[32];
    struct error err = ERROR_INIT;
    (void)state;
    AUTO(free) uint8_t *data = memory_new(65536, 1);
    assert_true(file_create(folder.fd, "report", 0644, BYTES_LITERAL("old"), &err));
    struct media_stream *stream = opened("report");
    failing_at("write", 1);
    media_stream_add(stream, bytes_of(data, 65536));
    assert_non_null(failing_stop());
    media_stream_add(stream, bytes_of(data, 65536));
    assert_false(media_stream_commit(stream, digest, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_string_equal(err.text, "can't write report: Input/output error");
    media_stream_free(stream);
    assert_tree(folder.fd, "report: old\n");
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(all_that_was_added_is_there_once_and_in_order),
        IN_FOLDER(what_is_long_is_written_as_it_comes),
        IN_FOLDER(it_is_in_its_place_when_it_is_whole),
        IN_FOLDER(nothing_that_was_there_is_written_into),
        IN_FOLDER(a_rest_is_cleared_away_and_nothing_else),
        IN_FOLDER(what_is_no_name_is_refused),
        IN_FOLDER(a_fault_on_the_way_is_told_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
