/* SPDX-License-Identifier: Apache-2.0 */
/* Names that may be written to a medium, and names made safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/quote.h"
#include "media/media.h"
#include "media/name.h"

static void accepts_ordinary_names(void **state)
{
    static const char *const names[] = {"device-1.pem", ".hidden", "M\xc3\xbcller", "a b",
                                        "com",          "com10",   "nulls",         "con-1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_null(media_name_fault(names[i], strlen(names[i])));
}

static void refuses_what_some_file_system_cant_hold(void **state)
{
    static const char *const names[] = {
        "",      ".",    "..",   "a:b",      "a*b",           "a?b",          "a\"b", "a<b",  "a>b",
        "a|b",   "a\\b", "a\nb", "a\x1f",    "a\x7f",         "a.",           "a ",   "\xff", "CON",
        "nul.x", "aux",  "Com1", "lpt9.pem", "\xe2\x80\xaex", "a\xe2\x80\x8b"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_non_null(media_name_fault(names[i], strlen(names[i])));
    char longest[257];
    memset(longest, 'n', 256);
    assert_null(media_name_fault(longest, 255));
    assert_non_null(media_name_fault(longest, 256));
}

static void says_what_is_wrong_with_a_name(void **state)
{
#define PART "has an empty part, \".\" or \"..\" in it"
#define VFAT "has a character in it that vfat can't hold"
#define HIDDEN "has a character in it that does not show (a control or a direction mark)"
#define END "has a part that ends with a dot or a space"
#define DEVICE "is a device's name on Windows"
    static const struct {
        const char *name;
        const char *fault;
    } cases[] = {
        {"", PART},
        {".", PART},
        {"..", PART},
        {"...", END},
        {".a", NULL},
        {"..a", NULL},
        {"a.", END},
        {"a ", END},
        {" a", NULL},
        {".a.b", NULL},
        {"\xff", "is not valid UTF-8"},
        {"a\"", VFAT},
        {"*a", VFAT},
        {"a:b", VFAT},
        {"a\x01", HIDDEN},
        {"\xe2\x80\xae", HIDDEN},
        {"con", DEVICE},
        {"PRN.x", DEVICE},
        {"AuX.x.y", DEVICE},
        {"nul", DEVICE},
        {"co", NULL},
        {"conn", NULL},
        {"con-", NULL},
        {"COM0", DEVICE},
        {"com9.txt", DEVICE},
        {"LPT0", DEVICE},
        {"lpt9", DEVICE},
        {"com", NULL},
        {"coma", NULL},
        {"com!", NULL},
        {"com00", NULL},
        {"cox1", NULL},
        {"lpt;", NULL},
        {"comx.1", NULL},
        {"x.con", NULL},
        {".con", NULL},
        {"com-", NULL},
        {"com,", NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *fault = media_name_fault(cases[i].name, strlen(cases[i].name));
        if ((fault == NULL) != (cases[i].fault == NULL) ||
            (fault != NULL && strcmp(fault, cases[i].fault) != 0))
            fail_msg("%s: %s", cases[i].name, fault == NULL ? "none" : fault);
    }
    // A part ends where it is said to end.
    assert_null(media_name_fault("a/b", 1));
    assert_null(media_name_fault("conx", 4));
    assert_string_equal(media_name_fault("conx", 3), DEVICE);
    assert_string_equal(media_name_fault("com1x", 4), DEVICE);
    assert_string_equal(media_name_fault("a\0b", 3), HIDDEN);
    char longest[257];
    memset(longest, 'n', sizeof(longest));
    assert_string_equal(media_name_fault(longest, 256), "has a part longer than 255 bytes");
}

typedef void make(const char *foreign, struct builder *ret_name);

static void distinct_name(const char *foreign, struct builder *ret_name)
{
    media_distinct_name(foreign, false, ret_name);
}

static void assert_made(make *make_name, const char *foreign, const char *wanted)
{
    struct builder name = BUILDER_INIT;
    make_name(foreign, &name);
    assert_string_equal(builder_text(&name), wanted);
    assert_null(media_name_fault(builder_text(&name), name.len));
    builder_done(&name);
}

static void makes_any_name_safe(void **state)
{
    static const struct {
        const char *foreign;
        const char *safe;
    } cases[] = {
        {"device-1.csr", "device-1.csr"},
        {"a b/c\\d", "a_b_c_d"},
        {"../../etc/passwd", "_._.._etc_passwd"},
        {"", "_"},
        {"...", "_"},
        {"-rf", "_rf"},
        {"\xff\xfe", "__"},
        {"CON", "_CON"},
        {"nul.pem", "_nul.pem"},
        {"a\n\x1b[2J", "a___2J"},
        {"end.", "end"},
        {"a\xe2\x80\xae.txt", "a_.txt"}, // a direction mark
        {"\xf0\x9f\x8f\xad"
         "1",
         "_1"},                // a factory is not a letter
        {"\xcc\x81x", "_x"},   // a mark on nothing
        {"\xe3\x85\xa4", "_"}, // a Hangul filler: a letter that does not show
        {"x\xc2\xb2", "x_"},   // a superscript is not a digit
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_made(media_safe_name, cases[i].foreign, cases[i].safe);
}

static void keeps_letters_and_digits_of_any_script(void **state)
{
    static const char *const names[] = {
        "M\xc3\xbcller",
        "\xe6\xb7\xb1\xe5\x9c\xb3\xe5\xb7\xa5\xe5\x8e\x82",             // Chinese
        "\xd0\x97\xd0\xb0\xd0\xb2\xd0\xbe\xd0\xb4-7",                   // Cyrillic
        "\xe0\xa4\xae\xe0\xa5\x81\xe0\xa4\x82\xe0\xa4\xac\xe0\xa4\x88", // Devanagari, with vowel signs
        "\xd9\xa3\xd9\xa4",                                             // Arabic digits
        "\xe3\x83\x87\xe3\x83\x90\xe3\x82\xa4\xe3\x82\xb9",             // Katakana
        "\xed\x95\x9c\xea\xb5\xad",                                     // Hangul
        "\xf0\xa0\xae\xb7",                                             // beyond the first plane
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_made(media_safe_name, names[i], names[i]);
        assert_made(distinct_name, names[i], names[i]); // nothing had to change
    }
    // As macOS writes it, decomposed: the same name, and no change worth a hash.
    assert_made(distinct_name, "Mu\xcc\x88ller", "M\xc3\xbcller");
}

static void names_that_had_to_change_stay_distinct(void **state)
{
    static const char *const foreign[] = {"a b",
                                          "a_b",
                                          "a\tb",
                                          "a/b",
                                          "a\xff"
                                          "b",
                                          "a\xfe"
                                          "b",
                                          "a\xe2\x80\xae"
                                          "b",
                                          "CON",
                                          "_CON",
                                          "end.",
                                          "end..",
                                          "end",
                                          "",
                                          ".",
                                          "_"};
    struct builder names[ARRAY_LEN(foreign)];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
        names[i] = (struct builder)BUILDER_INIT;
        media_distinct_name(foreign[i], false, &names[i]);
        assert_null(media_name_fault(builder_text(&names[i]), names[i].len));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(builder_text(&names[i]), builder_text(&names[j]));
    }
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        builder_done(&names[i]);
    assert_made(distinct_name, "a b", "a_b-c8687a08"); // of the SHA-256 of "a b"
    assert_made(distinct_name, "a_b", "a_b");
    struct builder taken = BUILDER_INIT;
    media_distinct_name("a_b", true, &taken);
    assert_string_equal(builder_text(&taken), "a_b-648fa9b3");
    builder_done(&taken);
}

/** Whatever lies on a stick, the name that comes out can be written on another one, and to make it safe twice changes nothing. */
static void every_character_there_is_makes_a_name_that_can_be_written(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x110000; code++) {
        char foreign[8];
        size_t len = 0;
        if (code < 0x80)
            foreign[len++] = (char)code;
        else if (code < 0x800)
            foreign[len++] = (char)(0xc0 | code >> 6);
        else if (code < 0x10000)
            foreign[len++] = (char)(0xe0 | code >> 12);
        else
            foreign[len++] = (char)(0xf0 | code >> 18);
        for (int shift = code < 0x80      ? -6
                         : code < 0x800   ? 0
                         : code < 0x10000 ? 6
                                          : 12;
             shift >= 0; shift -= 6)
            foreign[len++] = (char)(0x80 | (code >> shift & 0x3f)); // surrogates too, which are not UTF-8
        foreign[len++] = 'x';
        foreign[len] = '\0';
        struct builder name = BUILDER_INIT;
        struct builder again = BUILDER_INIT;
        media_safe_name(foreign, &name);
        media_safe_name(builder_text(&name), &again);
        if (media_name_fault(builder_text(&name), name.len) != NULL ||
            memchr(name.data, '/', name.len) != NULL ||
            !bytes_equal(builder_bytes(&name), builder_bytes(&again)))
            fail_msg("U+%04x becomes \"%s\"", code, builder_text(&name));
        builder_done(&name);
        builder_done(&again);
    }
}

static void bounds_the_length(void **state)
{
    static const char *const letters[] = {"x", "\xe5\xb7\xa5", "\xf0\xa0\xae\xb7", " ", "\xef\xac\xac"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        struct builder foreign = BUILDER_INIT;
        struct builder name = BUILDER_INIT;
        struct builder distinct = BUILDER_INIT;
        for (size_t j = 0; j < 300; j++)
            builder_add_text(&foreign, letters[i]);
        media_safe_name(builder_text(&foreign), &name);
        media_distinct_name(builder_text(&foreign), false, &distinct);
        assert_in_range(name.len, 96, 100);
        assert_in_range(distinct.len, 96, 100);
        assert_string_not_equal(builder_text(&name), builder_text(&distinct)); // it was cut, so it has a hash
        assert_true(utf8_is_valid(builder_bytes(&name)));
        assert_true(utf8_is_valid(builder_bytes(&distinct)));
        builder_done(&foreign);
        builder_done(&name);
        builder_done(&distinct);
    }
}

/** A hundred bytes are the most, and where a hash stands they are ninety-one and the hash's nine. */
static void a_name_is_cut_at_its_last_whole_character(void **state)
{
    char foreign[120];
    char wanted[120];
    (void)state;
    memset(foreign, 'x', sizeof(foreign));
    memset(wanted, 'x', sizeof(wanted));
    foreign[100] = '\0';
    assert_made(media_safe_name, foreign, foreign);
    assert_made(distinct_name, foreign, foreign);
    foreign[100] = 'x';
    foreign[101] = '\0';
    wanted[100] = '\0';
    assert_made(media_safe_name, foreign, wanted);
    (void)memcpy(wanted + 91, "-c675a2e6", 10); // of the SHA-256 of a hundred and one x
    assert_made(distinct_name, foreign, wanted);
    // Two bytes do not fit where one is left; a "_" in their place would.
    (void)memcpy(foreign + 99, "\xc3\xbc", 3);
    memset(wanted, 'x', sizeof(wanted));
    wanted[99] = '\0';
    assert_made(media_safe_name, foreign, wanted);
    (void)memcpy(foreign + 98, "\xc3\xbc", 3);
    assert_made(media_safe_name, foreign, foreign);
    assert_made(distinct_name, foreign, foreign);
    (void)memcpy(foreign + 99, " y", 3);
    (void)memcpy(wanted + 99, "_", 2);
    foreign[98] = 'x';
    assert_made(media_safe_name, foreign, wanted);
    // A dot that the cut brings to the end goes, too.
    (void)memcpy(foreign + 99, ".y", 3);
    wanted[99] = '\0';
    assert_made(media_safe_name, foreign, wanted);
}

/** They append, and what stood before is neither cut nor counted. */
static void made_names_are_appended(void **state)
{
    AUTO(builder_done) struct builder name = BUILDER_INIT;
    (void)state;
    builder_add_text(&name, "con/");
    media_safe_name("-a.", &name);
    media_distinct_name("b", false, &name);
    media_distinct_name("", false, &name);
    media_fold_name("C\xff\xf0\x90\x90\x80", &name); // a capital beyond the first plane
    assert_string_equal(builder_text(&name), "con/_ab_-e3b0c442c\xff\xf0\x90\x90\xa8");
}

static bool is_one_for_vfat(const char *a, const char *b)
{
    struct builder folded_a = BUILDER_INIT;
    struct builder folded_b = BUILDER_INIT;
    media_fold_name(a, &folded_a);
    media_fold_name(b, &folded_b);
    bool is_one = bytes_equal(builder_bytes(&folded_a), builder_bytes(&folded_b));
    builder_done(&folded_a);
    builder_done(&folded_b);
    return is_one;
}

static void knows_which_names_are_one_where_capitals_do_not_count(void **state)
{
    (void)state;
    assert_true(is_one_for_vfat("Hall/A-1", "hall/a-1"));
    assert_true(is_one_for_vfat("M\xc3\x9cLLER", "m\xc3\xbcller"));
    assert_true(is_one_for_vfat("\xd0\x97\xd0\x90", "\xd0\xb7\xd0\xb0"));
    assert_true(is_one_for_vfat("\xcf\x82", "\xcf\x83")); // two small sigmas of one capital
    assert_false(is_one_for_vfat("a", "\xc3\xa4"));
    assert_false(is_one_for_vfat("\xe6\xb7\xb1", "\xe4\xb8\x8a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_ordinary_names),
        cmocka_unit_test(refuses_what_some_file_system_cant_hold),
        cmocka_unit_test(says_what_is_wrong_with_a_name),
        cmocka_unit_test(a_name_is_cut_at_its_last_whole_character),
        cmocka_unit_test(made_names_are_appended),
        cmocka_unit_test(makes_any_name_safe),
        cmocka_unit_test(keeps_letters_and_digits_of_any_script),
        cmocka_unit_test(names_that_had_to_change_stay_distinct),
        cmocka_unit_test(every_character_there_is_makes_a_name_that_can_be_written),
        cmocka_unit_test(bounds_the_length),
        cmocka_unit_test(knows_which_names_are_one_where_capitals_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
