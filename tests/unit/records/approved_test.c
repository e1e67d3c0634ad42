/* SPDX-License-Identifier: Apache-2.0 */
/* What people said yes to, as the ledger has it: held against its digest, whole, and each record at its place in its plan. */
#include "records/approved.h"

#include "base/digest.h"
#include "demands.h"
#include "ledger/ledger.h"

static const uint8_t digest[32] = {0x11, 0x22};

static void assert_no_policy_text(struct bytes text, const char *words)
{
    struct error err = ERROR_INIT;
    assert_false(record_policy_text_check("p", text, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** A policy's text stands whole in a record, or is refused before anybody approves it. */
static void a_policys_text_fits_a_record(void **state)
{
    static const char not_text[] = "the policy p is not UTF-8, which a record of the ledger is";
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    (void)state;
    assert_no_policy_text(BYTES_LITERAL("a\0b"), not_text);
    assert_no_policy_text(BYTES_LITERAL("\0"), not_text);
    assert_no_policy_text(BYTES_LITERAL("a\xff"), not_text);
    // {"text":"..."} is 11 bytes more, and a line end takes two.
    while (text.len < LEDGER_RECORD_MAX_LEN - 4096 - 11 - 1)
        builder_add_u8(&text, 'a');
    builder_add_u8(&text, 'b');
    assert_true(record_policy_text_check("p", builder_bytes(&text), &err));
    text.data[text.len - 1] = '\n';
    AUTO(free)
    char *words =
        memory_format("the policy p has %zu bytes, and a record of the ledger, which holds all of them, "
                      "has room for about %d: shorten its comments, or make two of it",
                      text.len, LEDGER_RECORD_MAX_LEN - 4096);
    assert_no_policy_text(builder_bytes(&text), words);
}

static void what_was_approved_is_read_back_and_held_against_its_digest(void **state)
{
    struct error err = ERROR_INIT;
    struct record_policy_approved read = {.name = NULL};
    struct record_policy_approved record = {.name = "p", .text = "a text"};
    (void)state;
    digest_sha256(BYTES_LITERAL("a text"), record.sha256);
    AUTO(json_free) struct json *json = again(record_policy_approved_write(&record));
    assert_true(record_policy_approved_read(json, &read, &err));
    assert_string_equal(read.name, "p");
    assert_string_equal(read.text, "a text");
    assert_memory_equal(read.sha256, record.sha256, sizeof(read.sha256));
    static const char *const members[] = {"name", "sha256", "text", NULL};
    assert_demands(RECORD_POLICY_APPROVED, record_policy_approved_write(&record), members);
    record.sha256[31] ^= 1;
    AUTO(json_free) struct json *other = again(record_policy_approved_write(&record));
    assert_false(record_check(RECORD_POLICY_APPROVED, other, &err));
    assert_string_equal(err.text, "its digest is not that of its text\nwhile reading a policy.approved");
    assert_int_equal(err.kind, ERROR_LEDGER);
}

#define HEADER                                                                                               \
    "{\"act\":\"revoke\",\"control\":3,\"count\":1,\"not_after\":\"2027-01-15T08:00:00Z\","                  \
    "\"not_before\":\"2027-01-15T08:00:00Z\",\"origin\":\"ca.example/root\","                                \
    "\"root\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"version\":1,"           \
    "\"vkey\":\"k\"}"

static struct json *plan_of(const char *header, const char *approval, bool is_its_digest)
{
    AUTO(json_free) struct json *approvals = json_new_array();
    struct record_plan_approved record = {.header = header, .approvals = approvals, .batch = "b"};
    digest_sha256(bytes_of_text(is_its_digest ? header : "another"), record.plan_sha256);
    if (approval != NULL)
        json_add_text(approvals, approval);
    else
        json_add_object(approvals);
    json_add_text(approvals, "a note");
    return again(record_plan_approved_write(&record));
}

static void a_plan_that_was_approved_is_read_back_and_held_against_its_digest(void **state)
{
    static const char *const members[] = {"header", "plan_sha256", "approvals", NULL};
    static const struct {
        const char *header, *approval;
        bool is_its_digest;
        const char *words;
    } faults[] = {
        {HEADER, "n", false, "its digest is not that of its header"},
        {HEADER, NULL, true, "an approval of it is not a text"},
        {"{}", "n", true, "without version, which is a number from 0 on\nwhile reading the header of a plan"},
        {"{", "n", true, NULL},
    };
    struct error err = ERROR_INIT;
    struct record_plan_approved read = {.header = NULL};
    (void)state;
    AUTO(json_free) struct json *json = plan_of(HEADER, "n", true);
    assert_true(record_plan_approved_read(json, &read, &err));
    assert_string_equal(read.header, HEADER);
    assert_string_equal(read.batch, "b");
    assert_int_equal(json_count(read.approvals), 2);
    assert_demands(RECORD_PLAN_APPROVED, plan_of(HEADER, "n", true), members);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        AUTO(json_free)
        struct json *faulty = plan_of(faults[i].header, faults[i].approval, faults[i].is_its_digest);
        error_clear(&err);
        assert_false(record_plan_approved_read(faulty, &read, &err));
        assert_int_equal(err.kind, ERROR_LEDGER);
        if (faults[i].words != NULL)
            assert_string_equal(err.text, faults[i].words);
    }
}

/** A record's place in its plan. */
static void a_place_in_a_plan_is_read_back(void **state)
{
    static const struct {
        const char *members, *words;
    } faults[] = {
        {"\"plan_index\":0", "without plan_sha256, which is a SHA-256 in hex"},
        {"\"plan_index\":-1", "without plan_index, which is a number from 0 on"},
        {"\"plan_index\":\"0\"", "without plan_index, which is a number from 0 on"},
        {"\"plan_index\":0", "without plan_path, which is base64 of hashes"},
        {"\"plan_index\":0,\"plan_path\":\"AA==\"", "without plan_path, which is base64 of hashes"},
        {"\"plan_index\":0,\"plan_path\":\"!\"", "without plan_path, which is base64 of hashes"},
    };
    struct tree_hash path[TREE_PROOF_MAX + 1], read[TREE_PROOF_MAX];
    uint8_t sha256[32];
    uint64_t index = 99;
    size_t count = 99;
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(path); i++)
        memset(path[i].bytes, (int)i + 1, sizeof(path[i].bytes));
    for (size_t len = 0; len <= ARRAY_LEN(path); len++) {
        bool is_planned = false;
        AUTO(json_free) struct json *json = json_new_object();
        record_put_planned(json, digest, 7, path, len);
        error_clear(&err);
        bool is_read = record_read_planned(json, &is_planned, sha256, &index, read, &count, &err);
        assert_int_equal(is_read, len <= TREE_PROOF_MAX);
        assert_true(is_planned);
        assert_memory_equal(sha256, digest, sizeof(digest));
        assert_int_equal(index, 7);
        if (!is_read)
            break;
        assert_int_equal(count, len);
        assert_memory_equal(read, path, len * sizeof(path[0]));
    }
    assert_string_equal(err.text, faults[3].words);
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        bool is_planned = false;
        AUTO(json_free) struct json *json = NULL;
        AUTO(free)
        char *text = memory_format("{%s%s%064d\"}", faults[i].members,
                                   i == 0 ? ",\"other\":\"" : ",\"plan_sha256\":\"", 0);
        error_clear(&err);
        assert_true(json_parse(bytes_of_text(text), &json, &err));
        assert_false(record_read_planned(json, &is_planned, sha256, &index, read, &count, &err));
        assert_string_equal(err.text, faults[i].words);
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
    bool is_planned = true;
    AUTO(json_free) struct json *none = json_new_object();
    json_put_hex(none, "plan_sha256", BYTES(digest)); // by the way
    assert_true(record_read_planned(none, &is_planned, sha256, &index, read, &count, &err));
    assert_false(is_planned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policys_text_fits_a_record),
        cmocka_unit_test(what_was_approved_is_read_back_and_held_against_its_digest),
        cmocka_unit_test(a_plan_that_was_approved_is_read_back_and_held_against_its_digest),
        cmocka_unit_test(a_place_in_a_plan_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
