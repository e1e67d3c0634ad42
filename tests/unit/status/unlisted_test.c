/* SPDX-License-Identifier: Apache-2.0 */
/* What a CRL says by leaving a certificate out, and all that takes its word away. */
#include "status/unlisted.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "cert/crl.h"
#include "failing.h"
#include "small_home.h"

#define END INT64_C(1893456000) /* 2030-01-01 */
#define MADE (END - 86400)
#define PART ((size_t)1 << 20) /* read at once */

static struct small_home small;
static const uint8_t serial_a[] = {0x0a, 0x11, 0x22, 0x33};
static const uint8_t serial_b[] = {0xfb, 0x11, 0x22, 0x33}; /* its INTEGER begins with a zero */
static struct unlisted both[2];

static int begin(void **state)
{
    (void)state;
    small_home_make(&small);
    struct error err = ERROR_INIT;
    assert_true(file_make_folder(small.home.fd, HOME_CRLS, 0755, &err));
    (void)small_home_sign(&small, "0a112233", "p", "text");
    both[0] = (struct unlisted){.serial = BYTES(serial_a), .not_after = END};
    both[1] = (struct unlisted){.serial = BYTES(serial_b), .not_after = END};
    return 0;
}

static int end(void **state)
{
    (void)state;
    small_home_remove(&small);
    return 0;
}

static void put_file(const char *name, struct bytes data)
{
    struct error err = ERROR_INIT;
    if (!file_create(small.home.fd, name, 0644, data, &err))
        fail_msg("%s", err.text);
}

/** CRL 1 of these bytes, in the ledger and in crl/. \return the size it is drawn from */
static uint64_t make_crl(struct bytes der, int64_t this_update)
{
    uint64_t size = ledger_size(small.home.ledger);
    small_home_issue_crl(&small, 1, this_update, this_update + 86400, der);
    put_file(HOME_CRLS "/crl-1.der", der);
    return size;
}

static uint64_t asked(size_t count)
{
    return unlisted_up_to(&small.home, both, count);
}

static void without_a_crl_nothing_is_said(void **state)
{
    (void)state;
    assert_int_equal(asked(2), 0);
}

static void who_is_on_no_crl_is_not_revoked_up_to_its_size(void **state)
{
    (void)state;
    uint64_t size = make_crl(bytes_of_text("\x02\x04\x0a\x11\x22\x34 and others"), MADE);
    assert_int_equal(asked(1), size);
    assert_int_equal(asked(2), size);
}

static void a_last_byte_is_read_as_well(void **state)
{
    AUTO(free) uint8_t *der = memory_new(PART + 1, 1);
    (void)state;
    uint64_t size = make_crl(bytes_of(der, PART + 1), MADE);
    assert_int_equal(asked(2), size);
}

static void who_is_on_it_is_looked_for(void **state)
{
    (void)state;
    uint64_t size = make_crl(BYTES_LITERAL("\x30\x07\x02\x05\x00\xfb\x11\x22\x33"), MADE);
    assert_int_equal(asked(1), size);
    assert_int_equal(asked(2), 0);
}

static void who_lies_across_two_readings_is_found(void **state)
{
    (void)state;
    static const uint8_t needle[] = {0x02, 0x04, 0x0a, 0x11, 0x22, 0x33};
    AUTO(free) uint8_t *der = memory_new(2 * PART + 16, 1);
    for (uint64_t number = 1; number <= 5; number++) {
        char name[64];
        size_t at = number == 5 ? 2 * PART + 10 : PART - number; // the last one: at the very end
        memset(der, 0, 2 * PART + 16);
        memcpy(der + at, needle, sizeof(needle));
        small_home_issue_crl(&small, number, MADE, END, bytes_of(der, 2 * PART + 16));
        (void)snprintf(name, sizeof(name), HOME_CRLS "/crl-%u.der", (unsigned)number);
        put_file(name, bytes_of(der, 2 * PART + 16));
        assert_int_equal(asked(1), 0);
        assert_int_equal(unlisted_up_to(&small.home, &both[1], 1), ledger_size(small.home.ledger) - 2);
    }
}

static void another_file_than_was_issued_says_nothing(void **state)
{
    (void)state;
    small_home_issue_crl(&small, 1, MADE, END, bytes_of_text("what was issued"));
    assert_int_equal(asked(1), 0); // it was carried away
    put_file(HOME_CRLS "/crl-1.der", bytes_of_text("what was issueD"));
    assert_int_equal(asked(1), 0);
}

/** Whoever can write in crl/ makes coldca neither wait nor follow. */
static void what_only_goes_by_its_name_says_nothing(void **state)
{
    (void)state;
    small_home_issue_crl(&small, 1, MADE, END, bytes_of_text("empty"));
    put_file("elsewhere", bytes_of_text("empty"));
    assert_int_equal(symlinkat("../elsewhere", small.home.fd, HOME_CRLS "/crl-1.der"), 0);
    assert_int_equal(asked(1), 0);
    assert_int_equal(unlinkat(small.home.fd, HOME_CRLS "/crl-1.der", 0), 0);
    assert_int_equal(mkfifoat(small.home.fd, HOME_CRLS "/crl-1.der", 0644), 0);
    assert_int_equal(asked(1), 0);
    assert_int_equal(unlinkat(small.home.fd, HOME_CRLS "/crl-1.der", 0), 0);
    assert_int_equal(mkdirat(small.home.fd, HOME_CRLS "/crl-1.der", 0755), 0);
    assert_int_equal(asked(1), 0);
}

static void only_the_newest_is_asked(void **state)
{
    (void)state;
    (void)make_crl(bytes_of_text("the first"), MADE);
    small_home_issue_crl(&small, 2, MADE, END, bytes_of_text("the second"));
    assert_int_equal(asked(1), 0);
}

static void one_that_had_ended_may_have_left_the_list(void **state)
{
    (void)state;
    uint64_t size = make_crl(bytes_of_text("empty"), END);
    assert_int_equal(asked(1), size);
    small_home_issue_crl(&small, 2, END + 1, END + 2, bytes_of_text("empty"));
    put_file(HOME_CRLS "/crl-2.der", bytes_of_text("empty"));
    assert_int_equal(asked(1), 0);
}

static void of_one_whose_end_nobody_knows_it_says_nothing(void **state)
{
    (void)state;
    (void)make_crl(bytes_of_text("empty"), MADE);
    both[0].not_after = CRL_NO_TIME;
    assert_int_equal(asked(1), 0);
}

static void what_cannot_be_read_says_nothing_and_a_signal_changes_nothing(void **state)
{
    static const char *const names[] = {"read", "open", "fstat", "pread", "sqlite3_"};
    (void)state;
    const uint64_t size = make_crl(bytes_of_text("empty"), MADE);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *failed = NULL;
        unsigned number = 0;
        do {
            failing_at(names[i], ++number);
            const uint64_t said = asked(1);
            failed = failing_stop();
            assert_true(failed == NULL ? said == size : said == 0 || (said == size && i > 0));
        } while (failed != NULL);
        assert_true(number > 1);
    }
    for (unsigned number = 1; number < 4; number++) { // the file is read once, and once more for its end
        failing_at("read", number);
        failing_as(EINTR);
        assert_int_equal(asked(1), size);
        assert_true((failing_stop() != NULL) == (number < 3));
    }
}

static void so_many_are_not_asked_about(void **state)
{
    (void)state;
    struct unlisted many[UNLISTED_MAX + 1];
    uint64_t size = make_crl(bytes_of_text("empty"), MADE);
    for (size_t i = 0; i < UNLISTED_MAX + 1; i++)
        many[i] = both[0];
    assert_int_equal(unlisted_up_to(&small.home, many, UNLISTED_MAX), size);
    assert_int_equal(unlisted_up_to(&small.home, many, UNLISTED_MAX + 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_crl_nothing_is_said, begin, end),
        cmocka_unit_test_setup_teardown(who_is_on_no_crl_is_not_revoked_up_to_its_size, begin, end),
        cmocka_unit_test_setup_teardown(a_last_byte_is_read_as_well, begin, end),
        cmocka_unit_test_setup_teardown(who_is_on_it_is_looked_for, begin, end),
        cmocka_unit_test_setup_teardown(who_lies_across_two_readings_is_found, begin, end),
        cmocka_unit_test_setup_teardown(another_file_than_was_issued_says_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_only_goes_by_its_name_says_nothing, begin, end),
        cmocka_unit_test_setup_teardown(only_the_newest_is_asked, begin, end),
        cmocka_unit_test_setup_teardown(one_that_had_ended_may_have_left_the_list, begin, end),
        cmocka_unit_test_setup_teardown(of_one_whose_end_nobody_knows_it_says_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_says_nothing_and_a_signal_changes_nothing, begin,
                                        end),
        cmocka_unit_test_setup_teardown(so_many_are_not_asked_about, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
