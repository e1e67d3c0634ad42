/* SPDX-License-Identifier: Apache-2.0 */
/* Where each check of one key begins and ends, and all that it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bad_keys.h"
#include "base/memory.h"
#include "screen/checks.h"

#include <string.h>

/* ---- exponents, and what is said ---- */

/** All that is found, a line each: the rule, its source, the text and the remedy. */
static char *found_of(const struct screen_rules *rules, const struct public_key_facts *facts)
{
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    struct findings found = FINDINGS_INIT;
    screen_key(rules, NULL, facts, &found);
    for (size_t i = 0; i < found.count; i++)
        builder_format(&text, "%s|%s|%s|%s\n", found.items[i].rule, found.items[i].source,
                       found.items[i].text, found.items[i].remedy);
    findings_done(&found);
    return builder_take_text(&text);
}

static void assert_exponent(const char *octets, size_t len, const char *wanted)
{
    const struct screen_rules rules = {.rsa_exponent = true};
    const struct public_key_facts facts = {.kind = KEY_RSA, .bits = 2048, .exponent = bytes_of(octets, len)};
    AUTO(free) char *found = found_of(&rules, &facts);
    assert_string_equal(found, wanted);
}

static void exponents_have_their_bounds(void **state)
{
#define NOTHING                                                                                              \
    "key.rsa-exponent-invalid|RFC 8017 3.1|key: the RSA public exponent is even or 1: nothing can be "       \
    "verified with it|make a new key with the exponent 65537\n"
#define LOW(value)                                                                                           \
    "key.rsa-exponent|FIPS 186-5 5.4|key: the RSA public exponent is " value                                 \
    "; at least 65537 is needed|make a new key with the exponent 65537\n"
    (void)state;
    assert_exponent("", 0, NOTHING);
    assert_exponent("\0", 1, NOTHING);
    assert_exponent("\1", 1, NOTHING);
    assert_exponent("\2", 1, NOTHING);
    assert_exponent("\3", 1, LOW("3"));
    assert_exponent("\xff", 1, LOW("255"));
    assert_exponent("\xff\xff", 2, LOW("65535"));
    assert_exponent("\1\0\0", 3, NOTHING);
    assert_exponent("\1\0\1", 3, "");
    assert_exponent("\0\1\0\1", 4, "");
    assert_exponent("\xff\xff\xff\xff", 4, "");
    assert_exponent("\xff\xff\xff\xfe", 4, NOTHING);
    assert_exponent("\1\0\0\0\1", 5, "");
    assert_exponent("\0\0\0\0\3", 5, "");
    assert_exponent("\1\0\0\0\0", 5, NOTHING);
}

static void each_finding_is_told_with_its_source_and_remedy(void **state)
{
    static const uint8_t three_times_three[] = {9};
    static const uint8_t no_point[] = {5};
    static const uint8_t low[32] = {1};
    struct screen_rules rules = SCREEN_RULES_INIT;
    struct public_key_facts facts = {
        .kind = KEY_RSA, .bits = 2047, .exponent = BYTES_LITERAL("\3"), .modulus = BYTES(three_times_three)};
    (void)state;
    AUTO(free) char *rsa = found_of(&rules, &facts);
    assert_string_equal(
        rsa,
        "key.rsa-size|NIST SP 800-131A 3|key: the RSA key has 2047 bits; at least 2048 are needed|make a "
        "longer key\n" LOW("3") "key.small-factor|CA/B BR 6.1.6|key: the RSA modulus is divisible by 3, so "
                                "it is not a product of two "
                                "large primes|make a new key, with sound software\n"
                                "key.close-primes|CA/B BR 6.1.1.3|key: the RSA modulus is of two primes so "
                                "close that anybody can find "
                                "them (Fermat)|make a new key, with sound software\n");
    rules = (struct screen_rules){.rsa_min_bits = 2047, .ec_point = true};
    AUTO(free) char *none = found_of(&rules, &facts);
    assert_string_equal(none, "");
    facts = (struct public_key_facts){.kind = KEY_EC_P384, .bit_string = BYTES(no_point)};
    AUTO(free) char *ec = found_of(&rules, &facts);
    assert_string_equal(
        ec, "key.ec-point|NIST SP 800-56A 5.6.2.3.3|key: not a point of the curve of EC P-384|make "
            "a new key, with sound software\n");
    facts = (struct public_key_facts){.kind = KEY_ED25519, .bit_string = BYTES(low)};
    AUTO(free) char *edwards = found_of(&rules, &facts);
    assert_string_equal(edwards,
                        "key.ed25519-low-order|RFC 8032 8.8|key: the Ed25519 key is a point of low order: "
                        "anybody can sign for it|make a new key, with sound software\n");
    rules.ec_point = false;
    AUTO(free) char *off = found_of(&rules, &facts);
    assert_string_equal(off, "");
    rules = (struct screen_rules)SCREEN_RULES_INIT;
    facts.kind = KEY_OTHER;
    AUTO(free) char *other = found_of(&rules, &facts);
    assert_string_equal(other, "");
}

/* ---- RSA ---- */

static unsigned long small_factor(const mpz_t number)
{
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    bad_octets(number, &octets);
    return screen_small_factor(builder_bytes(&octets));
}

static void every_small_prime_is_found(void **state)
{
    mpz_t number;
    mpz_t large;
    (void)state;
    mpz_inits(number, large, NULL);
    bad_prime(large, 512, 1);
    static const uint8_t one[] = {0, 1};
    assert_int_equal(screen_small_factor(bytes_of(NULL, 0)), 1);
    assert_int_equal(screen_small_factor(bytes_of(one, 1)), 1); // 0
    assert_int_equal(screen_small_factor(bytes_of(one, 2)), 1);
    for (mpz_set_ui(number, 2); mpz_cmp_ui(number, 65536) < 0; mpz_nextprime(number, number)) {
        unsigned long prime = mpz_get_ui(number);
        bool is_end = prime < 1000 || prime > 65000;
        if (!is_end && prime % 7 != 1)
            continue; // a sample of those between
        mpz_t product;
        mpz_init(product);
        mpz_mul(product, large, number);
        assert_int_equal(small_factor(product), prime);
        assert_int_equal(small_factor(number), prime);
        mpz_clear(product);
    }
    for (int i = 0; i < 3; i++) { // 65537 and those behind
        assert_int_equal(small_factor(number), 0);
        mpz_nextprime(number, number);
    }
    assert_int_equal(small_factor(large), 0);
    mpz_clears(number, large, NULL);
}

static bool has_close_primes(const mpz_t number)
{
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    bad_octets(number, &octets);
    return screen_has_close_primes(builder_bytes(&octets));
}

/** Fermat finds a product (middle - apart) * (middle + apart) in the round that the square root lies below the middle. */
static void fermats_hundred_rounds_are_made(void **state)
{
    mpz_t middle;
    mpz_t apart;
    mpz_t number;
    mpz_t root;
    (void)state;
    mpz_inits(middle, apart, number, root, NULL);
    for (unsigned long rounds = 0; rounds <= 110; rounds++) {
        mpz_set_ui(middle, 1);
        mpz_mul_2exp(middle, middle, 600);
        mpz_add_ui(middle, middle, 12345);
        // apart^2 = middle^2 - root^2, with the root as far below the middle as rounds are made
        mpz_mul_ui(apart, middle, 2 * rounds + 1);
        mpz_sqrt(apart, apart);
        if (mpz_odd_p(apart)) // of one parity the product were even
            mpz_sub_ui(apart, apart, 1);
        mpz_mul(number, middle, middle);
        mpz_submul(number, apart, apart);
        mpz_sqrt(root, number);
        mpz_sub(root, middle, root); // rounds + 1: the root is not whole
        assert_int_equal(mpz_get_ui(root), rounds + 1);
        if (has_close_primes(number) != (rounds < 100))
            fail_msg("%lu rounds", rounds);
    }
    static const struct {
        unsigned long number;
        bool is_close;
    } small[] = {{1, false}, {4, true}, {9, true}, {25, true}, {15, true}, {35, true}, {6, false}};
    assert_false(screen_has_close_primes(bytes_of(NULL, 0)));
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        mpz_set_ui(number, small[i].number);
        if (has_close_primes(number) != small[i].is_close)
            fail_msg("%lu", small[i].number);
    }
    mpz_clears(middle, apart, number, root, NULL);
}

static bool is_roca(const mpz_t number)
{
    AUTO(builder_done) struct builder octets = BUILDER_INIT;
    bad_octets(number, &octets);
    return screen_is_roca(builder_bytes(&octets));
}

static bool is_power_of_65537(unsigned long residue, unsigned long prime)
{
    unsigned long power = 1;
    do {
        if (power == residue)
            return true;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}

/** Of a number that is a power for each prime, one residue is changed: it is RSALib's only if that is a power, too. */
static void rsalib_is_known_by_each_of_its_primes(void **state)
{
    static const unsigned long primes[] = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                           47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                           107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    mpz_t all;
    mpz_t number;
    mpz_t step;
    (void)state;
    mpz_inits(all, number, step, NULL);
    mpz_set_ui(all, 1);
    for (size_t i = 0; i < ARRAY_LEN(primes); i++)
        mpz_mul_ui(all, all, primes[i]);
    mpz_set_ui(number, 65537);
    mpz_powm_ui(number, number, 12345, all);
    assert_true(is_roca(number));
    for (size_t i = 0; i < ARRAY_LEN(primes); i++) {
        mpz_divexact_ui(step, all, primes[i]);
        for (unsigned long times = 0; times < primes[i]; times++) {
            mpz_add(number, number, step);
            unsigned long residue = mpz_fdiv_ui(number, primes[i]);
            if (is_roca(number) != is_power_of_65537(residue, primes[i]))
                fail_msg("%lu modulo %lu", residue, primes[i]);
        }
    }
    mpz_clears(all, number, step, NULL);
}

/* ---- points ---- */

/** y of a point on P-256 with x = 5, and p. */
#define P256 "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"

static void assert_point(enum key_kind kind, int first, const mpz_t x, const mpz_t y, size_t field_len,
                         size_t len, enum screen_point wanted)
{
    uint8_t point[200] = {(uint8_t)first};
    uint8_t octets[100];
    size_t count = 0;
    (void)mpz_export(octets, &count, 1, 1, 1, 0, x);
    memcpy(point + 1 + field_len - count, octets, count);
    (void)mpz_export(octets, &count, 1, 1, 1, 0, y);
    memcpy(point + 1 + 2 * field_len - count, octets, count);
    if (screen_point_check(kind, bytes_of(point, len)) != wanted)
        fail_msg("first octet %d, %zu octets", first, len);
}

static void a_point_has_its_form_and_lies_on_its_curve(void **state)
{
    static const struct {
        enum key_kind kind;
        size_t field_len;
        const char *prime;
        const char *b;
    } curves[] = {
        {KEY_EC_P256, 32, P256, "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"},
        {KEY_EC_P384, 48,
         "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
         "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"},
    };
    mpz_t prime;
    mpz_t x;
    mpz_t y;
    mpz_t power;
    (void)state;
    mpz_inits(prime, x, y, power, NULL);
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        size_t field = curves[i].field_len;
        enum key_kind kind = curves[i].kind;
        assert_int_equal(mpz_set_str(prime, curves[i].prime, 16), 0);
        // Some have a y, by y = right^((p + 1) / 4) where that is a root.
        size_t on_curve = 0;
        for (unsigned long value = 0; value < 40; value++) {
            mpz_set_ui(x, value);
            assert_int_equal(mpz_set_str(y, curves[i].b, 16), 0);
            mpz_set_ui(power, value * value * value);
            mpz_add(y, y, power);
            mpz_sub_ui(y, y, 3 * value);
            mpz_t right;
            mpz_init_set(right, y);
            mpz_mod(right, right, prime);
            mpz_add_ui(power, prime, 1);
            mpz_divexact_ui(power, power, 4);
            mpz_powm(y, right, power, prime);
            mpz_powm_ui(power, y, 2, prime);
            bool is_on = mpz_cmp(power, right) == 0;
            mpz_clear(right);
            on_curve += is_on;
            enum screen_point wanted = is_on ? SCREEN_POINT_SOUND : SCREEN_POINT_OFF_CURVE;
            assert_point(kind, 2, x, y, field, 1 + field, wanted);
            assert_point(kind, 3, x, y, field, 1 + field, wanted);
            assert_point(kind, 4, x, y, field, 1 + 2 * field, wanted);
            static const int firsts[] = {0, 1, 5, 6, 7, 0x82};
            for (size_t j = 0; j < ARRAY_LEN(firsts); j++) {
                assert_point(kind, firsts[j], x, y, field, 1 + field, SCREEN_POINT_OFF_CURVE);
                assert_point(kind, firsts[j], x, y, field, 1 + 2 * field, SCREEN_POINT_OFF_CURVE);
            }
            assert_point(kind, 2, x, y, field, 1 + 2 * field, SCREEN_POINT_OFF_CURVE);
            assert_point(kind, 4, x, y, field, 1 + field, SCREEN_POINT_OFF_CURVE);
            for (size_t len = 0; len <= 3 + 2 * field; len++) {
                if (len != 1 + field)
                    assert_point(kind, 2, x, y, field, len, SCREEN_POINT_OFF_CURVE);
                if (len != 1 + 2 * field)
                    assert_point(kind, 4, x, y, field, len, SCREEN_POINT_OFF_CURVE);
            }
            mpz_sub(y, prime, y); // the other one
            assert_point(kind, 4, x, y, field, 1 + 2 * field, wanted);
            mpz_add_ui(y, y, 1);
            assert_point(kind, 4, x, y, field, 1 + 2 * field, SCREEN_POINT_OFF_CURVE);
            mpz_sub_ui(y, y, 1);
            mpz_add(x, x, prime); // not reduced
            if (mpz_sizeinbase(x, 2) <= 8 * field) {
                assert_point(kind, 4, x, y, field, 1 + 2 * field, SCREEN_POINT_OFF_CURVE);
                assert_point(kind, 2, x, y, field, 1 + field, SCREEN_POINT_OFF_CURVE);
            }
        }
        assert_in_range(on_curve, 8, 32);
    }
    mpz_clears(prime, x, y, power, NULL);
}

static void an_edwards_point_has_32_octets(void **state)
{
    uint8_t base[34];
    (void)state;
    memset(base, 0x66, sizeof(base));
    base[0] = 0x58;
    for (size_t len = 0; len <= 34; len++)
        assert_int_equal(screen_point_check(KEY_ED25519, bytes_of(base, len)),
                         len == 32 ? SCREEN_POINT_SOUND : SCREEN_POINT_OFF_CURVE);
    base[31] |= 0x80; // the other x
    assert_int_equal(screen_point_check(KEY_ED25519, bytes_of(base, 32)), SCREEN_POINT_SOUND);
    // Of the first y some have an x (RFC 8032 5.1.3: about half).
    size_t sound = 0;
    for (uint8_t y = 2; y < 102; y++) {
        uint8_t point[32] = {y};
        enum screen_point answer = screen_point_check(KEY_ED25519, BYTES(point));
        assert_int_not_equal(answer, SCREEN_POINT_LOW_ORDER);
        sound += answer == SCREEN_POINT_SOUND;
    }
    assert_in_range(sound, 30, 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponents_have_their_bounds),
        cmocka_unit_test(each_finding_is_told_with_its_source_and_remedy),
        cmocka_unit_test(every_small_prime_is_found),
        cmocka_unit_test(fermats_hundred_rounds_are_made),
        cmocka_unit_test(rsalib_is_known_by_each_of_its_primes),
        cmocka_unit_test(a_point_has_its_form_and_lies_on_its_curve),
        cmocka_unit_test(an_edwards_point_has_32_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
