/* SPDX-License-Identifier: Apache-2.0 */
/* The DER reader: one encoding a value, nothing outside its view, cursors untouched by a refusal. */
#include "base/der.h"
#include "base/encode.h"

#include <openssl/ecdsa.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void elements_are_taken_one_by_one(void **state)
{
    struct bytes cursor = BYTES_LITERAL("\x30\x03\x02\x01\x05\x05\x00");
    struct bytes content;
    struct bytes whole;
    uint8_t tag = 0;
    (void)state;
    assert_true(der_is_next(cursor, DER_SEQUENCE));
    assert_true(der_take_any(&cursor, &tag, &content, &whole));
    assert_int_equal(tag, DER_SEQUENCE);
    assert_true(bytes_equal(content, BYTES_LITERAL("\x02\x01\x05")));
    assert_true(bytes_equal(whole, BYTES_LITERAL("\x30\x03\x02\x01\x05")));
    assert_true(der_take(&cursor, DER_NULL, &content));
    assert_int_equal(content.len, 0);
    assert_int_equal(cursor.len, 0);
    assert_false(der_is_next(cursor, DER_NULL));
    assert_false(der_take(&cursor, DER_NULL, &content));
}

static void what_is_not_der_is_refused_and_the_cursor_stays(void **state)
{
    static const struct bytes wrong[] = {
        BYTES_LITERAL(""),
        BYTES_LITERAL("\x30"),
        BYTES_LITERAL("\x30\x01"),                     // longer than the view
        BYTES_LITERAL("\x30\x80\x00\x00"),             // indefinite
        BYTES_LITERAL("\x30\x81\x01\x00"),             // long form for a short length
        BYTES_LITERAL("\x30\x81\x7f"),                 // likewise
        BYTES_LITERAL("\x30\x82\x00\x80"),             // leading zero octet
        BYTES_LITERAL("\x30\x81"),                     // cut length
        BYTES_LITERAL("\x30\x84\xff\xff\xff\xff"),     // 4 GiB
        BYTES_LITERAL("\x30\x85\x01\x00\x00\x00\x00"), // five octets
        BYTES_LITERAL("\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff"),
        BYTES_LITERAL("\x30\xff\x00"),
        BYTES_LITERAL("\x1f\x81\x01\x00"), // high tag number
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct bytes cursor = wrong[i];
        struct bytes content;
        uint8_t tag = 0;
        assert_false(der_take_any(&cursor, &tag, &content, NULL));
        assert_true(cursor.data == wrong[i].data && cursor.len == wrong[i].len);
    }
}

static void lengths_at_the_edges_are_written_and_read(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 100000};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        AUTO(builder_done) struct builder content = BUILDER_INIT;
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        struct bytes found;
        memset(builder_reserve(&content, lengths[i]), 'x', lengths[i]);
        der_add(&der, DER_OCTET_STRING, builder_bytes(&content));
        struct bytes cursor = builder_bytes(&der);
        assert_true(der_take(&cursor, DER_OCTET_STRING, &found));
        assert_true(bytes_equal(found, builder_bytes(&content)));
        assert_int_equal(cursor.len, 0);
        for (size_t cut = 0; cut < der.len && cut < 300; cut++) {
            cursor = bytes_slice(builder_bytes(&der), 0, der.len - 1 - cut);
            assert_false(der_take(&cursor, DER_OCTET_STRING, &found));
        }
    }
}

static void an_unsigned_integer_is_minimal(void **state)
{
    static const struct {
        struct bytes der;
        struct bytes magnitude; // empty: refused
    } examples[] = {
        {BYTES_LITERAL("\x02\x01\x00"), BYTES_LITERAL("\x00")},
        {BYTES_LITERAL("\x02\x01\x7f"), BYTES_LITERAL("\x7f")},
        {BYTES_LITERAL("\x02\x02\x00\x80"), BYTES_LITERAL("\x80")},
        {BYTES_LITERAL("\x02\x00"), BYTES_LITERAL("")},
        {BYTES_LITERAL("\x02\x01\x80"), BYTES_LITERAL("")},     // negative
        {BYTES_LITERAL("\x02\x02\x00\x7f"), BYTES_LITERAL("")}, // not minimal
        {BYTES_LITERAL("\x02\x02\x00\x00"), BYTES_LITERAL("")},
        {BYTES_LITERAL("\x04\x01\x00"), BYTES_LITERAL("")},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        struct bytes cursor = examples[i].der;
        struct bytes magnitude;
        bool done = der_take_unsigned(&cursor, &magnitude);
        assert_int_equal(done, examples[i].magnitude.len > 0);
        if (done)
            assert_true(bytes_equal(magnitude, examples[i].magnitude));
        else
            assert_int_equal(cursor.len, examples[i].der.len);
    }
}

static void an_unsigned_integer_is_written_minimal(void **state)
{
    static const struct {
        struct bytes magnitude;
        struct bytes der;
    } examples[] = {
        {BYTES_LITERAL(""), BYTES_LITERAL("\x02\x01\x00")},
        {BYTES_LITERAL("\x00\x00"), BYTES_LITERAL("\x02\x01\x00")},
        {BYTES_LITERAL("\x00\x00\x05"), BYTES_LITERAL("\x02\x01\x05")},
        {BYTES_LITERAL("\x80"), BYTES_LITERAL("\x02\x02\x00\x80")},
        {BYTES_LITERAL("\x00\xff\x00"), BYTES_LITERAL("\x02\x03\x00\xff\x00")},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        AUTO(builder_done) struct builder der = BUILDER_INIT;
        der_add_unsigned(&der, examples[i].magnitude);
        assert_true(bytes_equal(builder_bytes(&der), examples[i].der));
    }
}

static void bits_and_booleans_have_one_form(void **state)
{
    bool value = false;
    struct bytes bits;
    struct bytes cursor = BYTES_LITERAL("\x03\x02\x00\xff");
    (void)state;
    assert_true(der_take_octet_bits(&cursor, &bits) && bits.len == 1);
    cursor = BYTES_LITERAL("\x03\x02\x01\xfe");
    assert_false(der_take_octet_bits(&cursor, &bits));
    cursor = BYTES_LITERAL("\x03\x00");
    assert_false(der_take_octet_bits(&cursor, &bits));
    assert_true(der_bool(BYTES_LITERAL("\xff"), &value) && value);
    assert_true(der_bool(BYTES_LITERAL("\x00"), &value) && !value);
    assert_false(der_bool(BYTES_LITERAL("\x01"), &value)); // BER's TRUE
    assert_false(der_bool(BYTES_LITERAL(""), &value));
    assert_false(der_bool(BYTES_LITERAL("\xff\xff"), &value));
}

static void an_oid_is_told_in_dots(void **state)
{
    static const struct {
        struct bytes content;
        const char *text; // NULL: refused
    } examples[] = {
        {BYTES_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), "1.2.840.113549.1.1.11"},
        {BYTES_LITERAL("\x55\x04\x03"), "2.5.4.3"},
        {BYTES_LITERAL("\x00"), "0.0"},
        {BYTES_LITERAL("\x27"), "0.39"},
        {BYTES_LITERAL("\x4f"), "1.39"},
        {BYTES_LITERAL("\x50"), "2.0"},
        {BYTES_LITERAL("\x88\x37"), "2.999"},
        {BYTES_LITERAL("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "1.2.9223372036854775807"},
        {BYTES_LITERAL(""), NULL},
        {BYTES_LITERAL("\x2a\x80\x01"), NULL}, // padded
        {BYTES_LITERAL("\x80"), NULL},
        {BYTES_LITERAL("\x2a\x86"), NULL},                                     // cut
        {BYTES_LITERAL("\x2a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"), NULL}, // 64 bits
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        char room[64];
        bool done = der_oid_text(examples[i].content, room, sizeof(room));
        assert_int_equal(done, examples[i].text != NULL);
        if (done)
            assert_string_equal(room, examples[i].text);
    }
}

static void an_oid_too_long_for_its_room_is_refused(void **state)
{
    char room[8];
    (void)state;
    assert_true(der_oid_text(BYTES_LITERAL("\x55\x04\x03"), room, sizeof(room)));
    assert_false(der_oid_text(BYTES_LITERAL("\x55\x04\x03\x01"), room, 8)); // "2.5.4.3.1" has nine
    assert_false(der_oid_text(BYTES_LITERAL("\x88\x37\x01\x01"), room, 7));
    assert_false(der_oid_text(BYTES_LITERAL("\x55"), room, 3));
}

static void an_ecdsa_signature_is_what_openssl_writes(void **state)
{
    static const size_t halves[] = {32, 48, 66};
    (void)state;
    for (size_t round = 0; round < 64; round++) {
        uint8_t raw[132] = {0};
        size_t half = halves[round % 3];
        for (size_t i = 0; i < 2 * half; i++)
            raw[i] = (uint8_t)(round * 89 + i * 31);
        memset(raw, 0, round % 7);        // leading zeros of r
        memset(raw + half, 0, round % 5); // and of s
        ECDSA_SIG *wanted = ECDSA_SIG_new();
        assert_int_equal(
            ECDSA_SIG_set0(wanted, BN_bin2bn(raw, (int)half, NULL), BN_bin2bn(raw + half, (int)half, NULL)),
            1);
        uint8_t *der = NULL;
        int len = i2d_ECDSA_SIG(wanted, &der);
        AUTO(builder_done) struct builder made = BUILDER_INIT;
        der_add_ecdsa_signature(&made, bytes_of(raw, 2 * half));
        assert_true(len > 0 && bytes_equal(builder_bytes(&made), bytes_of(der, (size_t)len)));
        OPENSSL_free(der);
        ECDSA_SIG_free(wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_taken_one_by_one),
        cmocka_unit_test(what_is_not_der_is_refused_and_the_cursor_stays),
        cmocka_unit_test(lengths_at_the_edges_are_written_and_read),
        cmocka_unit_test(an_unsigned_integer_is_minimal),
        cmocka_unit_test(an_unsigned_integer_is_written_minimal),
        cmocka_unit_test(bits_and_booleans_have_one_form),
        cmocka_unit_test(an_oid_is_told_in_dots),
        cmocka_unit_test(an_oid_too_long_for_its_room_is_refused),
        cmocka_unit_test(an_ecdsa_signature_is_what_openssl_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
