/* SPDX-License-Identifier: Apache-2.0 */
/* What is no note, no checkpoint and no key is told word for word; numbers are numbers up to where they end. */
#include "ledger/note.h"
#include "ledger_home.h"

static void assert_no_note(const char *text, const char *words)
{
    struct error err = ERROR_INIT;
    AUTO(note_done) struct note note = {.count = 0};
    assert_false(note_read(bytes_of_text(text), &note, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(note.count, 0);
}

#define DASH "\xe2\x80\x94 "

static void what_is_no_note_is_told(void **state)
{
    static const char lines[] = "not a signed note: it must be UTF-8 lines of at most 65536 bytes in all";
    static const char empty[] = "not a signed note: no empty line before its signatures";
    static const char first[] = "not a signed note: signature line 1 is malformed";
    static const char second[] = "not a signed note: signature line 2 is malformed";
    (void)state;
    assert_no_note("", lines);
    assert_no_note("text", lines);
    assert_no_note("te\x1fxt\n\n" DASH "n AAAAAAA=\n", lines);
    assert_no_note("te\xffxt\n\n" DASH "n AAAAAAA=\n", lines);
    assert_no_note("text\n\n" DASH "n AAAAAAA=", lines);
    assert_no_note("text\n", empty);
    assert_no_note("text\n\n", empty);
    assert_no_note("\n", empty);
    assert_no_note("text\n\nsigned\n", first);
    assert_no_note("text\n\n" DASH "n AAAAAAA=\n" DASH "n\n", second);
    assert_no_note("text\n\n" DASH "n AAAAAAA=\n" DASH "n \n", second);
    assert_no_note("text\n\n" DASH "n AAAAAAA=\n" DASH " AAAAAAA=\n", second);
    AUTO(builder_done) struct builder many = BUILDER_INIT;
    builder_add_text(&many, "text\n\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX; i++)
        builder_format(&many, DASH "n%d AAAAAAA=\n", i);
    struct error err = ERROR_INIT;
    AUTO(note_done) struct note note = {.count = 0};
    assert_done(note_read(builder_bytes(&many), &note, &err), err);
    assert_int_equal(note.count, NOTE_SIGNATURES_MAX);
    builder_add_text(&many, DASH "n AAAAAAA=\n");
    assert_no_note(builder_text(&many), "not a signed note: more than 64 signatures");
}

/** A note of several signatures, and of a text that has empty lines of its own. */
static void all_of_a_note_is_read(void **state)
{
    static const char text[] = "one\n\ntwo\x7f~ \n\n" DASH "a.example AAECAwQ=\n" DASH "b AAECA/8AAA==\n";
    struct error err = ERROR_INIT;
    AUTO(note_done) struct note note = {.count = 0};
    (void)state;
    assert_done(note_read(bytes_of_text(text), &note, &err), err);
    assert_true(bytes_equal_text(note.text, "one\n\ntwo\x7f~ \n"));
    assert_int_equal(note.count, 2);
    assert_true(bytes_equal_text(note.signatures[0].name, "a.example"));
    assert_true(bytes_equal_text(note.signatures[1].name, "b"));
    assert_true(bytes_equal_text(note.signatures[0].line, DASH "a.example AAECAwQ=\n"));
    assert_memory_equal(note.signatures[0].id, "\0\1\2\3", 4);
    assert_memory_equal(note.signatures[1].id, "\0\1\2\3", 4);
    assert_true(bytes_equal(note.signatures[0].signature, BYTES_LITERAL("\4")));
    assert_true(bytes_equal(note.signatures[1].signature, BYTES_LITERAL("\xff\0\0")));
}

static void assert_no_checkpoint(const char *text, const char *words)
{
    struct error err = ERROR_INIT;
    struct checkpoint checkpoint = {.size = 77};
    assert_false(checkpoint_read(bytes_of_text(text), &checkpoint, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(checkpoint.size, 77);
}

#define ROOT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void what_is_no_checkpoint_is_told(void **state)
{
    static const char lines[] = "not a checkpoint: origin, size and root are three lines";
    static const char size[] = "not a checkpoint: its size is not a plain decimal number";
    static const char root[] = "not a checkpoint: its root is not base64 of 32 bytes";
    static const char more[] = "not a checkpoint by coldca: lines after the root";
    struct error err = ERROR_INIT;
    struct checkpoint read;
    AUTO(builder_done) struct builder written = BUILDER_INIT;
    (void)state;
    assert_no_checkpoint("", lines);
    assert_no_checkpoint("a\n5\n", lines);
    assert_no_checkpoint("a\n5\n\n", lines);
    assert_no_checkpoint("\n5\n" ROOT "\n", lines);
    assert_no_checkpoint("a\n\n" ROOT "\n", lines);
    assert_no_checkpoint("a\n5\n" ROOT, lines);
    assert_no_checkpoint("a\n5\n" ROOT "\nmore\n", more);
    assert_no_checkpoint("a\n5\n" ROOT "\n\n", more);
    assert_no_checkpoint("a\n5x\n" ROOT "\n", size);
    assert_no_checkpoint("a\n5\nAAEC\n", root);
    assert_no_checkpoint("a\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n", root);
    assert_no_checkpoint("a\n5\n!\n", root);
    assert_done(checkpoint_read(BYTES_LITERAL("a\n5\n" ROOT "\n"), &read, &err), err);
    assert_true(bytes_equal_text(read.origin, "a"));
    assert_int_equal(read.size, 5);
    for (uint8_t i = 0; i < 32; i++)
        assert_int_equal(read.root.bytes[i], i);
    checkpoint_write("a", 5, &read.root, &written);
    assert_string_equal(builder_text(&written), "a\n5\n" ROOT "\n");
}

static void numbers_are_plain_and_end_somewhere(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {{"0", 0},
                {"9", 9},
                {"10", 10},
                {"1234567890", 1234567890},
                {"999999999999999999", UINT64_C(999999999999999999)}};
    static const char *const bad[] = {"",   "00", "01", "1000000000000000000", "/", ":", "1/", "1:2", "-1",
                                      "+1", " 1", "1 "};
    uint64_t value = 77;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (decimal_read(bytes_of_text(bad[i]), &value))
            fail_msg("\"%s\" is a number", bad[i]);
        assert_int_equal(value, 77);
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(decimal_read(bytes_of_text(good[i].text), &value));
        assert_int_equal(value, good[i].value);
    }
}

static void assert_no_key(const char *vkey, const char *why)
{
    struct error err = ERROR_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(free) char *words = memory_format("\"%s\" is not a verifier key: %s", vkey, why);
    assert_false(note_key_read(vkey, &key, &err));
    assert_string_equal(err.text, words);
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(key.name);
    assert_null(key.pkey);
}

/** A vkey of this type and of so many bytes of key, whose id is right. */
static char *vkey_of(uint8_t type, size_t len)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    uint8_t digest[32];
    builder_add_text(&text, "a\n");
    builder_add_u8(&value, type);
    for (size_t i = 0; i < len; i++)
        builder_add_u8(&value, (uint8_t)i);
    builder_add_bytes(&text, builder_bytes(&value));
    digest_sha256(builder_bytes(&text), digest);
    builder_clear(&text);
    builder_add_text(&text, "a+");
    encode_hex(bytes_of(digest, 4), &text);
    builder_add_u8(&text, '+');
    encode_base64(builder_bytes(&value), &text);
    return builder_take_text(&text);
}

static void what_is_no_key_is_told(void **state)
{
    static const char form[] = "it has the form NAME+KEYID+KEY";
    static const char name[] = "its name is not a schema-less URL";
    static const char spelling[] = "its key id is not 8 hex digits or its key not base64";
    static const char kind[] = "its key is neither Ed25519 nor EC P-256";
    static const char id[] = "its key id is not the one its name and key give";
    (void)state;
    assert_no_key("", form);
    assert_no_key("a", form);
    assert_no_key("a+00000000", form);
    assert_no_key("+00000000+AAAA", name);
    assert_no_key("a b+00000000+AAAA", name);
    assert_no_key("a+000000+AAAA", spelling);
    assert_no_key("a+0000000000+AAAA", spelling);
    assert_no_key("a+0000000g+AAAA", spelling);
    assert_no_key("a+00000000+!", spelling);
    assert_no_key("a+00000000+AA==", spelling); // a type and no key
    assert_no_key("a+00000000+AAA=", kind);
    static const uint8_t types[] = {0, 2, 3, 5, 255};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        AUTO(free) char *vkey = vkey_of(types[i], 32);
        assert_no_key(vkey, kind);
    }
    AUTO(free) char *short_key = vkey_of(1, 31);
    AUTO(free) char *long_key = vkey_of(1, 33);
    AUTO(free) char *short_witness = vkey_of(4, 31);
    assert_no_key(short_key, kind);
    assert_no_key(long_key, kind);
    assert_no_key(short_witness, kind);
    AUTO(free) char *right = vkey_of(1, 32);
    struct error err = ERROR_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    assert_done(note_key_read(right, &key, &err), err);
    assert_string_equal(key.name, "a");
    assert_int_equal(key.type, NOTE_ED25519);
    right[2] = right[2] == '0' ? '1' : '0';
    assert_no_key(right, id);
}

/** RFC 5480 2.1.1: id-ecPublicKey, prime256v1, and a point that is none. */
static void a_key_off_its_curve_is_no_key(void **state)
{
    static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
    struct error err = ERROR_INIT;
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(builder_done) struct builder spki = BUILDER_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    (void)state;
    builder_add(&spki, head, sizeof(head));
    for (size_t i = 0; i < 64; i++)
        builder_add_u8(&spki, 1);
    assert_done(note_key_write("a", NOTE_ECDSA, builder_bytes(&spki), &vkey, &err), err);
    assert_false(note_key_read(builder_text(&vkey), &key, &err));
    assert_non_null(strstr(err.text, "the ledger's verifier key is not a point on its curve"));
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_null(key.pkey);
}

static void what_can_name_or_sign_a_ledger_is_told(void **state)
{
    struct error err = ERROR_INIT;
    struct error name = ERROR_INIT;
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    (void)state;
    assert_false(ledger_vkey_make("https://a", BYTES_LITERAL("x"), &vkey, &name));
    assert_string_equal(name.text, "\"https://a\" can't name a ledger: write it like ca.example/root-2026, "
                                   "without a scheme, spaces or +");
    assert_int_equal(name.kind, ERROR_INPUT);
    assert_false(ledger_vkey_make("a.example", BYTES_LITERAL("x"), &vkey, &err));
    assert_string_equal(err.text, "a key that signs checkpoints must be Ed25519 or EC P-256");
    assert_int_equal(err.kind, ERROR_INPUT);
    assert_int_equal(vkey.len, 0);
    assert_int_equal(ledger_signature_kind(KEY_ED25519), SIGNATURE_ED25519);
    assert_int_equal(ledger_signature_kind(KEY_EC_P256), SIGNATURE_ECDSA_SHA256);
    assert_int_equal(ledger_signature_kind(KEY_RSA), SIGNATURE_OTHER);
    assert_int_equal(ledger_signature_kind(KEY_EC_P384), SIGNATURE_OTHER);
    assert_int_equal(ledger_signature_kind(KEY_EC_P521), SIGNATURE_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_note_is_told),
        cmocka_unit_test(all_of_a_note_is_read),
        cmocka_unit_test(what_is_no_checkpoint_is_told),
        cmocka_unit_test(numbers_are_plain_and_end_somewhere),
        cmocka_unit_test(what_is_no_key_is_told),
        cmocka_unit_test(a_key_off_its_curve_is_no_key),
        cmocka_unit_test(what_can_name_or_sign_a_ledger_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
