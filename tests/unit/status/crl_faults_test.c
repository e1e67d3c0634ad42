/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of `crl` in each of which one call into the system or the libraries fails, whichever: it is told, or the CRL is whole, logged,
 * under a checkpoint and delivered. After all of them the home is sound, and each number was signed once.
 */
#include "status/crl.h"

#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "failing_run.h"
#include "given.h"

static struct given given[2];
static char out[120];

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, "CN=a", "p", true, &given[i]);
    (void)given_revoke(home, &given[1], CRL_SUPERSEDED, time_now());
    home_close(home);
    approver_make(&ann, "ann", "a");
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

enum { NUMBER, ENTRIES, LENGTH };

static bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct crl_options options = {
        .home = own.path, .out = out, .days = 3, .again = fault->is_again, .given = fault->what};
    struct crl_result result = {.number = 0};
    const struct console console = begin_failing(fault);
    bool is_done = crl_sign(&options, &console, &result, err);
    end_failing(ret);
    ret->out.numbers[NUMBER] = result.number;
    ret->out.numbers[ENTRIES] = result.entries;
    ret->out.numbers[LENGTH] = result.der_len;
    return is_done;
}

/** The SHA-256 of the crl.issued of a number, hex; the caller frees. NULL: there is none */
static char *issued_sha256(uint64_t number)
{
    struct error err = ERROR_INIT;
    char *found = NULL;
    struct home *home = home_of(&own, HOME_LOOK);
    for (uint64_t seq = ledger_size(home->ledger); seq-- > 0 && found == NULL;) {
        AUTO(json_free) struct json *record = NULL;
        int64_t of = 0;
        assert_true(ledger_record(home->ledger, seq, &record, &err));
        if (strcmp(json_text(record, "type"), "crl.issued") == 0 && json_int(record, "number", &of) &&
            (uint64_t)of == number)
            found = memory_text(json_text(record, "sha256"));
    }
    home_close(home);
    return found;
}

static void assert_delivered(const struct apart *found)
{
    char hex[129];
    uint8_t digest[32];
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    AUTO(free) char *sha256 = issued_sha256(found->out.numbers[NUMBER]);
    AUTO(free) char *checkpoint = memory_format("%s/checkpoint", out);
    const char *const folders[] = {crls, out};
    assert_non_null(sha256);
    assert_int_equal(found->out.numbers[ENTRIES], 1);
    for (size_t i = 0; i < 4; i++) {
        struct error err = ERROR_INIT;
        AUTO(builder_done) struct builder file = BUILDER_INIT;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        AUTO(free)
        char *path = memory_format("%s/crl-%u.%s", folders[i / 2], (unsigned)found->out.numbers[NUMBER],
                                   i % 2 == 0 ? "der" : "pem");
        if (!file_read(AT_FDCWD, path, 1 << 20, &file, &err) ||
            !crl_from_file(builder_bytes(&file), &der, &err))
            fail_msg("%s", err.text);
        digest_sha256(builder_bytes(&der), digest);
        assert_string_equal(hex_of(BYTES(digest), hex), sha256);
        assert_int_equal(der.len, found->out.numbers[LENGTH]);
    }
    assert_true(file_exists(AT_FDCWD, checkpoint));
    assert_checkpointed(&own);
}

/** The files of the first CRL. */
static void take_away(void)
{
    static const char *const files[] = {"ca/crl/crl-1.der", "ca/crl/crl-1.pem", "out/crl-1.der",
                                        "out/crl-1.pem"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlinkat(own.folder.fd, files[i], 0); // a run that failed left some
}

/** \return whether there was a call that failed; it was told, or the CRL is there */
static bool has_failed(const struct apart *found, const struct fault *fault)
{
    bool has_more = false;
    assert_true(found->asked <= (fault->is_again ? 0 : 1));
    if (look(found, fault, &has_more))
        assert_delivered(found);
    // Of one that is signed it is said what delivers it: for a plan there is no other way than to bring it again.
    else if (strstr(found->err.text, "it is signed and in the ledger") != NULL)
        assert_non_null(strstr(found->err.text, fault->is_again || fault->what != NULL
                                                    ? "run the same command again, which delivers it"
                                                    : "`coldca crl --again` delivers it"));
    return has_more;
}

/** Lets the calls of these names fail, each in a run of its own. \param step  1: all of them */
static void fail_each(struct fault fault, unsigned step)
{
    for (bool has_more = true; has_more; fault.number += step) {
        if (fault.is_again)
            take_away();
        has_more = has_failed(apart(run_crl, &fault), &fault);
    }
}

static void fail_all(bool is_again)
{
    static const char *const more[] = {"mmap", "ftruncate", "fdopendir"};
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        fail_each((struct fault){.names = more[i], .number = 1, .is_again = is_again}, 1);
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        fail_each((struct fault){.names = calls[i].names, .number = 1, .is_again = is_again}, calls[i].step);
}

static void whichever_call_fails_a_crl_is_delivered_or_it_is_told(void **state)
{
    (void)state;
    fail_all(false);
}

static void whichever_call_fails_once_the_token_is_open_it_is_delivered_or_told(void **state)
{
    static const char *const names[] = {"sqlite3_", "pread", "time"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        fail_each((struct fault){.names = names[i], .number = 1, .is_later = true}, 1);
}

static void whichever_call_fails_it_is_delivered_again_or_it_is_told(void **state)
{
    static const struct fault none = {.names = "none", .number = 1};
    (void)state;
    assert_delivered(apart(run_crl, &none));
    fail_all(true);
}

/* ---- by a plan ---- */

static bool run_plan(const void *data, struct apart *ret, struct error *err)
{
    const struct crl_options *options = data;
    struct crl_result result = {.number = 0};
    (void)ret;
    return crl_sign(options, &fake_console, &result, err);
}

static void make_plan(void)
{
    static int64_t valid_for = 3600;
    // One for each second: no two are the same plan.
    const struct crl_options options = {
        .home = own.path, .days = 3, .plan_out = plan_path, .valid_for = valid_for++};
    (void)unlink(plan_path);
    assert_done(apart(run_plan, &options));
}

/** Brought again, what is recorded is delivered, and what is not yet is done; only of what a token may have signed nobody gets a second one. */
static void bring_again(void)
{
    AUTO(approved_file_done) struct approved_file brought = {.given = {.count = 0}};
    struct fault none = {.names = "none", .number = 1};
    approver_bring(&ann, plan_path, true, &brought);
    none.what = &brought.given;
    const struct apart *found = apart(run_crl, &none);
    if (found->is_done)
        assert_delivered(found);
    else
        assert_failed(found, ERROR_INPUT, "whether the token signed it nobody knows");
}

static void whichever_call_fails_a_plan_is_carried_out_once_or_it_is_told(void **state)
{
    static const char *const names[] = {"fdatasync", "fsync", "time", "sqlite3_"};
    static const unsigned steps[] = {1, 1, 1, 7};
    (void)state;
    ann_decides(ACT_CRL);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct fault fault = {.names = names[i], .number = 1, .is_later = true};
        for (bool has_more = true; has_more; fault.number += steps[i]) {
            AUTO(approved_file_done) struct approved_file brought = {.given = {.count = 0}};
            make_plan();
            approver_bring(&ann, plan_path, true, &brought);
            fault.what = &brought.given;
            const struct apart *found = apart(run_crl, &fault);
            has_more = has_failed(found, &fault);
            if (!found->is_done)
                bring_again();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whichever_call_fails_once_the_token_is_open_it_is_delivered_or_told,
                                        begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_a_plan_is_carried_out_once_or_it_is_told, begin,
                                        end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_a_crl_is_delivered_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_it_is_delivered_again_or_it_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
