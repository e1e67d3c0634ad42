/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser process says of a plan is what reading it here would say; of a plan that is not whole, deep or no plan it says why. */
#include "base/file.h"
#include "base/memory.h"
#include "folder.h"
#include "witness/approve.h"

#include <fcntl.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void read_seed(const char *name, struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format(SOURCE_FOLDER "/tests/corpus/plan/%s", name);
    assert_true(file_read(AT_FDCWD, path, 1 << 20, ret_text, &err));
}

static void assert_same(const char *name)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file here = {.items = NULL};
    AUTO(plan_file_done) struct plan_file there = {.items = NULL};
    AUTO(free) char *path = memory_format(SOURCE_FOLDER "/tests/corpus/plan/%s", name);
    read_seed(name, &text);
    assert_true(plan_file_read(builder_bytes(&text), &here, &err));
    assert_true(approve_describe(&here, &wanted, &err));
    if (!approve_read(path, &there, &words, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&words), builder_text(&wanted));
    assert_memory_equal(there.sha256, here.sha256, sizeof(here.sha256));
    assert_string_equal(there.header.origin, here.header.origin);
    assert_int_equal(there.header.count, here.header.count);
    assert_int_equal(json_count(there.items), json_count(here.items));
    assert_int_equal(there.people == NULL ? 0 : json_count(there.people),
                     here.people == NULL ? 0 : json_count(here.people));
}

static void a_plan_is_what_its_bytes_say(void **state)
{
    (void)state;
    assert_same("plan");
    assert_same("plan-revoke");
}

static void assert_refused(struct bytes text, const char *words)
{
    struct error err = ERROR_INIT;
    struct folder folder;
    AUTO(builder_done) struct builder shown = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    folder_make(&folder);
    AUTO(free) char *path = memory_format("%s/plan", folder.path);
    assert_true(file_create(AT_FDCWD, path, 0600, text, &err));
    assert_false(approve_read(path, &file, &shown, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    if (strstr(err.text, words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.text, words);
    assert_int_equal(shown.len, 0);
    folder_remove(&folder);
}

static void what_is_not_a_whole_plan_is_refused(void **state)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder deep = BUILDER_INIT;
    (void)state;
    read_seed("plan", &text);
    assert_refused(bytes_slice(builder_bytes(&text), 0, text.len - 100), "not JSON");
    assert_refused(BYTES_LITERAL("{}"), "not a plan");
    assert_refused(BYTES_LITERAL(""), "reading the plan");
    for (int i = 0; i < 100000; i++)
        builder_add_u8(&deep, '[');
    assert_refused(builder_bytes(&deep), "depth");
}

/** A plan that names its people. */
static void plan_of_people(struct builder *ret_text)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    read_seed("plan", &text);
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    plan_file_add_person(&file, "ann", "ann+key");
    plan_file_add_person(&file, "bob", "bob+key");
    plan_file_write(&file, ret_text);
}

static void people_come_with_the_plan(void **state)
{
    struct error err = ERROR_INIT;
    struct folder folder;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    folder_make(&folder);
    AUTO(free) char *path = memory_format("%s/plan", folder.path);
    plan_of_people(&text);
    assert_true(file_create(AT_FDCWD, path, 0600, builder_bytes(&text), &err));
    assert_true(approve_read(path, &file, &words, &err));
    AUTO(builder_done) struct builder people = BUILDER_INIT;
    json_canonical(file.people, &people);
    assert_string_equal(builder_text(&people),
                        "[{\"key\":\"ann+key\",\"name\":\"ann\"},{\"key\":\"bob+key\",\"name\":\"bob\"}]");
    folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_is_what_its_bytes_say),
        cmocka_unit_test(what_is_not_a_whole_plan_is_refused),
        cmocka_unit_test(people_come_with_the_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
