/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "base/quote.h"
#include "screen/checks.h"

#include <stdarg.h>
#include <stdio.h>

#define RSA_MIN_EXPONENT 65537

static void find(struct findings *findings, const char *rule, const char *source, const char *remedy,
                 const char *format, ...) PRINTF_LIKE(5, 6);

static void find(struct findings *findings, const char *rule, const char *source, const char *remedy,
                 const char *format, ...)
{
    char text[300];
    va_list arguments;
    va_start(arguments, format);
    utf8_vformat(text, sizeof(text), format, arguments); // no text here is half as long
    va_end(arguments);
    findings_add(findings, &(struct finding){.rule = (char *)(uintptr_t)rule,
                                             .source = (char *)(uintptr_t)source,
                                             .text = text,
                                             .remedy = (char *)(uintptr_t)remedy});
}

/** The exponent if it is below 2^32, else UINT32_MAX. */
static uint32_t small_exponent(struct bytes exponent)
{
    uint32_t value = 0;
    if (exponent.len > 4)
        return UINT32_MAX;
    for (size_t i = 0; i < exponent.len; i++)
        value = value << 8 | exponent.data[i];
    return value;
}

static void check_exponent(struct bytes exponent, struct findings *findings)
{
    uint32_t value = small_exponent(exponent);
    bool is_even = exponent.len == 0 || (exponent.data[exponent.len - 1] & 1) == 0;
    if (is_even || value < 3)
        find(findings, "key.rsa-exponent-invalid", "RFC 8017 3.1", "make a new key with the exponent 65537",
             "key: the RSA public exponent is even or 1: nothing can be verified with it");
    else if (value < RSA_MIN_EXPONENT)
        find(findings, "key.rsa-exponent", "FIPS 186-5 5.4", "make a new key with the exponent 65537",
             "key: the RSA public exponent is %u; at least %d is needed", value, RSA_MIN_EXPONENT);
}

static void check_rsa(const struct screen_rules *rules, const struct screen_list *list,
                      const struct public_key_facts *facts, struct findings *findings)
{
    if (facts->bits < rules->rsa_min_bits)
        find(findings, "key.rsa-size", "NIST SP 800-131A 3", "make a longer key",
             "key: the RSA key has %u bits; at least %u are needed", facts->bits, rules->rsa_min_bits);
    if (rules->rsa_exponent)
        check_exponent(facts->exponent, findings);
    unsigned long factor = rules->small_factors ? screen_small_factor(facts->modulus) : 0;
    if (factor > 0)
        find(findings, "key.small-factor", "CA/B BR 6.1.6", "make a new key, with sound software",
             "key: the RSA modulus is divisible by %lu, so it is not a product of two large primes", factor);
    if (rules->close_primes && screen_has_close_primes(facts->modulus))
        find(findings, "key.close-primes", "CA/B BR 6.1.1.3", "make a new key, with sound software",
             "key: the RSA modulus is of two primes so close that anybody can find them (Fermat)");
    if (rules->roca && screen_is_roca(facts->modulus))
        find(findings, "key.roca", "CVE-2017-15361",
             "make a new key outside of that chip, or update its firmware and revoke what its keys have",
             "key: the RSA key was made by Infineon's RSALib, whose keys can be computed (ROCA)");
    if (rules->debian_weak_keys && list != NULL && screen_list_has(list, facts->modulus))
        find(findings, "key.debian", "CVE-2008-0166", "make a new key; revoke what this one has",
             "key: one of the keys that Debian's OpenSSL made in 2006 to 2008: everybody has the private "
             "half");
}

static void check_point(const struct public_key_facts *facts, struct findings *findings)
{
    char title[32];
    switch (screen_point_check(facts->kind, facts->bit_string)) {
    case SCREEN_POINT_OFF_CURVE:
        find(findings, "key.ec-point", "NIST SP 800-56A 5.6.2.3.3", "make a new key, with sound software",
             "key: not a point of the curve of %s", key_title(facts->kind, 0, title));
        break;
    case SCREEN_POINT_LOW_ORDER:
        find(findings, "key.ed25519-low-order", "RFC 8032 8.8", "make a new key, with sound software",
             "key: the Ed25519 key is a point of low order: anybody can sign for it");
        break;
    case SCREEN_POINT_SOUND:
        break;
    }
}

void screen_key(const struct screen_rules *rules, const struct screen_list *list,
                const struct public_key_facts *facts, struct findings *ret_findings)
{
    if (facts->kind == KEY_RSA)
        check_rsa(rules, list, facts, ret_findings);
    else if (facts->kind != KEY_OTHER && rules->ec_point)
        check_point(facts, ret_findings);
}
