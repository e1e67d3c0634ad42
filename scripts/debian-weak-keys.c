/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes again the RSA keys that `openssl genrsa` made on Debian from September 2006 to May 2008 (CVE-2008-0166), and prints the
 * fingerprint of each: debian-weak-keys BITS ARCH RND FIRST LAST.
 *
 * Debian's OpenSSL 0.9.8c-1 to 0.9.8g-8 did not hash what was to seed its random numbers. What was left is the process id, how
 * often and with how many bytes the pool was stirred, and in what form the machine has a long. So a key is known by its size, the
 * process id (FIRST to LAST, below 32768), ARCH (le32, le64, be32) and RND: whether there was a ~/.rnd (rnd), none (nornd), or
 * one that could not be read, which is also what earlier versions did without one (noreadrnd). Every step that takes random
 * numbers is done here as OpenSSL 0.9.8 did it: its generator, the sieve for primes and the bases of Miller and Rabin's test.
 */
#include <gmp.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_LEN 1023
#define HASH_LEN 20
#define BLOCK_LEN (HASH_LEN / 2)
#define PRIMES 2048
#define EXPONENT 65537

static EVP_MD *sha1;
static EVP_MD_CTX *hash;
static unsigned primes[PRIMES];

struct machine {
    size_t long_len;
    bool is_big_endian;
    size_t stat_len; /* sizeof(struct stat) */
};

/* The generator of crypto/rand/md_rand.c, without the bytes that Debian left out. */
struct generator {
    const struct machine *machine;
    uint32_t pid;
    uint8_t pool[POOL_LEN];
    size_t filled;
    size_t index;
    uint8_t md[HASH_LEN];
    uint64_t counts[2];
    bool is_polled;
    bool is_stirred;
};

static void fail(const char *what)
{
    fprintf(stderr, "debian-weak-keys: %s\n", what);
    exit(1);
}

static void start(void)
{
    if (EVP_DigestInit_ex(hash, sha1, NULL) != 1)
        fail("libcrypto has no SHA-1");
}

static void update(const void *data, size_t len)
{
    if (EVP_DigestUpdate(hash, data, len) != 1)
        fail("SHA-1");
}

static void finish(uint8_t *digest)
{
    if (EVP_DigestFinal_ex(hash, digest, NULL) != 1)
        fail("SHA-1");
}

static void update_number(const struct machine *machine, uint64_t number, size_t len)
{
    uint8_t octets[8];
    for (size_t i = 0; i < len; i++)
        octets[machine->is_big_endian ? len - 1 - i : i] = (uint8_t)(number >> (8 * i));
    update(octets, len);
}

static void update_counts(const struct generator *generator, const uint64_t counts[2])
{
    update_number(generator->machine, counts[0], generator->machine->long_len);
    update_number(generator->machine, counts[1], generator->machine->long_len);
}

/* A run of the pool that may go round its end. */
static void update_pool(const struct generator *generator, size_t at, size_t len, size_t end)
{
    size_t first = at + len > end ? end - at : len;
    update(generator->pool + at, first);
    update(generator->pool, len - first);
}

/* RAND_add(): only how much was added matters. */
static void stir(struct generator *generator, size_t len)
{
    size_t at = generator->index;
    uint64_t counts[2] = {generator->counts[0], generator->counts[1]};
    uint8_t local[HASH_LEN];
    memcpy(local, generator->md, HASH_LEN);
    generator->index += len;
    if (generator->index >= POOL_LEN) {
        generator->index %= POOL_LEN;
        generator->filled = POOL_LEN;
    } else if (generator->index > generator->filled) {
        generator->filled = generator->index;
    }
    generator->counts[1] += (len + HASH_LEN - 1) / HASH_LEN;
    for (size_t done = 0; done < len; done += HASH_LEN) {
        size_t some = len - done < HASH_LEN ? len - done : HASH_LEN;
        start();
        update(local, HASH_LEN);
        update_pool(generator, at, some, POOL_LEN);
        update_counts(generator, counts);
        finish(local);
        counts[1]++;
        for (size_t i = 0; i < some; i++) {
            generator->pool[at] ^= local[i];
            at = at + 1 < POOL_LEN ? at + 1 : 0;
        }
    }
    for (size_t i = 0; i < HASH_LEN; i++)
        generator->md[i] ^= local[i];
}

/* RAND_poll(): 32 bytes of /dev/urandom, then process id, user and time as a long each. */
static void poll_system(struct generator *generator)
{
    stir(generator, 32);
    for (int i = 0; i < 3; i++)
        stir(generator, generator->machine->long_len);
    generator->is_polled = true;
}

/* RAND_bytes() */
static void random_octets(struct generator *generator, uint8_t *octets, size_t len)
{
    uint8_t local[HASH_LEN];
    if (!generator->is_polled)
        poll_system(generator);
    if (!generator->is_stirred) {
        for (int left = POOL_LEN; left > 0; left -= HASH_LEN)
            stir(generator, HASH_LEN);
        generator->is_stirred = true;
    }
    size_t at = generator->index;
    size_t end = generator->filled;
    uint64_t counts[2] = {generator->counts[0], generator->counts[1]};
    memcpy(local, generator->md, HASH_LEN);
    generator->index += (len + BLOCK_LEN - 1) / BLOCK_LEN * BLOCK_LEN;
    if (generator->index > end)
        generator->index %= end;
    generator->counts[0]++;
    for (size_t done = 0; done < len; done += BLOCK_LEN) {
        size_t some = len - done < BLOCK_LEN ? len - done : BLOCK_LEN;
        start();
        if (done == 0)
            update_number(generator->machine, generator->pid, 4);
        update(local, HASH_LEN);
        update_counts(generator, counts);
        update_pool(generator, at, BLOCK_LEN, end);
        finish(local);
        for (size_t i = 0; i < BLOCK_LEN; i++) {
            generator->pool[at] ^= local[i];
            at = at + 1 < end ? at + 1 : 0;
        }
        memcpy(octets + done, local + BLOCK_LEN, some);
    }
    start();
    update_counts(generator, counts);
    update(local, HASH_LEN);
    update(generator->md, HASH_LEN);
    finish(generator->md);
}

/* BN_rand(), BN_pseudo_rand(): bits is a multiple of 8 here. */
static void random_number(struct generator *generator, mpz_t number, size_t bits, bool is_candidate)
{
    uint8_t octets[1024];
    stir(generator, generator->machine->long_len); /* the time */
    random_octets(generator, octets, bits / 8);
    if (is_candidate) {
        octets[0] |= 0xc0;
        octets[bits / 8 - 1] |= 1;
    }
    mpz_import(number, bits / 8, 1, 1, 1, 0, octets);
}

/* The next number from a random one on that leaves neither 0 nor 1 modulo the small primes. */
static void sieve(struct generator *generator, mpz_t number, size_t bits)
{
    unsigned long rests[PRIMES];
    unsigned long delta = 0;
    random_number(generator, number, bits, true);
    for (size_t i = 1; i < PRIMES; i++)
        rests[i] = mpz_fdiv_ui(number, primes[i]);
    for (size_t i = 1; i < PRIMES;) {
        if ((rests[i] + delta) % primes[i] <= 1) {
            delta += 2;
            i = 1;
        } else {
            i++;
        }
    }
    mpz_add_ui(number, number, delta);
}

static int rounds_for(size_t bits)
{
    static const struct {
        size_t bits;
        int rounds;
    } table[] = {{1300, 2}, {850, 3}, {650, 4}, {550, 5}, {450, 6}, {400, 7}, {350, 8}, {300, 9}, {250, 12}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (bits >= table[i].bits)
            return table[i].rounds;
    }
    return 15;
}

static bool is_witness(const mpz_t base, const mpz_t number, const mpz_t less, const mpz_t odd,
                       unsigned long twos)
{
    mpz_t power;
    bool is_composite = true;
    mpz_init(power);
    mpz_powm(power, base, odd, number);
    if (mpz_cmp_ui(power, 1) == 0)
        is_composite = false;
    for (unsigned long i = 0; is_composite && i < twos; i++) {
        if (mpz_cmp(power, less) == 0)
            is_composite = false;
        mpz_powm_ui(power, power, 2, number);
    }
    mpz_clear(power);
    return is_composite;
}

/* Miller and Rabin, with bases from the generator: how many it takes decides about all that follows. */
static bool is_prime(struct generator *generator, const mpz_t number)
{
    mpz_t less;
    mpz_t odd;
    mpz_t base;
    bool is_passed = true;
    mpz_inits(less, odd, base, NULL);
    mpz_sub_ui(less, number, 1);
    unsigned long twos = mpz_scan1(less, 0);
    mpz_fdiv_q_2exp(odd, less, twos);
    size_t bits = mpz_sizeinbase(less, 2);
    for (int i = rounds_for(mpz_sizeinbase(number, 2)); is_passed && i > 0; i--) {
        do {
            random_number(generator, base, bits, false);
        } while (mpz_cmp(base, less) >= 0);
        mpz_add_ui(base, base, 1);
        is_passed = !is_witness(base, number, less, odd, twos);
    }
    mpz_clears(less, odd, base, NULL);
    return is_passed;
}

static void make_prime(struct generator *generator, mpz_t prime, size_t bits)
{
    do {
        do {
            sieve(generator, prime, bits);
        } while (!is_prime(generator, prime));
    } while (mpz_fdiv_ui(prime, EXPONENT) == 1); /* gcd(p - 1, e) has to be 1 */
}

static void print_fingerprint(const mpz_t modulus)
{
    uint8_t digest[HASH_LEN];
    char *text = mpz_get_str(NULL, -16, modulus);
    start();
    update("Modulus=", 8);
    update(text, strlen(text));
    update("\n", 1);
    finish(digest);
    for (size_t i = HASH_LEN - 10; i < HASH_LEN; i++)
        printf("%02x", digest[i]);
    printf("\n");
    free(text);
}

static void make_key(const struct machine *machine, const char *rnd, uint32_t pid, size_t bits)
{
    struct generator generator = {.machine = machine, .pid = pid};
    mpz_t p;
    mpz_t q;
    mpz_inits(p, q, NULL);
    if (strcmp(rnd, "nornd") != 0)
        stir(&generator, machine->stat_len);
    if (strcmp(rnd, "rnd") == 0)
        stir(&generator, 1024);
    else
        poll_system(&generator);
    make_prime(&generator, p, bits / 2);
    make_prime(&generator, q, bits / 2);
    mpz_mul(p, p, q);
    print_fingerprint(p);
    mpz_clears(p, q, NULL);
}

static void find_primes(void)
{
    size_t count = 0;
    for (unsigned number = 2; count < PRIMES; number++) {
        bool is_divided = false;
        for (size_t i = 0; !is_divided && i < count && primes[i] * primes[i] <= number; i++)
            is_divided = number % primes[i] == 0;
        if (!is_divided)
            primes[count++] = number;
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        struct machine machine;
    } machines[] = {{"le32", {4, false, 88}}, {"le64", {8, false, 144}}, {"be32", {4, true, 88}}};
    const struct machine *machine = NULL;
    if (argc != 6)
        fail("usage: debian-weak-keys BITS le32|le64|be32 rnd|noreadrnd|nornd FIRST LAST");
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (strcmp(argv[2], machines[i].name) == 0)
            machine = &machines[i].machine;
    }
    unsigned long bits = strtoul(argv[1], NULL, 10);
    if (machine == NULL || bits < 512 || bits > 8192 || bits % 16 != 0)
        fail("an unknown machine, or a size it can't make");
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    hash = EVP_MD_CTX_new();
    find_primes();
    for (unsigned long pid = strtoul(argv[4], NULL, 10); pid <= strtoul(argv[5], NULL, 10); pid++)
        make_key(machine, argv[3], (uint32_t)pid, bits);
    EVP_MD_CTX_free(hash);
    EVP_MD_free(sha1);
    return ferror(stdout) != 0 || fflush(stdout) != 0 ? 1 : 0;
}
