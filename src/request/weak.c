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

/**
 * The y coordinates of Ed25519's points of order 1, 2, 4 and 8, also written unreduced (y + p): with such a key a signature
 * proves nothing (RFC 8032 5.1.7 lets it pass).
 */
static bool is_low_order(struct bytes point)
{
    static const uint8_t ends[][2] = {{0x00, 0x00}, {0x01, 0x00}, {0xec, 0x7f}, {0xed, 0x7f}, {0xee, 0x7f}};
    static const uint8_t order_8[][32] = {
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t y[32];
    uint8_t middle = point.data[1];
    bool is_uniform = true;
    memcpy(y, point.data, sizeof(y));
    y[31] &= 0x7f; // the top bit is the sign of x
    for (size_t i = 1; i < 31; i++)
        is_uniform = is_uniform && y[i] == middle;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (is_uniform && y[0] == ends[i][0] && y[31] == ends[i][1] && middle == (i < 2 ? 0x00 : 0xff))
            return true;
    }
    return memcmp(y, order_8[0], sizeof(y)) == 0 || memcmp(y, order_8[1], sizeof(y)) == 0;
}

static void check_rsa(struct request *request, const struct public_key_facts *facts)
{
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

void csr_check_weak_key(struct request *request, const struct public_key_facts *facts)
{
    if (facts->kind == KEY_RSA)
        check_rsa(request, facts);
    if (facts->kind == KEY_ED25519 && is_low_order(facts->bit_string))
        request_problem(request, "key.ed25519-low-order", "RFC 8032 8.8",
                        "the Ed25519 key is a point of low order: anybody can sign for it");
}
