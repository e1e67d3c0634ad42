/* SPDX-License-Identifier: Apache-2.0 */
/* One call into the system fails, whichever: what is told as delivered is whole and durable, what is not is not there, or whole, and the next
 * try makes good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "media/media.h"
#include "media/stream.h"
#include "medium.h"

typedef bool doing(struct error *err);

static bool nothing(struct error *err)
{
    (void)err;
    return true;
}

static bool deliver(struct error *err)
{
    return media_deliver(folder.fd, "a/b.pem", BYTES_LITERAL("one"), err);
}

/** What a run that died left of it. */
static bool leave_rest(struct error *err)
{
    return file_make_folder(folder.fd, "a", 0755, err) &&
           file_create(folder.fd, "a/.coldca-413eaae935b92d28.part", 0644, BYTES_LITERAL("on"), err);
}

static bool deliver_other(struct error *err)
{
    return media_deliver(folder.fd, "a/c.pem", BYTES_LITERAL("two"), err);
}

static bool deliver_report(struct error *err)
{
    return media_deliver_over(folder.fd, "report", BYTES_LITERAL("old"), err);
}

static bool deliver_over(struct error *err)
{
    return media_deliver_over(folder.fd, "report", BYTES_LITERAL("new"), err);
}

static bool add_and_commit(struct media_group *group, struct error *err)
{
    return media_group_add(group, folder.fd, "a/b.pem", BYTES_LITERAL("one"), err) &&
           media_group_add(group, folder.fd, "a/c.pem", BYTES_LITERAL("two"), err) &&
           media_group_add(group, folder.fd, "d.pem", BYTES_LITERAL("three"), err) &&
           media_group_commit(group, folder.fd, err);
}

static bool deliver_group(struct error *err)
{
    AUTO(media_group_free) struct media_group *group = media_group_new();
    return add_and_commit(group, err);
}

static bool deliver_fresh_group(struct error *err)
{
    AUTO(media_group_free) struct media_group *group = media_group_new();
    media_group_is_fresh(group);
    return add_and_commit(group, err);
}

static bool write_stream(struct error *err)
{
    uint8_t digest[32];
    AUTO(media_stream_free) struct media_stream *stream = NULL;
    if (!media_stream_open(folder.fd, "report", &stream, err))
        return false;
    media_stream_add_text(stream, "ne");
    media_stream_add_text(stream, "w");
    return media_stream_commit(stream, digest, err);
}

struct delivery {
    const char *title;
    doing *before;
    doing *run;
    const char *due;     /**< the tree after it */
    const char *old;     /**< a line that may stand in place of one of those until then */
    const char *skipped; /**< call that may fail with nobody told */
    unsigned syncs;      /**< calls of fsync() and syncfs(), the least there must be */
};

/** Whether each line of the tree is due, or the old one; and what was to be removed may have stayed if that is what failed. */
static bool is_sound(const struct delivery *delivery, const char *tree, const char *failed)
{
    AUTO(free) char *lines = memory_text(tree);
    for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        AUTO(free) char *whole = memory_format("%s\n", line);
        const char *found = strstr(delivery->due, whole);
        bool is_due = found != NULL && (found == delivery->due || found[-1] == '\n');
        if (!is_due && strcmp(whole, delivery->old) != 0 &&
            (strcmp(failed, "unlinkat") != 0 || strstr(whole, ".coldca-") == NULL))
            return false;
    }
    return true;
}

/** Runs it in an empty folder, the call of this number fails. \return the call, NULL: there were fewer */
static const char *fail_at(const struct delivery *delivery, const char *names, unsigned number,
                           const char *lacked, int lacked_number)
{
    struct error err = ERROR_INIT;
    tree_clear(folder.fd);
    assert_true(delivery->before(&err));
    failing_at(names, number);
    if (lacked != NULL)
        failing_lacks(lacked, lacked_number);
    bool is_done = delivery->run(&err);
    const char *failed = failing_stop();
    AUTO(free) char *tree = tree_text(folder.fd);
    if (err.kind != (is_done ? ERROR_NONE : ERROR_INPUT) || (failed == NULL && !is_done))
        fail_msg("%s: call %u: done %d, told: %s", delivery->title, number, is_done, err.text);
    if (failed != NULL && is_done && strcmp(failed, "linkat") != 0 &&
        strstr(delivery->skipped, failed) == NULL)
        fail_msg("%s: call %u, %s, is told nobody", delivery->title, number, failed);
    if (failed != NULL && !is_sound(delivery, tree, failed))
        fail_msg("%s: call %u, %s, leaves:\n%s", delivery->title, number, failed, tree);
    if (is_done && strstr(delivery->skipped, "unlinkat") == NULL && strcmp(tree, delivery->due) != 0)
        fail_msg("%s: call %u: delivered is:\n%s", delivery->title, number, tree);
    error_clear(&err);
    if (!delivery->run(&err))
        fail_msg("%s: call %u, %s: again: %s", delivery->title, number, failed == NULL ? "none" : failed,
                 err.text);
    assert_tree(folder.fd, delivery->due);
    return failed;
}

/** \return how many calls of these names it makes */
static unsigned fail_each(const struct delivery *delivery, const char *names, const char *lacked,
                          int lacked_number)
{
    unsigned number = 1;
    while (fail_at(delivery, names, number, lacked, lacked_number) != NULL)
        number++;
    return number - 1;
}

#define TWO "a/\na/b.pem: one\n"
#define GROUP "a/\na/b.pem: one\na/c.pem: two\nd.pem: three\n"
/* The directory that a new one lies in is opened again to be synced; of one that was found it need not be. */
static const struct delivery deliveries[] = {
    {"new", nothing, deliver, TWO, "", "", 3},
    {"after a run that died", leave_rest, deliver, TWO, "a/.coldca-413eaae935b92d28.part: on\n",
     "openat fstatat", 3},
    {"again", deliver, deliver, TWO, "", "openat fstatat", 3},
    {"beside another", deliver_other, deliver, "a/\na/b.pem: one\na/c.pem: two\n", "", "openat fstatat", 3},
    {"over", deliver_report, deliver_over, "report: new\n", "report: old\n", "", 2},
    {"first of its name", nothing, deliver_over, "report: new\n", "", "", 2},
    {"group", nothing, deliver_group, GROUP, "", "", 4},
    {"fresh group", nothing, deliver_fresh_group, GROUP, "", "", 4},
    {"group again", deliver_group, deliver_group, GROUP, "", "openat fstatat", 7},
    {"group that is in part there", deliver_other, deliver_group, GROUP, "", "openat fstatat", 6},
    {"fresh group that is there", deliver_group, deliver_fresh_group, GROUP, "", "openat fstatat unlinkat",
     10},
    {"stream", nothing, write_stream, "report: new\n", "", "", 2},
    {"stream over", deliver_report, write_stream, "report: new\n", "report: old\n", "", 2},
};

static void what_is_told_as_delivered_is_there_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deliveries); i++)
        assert_in_range(fail_each(&deliveries[i], "", NULL, 0), 5, 100);
}

static void what_is_told_as_durable_was_synced(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deliveries); i++) {
        unsigned syncs =
            fail_each(&deliveries[i], "fsync", NULL, 0) + fail_each(&deliveries[i], "syncfs", NULL, 0);
        if (syncs != deliveries[i].syncs)
            fail_msg("%s: %u syncs", deliveries[i].title, syncs);
    }
}

/** A file system whose rename has no flags has links. */
static void where_names_can_not_be_given_without_replacing_it_is_as_well(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deliveries); i++)
        assert_in_range(fail_each(&deliveries[i], "", "renameat2", EINVAL), 5, 100);
}

/** Or it has neither. */
static void links_that_fail_are_not_needed(void **state)
{
    static const int lacks[] = {EINVAL, ENOSYS, EOPNOTSUPP};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deliveries) * ARRAY_LEN(lacks); i++) {
        const struct delivery *delivery = &deliveries[i / ARRAY_LEN(lacks)];
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        assert_true(delivery->before(&err));
        failing_at("no call", 1);
        failing_lacks("renameat2", lacks[i % ARRAY_LEN(lacks)]);
        failing_lacks("linkat", EPERM);
        bool is_done = delivery->run(&err);
        (void)failing_stop();
        if (!is_done)
            fail_msg("%s: %s", delivery->title, err.text);
        assert_tree(folder.fd, delivery->due);
    }
}

/** Whatever the file system lacks: what turned up after the look stays. */
static void what_turned_up_is_never_replaced(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct error err = ERROR_INIT;
        AUTO(media_group_free) struct media_group *group = media_group_new();
        tree_clear(folder.fd);
        assert_true(media_group_add(group, folder.fd, "a.pem", BYTES_LITERAL("one"), &err));
        assert_true(media_group_add(group, folder.fd, "b.pem", BYTES_LITERAL("two"), &err));
        assert_true(file_create(folder.fd, "b.pem", 0644, BYTES_LITERAL("not"), &err));
        failing_at("no call", 1);
        if (i > 0)
            failing_lacks("renameat2", EINVAL);
        if (i > 1)
            failing_lacks("linkat", EPERM);
        assert_false(media_group_commit(group, folder.fd, &err));
        (void)failing_stop();
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text,
                            "b.pem already exists with different content, not overwritten; move it away");
        media_group_free(TAKE(group));
        assert_tree(folder.fd, "a.pem: one\nb.pem: not\n");
    }
}

/** The same of one file, between the look and the name. */
static void what_turned_up_after_the_look_is_never_replaced(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        bool is_same = i % 2 == 1;
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        assert_true(file_create(folder.fd, "b.pem", 0644, BYTES_LITERAL("not"), &err));
        failing_at("fstatat", 1);
        failing_as(ENOENT);
        if (i > 1)
            failing_lacks("renameat2", EINVAL);
        if (i > 3)
            failing_lacks("linkat", EPERM);
        struct bytes data = is_same ? BYTES_LITERAL("not") : BYTES_LITERAL("two");
        assert_int_equal(media_deliver(folder.fd, "b.pem", data, &err), is_same);
        assert_non_null(failing_stop());
        assert_int_equal(err.kind, is_same ? ERROR_NONE : ERROR_INPUT);
        assert_tree(folder.fd, "b.pem: not\n");
    }
}

/** File systems that have nothing to sync say so by an error of theirs. */
static void a_file_system_that_can_not_sync_what_is_there_is_no_fault(void **state)
{
    static const int lacks[] = {EINVAL, EROFS};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lacks); i++) {
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        assert_true(deliver(&err));
        failing_at("no call", 1);
        failing_lacks("fsync", lacks[i]);
        assert_true(deliver(&err)); // it was there
        assert_false(deliver_other(&err));
        (void)failing_stop();
        assert_tree(folder.fd, "a/\na/b.pem: one\n");
    }
}

static void what_is_interrupted_goes_on(void **state)
{
    static const int reasons[] = {EINTR, EAGAIN};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        failing_at("openat2", 1);
        failing_as(reasons[i]);
        assert_true(deliver(&err));
        assert_non_null(failing_stop());
        assert_tree(folder.fd, TWO);
        // Not for ever: somebody may rename and rename.
        failing_at("no call", 1);
        failing_lacks("openat2", reasons[i]);
        assert_false(deliver(&err));
        (void)failing_stop();
        assert_int_equal(err.native, reasons[i]);
    }
}

/** Whoever can't hash is told; nothing is delivered by a digest that is none. */
static void a_digest_that_fails_is_told(void **state)
{
    static const char *const calls[] = {"EVP_MD_CTX_new", "EVP_DigestInit_ex", "EVP_DigestUpdate",
                                        "EVP_DigestFinal_ex"};
    const struct delivery *stream = &deliveries[ARRAY_LEN(deliveries) - 1];
    (void)state;
    assert_string_equal(stream->title, "stream over");
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        assert_int_equal(fail_each(stream, calls[i], NULL, 0), 1);
}

/** Of a folder nobody can open, and a file nobody can look at. */
static void each_fault_says_what_could_not_be_done(void **state)
{
    static const struct {
        doing *before;
        doing *run;
        const char *call;
        unsigned number;
        const char *text;
    } faults[] = {
        {nothing, deliver, "openat", 1, "can't open the output directory: Input/output error"},
        {nothing, deliver, "mkdirat", 1,
         "can't make the directory a: Input/output error\nwhile making the directory for a/b.pem"},
        {nothing, deliver, "openat2", 1,
         "can't open the directory a on the medium: Input/output error\nwhile making the directory for "
         "a/b.pem"},
        {nothing, deliver, "write", 1, "can't write a/b.pem: Input/output error"},
        {deliver_report, deliver_over, "openat", 2, "can't write report: Input/output error"},
        {nothing, deliver, "renameat2", 1, "can't put a/b.pem in its place: Input/output error"},
        {deliver, deliver, "openat2", 2,
         "can't compare with a/b.pem, which is there already: Input/output error"},
        {deliver, deliver, "read", 1, "can't read a/b.pem: Input/output error"},
        {deliver_report, deliver_over, "fsync", 1, "can't make report durable: Input/output error"},
        {deliver_report, deliver_over, "renameat", 1, "can't put report in its place: Input/output error"},
        {leave_rest, deliver, "unlinkat", 1,
         "can't clear .coldca-413eaae935b92d28.part away: Input/output error"},
        {nothing, deliver_group, "syncfs", 1, "can't make 3 files durable: Input/output error"},
        {nothing, deliver_group, "renameat2", 2, "can't put a/c.pem in its place: Input/output error"},
        {nothing, write_stream, "openat", 1, "can't open the directory for report: Input/output error"},
        {nothing, write_stream, "openat", 2, "can't write report: Input/output error"},
        {nothing, write_stream, "unlinkat", 1, "can't clear .coldca-report.part away: Input/output error"},
        {nothing, write_stream, "fsync", 1, "can't make report durable: Input/output error"},
        {nothing, write_stream, "renameat", 1, "can't put report in its place: Input/output error"},
        {nothing, write_stream, "EVP_MD_CTX_new", 1, "can't hash report"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct error err = ERROR_INIT;
        tree_clear(folder.fd);
        assert_true(faults[i].before(&err));
        failing_at(faults[i].call, faults[i].number);
        assert_false(faults[i].run(&err));
        assert_non_null(failing_stop());
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_string_equal(err.text, faults[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_told_as_delivered_is_there_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_told_as_durable_was_synced, setup, teardown),
        cmocka_unit_test_setup_teardown(where_names_can_not_be_given_without_replacing_it_is_as_well, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(links_that_fail_are_not_needed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_turned_up_is_never_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(what_turned_up_after_the_look_is_never_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_system_that_can_not_sync_what_is_there_is_no_fault, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_interrupted_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_digest_that_fails_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(each_fault_says_what_could_not_be_done, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
