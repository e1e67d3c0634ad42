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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(white_space_of_unicode_is_in_no_name),
        cmocka_unit_test(a_name_has_a_length_and_no_scheme),
        cmocka_unit_test(a_signature_line_has_a_name_and_at_least_five_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
