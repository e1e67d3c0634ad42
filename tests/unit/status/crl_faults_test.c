/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of `crl` in each of which one call into the system or the libraries fails, whichever: it is told, or the CRL is whole, logged,
 * under a checkpoint and delivered. After all of them the home is sound, and each number was signed once.
 */
#include "status/crl.h"

#include "apart.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "failing.h"
#include "given.h"

static struct fake_home own;
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
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fake_home_remove(&own);
    return 0;
}

enum { NUMBER, ENTRIES, LENGTH, HAS_FAILED };

struct fault {
    const char *names;
    unsigned number;
    bool is_again;
};

static bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    const struct fault *fault = data;
    const struct crl_options options = {.home = own.path, .out = out, .days = 3, .again = fault->is_again};
    struct crl_result result = {.number = 0};
    failing_at(fault->names, fault->number);
    bool is_done = crl_sign(&options, &fake_console, &result, err);
    ret->out.numbers[HAS_FAILED] = failing_stop() != NULL;
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

/** Lets the calls of these names fail, each in a run of its own. \param step  1: all of them */
static void fail_each(const char *names, unsigned step, bool is_again)
{
    struct fault fault = {.names = names, .number = 1, .is_again = is_again};
    bool has_failed = true;
    for (; has_failed; fault.number += step) {
        if (is_again)
            take_away();
        const struct apart *found = apart(run_crl, &fault);
        has_failed = found->out.numbers[HAS_FAILED] != 0;
        assert_true(found->asked <= (is_again ? 0 : 1));
        if (found->is_done)
            assert_delivered(found);
        else if (!has_failed || found->err.kind < ERROR_INPUT || found->err.kind > ERROR_LEDGER)
            fail_msg("%s %u: %d \"%s\"", names, fault.number, (int)found->err.kind, found->err.text);
    }
}

/** What syncs, maps and renames: each; of the others some. */
static void fail_all(bool is_again)
{
    static const struct {
        const char *names;
        unsigned step;
    } calls[] = {{"fsync", 1},    {"fdatasync", 1}, {"mmap", 1},  {"ftruncate", 1}, {"fdopendir", 1},
                 {"renameat", 1}, {"write", 2},     {"pread", 3}, {"open", 15},     {"sqlite3_", 23}};
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        fail_each(calls[i].names, calls[i].step, is_again);
}

static void whichever_call_fails_a_crl_is_delivered_or_it_is_told(void **state)
{
    (void)state;
    fail_all(false);
}

static void whichever_call_fails_it_is_delivered_again_or_it_is_told(void **state)
{
    static const struct fault none = {.names = "none", .number = 1};
    (void)state;
    assert_delivered(apart(run_crl, &none));
    fail_all(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whichever_call_fails_a_crl_is_delivered_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_it_is_delivered_again_or_it_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
