/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key screening: public keys whose private key somebody else can find, recognised by the public key alone.
 * It promises: the checks of one key are pure functions of its bytes: no files, no clock, no token, microseconds for an EC key and below
 * a tenth of a millisecond for RSA 2048; threads may run them side by side.
 * It does not: decide. A finding is a reason, and the policy's `screen:` says which reasons are looked for. Prime factors that keys
 * share are factors.h's.
 */
#ifndef COLDCA_SCREEN_SCREEN_H
#define COLDCA_SCREEN_SCREEN_H

#include "base/finding.h"
#include "base/public_key.h"

/** What is looked for; a policy's `screen:`. */
struct screen_rules {
    unsigned rsa_min_bits; /**< an RSA modulus below is refused; 0: no floor */
    bool rsa_exponent;     /**< even, 1, or below 65537 */
    bool small_factors;    /**< a modulus with a prime factor below 65536 */
    bool close_primes;     /**< p and q so near that Fermat finds them (100 rounds) */
    bool roca;             /**< primes of Infineon's RSALib (CVE-2017-15361) */
    bool debian_weak_keys; /**< keys of Debian's OpenSSL of 2006 to 2008 (CVE-2008-0166); needs the list */
    bool ec_point;         /**< EC and Ed25519: off the curve, or of low order */
    bool issuer_key;       /**< the key of a CA in the chain */
    bool shared_factors;   /**< a prime that another request, or a key the ledger has seen, has as well */
};

/** All on, the floor at 2048 bits: what a policy has that says nothing. */
#define SCREEN_RULES_INIT                                                                                    \
    {                                                                                                        \
        .rsa_min_bits = 2048, .rsa_exponent = true, .small_factors = true, .close_primes = true,             \
        .roca = true, .debian_weak_keys = true, .ec_point = true, .issuer_key = true, .shared_factors = true \
    }

/** Debian's weak keys, from a file (docs/key-screening.md); read-only, may be used by several threads. */
struct screen_list;

/**
 * Maps a list: lines of "#" comments, then lines of 20 lower-case hex digits, sorted, each once.
 * \param name  for messages
 * \return false: ERROR_INPUT if it can't be read or is no such list
 */
MUST_USE bool screen_list_open(int dirfd, const char *name, struct screen_list **ret_list, struct error *err);
void screen_list_close(struct screen_list *list);
DEFINE_AUTO(struct screen_list *, screen_list_close);
size_t screen_list_count(const struct screen_list *list);
/** Whether an RSA modulus is on it: the last 80 bits of SHA-1 over "Modulus=", its digits in upper-case hex, and LF. */
bool screen_list_has(const struct screen_list *list, struct bytes modulus);

/**
 * Looks at one key; adds a finding for each thing that is wrong with it, rules "key.*".
 * \param rules  what is looked for; issuer_key and shared_factors need more than the key and are not looked at here
 * \param list   Debian's weak keys; NULL: that check is not made
 */
void screen_key(const struct screen_rules *rules, const struct screen_list *list,
                const struct public_key_facts *facts, struct findings *ret_findings);

#endif
