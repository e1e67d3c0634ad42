/* SPDX-License-Identifier: Apache-2.0 */
/* Weak keys are found by looking at one key alone, each for its own reason, and sound ones are left in peace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bad_keys.h"
#include "base/encode.h"
#include "base/memory.h"
#include "csr_maker.h"
#include "screen/checks.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

static const struct screen_rules all = SCREEN_RULES_INIT;

/** The rules found, each followed by a blank. */
static char *screen_spki(const struct screen_rules *rules, struct bytes spki)
{
    struct public_key_facts facts;
    struct error err = ERROR_INIT;
    struct findings found = FINDINGS_INIT;
    struct builder text = BUILDER_INIT;
    if (!public_key_read(spki, &facts, &err))
        fail_msg("%s", err.text);
    screen_key(rules, NULL, &facts, &found);
    for (size_t i = 0; i < found.count; i++) {
        assert_non_null(found.items[i].remedy);
        builder_format(&text, "%s ", found.items[i].rule);
    }
    findings_done(&found);
    return builder_take_text(&text);
}

static char *screen_pkey(const struct screen_rules *rules, EVP_PKEY *key)
{
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    assert_true(len > 0);
    char *found = screen_spki(rules, bytes_of(spki, (size_t)len));
    OPENSSL_free(spki);
    EVP_PKEY_free(key);
    return found;
}

static char *screen_text(const struct screen_rules *rules, const char *spki)
{
    struct builder der = BUILDER_INIT;
    der_assemble(spki, &der);
    char *found = screen_spki(rules, builder_bytes(&der));
    builder_done(&der);
    return found;
}

static char *screen_primes(const struct screen_rules *rules, const mpz_t p, const mpz_t q)
{
    return screen_pkey(rules, bad_rsa_key(p, q, 65537));
}

static void expect(char *found, const char *wanted)
{
    assert_string_equal(found, wanted);
    free(found);
}

static void passes_sound_keys_of_every_kind(void **state)
{
    static const char *const kinds[] = {"P-256", "P-384", "P-521", "ED25519", "RSA-2048", "RSA-3072"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (int times = 0; times < (i < 4 ? 20 : 1); times++)
            expect(screen_pkey(&all, csr_key(kinds[i])), "");
    }
}

static void refuses_rsa_below_the_floor(void **state)
{
    struct screen_rules lower = SCREEN_RULES_INIT;
    struct screen_rules higher = SCREEN_RULES_INIT;
    lower.rsa_min_bits = 1024;
    higher.rsa_min_bits = 3072;
    (void)state;
    expect(screen_pkey(&all, csr_key("RSA-1024")), "key.rsa-size ");
    expect(screen_pkey(&lower, csr_key("RSA-1024")), "");
    expect(screen_pkey(&higher, csr_key("RSA-2048")), "key.rsa-size ");
}

static void refuses_exponents_below_65537(void **state)
{
    static const unsigned exponents[] = {3, 17, 65535};
    struct screen_rules off = SCREEN_RULES_INIT;
    off.rsa_exponent = false;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++)
        expect(screen_pkey(&all, csr_rsa_key(2048, exponents[i])), "key.rsa-exponent ");
    expect(screen_pkey(&all, csr_rsa_key(2048, 65539)), "");
    expect(screen_pkey(&off, csr_rsa_key(2048, 3)), "");
}

/** An RSA SubjectPublicKeyInfo of this modulus. */
static char *spki_of(const mpz_t modulus, const char *exponent)
{
    char hex[1024];
    struct builder text = BUILDER_INIT;
    assert_true(mpz_sizeinbase(modulus, 16) < sizeof(hex) - 8);
    (void)gmp_snprintf(hex, sizeof(hex), "%s%Zx", mpz_sizeinbase(modulus, 16) % 2 == 1 ? "0" : "", modulus);
    builder_format(&text, "30{30{06{2a864886f70d010101}0500}03{00 30{02{%s%s}02{%s}}}}",
                   hex[0] >= '8' ? "00" : "", hex, exponent);
    return builder_take_text(&text);
}

static void refuses_exponents_that_verify_nothing(void **state)
{
    static const char *const exponents[] = {"010000", "01", "00", "02", "0100000000"};
    mpz_t p;
    mpz_t q;
    (void)state;
    mpz_inits(p, q, NULL);
    bad_prime(p, 1024, 1);
    bad_prime(q, 1024, 2);
    mpz_mul(p, p, q);
    for (size_t i = 0; i < ARRAY_LEN(exponents); i++) {
        char *spki = spki_of(p, exponents[i]);
        expect(screen_text(&all, spki), "key.rsa-exponent-invalid ");
        free(spki);
    }
    mpz_clears(p, q, NULL);
}

static void refuses_moduli_with_small_factors(void **state)
{
    static const unsigned long factors[] = {2, 3, 751, 65521};
    struct screen_rules off = SCREEN_RULES_INIT;
    mpz_t p;
    mpz_t next;
    off.small_factors = false;
    (void)state;
    mpz_inits(p, next, NULL);
    for (size_t i = 0; i < ARRAY_LEN(factors); i++) {
        bad_prime(p, 2047, 7);
        mpz_mul_ui(p, p, factors[i]);
        char *spki = spki_of(p, "010001");
        expect(screen_text(&all, spki), "key.small-factor ");
        expect(screen_text(&off, spki), "");
        free(spki);
    }
    bad_prime(p, 2047, 7);
    mpz_mul_ui(p, p, 65537); // the first prime that isn't small
    char *spki = spki_of(p, "010001");
    expect(screen_text(&all, spki), "");
    free(spki);
    mpz_clears(p, next, NULL);
}

static void names_the_smallest_factor(void **state)
{
    mpz_t p;
    struct builder octets = BUILDER_INIT;
    (void)state;
    mpz_init(p);
    bad_prime(p, 1024, 9);
    mpz_mul_ui(p, p, 101UL * 65521);
    bad_octets(p, &octets);
    assert_int_equal(screen_small_factor(builder_bytes(&octets)), 101);
    builder_done(&octets);
    mpz_clear(p);
}

static void refuses_close_primes(void **state)
{
    struct screen_rules off = SCREEN_RULES_INIT;
    mpz_t p;
    mpz_t q;
    off.close_primes = false;
    (void)state;
    mpz_inits(p, q, NULL);
    bad_prime(p, 1024, 3);
    bad_close_prime(q, p);
    expect(screen_primes(&all, p, q), "key.close-primes ");
    expect(screen_primes(&off, p, q), "");
    mpz_set(q, p);
    mpz_setbit(q, 500); // half of the bits equal: within 100 rounds
    mpz_nextprime(q, q);
    expect(screen_primes(&all, p, q), "key.close-primes ");
    mpz_set(q, p);
    mpz_combit(q, 900); // far enough
    mpz_nextprime(q, q);
    expect(screen_primes(&all, p, q), "");
    mpz_clears(p, q, NULL);
}

static void refuses_a_square(void **state)
{
    mpz_t p;
    (void)state;
    mpz_init(p);
    bad_prime(p, 1024, 4);
    mpz_mul(p, p, p);
    char *spki = spki_of(p, "010001");
    expect(screen_text(&all, spki), "key.close-primes ");
    free(spki);
    mpz_clear(p);
}

static void refuses_keys_of_rsalib(void **state)
{
    static const unsigned bits[] = {256, 512, 1024};
    struct screen_rules off = SCREEN_RULES_INIT;
    struct screen_rules on = SCREEN_RULES_INIT;
    mpz_t p;
    mpz_t q;
    off.roca = false;
    off.rsa_min_bits = on.rsa_min_bits = 512;
    (void)state;
    mpz_inits(p, q, NULL);
    for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
        bad_roca_prime(p, bits[i], 5);
        bad_roca_prime(q, bits[i], 6);
        expect(screen_primes(&on, p, q), "key.roca ");
        expect(screen_primes(&off, p, q), "");
        bad_prime(q, bits[i], 6); // one such prime alone has no fingerprint
        expect(screen_primes(&on, p, q), "");
    }
    mpz_clears(p, q, NULL);
}

static void refuses_points_off_the_curve(void **state)
{
    static const struct {
        const char *curve;
        size_t octets;
        const char *start;
    } cases[] = {
        {"2a8648ce3d030107", 64, "04"},
        {"2b81040022", 96, "04"},
        {"2b81040023", 132, "04"},
        {"2a8648ce3d030107", 32, "03"}, // no y for this x
    };
    struct screen_rules off = SCREEN_RULES_INIT;
    off.ec_point = false;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct builder spki = BUILDER_INIT;
        builder_format(&spki, "30{30{06{2a8648ce3d0201}06{%s}}03{00%s", cases[i].curve, cases[i].start);
        for (size_t at = 0; at < cases[i].octets; at++)
            builder_add_text(&spki, at + 1 < cases[i].octets || at > 32 ? "01" : "02");
        builder_add_text(&spki, "}}");
        expect(screen_text(&all, builder_text(&spki)), "key.ec-point ");
        expect(screen_text(&off, builder_text(&spki)), "");
        builder_done(&spki);
    }
}

static void passes_compressed_points(void **state)
{
    static const char *const curves[] = {"P-256", "P-384", "P-521"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(curves); i++) {
        EVP_PKEY *key = csr_key(curves[i]);
        assert_int_equal(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                        OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_COMPRESSED),
                         1);
        expect(screen_pkey(&all, key), "");
    }
}

static void refuses_unreduced_coordinates(void **state)
{
    (void)state;
    // x = p + 5 on P-256; x = 5 is on the curve
    expect(screen_text(&all, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{00 02"
                             "0000000000000000000000000000000000000000000000000000000000000005}}"),
           "");
    expect(screen_text(&all, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{00 02"
                             "ffffffff00000001000000000000000000000001000000000000000000000004}}"),
           "key.ec-point ");
}

static void refuses_ed25519_points_of_low_order(void **state)
{
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    static const struct {
        const char *point;
        const char *rule;
    } cases[] = {
        {"00" ZEROS, "key.ed25519-low-order "},
        {"01" ZEROS, "key.ed25519-low-order "},
        {"ec" ONES "7f", "key.ed25519-low-order "},
        {"ec" ONES "ff", "key.ed25519-low-order "},
        {"ed" ONES "7f", "key.ed25519-low-order "},
        {"ee" ONES "7f", "key.ed25519-low-order "},
        {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "key.ed25519-low-order "},
        {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85", "key.ed25519-low-order "},
        {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "key.ed25519-low-order "},
        {"02" ZEROS, "key.ec-point "},                                            // no x for this y
        {"5866666666666666666666666666666666666666666666666666666666666666", ""}, // the base point
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char spki[128];
        (void)snprintf(spki, sizeof(spki), "30{30{06{2b6570}}03{00%s}}", cases[i].point);
        expect(screen_text(&all, spki), cases[i].rule);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_sound_keys_of_every_kind),
        cmocka_unit_test(refuses_rsa_below_the_floor),
        cmocka_unit_test(refuses_exponents_below_65537),
        cmocka_unit_test(refuses_exponents_that_verify_nothing),
        cmocka_unit_test(refuses_moduli_with_small_factors),
        cmocka_unit_test(names_the_smallest_factor),
        cmocka_unit_test(refuses_close_primes),
        cmocka_unit_test(refuses_a_square),
        cmocka_unit_test(refuses_keys_of_rsalib),
        cmocka_unit_test(refuses_points_off_the_curve),
        cmocka_unit_test(passes_compressed_points),
        cmocka_unit_test(refuses_unreduced_coordinates),
        cmocka_unit_test(refuses_ed25519_points_of_low_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
