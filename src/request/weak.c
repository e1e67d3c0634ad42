#include "request/csr_parts.h"

/* Below this no verifier in use accepts an RSA key; what a CA accepts above it is its policy's choice. */
#define RSA_MIN_BITS 1024
#define RSA_MIN_EXPONENT 65537

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

static bool is_even(struct bytes magnitude)
{
    return magnitude.len == 0 || (magnitude.data[magnitude.len - 1] & 1) == 0;
}

void csr_check_weak_key(struct request *request, const struct public_key_facts *facts)
{
    if (facts->kind != KEY_RSA)
        return;
    uint32_t exponent = small_exponent(facts->exponent);
    if (facts->bits < RSA_MIN_BITS)
        request_problem(request, "key.rsa-size", "NIST SP 800-131A 3", "the RSA key has only %u bits",
                        facts->bits);
    if (is_even(facts->modulus))
        request_problem(request, "key.rsa-modulus", "NIST SP 800-89 5.3.3",
                        "the RSA modulus is even, so it is no product of two large primes");
    if (is_even(facts->exponent) || exponent < 3)
        request_problem(request, "key.rsa-exponent-invalid", "RFC 8017 3.1",
                        "the RSA public exponent is even or 1: nothing can be verified with it");
    else if (exponent < RSA_MIN_EXPONENT)
        request_problem(request, "key.rsa-exponent", "FIPS 186-5 5.4",
                        "the RSA public exponent is %u; at least %d is needed", exponent, RSA_MIN_EXPONENT);
}
