/* SPDX-License-Identifier: Apache-2.0 */
/* Words for a digest: the list's own well-known example, and that no word stands for two bytes. */
#include "base/words.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_known_fingerprint_has_its_words(void **state)
{
    static const uint8_t fingerprint[] = {0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27, 0x48, 0x6e, 0x8b,
                                          0x06, 0x1b, 0x31, 0xcc, 0x52, 0x8f, 0xd7, 0xfa, 0x3f, 0x19};
    AUTO(builder_done) struct builder words = BUILDER_INIT;
    AUTO(builder_done) struct builder hex = BUILDER_INIT;
    (void)state;
    words_of(BYTES(fingerprint), 8, &words);
    assert_string_equal(builder_text(&words),
                        "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator\n"
                        "goldfish Medusa afflict bravado chatter revolver Dupont midsummer\n"
                        "stopwatch whimsical cowbell bottomless");
    words_hex_groups(BYTES(fingerprint), &hex);
    assert_string_equal(builder_text(&hex), "e58294f2 e9a22748 6e8b061b 31cc528f d7fa3f19");
}

static void each_byte_has_its_own_word_at_each_place(void **state)
{
    AUTO(builder_done) struct builder all = BUILDER_INIT;
    (void)state;
    for (unsigned place = 0; place < 2; place++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            const uint8_t data[2] = {(uint8_t)byte, (uint8_t)byte};
            AUTO(builder_done) struct builder pair = BUILDER_INIT;
            words_of(BYTES(data), 8, &pair);
            const char *space = strchr(builder_text(&pair), ' ');
            assert_non_null(space);
            AUTO(builder_done) struct builder word = BUILDER_INIT;
            size_t len = (size_t)(space - builder_text(&pair));
            if (place == 0)
                builder_format(&word, "<%.*s>", (int)len, builder_text(&pair));
            else
                builder_format(&word, "<%s>", space + 1);
            if (strstr(builder_text(&all), builder_text(&word)) != NULL)
                fail_msg("%s stands twice", builder_text(&word));
            builder_add_text(&all, builder_text(&word));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_fingerprint_has_its_words),
        cmocka_unit_test(each_byte_has_its_own_word_at_each_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
