/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call into the system fails while a plan is made, whichever: it is told, or the plan is the one that would have come without; an item may
 * be refused for it, and none is signed that was not to be.
 */
#include "plan/judge.h"

#include "approver.h"
#include "base/encode.h"
#include "csr_maker.h"
#include "failing.h"
#include "plan/approved.h"
#include "plan/planning.h"
#include "records/cert.h"
#include "records/control.h"

#include "rsa_plans.h"

#include <openssl/core_names.h>
#include <sys/stat.h>

#define WEEK INT64_C(604800)
#define UNIQUE                                                                                               \
    "policy: test\n"                                                                                         \
    "subject: [{field: CN, match: 'device-[0-9]+'}]\n"                                                       \
    "key: {allow: [rsa-2048, ec-p256], unique: true}\n"                                                      \
    "validity: {days: 90}\n"                                                                                 \
    "key_usage: [digitalSignature]\n"

enum { ITEMS = 6 };

static bool is_of_this_second; /* what is made: not_before is when it was */
static struct plan *asked;     /* its requests are judged again and again */
static struct approver ann;
static int64_t now;

static uint64_t append(const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    uint64_t seq = 0;
    if (!ledger_append(own.home->ledger, type, members, &seq, &err) || !ledger_commit(own.home->ledger, &err))
        fail_msg("%s", err.text);
    return seq;
}

static void write_policy(void)
{
    AUTO(free) char *folder = memory_format("%s/policies", own.path);
    AUTO(free) char *path = memory_format("%s/test.yaml", folder);
    (void)mkdir(folder, 0755); // init may have made it
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(UNIQUE, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void set_control(void)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    approver_make(&ann, "ann", "a");
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_ISSUE] = 1;
    (void)append(RECORD_CONTROL_SET, control_write(&control));
}

static void add_on_curve(struct plan *plan, unsigned device, EVP_PKEY *key)
{
    AUTO(free) char *name = memory_format("device-%u", device);
    fake_plan_add(plan, name, device, key);
}

/** A plan of the same requests; ask_back() has them back before it is freed. */
static struct plan *ask_again(void)
{
    struct plan *plan = plan_new(policy);
    plan->items = memory_new(asked->count, sizeof(*plan->items));
    for (; plan->count < asked->count; plan->count++) {
        struct plan_item *item = &asked->items[plan->count];
        plan->items[plan->count] = (struct plan_item){.source = memory_text(item->source),
                                                      .name = memory_text(item->name),
                                                      .request = TAKE(item->request)};
    }
    return plan;
}

static void ask_back(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        asked->items[i].request = TAKE(plan->items[i].request);
    plan_free(plan);
}

/** As many requests as there are answers: one that has its certificate, one that shares a prime with another one, a new one, one whose key
 * is compromised, one that has that one's modulus, one that is written badly. */
static int begin_asked(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *first = csr_key("P-256");
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(EVP_PKEY_free) EVP_PKEY *compromised = csr_key("P-256");
    AUTO(EVP_PKEY_free) EVP_PKEY *written = csr_key("P-256");
    (void)begin(state);
    policy_free(policy);
    if (!policy_load(BYTES_LITERAL(UNIQUE), "test.yaml", &policy, &err))
        fail_msg("%s", err.text);
    write_policy();
    issue_first(NULL);
    asked = plan_new(policy);
    add_on_curve(asked, 6, first);
    struct plan *issued = ask_again();
    fake_plan_judge(&own, issued, policy, NULL);
    issue(issued);
    ask_back(issued);
    set_control();
    add(asked, 2, 1, 2, 65537);
    add_on_curve(asked, 3, key);
    add_on_curve(asked, 4, compromised);
    add(asked, 5, 0, 1, 65539);
    assert_int_equal(
        EVP_PKEY_set_utf8_string_param(written, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"), 1);
    add_on_curve(asked, 7, written);
    struct json *revoked = json_new_object();
    json_put_hex(revoked, "key_value", BYTES(asked->items[3].request->key_value));
    json_put_text(revoked, "reason", "keyCompromise");
    json_put_text(revoked, "revoked_at", "2026-01-02T00:00:00Z");
    (void)append("key.revoked", revoked);
    now = time_now();
    return 0;
}

static int end_asked(void **state)
{
    plan_free(TAKE(asked));
    approver_done(&ann);
    return end(state);
}

/* ---- what came of it ---- */

/** All that would be signed, and all that would be said; without what is drawn by lot. */
static char *line_of(const struct plan_item *item)
{
    struct builder text = BUILDER_INIT;
    AUTO(free) uint8_t *tbs = memory_new(item->tbs_len + 1, 1);
    builder_format(&text, "%s, %s%s: ", item->name, plan_action_name(item->action),
                   item->is_logged ? ", logged" : "");
    for (size_t i = 0; item->verdict != NULL && i < item->verdict->findings.count; i++) {
        const struct finding *finding = &item->verdict->findings.items[i];
        builder_format(&text, "%s (%s): %s; ", finding->text, finding->rule,
                       finding->remedy != NULL ? finding->remedy : "");
    }
    if (item->earlier.serial != NULL)
        builder_format(&text, " as %s", item->earlier.serial);
    if (item->tbs_len > 0)
        memcpy(tbs, item->tbs, item->tbs_len);
    uint8_t *serial = memmem(tbs, item->tbs_len, item->serial, sizeof(item->serial));
    if (serial != NULL)
        memset(serial, 0, sizeof(item->serial));
    for (size_t at = 0; is_of_this_second && at + 15 < item->tbs_len; at++) {
        if (tbs[at] == 0x17 && tbs[at + 1] == 13) // UTCTime
            memset(tbs + at, 0, 15);
    }
    encode_hex(bytes_of(tbs, item->tbs_len), &text);
    return builder_take_text(&text);
}

/** What came of a try. */
struct outcome {
    char *lines[ITEMS];
    size_t count;
};

static void outcome_done(struct outcome *outcome)
{
    for (size_t i = 0; i < outcome->count; i++)
        free(outcome->lines[i]);
    outcome->count = 0;
}

static void note(const struct plan *plan, struct outcome *ret_outcome)
{
    for (size_t i = 0; i < plan->count; i++)
        ret_outcome->lines[ret_outcome->count++] = line_of(&plan->items[i]);
}

static void assert_no_worse(const struct outcome *found, const struct outcome *wanted, const char *failed)
{
    assert_int_equal(found->count, wanted->count);
    for (size_t i = 0; i < found->count; i++) {
        const char *line = found->lines[i];
        bool is_refused = strstr(line, ", refused: ") != NULL && strstr(line, "; ") != NULL;
        bool was_refused = strstr(wanted->lines[i], ", refused: ") != NULL;
        if (strcmp(line, wanted->lines[i]) != 0 && (!is_refused || was_refused))
            fail_msg("%s failed: \"%s\" instead of \"%s\"", failed, line, wanted->lines[i]);
    }
}

static struct redraw *redraw;
static bool needs_redraw;

/** What a failed try has done to parser processes is not the next one's business. */
static void open_readers(void)
{
    struct error err = ERROR_INIT;
    if (redraw != NULL)
        redraw_close(TAKE(redraw));
    if (needs_redraw && !redraw_open(own.home, &redraw, &err))
        fail_msg("%s", err.text);
}

typedef bool doing(struct outcome *ret_outcome, struct error *err);

/** \param names  of the calls, as failing_at() has them \param least  so many there are */
static void fail_each(doing *what, const char *names, unsigned least)
{
    struct error err = ERROR_INIT;
    struct outcome wanted = {.count = 0};
    const char *failed = "";
    open_readers();
    if (!what(&wanted, &err))
        fail_msg("%s", err.text);
    for (unsigned number = 1; failed != NULL; number++) {
        struct outcome found = {.count = 0};
        error_clear(&err);
        open_readers();
        failing_at(names, number);
        bool is_done = what(&found, &err);
        failed = failing_stop();
        if (is_done && err.kind != ERROR_NONE)
            fail_msg("%s failed, and is forgotten: %s", failed, err.text);
        if (is_done)
            assert_no_worse(&found, &wanted, failed == NULL ? "nothing" : failed);
        else if (err.kind != ERROR_INPUT && err.kind != ERROR_LEDGER)
            fail_msg("%s failed: refused without an error", failed);
        assert_true(failed != NULL || (is_done && number >= least));
        outcome_done(&found);
    }
    outcome_done(&wanted);
}

/* ---- a plan is made ---- */

static bool judge_again(struct outcome *ret_outcome, struct error *err)
{
    AUTO(judge_free) struct judge *judge = judge_new(own.home);
    const struct plan_options options = {.policy = policy, .now = now};
    struct plan *plan = ask_again();
    bool is_judged = judge_look_beside(judge, err) && plan_judge(judge, plan, &options, err);
    if (is_judged)
        note(plan, ret_outcome);
    ask_back(plan);
    return is_judged;
}

static void a_request_is_answered_as_it_would_be_or_not_at_all(void **state)
{
    struct error err = ERROR_INIT;
    struct outcome outcome = {.count = 0};
    static const char *const lines[] = {"device-6, repeat: ",
                                        "device-2, refused: key: it shares a prime factor with certificate ",
                                        "device-3, sign: ",
                                        "device-4, refused: key: this key was revoked",
                                        "device-5, refused: key: it shares a prime factor with device-2.csr",
                                        "device-7, refused: the EC public key is a compressed point"};
    (void)state;
    assert_true(judge_again(&outcome, &err));
    for (size_t i = 0; i < ITEMS; i++) {
        if (strncmp(outcome.lines[i], lines[i], strlen(lines[i])) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", outcome.lines[i], lines[i]);
    }
    outcome_done(&outcome);
    fail_each(judge_again, "", 20);
}

/* ---- from files ---- */

static void write_request(const char *folder, unsigned device)
{
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(EVP_PKEY_free) EVP_PKEY *key = csr_key("P-256");
    AUTO(free) char *subject = memory_format("30{31{30{06{550403}0c{'device-%u'}}}}", device);
    AUTO(free) char *path = memory_format("%s/%u.csr", folder, device);
    const struct csr_recipe recipe = {.key = key, .subject = subject};
    csr_make(&recipe, &der);
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(der.data, 1, der.len, out), der.len);
    assert_int_equal(fclose(out), 0);
}

static bool plan_again(struct outcome *ret_outcome, struct error *err)
{
    AUTO(free) char *stick = memory_format("%s/stick", own.folder.path);
    const char *const paths[] = {stick};
    const struct planning_options options = {
        .policy = "test", .paths = paths, .paths_count = 1, .takes_media = true};
    AUTO(planning_close) struct planning *planning = NULL;
    AUTO(plan_free) struct plan *plan = NULL;
    if (!planning_open(&options, own.home, &fake_console, &planning, err) ||
        !planning_plan(planning, NULL, &fake_console, &plan, err))
        return false;
    note(plan, ret_outcome);
    return true;
}

static void what_is_on_a_medium_is_planned_whole_or_told(void **state)
{
    AUTO(free) char *stick = memory_format("%s/stick", own.folder.path);
    AUTO(free) char *requests = memory_format("%s/requests", stick);
    (void)state;
    assert_true(mkdir(stick, 0755) == 0 && mkdir(requests, 0755) == 0);
    write_request(requests, 7);
    write_request(requests, 8);
    is_of_this_second = true;
    // Which cryptography fails is all the same to who plans.
    static const char *const names[] = {"open", "read", "write", "fstat", "sqlite3_", "fork", "send", "recv"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        fail_each(plan_again, names[i], 0);
    is_of_this_second = false;
}

/* ---- an approved one ---- */

static struct plan_file file;
static struct plan *judged;
static bool done[ITEMS];

static bool write_again(struct outcome *ret_outcome, struct error *err)
{
    AUTO(plan_file_done) struct plan_file written = {.items = NULL};
    struct builder text = BUILDER_INIT;
    if (!plan_to_file(own.home, judged, now, WEEK, &written, err)) {
        assert_null(written.items);
        return false;
    }
    plan_file_write(&written, &text);
    ret_outcome->lines[ret_outcome->count++] = builder_take_text(&text);
    return true;
}

static bool take_again(struct outcome *ret_outcome, struct error *err)
{
    const struct admitted admitted = {.file = file, .done = done, .is_taken = done[0]};
    AUTO(plan_free) struct plan *plan = NULL;
    if (!plan_of_admitted(own.home, &admitted, redraw, NULL, now, &plan, err)) {
        assert_null(plan);
        return false;
    }
    note(plan, ret_outcome);
    return true;
}

/** A plan of three requests in a file. */
static void approve(void)
{
    struct error err = ERROR_INIT;
    judged = fake_plan(policy, 7, 2);
    add(judged, 9, 2, 3, 65537);
    fake_plan_judge(&own, judged, policy, NULL);
    assert_int_equal(plan_count(judged, PLAN_SIGN), 3);
    now = time_now();
    if (!plan_to_file(own.home, judged, now, WEEK, &file, &err))
        fail_msg("%s", err.text);
    needs_redraw = true;
    open_readers();
}

static void approve_done(void)
{
    needs_redraw = false;
    open_readers();
    plan_file_done(&file);
    plan_free(judged);
}

static void a_plan_is_written_whole_or_told(void **state)
{
    (void)state;
    approve();
    fail_each(write_again, "", 5);
    approve_done();
}

static void what_people_approved_is_taken_as_it_is_or_not_at_all(void **state)
{
    (void)state;
    approve();
    fail_each(take_again, "", 20);
    approve_done();
}

/** Of a run that was stopped: one is delivered again, one signed under its record, one signed. */
static void what_a_run_left_is_taken_up_or_told(void **state)
{
    struct outcome outcome = {.count = 0};
    struct error err = ERROR_INIT;
    static const char *const lines[] = {"device-7, repeat: ", "device-8, sign, logged: ", "device-9, sign: "};
    struct record_cert_issued issued = {.signature = BYTES_LITERAL("a signature")};
    (void)state;
    approve();
    issued.ref = append(RECORD_CERT_SIGNING, plan_file_planned(&file, 0));
    (void)append(RECORD_CERT_ISSUED, record_cert_issued_write(&issued));
    (void)append(RECORD_CERT_SIGNING, plan_file_planned(&file, 1));
    done[0] = done[1] = true;
    assert_true(take_again(&outcome, &err));
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        assert_int_equal(strncmp(outcome.lines[i], lines[i], strlen(lines[i])), 0);
    outcome_done(&outcome);
    fail_each(take_again, "", 20);
    done[0] = done[1] = false;
    approve_done();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_asked, end_asked)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_answered_as_it_would_be_or_not_at_all),
        TEST(what_is_on_a_medium_is_planned_whole_or_told),
        TEST(a_plan_is_written_whole_or_told),
        TEST(what_people_approved_is_taken_as_it_is_or_not_at_all),
        TEST(what_a_run_left_is_taken_up_or_told),
    };
    return cmocka_run_group_tests(tests, make_primes, forget_primes);
}
