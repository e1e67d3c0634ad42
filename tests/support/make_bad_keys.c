/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a request for each kind of bad key, with a proof of possession wherever one can be made: make_bad_keys FOLDER CA_SPKI.
 * CA_SPKI is a SubjectPublicKeyInfo (DER) of the CA's; its proof of possession can't be made. FOLDER/NAME.csr, CN=NAME.
 * make_bad_keys FOLDER FIRST COUNT: requests with RSA keys of 1024 bits, key N of the primes 2N and 2N + 1; "also-FIRST" shares
 * the first one's first prime.
 */
#include "bad_keys.h"
#include "base/encode.h"
#include "base/file.h"
#include "csr_maker.h"

#include <fcntl.h>
#include <stdio.h>

static int folder_fd = -1;

static void end(const char *what)
{
    (void)fprintf(stderr, "make_bad_keys: %s\n", what);
    abort();
}

static void write_request(const char *name, struct csr_recipe recipe)
{
    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder der = BUILDER_INIT;
    AUTO(builder_done) struct builder subject = BUILDER_INIT;
    AUTO(builder_done) struct builder file = BUILDER_INIT;
    builder_format(&subject, "30{31{30{06{550403}0c{'%s'}}}}", name);
    builder_format(&file, "%s.csr", name);
    recipe.subject = builder_text(&subject);
    csr_make(&recipe, &der);
    if (!file_create(folder_fd, builder_text(&file), 0644, builder_bytes(&der), &err))
        end(err.text);
}

static void write_primes(const char *name, const mpz_t p, const mpz_t q)
{
    EVP_PKEY *key = bad_rsa_key(p, q, 65537);
    write_request(name, (struct csr_recipe){.key = key});
    EVP_PKEY_free(key);
}

static void write_rsa_keys(void)
{
    mpz_t p;
    mpz_t q;
    mpz_inits(p, q, NULL);
    bad_prime(p, 1024, 11);
    bad_prime(q, 1024, 12);
    write_primes("sound", p, q);
    EVP_PKEY *twin = bad_rsa_key(p, q, 65539); // the same modulus
    write_request("shared-twin", (struct csr_recipe){.key = twin});
    EVP_PKEY_free(twin);
    bad_prime(q, 1024, 13);
    write_primes("shared-1", p, q); // with sound
    bad_prime(p, 1024, 14);
    bad_prime(q, 1024, 15);
    write_primes("debian", p, q);
    bad_prime(p, 1024, 16);
    write_primes("shared-2", p, q); // with debian
    bad_close_prime(q, p);
    write_primes("close-primes", p, q);
    bad_roca_prime(p, 1024, 17);
    bad_roca_prime(q, 1024, 18);
    write_primes("roca", p, q);
    mpz_set_ui(p, 257);
    bad_prime(q, 2040, 19);
    write_primes("small-factor", p, q);
    mpz_clears(p, q, NULL);
}

static void write_exponents(void)
{
    EVP_PKEY *small = csr_rsa_key(2048, 3);
    EVP_PKEY *short_key = csr_rsa_key(1024, 65537);
    struct builder spki = BUILDER_INIT;
    builder_add_text(&spki, "30{30{06{2a864886f70d010101}0500}03{00 30{02{00");
    for (int i = 0; i < 256; i++)
        builder_add_text(&spki, "c5");
    builder_add_text(&spki, "}02{010000}}}}");
    write_request("exponent-3", (struct csr_recipe){.key = small});
    write_request("rsa-1024", (struct csr_recipe){.key = short_key});
    write_request("exponent-even", (struct csr_recipe){.key = small, .spki = builder_text(&spki)});
    builder_done(&spki);
    EVP_PKEY_free(small);
    EVP_PKEY_free(short_key);
}

static void write_points(const char *ca_spki)
{
#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

    struct error err = ERROR_INIT;
    AUTO(builder_done) struct builder ca = BUILDER_INIT;
    AUTO(builder_done) struct builder text = BUILDER_INIT;
    EVP_PKEY *ec = csr_key("P-256");
    EVP_PKEY *edwards = csr_key("ED25519");
    struct builder off_curve = BUILDER_INIT;
    builder_add_text(&off_curve, "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0004");
    for (int i = 0; i < 64; i++)
        builder_add_text(&off_curve, "01");
    builder_add_text(&off_curve, "}}");
    write_request("off-curve", (struct csr_recipe){.key = ec, .spki = builder_text(&off_curve)});
    write_request(
        "infinity",
        (struct csr_recipe){.key = ec, .spki = "30{30{06{2a8648ce3d0201}06{2a8648ce3d030107}}03{0000}}"});
    // S = 1 and R = B: [S]B = R + [k]A holds for every message if A is the neutral point. Only the check stops it.
    write_request("low-order",
                  (struct csr_recipe){
                      .key = edwards,
                      .spki = "30{30{06{2b6570}}03{00 01" ZEROS "}}",
                      .signature = "03{00 5866666666666666666666666666666666666666666666666666666666666666"
                                   "01" ZEROS "}"});
    if (!file_read(AT_FDCWD, ca_spki, 65536, &ca, &err))
        end(err.text);
    for (size_t i = 0; i < ca.len; i++)
        builder_format(&text, "%02x", ca.data[i]);
    write_request("issuer-key", (struct csr_recipe){.key = ec, .spki = builder_text(&text)});
    builder_done(&off_curve);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(edwards);
}

static void write_short_keys(unsigned long first, unsigned long count)
{
    char name[32];
    mpz_t p;
    mpz_t q;
    mpz_inits(p, q, NULL);
    for (unsigned long i = first; i < first + count; i++) {
        (void)snprintf(name, sizeof(name), "%lu", i);
        bad_prime(p, 512, 2 * i);
        bad_prime(q, 512, 2 * i + 1);
        write_primes(name, p, q);
    }
    (void)snprintf(name, sizeof(name), "also-%lu", first);
    bad_prime(p, 512, 2 * first);
    bad_prime(q, 512, 50000 + first);
    write_primes(name, p, q);
    mpz_clears(p, q, NULL);
}

int main(int argc, char **argv)
{
    struct error err = ERROR_INIT;
    if (argc != 3 && argc != 4)
        end("usage: make_bad_keys FOLDER CA_SPKI, or FOLDER FIRST COUNT");
    if (!file_open_folder(AT_FDCWD, argv[1], &folder_fd, &err))
        end(err.text);
    if (argc == 4) {
        write_short_keys(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
        return 0;
    }
    write_rsa_keys();
    write_exponents();
    write_points(argv[2]);
    return 0;
}
