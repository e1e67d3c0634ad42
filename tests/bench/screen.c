/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What key screening costs: bench_screen FOLDER OLD NEW. FOLDER gets an index.rsa of OLD moduli. Prints JSON; see tests/bench/screen.py.
 * The old moduli are random odd numbers of 2048 bits and the new ones have no small factors: products do not tell them from real ones.
 */
#include "screen/screen.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/thread.h"
#include "csr_maker.h"
#include "screen/factors.h"

#include <fcntl.h>
#include <gmp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <time.h>

#define CHUNK 8192

static double clock_of(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        abort();
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void end(const char *what)
{
    (void)fprintf(stderr, "bench_screen: %s\n", what);
    abort();
}

static gmp_randstate_t random_state;

static void random_modulus(uint8_t ret_octets[static 256], bool has_no_small_factor)
{
    mpz_t number;
    mpz_t small;
    mpz_t common;
    mpz_inits(number, small, common, NULL);
    mpz_primorial_ui(small, 65536);
    do {
        mpz_urandomb(number, random_state, 2048);
        mpz_setbit(number, 2047);
        mpz_setbit(number, 0);
        mpz_gcd(common, small, number);
    } while (has_no_small_factor && mpz_cmp_ui(common, 1) > 0);
    (void)mpz_export(ret_octets, NULL, 1, 1, 1, 0, number);
    mpz_clears(number, small, common, NULL);
}

static bool always_fits(void *data, uint64_t seq, const uint8_t sha256[static 32])
{
    (void)data;
    (void)seq;
    (void)sha256;
    return true;
}

static struct screen_store *open_store(int folder)
{
    struct error err = ERROR_INIT;
    struct screen_store *store = NULL;
    if (!screen_store_open(folder, true, always_fits, NULL, &store, &err))
        end(err.text);
    return store;
}

static void fill(struct screen_store *store, size_t count, struct json *report)
{
    struct error err = ERROR_INIT;
    uint8_t octets[256];
    uint8_t sha256[32] = {0};
    double spent = 0;
    for (size_t i = 0; i < count; i++) {
        random_modulus(octets, false);
        double start = clock_of(CLOCK_MONOTONIC);
        screen_store_add(store, i, BYTES(octets));
        if ((i + 1 == count || (i + 1) % CHUNK == 0) && !screen_store_cover(store, i + 1, sha256, &err))
            end(err.text);
        spent += clock_of(CLOCK_MONOTONIC) - start;
    }
    json_put_int(report, "fill_ms", (int64_t)(spent * 1e3));
}

static void compare(struct screen_store *store, const struct bytes *moduli, size_t count, const char *name,
                    struct json *report)
{
    struct error err = ERROR_INIT;
    struct screen_share *shares = memory_new(count, sizeof(*shares));
    double best = 1e9;
    double processor = 0;
    for (int round = 0; round < 3; round++) {
        double start = clock_of(CLOCK_MONOTONIC);
        double used = clock_of(CLOCK_PROCESS_CPUTIME_ID);
        if (!screen_shared(&store, 1, moduli, count, thread_each, thread_cores(), shares, &err))
            end(err.text);
        if (clock_of(CLOCK_MONOTONIC) - start < best) {
            best = clock_of(CLOCK_MONOTONIC) - start;
            processor = clock_of(CLOCK_PROCESS_CPUTIME_ID) - used;
        }
    }
    struct json *row = json_put_object(report, name);
    json_put_int(row, "ms", (int64_t)(best * 1e3));
    json_put_int(row, "processor_ms", (int64_t)(processor * 1e3));
    free(shares);
}

/** Nanoseconds a key, all checks on. */
static void screen_one(const char *name, struct json *report)
{
    static const struct screen_rules rules = SCREEN_RULES_INIT;
    struct public_key_facts facts;
    struct error err = ERROR_INIT;
    unsigned char *spki = NULL;
    EVP_PKEY *key = csr_key(name);
    int len = i2d_PUBKEY(key, &spki);
    int times = 2000;
    if (len <= 0 || !public_key_read(bytes_of(spki, (size_t)len), &facts, &err))
        end(err.text);
    struct findings found = FINDINGS_INIT;
    screen_key(&rules, NULL, &facts, &found); // makes the tables
    double start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < times; i++)
        screen_key(&rules, NULL, &facts, &found);
    json_put_int(report, name, (int64_t)((clock_of(CLOCK_PROCESS_CPUTIME_ID) - start) / times * 1e9));
    if (found.count > 0)
        end("a sound key has a finding");
    EVP_PKEY_free(key);
    OPENSSL_free(spki);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"P-256",    "P-384",    "P-521",   "ED25519",
                                        "RSA-2048", "RSA-3072", "RSA-4096"};
    AUTO(json_free) struct json *report = json_new_object();
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    if (argc != 4)
        end("usage: bench_screen FOLDER OLD NEW");
    int folder = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    size_t old = strtoul(argv[2], NULL, 10);
    size_t count = strtoul(argv[3], NULL, 10);
    if (folder < 0 || count == 0)
        end("no folder, or no new keys");
    gmp_randinit_default(random_state);
    struct screen_store *store = open_store(folder);
    fill(store, old, report);
    screen_store_close(store);
    store = open_store(folder);
    struct bytes *moduli = memory_new(count, sizeof(*moduli));
    uint8_t *octets = memory_new(count, 256);
    for (size_t i = 0; i < count; i++) {
        random_modulus(octets + i * 256, true);
        moduli[i] = bytes_of(octets + i * 256, 256);
    }
    compare(store, moduli, 1, "one", report);
    compare(store, moduli, count, "all", report);
    struct json *keys = json_put_object(report, "key_ns");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        screen_one(kinds[i], keys);
    json_canonical(report, &text);
    puts(builder_text(&text));
    screen_store_close(store);
    free(moduli);
    free(octets);
    (void)close(folder);
    gmp_randclear(random_state);
    return 0;
}
