/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of `crl`: which number it gets, who is on it, how long it is good, where its files are; when there is none, and that no number is
 * used then. The order of record and signature is order_test.c's.
 */
#include "status/crl.h"

#include "apart.h"
#include "approver.h"
#include "base/digest.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/memory.h"
#include "given.h"
#include "signer/memory.h"

#include <sqlite3.h>

static struct fake_home own;
static struct approver ann;
static struct given given[2];
static uint64_t begun; /**< records before the run */
static char out[120], plan_path[120];

static void fill(void)
{
    struct home *home = home_of(&own, HOME_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(given); i++)
        given_issue(home, "CN=a", "p", true, &given[i]);
    begun = ledger_size(home->ledger);
    home_close(home);
    (void)snprintf(out, sizeof(out), "%s/out", own.folder.path);
    (void)snprintf(plan_path, sizeof(plan_path), "%s/a.plan", own.folder.path);
}

static int begin(void **state)
{
    (void)state;
    fake_home_make(&own);
    approver_make(&ann, "ann", "a");
    fill();
    return 0;
}

static int end(void **state)
{
    (void)state;
    approver_done(&ann);
    fake_home_remove(&own);
    return 0;
}

static void revoke_one(const struct given *one)
{
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, one, CRL_SUPERSEDED, time_now());
    begun = ledger_size(home->ledger);
    home_close(home);
}

static uint64_t log_now(const char *type, struct json *record)
{
    begun = log_to(&own, type, record) + 1;
    return begun - 1;
}

/** CRLs want this many approvals, and are good for so many days at most; 0: any. */
static void set_control(unsigned needed, bool has_emergency, unsigned max_days)
{
    struct error err = ERROR_INIT;
    AUTO(control_done) struct control control = {.seq = CONTROL_NONE, .previous = CONTROL_NONE};
    assert_true(control_add_person(&control, "ann", "approver", ann.vkey, &err));
    control.quorum[ACT_CRL] = needed;
    control.emergency[ACT_CRL] = has_emergency;
    control.has_crl = max_days != 0;
    control.crl_max_days = max_days;
    (void)log_now(RECORD_CONTROL_SET, control_write(&control));
}

enum { NUMBER, ENTRIES, SECONDS, LENGTH };

static bool run_crl(const void *data, struct apart *ret, struct error *err)
{
    struct crl_options options = *(const struct crl_options *)data;
    struct crl_result result = {.number = 0};
    options.home = own.path;
    bool is_done = crl_sign(&options, &fake_console, &result, err);
    const uint64_t numbers[] = {result.number, result.entries,
                                (uint64_t)(result.next_update - result.this_update), result.der_len};
    memcpy(ret->out.numbers, numbers, sizeof(numbers));
    memcpy(ret->plan_sha256, result.plan_sha256, sizeof(ret->plan_sha256));
    return is_done;
}

static const struct apart *sign(struct crl_options options)
{
    return apart(run_crl, &options);
}

/** No number was used: no record but that of the login, if there was one. */
static void assert_unused(void)
{
    AUTO(free) char *types = types_from(&own, begun);
    if (strcmp(types, "") != 0)
        assert_string_equal(types, "session.opened ");
    begun = size_of(&own);
}

static void read_crl(const char *folder, const char *name, struct builder *ret_der)
{
    struct error err = ERROR_INIT;
    AUTO(free) char *path = memory_format("%s/%s", folder, name);
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    if (!file_read(AT_FDCWD, path, 1 << 20, &file, &err) ||
        !crl_from_file(builder_bytes(&file), ret_der, &err))
        fail_msg("%s", err.text);
}

/* ---- what is made ---- */

static void assert_on_list(struct bytes der, const struct given *const *who, size_t count)
{
    struct error err = ERROR_INIT;
    struct crl crl;
    struct crl_read_entry entry;
    assert_true(crl_read(der, &crl, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true(crl_next_entry(&crl.entries, &entry));
        assert_true(bytes_equal(entry.entry.serial, BYTES(who[i]->bytes)));
    }
    assert_int_equal(crl.entries.len, 0);
}

static void who_is_revoked_or_burned_is_on_it_and_its_files_are_alike(void **state)
{
    struct given burned;
    AUTO(builder_done) struct builder first = BUILDER_INIT;
    (void)state;
    revoke_one(&given[1]);
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &burned); // the run died there
    begun = ledger_size(home->ledger);
    home_close(home);
    const struct apart *found = sign((struct crl_options){.out = out});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    assert_int_equal(found->out.numbers[ENTRIES], 2);
    assert_int_equal(found->asked, 1);
    assert_types_from(&own, begun, "cert.abandoned session.opened crl.signing crl.issued ");
    assert_checkpointed(&own);
    assert_non_null(strstr(found->said, "1 certificates that an earlier run left unfinished were abandoned"));
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    const char *const folders[] = {crls, out};
    const char *const names[] = {"crl-1.der", "crl-1.pem"};
    for (size_t i = 0; i < 4; i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        read_crl(folders[i / 2], names[i % 2], i == 0 ? &first : &der);
        if (i > 0)
            assert_true(bytes_equal(builder_bytes(&der), builder_bytes(&first)));
    }
    assert_int_equal(first.len, found->out.numbers[LENGTH]);
    const struct given *const who[] = {&given[1], &burned};
    assert_on_list(builder_bytes(&first), who, 2);
    AUTO(free) char *checkpoint = memory_format("%s/checkpoint", out);
    assert_true(file_exists(AT_FDCWD, checkpoint));
    // Its record names its issuer by its certificate.
    char hex[129];
    uint8_t digest[32];
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder pem = BUILDER_INIT;
    AUTO(builder_done) struct builder issuer_der = BUILDER_INIT;
    struct bytes rest;
    assert_true(file_read(own.folder.fd, "ca/ca.pem", 1 << 16, &pem, &err));
    assert_true(cert_from_file(builder_bytes(&pem), &issuer_der, &rest, &err));
    const struct bytes issuer = builder_bytes(&issuer_der);
    // The next one has the next number, and says which was before.
    AUTO(json_free) struct json *signing = record_at(&own, begun + 2);
    AUTO(json_free) struct json *issued = record_at(&own, begun + 3);
    int64_t number = 0;
    assert_true(json_int(signing, "count", &number) && number == 2);
    assert_true(json_int(signing, "size", &number) && number == (int64_t)begun + 2);
    digest_sha256(issuer, digest);
    assert_string_equal(json_text(signing, "issuer_sha256"), hex_of(BYTES(digest), hex));
    AUTO(json_free) struct json *session = record_at(&own, begun + 1);
    assert_string_equal(json_text(signing, "batch"), json_text(session, "batch"));
    assert_string_equal(json_text(session, "command"), "crl");
    assert_null(json_get(signing, "emergency_reason"));
    assert_true(json_int(issued, "ref", &number) && number == (int64_t)begun + 2);
    found = sign((struct crl_options){.out = out});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
    AUTO(json_free) struct json *second = record_at(&own, begun + 5);
    assert_true(json_int(second, "previous", &number));
    assert_int_equal(number, begun + 3);
}

static void it_is_good_as_long_as_asked_and_some_hours_more(void **state)
{
    (void)state;
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    const uint64_t three = found->out.numbers[SECONDS];
    found = sign((struct crl_options){.days = 4});
    assert_int_equal(found->out.numbers[SECONDS] - three, 86400);
    found = sign((struct crl_options){.days = 0}); // ca.yaml's
    struct home *home = home_of(&own, HOME_LOOK);
    const struct home_config *config = &home->config;
    assert_int_equal(found->out.numbers[SECONDS],
                     config->crl.days * 86400 + config->crl.overlap_hours * 3600);
    assert_int_equal(three, 3 * 86400 + config->crl.overlap_hours * 3600);
    assert_true(config->crl.overlap_hours > 0);
    home_close(home);
}

static void the_newest_is_delivered_again(void **state)
{
    static const char *const files[] = {"ca/crl/crl-1.der", "ca/crl/crl-2.der", "ca/crl/crl-2.pem"};
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder again = BUILDER_INIT;
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    (void)state;
    assert_failed(sign((struct crl_options){.again = true}), ERROR_INPUT,
                  "no CRL was issued yet; `coldca crl` signs the first");
    assert_unused();
    assert_done(sign((struct crl_options){.days = 3}));
    revoke_one(&given[1]);
    assert_done(sign((struct crl_options){.days = 3}));
    read_crl(crls, "crl-2.der", &der);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        assert_int_equal(unlinkat(own.folder.fd, files[i], 0), 0);
    begun = size_of(&own);
    const struct apart *found = sign((struct crl_options){.again = true});
    assert_done(found);
    assert_string_equal(found->said, "CRL 2 is delivered again\n");
    assert_int_equal(found->out.numbers[NUMBER], 2);
    assert_int_equal(found->out.numbers[ENTRIES], 1);
    assert_int_equal(found->asked, 0);
    assert_types_from(&own, begun, "");
    read_crl(crls, "crl-2.der", &again);
    assert_true(bytes_equal(builder_bytes(&again), builder_bytes(&der)));
    assert_int_equal(found->out.numbers[LENGTH], again.len);
    assert_false(file_exists(own.folder.fd, files[0]));
    // What came to the ledger since comes under a checkpoint first.
    revoke_one(&given[0]);
    found = sign((struct crl_options){.again = true});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
    assert_types_from(&own, begun, "session.opened ");
    assert_checkpointed(&own);
}

/* ---- numbers ---- */

static void a_number_that_was_logged_and_not_finished_is_not_used_again(void **state)
{
    int64_t number = 0;
    (void)state;
    assert_done(sign((struct crl_options){.days = 3}));
    AUTO(json_free) struct json *signing = record_at(&own, begun + 1);
    // As a run leaves it that was killed between log and token.
    struct json *left = json_clone(signing);
    json_put_int(left, "number", 2);
    json_put_int(left, "previous", (int64_t)begun + 2);
    json_put_int(left, "size", (int64_t)begun + 3);
    uint64_t ref = log_now("crl.signing", left);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 3);
    assert_types_from(&own, begun, "crl.abandoned session.opened crl.signing crl.issued ");
    assert_non_null(
        strstr(found->said, "CRL 2 was left unfinished by an earlier run; its number is never used again"));
    AUTO(json_free) struct json *abandoned = record_at(&own, begun);
    assert_true(json_int(abandoned, "ref", &number) && number == (int64_t)ref);
    assert_true(json_int(abandoned, "number", &number) && number == 2);
}

static void a_token_that_remembers_more_stops_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    for (uint64_t remembered = 1; remembered < 3; remembered++) {
        fake_home_open(&own);
        assert_true(signer_remember_crl(own.signer, remembered, &err));
        fake_home_close(&own);
        begun = size_of(&own);
        assert_failed(sign((struct crl_options){.days = 3}), ERROR_LEDGER,
                      remembered == 1 ? "the token remembers CRL 1, the ledger's last is 0"
                                      : "the token remembers CRL 2, the ledger's last is 0");
        assert_unused();
    }
}

/** One that left without the token's knowledge could be followed by another of its number, from an old copy of the home. */
static void what_the_token_cannot_be_told_of_does_not_leave(void **state)
{
    unsigned call = 0;
    bool is_done = false;
    (void)state;
    while (!is_done) {
        AUTO(free) char *file = memory_format("ca/crl/crl-%u.der", ++call);
        fake_token_refuse_data(call);
        const struct apart *found = sign((struct crl_options){.days = 3});
        is_done = found->is_done;
        assert_true(file_exists(own.folder.fd, file) == is_done);
        fake_token_refuse_data(0);
        if (is_done)
            continue;
        assert_int_equal(found->err.kind, ERROR_TOKEN);
        assert_done(sign((struct crl_options){.again = true}));
        assert_true(file_exists(own.folder.fd, file));
    }
    assert_in_range(call, 2, 9);
}

/** Its number is burned, under a checkpoint. */
static void a_number_the_token_did_not_sign_is_abandoned_at_once(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_FAILS);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_TOKEN, "signing CRL 1");
    assert_types_from(&own, begun, "session.opened crl.signing crl.abandoned ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *abandoned = record_at(&own, begun + 2);
    assert_string_equal(json_text(abandoned, "reason"), "the run stopped before the signature was recorded");
}

static void what_the_token_remembers_is_not_used_again_but_what_follows_it(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_done(sign((struct crl_options){.days = 3}));
    fake_home_open(&own);
    assert_true(signer_remember_crl(own.signer, 1, &err));
    fake_home_close(&own);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 2);
}

static void continue_after(uint64_t last)
{
    struct error err = ERROR_INIT;
    AUTO(init_result_done) struct init_result result = {.path = NULL};
    AUTO(free) char *path = memory_format("%s/new", own.folder.path);
    AUTO(free) char *certificate = memory_format("%s/ca.pem", own.path);
    AUTO(free) char *checkpoint = memory_format("%s/ledger.checkpoint", own.path);
    const struct init_options options = {.path = path,
                                         .origin = "ca.example/new",
                                         .use_key = "pkcs11:token=fake;object=coldca-ca;type=private",
                                         .key_label = "second",
                                         .certificate = certificate,
                                         .continues = checkpoint,
                                         .policies = "any"};
    fake_home_open(&own);
    assert_true(signer_remember_crl(own.signer, last, &err)); // the last one that left
    fake_home_close(&own);
    if (!init_ca(&options, &fake_console, &result, &err))
        fail_msg("%s", err.text);
    (void)snprintf(own.path, sizeof(own.path), "%s", path);
    const struct apart *found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], last + 1);
    found = sign((struct crl_options){.days = 3});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], last + 2);
}

static void numbers_continue_with_the_key_after_a_lost_ledger(void **state)
{
    (void)state;
    continue_after(7);
}

/** Else the number could have been used before. */
static void a_number_to_continue_after_that_cannot_be_read_stops_it(void **state)
{
    struct error err = ERROR_INIT;
    static const char *const continued[] = {"{\"token\":{\"crl_number\":\"seven\"}}",
                                            "{\"token\":{\"crl_number\":-7}}", "{\"token\":{}}", "{}"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(continued); i++) {
        struct json *continues = NULL;
        fake_home_remove(&own);
        fake_home_make(&own);
        AUTO(json_free) struct json *created = NULL;
        for (uint64_t seq = 0; created == NULL || strcmp(json_text(created, "type"), "ca.created") != 0;
             seq++) {
            if (created != NULL)
                json_free(created);
            created = record_at(&own, seq);
        }
        assert_true(json_parse(bytes_of_text(continued[i]), &continues, &err));
        struct json *other = json_clone(created);
        json_put(other, "continues", continues);
        (void)log_now("ca.created", other);
        const struct apart *found = sign((struct crl_options){.days = 3});
        if (i < 2)
            assert_failed(found, ERROR_LEDGER, "crl_number");
        else
            assert_done(found);
        if (i < 2)
            assert_unused();
    }
}

static void numbers_continue_after_the_very_first(void **state)
{
    (void)state;
    continue_after(1);
}

/** By an index that was made to lie. */
static void one_that_is_unfinished_and_not_known_as_such_stops_it(void **state)
{
    struct given unfinished;
    sqlite3 *db = NULL;
    AUTO(free) char *path = memory_format("%s/index.sqlite", own.path);
    (void)state;
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE certificates SET status = 2 WHERE status = 0", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_failed(
        sign((struct crl_options){.days = 3}), ERROR_LEDGER,
        "index.sqlite does not know that 1 certificates are unfinished, so they would be on no CRL: run "
        "`coldca ledger index --rebuild`, then this again");
    assert_types_from(&own, begun, "");
}

static void a_file_of_its_name_stops_it(void **state)
{
    static const char *const endings[] = {"der", "pem"};
    struct error err = ERROR_INIT;
    (void)state;
    assert_true(file_make_folder(own.folder.fd, "ca/crl", 0755, &err));
    assert_true(file_make_folder(own.folder.fd, "out", 0755, &err));
    for (size_t i = 0; i < 4; i++) {
        AUTO(free) char *name = memory_format("%s/crl-1.%s", i < 2 ? "ca/crl" : "out", endings[i % 2]);
        assert_true(file_create(own.folder.fd, name, 0644, BYTES_LITERAL("x"), &err));
        assert_failed(sign((struct crl_options){.out = out}), i < 2 ? ERROR_LEDGER : ERROR_INPUT,
                      i < 2 ? "crl/crl-1 is there, but no record of its number"
                            : "--out holds another crl-1 already");
        assert_unused();
        assert_int_equal(unlinkat(own.folder.fd, name, 0), 0);
    }
    assert_done(sign((struct crl_options){.out = out}));
}

/** It went there with a newer ledger than this, which was put back from a copy. */
static void an_output_that_met_a_newer_ledger_stops_it(void **state)
{
    static const char *const files[] = {"ca/ledger.jsonl", "ca/ledger.checkpoint", "ca/ledger.checkpoints",
                                        "ca/index.sqlite"};
    struct builder kept[ARRAY_LEN(files)] = {BUILDER_INIT};
    struct error err = ERROR_INIT;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        assert_true(file_read(own.folder.fd, files[i], 1 << 20, &kept[i], &err));
    assert_done(sign((struct crl_options){.out = out}));
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        assert_true(file_replace(own.folder.fd, files[i], 0600, builder_bytes(&kept[i]), &err));
        builder_done(&kept[i]);
    }
    assert_failed(sign((struct crl_options){.out = out}), ERROR_LEDGER,
                  "comparing with the checkpoint in the output directory");
    assert_unused();
}

static void what_is_too_long_for_the_token_uses_no_number(void **state)
{
    struct error err = ERROR_INIT;
    struct init_options options = {
        .subject = "CN=Root", .origin = "ca.example/root", .key = "ed25519", .policies = "any"};
    (void)state;
    fake_home_remove(&own);
    fake_token_reset();
    if (!fake_home_init(&own, &options, &err))
        fail_msg("%s", err.text);
    fill();
    fake_token_set_max_message(100);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_TOKEN, "its number was not used");
    assert_unused();
    fake_token_set_max_message(0);
    assert_done(sign((struct crl_options){.days = 3}));
}

static void without_the_token_no_number_is_used(void **state)
{
    (void)state;
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY);
    AUTO(free) char *crls = memory_format("%s/crl", own.path);
    const bool was_there = file_exists(AT_FDCWD, crls);
    assert_failed(sign((struct crl_options){.out = out}), ERROR_TOKEN, "");
    assert_types_from(&own, begun, "");
    // Nor is an empty directory left behind.
    assert_false(file_exists(AT_FDCWD, out));
    assert_int_equal(file_exists(AT_FDCWD, crls), was_there);
}

/* ---- who decides ---- */

static const struct apart *carry_out(void)
{
    AUTO(approved_file_done) struct approved_file brought;
    approver_bring(&ann, plan_path, true, &brought);
    return sign((struct crl_options){.given = &brought.given});
}

static uint8_t planned_sha256[32]; /* as the run that planned said */

static void plan(void)
{
    (void)unlink(plan_path);
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_IS_AWAY); // a plan needs none
    const struct apart *found =
        sign((struct crl_options){.days = 3, .plan_out = plan_path, .valid_for = 3600});
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    memcpy(planned_sha256, found->plan_sha256, sizeof(planned_sha256));
    fake_token_set_fault(FAKE_TOKEN, 1, FAKE_SOUND);
    assert_types_from(&own, begun, "");
}

/** Else it would be of the future, and nobody would take it. */
static void what_was_revoked_later_than_now_makes_no_crl(void **state)
{
    (void)state;
    set_control(1, true, 0);
    plan();
    struct home *home = home_of(&own, HOME_WRITE);
    (void)given_revoke(home, &given[0], CRL_SUPERSEDED, time_now() + 1000);
    begun = ledger_size(home->ledger);
    home_close(home);
    assert_failed(sign((struct crl_options){.emergency = "stolen"}), ERROR_INPUT,
                  "building CRL 1; nothing was signed");
    assert_unused();
    assert_failed(carry_out(), ERROR_INPUT,
                  "drawing what was approved: something was revoked since; plan it anew");
    assert_unused();
}

static void a_key_of_another_curve_signs_by_its_own_digest(void **state)
{
    struct error err = ERROR_INIT;
    struct crl crl;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    struct init_options options = {
        .subject = "CN=Root", .origin = "ca.example/root", .key = "ec-p384", .policies = "any"};
    (void)state;
    fake_home_remove(&own);
    fake_token_reset();
    if (!fake_home_init(&own, &options, &err))
        fail_msg("%s", err.text);
    assert_done(sign((struct crl_options){.days = 3}));
    AUTO(free) char *path = memory_format("%s/crl", own.path);
    read_crl(path, "crl-1.der", &der);
    assert_true(crl_read(builder_bytes(&der), &crl, &err));
    assert_true(bytes_equal(crl.outer_algorithm, signature_algorithm_der(SIGNATURE_ECDSA_SHA384)));
}

static void people_or_an_emergency_decide_where_the_control_says_so(void **state)
{
    (void)state;
    set_control(1, false, 0);
    assert_failed(sign((struct crl_options){.days = 3}), ERROR_INPUT, "signing CRLs needs 1 approvals");
    assert_failed(sign((struct crl_options){.emergency = "stolen"}), ERROR_INPUT, "no emergency rule");
    assert_types_from(&own, begun, "");
    set_control(1, true, 0);
    assert_done(sign((struct crl_options){.emergency = "stolen"}));
    AUTO(json_free) struct json *record = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "emergency_reason"), "stolen");
}

static void it_is_good_no_longer_than_the_control_lets_it(void **state)
{
    (void)state;
    set_control(0, false, 12);
    assert_failed(sign((struct crl_options){.days = 30}), ERROR_INPUT, "");
    assert_unused();
    assert_done(sign((struct crl_options){.days = 3}));
}

/** A run that signs abandons what is unfinished; one that plans only looks. */
static void what_is_only_planned_changes_no_record(void **state)
{
    struct given unfinished;
    (void)state;
    set_control(1, false, 0);
    struct home *home = home_of(&own, HOME_WRITE);
    given_issue(home, "CN=c", "p", false, &unfinished);
    begun = ledger_size(home->ledger);
    home_close(home);
    plan();
}

static void a_plan_is_carried_out_to_the_byte(void **state)
{
    char plan_hex[129];
    (void)state;
    set_control(1, false, 0);
    plan();
    const struct apart *found = carry_out();
    assert_done(found);
    assert_int_equal(found->out.numbers[NUMBER], 1);
    assert_types_from(&own, begun, "session.opened plan.approved crl.signing crl.issued ");
    assert_checkpointed(&own);
    AUTO(json_free) struct json *record = record_at(&own, begun + 2);
    AUTO(json_free) struct json *approved = record_at(&own, begun + 1);
    assert_string_equal(json_text(record, "plan_sha256"), json_text(approved, "plan_sha256"));
    assert_string_equal(json_text(record, "batch"), json_text(approved, "batch"));
    assert_string_equal(json_text(record, "plan_sha256"), hex_of(BYTES(planned_sha256), plan_hex));
    assert_int_equal(found->asked, 1);
}

static void what_was_revoked_since_makes_another_crl_than_was_approved(void **state)
{
    (void)state;
    set_control(1, false, 0);
    plan();
    revoke_one(&given[0]);
    assert_failed(carry_out(), ERROR_INPUT, "plan it anew");
    AUTO(free) char *types = types_from(&own, begun);
    assert_null(strstr(types, "crl."));
}

static void a_plan_of_two_is_no_plan_of_a_crl(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder two = BUILDER_INIT;
    AUTO(plan_file_done) struct plan_file file = {.items = NULL};
    (void)state;
    set_control(1, false, 0);
    plan();
    assert_true(file_read(AT_FDCWD, plan_path, 1 << 20, &text, &err));
    assert_true(plan_file_read(builder_bytes(&text), &file, &err));
    plan_file_add(&file, NULL, "crl.signing", json_clone(plan_file_record(&file, 0)));
    plan_file_seal(&file);
    plan_file_write(&file, &two);
    assert_int_equal(unlink(plan_path), 0);
    assert_true(file_create(AT_FDCWD, plan_path, 0600, builder_bytes(&two), &err));
    assert_failed(carry_out(), ERROR_INPUT, "");
    assert_types_from(&own, begun, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_is_revoked_or_burned_is_on_it_and_its_files_are_alike, begin,
                                        end),
        cmocka_unit_test_setup_teardown(it_is_good_as_long_as_asked_and_some_hours_more, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_is_delivered_again, begin, end),
        cmocka_unit_test_setup_teardown(a_number_that_was_logged_and_not_finished_is_not_used_again, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_token_that_remembers_more_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_the_token_cannot_be_told_of_does_not_leave, begin, end),
        cmocka_unit_test_setup_teardown(a_number_the_token_did_not_sign_is_abandoned_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_the_token_remembers_is_not_used_again_but_what_follows_it, begin,
                                        end),
        cmocka_unit_test_setup_teardown(numbers_continue_with_the_key_after_a_lost_ledger, begin, end),
        cmocka_unit_test_setup_teardown(a_number_to_continue_after_that_cannot_be_read_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(numbers_continue_after_the_very_first, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_unfinished_and_not_known_as_such_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_was_revoked_later_than_now_makes_no_crl, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_another_curve_signs_by_its_own_digest, begin, end),
        cmocka_unit_test_setup_teardown(a_file_of_its_name_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(an_output_that_met_a_newer_ledger_stops_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_too_long_for_the_token_uses_no_number, begin, end),
        cmocka_unit_test_setup_teardown(without_the_token_no_number_is_used, begin, end),
        cmocka_unit_test_setup_teardown(people_or_an_emergency_decide_where_the_control_says_so, begin, end),
        cmocka_unit_test_setup_teardown(it_is_good_no_longer_than_the_control_lets_it, begin, end),
        cmocka_unit_test_setup_teardown(what_is_only_planned_changes_no_record, begin, end),
        cmocka_unit_test_setup_teardown(a_plan_is_carried_out_to_the_byte, begin, end),
        cmocka_unit_test_setup_teardown(what_was_revoked_since_makes_another_crl_than_was_approved, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_plan_of_two_is_no_plan_of_a_crl, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
