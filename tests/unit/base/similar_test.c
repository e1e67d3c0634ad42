/* SPDX-License-Identifier: Apache-2.0 */
/* Which word a person meant: a slip of the fingers is guessed, another word is not. */
#include "base/similar.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const words[] = {"init",   "request", "check",  "sign",  "batch",
                                    "review", "cert",    "policy", "token", "ledger"};

static const char *guess(const char *word)
{
    struct similar similar = {.word = word};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        similar_offer(&similar, words[i]);
    return similar.found;
}

static void slips_are_guessed(void **state)
{
    static const char *const slips[][2] = {
        {"sgin", "sign"},     {"sig", "sign"},    {"signn", "sign"},      {"sigm", "sign"},
        {"ledgre", "ledger"}, {"ledg", "ledger"}, {"requset", "request"}, {"polciy", "policy"},
        {"reviw", "review"},  {"inti", "init"},   {"certs", "cert"},      {"rekuest", "request"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(slips); i++)
        assert_string_equal(guess(slips[i][0]), slips[i][1]);
}

static void other_words_are_not(void **state)
{
    static const char *const others[] = {
        "",        "s",
        "revoke",  "help",
        "x509",    "verify",
        "publish", "no-such-command",
        "zzzz",    "a word longer than any that there is in any table of ours"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_null(guess(others[i]));
}

static void the_nearest_wins(void **state)
{
    (void)state;
    struct similar similar = {.word = "pin-sourc"};
    similar_offer(&similar, "so-pin-source");
    similar_offer(&similar, "pin-source");
    similar_offer(&similar, "pin-sources");
    assert_string_equal(similar.found, "pin-source");
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    similar_ask(&similar, "--", &text);
    assert_string_equal(builder_text(&text), "; did you mean --pin-source?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slips_are_guessed),
        cmocka_unit_test(other_words_are_not),
        cmocka_unit_test(the_nearest_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
