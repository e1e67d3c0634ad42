/* SPDX-License-Identifier: Apache-2.0 */
/* A CRL is made again from the records alone: what they don't make, to the byte, is not delivered, and whatever can't be read is told. */
#include "status/crl_again.h"

#include "crl_planned.h"
#include "failing.h"

#include <fcntl.h>

/** What is wrong with the records that are logged. */
struct made_up {
    int64_t shift; /**< added to next_update, seconds */
    int64_t moved; /**< added to size, which is where the crl.signing stands */
    bool is_issued;
    const char *signing_key, *issued_key; /**< what can't be read of them; NULL: all can */
};

static void spoil(struct json *record, const char *key)
{
    if (key != NULL)
        json_put_text(record, key, "?");
}

/** Logs the plan's crl.signing, and a crl.issued of a signature that is none. The home stays open. */
static void make_up(const struct made_up *how)
{
    char shifted[TIME_TEXT_SIZE];
    int64_t next_update = 0;
    struct error err = ERROR_INIT;
    static const uint8_t signature[70];
    struct record_crl_issued issued = {.number = 1, .signature = BYTES(signature)};
    struct json *signing = plan_file_planned(&file, 0);
    fake_home_open(&own);
    struct ledger *ledger = own.home->ledger;
    json_put_int(signing, "size", (int64_t)ledger_size(ledger) + how->moved);
    assert_true(time_parse(json_text(signing, "next_update"), &next_update));
    json_put_text(signing, "next_update", time_format(next_update + how->shift, shifted));
    spoil(signing, how->signing_key);
    assert_true(ledger_append(ledger, RECORD_CRL_SIGNING, signing, &issued.ref, &err));
    if (how->is_issued) {
        struct json *record = record_crl_issued_write(&issued);
        spoil(record, how->issued_key);
        assert_true(ledger_append(ledger, RECORD_CRL_ISSUED, record, NULL, &err));
    }
    assert_true(ledger_commit(ledger, &err));
}

/** The plan's CRL, made of such records. */
static bool make_of(struct made_up how, struct error *err)
{
    AUTO(crl_again_done) struct crl_again again = {.made = NULL};
    make_up(&how);
    bool is_made = crl_again_make(own.home, file.sha256, own.folder.fd, &again, err);
    fake_home_close(&own);
    return is_made;
}

static void what_the_records_do_not_make_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of((struct made_up){.is_issued = true}, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_string_equal(err.text,
                        "CRL 1 with the signature of its record is not what was issued; run `coldca "
                        "ledger verify`");
}

static void a_list_that_was_not_signed_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of((struct made_up){.shift = -1, .is_issued = true}, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "it is another than was signed"));
    assert_non_null(strstr(err.text, "rebuilding CRL 1"));
}

static void one_that_is_unfinished_is_over(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of((struct made_up){.is_issued = false}, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "its number is never used again; plan it anew"));
}

static void a_record_that_cannot_be_read_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of((struct made_up){.is_issued = true, .issued_key = "signature"}, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "signature"));
    assert_null(strstr(err.text, "run stopped"));
}

static void a_list_whose_record_cannot_be_read_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    assert_false(make_of((struct made_up){.is_issued = true, .signing_key = "tbs_sha256"}, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "tbs_sha256"));
}

/* ---- the newest ---- */

static bool newest_is_made(int folder, struct error *err)
{
    AUTO(crl_again_done) struct crl_again again = {.made = NULL};
    bool is_made = crl_again_newest(own.home, folder, &again, err);
    if (is_made) {
        assert_non_null(again.made);
        assert_int_equal(again.frame.number, 1);
        assert_int_equal(again.entries, 0);
        assert_true(again.is_issued);
    }
    return is_made;
}

static void whichever_call_fails_the_newest_is_found_or_it_is_told(void **state)
{
    static const char *const names[] = {"sqlite3_", "pread", "openat"};
    (void)state;
    run_crl(true, look_at_success);
    fake_home_open(&own);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool has_failed = true;
        for (unsigned number = 1; has_failed; number++) {
            struct error err = ERROR_INIT;
            failing_at(names[i], number);
            bool is_made = newest_is_made(own.folder.fd, &err);
            has_failed = failing_stop() != NULL;
            if (!is_made &&
                (!has_failed || err.kind < ERROR_INPUT || strstr(err.text, "no CRL was issued") != NULL))
                fail_msg("%s %u: %d \"%s\"", names[i], number, (int)err.kind, err.text);
        }
    }
}

/** There is nowhere to keep what is drawn. */
static void without_a_folder_to_draw_it_in_it_is_told(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    run_crl(true, look_at_success);
    fake_home_open(&own);
    AUTO(close) int fd = open(der_path, O_RDONLY | O_CLOEXEC);
    assert_false(newest_is_made(fd, &err));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_non_null(strstr(err.text, "can't make a file to work in"));
}

static void the_newest_whose_records_lie_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    // Where it was drawn from, it says, is not where it stands.
    make_up(&(struct made_up){.moved = -1, .is_issued = true});
    assert_false(newest_is_made(own.folder.fd, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "its size is not the number of records before it"));
}

static void the_newest_that_was_not_signed_is_not_delivered(void **state)
{
    struct error err = ERROR_INIT;
    (void)state;
    make_up(&(struct made_up){.shift = -1, .is_issued = true});
    assert_false(newest_is_made(own.folder.fd, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "it is another than was signed"));
}

/** Its signature is sound, and over the list; what its record says of the file is not true. */
static void what_its_record_says_of_the_file_has_to_be_true(void **state)
{
    struct error err = ERROR_INIT;
    size_t token = 0;
    AUTO(builder_done) struct builder signature = BUILDER_INIT;
    AUTO(crl_again_done) struct crl_again unfinished = {.made = NULL};
    AUTO(crl_again_done) struct crl_again again = {.made = NULL};
    (void)state;
    make_up(&(struct made_up){.is_issued = false});
    assert_false(crl_again_make(own.home, file.sha256, own.folder.fd, &unfinished, &err));
    const struct token_message message = {.data = crl_made_tbs(unfinished.made),
                                          .digest = crl_made_digest(unfinished.made)};
    error_clear(&err);
    assert_true(signer_sign(own.signer, unfinished.signing_seq, unfinished.frame.kind, &message, &signature,
                            &token, &err));
    const struct record_crl_issued issued = {
        .ref = unfinished.signing_seq, .number = 1, .signature = builder_bytes(&signature), .sha256 = {1}};
    assert_true(
        ledger_append(own.home->ledger, RECORD_CRL_ISSUED, record_crl_issued_write(&issued), NULL, &err) &&
        ledger_commit(own.home->ledger, &err));
    assert_false(crl_again_make(own.home, file.sha256, own.folder.fd, &again, &err));
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_non_null(strstr(err.text, "is not what was issued"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_records_do_not_make_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(a_list_that_was_not_signed_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_unfinished_is_over, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_cannot_be_read_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_list_whose_record_cannot_be_read_is_told, begin, end),
        cmocka_unit_test_setup_teardown(what_its_record_says_of_the_file_has_to_be_true, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_whose_records_lie_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(the_newest_that_was_not_signed_is_not_delivered, begin, end),
        cmocka_unit_test_setup_teardown(whichever_call_fails_the_newest_is_found_or_it_is_told, begin, end),
        cmocka_unit_test_setup_teardown(without_a_folder_to_draw_it_in_it_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
