/* SPDX-License-Identifier: Apache-2.0 */
#include "screen/checks.h"

#include <gmp.h>
#include <pthread.h>
#include <stdlib.h>

/* The curves' constants: NIST SP 800-186 3.2.1 (a is -3 on all of them) and RFC 7748 4.1, RFC 8032 5.1. */
static const struct {
    const char *prime;
    const char *b; /**< Ed25519: d */
    size_t field_len;
} constants[] = {
    [KEY_EC_P256] = {"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
                     "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b", 32},
    [KEY_EC_P384] = {"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
                     "ffffffff0000000000000000ffffffff",
                     "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
                     "c656398d8a2ed19d2a85c8edd3ec2aef",
                     48},
    [KEY_EC_P521] = {"1ff"
                     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                     "51"
                     "953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1"
                     "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
                     66},
    [KEY_ED25519] = {"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
                     "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 32},
};

/* The y of a point of order 8 on edwards25519; the others of order 8 have y or -y. */
static const char order_8[] = "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826";

/* Made once, only read afterwards; kept until the process ends. */
static struct {
    mpz_t prime;
    mpz_t b;
} curves[KEY_ED25519 + 1];
static mpz_t order_8_y;
static pthread_once_t curves_made = PTHREAD_ONCE_INIT;

static void make_curves(void)
{
    for (int kind = KEY_EC_P256; kind <= KEY_ED25519; kind++) {
        if (mpz_init_set_str(curves[kind].prime, constants[kind].prime, 16) != 0 ||
            mpz_init_set_str(curves[kind].b, constants[kind].b, 16) != 0)
            abort(); // a misprint above
    }
    if (mpz_init_set_str(order_8_y, order_8, 16) != 0)
        abort();
}

/** y^2 = x^3 - 3x + b; of a compressed point only x is there, and it needs a y. The NIST curves have no points of low order. */
static enum screen_point check_weierstrass(enum key_kind kind, struct bytes point)
{
    size_t field_len = constants[kind].field_len;
    bool is_full = point.len == 1 + 2 * field_len && point.data[0] == 0x04;
    bool is_compressed = point.len == 1 + field_len && (point.data[0] | 1) == 0x03;
    bool is_on_curve = false;
    mpz_t x;
    mpz_t y;
    mpz_t right;
    if (!is_full && !is_compressed)
        return SCREEN_POINT_OFF_CURVE;
    mpz_inits(x, y, right, NULL);
    mpz_import(x, field_len, 1, 1, 1, 0, point.data + 1);
    mpz_mul(right, x, x);
    mpz_sub_ui(right, right, 3);
    mpz_mod(right, right, curves[kind].prime);
    mpz_mul(right, right, x);
    mpz_add(right, right, curves[kind].b);
    mpz_mod(right, right, curves[kind].prime);
    if (is_full) {
        mpz_import(y, field_len, 1, 1, 1, 0, point.data + 1 + field_len);
        bool is_reduced = mpz_cmp(y, curves[kind].prime) < 0;
        mpz_mul(y, y, y);
        mpz_mod(y, y, curves[kind].prime);
        is_on_curve = is_reduced && mpz_cmp(y, right) == 0;
    } else {
        is_on_curve = mpz_sgn(right) == 0 || mpz_legendre(right, curves[kind].prime) == 1;
    }
    is_on_curve = is_on_curve && mpz_cmp(x, curves[kind].prime) < 0;
    mpz_clears(x, y, right, NULL);
    return is_on_curve ? SCREEN_POINT_SOUND : SCREEN_POINT_OFF_CURVE;
}

/** -x^2 + y^2 = 1 + d x^2 y^2, so (y^2 - 1) / (d y^2 + 1) has to be a square (RFC 8032 5.1.3). */
static enum screen_point check_edwards(struct bytes point)
{
    enum screen_point answer = SCREEN_POINT_SOUND;
    uint8_t octets[32];
    mpz_t y;
    mpz_t above;
    mpz_t below;
    if (point.len != sizeof(octets))
        return SCREEN_POINT_OFF_CURVE;
    memcpy(octets, point.data, sizeof(octets));
    octets[31] &= 0x7f; // the top bit is the sign of x
    mpz_inits(y, above, below, NULL);
    mpz_import(y, sizeof(octets), -1, 1, 0, 0, octets);
    mpz_mod(y, y, curves[KEY_ED25519].prime); // points of low order are also written unreduced
    mpz_mul(above, y, y);
    mpz_mul(below, above, curves[KEY_ED25519].b);
    mpz_sub_ui(above, above, 1);
    mpz_add_ui(below, below, 1);
    mpz_mul(below, below, above); // a quotient is a square if the product is one
    mpz_mod(above, above, curves[KEY_ED25519].prime);
    mpz_mod(below, below, curves[KEY_ED25519].prime);
    // y = 1 and -1: order 1 and 2; y = 0: order 4
    if (mpz_sgn(y) == 0 || mpz_sgn(above) == 0 || mpz_cmp(y, order_8_y) == 0) {
        answer = SCREEN_POINT_LOW_ORDER;
    } else if (mpz_legendre(below, curves[KEY_ED25519].prime) != 1) {
        answer = SCREEN_POINT_OFF_CURVE;
    } else {
        mpz_sub(y, curves[KEY_ED25519].prime, y);
        if (mpz_cmp(y, order_8_y) == 0)
            answer = SCREEN_POINT_LOW_ORDER;
    }
    mpz_clears(y, above, below, NULL);
    return answer;
}

enum screen_point screen_point_check(enum key_kind kind, struct bytes point)
{
    if (pthread_once(&curves_made, make_curves) != 0)
        abort();
    return kind == KEY_ED25519 ? check_edwards(point) : check_weierstrass(kind, point);
}
