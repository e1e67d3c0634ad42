/* SPDX-License-Identifier: Apache-2.0 */
/* What can name a ledger or a witness (C2SP signed-note, "Format"): no white space of Unicode, no +, no scheme, at most 255 bytes. */
#include "ledger/note.h"
#include "ledger_home.h"

/** UTF-8 of a character. */
static const char *utf8(uint32_t character, char text[static 5])
{
    size_t len = 0;
    if (character < 0x80) {
        text[len++] = (char)character;
    } else if (character < 0x800) {
        text[len++] = (char)(0xc0 | character >> 6);
        text[len++] = (char)(0x80 | (character & 0x3f));
    } else {
        text[len++] = (char)(0xe0 | character >> 12);
        text[len++] = (char)(0x80 | (character >> 6 & 0x3f));
        text[len++] = (char)(0x80 | (character & 0x3f));
    }
    text[len] = '\0';
    return text;
}

static bool is_good_with(uint32_t character)
{
    char text[5];
    bool is_good = true;
    static const char *const forms[] = {"%sca.example", "ca%sexample", "ca.example%s"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        AUTO(builder_done) struct builder name = BUILDER_INIT;
        const char *place = strchr(forms[i], '%');
        builder_add(&name, forms[i], (size_t)(place - forms[i]));
        builder_add_text(&name, utf8(character, text));
        builder_add_text(&name, place + 2);
        bool is_good_here = ledger_origin_is_good(builder_text(&name));
        if (i > 0)
            assert_int_equal(is_good_here, is_good); // wherever it stands
        is_good = is_good_here;
    }
    return is_good;
}

static void white_space_of_unicode_is_in_no_name(void **state)
{
    static const uint32_t spaces[] = {0x20,   0x85,   0xa0,   0x1680, 0x2000, 0x2001, 0x2005,
                                      0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
    static const uint32_t others[] = {0x21,   0x84,   0x86,   0x9f,   0xa1,   0x167f, 0x1681, 0x1fff, 0x200b,
                                      0x2027, 0x202a, 0x202e, 0x2030, 0x205e, 0x2060, 0x2fff, 0x3001};
    (void)state;
    for (uint32_t i = 1; i < 0x20; i++)
        assert_false(is_good_with(i));
    assert_false(is_good_with('+') || is_good_with(0x7f));
    assert_true(is_good_with('*') && is_good_with(',') && is_good_with('~'));
    for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
        if (is_good_with(spaces[i]))
            fail_msg("U+%04x", (unsigned)spaces[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (!is_good_with(others[i]))
            fail_msg("U+%04x", (unsigned)others[i]);
    }
}

static void a_name_has_a_length_and_no_scheme(void **state)
{
    char name[258];
    (void)state;
    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    assert_false(ledger_origin_is_good(name));
    name[255] = '\0';
    assert_true(ledger_origin_is_good(name));
    assert_true(ledger_origin_is_good("a"));
    assert_false(ledger_origin_is_good(""));
    assert_false(ledger_origin_is_good("https://ca.example"));
    assert_true(ledger_origin_is_good("ca.example:/x"));
    assert_false(ledger_origin_is_good("ca\xff"
                                       "example"));
    // A character that ends behind the name is none of it.
    assert_true(note_name_is_good(bytes_of_text("caf\xc3\xa9")));
    assert_false(note_name_is_good(bytes_slice(bytes_of_text("caf\xc3\xa9"), 0, 4)));
}

/** A note of this signature line. */
static bool reads(const char *line)
{
    struct error err = ERROR_INIT;
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    builder_format(&text, "a text\n\n%s\n", line);
    return note_read(builder_bytes(&text), &note, &err);
}

static void a_signature_line_has_a_name_and_at_least_five_bytes(void **state)
{
    (void)state;
    assert_true(reads("\xe2\x80\x94 ca.example AAAAAAA="));  // 5 bytes: key id and one more
    assert_false(reads("\xe2\x80\x94 ca.example AAAAAA==")); // 4
    assert_false(reads("\xe2\x80\x94 ca.example "));
    assert_false(reads("\xe2\x80\x94 ca.example"));
    assert_false(reads("\xe2\x80\x94  AAAAAAA="));
    assert_false(reads("\xe2\x80\x94 ca+example AAAAAAA="));
    assert_false(reads("\xe2\x80\x94 ca.example AAAAAA!="));
    assert_false(reads("- ca.example AAAAAAA="));
    assert_false(reads("\xe2\x80\x94"));
}

static void a_note_ends_with_its_line_and_has_a_length(void **state)
{
    static const char line[] = "\n\xe2\x80\x94 ca.example AAAAAAA=\n";
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder longest = BUILDER_INIT;
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(note_done) struct note none = {.count = 0};
    (void)state;
    while (longest.len + sizeof(line) - 1 < NOTE_MAX_LEN - 1)
        builder_add_u8(&longest, 'x');
    builder_add_u8(&longest, '\n');
    builder_add_text(&longest, line);
    assert_int_equal(longest.len, NOTE_MAX_LEN);
    assert_done(note_read(builder_bytes(&longest), &note, &err), err);
    assert_false(note_read(bytes_slice(builder_bytes(&longest), 0, longest.len - 1), &none, &err)); // no LF
    assert_false(note_read(bytes_of(NULL, 0), &none, &err));
    longest.data[0] = '\t'; // a control character, at the very first place
    assert_false(note_read(builder_bytes(&longest), &none, &err));
    longest.data[0] = ' ';
    AUTO(builder_done) struct builder longer = BUILDER_INIT;
    builder_add_u8(&longer, 'x');
    builder_add_bytes(&longer, builder_bytes(&longest));
    assert_false(note_read(builder_bytes(&longer), &none, &err));
}

/** A cosignature of a time, made as the witness would; whether it verifies. */
static bool cosignature_holds(uint64_t time)
{
    struct error err = ERROR_INIT;
    struct home home;
    bool is_signed = false;
    int64_t found = 0;
    unsigned char *spki = NULL;
    uint8_t signature[64];
    AUTO(note_key_done) struct note_key key = {.name = NULL};
    AUTO(note_done) struct note note = {.count = 0};
    AUTO(builder_done) struct builder vkey = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    AUTO(builder_done) struct builder value = BUILDER_INIT;
    AUTO(builder_done) struct builder whole = BUILDER_INIT;
    home_make_key("w.example", "a witness", &home.key, &home.vkey);
    int len = i2d_PUBKEY(home.key, &spki);
    assert_true(note_key_write("w.example", NOTE_COSIGNATURE, bytes_of(spki, (size_t)len), &vkey, &err));
    assert_true(note_key_read(builder_text(&vkey), &key, &err));
    note_cosignature_text(BYTES_LITERAL("a text\n"), (int64_t)time, &text);
    home_sign_with(home.key, builder_bytes(&text), signature);
    builder_add_u64(&value, time);
    builder_add(&value, signature, sizeof(signature));
    builder_add_text(&whole, "a text\n\n");
    note_signature_write(&key, builder_bytes(&value), &whole);
    assert_done(note_read(builder_bytes(&whole), &note, &err), err);
    bool holds = note_verify(&note, &key, &is_signed, &found, &err);
    assert_true(!holds || (is_signed && found == (int64_t)time));
    OPENSSL_free(spki);
    EVP_PKEY_free(home.key);
    free(home.vkey);
    return holds;
}

static void a_cosignature_is_of_a_time(void **state)
{
    (void)state;
    assert_true(cosignature_holds(0));
    assert_true(cosignature_holds(UINT64_C(1800000000)));
    assert_true(cosignature_holds(INT64_MAX));
    assert_false(cosignature_holds((uint64_t)INT64_MAX + 1));
    assert_false(cosignature_holds(UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_of_unicode_is_in_no_name),
        cmocka_unit_test(a_name_has_a_length_and_no_scheme),
        cmocka_unit_test(a_signature_line_has_a_name_and_at_least_five_bytes),
        cmocka_unit_test(a_note_ends_with_its_line_and_has_a_length),
        cmocka_unit_test(a_cosignature_is_of_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
