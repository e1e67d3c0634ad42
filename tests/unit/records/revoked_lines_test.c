/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick way in which revoked.h reads the records of which there are millions (revoked_parts.h) says of every line what the slow one says,
 * which is record_cert_revoked_read() over JSON: whatever members it has, wherever they stand, and whatever one byte of it is.
 */
#include "records/revoked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/canonical.h"
#include "base/json.h"
#include "base/memory.h"
#include "records/cert.h"

#define FIRST "{\"operator\":\"o\",\"seq\":0,\"time\":\"2026-01-01T00:00:00Z\",\"type\":\"note\"}"
#define END ",\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.revoked\"}"

/** As many bytes as it has, so that one more is seen. */
static struct bytes exact(const char *text, char **ret_copy)
{
    size_t len = strlen(text);
    *ret_copy = memory_new(len, 1);
    memcpy(*ret_copy, text, len);
    return bytes_of(*ret_copy, len);
}

static bool take(struct revoked *revoked, uint64_t seq, const char *line, struct error *err)
{
    AUTO(free) char *copy = NULL;
    struct bytes text = exact(line, &copy);
    error_clear(err);
    return revoked_take(revoked, seq, text, err);
}

static struct revoked *begun(void)
{
    struct error err = ERROR_INIT;
    struct revoked *revoked = revoked_new();
    assert_true(take(revoked, 0, FIRST, &err));
    return revoked;
}

static bool is_canonical(const char *line)
{
    struct canonical_field field = {.key = "type"};
    return canonical_read(bytes_of_text(line), &field, 1);
}

/** Takes a line, and demands what JSON says of it. \return whether it is a revocation */
static bool assert_as_json(struct revoked *revoked, const char *line)
{
    struct error err = ERROR_INIT;
    AUTO(json_free) struct json *json = NULL;
    AUTO(builder_done) struct builder room = BUILDER_INIT;
    struct record_cert_revoked wanted;
    struct revoked_state found;
    uint64_t seq = revoked_size(revoked);
    assert_true(json_parse(bytes_of_text(line), &json, &err));
    const char *type = json_text(json, "type");
    bool is_revocation = type != NULL && strcmp(type, RECORD_CERT_REVOKED) == 0;
    bool is_wanted = is_revocation && record_cert_revoked_read(json, &room, &wanted, &err);
    bool is_taken = take(revoked, seq, line, &err);
    if (!is_revocation)
        return false;
    if (is_taken != is_wanted)
        fail_msg("%s is %s: %s", line, is_taken ? "taken" : "refused", err.text);
    if (!is_wanted)
        return false;
    assert_true(revoked_find(revoked, wanted.serial, &found));
    if (found.seq != seq || found.reason != wanted.reason || found.revoked_at != wanted.revoked_at ||
        found.invalidity_date != wanted.invalidity_date || found.not_after != wanted.not_after ||
        found.is_hold != wanted.is_hold || found.is_burned)
        fail_msg("%s is not taken as it is", line);
    return true;
}

/** A line of members of which each is there or not, by the bits of a number. */
static char *line_of(unsigned bits, unsigned serial)
{
    static const char *const members[] = {"\"batch\":\"b\",",
                                          "\"foreign\":false,",
                                          "\"invalidity_date\":\"2026-01-15T00:00:00Z\",",
                                          "\"key_value\":\"00\",",
                                          "\"not_after\":\"2030-01-01T00:00:00Z\",",
                                          "\"subject\":\"CN=a, O=\\\"b\\\"\",",
                                          "\"ref\":123456789012345678,"};
    const char *has[ARRAY_LEN(members)];
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        has[i] = (bits >> i & 1) != 0 ? members[i] : "";
    bool is_hold = bits % 3 == 0;
    return memory_format("{%s%s\"hold\":%s,%s%s%s\"operator\":\"o\",\"reason\":\"%s\",%s"
                         "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"seq\":9,\"serial\":\"%06x\",%s"
                         "\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.revoked\"}",
                         has[0], has[1], is_hold ? "true" : "false", has[2], has[3], has[4],
                         is_hold ? "certificateHold" : "superseded", has[6], serial, has[5]);
}

static void members_may_be_there_or_not(void **state)
{
    AUTO(revoked_free) struct revoked *revoked = begun();
    (void)state;
    // In one order and back, so that what was where before is often not there.
    for (unsigned i = 0; i < 256; i++) {
        unsigned bits = i < 128 ? i : (i * 37) % 128;
        AUTO(free) char *line = line_of(bits, 0x100000 + i);
        assert_true(is_canonical(line));
        assert_true(assert_as_json(revoked, line));
    }
}

/** Of the line that has all members, and of the one that has none. */
static void whatever_a_byte_is(void **state)
{
    static const char others[] = "0129Zaz\"\\,:{}[]-. \x01";
    unsigned taken = 0, refused = 0;
    (void)state;
    for (unsigned bits = 0; bits < 128; bits += 127) {
        AUTO(free) char *line = line_of(bits, 0x100000);
        size_t len = strlen(line);
        for (size_t i = 0; i < len; i++) {
            char kept = line[i];
            for (size_t j = 0; j < sizeof(others) - 1; j++) {
                AUTO(revoked_free) struct revoked *revoked = begun();
                line[i] = others[j];
                if (!is_canonical(line))
                    continue;
                if (assert_as_json(revoked, line))
                    taken++;
                else
                    refused++;
            }
            line[i] = kept;
        }
    }
    assert_true(taken > 100 && refused > 100);
}

static void members_of_other_kinds_and_lengths(void **state)
{
    static const char *const lines[] = {
        // no hold; a hold that is text; that is a number; that no reason goes with
        "\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":\"true\",\"reason\":\"certificateHold\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":"
        "\"0a\"",
        "\"hold\":1,\"reason\":\"certificateHold\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":null,\"reason\":\"certificateHold\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":"
        "\"0a\"",
        "\"hold\":true,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"certificateHold\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":"
        "\"0a\"",
        // reasons
        "\"hold\":false,\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":4,\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"removeFromCRL\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":"
        "\"0a\"",
        "\"hold\":false,\"reason\":\"Superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"supersededsupersededsupersededs\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"supersededsupersededsupersededsu\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"supersededsupersededsupersededsup\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        // times
        "\"hold\":false,\"reason\":\"superseded\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00ZZ\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-2-1T00:00:00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":1,\"serial\":\"0a\"",
        "\"hold\":false,\"invalidity_date\":\"\",\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"invalidity_date\":7,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"not_after\":\"soon\",\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"hold\":false,\"not_after\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        // refs
        "\"hold\":false,\"reason\":\"superseded\",\"ref\":-1,\"revoked_at\":\"2026-02-01T00:00:00Z\","
        "\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"ref\":\"1\",\"revoked_at\":\"2026-02-01T00:00:00Z\","
        "\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"ref\":true,\"revoked_at\":\"2026-02-01T00:00:00Z\","
        "\"serial\":\"0a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"ref\":0,\"revoked_at\":\"2026-02-01T00:00:00Z\","
        "\"serial\":\"0a\"",
        // serials
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0A\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":"
        "\"000a\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"00\"",
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":10",
        // a list, and members of members
        "\"a\":{\"hold\":true},\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:"
        "00Z\",\"serial\":\"0a\"",
        "\"a\":{\"b\":1,\"hold\":true,\"reason\":\"keyCompromise\"},\"hold\":false,\"reason\":\"superseded\","
        "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"",
        "\"a\":[1,2],\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\","
        "\"serial\":\"0a\"",
        // behind what belongs before it
        "\"hold\":false,\"reason\":\"superseded\",\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\","
        "\"subject\":\"x\"",
    };
    unsigned taken = 0;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        AUTO(revoked_free) struct revoked *fresh = begun();
        AUTO(revoked_free) struct revoked *used = begun();
        AUTO(free) char *line = memory_format("{%s" END, lines[i]);
        AUTO(free) char *before = line_of(127, 0x100000);
        if (!is_canonical(line))
            fail_msg("%s is not canonical", line);
        taken += assert_as_json(fresh, line) ? 1 : 0;
        assert_true(assert_as_json(used, before));
        (void)assert_as_json(used, line);
    }
    assert_in_range(taken, 7, ARRAY_LEN(lines) - 10);
}

static void a_serial_has_at_most_so_many_octets(void **state)
{
    static const size_t lens[] = {1, REVOKED_ABOUT_MAX_LEN, REVOKED_ABOUT_MAX_LEN + 1, 255, 256, 300};
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
        struct error err = ERROR_INIT;
        AUTO(revoked_free) struct revoked *revoked = begun();
        AUTO(free) char *serial = memory_new(2 * lens[i / 2] + 1, 1);
        memset(serial, 'a', 2 * lens[i / 2]);
        // With a member that only the slow way reads, too.
        AUTO(free)
        char *line = memory_format("{%s\"hold\":false,\"reason\":\"superseded\",\"ref\":1,"
                                   "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"%s\"" END,
                                   i % 2 == 0 ? "" : "\"a\":{},", serial);
        bool is_taken = assert_as_json(revoked, line);
        assert_int_equal(is_taken, lens[i / 2] <= REVOKED_ABOUT_MAX_LEN);
        if (!is_taken) {
            assert_false(take(revoked, 2, line, &err));
            assert_string_equal(err.text, "serial has more than 64 octets\nwhile reading record 2");
        }
    }
}

/* ---- cert.signing, and its end ---- */

#define SIGNING(members) "{" members "\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.signing\"}"
#define ISSUED(members) "{" members "\"time\":\"2026-02-02T00:00:00Z\",\"type\":\"cert.issued\"}"
#define ABANDONED(members) "{" members "\"time\":\"2026-02-03T00:00:00Z\",\"type\":\"cert.abandoned\"}"

static void assert_refused(struct revoked *revoked, const char *line, const char *words)
{
    struct error err = ERROR_INIT;
    uint64_t seq = revoked_size(revoked);
    AUTO(free) char *wanted = memory_format("record %u: %s", (unsigned)seq, words);
    assert_true(is_canonical(line));
    if (take(revoked, seq, line, &err))
        fail_msg("taken: %s", line);
    assert_string_equal(err.text, wanted);
    assert_int_equal(err.kind, ERROR_LEDGER);
}

static void assert_taken(struct revoked *revoked, const char *line)
{
    struct error err = ERROR_INIT;
    assert_true(is_canonical(line));
    if (!take(revoked, revoked_size(revoked), line, &err))
        fail_msg("%s: %s", line, err.text);
}

static void a_signing_has_a_serial_and_its_end_a_number(void **state)
{
    static const char no_serial[] = "a cert.signing without a serial in hex";
    static const char no_time[] = "a cert.signing whose not_after is not a time";
    static const char ends_none[] = "it ends no unfinished cert.signing";
    char serial[REVOKED_ABOUT_MAX_LEN * 2 + 3] = "";
    AUTO(revoked_free) struct revoked *revoked = begun();
    struct revoked_state found;
    (void)state;
    memset(serial, 'a', sizeof(serial) - 1);
    AUTO(free) char *longer = memory_format(SIGNING("\"serial\":\"%s\","), serial);
    serial[REVOKED_ABOUT_MAX_LEN * 2] = '\0';
    AUTO(free) char *longest = memory_format(SIGNING("\"serial\":\"%s\","), serial);
    assert_refused(revoked, SIGNING(""), no_serial);
    assert_refused(revoked, SIGNING("\"serial\":\"\","), no_serial);
    assert_refused(revoked, SIGNING("\"serial\":\"a\","), no_serial);
    assert_refused(revoked, SIGNING("\"serial\":\"abc\","), no_serial);
    assert_refused(revoked, SIGNING("\"serial\":\"xy\","), no_serial);
    assert_refused(revoked, longer, no_serial);
    assert_refused(revoked, SIGNING("\"not_after\":\"soon\",\"serial\":\"0a\","), no_time);
    assert_refused(revoked, SIGNING("\"not_after\":1,\"serial\":\"0a\","), no_time);
    assert_int_equal(revoked_unfinished(revoked), 0);
    assert_taken(revoked, longest);                                                              // 9
    assert_taken(revoked, SIGNING("\"not_after\":\"2030-01-01T00:00:00Z\",\"serial\":\"0a\",")); // 10
    assert_taken(revoked, SIGNING("\"serial\":\"0b\","));                                        // 11
    assert_int_equal(revoked_unfinished(revoked), 3);
    assert_refused(revoked, ISSUED(""), ends_none);
    assert_refused(revoked, ISSUED("\"ref\":\"10\","), ends_none);
    assert_refused(revoked, ISSUED("\"ref\":8,"), ends_none);
    assert_refused(revoked, ISSUED("\"ref\":-1,"), ends_none);
    assert_refused(revoked, ISSUED("\"a\":[10],\"ref\":true,"), ends_none);
    assert_refused(revoked, ABANDONED("\"ref\":12,"), ends_none);
    assert_int_equal(revoked_unfinished(revoked), 3);
    // Not the last of them, so that what is left is what was not ended.
    assert_taken(revoked, ABANDONED("\"ref\":10,")); // 18
    assert_int_equal(revoked_unfinished(revoked), 2);
    assert_true(revoked_find(revoked, BYTES_LITERAL("\x0a"), &found));
    assert_true(found.is_burned);
    assert_false(found.is_hold);
    assert_int_equal(found.seq, 18);
    assert_int_equal(found.reason, CRL_UNSPECIFIED);
    assert_int_equal(found.invalidity_date, CRL_NO_TIME);
    assert_int_equal(found.revoked_at, INT64_C(1770076800)); // its own time
    assert_int_equal(found.not_after, INT64_C(1893456000));
    assert_refused(revoked, ISSUED("\"ref\":10,"), ends_none);
    assert_taken(revoked, ISSUED("\"ref\":11,\"sha256\":\"x\","));
    assert_false(revoked_find(revoked, BYTES_LITERAL("\x0b"), &found));
    assert_taken(revoked, ABANDONED("\"ref\":9,"));
    assert_int_equal(revoked_unfinished(revoked), 0);
}

static void numbers_have_more_digits_than_are_read_quickly(void **state)
{
    AUTO(revoked_free) struct revoked *revoked = begun();
    (void)state;
    assert_taken(revoked, SIGNING("\"serial\":\"0a\",")); // 1
    assert_refused(revoked, ISSUED("\"ref\":1000000000000000001,"), "it ends no unfinished cert.signing");
    assert_refused(revoked, ISSUED("\"ref\":9223372036854775807,"), "it ends no unfinished cert.signing");
    assert_taken(revoked, ISSUED("\"ref\":1,"));
}

/** Whichever way it is read: what is revoked for good is not revoked again; a hold may become one for good, or another hold. */
static void nothing_is_revoked_twice(void **state)
{
    static const char *const ways[] = {"", "\"a\":{},"};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        AUTO(revoked_free) struct revoked *revoked = begun();
        struct revoked_state found;
        struct error err = ERROR_INIT;
        AUTO(free)
        char *hold = memory_format("{%s\"hold\":true,\"reason\":\"certificateHold\",\"ref\":1,"
                                   "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"" END,
                                   ways[i / 2]);
        AUTO(free)
        char *good = memory_format("{%s\"hold\":false,\"reason\":\"superseded\",\"ref\":1,"
                                   "\"revoked_at\":\"2026-02-01T00:00:00Z\",\"serial\":\"0a\"" END,
                                   ways[i % 2]);
        assert_taken(revoked, hold);
        assert_taken(revoked, hold);
        assert_taken(revoked, good); // 3
        assert_refused(revoked, good, "it revokes what is revoked already");
        assert_refused(revoked, hold, "it revokes what is revoked already");
        assert_true(revoked_find(revoked, BYTES_LITERAL("\x0a"), &found));
        assert_int_equal(found.seq, 3);
        assert_false(found.is_hold);
        assert_false(take(revoked, 6,
                          "{\"serial\":\"0a\",\"time\":\"2026-02-01T00:00:00Z\",\"type\":\"cert.unrevoked\"}",
                          &err));
        assert_string_equal(err.text, "record 6: it releases what was not on hold (RFC 5280 5.3.1)");
        assert_int_equal(err.kind, ERROR_LEDGER);
    }
}

/* ---- what is asked of a line alone ---- */

static void of_which_serial_a_line_is(void **state)
{
    static const struct {
        const char *line;
        enum revoked_about about;
    } cases[] = {
        {SIGNING("\"not_after\":\"2030-01-01T00:00:00Z\",\"serial\":\"0a0b\","), REVOKED_ABOUT_SIGNING},
        {SIGNING("\"serial\":\"0a0b\","), REVOKED_ABOUT_SIGNING},
        {SIGNING("\"a\":{},\"serial\":\"0a0b\","), REVOKED_ABOUT_SIGNING},
        {"{\"serial\":\"0a0b\",\"type\":\"cert.signing\",\"x\":1}", REVOKED_ABOUT_SIGNING},
        {SIGNING(""), REVOKED_ABOUT_NONE},
        {SIGNING("\"serial\":\"0\","), REVOKED_ABOUT_NONE},
        {SIGNING("\"serial\":7,"), REVOKED_ABOUT_NONE},
        {"{\"serial\":\"0a0b\"" END, REVOKED_ABOUT_REVOKED},
        {"{\"a\":{},\"serial\":\"0a0b\"" END, REVOKED_ABOUT_REVOKED},
        {"{\"hold\":false,\"reason\":\"superseded\",\"ref\":1,\"revoked_at\":\"2026-02-01T00:00:00Z\","
         "\"serial\":\"0a0b\"" END,
         REVOKED_ABOUT_REVOKED},
        {ISSUED("\"ref\":7,\"serial\":\"0a0b\","), REVOKED_ABOUT_NONE},
        {ABANDONED("\"ref\":7,\"serial\":\"0a0b\","), REVOKED_ABOUT_NONE},
        {"{\"serial\":\"0a0b\",\"type\":\"note\"}", REVOKED_ABOUT_NONE},
        {"{\"serial\":\"0a0b\",\"x\":\",\\\"type\\\":\\\"cert.signing\\\"}\"}", REVOKED_ABOUT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(free) char *copy = NULL;
        uint8_t serial[REVOKED_ABOUT_MAX_LEN] = {0};
        size_t len = 0;
        struct bytes text = exact(cases[i].line, &copy);
        if (revoked_about(text, serial, &len) != cases[i].about)
            fail_msg("%s", cases[i].line);
        if (cases[i].about == REVOKED_ABOUT_NONE)
            continue;
        assert_int_equal(len, 2);
        assert_memory_equal(serial, "\x0a\x0b", 2);
    }
    assert_true(revoked_is_type(BYTES_LITERAL("{\"type\":\"note\"}"), "note"));
    assert_false(revoked_is_type(BYTES_LITERAL("{\"type\":\"note\"}"), "not"));
    assert_false(revoked_is_type(BYTES_LITERAL("{\"type\":\"note\"}"), "notes"));
    assert_false(revoked_is_type(BYTES_LITERAL("{\"note\":\"note\",\"type\":\"other\"}"), "note"));
    assert_false(revoked_is_type(BYTES_LITERAL("{\"type\":\"note\""), "note"));
}

/** Record 0 says when the ledger began. */
static void the_first_record_has_a_time(void **state)
{
    struct error err = ERROR_INIT;
    AUTO(revoked_free) struct revoked *revoked = revoked_new();
    (void)state;
    assert_int_equal(revoked_begin(revoked), CRL_NO_TIME);
    assert_false(take(revoked, 0, "{\"type\":\"note\"}", &err));
    assert_string_equal(err.text, "record 0: without its time");
    assert_false(take(revoked, 0, "{\"type\":", &err));
    assert_string_equal(err.text, "record 0: it is not a record");
    assert_true(take(revoked, 0, FIRST, &err));
    assert_int_equal(revoked_begin(revoked), INT64_C(1767225600));
    assert_true(take(revoked, 1, "{\"time\":\"2027-01-01T00:00:00Z\",\"type\":\"note\"}", &err));
    assert_int_equal(revoked_begin(revoked), INT64_C(1767225600));
    assert_int_equal(revoked_size(revoked), 2);
    assert_false(take(revoked, 2, "{,\"type\":\"cert.", &err));
    assert_string_equal(err.text, "record 2: it is not a record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_may_be_there_or_not),
        cmocka_unit_test(whatever_a_byte_is),
        cmocka_unit_test(members_of_other_kinds_and_lengths),
        cmocka_unit_test(a_serial_has_at_most_so_many_octets),
        cmocka_unit_test(a_signing_has_a_serial_and_its_end_a_number),
        cmocka_unit_test(numbers_have_more_digits_than_are_read_quickly),
        cmocka_unit_test(nothing_is_revoked_twice),
        cmocka_unit_test(of_which_serial_a_line_is),
        cmocka_unit_test(the_first_record_has_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
