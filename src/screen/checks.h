/* SPDX-License-Identifier: Apache-2.0 */
/* The single checks behind screen_key(). Each is pure; magnitudes are unsigned and big-endian. Used inside screen/ only. */
#ifndef COLDCA_SCREEN_CHECKS_H
#define COLDCA_SCREEN_CHECKS_H

#include "screen/screen.h"

/** The smallest prime below 65536 that divides the modulus; 0 if there is none. 1 for a modulus below 2. */
unsigned long screen_small_factor(struct bytes modulus);
/** Whether Fermat's method finds the factors within 100 rounds (CA/B BR 6.1.1.3). */
bool screen_has_close_primes(struct bytes modulus);
/**
 * Whether the modulus has the fingerprint of RSALib's primes k * M + (65537^a mod M): modulo each small prime it is a power of 65537
 * (Nemec and others, "The Return of Coppersmith's Attack", ACM CCS 2017, section 2). A sound modulus has it once in 10^26 or so.
 */
bool screen_is_roca(struct bytes modulus);

enum screen_point { SCREEN_POINT_SOUND, SCREEN_POINT_OFF_CURVE, SCREEN_POINT_LOW_ORDER };

/** An EC point as RFC 5480 2.2 has it, or an Ed25519 one (RFC 8032 5.1.2). */
enum screen_point screen_point_check(enum key_kind kind, struct bytes point);

#endif
