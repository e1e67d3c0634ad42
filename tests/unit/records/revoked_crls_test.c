/* SPDX-License-Identifier: Apache-2.0 */
/* The sequence of CRLs: which may follow on which, and what is known of the newest; whatever is refused leaves it as it was. */
#include "records/revoked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"

#define AT INT64_C(1800000000)

static struct revoked *revoked;

static bool take(const char *type, struct json *members, struct error *err)
{
    AUTO(json_free) struct json *record = members;
    AUTO(builder_done) struct builder line = BUILDER_INIT;
    uint64_t seq = revoked_size(revoked);
    json_put_int(record, "seq", (int64_t)seq);
    json_put_text(record, "time", "2027-01-15T08:00:00Z");
    json_put_text(record, "type", type);
    json_canonical(record, &line);
    error_clear(err);
    return revoked_take(revoked, seq, builder_bytes(&line), err);
}

static uint64_t assert_taken(const char *type, struct json *members)
{
    struct error err = ERROR_INIT;
    if (!take(type, members, &err))
        fail_msg("%s: %s", type, err.text);
    return revoked_size(revoked) - 1;
}

static int begin(void **state)
{
    (void)state;
    revoked = revoked_new();
    (void)assert_taken("note", json_new_object());
    (void)assert_taken("note", json_new_object());
    return 0;
}

static int end(void **state)
{
    (void)state;
    revoked_free(revoked);
    return 0;
}

/** Refused, and nothing of the CRLs is another than before. */
static void assert_refused(const char *type, struct json *members, const char *text)
{
    struct error err = ERROR_INIT;
    struct revoked_crls before = *revoked_crls(revoked);
    AUTO(free) char *wanted = memory_format("record %u: %s", (unsigned)revoked_size(revoked), text);
    if (take(type, members, &err))
        fail_msg("taken, not \"%s\"", text);
    assert_string_equal(err.text, wanted);
    assert_int_equal(err.kind, ERROR_LEDGER);
    assert_memory_equal(&before, revoked_crls(revoked), sizeof(before));
}

/** What may follow now, at this time. */
static struct record_crl_signing signing(uint64_t number, int64_t this_update)
{
    const struct revoked_crls *crls = revoked_crls(revoked);
    return (struct record_crl_signing){.number = number,
                                       .algorithm = BYTES_LITERAL("\x30\x00"),
                                       .this_update = this_update,
                                       .next_update = this_update + 7,
                                       .size = revoked_size(revoked),
                                       .extensions = BYTES_LITERAL("\x30\x00"),
                                       .expired_since = CRL_NO_TIME,
                                       .previous =
                                           crls->has_issued ? crls->issued.issued_seq : RECORD_CRL_NONE,
                                       .count = number + 50,
                                       .tbs_len = 1,
                                       .batch = "b"};
}

static uint64_t sign(uint64_t number, int64_t this_update)
{
    const struct record_crl_signing record = signing(number, this_update);
    return assert_taken(RECORD_CRL_SIGNING, record_crl_signing_write(&record));
}

static struct json *issued(uint64_t ref, uint64_t number)
{
    const struct record_crl_issued record = {
        .ref = ref, .number = number, .signature = BYTES_LITERAL("signature")};
    return record_crl_issued_write(&record);
}

static struct json *abandoned(uint64_t ref, uint64_t number)
{
    const struct record_crl_abandoned record = {.ref = ref, .number = number, .reason = "stopped"};
    return record_crl_abandoned_write(&record);
}

static const char ends_none[] = "it ends no unfinished crl.signing of that number";

static void the_newest_is_known(void **state)
{
    const struct revoked_crls *crls = revoked_crls(revoked);
    (void)state;
    assert_int_equal(crls->last_number, 0);
    assert_false(crls->has_issued);
    assert_false(crls->has_unfinished);
    assert_refused(RECORD_CRL_ISSUED, issued(0, 0), ends_none);
    uint64_t first = sign(5, AT);
    assert_int_equal(crls->last_number, 5);
    assert_true(crls->has_unfinished);
    assert_false(crls->has_issued);
    assert_int_equal(crls->unfinished.signing_seq, first);
    assert_int_equal(crls->unfinished.number, 5);
    assert_int_equal(crls->unfinished.size, first);
    assert_int_equal(crls->unfinished.count, 55);
    assert_int_equal(crls->unfinished.this_update, AT);
    assert_int_equal(crls->unfinished.next_update, AT + 7);
    assert_refused(RECORD_CRL_ISSUED, issued(first, 6), ends_none);
    assert_refused(RECORD_CRL_ISSUED, issued(first + 1, 5), ends_none);
    assert_refused(RECORD_CRL_ABANDONED, abandoned(first, 4), ends_none);
    uint64_t seq = assert_taken(RECORD_CRL_ISSUED, issued(first, 5));
    assert_false(crls->has_unfinished);
    assert_true(crls->has_issued);
    assert_int_equal(crls->issued.signing_seq, first);
    assert_int_equal(crls->issued.issued_seq, seq);
    assert_int_equal(crls->issued.number, 5);
    assert_int_equal(crls->issued.size, first);
    assert_int_equal(crls->issued.count, 55);
    assert_int_equal(crls->issued.this_update, AT);
    assert_int_equal(crls->issued.next_update, AT + 7);
    assert_refused(RECORD_CRL_ISSUED, issued(first, 5), ends_none);
    assert_refused(RECORD_CRL_ABANDONED, abandoned(first, 5), ends_none);
    // One that is given up takes its number with it, and nothing else.
    uint64_t second = sign(6, AT + 1);
    (void)assert_taken(RECORD_CRL_ABANDONED, abandoned(second, 6));
    assert_false(crls->has_unfinished);
    assert_int_equal(crls->last_number, 6);
    assert_int_equal(crls->issued.number, 5);
    assert_int_equal(crls->issued.issued_seq, seq);
    uint64_t third = sign(7, AT); // at the same time as the last that was issued
    (void)assert_taken(RECORD_CRL_ISSUED, issued(third, 7));
    assert_int_equal(crls->issued.number, 7);
}

static void one_follows_on_the_other(void **state)
{
    (void)state;
    struct record_crl_signing record = signing(1, AT);
    record.previous = 0;
    assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                   "its previous is not the newest crl.issued");
    record = signing(0, AT);
    assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                   "its CRL number is not larger than those before it");
    for (int i = -1; i < 2; i += 2) {
        record = signing(1, AT);
        record.size += (uint64_t)(int64_t)i;
        assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                       "its size is not the number of records before it");
    }
    uint64_t ref = sign(3, AT);
    record = signing(4, AT);
    assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                   "the CRL before it is neither issued nor abandoned");
    (void)assert_taken(RECORD_CRL_ISSUED, issued(ref, 3));
    record = signing(3, AT);
    assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                   "its CRL number is not larger than those before it");
    record = signing(4, AT - 1);
    assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                   "its this_update is before that of the CRL before it");
    for (unsigned i = 0; i < 2; i++) {
        record = signing(4, AT);
        record.previous = i == 0 ? RECORD_CRL_NONE : ref;
        assert_refused(RECORD_CRL_SIGNING, record_crl_signing_write(&record),
                       "its previous is not the newest crl.issued");
    }
    (void)sign(4, AT);
}

static void what_cant_be_read_is_told_with_its_number(void **state)
{
    static const struct {
        const char *type, *member, *words;
    } cases[] = {{RECORD_CRL_SIGNING, "count", "without count, which is a number from 0 on"},
                 {RECORD_CRL_ISSUED, "ref", "without ref, which is a number from 0 on"},
                 {RECORD_CRL_ISSUED, "number", "without number, which is a number from 0 on"},
                 {RECORD_CRL_ABANDONED, "ref", "without ref, which is a number from 0 on"},
                 {RECORD_CRL_ABANDONED, "number", "without number, which is a number from 0 on"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        const struct record_crl_signing record = signing(1, AT);
        struct json *json = i == 0  ? record_crl_signing_write(&record)
                            : i < 3 ? issued(0, 0)
                                    : abandoned(0, 0);
        AUTO(free)
        char *words =
            memory_format("%s\nwhile reading record %u", cases[i].words, (unsigned)revoked_size(revoked));
        json_put_int(json, cases[i].member, -1);
        assert_false(take(cases[i].type, json, &err));
        assert_string_equal(err.text, words);
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
    assert_false(revoked_crls(revoked)->has_unfinished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_is_known, begin, end),
        cmocka_unit_test_setup_teardown(one_follows_on_the_other, begin, end),
        cmocka_unit_test_setup_teardown(what_cant_be_read_is_told_with_its_number, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
