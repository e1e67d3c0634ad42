/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign text: what would move a cursor, hide or turn text becomes visible; what is harmless stays as it is. */
#include "base/quote.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct example {
    struct bytes text;
    const char *harmless;
};

#define EXAMPLE(from, to)                                                                                    \
    {                                                                                                        \
        BYTES_LITERAL(from), to                                                                              \
    }

static void harmful_characters_become_visible(void **state)
{
    static const struct example examples[] = {
        EXAMPLE("", ""),
        EXAMPLE("CN=device-1, O=Acme \"IoT\"", "CN=device-1, O=Acme \"IoT\""),
        EXAMPLE("\x1b[2J\x07", "\\x1b[2J\\x07"),
        EXAMPLE("a\0b", "a\\x00b"),
        EXAMPLE("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        EXAMPLE("\x7f", "\\x7f"),
        EXAMPLE("back\\slash", "back\\\\slash"),
        EXAMPLE("M\xc3\xbcller \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x94\x91",
                "M\xc3\xbcller \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x94\x91"),
        EXAMPLE("\xc2\x9b"
                "31m",
                "\\u{9b}31m"), // C1 CSI
        EXAMPLE("\xe2\x80\xae"
                "evil",
                "\\u{202e}evil"),             // right-to-left override
        EXAMPLE("\xe2\x81\xa6", "\\u{2066}"), // isolate
        EXAMPLE("a\xe2\x80\x8b"
                "b",
                "a\\u{200b}b"),                                         // zero width space
        EXAMPLE("\xe2\x80\xa8", "\\u{2028}"),                           // line separator
        EXAMPLE("\xef\xbb\xbf", "\\u{feff}"),                           // byte order mark
        EXAMPLE("\xc2\xad", "\\u{ad}"),                                 // soft hyphen
        EXAMPLE("\xc2\xa0\xe3\x80\x80", "\\u{a0}\\u{3000}"),            // spaces that are not the space
        EXAMPLE("\xf3\xa0\x81\x81", "\\u{e0041}"),                      // tag
        EXAMPLE("\xf4\x8f\xbf\xbf", "\\u{10ffff}"),                     // private use, the last one
        EXAMPLE("\xf0\x9f\xbf\xbe\xef\xb7\x90", "\\u{1fffe}\\u{fdd0}"), // noncharacters
        EXAMPLE("\xf0\x9d\x85\xb3", "\\u{1d173}"),                      // invisible musical mark
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        quote_append(&text, examples[i].text, 0);
        assert_string_equal(builder_text(&text), examples[i].harmless);
    }
}

static void bytes_that_are_no_utf8_become_visible(void **state)
{
    static const struct example examples[] = {
        EXAMPLE("\xff", "\\xff"),
        EXAMPLE("\xc3", "\\xc3"),                                     // cut off
        EXAMPLE("\xc3(", "\\xc3("),                                   // not continued
        EXAMPLE("\x80", "\\x80"),                                     // continues nothing
        EXAMPLE("\xc0\x80", "\\xc0\\x80"),                            // overlong NUL
        EXAMPLE("\xc1\x9b", "\\xc1\\x9b"),                            // overlong [
        EXAMPLE("\xe0\x80\xaf", "\\xe0\\x80\\xaf"),                   // overlong /
        EXAMPLE("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"),          // overlong /
        EXAMPLE("\xed\xa0\x80", "\\xed\\xa0\\x80"),                   // surrogate
        EXAMPLE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),          // past U+10FFFF
        EXAMPLE("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"), // five bytes
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        AUTO(builder_done) struct builder text = BUILDER_INIT;
        quote_append(&text, examples[i].text, 0);
        assert_string_equal(builder_text(&text), examples[i].harmless);
        assert_false(utf8_is_valid(examples[i].text));
    }
}

static void every_byte_pair_comes_out_printable(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 65536; pair++) {
        uint8_t text[] = {(uint8_t)(pair >> 8), (uint8_t)pair};
        AUTO(builder_done) struct builder harmless = BUILDER_INIT;
        quote_append(&harmless, BYTES(text), 0);
        assert_true(utf8_is_valid(builder_bytes(&harmless)));
        for (size_t i = 0; i < harmless.len; i++)
            assert_true(harmless.data[i] >= 0x20 && harmless.data[i] != 0x7f);
    }
}

static void a_cut_is_marked_and_splits_no_escape(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    quote_append(&text, BYTES_LITERAL("abcdef"), 4);
    assert_string_equal(builder_text(&text), "abcd...");
    builder_clear(&text);
    quote_append(&text, BYTES_LITERAL("abcd"), 4);
    assert_string_equal(builder_text(&text), "abcd");
    builder_clear(&text);
    quote_append(&text,
                 BYTES_LITERAL("abc\xe2\x80\xae"
                               "def"),
                 4);
    assert_string_equal(builder_text(&text), "abc\\u{202e}...");
}

static void quoted_fits_its_room_at_the_worst(void **state)
{
    uint8_t worst[4000];
    struct quoted buffer;
    (void)state;
    for (size_t offset = 0; offset < 12; offset++) {
        memset(worst, 'a', offset);
        for (size_t i = offset; i + 4 <= sizeof(worst); i += 4)
            memcpy(worst + i, "\xf4\x8f\xbf\xbf", 4); // the longest escape
        const char *text = quoted(bytes_of(worst, 3000), &buffer);
        size_t len = strlen(text);
        assert_true(len < sizeof(buffer.text));
        assert_string_equal(text + len - 3, "...");
    }
    assert_string_equal(quoted_text(NULL, &buffer), "");
}

static void a_text_cut_anywhere_keeps_whole_characters(void **state)
{
    static const char text[] = "a\xc3\xbc\xe6\x97\xa5\xf0\x9f\x94\x91z"; // of 1, 2, 3, 4 and 1 bytes
    static const size_t whole[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    (void)state;
    for (size_t len = 0; len < sizeof(text); len++)
        assert_int_equal(utf8_whole(text, len), whole[len]);
    assert_int_equal(utf8_whole("\x80\x80\x80\x80", 4), 4); // that is not for this function to mend
    assert_int_equal(utf8_whole("a\xff", 2), 1);
}

static void json_keeps_its_meaning(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    quote_json(&text, BYTES_LITERAL("{\n  \"a\": \"M\xc3\xbcller \\\\ "
                                    "\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x81\x81\xf4\x8f\xbf\xbf\"\n}"));
    assert_string_equal(
        builder_text(&text),
        "{\n  \"a\": \"M\xc3\xbcller \\\\ \\u007f\\u009b\\u202e\\udb40\\udc41\\udbff\\udfff\"\n}");
}

static void the_guard_leaves_lines_and_escapes_alone(void **state)
{
    (void)state;
    AUTO(builder_done) struct builder once = BUILDER_INIT;
    AUTO(builder_done) struct builder twice = BUILDER_INIT;
    quote_guard(&once, BYTES_LITERAL("one\\x1b\ntwo\x1b[m\xe2\x80\xae\xff"));
    assert_string_equal(builder_text(&once), "one\\x1b\ntwo\\x1b[m\\u{202e}\\xff");
    quote_guard(&twice, builder_bytes(&once));
    assert_string_equal(builder_text(&twice), builder_text(&once));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmful_characters_become_visible),
        cmocka_unit_test(bytes_that_are_no_utf8_become_visible),
        cmocka_unit_test(every_byte_pair_comes_out_printable),
        cmocka_unit_test(a_cut_is_marked_and_splits_no_escape),
        cmocka_unit_test(quoted_fits_its_room_at_the_worst),
        cmocka_unit_test(a_text_cut_anywhere_keeps_whole_characters),
        cmocka_unit_test(json_keeps_its_meaning),
        cmocka_unit_test(the_guard_leaves_lines_and_escapes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
