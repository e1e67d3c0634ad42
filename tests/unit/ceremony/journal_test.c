/* SPDX-License-Identifier: Apache-2.0 */
/* The journal: what was added is there after any death, a torn last line is not, and it is of one script and one process. */
#include "ceremony/journal.h"

#include "base/file.h"
#include "base/memory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/coldca-journal-XXXXXX";
static char evidence[64];
static char name[] = "root";

static struct ceremony_script script_of(uint8_t mark)
{
    struct ceremony_script script = {.id = name};
    script.sha256[0] = mark;
    return script;
}

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL)
        return -1;
    return snprintf(evidence, sizeof(evidence), "%s/evidence", folder) > 0 ? 0 : -1;
}

static int remove_folder(void **state)
{
    AUTO(free) char *file = memory_format("%s/" JOURNAL_FILE, evidence);
    (void)state;
    (void)unlink(file);
    (void)rmdir(evidence);
    return rmdir(folder);
}

static struct journal *open_journal(const struct ceremony_script *script)
{
    struct journal *journal = NULL;
    struct error err = ERROR_INIT;
    if (!journal_open(evidence, script, &journal, &err))
        fail_msg("%s", err.text);
    return journal;
}

static void add(struct journal *journal, enum ceremony_event event, const char *text)
{
    struct error err = ERROR_INIT;
    if (!journal_add(journal, &(struct record_ceremony){.event = event, .text = text}, &err))
        fail_msg("%s", err.text);
}

static void write_to_end(const char *text)
{
    AUTO(free) char *file = memory_format("%s/" JOURNAL_FILE, evidence);
    AUTO(close) int fd = open(file, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void what_was_added_is_there_again(void **state)
{
    struct stat status;
    const struct ceremony_script script = script_of(1);
    struct journal *journal = open_journal(&script);
    (void)state;
    assert_int_equal(journal->count, 0);
    add(journal, CEREMONY_BEGUN, NULL);
    add(journal, CEREMONY_NOTE, "a remark");
    AUTO(free) char *run = memory_text(journal->run);
    journal_close(journal);
    assert_int_equal(stat(evidence, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    journal = open_journal(&script);
    assert_int_equal(journal->count, 2);
    assert_string_equal(journal->run, run);
    assert_int_equal(journal->events[1].number, 1);
    assert_string_equal(journal->events[1].text, "a remark");
    add(journal, CEREMONY_NOTE, "one more");
    assert_int_equal(journal->events[2].number, 2);
    journal_close(journal);
}

/** What was drawn with a moment is kept with it, however long the drawing took. */
static void a_moment_that_is_set_stays(void **state)
{
    struct error err = ERROR_INIT;
    const struct ceremony_script script = script_of(1);
    AUTO(journal_close) struct journal *journal = open_journal(&script);
    (void)state;
    assert_true(
        journal_add(journal, &(struct record_ceremony){.event = CEREMONY_NOTE, .at = 1234567890}, &err));
    assert_int_equal(journal->events[journal->count - 1].at, 1234567890);
    add(journal, CEREMONY_NOTE, "now");
    assert_true(journal->events[journal->count - 1].at >= time_of_build());
}

static void a_torn_line_is_cut_off(void **state)
{
    const struct ceremony_script script = script_of(1);
    struct journal *journal = open_journal(&script);
    (void)state;
    add(journal, CEREMONY_BEGUN, NULL);
    journal_close(journal);
    write_to_end("{\"at\":\"2026-");
    journal = open_journal(&script);
    assert_int_equal(journal->count, 1);
    add(journal, CEREMONY_NOTE, "after");
    journal_close(journal);
    journal = open_journal(&script);
    assert_int_equal(journal->count, 2);
    journal_close(journal);
}

static void assert_refused(const struct ceremony_script *script, const char *words)
{
    struct journal *journal = NULL;
    struct error err = ERROR_INIT;
    assert_false(journal_open(evidence, script, &journal, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void it_is_of_one_script_and_one_process(void **state)
{
    const struct ceremony_script script = script_of(1);
    const struct ceremony_script other = script_of(2);
    struct journal *journal = open_journal(&script);
    (void)state;
    add(journal, CEREMONY_BEGUN, NULL);
    assert_refused(&script, "another process runs the ceremony");
    journal_close(journal);
    assert_refused(&other, "by another script, or another state of it");
}

static void a_line_that_is_missing_is_found(void **state)
{
    const struct ceremony_script script = script_of(1);
    struct journal *journal = open_journal(&script);
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    (void)state;
    add(journal, CEREMONY_BEGUN, NULL);
    json_canonical(journal->records[0], &line);
    journal_close(journal);
    builder_add_text(&line, "\n");
    write_to_end(builder_text(&line));
    assert_refused(&script, "its number is 0, not 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_added_is_there_again, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_moment_that_is_set_stays, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_torn_line_is_cut_off, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(it_is_of_one_script_and_one_process, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_line_that_is_missing_is_found, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
