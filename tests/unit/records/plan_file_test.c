/* SPDX-License-Identifier: Apache-2.0 */
/* A plan's file: what was written is read back; no flipped byte leaves the digest and changes what would be done. */
#include "records/plan_file.h"

#include "base/digest.h"
#include "base/memory.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct json *record(const char *serial)
{
    struct json *json = json_new_object();
    json_put_text(json, "serial", serial);
    json_put_text(json, "tbs", "MDEyMzQ1Njc4OQ==");
    return json;
}

static void make(struct plan_file *file)
{
    *file = (struct plan_file){.policy_text = memory_text("policy: device\n")};
    file->header = (struct plan_header){.act = ACT_ISSUE,
                                        .origin = memory_text("ca.example/root"),
                                        .vkey = memory_text("ca.example/root+key"),
                                        .control = 3,
                                        .not_before = INT64_C(1800000000),
                                        .not_after = INT64_C(1800086400),
                                        .policy = memory_text("device")};
    digest_sha256(bytes_of_text(file->policy_text), file->header.policy_sha256);
    for (size_t i = 0; i < 5; i++) {
        AUTO(free) char *serial = memory_format("0%zu", i);
        plan_file_add(file, "device", "cert.signing", record(serial));
    }
    plan_file_seal(file);
}

static void what_is_written_is_read_back(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(plan_file_done) struct plan_file read = {.items = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    (void)state;
    make(&file);
    plan_file_write(&file, &text);
    if (!plan_file_read(builder_bytes(&text), &read, &err))
        fail_msg("%s", err.text);
    plan_file_write(&read, &again);
    assert_string_equal(builder_text(&text), builder_text(&again));
    assert_memory_equal(file.sha256, read.sha256, 32);
    AUTO(json_free) struct json *planned = plan_file_planned(&read, 4);
    int64_t index = -1;
    assert_true(json_int(planned, "plan_index", &index));
    assert_int_equal(index, 4);
}

/** All that would be done. */
static void acts(const struct plan_file *file, struct builder *ret_text)
{
    for (size_t i = 0; i < file->header.count; i++)
        json_canonical(plan_file_record(file, i), ret_text);
    builder_add_text(ret_text, file->policy_text);
}

static void no_flipped_byte_does_something_else(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder wanted = BUILDER_INIT;
    size_t taken = 0;
    (void)state;
    make(&file);
    acts(&file, &wanted);
    plan_file_write(&file, &text);
    for (size_t i = 0; i < text.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct error err = ERROR_INIT;
            AUTO(plan_file_done) struct plan_file read = {.items = NULL};
            AUTO(builder_done) struct builder found = BUILDER_INIT;
            text.data[i] ^= (uint8_t)(1U << bit);
            if (plan_file_read(builder_bytes(&text), &read, &err) &&
                memcmp(read.sha256, file.sha256, 32) == 0) {
                taken++;
                acts(&read, &found);
                if (!bytes_equal(builder_bytes(&found), builder_bytes(&wanted)))
                    fail_msg("byte %zu, bit %u: the digest is the same, and something else is done", i, bit);
            }
            text.data[i] ^= (uint8_t)(1U << bit);
        }
    }
    assert_int_equal(taken, 0); // where a certificate goes is part of the digest, too
}

static void what_a_run_writes_is_in_no_item(void **state)
{
    static const char *const members[] = {"seq",        "time", "operator", "batch", "emergency_reason",
                                          "plan_sha256"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct error err = ERROR_INIT;
        AUTO(plan_file_done) struct plan_file file;
        AUTO(plan_file_done) struct plan_file read = {.items = NULL};
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        struct json *item = record("09");
        make(&file);
        json_put_text(item, members[i], "x");
        plan_file_add(&file, "device", "cert.signing", item);
        plan_file_seal(&file);
        plan_file_write(&file, &text);
        assert_false(plan_file_read(builder_bytes(&text), &read, &err));
        assert_non_null(strstr(err.text, "a member that only a run may write"));
    }
}

static void an_item_is_of_the_plans_act(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(plan_file_done) struct plan_file read = {.items = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    make(&file);
    plan_file_add(&file, "device", "control.set", record("09"));
    plan_file_seal(&file);
    plan_file_write(&file, &text);
    assert_false(plan_file_read(builder_bytes(&text), &read, &err));
    assert_non_null(strstr(err.text, "item 5 is not of its act, issue"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(no_flipped_byte_does_something_else),
        cmocka_unit_test(what_a_run_writes_is_in_no_item),
        cmocka_unit_test(an_item_is_of_the_plans_act),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
