/* SPDX-License-Identifier: Apache-2.0 */
/* A revocation of many: what was logged is on the disk from time to time, the person sees how far it is, and a run that goes on counts its own. */
#include "apart.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "status/revoke.h"

#define MANY 600
#define PART 256 /* so many are on the disk at once, at least */

static struct fake_home own;
static uint64_t begun; /**< records before the run */
static char list_path[120];

/** A list of serials of certificates from before the ledger, FIRST and so on. */
static void put_list(unsigned first, unsigned count)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_add_text(&text, "serial\n");
    for (unsigned i = 0; i < count; i++)
        builder_format(&text, "0a%04x\n", first + i);
    (void)unlink(list_path); // of before
    assert_true(file_create(AT_FDCWD, list_path, 0600, builder_bytes(&text), &err));
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    begun = size_of(&own);
    (void)snprintf(list_path, sizeof(list_path), "%s/l.csv", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

enum { COUNT, TO_DO, DONE_BEFORE, SEEN, SEEN_TOTAL, ON_DISK, LATER_ON_DISK, ASKED };

/** What the person's side of a run notes. */
struct seen {
    uint64_t *numbers;
    unsigned stops_after; /**< 0: does not */
};

static uint64_t revoked_on_disk(void)
{
    uint64_t count = 0;
    AUTO(free) char *types = types_from(&own, begun);
    for (const char *at = types; (at = strstr(at, "cert.revoked ")) != NULL; at++)
        count++;
    return count;
}

static bool may_go_on(void *data)
{
    const struct seen *seen = data;
    const uint64_t asked = ++seen->numbers[ASKED];
    if (asked == PART + 1)
        seen->numbers[ON_DISK] = revoked_on_disk();
    if (asked == 2 * PART + 1)
        seen->numbers[LATER_ON_DISK] = revoked_on_disk();
    return seen->stops_after == 0 || asked <= seen->stops_after;
}

static void note_progress(void *data, const char *what, size_t done, size_t total)
{
    const struct seen *seen = data;
    if (strcmp(what, "revoking") == 0 && done == seen->numbers[SEEN] + 1)
        seen->numbers[SEEN] = done;
    seen->numbers[SEEN_TOTAL] = total;
}

struct run {
    struct revoke_options options;
    unsigned stops_after;
    unsigned fails; /**< this call of fdatasync; 0: none */
};

static bool run_revoke(const void *data, struct apart *ret, struct error *err)
{
    const struct run *run = data;
    struct revoke_options options = run->options;
    struct seen seen = {.numbers = ret->out.numbers, .stops_after = run->stops_after};
    AUTO(revoke_plan_done) struct revoke_plan plan = {.targets = NULL};
    struct console console = fake_console;
    console.data = &seen;
    console.may_go_on = may_go_on;
    console.progress = note_progress;
    options.home = own.path;
    options.is_foreign = true;
    failing_at(run->fails != 0 ? "fdatasync" : "none", run->fails);
    bool is_done = revoke_run(&options, &console, &plan, err);
    (void)failing_stop();
    ret->out.numbers[COUNT] = plan.count;
    ret->out.numbers[TO_DO] = plan.to_do;
    ret->out.numbers[DONE_BEFORE] = plan.done_before;
    return is_done;
}

static const struct apart *revoke_by(struct revoke_options options, unsigned stops_after)
{
    const struct run run = {.options = options, .stops_after = stops_after};
    return apart(run_revoke, &run);
}

static const struct apart *revoke_list(unsigned stops_after)
{
    return revoke_by((struct revoke_options){.list = list_path}, stops_after);
}

static void many_are_on_the_disk_in_parts(void **state)
{
    (void)state;
    put_list(0, MANY);
    const struct apart *found = revoke_list(0);
    assert_done(found);
    assert_int_equal(found->out.numbers[COUNT], MANY);
    assert_int_equal(found->out.numbers[TO_DO], MANY);
    assert_in_range(found->out.numbers[ON_DISK], PART, PART);
    assert_in_range(found->out.numbers[LATER_ON_DISK], 2 * PART, 2 * PART);
    assert_int_equal(found->out.numbers[SEEN], MANY);
    assert_int_equal(found->out.numbers[SEEN_TOTAL], MANY);
    assert_int_equal(revoked_on_disk(), MANY);
    assert_checkpointed(&own);
    // One has no bar.
    const char *serial = "0b";
    found = revoke_by((struct revoke_options){.serials = &serial, .serial_count = 1}, 0);
    assert_done(found);
    assert_int_equal(found->out.numbers[SEEN_TOTAL], 0);
}

/** Nobody is asked about more of them, nor sees more done, when the disk has refused what was before. */
static void a_part_that_cannot_be_written_ends_it(void **state)
{
    const struct apart *found = NULL;
    (void)state;
    put_list(0, MANY);
    for (unsigned call = 1; call == 1 || found->out.numbers[ASKED] < PART; call++) {
        const struct run run = {.options = {.list = list_path, .is_foreign = true}, .fails = call};
        found = apart(run_revoke, &run);
        assert_failed(found, ERROR_INPUT, "durable");
        assert_true(call < 9);
    }
    assert_int_equal(found->out.numbers[ASKED], PART);
    assert_int_equal(found->out.numbers[SEEN], PART - 1);
    assert_done(revoke_list(0));
    assert_int_equal(revoked_on_disk(), MANY);
}

static void assert_done_before(const struct apart *found, unsigned to_do, unsigned done_before)
{
    assert_done(found);
    assert_int_equal(found->out.numbers[TO_DO], to_do);
    assert_int_equal(found->out.numbers[DONE_BEFORE], done_before);
}

static void a_run_that_goes_on_counts_what_it_did(void **state)
{
    struct revoke_options other = {.list = list_path, .reason = "superseded", .is_dry_run = true};
    struct revoke_options look = {.list = list_path, .is_dry_run = true};
    (void)state;
    put_list(0, 5);
    assert_failed(revoke_list(3), ERROR_INTERRUPTED,
                  "stopped after 3 of 5; run the same command again for the rest");
    assert_int_equal(revoked_on_disk(), 3);
    assert_checkpointed(&own);
    assert_done_before(revoke_by(look, 0), 2, 3);
    // For another reason, of another list, it is another command.
    assert_done_before(revoke_by(other, 0), 2, 0);
    put_list(0, 6);
    assert_done_before(revoke_by(look, 0), 3, 0);
    put_list(2, 3); // though as many are left
    assert_done_before(revoke_by(look, 0), 2, 0);
    // One that was revoked by somebody else meanwhile is not this command's.
    const char *serial = "0a0004";
    assert_done(revoke_by((struct revoke_options){.serials = &serial, .serial_count = 1}, 0));
    put_list(0, 5);
    assert_done_before(revoke_by(look, 0), 1, 0);
    // Nor is what the last one did, once another was carried out.
    put_list(20, 3);
    assert_done(revoke_list(0));
    assert_done_before(revoke_by(look, 0), 0, 3);
    put_list(0, 5);
    assert_done_before(revoke_by(look, 0), 1, 0);
    assert_done_before(revoke_list(0), 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_are_on_the_disk_in_parts, begin, end),
        cmocka_unit_test_setup_teardown(a_part_that_cannot_be_written_ends_it, begin, end),
        cmocka_unit_test_setup_teardown(a_run_that_goes_on_counts_what_it_did, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
