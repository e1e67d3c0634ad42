/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a plan: of which act they are, the requests beside them, where they go, and their place in the ledger; and all of a plan's file. */
#include "records/plan_file.h"

#include "base/digest.h"
#include "base/memory.h"
#include "records/approved.h"
#include "records/cert.h"
#include "records/crl.h"
#include "records/revocation.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define POLICY_TEXT "policy: device\n"
#define AGAIN "\nwhile reading the plan: get it again from who wrote it by `coldca plan` or --plan-out"

static void begin_plan(struct plan_file *file, enum act act)
{
    *file = (struct plan_file){.items = NULL};
    file->header = (struct plan_header){.act = act,
                                        .origin = memory_text("ca.example/root"),
                                        .vkey = memory_text("ca.example/root+key"),
                                        .control = 3,
                                        .not_before = INT64_C(1800000000),
                                        .not_after = INT64_C(1800086400)};
    if (act != ACT_ISSUE && act != ACT_ISSUE_CA)
        return;
    file->policy_text = memory_text(POLICY_TEXT);
    file->header.policy = memory_text("device");
    digest_sha256(BYTES_LITERAL(POLICY_TEXT), file->header.policy_sha256);
}

static struct json *record_of(const char *serial, const char *request)
{
    uint8_t digest[32];
    struct json *json = json_new_object();
    json_put_text(json, "serial", serial);
    digest_sha256(bytes_of_text(request), digest);
    if (request != NULL)
        json_put_hex(json, "csr_sha256", BYTES(digest));
    return json;
}

/** A plan of three certificates, with all that may stand in one. */
static void make(struct plan_file *file)
{
    begin_plan(file, ACT_ISSUE);
    plan_file_add(file, "a.pem", RECORD_CERT_SIGNING, record_of("01", "first"));
    plan_file_add_request(file, BYTES_LITERAL("first"));
    plan_file_add(file, "b.pem", RECORD_CERT_SIGNING, record_of("02", "second"));
    plan_file_add_request(file, BYTES_LITERAL("second"));
    plan_file_add(file, "c.pem", RECORD_CERT_SIGNING, record_of("03", NULL));
    plan_file_add_person(file, "ann", "ann+key");
    file->refused = json_new_array();
    json_add_text(file->refused, "r");
    file->evaluated = json_new_object();
    json_put_int(file->evaluated, "days", 1);
    plan_file_seal(file);
}

static void all_of_a_file_is_read_back(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(plan_file_done) struct plan_file read = {.items = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    (void)state;
    make(&file);
    plan_file_seal(&file); // of items that did not change: the same
    plan_file_write(&file, &text);
    if (!plan_file_read(builder_bytes(&text), &read, &err))
        fail_msg("%s", err.text);
    plan_file_write(&read, &again);
    assert_string_equal(builder_text(&again), builder_text(&text));
    assert_string_equal(plan_file_name(&read, 1), "b.pem");
    assert_string_equal(json_text(plan_file_record(&read, 2), "serial"), "03");
    AUTO(json_free) struct json *one = plan_file_planned(&file, 1);
    AUTO(json_free) struct json *other = plan_file_planned(&read, 1);
    AUTO(builder_done) struct builder spelled = BUILDER_INIT;
    builder_clear(&again);
    json_canonical(one, &spelled);
    json_canonical(other, &again);
    assert_string_equal(builder_text(&again), builder_text(&spelled));
    // Without its line end it is the same plan.
    AUTO(plan_file_done) struct plan_file torn = {.items = NULL};
    assert_true(plan_file_read(bytes_slice(builder_bytes(&text), 0, text.len - 1), &torn, &err));
}

/** The path of an item leads to the header's root, and the item is the record without what the run adds. */
static void an_item_proves_its_place(void **state)
{
    AUTO(plan_file_done) struct plan_file file;
    (void)state;
    make(&file);
    for (uint64_t i = 0; i < 3; i++) {
        struct error err = ERROR_INIT;
        struct tree_hash leaf, path[TREE_PROOF_MAX];
        uint8_t sha256[32];
        uint64_t index = 9;
        size_t count = 0;
        bool is_planned = false;
        AUTO(json_free) struct json *planned = plan_file_planned(&file, i);
        assert_true(record_read_planned(planned, &is_planned, sha256, &index, path, &count, &err));
        assert_true(is_planned);
        assert_int_equal(index, i);
        assert_memory_equal(sha256, file.sha256, sizeof(sha256));
        plan_item_leaf(planned, RECORD_CERT_SIGNING, &leaf);
        assert_true(tree_inclusion_holds(&leaf, index, 3, path, count, &file.header.root));
    }
}

static void the_request_beside_an_item_is_its_own(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    (void)state;
    make(&file);
    builder_add_text(&der, "before ");
    if (!plan_file_request(&file, 1, &der, &err))
        fail_msg("%s", err.text);
    assert_string_equal(builder_text(&der), "before second");
    assert_false(plan_file_request(&file, 2, &der, &err));
    assert_string_equal(err.text,
                        "its request is not in the plan (plan.request); make the plan anew, at this CA");
    assert_int_equal(err.kind, ERROR_INPUT);
    plan_file_add(&file, "d.pem", RECORD_CERT_SIGNING, record_of("04", "another"));
    plan_file_add_request(&file, BYTES_LITERAL("fourth"));
    error_clear(&err);
    assert_false(plan_file_request(&file, 3, &der, &err));
    assert_string_equal(err.text,
                        "the request beside it is not the one of its csr_sha256 (plan.request); get the plan "
                        "again from who made it");
    assert_int_equal(err.kind, ERROR_INPUT);
    plan_file_add(&file, "e.pem", RECORD_CERT_SIGNING, record_of("05", NULL));
    plan_file_add_request(&file, BYTES_LITERAL("fifth"));
    error_clear(&err);
    assert_false(plan_file_request(&file, 4, &der, &err));
    assert_string_equal(err.text, "without csr_sha256, which is a SHA-256 in hex");
}

static void each_type_is_of_its_act(void **state)
{
    static const struct {
        const char *type;
        unsigned acts; /**< a bit each */
    } types[] = {{RECORD_CERT_SIGNING, 1U << ACT_ISSUE | 1U << ACT_ISSUE_CA},
                 {RECORD_CERT_REVOKED, 1U << ACT_REVOKE},
                 {RECORD_CERT_UNREVOKED, 1U << ACT_REVOKE},
                 {RECORD_KEY_REVOKED, 1U << ACT_REVOKE},
                 {RECORD_CRL_SIGNING, 1U << ACT_CRL},
                 {RECORD_CONTROL_SET, 1U << ACT_CONTROL},
                 {RECORD_POLICY_APPROVED, 1U << ACT_POLICY},
                 {RECORD_PLAN_APPROVED, 0},
                 {"cert.issued", 0},
                 {"", 0}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        for (unsigned act = 0; act < ACT_COUNT; act++)
            assert_int_equal(plan_file_is_of_act(types[i].type, (enum act)act), types[i].acts >> act & 1);
    }
}

static void assert_refused(struct plan_file *file, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file made = *file;
    AUTO(plan_file_done) struct plan_file read = {.items = NULL};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(free) char *wanted = memory_format("%s" AGAIN, words);
    plan_file_seal(&made);
    plan_file_write(&made, &text);
    if (plan_file_read(builder_bytes(&text), &read, &err))
        fail_msg("taken, not \"%s\"", words);
    assert_string_equal(err.text, wanted);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(read.items);
}

static void what_is_no_item_is_refused_with_its_place(void **state)
{
    static const enum act issuing[] = {ACT_ISSUE, ACT_ISSUE_CA};
    struct plan_file file;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin_plan(&file, issuing[i]);
        plan_file_add(&file, "a.pem", RECORD_CERT_SIGNING, record_of("01", NULL));
        plan_file_add(&file, NULL, RECORD_CERT_SIGNING, record_of("02", NULL));
        assert_refused(&file, "item 1 does not say where its certificate goes (output): make the plan anew");
    }
    begin_plan(&file, ACT_REVOKE);
    plan_file_add(&file, NULL, RECORD_CERT_REVOKED, record_of("01", NULL));
    plan_file_add(&file, NULL, RECORD_CRL_SIGNING, record_of("02", NULL));
    assert_refused(&file, "item 1 is not of its act, revoke");
    begin_plan(&file, ACT_CRL);
    struct json *early = record_of("01", NULL);
    json_put_int(early, "plan_index", 7);
    plan_file_add(&file, NULL, RECORD_CRL_SIGNING, early);
    assert_refused(&file, "item 0 has a member that only a run may write");
}

/* ---- the header in it ---- */

#define HEADER(act, window, count, more)                                                                     \
    "{\"act\":\"" act "\",\"control\":3,\"count\":" count ",\"not_after\":\"" window                         \
    "\",\"not_before\":\"2027-01-15T08:00:00Z\",\"origin\":\"ca.example/root\"," more                        \
    "\"root\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"version\":1,"           \
    "\"vkey\":\"k\"}"

static void a_header_that_is_none_is_told(void **state)
{
    static const struct {
        const char *header, *words;
    } cases[] = {
        {"{}", "without version, which is a number from 0 on"},
        {HEADER("revoke", "2027-01-15T07:59:59Z", "1", ""), "a window that ends before it begins"},
        {HEADER("revoke", "2027-01-15T08:00:00Z", "0", ""), "no items, or too many"},
        {HEADER("revoke", "2027-01-15T08:00:00Z", "16777217", ""), "no items, or too many"},
        {HEADER("burn", "2027-01-15T08:00:00Z", "1", ""), "an act that coldca does not know"},
        {HEADER("revoke", "2027-01-15T08:00:00Z", "1", "\"policy\":\"p\","),
         "a policy, though its act is revoke"},
        {HEADER("issue", "2027-01-15T08:00:00Z", "1", ""), "without policy, which is a text"},
        {HEADER("issue_ca", "2027-01-15T08:00:00Z", "1", "\"policy\":\"p\","),
         "without policy_sha256, which is a SHA-256 in hex"},
        {HEADER("revoke", "2027-01-15T08:00:00Z", "1", "\"remark\":\"p\","),
         "not its canonical form, or a member that is not known"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *whole = json_new_object();
        AUTO(plan_file_done) struct plan_file read = {.items = NULL};
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
        AUTO(free)
        char *wanted = memory_format("%s\nwhile reading the header of a plan" AGAIN, cases[i].words);
        json_put_text(whole, "kind", "coldca plan");
        json_put_text(whole, "header", cases[i].header);
        (void)json_put_array(whole, "items");
        json_canonical(whole, &text);
        if (plan_file_read(builder_bytes(&text), &read, &err))
            fail_msg("taken: %s", cases[i].header);
        assert_string_equal(err.text, wanted);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_null(read.items);
        // By itself it is told in the same words.
        wanted[strlen(wanted) - strlen(AGAIN)] = '\0';
        error_clear(&err);
        assert_false(plan_header_read(bytes_of_text(cases[i].header), &header, &err));
        assert_string_equal(err.text, wanted);
        assert_int_equal(err.kind, ERROR_INPUT);
        assert_null(header.origin);
    }
}

static void each_member_of_a_header_is_demanded(void **state)
{
    static const struct {
        const char *member, *words;
    } cases[] = {{"version", "a number from 0 on"},
                 {"act", "a text"},
                 {"origin", "a text"},
                 {"vkey", "a text"},
                 {"control", "a number from 0 on"},
                 {"not_before", "a time"},
                 {"not_after", "a time"},
                 {"count", "a number from 0 on"},
                 {"root", "a SHA-256 in hex"}};
    static const char *const odd[][3] = {
        {"version", "2", "an unsupported version (expected 1)"},
        {"version", "0", "an unsupported version (expected 1)"},
        {"origin", "\"two words\"", "an origin that is not a ledger's"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases) + ARRAY_LEN(odd); i++) {
        struct error err = ERROR_INIT;
        AUTO(json_free) struct json *json = NULL;
        AUTO(json_free) struct json *value = NULL;
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
        bool is_odd = i >= ARRAY_LEN(cases);
        const char *const *oddity = odd[is_odd ? i - ARRAY_LEN(cases) : 0];
        AUTO(free)
        char *wanted = is_odd ? memory_format("%s\nwhile reading the header of a plan", oddity[2])
                              : memory_format("without %s, which is %s\nwhile reading the header of a plan",
                                              cases[i].member, cases[i].words);
        AUTO(free) char *put = memory_format("{\"a\":%s}", is_odd ? oddity[1] : "-1");
        assert_true(
            json_parse(BYTES_LITERAL(HEADER("revoke", "2027-01-15T08:00:00Z", "1", "")), &json, &err));
        assert_true(json_parse(bytes_of_text(put), &value, &err));
        json_put(json, is_odd ? oddity[0] : cases[i].member, json_clone(json_get(value, "a")));
        json_canonical(json, &text);
        assert_false(plan_header_read(builder_bytes(&text), &header, &err));
        assert_string_equal(err.text, wanted);
        assert_int_equal(err.kind, ERROR_INPUT);
    }
}

/** The last values that are fine. */
static void a_header_may_have_its_limits(void **state)
{
    static const char *const fine[] = {HEADER("revoke", "2027-01-15T08:00:00Z", "16777216", ""),
                                       HEADER("revoke", "2027-01-15T08:00:00Z", "1", "")};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        AUTO(plan_header_done) struct plan_header header = {.origin = NULL};
        if (!plan_header_read(bytes_of_text(fine[i]), &header, &err))
            fail_msg("%s", err.text);
        assert_int_equal(header.count, i == 0 ? 16777216 : 1);
    }
    // Of 8192 bytes, and of one more.
    for (size_t i = 0; i < 2; i++) {
        AUTO(plan_header_done) struct plan_header read = {.origin = NULL};
        AUTO(plan_header_done) struct plan_header of_json = {.origin = NULL};
        AUTO(json_free) struct json *json = NULL;
        AUTO(free) char *vkey = memory_new(PLAN_HEADER_MAX_LEN, 1);
        size_t len = PLAN_HEADER_MAX_LEN - strlen(fine[1]) + 1 + i;
        memset(vkey, 'k', len);
        const struct plan_header header = {.act = ACT_REVOKE,
                                           .origin = (char *)(uintptr_t) "ca.example/root",
                                           .vkey = vkey,
                                           .control = 3,
                                           .not_before = INT64_C(1800000000),
                                           .not_after = INT64_C(1800000000),
                                           .count = 1};
        builder_clear(&text);
        plan_header_write(&header, &text);
        assert_int_equal(text.len, PLAN_HEADER_MAX_LEN + i);
        error_clear(&err);
        assert_true(json_parse(builder_bytes(&text), &json, &err));
        assert_int_equal(plan_header_read(builder_bytes(&text), &read, &err), i == 0);
        assert_int_equal(plan_header_of_json(json, builder_bytes(&text), &of_json, &err), i == 0);
    }
    assert_non_null(strstr(err.text, "longer than 8192 bytes\nwhile reading the header of a plan"));
    assert_int_equal(err.kind, ERROR_INPUT);
}

/** What a parser process says of a text is held against the text. */
static void json_is_the_text_or_a_lie(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(plan_file_done) struct plan_file file;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(json_free) struct json *whole = NULL;
    AUTO(json_free) struct json *header = NULL;
    (void)state;
    make(&file);
    plan_file_write(&file, &text);
    assert_true(plan_file_parse(builder_bytes(&text), &whole, &header, &err));
    assert_true(plan_file_is_text(whole, header, builder_bytes(&text)));
    assert_true(plan_file_is_text(whole, header, bytes_slice(builder_bytes(&text), 0, text.len - 1)));
    assert_false(plan_file_is_text(whole, header, bytes_slice(builder_bytes(&text), 0, text.len - 2)));
    assert_false(plan_file_is_text(header, header, builder_bytes(&text)));
    assert_false(plan_file_is_text(whole, whole, builder_bytes(&text)));
    json_put_int(header, "control", 4);
    assert_false(plan_file_is_text(whole, header, builder_bytes(&text)));
    // What has no header has no parts of one.
    AUTO(json_free) struct json *bare = NULL;
    AUTO(json_free) struct json *nothing = NULL;
    assert_true(plan_file_parse(BYTES_LITERAL("{\"kind\":\"coldca plan\"}\n"), &bare, &nothing, &err));
    assert_true(plan_file_is_text(bare, nothing, BYTES_LITERAL("{\"kind\":\"coldca plan\"}\n")));
    assert_false(plan_file_is_text(bare, nothing, BYTES_LITERAL("")));
    struct json *none = NULL;
    assert_false(plan_file_parse(BYTES_LITERAL("{\"header\":\"{\"}"), &none, &none, &err));
    assert_non_null(strstr(err.text, "while reading the header of a plan" AGAIN));
    assert_int_equal(err.kind, ERROR_INPUT);
    error_clear(&err);
    assert_false(plan_file_parse(BYTES_LITERAL("{"), &none, &none, &err));
    assert_non_null(strstr(err.text, AGAIN));
    assert_int_equal(err.kind, ERROR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_file_is_read_back),
        cmocka_unit_test(an_item_proves_its_place),
        cmocka_unit_test(the_request_beside_an_item_is_its_own),
        cmocka_unit_test(each_type_is_of_its_act),
        cmocka_unit_test(what_is_no_item_is_refused_with_its_place),
        cmocka_unit_test(a_header_that_is_none_is_told),
        cmocka_unit_test(each_member_of_a_header_is_demanded),
        cmocka_unit_test(a_header_may_have_its_limits),
        cmocka_unit_test(json_is_the_text_or_a_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
