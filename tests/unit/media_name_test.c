/* Names that may be written to a medium, and names made safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
        {"M\xc3\xbcller", "M_ller"},
        {"\xff\xfe", "__"},
        {"CON", "_CON"},
        {"nul.pem", "_nul.pem"},
        {"a\n\x1b[2J", "a___2J"},
        {"end.", "end"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct builder name = BUILDER_INIT;
        media_safe_name(cases[i].foreign, &name);
        assert_string_equal(builder_text(&name), cases[i].safe);
        assert_null(media_name_fault(builder_text(&name), name.len));
        builder_done(&name);
    }
}

static void bounds_the_length(void **state)
{
    char foreign[1000];
    struct builder name = BUILDER_INIT;
    (void)state;
    memset(foreign, 'x', sizeof(foreign) - 1);
    foreign[sizeof(foreign) - 1] = '\0';
    media_safe_name(foreign, &name);
    assert_int_equal(name.len, 100);
    builder_done(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_ordinary_names),
        cmocka_unit_test(refuses_what_some_file_system_cant_hold),
        cmocka_unit_test(makes_any_name_safe),
        cmocka_unit_test(bounds_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
